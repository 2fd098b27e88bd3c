"""The link between the stand-ins: what makes traffic pass, what ends it, and the seed's stall."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

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

    def spis(self) -> set[bytes]:
        return {sa.spi for sa in self.link.sas()}


def up(**gateway: Any) -> World:
    """A world in which traffic passes."""
    world = World(gateway=replace(GATEWAY, **gateway))
    world.link.settle()
    world.after(5)
    assert world.passes(), world.link.reason()
    return world


def test_traffic_passes_when_both_ends_agree() -> None:
    world = up()
    assert world.link.reason().endswith("traffic passes")
    assert [(sa.kind, sa.direction) for sa in world.link.sas()] == [
        ("isakmp", ""),
        ("esp", "send"),
        ("esp", "recv"),
    ]
    assert world.link.tunnel_online(2)
    assert world.link.peer_up("113400000003", "198.51.100.20")
    assert not world.passes(source=IPv4Address("10.0.0.1"))
    assert not world.passes(target=IPv4Address("192.168.2.99"))
    assert "0% packet loss" in world.link.ping_from_cloud("113400000003", "192.168.1.1")[-1]
    assert "100% packet loss" in world.link.ping_from_cloud("113400000003", "192.168.1.77")[-1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "another_key"},
        {"key": None},
        {"enabled": False},
        {"policy": None},
        {"remote_address": IPv4Address("203.0.113.9")},
        {"local_address": IPv4Address("192.168.1.2")},
        {"local_id": IPv4Network("192.168.3.0/24")},
        {"remote_id": IPv4Network("192.168.3.0/24")},
        {"nat_static_ok": False},
        {"filters_pass": False},
        {"wan_address": IPv4Address("198.51.100.21")},
        {"routed": ()},
        {"strict": True, "ike_encryption": "aes256-cbc"},
        {"strict": True, "pfs": False},
        {"initiates": True, "esp_hash": "sha256-hmac", "strict": True},
    ],
)
def test_each_of_these_alone_keeps_traffic_away(wrong: dict[str, Any]) -> None:
    world = World(gateway=replace(GATEWAY, **wrong))
    world.link.settle()
    world.after(300)
    assert not world.passes()
    assert "traffic passes" not in world.link.reason()


@pytest.mark.parametrize(
    "other",
    [
        {"ike_encryption": "3des-cbc"},
        {"ike_group": "modp2048"},
        {"pfs": False},
        {"esp_lifetime": 9},
    ],
)
def test_a_responder_that_is_not_strict_follows_the_initiator(other: dict[str, Any]) -> None:
    assert up(**other).passes()


def test_an_algorithm_that_no_rtx_has_is_refused() -> None:
    world = World(peer=replace(PEER, dh_group="modp3072"))
    assert not world.after(60).after(60).passes()


@pytest.mark.parametrize("event", ["delete_sas", "refresh_sas", "rebooted"])
@pytest.mark.parametrize("wrong", [{"initiates": True}, {"exchange_release": 1}, {"dpd": None}])
def test_the_seeds_stall(event: str, wrong: dict[str, Any]) -> None:
    """With the published settings, Online for ever and nothing passes, until "VPN reconnect"."""
    world = up(**wrong)
    lose(world, event)
    for _ in range(50):
        world.after(300)
        assert not world.passes()
    assert world.link.tunnel_online(2)
    assert "stalled" in world.link.reason()
    world.link.restart_vpn("113400000003")
    assert world.after(3).passes()


@pytest.mark.parametrize(
    ("event", "seconds"), [("delete_sas", 3), ("refresh_sas", 32), ("rebooted", 32)]
)
def test_the_cure(event: str, seconds: float) -> None:
    world = up()
    lose(world, event)
    assert not world.passes()
    assert world.after(seconds).passes(), world.link.reason()


def lose(world: World, event: str) -> None:
    if event == "delete_sas":
        world.link.delete_sas(None)
    else:
        getattr(world.link, event)()


def test_a_loss_without_notice_costs_the_dpd_time() -> None:
    world = up()
    world.link.rebooted()
    assert not world.after(28).passes()


def test_a_changed_key_does_no_harm_until_the_sas_end() -> None:
    """The key is asked for in phase 1 only: IPsec SAs are renewed under the IKE SA that stands."""
    world = up().change(key="another_key")
    assert world.after(20000).passes()
    assert not world.after(12000).passes()
    assert world.change(peer={"key": "another_key"}).after(120).passes()


def test_sas_are_renewed_without_a_gap() -> None:
    world = up()
    before = world.spis()
    assert world.after(1801).passes()
    assert world.spis() - before


@pytest.mark.parametrize("wrong", [{"enabled": False}, {"key": None}])
def test_a_tunnel_that_is_taken_away_ends_at_once(wrong: dict[str, Any]) -> None:
    world = up().change(**wrong)
    assert not world.passes()
    assert not world.link.sas()


def test_a_peer_that_is_removed_ends_the_traffic() -> None:
    world = up()
    world.peers = []
    world.link.settings_applied("113400000003")
    assert not world.passes()
    assert not world.link.peer_up("113400000003", "198.51.100.20")


def test_a_router_that_stops_takes_its_sas_along() -> None:
    world = up()
    world.peers = []
    world.link.router_stopped("113400000003")
    assert not world.passes()
    world.peers = [PEER]
    world.link.settings_applied("113400000003")
    assert world.after(5).passes()


def test_numbers_stay_with_their_sas_and_are_given_again() -> None:
    world = up()
    ids = {sa.id: sa.spi for sa in world.link.sas()}
    world.after(60)
    assert {sa.id: sa.spi for sa in world.link.sas()} == ids
    world.link.delete_sas([2])
    assert [sa.kind for sa in world.link.sas()] == ["isakmp"]
    world.after(5)
    assert sorted(sa.id for sa in world.link.sas()) == [1, 2, 3]
    assert not {sa.spi for sa in world.link.sas() if sa.kind == "esp"} & set(ids.values())
