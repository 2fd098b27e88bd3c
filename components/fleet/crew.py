"""Works through sites, a few at a time; one that fails concerns no other.

Told to stop, it begins no new site, and those at work are told to stop in their own way: a change
of a site goes back or comes to its end, see `up` and Ctrl-C.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from .outcome import Outcome

MEMORY_OF_ONE: Final = 400
"""MiB that one site at work takes at most: the CLI, its hosts, the program, the provider (about
300 measured)."""
MOST: Final = 4
_LOOK_SECONDS: Final = 0.2
_STOPPED: Final = "stopped on request before it began"
_ENOUGH: Final = "not begun: sites that failed so far: {}"

Report = Callable[[Outcome], None]


class Work(Protocol):
    """What is done at one site."""

    def run(self, note: Callable[[str], None]) -> Outcome:
        """Do it; `note` takes one line about what is being done.  Raises nothing for a site that
        fails."""
        ...

    def stop(self) -> None:
        """Ask it to stop, from another thread; once more: at once."""
        ...


class Crew:
    """Runs `works`, `parallel` at a time, and reports each outcome whenever it changes.

    `report` is called by one thread at a time.  When `most_failures` have failed (0: however many
    do) no other site begins: what was wrong at those is often wrong at all.
    """

    def __init__(
        self,
        works: Sequence[tuple[str, Work]],
        parallel: int,
        report: Report,
        *,
        most_failures: int = 0,
    ) -> None:
        self._todo = deque(works)
        self._most_failures, self._failures = most_failures, 0
        self._parallel = parallel
        self._report, self._reporting = report, threading.Lock()
        self._at_work: dict[str, Work] = {}
        self._lock = threading.Lock()
        self._asked = self._passed_on = 0  # how often it was told to stop

    def run(self) -> None:
        """Work until all is done, or what was at work when it was told to stop is."""
        threads = [
            threading.Thread(target=self._work, name=f"fleet-{number}", daemon=True)
            for number in range(min(self._parallel, len(self._todo)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(_LOOK_SECONDS)
                self._pass_on()
        why = _STOPPED if self._asked else _ENOUGH.format(self._failures)
        while self._todo:
            self._tell(Outcome(self._todo.popleft()[0], "stopped", note=why))

    def stop(self) -> None:
        """Begin no new site and ask those at work to stop; may be called in a signal handler."""
        self._asked += 1

    def _pass_on(self) -> None:
        with self._lock:
            while self._passed_on < self._asked:
                self._passed_on += 1
                for work in self._at_work.values():
                    work.stop()

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._asked or self._has_enough() or not self._todo:
                    return
                site, work = self._todo.popleft()
                self._at_work[site] = work
            try:
                self._one(site, work)
            finally:
                with self._lock:
                    del self._at_work[site]

    def _one(self, site: str, work: Work) -> None:
        begin = time.monotonic()
        running = Outcome(site, "running")
        self._tell(running)
        try:
            found = work.run(lambda text: self._tell(replace(running, note=text)))
        except Exception as error:  # noqa: BLE001 - of this site; the others go on
            text = f"a fault of this program: {type(error).__name__}: {error}"
            found = Outcome(site, "failed", errors=(text,))
        with self._lock:
            self._failures += found.result == "failed"
        self._tell(replace(found, seconds=time.monotonic() - begin))

    def _has_enough(self) -> bool:
        return 0 < self._most_failures <= self._failures

    def _tell(self, outcome: Outcome) -> None:
        with self._reporting:
            self._report(outcome)


def parallel_by_memory(meminfo: Path = Path("/proc/meminfo")) -> int:
    """How many sites this machine's free memory is enough for, 1 to 4; 4 where that is not told."""
    with suppress(OSError, ValueError, IndexError, StopIteration):
        lines = meminfo.read_text(encoding="ascii").splitlines()
        free = next(line for line in lines if line.startswith("MemAvailable:"))
        return max(1, min(MOST, int(free.split()[1]) // 1024 // MEMORY_OF_ONE))
    return MOST
