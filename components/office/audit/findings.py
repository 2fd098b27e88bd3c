"""What an audit says: one finding for each thing that is wrong, doubtful or worth knowing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from ...disagreements import BY_VALUE, Role
from ..codes import CODES, EFFECTS, Basis, Severity

ORDER: Final[dict[Severity, int]] = {"error": 0, "warn": 1, "info": 2}


@dataclass(frozen=True)
class Finding:
    """`code` is stable and stands in `CODES`; `where` names lines and numbers, never a key.

    `severity`: error (it will not work, or only by luck), warn (look at it), info.  `basis`:
    vendor-doc (the vendor's or the provider's documents), seed-article (seen by its author), logic
    (follows from how the network works).
    """

    code: str
    severity: Severity
    where: str
    why: str
    remedy: str
    basis: Basis

    def as_json(self) -> dict[str, str]:
        """For machines."""
        return asdict(self)


def finding(
    code: str, where: str, remedy: str, *, why: str = "", severity: Severity | None = None
) -> Finding:
    """A finding of the table: without `why` and `severity` those of its code."""
    row = CODES[code]
    return Finding(code, severity or row.severity, where, why or row.meaning, remedy, row.basis)


def differs(value: str, role: Role, where: str, remedy: str, *, why: str = "") -> Finding:
    """A value that the ends do not share: how bad that is depends on the office end's role."""
    row = BY_VALUE[value]
    severity = EFFECTS[row.effect(role)]
    return Finding(row.code, severity, where, why or row.meaning, remedy, row.basis)
