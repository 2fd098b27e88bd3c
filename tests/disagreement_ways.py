"""How each value of the table of disagreements is made to differ, and what a pair of IKE daemons
cannot be made to differ in too."""

from __future__ import annotations

from typing import Final

from ike.ways import WAYS, Way

BEYOND_DAEMONS: Final[dict[str, tuple[Way, ...]]] = {
    "address of the office end": (Way(cloud={"peer": "198.51.100.77"}),),
    "ESP without authentication": (Way(("ipsec sa policy 102 2 esp aes-cbc",)),),
    "protocol of phase 2": (Way(("ipsec sa policy 102 2 ah sha-hmac",)),),
    "byte lifetime": (Way(("ipsec ike duration ipsec-sa 2 1800 100000",)),),
    "prefixes not named": (
        Way(("no ipsec ike local id 2",)),
        Way(("no ipsec ike remote id 2",)),
    ),
    "IKE version": (Way(("ipsec ike version 2 2",)),),
    "exchange mode": (
        Way(("ipsec ike local name 2 office key-id",)),
        Way(("ipsec ike remote name 2 cloud key-id",)),
    ),
    "encapsulation": (Way(("ipsec ike esp-encapsulation 2 on",)),),
    "encapsulation and NAT traversal": (
        Way(("ipsec ike esp-encapsulation 2 on", "ipsec ike nat-traversal 2 on")),
    ),
    "NAT traversal": (Way(("ipsec ike nat-traversal 2 on",)),),
    "kind of keepalive": (
        Way(("ipsec ike keepalive use 2 on",)),
        Way(("ipsec ike keepalive use 2 on heartbeat 10 6",)),
        Way(("ipsec ike keepalive use 2 on rfc4306",)),
    ),
    "no keepalive": (
        Way(("no ipsec ike keepalive use 2",)),
        Way(("ipsec ike keepalive use 2 off",)),
        Way(("ipsec ike keepalive use 2 auto",)),
    ),
    "keepalive by ping": (Way(("ipsec ike keepalive use 2 on icmp-echo 192.168.2.1",)),),
}

EVERY_WAY: Final = {**WAYS, **BEYOND_DAEMONS}
