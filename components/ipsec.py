"""The agreement: every value that both ends of the tunnel must share, in one place.

Both ends are rendered from one `Agreement`, so they cannot disagree.  The pre-shared key is kept
apart from it: an agreement may be printed, logged and compared, a key may not.

Sources: sakura-vpcrouter-api 2.9, 6.1 and 6.2 (cloud end); the RTX command reference sections
15.20, 15.22, 15.24, 15.25 and 15.48 (office end).
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Final, NamedTuple, Self

from .errors import Problem

KEY_LENGTH: Final = 40
SHORT_KEY: Final = 20
"""A key of fewer characters is weak."""
_KEY: Final = re.compile(r"[A-Za-z0-9_]{1,40}")
_KEY_ALPHABET: Final = string.ascii_letters + string.digits + "_"


# --- what each end can do


class Choice(NamedTuple):
    """One algorithm in the words of both ends, empty where an end lacks it.

    `office_esp` is its word in `ipsec sa policy`, `weak` the field's word for what is weak about
    it, `version` the first version of a VPC router with it.
    """

    cloud: str
    office: str
    office_esp: str = ""
    weak: str = ""
    version: int = 2


# Weakest first.  Cloud end: sakura-vpcrouter-api 2.9; a router of version 1 has the values of 2020
# only (6.1; inferred, unverified), and no source tells the plans apart.  Office end: the command
# reference; all models and revisions have these (some have SHA-384 and SHA-512 besides, 15.25).
ENCRYPTION: Final = {  # 15.22, 15.48.2
    "des": Choice("", "des-cbc", "des-cbc", weak="DES"),
    "3des": Choice("", "3des-cbc", "3des-cbc", weak="triple DES"),
    "aes128": Choice("aes128", "aes-cbc", "aes-cbc", version=1),
    "aes256": Choice("aes256", "aes256-cbc", "aes256-cbc"),
}
HASH: Final = {  # 15.25, 15.48.2
    "md5": Choice("", "md5", "md5-hmac", weak="MD5"),
    "sha1": Choice("sha1", "sha", "sha-hmac", weak="SHA-1", version=1),
    "sha256": Choice("sha256", "sha256", "sha256-hmac"),
}
DH_GROUP: Final = {  # 15.24
    "modp768": Choice("", "modp768", weak="DH group 1 (768 bit)"),
    "modp1024": Choice("modp1024", "modp1024", weak="DH group 2 (1024 bit)", version=1),
    "modp1536": Choice("", "modp1536"),
    "modp2048": Choice("modp2048", "modp2048"),
    "modp3072": Choice("modp3072", ""),
    "modp4096": Choice("modp4096", ""),
}
TABLES: Final = {"encryption": ENCRYPTION, "hash": HASH, "dh_group": DH_GROUP}
"""By the fields of a `Proposal`."""


def choices(table: dict[str, Choice], version: int = 2) -> list[str]:
    """The names in `table` that an RTX and a VPC router of this version have, weakest first."""
    return [name for name, c in table.items() if c.office and c.cloud and c.version <= version]


def missing(table: dict[str, Choice], name: str, version: int = 2) -> str | None:
    """Why the two ends cannot use this algorithm, in words; None if they can, or nobody has it."""
    choice = table.get(name)
    if choice is None or name in choices(table, version):
        return None
    if not choice.office:
        return f"no RTX has {name}"
    if not choice.cloud:
        return f"the VPC router does not have {name}"
    return f"a VPC router of version {version} does not have {name}"


class Model(NamedTuple):
    """What a model of RTX has: tunnels (and gateways) without a licence, and with all of them
    (None: not known); numbers of `pp`; the series of its firmware, and the revision that is assumed
    where the site file says none.
    """

    tunnels: int
    licensed: int | None
    pp: int
    series: str
    assumed: str


MODELS: Final = {  # command reference 1.6, 1.8; rtx-cli 1 and 4
    "RTX1220": Model(100, 100, 100, "15.04", "15.04.03"),
    "RTX1210": Model(100, 100, 100, "14.01", "14.01.42"),
    "RTX830": Model(20, None, 30, "15.02", "15.02.33"),
    "RTX1300": Model(100, 1100, 100, "23.00", "23.00.17"),
}
"""The models that a site may have.  What a revision of them can do is in `office.defaults`."""


# --- what both ends share


@dataclass(frozen=True)
class Proposal:
    """Algorithms, the same in phase 1 and phase 2 (the VPC router has one field for both)."""

    encryption: str = "aes256"
    hash: str = "sha256"
    dh_group: str = "modp2048"

    @classmethod
    def strongest(cls, version: int = 2) -> Self:
        """The best that an RTX and a VPC router of this version have."""
        return cls(**{name: choices(table, version)[-1] for name, table in TABLES.items()})


@dataclass(frozen=True)
class DeadPeerDetection:
    """Dead peer detection: a question each `interval` seconds, peer lost after `timeout` seconds.

    The RTX counts questions instead of seconds, so `timeout` is a whole multiple of `interval`.
    """

    interval: int = 15
    timeout: int = 30

    @property
    def count(self) -> int:
        """Unanswered questions after which the RTX gives the peer up (1..50)."""
        return self.timeout // self.interval


@dataclass(frozen=True)
class Agreement:
    """What both ends share.  Lifetimes in seconds; addresses and prefixes IPv4.

    `cloud_address` is the VIP of the VPC router: where the RTX calls, and the identity that the
    router presents; None while it is not known yet (a preview before the router was made).
    `office_address` is where the cloud end calls (`Peer`), `office_identity` what the RTX presents
    in phase 1 (`RemoteID`, its `ipsec ike local address`).
    """

    office_address: IPv4Address
    office_identity: IPv4Address
    office_prefix: IPv4Network
    cloud_prefix: IPv4Network
    cloud_address: IPv4Address | None = None
    proposal: Proposal = field(default_factory=Proposal)
    ike_lifetime: int = 28800
    esp_lifetime: int = 1800
    dpd: DeadPeerDetection = field(default_factory=DeadPeerDetection)


def generate_key() -> str:
    """A pre-shared key from the system's random source: 40 characters that the API accepts."""
    return "".join(secrets.choice(_KEY_ALPHABET) for _ in range(KEY_LENGTH))


def key_problem(key: str, path: str) -> Problem | None:
    """Why the API would refuse this pre-shared key, in words that do not hold it; else None."""
    if _KEY.fullmatch(key):
        return None
    if len(key) > KEY_LENGTH or not key:
        found = f"a key of {len(key)} characters"
    else:
        bad = sorted({char for char in key if not _KEY.fullmatch(char)})
        found = "a key with " + " ".join(repr(char) for char in bad)
    return Problem(path, found, "1 to 40 characters of A-Z, a-z, 0-9 and _ (no hyphen)")


def rows(agreement: Agreement, cloud_address: str) -> list[dict[str, str]]:
    """The agreement as a table for people: one row for each value that both ends share.

    `cloud` and `office` say how each end writes it (API field, RTX command).
    """
    encryption = ENCRYPTION[agreement.proposal.encryption]
    hash_ = HASH[agreement.proposal.hash]
    group = DH_GROUP[agreement.proposal.dh_group]
    dpd = agreement.dpd
    table = (
        ("VPC router address", cloud_address, "VIP of eth0", "ipsec ike remote address"),
        ("office address", agreement.office_address, "Peer", "address of the WAN interface"),
        ("office identity", agreement.office_identity, "RemoteID", "ipsec ike local address"),
        ("office prefix", agreement.office_prefix, "Routes", "ipsec ike local id"),
        ("cloud prefix", agreement.cloud_prefix, "LocalPrefix", "ipsec ike remote id"),
        (
            "encryption",
            agreement.proposal.encryption,
            f"EncryptionAlgo {encryption.cloud}",
            f"ipsec ike encryption {encryption.office}; sa policy esp {encryption.office_esp}",
        ),
        (
            "hash",
            agreement.proposal.hash,
            f"HashAlgo {hash_.cloud}",
            f"ipsec ike hash {hash_.office}; sa policy {hash_.office_esp}",
        ),
        (
            "DH group",
            agreement.proposal.dh_group,
            f"DHGroup {group.cloud}",
            f"ipsec ike group {group.office}; pfs on",
        ),
        ("IKE SA lifetime, s", agreement.ike_lifetime, "IKE.Lifetime", "duration ike-sa"),
        ("IPsec SA lifetime, s", agreement.esp_lifetime, "ESP.Lifetime", "duration ipsec-sa"),
        (
            "dead peer detection, s",
            f"{dpd.interval}/{dpd.timeout}",
            "IKE.DPD Interval/Timeout",
            f"keepalive use on dpd {dpd.interval} {dpd.count}",
        ),
    )
    names = ("name", "value", "cloud", "office")
    return [dict(zip(names, map(str, row), strict=True)) for row in table]
