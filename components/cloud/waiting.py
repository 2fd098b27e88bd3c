"""Waiting at the cloud end: how long a thing may take, how often it is asked, what is said."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from ..clock import Clock, Progress
from ..errors import ApiError

T = TypeVar("T")

MINUTE: Final = 60.0
_SAY_EVERY: Final = 5.0  # seconds


def silent(_: str) -> None:
    """A `Progress` for nobody."""


def pauses() -> Iterator[float]:
    """Seconds between one question and the next: short at first, then the 5 s of the official
    clients (sakura-vpcrouter-api 1.5)."""
    return itertools.chain((0.5, 1.0, 2.0, 4.0), itertools.repeat(5.0))


@dataclass(frozen=True)
class Poll:
    """A wait: for `what`, `limit` seconds at most.

    `missing` is the number of "not found" answers that are taken for "not there yet".
    """

    what: str
    limit: float
    missing: int = 0


def wait_for(
    poll: Poll,
    read: Callable[[], T | None],
    state: Callable[[T], str],
    done: Callable[[T], bool],
    *,
    clock: Clock,
    progress: Progress,
) -> T:
    """Ask `read` until what it gives is `done`, and give that.

    `read` gives None for "not found"; `state` is the word for what it gives, shown to the user
    when it changes and every 5 s, the last one too if there was anything to wait for.

    Raises `ApiError` when the time or the "not found" answers are used up, and `Cancelled` from the
    clock.
    """
    start, said_at, said, missing = clock.now(), float("-inf"), "", 0
    for pause in pauses():
        found = read()
        missing += found is None
        if found is not None and done(found):
            if said:  # else the last that is heard of it is that it is not there yet
                progress(f"{poll.what}: {state(found)}, {clock.now() - start:.0f} s")
            return found
        now = "not there yet" if found is None else state(found)
        elapsed = clock.now() - start
        if now != said or clock.now() - said_at >= _SAY_EVERY:
            progress(f"{poll.what}: {now}, {elapsed:.0f} s")
            said, said_at = now, clock.now()
        if elapsed + pause > poll.limit or missing > poll.missing:
            raise ApiError(
                f"{poll.what}: waited {elapsed:.0f} s, still {now}",
                state="what was made so far stays and is found again",
                remedy="run the same command again; it goes on from here",
            )
        clock.wait(pause)
    raise AssertionError("pauses() never ends")
