"""Whether traffic passes, all the time: ten pings a second through the tunnel, and what is lost."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from .host import Host, end

INTERVAL: Final = 0.1  # seconds
# An answer that is not there after this time has been lost, or the machine is very busy.
PATIENCE: Final = 1.0
_ANSWER: Final = re.compile(r"\[(\d+\.\d+)\] \d+ bytes from .*icmp_seq=(\d+) ")


class Answer(NamedTuple):
    """A ping that came back: when (seconds since 1970), its number, and of which run of `ping`."""

    at: float
    number: int
    run: int = 0


class Gap(NamedTuple):
    """A time without traffic: from the last answer before it to the first after it.

    Before the very first answer nothing was `lost`.
    """

    begin: float
    end: float
    lost: int

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.end - self.begin


class Way(NamedTuple):
    """Where pings start and where they go."""

    host: Host
    source: str
    target: str


def gaps(answers: Sequence[Answer], begin: float, until: float) -> list[Gap]:
    """The times without traffic between two moments.

    A late answer is no lost one: only missing numbers count, and, at the end, patience.
    """
    first = max(bisect_left(answers, (begin,)) - 1, 0)
    seen = [each for each in answers[first:] if each.at <= until]
    found = []
    if seen and seen[0].at > begin:
        found.append(Gap(begin, seen[0].at, 0))
    for one, next_ in pairwise(seen):
        lost = next_.number - one.number - 1
        if next_.run != one.run:
            lost = round((next_.at - one.at) / INTERVAL) - 1
        if lost > 0:
            found.append(Gap(one.at, next_.at, lost))
    last = seen[-1].at if seen else begin
    if until - last > PATIENCE:
        found.append(Gap(last, until, round((until - last) / INTERVAL)))
    return found


class Pinger:
    """Pings along `way` (None: there is none just now) until it is closed; a context manager."""

    def __init__(self, way: Callable[[], Way | None]) -> None:
        self._way, self._closing = way, threading.Event()
        self._answers: list[Answer] = []
        self._thread = threading.Thread(target=self._work, daemon=True, name="pings")

    def __enter__(self) -> Pinger:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.set()
        self._thread.join(10)

    def answers(self) -> list[Answer]:
        """All that came back so far."""
        return list(self._answers)

    def _work(self) -> None:
        run = 0
        while not self._closing.wait(INTERVAL / 2):
            if way := self._way():
                run += 1
                self._ping(way, run)

    def _ping(self, way: Way, run: int) -> None:
        # With -O something is said for every lost one, too: so we look around ten times a second.
        options = ("-D", "-n", "-O", f"-i{INTERVAL}", "-W1", "-I", way.source, way.target)
        process = subprocess.Popen(
            way.host.enter("ping", *options),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                if found := _ANSWER.match(line):
                    self._answers.append(Answer(float(found[1]), int(found[2]), run))
                if self._closing.is_set() or self._way() != way:
                    break
        end(process, signal.SIGTERM)
