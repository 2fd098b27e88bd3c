"""What a creation would still lack: lines that are not ours and without which nothing gets through.

Pure.  Apply types nothing that the preview did not show.  So where it finds that another line is
needed - a NAT static, a filter, a route to the VPC router - it refuses before it types anything and
says the line.  A user who knows better accepts the finding by its code, with a reason.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ..errors import DeviceError
from .config import Config

CODES: Final = (
    "nat-static-missing",
    "nat-static-given-away",
    "filter-blocks-ike",
    "filter-blocks-esp",
    "filter-blocks-ike-out",
    "filter-blocks-esp-out",
    "route-peer-inside-tunnel",
    "peer-route-not-pinned",
)
"""The findings of an audit that say so; they may be accepted in the site file."""


def refuse(after: Config, tunnel: int, accepted: Collection[str] = ()) -> None:
    """Raise `DeviceError` if this tunnel could carry nothing in the router as it would be."""
    # A preview imports this module and never gets here: it need not pay for an audit.
    from .audit import audit

    found = [
        finding
        for finding in audit(after, tunnel=tunnel)
        if finding.severity == "error" and finding.code in CODES and finding.code not in accepted
    ]
    if found:
        lines = "\n".join(f"    {each.remedy}  ({each.code}: {each.why})" for each in found)
        raise DeviceError(
            "the router needs lines that the preview did not show",
            attempted=f"see whether tunnel {tunnel} would carry anything",
            state="nothing was changed",
            remedy="run `sakura-rtx plan --write`, which puts them into the site file, or accept "
            f"the finding by its code there:\n{lines}",
        )
