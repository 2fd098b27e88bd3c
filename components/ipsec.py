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
from typing import Final, NamedTuple

from .errors import Problem

KEY_LENGTH: Final = 40
_KEY: Final = re.compile(r"[A-Za-z0-9_]{1,40}")
_KEY_ALPHABET: Final = string.ascii_letters + string.digits + "_"


class Choice(NamedTuple):
    """One algorithm in the words of both ends; `office` is empty where an RTX lacks it."""

    cloud: str
    office: str
    office_esp: str = ""
    weak: str = ""


ENCRYPTION: Final = {
    "aes128": Choice("aes128", "aes-cbc", "aes-cbc"),
    "aes256": Choice("aes256", "aes256-cbc", "aes256-cbc"),
}
HASH: Final = {
    "sha1": Choice("sha1", "sha", "sha-hmac", weak="SHA-1"),
    "sha256": Choice("sha256", "sha256", "sha256-hmac"),
}
# The VPC router also offers modp3072 and modp4096; no RTX has them (command reference 15.24).
DH_GROUP: Final = {
    "modp1024": Choice("modp1024", "modp1024", weak="DH group 2 (1024 bit)"),
    "modp2048": Choice("modp2048", "modp2048"),
    "modp3072": Choice("modp3072", ""),
    "modp4096": Choice("modp4096", ""),
}


def choices(table: dict[str, Choice]) -> list[str]:
    """The names in `table` that both ends have."""
    return [name for name, choice in table.items() if choice.office]


@dataclass(frozen=True)
class Proposal:
    """Algorithms, the same in phase 1 and phase 2 (the VPC router has one field for both)."""

    encryption: str = "aes256"
    hash: str = "sha256"
    dh_group: str = "modp2048"


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


def key_strength(key: str) -> str | None:
    """What is weak about a usable key, or None."""
    return f"the key has only {len(key)} characters" if len(key) < 20 else None


def weaknesses(proposal: Proposal) -> dict[str, str]:
    """What is weak about the algorithms: finding code -> the field's word for it."""
    used = {
        "weak-encryption": ENCRYPTION[proposal.encryption],
        "weak-hash": HASH[proposal.hash],
        "weak-dh-group": DH_GROUP[proposal.dh_group],
    }
    return {code: choice.weak for code, choice in used.items() if choice.weak}


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
