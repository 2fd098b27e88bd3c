"""What stands on a router for good: its configuration, read while no change is under way.

A change that is under way, or was cut off, has typed lines that nobody has decided to keep: its
guard takes them back.  They must not be taken for what the router is.
"""

from __future__ import annotations

from ..errors import DeviceError, Unreachable
from . import guards
from .config import Config
from .session import Session


def compared(session: Session) -> tuple[tuple[str, ...], str]:
    """The commands that would turn the running configuration into the saved one, or why they are
    not known: for who has more urgent things to tell than that the router did not compare."""
    try:
        return session.unsaved(), ""
    except Unreachable:
        raise
    except DeviceError as error:
        return (), f"{error.what}: {error.remedy}"


def settled(session: Session, again: str) -> tuple[Config, tuple[str, ...]]:
    """The running configuration, and the commands that would turn it into the saved one.

    `again` is what the user has to do again if a change is under way: then `DeviceError` is raised,
    as `VpnError` is for whatever stops the reading.
    """
    unsaved = session.unsaved()
    running = session.configuration()
    if guard := guards.left_over(running):
        raise DeviceError(
            "a change of this router is under way, or was cut off",
            said="\n".join(guard),
            attempted="read what stands there for good",
            state="nothing was changed",
            remedy=f"{again} again when its guard has run out, after some minutes",
        )
    return running, guards.not_guards(unsaved, running)
