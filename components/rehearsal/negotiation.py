"""Whether the two ends come to terms: the conditions of an IKEv1 key exchange, in their order.

Written from the references alone, apart from the tables that the product renders from.  Sources:
command reference 15.2 to 15.48 for the RTX, sakura-vpcrouter-api 6.1 for the VPC router (main mode
only, PFS always on), and what a pair of charons did with each wrong value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Final, NamedTuple

from .ends import CloudPeer
from .rtx.office import OfficeGateway

# The VPC router's words in the RTX's own; a value that is missing here no RTX has (15.22 to 15.25).
ENCRYPTION: Final = {"aes128": "aes-cbc", "aes256": "aes256-cbc"}
IKE_HASH: Final = {"sha1": "sha", "sha256": "sha256"}
ESP_HASH: Final = {"sha1": "sha-hmac", "sha256": "sha256-hmac"}
GROUPS: Final = frozenset({"modp1024", "modp2048"})


class Prefixes(NamedTuple):
    """The phase 2 identities: which traffic an IPsec SA is for."""

    office: IPv4Network
    cloud: IPv4Network


class Condition(NamedTuple):
    """Something that must be true, and what to say when it is not."""

    holds: Callable[[CloudPeer, OfficeGateway], bool]
    otherwise: str


def usable(gateway: OfficeGateway) -> bool:
    """Whether the RTX would speak for this gateway at all: an enabled tunnel, a peer, a key."""
    return (
        gateway.enabled
        and None not in (gateway.policy, gateway.tunnel, gateway.remote_address)
        and gateway.key is not None
    )


def identity(gateway: OfficeGateway) -> IPv4Address | None:
    """What the RTX presents in phase 1; without a line an address of its own (15.18)."""
    return gateway.local_address or gateway.wan_address


def recovers(gateway: OfficeGateway) -> bool:
    """Whether the tunnel comes back by itself after the office lost its SAs (seed article).

    Observed with an RTX1220 and a VPC router; why the other settings stall is not known.
    """
    return not gateway.initiates and gateway.exchange_release == 2 and gateway.dpd is not None


REACHES: Final = (
    Condition(
        lambda _, gateway: gateway.ike_handed_on,
        "the gateway in front of the RTX does not hand udp 500 on to it, or it is dropped before",
    ),
    Condition(
        lambda _, gateway: gateway.nat_static_ok,
        "NAT keeps IKE or ESP from the RTX: a static entry for udp 500 or esp is missing",
    ),
    Condition(
        lambda _, gateway: gateway.filters_pass,
        "the RTX's WAN filters drop IKE (udp 500) or ESP from the VPC router",
    ),
)

CARRIES: Final = (
    *REACHES,
    Condition(
        lambda _, gateway: gateway.esp_handed_on,
        "the gateway in front of the RTX does not hand ESP on to it, or it is dropped before: SAs "
        "stand, and carry nothing",
    ),
)
"""What packets need beside the SAs."""

_KINDRED: Final = (
    Condition(
        lambda _, gateway: gateway.ike_version == 1,
        "phase 1: the RTX speaks IKEv2 (`ipsec ike version`), the VPC router IKEv1 only",
    ),
    Condition(
        lambda _, gateway: not gateway.named,
        "phase 1: a local or remote name makes it aggressive mode, the VPC router speaks main mode",
    ),
)
"""Else the ends do not even understand each other."""

_PROTECTED_ALIKE: Final = (
    Condition(
        lambda _, gateway: bool(gateway.esp_encryption),
        "phase 2: the policy of the RTX is not ESP (`ipsec sa policy`)",
    ),
    Condition(
        lambda _, gateway: not gateway.wrapped,
        "phase 2: the VPC router does not know the vendor's own encapsulation "
        "(`ipsec ike esp-encapsulation`)",
    ),
)

FOREIGN: Final = (*_KINDRED, *_PROTECTED_ALIKE)
"""What no VPC router would come to terms with, and a daemon in the place of an end may not show."""

_AUTHENTIC: Final = (
    Condition(
        lambda peer, gateway: peer.remote_id == str(identity(gateway)),
        "phase 1: the RTX presents another identity than the RemoteID of the peer",
    ),
    Condition(
        lambda peer, gateway: peer.key == gateway.key,
        "phase 1: the pre-shared keys differ",
    ),
)

_OFFICE_SUPPORTS: Final = Condition(
    lambda peer, _: (
        peer.encryption in ENCRYPTION and peer.hash in IKE_HASH and peer.dh_group in GROUPS
    ),
    "phase 1: the VPC router proposes an algorithm that the RTX does not have",
)

_PHASE_1_EXACT: Final = Condition(
    lambda peer, gateway: (
        (ENCRYPTION.get(peer.encryption), IKE_HASH.get(peer.hash), peer.dh_group)
        == (gateway.ike_encryption, gateway.ike_hash, gateway.ike_group)
    ),
    "phase 1: the proposals differ (encryption, hash or DH group)",
)
_PHASE_2_EXACT: Final = (
    Condition(
        lambda peer, gateway: (
            (ENCRYPTION.get(peer.encryption), ESP_HASH.get(peer.hash))
            == (gateway.esp_encryption, gateway.esp_hash)
        ),
        "phase 2: the proposals differ (`ipsec sa policy`)",
    ),
    Condition(
        lambda peer, gateway: (
            gateway.pfs and peer.dh_group == (gateway.pfs_group or gateway.ike_group)
        ),
        "phase 2: PFS is off at the RTX or its group differs",
    ),
)
# That strict negotiation compares lifetimes too is unverified.
_IKE_LIFETIME: Final = Condition(
    lambda peer, gateway: peer.ike_lifetime == gateway.ike_lifetime,
    "phase 1: the lifetimes differ",
)
_ESP_LIFETIME: Final = Condition(
    lambda peer, gateway: peer.esp_lifetime == gateway.esp_lifetime,
    "phase 2: the lifetimes differ",
)
_SELECTORS: Final = Condition(
    lambda peer, gateway: prefixes(peer, gateway) is not None,
    "phase 2: local id and remote id of the RTX do not mirror the prefixes of the peer",
)


def prefixes(peer: CloudPeer, gateway: OfficeGateway) -> Prefixes | None:
    """The pair of prefixes that both ends name, or None."""
    office, cloud = gateway.local_id, gateway.remote_id
    if office in peer.office_prefixes and cloud in peer.cloud_prefixes:
        return Prefixes(office, cloud)
    return None


def phase_1_problem(peer: CloudPeer, gateway: OfficeGateway, *, by_office: bool) -> str | None:
    """Why no IKE SA comes to be, if none does.

    `by_office`: the RTX initiates, so its own values are proposed and the VPC router has to have
    the same.  Else the RTX takes what it supports, unless `negotiate-strictly` is on (15.11).
    """
    if by_office:
        proposal: tuple[Condition, ...] = (_PHASE_1_EXACT,)
    elif gateway.strict:
        proposal = (_OFFICE_SUPPORTS, _PHASE_1_EXACT, _IKE_LIFETIME)
    else:
        proposal = (_OFFICE_SUPPORTS,)
    return first_broken((*REACHES, *_KINDRED, *proposal, *_AUTHENTIC), peer, gateway)


def phase_2_problem(peer: CloudPeer, gateway: OfficeGateway, *, by_office: bool) -> str | None:
    """Why no IPsec SA comes to be under an IKE SA that stands, if none does."""
    if by_office:
        proposal: tuple[Condition, ...] = _PHASE_2_EXACT
    elif gateway.strict:
        proposal = (_OFFICE_SUPPORTS, *_PHASE_2_EXACT, _ESP_LIFETIME)
    else:
        proposal = (_OFFICE_SUPPORTS,)
    return first_broken((*REACHES, *_PROTECTED_ALIKE, *proposal, _SELECTORS), peer, gateway)


def first_broken(
    conditions: Iterable[Condition], peer: CloudPeer, gateway: OfficeGateway
) -> str | None:
    """What to say about the first condition that does not hold."""
    broken = (each.otherwise for each in conditions if not each.holds(peer, gateway))
    return next(broken, None)


def meeting_problem(peer: CloudPeer, gateways: Iterable[OfficeGateway]) -> str:
    """Why no gateway of the RTX and this peer call each other."""
    callers = [each for each in gateways if each.remote_address == peer.address]
    if not callers:
        return f"no gateway of the RTX has {peer.address} (the VPC router) as remote address"
    if not any(usable(each) for each in callers):
        return "the RTX's tunnel is not enabled, not bound to a policy, or has no key"
    return f"the VPC router calls {peer.peer}, which is not the RTX's WAN address"
