"""Whether our user may log in a second time while the first session lasts.  Pure.

A change is kept only after a new login has proved that nobody is locked out.  Where the router
takes one session at a time, that login cannot succeed, and every change would be typed for nothing
and taken back.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import DeviceError
from .config import Config, Statement

_ATTRIBUTE = "multi-session="


def refuse(running: Config, user: str) -> None:
    """Raise `DeviceError` if the router takes one session at a time, of this user or of all."""
    if found := list(_forbidding(running, user)):
        raise DeviceError(
            "the router takes one session at a time, and a change is proved by a second login",
            said="\n".join(found),
            attempted="see that a second login is possible",
            state="nothing was changed",
            remedy=f"`user attribute {user} multi-session=on`, and `sshd session` 2 or more",
        )


def _forbidding(running: Config, user: str) -> Iterator[str]:
    """The lines: `user attribute` (4.10), the user's own before everybody's; `sshd session`."""
    lines = (each for name in (user, "*") for each in running.find(f"user attribute {name}"))
    for line in lines:
        if values := list(_values(line)):
            if values[-1] == "off":
                yield line.text
            break
    # Section 4.68.
    yield from (s.text for s in running.find("sshd session 1"))


def _values(line: Statement) -> Iterator[str]:
    for word in line.text.lower().split():
        if word.startswith(_ATTRIBUTE):
            yield word.removeprefix(_ATTRIBUTE)
