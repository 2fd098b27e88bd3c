"""Waiting for the API without letting the guarded session fall asleep.

The router's login timer ends an idle session, and with it the rollback timer (rtx-cli 6.2): a slow
API must not be what takes the change back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from ..clock import Clock
from ..errors import VpnError


class Breathing:
    """`clock`, with `breathe` called whenever the thread that made this has waited.

    A client of the API waits in a second thread, too; the session knows the first alone, which
    looks for the answer several times a second.  A session that is gone is left to whoever needs it
    next: an answer of the API is not lost over it.
    """

    def __init__(self, clock: Clock, breathe: Callable[[], None]) -> None:
        self._clock, self._breathe = clock, breathe
        self._owner = threading.get_ident()

    def now(self) -> float:
        """As the clock."""
        return self._clock.now()

    def wait(self, seconds: float) -> None:
        """As the clock; then a breath."""
        self._clock.wait(seconds)
        if threading.get_ident() == self._owner:
            with suppress(VpnError):
                self._breathe()
