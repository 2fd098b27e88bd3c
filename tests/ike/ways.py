"""How each value of the table of disagreements is made to differ."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from components.disagreements import Role
from ike.pair import INITIATES, STRICT

AES256_ESP = "ipsec sa policy 102 2 esp aes256-cbc sha-hmac"
SHA256_ESP = "ipsec sa policy 102 2 esp aes-cbc sha256-hmac"
ROLES: dict[Role, tuple[str, ...]] = {
    Role.STARTS: INITIATES,
    Role.STRICT: (STRICT,),
    Role.ANSWERS: (),
}


class Way(NamedTuple):
    """How a value is made to differ: lines typed on the RTX, other values at the cloud end."""

    typed: tuple[str, ...] = ()
    cloud: Mapping[str, Any] = MappingProxyType({})


WAYS: dict[str, tuple[Way, ...]] = {
    "pre-shared key": (Way(("ipsec ike pre-shared-key 2 text another_key_1",)),),
    "phase 1 identity of the office": (
        Way(("ipsec ike local address 2 192.168.1.9",)),
        Way(cloud={"remoteId": "192.168.1.77"}),
    ),
    "address of the cloud end": (Way(("ipsec ike remote address 2 203.0.113.99",)),),
    "encryption": (Way(("ipsec ike encryption 2 aes256-cbc",)),),
    "hash": (Way(("ipsec ike hash 2 sha256",)),),
    "DH group": (Way(("ipsec ike group 2 modp2048",)),),
    "DH group that no RTX has": (Way(cloud={"dhGroup": "modp3072"}),),
    "ESP encryption": (Way((AES256_ESP,)),),
    "ESP hash": (Way((SHA256_ESP,)),),
    "PFS": (Way(("no ipsec ike pfs 2",)),),
    "PFS group": (Way(("ipsec ike group 2 modp1024 modp2048",)),),
    "IKE SA lifetime": (Way(("ipsec ike duration ike-sa 2 7200",)),),
    "IPsec SA lifetime": (Way(("ipsec ike duration ipsec-sa 2 3600",)),),
    "prefixes": (
        Way(("ipsec ike local id 2 172.16.1.0/24",)),
        Way(("ipsec ike remote id 2 172.16.2.0/24",)),
        Way(cloud={"routes": ["172.16.9.0/24"]}),
    ),
    "DPD timing": (Way(("ipsec ike keepalive use 2 on dpd 10 6",)),),
}
