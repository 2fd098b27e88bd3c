"""Wait for what blocks, and still stop as soon as the user asks to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Final, TypeVar

from ..clock import Clock
from ..errors import Cancelled

T = TypeVar("T")

_LOOK: Final = 0.1  # seconds between two looks for a stop
_GRACE: Final = 0.5  # seconds that an answer may still take after a stop


def interruptible(work: Callable[[], T], clock: Clock, waited: Callable[[float], None]) -> T:
    """What `work` gives or raises.  It runs in a thread of its own.

    When `clock` reports a stop, an answer that comes right then is still taken, so that a step is
    seldom cut in two; after that `Cancelled` is raised and `work` is left to itself.  `waited` is
    told, several times a second, for how many seconds it has been going on.
    """
    started = clock.now()
    future: Future[T] = Future()
    threading.Thread(target=_fill, args=(future, work), daemon=True).start()
    while not wait([future], _LOOK).done:
        try:
            clock.wait(0)
        except Cancelled:
            if not wait([future], _GRACE).done:
                raise
        waited(clock.now() - started)
    return future.result()


def _fill(future: Future[T], work: Callable[[], T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
        future.set_exception(error)
