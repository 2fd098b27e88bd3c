"""Which peer of the VPC router and which gateway of the RTX are played against each other.

Pure.  Real daemons play one pair; which one is decided by who calls whom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address
from itertools import product
from typing import NamedTuple

from ..ends import CloudPeer
from ..rtx.gateways import is_inside
from ..rtx.office import OfficeGateway


class Wanted(NamedTuple):
    """What is preferred where several would do: a gateway's number, the office's WAN address."""

    gateway: int | None = None
    office: IPv4Address | None = None


class Pair(NamedTuple):
    """Both sides of one tunnel; None where an end has nothing of it."""

    peer: CloudPeer | None = None
    gateway: OfficeGateway | None = None


def choose(peers: Sequence[CloudPeer], gateways: Sequence[OfficeGateway], wanted: Wanted) -> Pair:
    """The pair that fits best; ends that call each other come before all others.

    A WAN address that the RTX is given by its provider is in no configuration, and one behind a
    gateway is not seen outside: then it is the one that the VPC router calls.
    """

    def fits(pair: tuple[CloudPeer | None, OfficeGateway | None]) -> tuple[bool, ...]:
        peer, gateway = pair
        return (
            gateway is not None and gateway.gateway == wanted.gateway,
            peer is not None and peer.peer == wanted.office,
            bool(peer and gateway and gateway.remote_address == peer.address),
            bool(peer and gateway and gateway.wan_address == peer.peer),
        )

    left: list[CloudPeer | None] = [*peers] or [None]
    right: list[OfficeGateway | None] = [g for g in gateways if g.remote_address] or [None]
    peer, gateway = max(product(left, right), key=fits)
    if peer and gateway and _is_hidden(gateway.wan_address):
        own = gateway.local_address or gateway.wan_address or peer.peer
        gateway = replace(gateway, wan_address=peer.peer, local_address=own)
    return Pair(peer, gateway)


def _is_hidden(address: IPv4Address | None) -> bool:
    return address is None or is_inside(address)
