"""Type lines at a router without a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .console import Console
    from .device import Router

_PATIENCE: Final = 60.0


def run_lines(router: Router, lines: Sequence[str]) -> str:
    """Type lines at an administrator's console and return what the terminal shows.

    The console is logged out at the end, which cancels a rollback timer that it armed.
    A line `y` or `n` answers a question; without one, the answer is `n`.  A command that does not
    end within a minute of the router's clock is ended with Ctrl-C.
    """
    router.tick()
    console = router.console(administrator=True, script=True)
    shown = console.start()
    try:
        for text in lines:
            if console.asking:
                answered = text.strip().lower() in ("y", "n")
                shown += console.feed(text.strip().encode() if answered else b"n")
                if answered:
                    continue
            shown += console.feed(f"{text}\r".encode())
            shown += _settle(router, console)
        if console.asking:
            shown += console.feed(b"n")
    finally:
        router.end(console)
    return shown.decode()


def _settle(router: Router, console: Console) -> bytes:
    shown, patience = b"", router.clock.now() + _PATIENCE
    while (wake := console.wakes_at) is not None:
        if router.clock.now() >= patience:
            return shown + console.feed(b"\x03")
        router.clock.wait(wake - router.clock.now())
        shown += console.poll()
    return shown
