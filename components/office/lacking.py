"""What a creation would still lack: lines that are not ours and without which nothing gets through.

Pure.  Apply types nothing that the preview did not show.  So where it finds that another line is
needed - a NAT static, a filter, a route to the VPC router - it refuses before it types anything and
says the line.  A user who knows better accepts the finding by its code, with a reason.
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
    found = [
        finding
        for finding in audit(after, tunnel=tunnel)
        if finding.severity == "error"
        and finding.code in BY_CREATION
        and finding.code not in accepted
    ]
    if not found:
        return
    lines = "\n".join(f"    {each.remedy}  ({each.code}: {each.why})" for each in found)
    raise DeviceError(
        "the router needs lines that the preview did not show",
        attempted=f"see whether tunnel {tunnel} would carry anything",
        state="nothing was changed",
        remedy=f"{_first_step(found)}, or accept the finding by its code in the site file:\n"
        f"{lines}",
    )


def _first_step(found: Collection[Finding]) -> str:
    if any(each.code in CODES for each in found):
        return "run `sakura-rtx plan --write`, which puts them into the site file"
    return "mend this on the router"
