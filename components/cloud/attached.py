"""A VPC router that another stack made, or none: what a site needs to know of it.  Pure.

Source: sakura-vpcrouter-api 2.4, 6.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any

from .clashes import refuse_clash
from .interfaces import lan_of
from .objects import router_state, text
from .router import other_peers, parameters_to_write
from .tree import Json, as_list


@dataclass(frozen=True)
class SharedRouter:
    """`vip` and `addresses` as in `RouterState`; `lan_address` is the router's own address in the
    site's cloud prefix ("" if none of its interfaces stands there), `others` the peers of other
    sites."""

    vip: str
    addresses: list[str]
    lan_address: str
    others: list[str]
    settings: object = field(repr=False)  # they hold keys

    def refuse_parameters(self, values: Mapping[str, Any], *, change: bool) -> None:
        """Raise `SharedParameters` or `ApiError` if a peer with these values could not be added:
        for what all peers share, or for a prefix that another peer has."""
        if self.settings:
            parameters_to_write(self.settings, values, "change" if change else "shared")
            refuse_clash(self.settings, values, first=False)


def shared_router(appliance: Json, lan: IPv4Network, peer: str) -> SharedRouter:
    """The router from `GET appliance/{id}`, as the site `peer` with the cloud prefix `lan` sees
    it."""
    state, settings = router_state(appliance), appliance.get("Settings")
    return SharedRouter(
        vip=state.vip,
        addresses=state.addresses,
        lan_address=_own_address(settings, lan) if settings else "",
        others=other_peers(settings, peer) if settings else [],
        settings=settings,
    )


def _own_address(settings: object, lan: IPv4Network) -> str:
    """The VIP of the private interface on which `lan` is, on the standard plan its one address."""
    for index in range(1, 8):
        interface = lan_of(settings, index) or {}
        own = text(interface, "VirtualIPAddress") or next(
            iter(as_list(interface.get("IPAddress"))), ""
        )
        length = int(interface.get("NetworkMaskLen") or 0)
        if own and length and IPv4Interface(f"{own}/{length}").network.overlaps(lan):
            return own if IPv4Address(own) in lan else ""
    return ""
