"""How often, how fast and how long the API is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_api import CREDENTIALS, GOOD, RESET, Script, refusal, scripted

from components.clock import ManualClock
from components.cloud.api import Client, Unclear
from components.cloud.limits import Limits, RateLimiter, shared_limiter
from components.errors import ApiError, Cancelled
from components.provider import access
from components.provider.handler import Context

MINUTE = 60.0
BUSY = (503, refusal("busy"))


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as script:
        yield script


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def client(script: Script, clock: ManualClock, **limits: int) -> Client:
    credentials = replace(CREDENTIALS, limits=Limits(**limits))
    return Client(credentials, "is1b", clock=clock, root_url=script.root)


def test_source_of_the_credentials_can_be_asked_for(script: Script, clock: ManualClock) -> None:
    assert client(script, clock).source == "environment SAKURA_ACCESS_TOKEN"


def test_as_many_repeats_and_pauses_as_the_user_says(script: Script, clock: ManualClock) -> None:
    script.says(BUSY)
    with pytest.raises(Unclear, match="HTTP 503 busy") as caught:
        client(script, clock, retry_max=4, retry_wait_min=3, retry_wait_max=20).get("switch")
    assert len(script.asked) == 5
    assert clock.now() == 3 + 6 + 12 + 20
    assert "asked again for 41 s" in str(caught.value)


def test_the_longest_pause_is_never_exceeded(script: Script, clock: ManualClock) -> None:
    script.says(BUSY, (200, GOOD))
    client(script, clock, retry_wait_min=30, retry_wait_max=2).get("switch")
    assert clock.now() == 2


def test_one_repeat_where_nobody_answers(script: Script, clock: ManualClock) -> None:
    script.says(RESET)
    with pytest.raises(Unclear, match="broke before the answer"):
        client(script, clock, retry_max=1).put("appliance/1/config")
    assert len(script.asked) == 2


def test_an_api_that_always_asks_for_more_time_gets_half_an_hour(
    script: Script, clock: ManualClock
) -> None:
    script.says((429, refusal("too_many_request"), {"Retry-After": "290"}))
    with pytest.raises(Unclear) as caught:
        client(script, clock, retry_max=1000).put("appliance/1")
    assert 25 * MINUTE < clock.now() <= 30 * MINUTE
    assert "time that is left (HTTP 429)" in str(caught.value)
    assert f"asked again for {clock.now():.0f} s" in str(caught.value)
    assert "goes on from here" in str(caught.value)


def test_repeats_are_said(script: Script, clock: ManualClock) -> None:
    said: list[str] = []
    script.says(BUSY, BUSY, (423, refusal("locked"), {"Retry-After": "7"}), (200, GOOD))
    Client(CREDENTIALS, "is1b", clock=clock, root_url=script.root, progress=said.append).put(
        "appliance/1"
    )
    assert said == ["API: HTTP 503, asked again in 2 s", "API: HTTP 423, asked again in 7 s"]


def test_limiter_holds_back_what_exceeds_the_rate(script: Script, clock: ManualClock) -> None:
    one = Client(CREDENTIALS, "is1b", clock=clock, root_url=script.root, limiter=RateLimiter(5))
    for _ in range(5):
        one.get("switch")
    assert clock.now() == 0  # a second's worth at once
    for _ in range(10):
        one.get("switch")
    assert clock.now() == pytest.approx(2.0)


def test_repeats_take_their_turn_as_well(script: Script, clock: ManualClock) -> None:
    script.says(BUSY, BUSY, (200, GOOD))
    limiter = RateLimiter(0.1)
    Client(CREDENTIALS, "is1b", clock=clock, root_url=script.root, limiter=limiter).put("x")
    assert clock.now() == pytest.approx(20.0)  # three requests, ten seconds apart


class Stopped(ManualClock):
    """A clock on which the user has asked to stop."""

    def wait(self, seconds: float) -> None:
        raise Cancelled("stopped on request")


def test_a_stop_waits_for_no_turn_between_two_writes(script: Script) -> None:
    limiter = RateLimiter(1)
    one = Client(CREDENTIALS, "is1b", clock=Stopped(), root_url=script.root, limiter=limiter)
    one.put("appliance/1")
    one.put("appliance/1/config")
    assert len(script.asked) == 2


@given(
    rate=st.integers(1, 20),
    gaps=st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=60),
)
def test_no_second_ever_holds_more_than_twice_the_rate(rate: int, gaps: list[float]) -> None:
    """A burst after a rest is one second's worth; after it comes one second's worth a second."""
    clock, limiter, passed = ManualClock(), RateLimiter(rate), []
    for gap in gaps:
        clock.advance(gap)
        limiter.wait(clock)
        passed.append(clock.now())
    for start in passed:
        assert sum(start <= at < start + 0.999 for at in passed) <= 2 * rate


def test_a_deadline_is_nearer_than_half_an_hour(script: Script, clock: ManualClock) -> None:
    script.says((409, refusal("still_creating")))
    one = client(script, clock)
    one.deadline = 60.0
    with pytest.raises(ApiError):
        one.put("appliance/1/power")
    assert clock.now() <= 60.0


@pytest.mark.parametrize(
    ("method", "answer", "unknown"),
    [
        ("get", BUSY, False),
        ("put", BUSY, True),
        ("post", BUSY, True),
        ("delete", RESET, True),
        ("put", (423, refusal("locked")), False),
        ("put", (409, refusal("conflict")), False),
    ],
)
def test_whether_it_took_effect_is_said_where_it_is_not_known(
    script: Script, clock: ManualClock, method: str, answer: object, unknown: bool
) -> None:
    script.says(answer)
    with pytest.raises(ApiError) as caught:
        getattr(client(script, clock, retry_max=1), method)("appliance/1")
    assert ("may or may not have taken effect" in str(caught.value)) == unknown
    assert f"attempted: {method.upper()} appliance/1 in zone is1b" in str(caught.value)


def test_clients_of_one_provider_take_turns(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SAKURA_ACCESS_TOKEN", "token")
    monkeypatch.setenv("SAKURA_ACCESS_TOKEN_SECRET", "secret")
    monkeypatch.setenv("SAKURA_RATE_LIMIT", "7")
    urn = "urn:pulumi:demo::vpn::sakurartx:index:Switch::lan"
    contexts = [Context(urn, False, 0.0, threading.Event(), {}, None) for _ in range(2)]
    made = [access.client({"zone": "is1b"}, context) for context in contexts]
    assert made[0]._limiter is made[1]._limiter
    assert made[0]._limiter is shared_limiter("", 7)
