"""A gateway in front of the RTX: what stands there when the RTX has no address that can be called
from outside.

It is in neither end's settings.  It has whatever address the VPC router calls and hands udp 500 and
ESP on to the RTX, as a site file states with `office.wan.forwards`, unless it is told otherwise
(`sakura-rtx rehearsal front`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Any, Final, Self

from . import negotiation
from .ends import CloudPeer
from .rtx.office import OfficeGateway

UDP_500: Final = "udp500"
ESP: Final = "esp"


@dataclass(frozen=True)
class Front:
    """The gateway: its `address` outside (None: the one that is called), and what it hands on."""

    address: IPv4Address | None = None
    hands_on: frozenset[str] = frozenset({UDP_500, ESP})

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """As it is told and kept; raises `ValueError` for what it cannot be."""
        address, hands_on = told.get("address"), frozenset(told.get("hands_on", ()))
        if unknown := sorted(hands_on - {UDP_500, ESP}):
            raise ValueError(f"hands_on: {', '.join(unknown)}; allowed: {UDP_500}, {ESP}")
        return cls(IPv4Address(address) if address else None, hands_on)

    def told(self) -> dict[str, Any]:
        """The same as JSON."""
        address = str(self.address) if self.address else None
        return {"address": address, "hands_on": sorted(self.hands_on)}

    def seen(
        self, gateways: Iterable[OfficeGateway], peers: Sequence[CloudPeer]
    ) -> tuple[OfficeGateway, ...]:
        """The RTX's gateways as they are seen from outside."""
        return tuple(self._outside(each, peers) for each in gateways)

    def _outside(self, gateway: OfficeGateway, peers: Sequence[CloudPeer]) -> OfficeGateway:
        own = gateway.wan_address
        if own is None or not gateway.inside:
            return gateway
        return replace(
            gateway,
            wan_address=self.address or _called(gateway, peers) or own,
            ike_handed_on=UDP_500 in self.hands_on,
            esp_handed_on=ESP in self.hands_on,
        )


def _called(gateway: OfficeGateway, peers: Sequence[CloudPeer]) -> IPv4Address | None:
    """The address by which the VPC router calls this office, of all that it calls."""
    identity = str(negotiation.identity(gateway))
    theirs = [each for each in peers if each.address == gateway.remote_address]
    meant = [each for each in theirs if each.remote_id == identity]
    meant += [each for each in theirs if gateway.local_id in each.office_prefixes]
    return meant[0].peer if meant else None
