"""What a tunnel would lack: lines without which nothing gets through, ours or not.

Pure.  Apply types nothing that the preview did not show.  So where it finds that another line is
needed - a NAT static, a filter, a route to the VPC router - it refuses before it types anything and
says the line.  A change is refused only what it would lack by its own doing.  A user who knows
better accepts the finding by its code, with a reason.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ..errors import DeviceError
from .audit import Finding, audit
from .codes import BY_CREATION, BY_PLAN
from .config import Config

CODES: Final = BY_PLAN
"""The findings that say so and that `sakura-rtx plan --write` can cure; the rest of `BY_CREATION`
is mended on the router, or in the contract with the provider."""


def refuse(after: Config, tunnel: int, accepted: Collection[str] = ()) -> None:
    """Raise `DeviceError` if this tunnel could carry nothing in the router as it would be."""
    _refuse(_found(after, tunnel, accepted), tunnel)


def refuse_taken_away(
    before: Config, after: Config, tunnel: int, accepted: Collection[str] = ()
) -> None:
    """Raise `DeviceError` if a change of this tunnel is what would let it carry nothing.

    What the router lacked `before`, for whichever tunnel, is for the proof by traffic to find.
    """
    known = {each.code for each in audit(before)}
    found = [each for each in _found(after, tunnel, accepted) if each.code not in known]
    _refuse(found, tunnel, "the change would take away what the tunnel needs", _KEEP)


_KEEP: Final = (
    "keep in the site file what stands for it (office.nat_static, office.filters, "
    "office.wan.peer_gateway)"
)


def _found(after: Config, tunnel: int, accepted: Collection[str]) -> list[Finding]:
    return [
        finding
        for finding in audit(after, tunnel=tunnel)
        if finding.severity == "error"
        and finding.code in BY_CREATION
        and finding.code not in accepted
    ]


def _refuse(
    found: Collection[Finding],
    tunnel: int,
    what: str = "the router needs lines that the preview did not show",
    first_step: str = "",
) -> None:
    if not found:
        return
    lines = "\n".join(f"    {each.remedy}  ({each.code}: {each.why})" for each in found)
    raise DeviceError(
        what,
        attempted=f"see whether tunnel {tunnel} would carry anything",
        state="nothing was changed",
        remedy=f"{first_step or _first_step(found)}, or accept the finding by its code in the site "
        f"file:\n{lines}",
    )


def _first_step(found: Collection[Finding]) -> str:
    if any(each.code in CODES for each in found):
        return "run `sakura-rtx plan --site S --write`, which puts them into the site file"
    return "mend this on the router"
