"""What the two stand-ins tell each other: the seam between the API, the RTX and the link.

Everything here is read from what each end has in force (the *applied* settings of the VPC router,
the *running* configuration of the RTX), by readers that share no code with the product's renderers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Protocol


@dataclass(frozen=True)
class CloudPeer:
    """One peer of one VPC router that is up, as its applied settings say.

    Lifetimes and DPD in seconds; `lan_addresses` are the addresses of the router inside its LANs
    that answer to a ping.
    """

    router_id: str
    address: IPv4Address
    peer: IPv4Address
    remote_id: str
    key: str
    office_prefixes: tuple[IPv4Network, ...]
    cloud_prefixes: tuple[IPv4Network, ...]
    encryption: str
    hash: str
    dh_group: str
    ike_lifetime: int
    esp_lifetime: int
    dpd_interval: int
    dpd_timeout: int
    lan_addresses: tuple[IPv4Address, ...]


class CloudSide(Protocol):
    """What the link asks of the API stand-in."""

    def vpn_peers(self) -> Sequence[CloudPeer]:
        """The peers of all routers that are up and have site-to-site enabled, as applied."""
        ...


class LinkSide(Protocol):
    """What the API stand-in asks of, and tells, the link."""

    def peer_up(self, router_id: str, peer: str) -> bool:
        """Whether the cloud end believes that this peer is connected."""
        ...

    def settings_applied(self, router_id: str) -> None:
        """`PUT .../config` took effect, or the router came up."""
        ...

    def router_stopped(self, router_id: str) -> None:
        """The router went down or was deleted: its SAs are gone without notice."""
        ...

    def restart_vpn(self, router_id: str) -> None:
        """The cloud end drops all its SAs with notice and starts the key exchange anew."""
        ...

    def ping_from_cloud(self, router_id: str, destination: str) -> list[str]:
        """The output lines of a ping sent by the VPC router."""
        ...
