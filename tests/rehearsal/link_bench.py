"""Both ends as values that a test may change, with the link between them and a clock."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from components.clock import ManualClock
from components.rehearsal.ends import CloudPeer
from components.rehearsal.link import Link
from components.rehearsal.rtx.office import OfficeGateway

RTX, VPC = IPv4Address("192.168.1.1"), IPv4Address("192.168.2.1")
PEER = CloudPeer(
    router_id="113400000003",
    address=IPv4Address("203.0.113.4"),
    peer=IPv4Address("198.51.100.20"),
    remote_id="192.168.1.1",
    key="a_key",
    office_prefixes=(IPv4Network("192.168.1.0/24"),),
    cloud_prefixes=(IPv4Network("192.168.2.0/24"),),
    encryption="aes128",
    hash="sha1",
    dh_group="modp1024",
    ike_lifetime=28800,
    esp_lifetime=1800,
    dpd_interval=15,
    dpd_timeout=30,
    lan_addresses=(VPC,),
)
GATEWAY = OfficeGateway(
    gateway=2,
    policy=102,
    tunnel=2,
    enabled=True,
    local_address=RTX,
    remote_address=IPv4Address("203.0.113.4"),
    local_id=IPv4Network("192.168.1.0/24"),
    remote_id=IPv4Network("192.168.2.0/24"),
    key="a_key",
    ike_encryption="aes-cbc",
    ike_hash="sha",
    ike_group="modp1024",
    esp_encryption="aes-cbc",
    esp_hash="sha-hmac",
    pfs=True,
    ike_lifetime=28800,
    esp_lifetime=1800,
    initiates=False,
    exchange_release=2,
    dpd=(15, 2),
    nat_static_ok=True,
    filters_pass=True,
    wan_address=IPv4Address("198.51.100.20"),
    routed=(IPv4Network("192.168.2.0/24"),),
    mtu=1280,
)


class World:
    """Both ends as values that a test may change, the link, and a clock."""

    def __init__(self, peer: CloudPeer | None = PEER, gateway: OfficeGateway = GATEWAY) -> None:
        self.peers = [peer] if peer else []
        self.gateways = [gateway]
        self.clock = ManualClock()
        self.link = Link(self.clock, self, lambda: self.gateways)
        self.link.settle()

    def vpn_peers(self) -> list[CloudPeer]:
        return self.peers

    def after(self, seconds: float) -> World:
        self.clock.advance(seconds)
        self.link.settle()
        return self

    def change(self, *, peer: dict[str, Any] | None = None, **gateway: Any) -> World:
        if peer:
            self.peers = [replace(self.peers[0], **peer)]
        self.gateways = [replace(self.gateways[0], **gateway)]
        self.link.configuration_changed()
        return self

    def passes(self, source: IPv4Address | None = RTX, target: IPv4Address = VPC) -> bool:
        return self.link.ping(source, target, 64) is not None

    def reason(self) -> str:
        return self.link.reason()

    def peer_up(self) -> bool:
        return self.link.peer_up(PEER.router_id, str(PEER.peer))

    def lose(self, event: str) -> None:
        """One of `delete_sas`, `refresh_sas`, `rebooted` at the office."""
        arguments = (None,) if event == "delete_sas" else ()
        getattr(self.link, event)(*arguments)

    def spis(self) -> set[bytes]:
        return {sa.spi for sa in self.link.sas()}


def up(*, peer: dict[str, Any] | None = None, **gateway: Any) -> World:
    """A world in which traffic passes."""
    world = World(replace(PEER, **(peer or {})), replace(GATEWAY, **gateway))
    world.after(5)
    assert world.passes(), world.reason()
    return world
