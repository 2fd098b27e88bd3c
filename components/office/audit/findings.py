"""What an audit says: one finding for each thing that is wrong, doubtful or worth knowing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final, Literal

Severity = Literal["error", "warn", "info"]
Basis = Literal["vendor-doc", "seed-article", "logic"]

ORDER: Final[dict[Severity, int]] = {"error": 0, "warn": 1, "info": 2}


@dataclass(frozen=True)
class Finding:
    """`code` is stable; `where` names lines and numbers, never a key.

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
