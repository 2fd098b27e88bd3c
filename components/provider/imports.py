"""Ids as `pulumi import` is given them: where an object is, because its own id does not say it."""

from __future__ import annotations

from ..errors import Problem, SpecError
from .values import Props

REHEARSAL = "rehearsal"


def place_of(text: str, what: str, shape: str = "ZONE/ID") -> tuple[list[str], Props]:
    """The parts of an id of this shape after its zone, and the inputs that say where it is.

    `rehearsal/` in front is the rehearsal of this machine.  Raises `SpecError`.
    """
    parts, where = text.split("/"), Props()
    if parts[0] == REHEARSAL:
        parts, where = parts[1:], {"rehearsal": True}
    if len(parts) != shape.count("/") + 1 or not all(parts) or not parts[1].isdecimal():
        problem = Problem("id", text, f"{shape}, with ZONE such as is1b and ID as the API's")
        raise SpecError([problem], source=f"import of a {what}")
    return parts[1:], {"zone": parts[0], **where}
