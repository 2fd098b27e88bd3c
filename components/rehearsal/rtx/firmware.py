"""What a model can do at a revision: the one table of limits (sections: command reference).

Models and revisions that no row names have everything, in the ranges that most models have; that
this holds for the newest models is an assumption.  Numbers that a licence adds (1.8) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

Revision = tuple[int, ...]

NEVER: Final = "999"

LACKS: Final[Mapping[str, Mapping[str, str]]] = {
    # feature: the last revision of each model that lacks it.
    # `schedule at +SEC`; what `schedule at` may run (37.1)
    "soon": {"RTX1220": "15.04.03", "RTX1210": "14.01.40", "RTX830": "15.02.02"},
    "load scheduled": {"RTX1210": "14.01.27", "RTX830": "15.02.02"},
    "select scheduled": {"RTX1210": "14.01.25", "RTX830": "15.02.02"},
    # 56.7.30 - 56.7.32, 57.7
    "load": {"RTX1210": "14.01.25", "RTX830": "15.02.02"},
    "no-key-generate": {"RTX1210": "14.01.27", "RTX830": "15.02.02"},
    "rollback": {"RTX1210": "14.01.25", "RTX830": "15.02.02"},
    "difference": {"RTX1210": "14.01.25", "RTX830": "15.02.02"},
    # several numbers after `tunnel enable` (14.1) and after `pp enable` (56.7.1)
    "tunnel lists": {"RTX1210": "14.01.25", "RTX830": "15.02.02"},
    "pp lists": {"RTX1210": "14.01.20", "RTX830": "15.02.01"},
    # multipoint tunnels (14.3), their server (14.3)
    "multipoint": {"RTX1210": "14.01.19"},
    "multipoint server": {"RTX840": NEVER, "RTX830": "15.02.22"},
    # a byte lifetime without a line; forced-reduction (15.48.1)
    "volume": {"RTX1220": "15.04.04", "RTX1210": "14.01.41", "RTX830": "15.02.26"},
    "forced-reduction": {
        "RTX1300": "23.00.04", "RTX1220": "15.04.04", "RTX1210": "14.01.41", "RTX830": "15.02.26"
    },
    # NAT traversal in main mode and its `type=` (15.48.5)
    "main mode nat-traversal": {"RTX1210": "14.01.19"},
    # 15.44 - 15.47
    "proposal-limitation": {"RTX1210": "14.01.08"},
    "child-exchange": {"RTX1210": "14.01.10"},
    "negotiation receive": {"RTX1210": "14.01.25", "RTX830": "15.02.02"},
    # `tcp mss limit auto` without a line (8.1.21)
    "mss auto": {"RTX1210": "14.01.25", "RTX830": "15.02.02"},
    # host names in `ip filter` (8.1.10)
    "filter names": {"RTX1210": "14.01.25", "RTX830": "15.02.02"},
    # the NAT hairpin option (23.3)
    "hairpin": {"RTX1220": "15.04.03", "RTX1210": NEVER, "RTX830": "15.02.23"},
    # 4.67, 4.69, 4.71, 4.73 - 4.77
    "lan hosts": {"RTX1210": "14.01.15"},
    "host key bits": {"RTX1210": "14.01.10"},
    # signatures of the host key by SHA-2; seen on an RTX1210, unverified for the others (1.4)
    "rsa-sha2": {"RTX1210": NEVER},
    "strong ciphers only": {"RTX1210": "14.01.33", "RTX830": "15.02.09"},
    "hide version": {"RTX1210": "14.01.08"},
    "key login": {"RTX1210": "14.01.34", "RTX830": "15.02.13"},
}  # fmt: skip

_ALL: Final = NEVER
_SHORT: Final = "md5/sha/sha256"
_SHORT_HMAC: Final = "md5-hmac/sha-hmac/sha256-hmac"

RANGES: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    # word of a pattern: (model, last revision, what the word stands for) ...; "" = the others
    # tunnels, and gateways with them (1.8); peers (1.6)
    "TUNNEL": (
        ("RTX830", _ALL, "1..20"), ("RTX840", _ALL, "1..20"), ("RTX3510", _ALL, "1..1000"),
        ("", _ALL, "1..100"),
    ),
    "PEER": (
        ("RTX830", _ALL, "1..30"), ("RTX840", _ALL, "1..30"), ("RTX3510", _ALL, "1..150"),
        ("", _ALL, "1..100"),
    ),
    # 4.22
    "COLUMNS": (
        ("RTX1210", "14.01.34", "80..200"), ("RTX830", "15.02.13", "80..200"),
        ("", _ALL, "80..4096"),
    ),
    # 15.23
    "QUEUE": (
        ("RTX830", "15.02.20", "20..40"), ("RTX840", _ALL, "20..40"),
        ("RTX1300", "23.00.08", "100..200"), ("RTX1300", _ALL, "1100..4400"),
        ("RTX3510", _ALL, "3000..12000"), ("", _ALL, "100..200"),
    ),
    # filters in one list, static and dynamic (8.1.25)
    "FILTERS": (("RTX3510", _ALL, "300"), ("", _ALL, "129")),
    # `user attribute` (4.10)
    "ADMINISTRATOR": (
        ("RTX1300", _ALL, "1/2/off"), ("RTX840", _ALL, "1/2/off"), ("RTX3510", _ALL, "1/2/off"),
        ("", _ALL, "on/off"),
    ),
    # interfaces; the kinds of these names stand in `kinds`
    "LAN": (("RTX830", _ALL, "LAN2"), ("RTX840", _ALL, "LAN2"), ("", _ALL, "LAN3")),
    "INTERFACE": (
        ("RTX830", _ALL, "INTERFACE2"), ("RTX840", _ALL, "INTERFACE2"), ("", _ALL, "INTERFACE3"),
    ),
    # 15.25, 15.48.2
    "HASH": (
        ("RTX1220", _ALL, _SHORT), ("RTX1210", _ALL, _SHORT), ("RTX840", _ALL, _SHORT),
        ("RTX830", _ALL, _SHORT), ("", _ALL, f"{_SHORT}/sha384/sha512"),
    ),
    "HMAC": (
        ("RTX1220", _ALL, _SHORT_HMAC), ("RTX1210", _ALL, _SHORT_HMAC),
        ("RTX840", _ALL, _SHORT_HMAC), ("RTX830", _ALL, _SHORT_HMAC),
        ("", _ALL, f"{_SHORT_HMAC}/sha384-hmac/sha512-hmac"),
    ),
    # 15.48.1
    "KILOBYTES": (
        ("RTX1220", "15.04.04", "100..100000"), ("RTX1210", "14.01.41", "100..100000"),
        ("RTX830", "15.02.26", "100..100000"), ("", _ALL, "100..2147483647/off"),
    ),
    "MEMORY": (("RTX1300", _ALL, "1024"), ("", _ALL, "256")),
    # length of the RSA host key, unless `bit=` says it (4.69)
    "KEYBITS": (("RTX1210", _ALL, "1024"), ("", _ALL, "2048")),
}  # fmt: skip

_WORD: Final = re.compile("|".join(rf"(?<![A-Z]){name}(?![A-Z])" for name in RANGES))


def _numbers(revision: str) -> Revision:
    return tuple(map(int, revision.split(".")))


@dataclass(frozen=True)
class Firmware:
    """A model ("RTX1220") and the revision that it runs ("15.04.03")."""

    model: str
    revision: str

    @cached_property
    def _revision(self) -> Revision:
        return _numbers(self.revision)

    def has(self, feature: str) -> bool:
        """Whether it has a feature of `LACKS`."""
        last = LACKS[feature].get(self.model)
        return last is None or self._revision > _numbers(last)

    def limit(self, name: str) -> str:
        """What a word of `RANGES` stands for here."""
        return next(
            limit
            for model, last, limit in RANGES[name]
            if model in (self.model, "") and self._revision <= _numbers(last)
        )

    def most(self, name: str) -> int:
        """The upper end of a range."""
        return int(self.limit(name).rpartition("..")[2])

    def pattern(self, text: str) -> str:
        """The text of a pattern with the words of `RANGES` replaced."""
        return _WORD.sub(lambda found: self.limit(found[0]), text)
