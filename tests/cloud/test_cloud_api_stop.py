"""Ctrl-C while the API is silent: it ends within a second, and says what is not known."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from scripted_api import CREDENTIALS, GOOD, Script, refusal, scripted

from components.clock import ManualClock, SystemClock
from components.cloud.api import Client, Unclear
from components.cloud.interrupt import interruptible
from components.errors import Cancelled

ENOUGH = 20.0  # seconds after which a test gives up: nothing here takes that long


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as script:
        yield script


class Silence:
    """The API thinks until it is released; `reached` is set when it begins to."""

    def __init__(self, *answer: Any) -> None:
        self.reached, self.released = threading.Event(), threading.Event()
        self._answer = answer or (200, GOOD)

    def __call__(self) -> Any:
        self.reached.set()
        self.released.wait(ENOUGH)
        return self._answer


@pytest.fixture
def silence() -> Iterator[Silence]:
    silence = Silence()
    yield silence
    silence.released.set()


def in_thread(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    outcome: list[object] = []

    def body() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # noqa: BLE001
            outcome.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    return thread, outcome


@pytest.mark.parametrize(
    ("method", "state"), [("get", ""), ("put", "may or may not have taken effect")]
)
def test_stop_while_the_api_is_silent(
    script: Script, silence: Silence, method: str, state: str
) -> None:
    script.says(silence)
    cancelled = threading.Event()
    client = Client(CREDENTIALS, "is1b", clock=SystemClock(cancelled), root_url=script.root)
    thread, outcome = in_thread(lambda: getattr(client, method)("appliance/1"))
    assert silence.reached.wait(ENOUGH)
    cancelled.set()
    before = time.monotonic()
    thread.join(ENOUGH)
    assert time.monotonic() - before < 1.0
    (stop,) = outcome
    assert isinstance(stop, Cancelled)
    assert stop.attempted == f"{method.upper()} appliance/1 in zone is1b"
    assert state in stop.state
    assert bool(stop.state) == bool(state)


def test_stop_in_a_pause_between_repeats(script: Script) -> None:
    script.says((503, refusal("busy"), {"Retry-After": "200"}))
    cancelled = threading.Event()
    client = Client(CREDENTIALS, "is1b", clock=SystemClock(cancelled), root_url=script.root)
    thread, outcome = in_thread(lambda: client.put("appliance/1"))
    end = time.monotonic() + ENOUGH
    while not script.asked and time.monotonic() < end:
        time.sleep(0.01)
    assert script.asked
    cancelled.set()
    before = time.monotonic()
    thread.join(ENOUGH)
    assert time.monotonic() - before < 1.0
    assert isinstance(outcome[0], Cancelled)


def test_an_answer_that_comes_right_then_is_taken(script: Script, silence: Silence) -> None:
    script.says(silence)
    cancelled = threading.Event()
    client = Client(CREDENTIALS, "is1b", clock=SystemClock(cancelled), root_url=script.root)
    thread, outcome = in_thread(lambda: client.put("appliance/1"))
    assert silence.reached.wait(ENOUGH)
    cancelled.set()
    silence.released.set()
    thread.join(ENOUGH)
    assert outcome == [GOOD]


def test_silence_is_said_while_it_lasts(script: Script, silence: Silence) -> None:
    clock, said = ManualClock(), list[str]()

    def heard(text: str) -> None:
        said.append(text)
        silence.released.set()

    script.says(silence)
    client = Client(CREDENTIALS, "is1b", clock=clock, root_url=script.root, progress=heard)
    thread, _ = in_thread(lambda: client.put("appliance/1/config"))
    assert silence.reached.wait(ENOUGH)
    clock.advance(12)
    thread.join(ENOUGH)
    assert said == ["PUT appliance/1/config in zone is1b: no answer yet, 12 s"]


def test_an_answer_may_not_take_longer_than_the_time_that_is_left(
    script: Script, silence: Silence
) -> None:
    clock = ManualClock()
    client = Client(CREDENTIALS, "is1b", clock=clock, root_url=script.root)
    client.deadline = 0.0  # then it gets one second
    script.says(silence)
    with pytest.raises(Unclear, match=r"did not answer in time|time that is left"):
        client.post("appliance")


def test_what_work_raises_is_raised() -> None:
    def broken() -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match=r"^x$"):
        interruptible(broken, ManualClock(), lambda _: None)
