"""A gateway in front of the RTX: what stands there when the RTX has no address that can be called
from outside.

It is in neither end's settings.  It has whatever address the VPC router calls and hands udp 500 and
ESP on to the RTX, as a site file states with `office.wan.forwards`, unless it is told otherwise
(`sakura-rtx rehearsal front`).  What is dropped on the way to any RTX is told here, too.
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
IP_AND_ICMP: Final = 28  # bytes of header in front of a ping's data
LARGE: Final = "large"
LARGEST: Final = 1200
"""Bytes of the largest packet in the tunnel that passes where large ones are dropped."""
_KNOWN: Final = {"hands_on": (UDP_500, ESP), "drops": (UDP_500, ESP, LARGE)}


@dataclass(frozen=True)
class Front:
    """The gateway: its `address` outside (None: the one that is called), and what it hands on.

    `drops` is what the provider or a hop on the way drops, whether there is a gateway or not.
    """

    address: IPv4Address | None = None
    hands_on: frozenset[str] = frozenset({UDP_500, ESP})
    drops: frozenset[str] = frozenset()

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """As it is told and kept; raises `ValueError` for what it cannot be."""
        address = told.get("address")
        named = {name: frozenset(told.get(name, ())) for name in _KNOWN}
        for name, known in _KNOWN.items():
            if unknown := sorted(named[name].difference(known)):
                raise ValueError(f"{name}: {', '.join(unknown)}; allowed: {', '.join(known)}")
        return cls(IPv4Address(address) if address else None, **named)

    def told(self) -> dict[str, Any]:
        """The same as JSON."""
        address = str(self.address) if self.address else None
        return {"address": address, **{name: sorted(getattr(self, name)) for name in _KNOWN}}

    def too_large(self, size: int) -> bool:
        """Whether a ping of `size` bytes of data is dropped on the way for its size."""
        return LARGE in self.drops and size + IP_AND_ICMP > LARGEST

    def seen(
        self, gateways: Iterable[OfficeGateway], peers: Sequence[CloudPeer]
    ) -> tuple[OfficeGateway, ...]:
        """The RTX's gateways as they are seen from outside."""
        return tuple(self._outside(each, peers) for each in gateways)

    def _outside(self, gateway: OfficeGateway, peers: Sequence[CloudPeer]) -> OfficeGateway:
        own, arrives = gateway.wan_address, {UDP_500, ESP} - self.drops
        if own is not None and gateway.inside:
            own, arrives = self.address or _called(gateway, peers) or own, arrives & self.hands_on
        return replace(
            gateway,
            wan_address=own,
            ike_handed_on=UDP_500 in arrives,
            esp_handed_on=ESP in arrives,
        )


def _called(gateway: OfficeGateway, peers: Sequence[CloudPeer]) -> IPv4Address | None:
    """The address by which the VPC router calls this office, of all that it calls."""
    identity = str(negotiation.identity(gateway))
    theirs = [each for each in peers if each.address == gateway.remote_address]
    meant = [each for each in theirs if each.remote_id == identity]
    meant += [each for each in theirs if gateway.local_id in each.office_prefixes]
    return meant[0].peer if meant else None
