"""Time as an argument: everything that waits takes a clock, so that no test waits for real."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from .errors import Cancelled

Progress = Callable[[str], None]
"""Takes a short text about a step that takes long, for the user to read."""


class Clock(Protocol):
    """Seconds that only go forward, and a way to let them pass."""

    def now(self) -> float:
        """Seconds since some fixed moment."""
        ...

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass; raises `Cancelled` as soon as the user asks to stop."""
        ...


class SystemClock:
    """The real clock; `cancelled` is set by whoever sees the user's Ctrl-C."""

    def __init__(self, cancelled: threading.Event | None = None) -> None:
        self._cancelled = cancelled or threading.Event()

    def now(self) -> float:
        """Seconds of the machine's monotonic clock."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Sleep, but not beyond a Ctrl-C."""
        if self._cancelled.wait(max(seconds, 0.0)):
            raise Cancelled("stopped on request")


class ManualClock:
    """A clock that passes only when it is told to, or when somebody waits."""

    def __init__(self, start: float = 0.0) -> None:
        self._now, self._lock = start, threading.Lock()

    def now(self) -> float:
        """Seconds passed so far."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Pass at once."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        with self._lock:
            self._now += max(seconds, 0.0)
