"""Waiting at the cloud end: bounded, said now and then, stopped on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice, pairwise, repeat

import pytest

from components.clock import ManualClock
from components.cloud.waiting import Poll, pauses, wait_for
from components.errors import ApiError, Cancelled


def answers(*first: str | None, then: str | None) -> Callable[[], str | None]:
    found: Iterator[str | None] = chain(first, repeat(then))
    return lambda: next(found)


def wait(poll: Poll, read: Callable[[], str | None], clock: ManualClock) -> tuple[str, list[str]]:
    said: list[str] = []
    found = wait_for(poll, read, str, lambda s: s == "up", clock=clock, progress=said.append)
    return found, said


def test_short_pauses_first_and_then_those_of_the_official_clients() -> None:
    assert list(islice(pauses(), 7)) == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0]


def test_what_is_done_already_takes_no_time_and_says_nothing() -> None:
    clock = ManualClock()
    assert wait(Poll("router", 60), answers(then="up"), clock) == ("up", [])
    assert clock.now() == 0


def test_a_new_state_is_said_at_once_and_an_old_one_every_five_seconds() -> None:
    clock = ManualClock()
    read = answers(*["migrating"] * 12, "down", then="up")
    _, said = wait(Poll("router", 600), read, clock)
    assert said[0] == "router: migrating, 0 s"
    assert said[-2].startswith("router: down, ")
    assert said[-1].startswith("router: up, ")  # nobody is left with "down" as the last word
    seconds = [float(text.split(", ")[1].removesuffix(" s")) for text in said[:-2]]
    assert all(b - a >= 4 for a, b in pairwise(seconds))
    assert len(said) < 12


@pytest.mark.parametrize(("missing", "given_up"), [(2, True), (3, False)])
def test_not_found_is_taken_for_not_there_yet_so_often(missing: int, given_up: bool) -> None:
    clock, read = ManualClock(), answers(None, None, None, then="up")
    if given_up:
        with pytest.raises(ApiError, match=r"router: waited .* still not there yet"):
            wait(Poll("router", 600, missing), read, clock)
    else:
        assert wait(Poll("router", 600, missing), read, clock)[0] == "up"


def test_the_limit_is_kept_and_said() -> None:
    clock = ManualClock()
    with pytest.raises(ApiError, match=r"router: waited 5\d s, still down") as caught:
        wait(Poll("router", 60), answers(then="down"), clock)
    assert clock.now() <= 60
    assert "what was made so far stays" in str(caught.value)
    assert "run the same command again" in str(caught.value)


def test_slow_answers_count_as_waiting_and_the_last_may_exceed_it() -> None:
    clock = ManualClock()

    def read() -> str:
        clock.advance(25)
        return "down"

    with pytest.raises(ApiError, match="waited 76 s"):
        wait(Poll("router", 60), read, clock)


def test_a_stop_ends_it() -> None:
    class Stopped(ManualClock):
        def wait(self, seconds: float) -> None:
            raise Cancelled("stopped on request")

    with pytest.raises(Cancelled):
        wait(Poll("router", 60), answers(then="down"), Stopped())
