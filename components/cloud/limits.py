"""How patiently and how fast the API is asked.

Source: sakura-vpcrouter-api 1.5 and 1.6; the defaults are those of the official clients.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from typing import Final

from ..clock import Clock


@dataclass(frozen=True)
class Limits:
    """What the user may set about requests, all above zero.

    `retry_max` repeats of one request, with pauses that double from `retry_wait_min` up to
    `retry_wait_max` seconds; `timeout` is how many seconds an answer may take, `rate` how many
    requests a second are made at most.
    """

    retry_max: int = 10
    retry_wait_min: int = 1
    retry_wait_max: int = 64
    timeout: float = 300
    rate: int = 5


DEFAULTS: Final = Limits()


class RateLimiter:
    """Lets at most `rate` requests a second pass, and as many at once after a rest.

    Used by all clients of an account together, from any thread.
    """

    def __init__(self, rate: float) -> None:
        self._gap = 1.0 / rate
        self._rest = max(1.0 - self._gap, 0.0)
        self._next = float("-inf")
        self._lock = threading.Lock()

    def wait(self, clock: Clock) -> None:
        """Let pass what must pass before the next request; `Cancelled` from the clock."""
        with self._lock:
            now = clock.now()
            at = max(self._next, now - self._rest)
            self._next = at + self._gap
        if at > now:
            clock.wait(at - now)


@cache
def shared_limiter(root_url: str, rate: int) -> RateLimiter:  # noqa: ARG001 - what the cache goes by
    """The one limiter of this process for an API: its clients share the clock of the machine."""
    return RateLimiter(rate)
