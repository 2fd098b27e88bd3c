"""What both ends hold, read by a witness of its own: `show config` and what the API has applied.

It shares no code with the product, nor with the stand-ins: texts and JSON, put into the words of
the output `agreement`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_interface
from typing import Any, Final

Held = dict[str, str]

_WORDS: Final = {
    "aes-cbc": "aes128",
    "aes256-cbc": "aes256",
    "sha": "sha1",
    "sha-hmac": "sha1",
    "sha256-hmac": "sha256",
}
_IKE: Final = {
    "VPC router address": r"ipsec ike remote address {n} (\S+)",
    "office identity": r"ipsec ike local address {n} (\S+)",
    "office prefix": r"ipsec ike local id {n} (\S+)",
    "cloud prefix": r"ipsec ike remote id {n} (\S+)",
    "encryption": r"ipsec ike encryption {n} (\S+)",
    "hash": r"ipsec ike hash {n} (\S+)",
    "DH group": r"ipsec ike group {n} (\S+)",
    "IKE SA lifetime, s": r"ipsec ike duration ike-sa {n} (\d+)",
    "IPsec SA lifetime, s": r"ipsec ike duration ipsec-sa {n} (\d+)",
    "pre-shared key": r"ipsec ike pre-shared-key {n} text (\S+)",
}


def at_the_office(config: Sequence[str], tunnel: int) -> Held:
    """The values of one tunnel in a `show config`; it is complete, or the assertion fails."""
    lines = [line.strip() for line in config]

    def one(pattern: str) -> tuple[str, ...]:
        found = [match for line in lines if (match := re.fullmatch(pattern, line))]
        assert len(found) == 1, f"{pattern}: {len(found)} times"
        return found[0].groups()

    held = {name: one(pattern.format(n=tunnel))[0] for name, pattern in _IKE.items()}
    for name in ("encryption", "hash"):
        held[name] = _WORDS.get(held[name], held[name])
    policy = one(rf"ipsec sa policy \d+ {tunnel} esp (\S+) (\S+)(?: .*)?")
    assert [_WORDS[word] for word in policy] == [held["encryption"], held["hash"]], policy
    assert f"ipsec ike pfs {tunnel} on" in lines
    assert f"tunnel enable {tunnel}" in lines
    assert f"ip route {held['cloud prefix']} gateway tunnel {tunnel}" in lines
    interval, count = one(rf"ipsec ike keepalive use {tunnel} on dpd (\d+) (\d+)")
    held["dead peer detection, s"] = f"{interval}/{int(interval) * int(count)}"
    held["office address"] = str(ip_interface(one(r"ip lan2 address (\S+)")[0]).ip)
    return held


def at_the_cloud(router: dict[str, Any]) -> Held:
    """The values of the only peer of a VPC router, as its settings are applied."""
    assert router["settings"] == router["applied"], "stored and not applied"
    applied = router["applied"]["Router"]
    vpn = applied["SiteToSiteIPsecVPN"]
    (peer,) = vpn["Config"]
    ((office,), (cloud,)) = peer["Routes"], peer["LocalPrefix"]
    dpd = vpn["IKE"]["DPD"]
    return {
        "VPC router address": applied["Interfaces"][0]["VirtualIPAddress"],
        "office address": peer["Peer"],
        "office identity": peer["RemoteID"],
        "office prefix": office,
        "cloud prefix": cloud,
        "encryption": vpn["EncryptionAlgo"],
        "hash": vpn["HashAlgo"],
        "DH group": vpn["DHGroup"],
        "IKE SA lifetime, s": str(vpn["IKE"]["Lifetime"]),
        "IPsec SA lifetime, s": str(vpn["ESP"]["Lifetime"]),
        "dead peer detection, s": f"{dpd['Interval']}/{dpd['Timeout']}",
        "pre-shared key": peer["PreSharedSecret"],
    }


def apart(one: Held, other: Held) -> list[str]:
    """The names of the values that differ; a key is never shown."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
