"""What a missing line means, where that depends on the model and the revision of the router.

Pure.  The rows are those of the command reference; the revision is the first one with the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

OTHERS: Final = ""
"""Among the models of a default: every model that is not named."""

ALWAYS: Final = ""
"""Among the revisions of a default: all that the model has had."""


@dataclass(frozen=True)
class Default:
    """A default and where it holds: the spellings of one value, and the first revision by model.

    Without `since` it holds wherever no default before it does.
    """

    values: tuple[str, ...]
    since: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def holds(self, model: str, revision: str) -> bool | None:
        """Whether it is the default there; None if that cannot be told."""
        if not self.since:
            return True
        first = self.since.get(model, self.since.get(OTHERS))
        if not model or (first and not revision):
            return None
        return first is not None and _parts(revision) >= _parts(first)


def _parts(revision: str) -> tuple[int, ...]:
    return tuple(int(part) for part in revision.split(".") if part.isdecimal())


def of_model(rows: Iterable[Default], model: str, revision: str) -> tuple[str, ...]:
    """The spellings of the default on this router.

    Where it cannot be told which default holds, those that are right either way.
    """
    possible: list[tuple[str, ...]] = []
    for row in rows:
        holds = row.holds(model, revision)
        if holds is not False:
            possible.append(row.values)
        if holds:
            break
    return (
        tuple(v for v in possible[0] if all(v in values for values in possible)) if possible else ()
    )


def same(*values: str) -> tuple[Default, ...]:
    """A default that every router has, in its spellings."""
    return (Default(values),)


MSS_LIMIT: Final = (
    # 8.1.21: "auto on vRX, RTX5000/3500 from 14.00.22, RTX1210 from 14.01.26, RTX830 from 15.02.03,
    # and from the series 15.04 on; else off".
    Default(
        ("auto",),
        {
            "RTX1220": ALWAYS,
            "RTX1300": ALWAYS,
            "RTX1210": "14.01.26",
            "RTX830": "15.02.03",
            "RTX5000": "14.00.22",
            "RTX3500": "14.00.22",
            OTHERS: "15.04",
        },
    ),
    Default(("off",)),
)

IPSEC_SA_LIFETIME: Final = (
    # 15.48.1: no byte lifetime "up to" the revision before these, else 2000000 kB.
    Default(
        ("28800", "28800 2000000", "28800 rekey 75%", "28800 2000000 rekey 75%"),
        {
            "RTX1220": "15.04.05",
            "RTX1210": "14.01.42",
            "RTX830": "15.02.27",
            "RTX5000": "14.00.34",
            "RTX3500": "14.00.34",
            OTHERS: ALWAYS,
        },
    ),
    Default(("28800", "28800 rekey 75%")),
)

IKE_QUEUE: Final = (
    # 15.23; RTX1300 between 23.00.05 and 23.00.09 and RTX830 15.02.21 are not said (unverified).
    Default(("6000",), {"RTX3510": ALWAYS, "RTX5000": ALWAYS}),
    Default(("2000",), {"RTX3500": ALWAYS}),
    Default(("2200",), {"RTX1300": "23.00.09"}),
    Default(
        ("200",),
        {"RTX1300": ALWAYS, "RTX1220": ALWAYS, "RTX1210": ALWAYS, "RTX830": "15.02.22"},
    ),
    Default(("40",), {"RTX840": ALWAYS, "RTX830": ALWAYS}),
)

CHARACTER: Final = (
    # 4.21; the short names are those of the models before the series 14.01.
    Default(("ja.utf8",), {"vRX": ALWAYS}),
    Default(("ja.sjis",), {OTHERS: "14.01"}),
    Default(("sjis",)),
)

SSHD_AUTH: Final = (
    Default(("publickey",), {"RTX840": ALWAYS}),
    Default(("all",)),
)
