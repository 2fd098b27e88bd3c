"""The link between the stand-ins: which packets pass, and what each end must have."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from link_bench import GATEWAY, PEER, RTX, VPC, World, up

from components.rehearsal.exchange import REACTION

ELSEWHERE = IPv4Network("192.168.3.0/24")
ESP_LIFE, IKE_LIFE = PEER.esp_lifetime, PEER.ike_lifetime
# The RTX's default and not the VPC router's, so that it shows whose word counted.
OWN_LIFE = 28700


def test_traffic_passes_when_both_ends_agree() -> None:
    world = up()
    assert world.reason().endswith("traffic passes")
    assert [(sa.kind, sa.direction) for sa in world.link.sas()] == [
        ("isakmp", ""),
        ("esp", "send"),
        ("esp", "recv"),
    ]
    assert world.link.tunnel_online(2)
    assert not world.link.tunnel_online(1)
    assert world.link.keepalive_ok(2)
    assert not world.link.keepalive_ok(1)
    assert world.peer_up()
    assert not world.link.peer_up("113400000004", str(PEER.peer))
    assert not world.link.peer_up(PEER.router_id, "198.51.100.21")


def test_nothing_stands_before_the_key_exchange() -> None:
    world = World()
    assert not world.passes()
    assert not world.link.sas()
    assert not world.link.tunnel_online(2)
    assert not world.peer_up()
    assert not world.after(REACTION - 0.1).passes()
    assert world.after(0.1).passes()


def test_what_the_office_shows_of_its_sas() -> None:
    world = up().after(95)
    isakmp, send, recv = world.link.sas()
    assert (isakmp.life, send.life, recv.life) == (IKE_LIFE - 99, ESP_LIFE - 99, ESP_LIFE - 99)
    assert (isakmp.isakmp, isakmp.policy, isakmp.tunnel) == (None, None, None)
    for sa in (send, recv):
        assert (sa.isakmp, sa.policy, sa.tunnel) == (isakmp.id, 102, 2)
    assert {sa.gateway for sa in world.link.sas()} == {2}
    assert {sa.remote for sa in world.link.sas()} == {PEER.address}
    assert (len(isakmp.spi), len(send.spi), len(recv.spi)) == (8, 4, 4)
    assert len(world.spis()) == 3


# --- which packets pass ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (IPv4Address("10.0.0.1"), VPC),
        (None, VPC),  # the RTX's WAN address, which no prefix holds
        (RTX, IPv4Address("192.168.2.99")),
        (RTX, IPv4Address("192.168.3.1")),
        (RTX, PEER.address),
    ],
)
def test_only_between_the_prefixes_and_only_who_is_there(
    source: IPv4Address | None, target: IPv4Address
) -> None:
    assert not up().passes(source, target)


def test_any_address_of_the_office_prefix_may_send() -> None:
    assert up().passes(IPv4Address("192.168.1.77"))


def test_an_address_outside_of_the_prefix_does_not_answer_through_the_tunnel() -> None:
    other = IPv4Address("192.168.9.1")
    nets = (IPv4Network("192.168.2.0/24"), IPv4Network("192.168.9.0/24"))
    world = up(peer={"lan_addresses": (VPC, other)}, routed=nets)
    assert world.passes(target=VPC)
    assert not world.passes(target=other)


def test_a_large_packet_takes_longer() -> None:
    world = up()
    small, large = (world.link.ping(RTX, VPC, size) for size in (64, 1400))
    assert small is not None
    assert large is not None
    assert 0 < small < large


def test_a_route_to_the_one_address_is_enough_for_it() -> None:
    world = up(routed=(IPv4Network("192.168.2.1/32"),))
    assert world.reason().endswith("traffic passes")
    assert "0% packet loss" in ping_from_cloud(world, str(RTX))


def test_the_most_specific_route_decides() -> None:
    """A second tunnel that is down, with the narrower route, takes the traffic away."""
    world = up()
    narrow = replace(
        GATEWAY,
        gateway=3,
        tunnel=3,
        policy=103,
        remote_address=IPv4Address("203.0.113.99"),
        routed=(IPv4Network("192.168.2.0/25"),),
    )
    world.gateways.append(narrow)
    assert not world.passes()
    assert "no route to 192.168.2.0/24" in world.reason()
    world.gateways[1] = replace(narrow, routed=(IPv4Network("192.168.0.0/16"),))
    assert world.passes()


def ping_from_cloud(world: World, destination: str) -> str:
    return world.link.ping_from_cloud(PEER.router_id, destination)[-1]


@pytest.mark.parametrize(
    ("destination", "loss"),
    [
        (str(RTX), 0),
        (str(VPC), 0),  # the router's own address
        ("192.168.1.77", 100),  # nobody of the office LAN but the RTX is there
        ("8.8.8.8", 100),
        ("a.example", 100),
    ],
)
def test_a_ping_by_the_vpc_router(destination: str, loss: int) -> None:
    assert f" {loss}% packet loss" in ping_from_cloud(up(), destination)


def test_a_ping_by_the_vpc_router_comes_from_its_first_lan_address() -> None:
    other = IPv4Address("192.168.9.1")
    nets = (IPv4Network("192.168.2.0/24"), IPv4Network("192.168.9.0/24"))
    for addresses, loss in (((VPC, other), 0), ((other, VPC), 100)):
        world = up(peer={"lan_addresses": addresses}, routed=nets)
        assert f" {loss}% packet loss" in ping_from_cloud(world, str(RTX))


@pytest.mark.parametrize(
    "wrong",
    [{"routed": ()}, {"filters_pass": False}, {"nat_static_ok": False}, {"enabled": False}],
)
def test_the_vpc_router_gets_no_answer_either(wrong: dict[str, Any]) -> None:
    assert "100% packet loss" in ping_from_cloud(up().change(**wrong), str(RTX))


# --- what each end must have ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"key": "another_key"}, "pre-shared keys differ"),
        ({"key": None}, "has no key"),
        ({"enabled": False}, "not enabled"),
        ({"policy": None}, "not bound to a policy"),
        ({"tunnel": None}, "not bound to a policy"),
        ({"remote_address": None}, "no gateway of the RTX has 203.0.113.4"),
        ({"remote_address": IPv4Address("203.0.113.9")}, "no gateway of the RTX has 203.0.113.4"),
        ({"wan_address": IPv4Address("198.51.100.21")}, "not the RTX's WAN address"),
        ({"wan_address": None}, "not the RTX's WAN address"),
        ({"local_address": IPv4Address("192.168.1.2")}, "another identity"),
        ({"local_address": None}, "another identity"),  # then it presents its WAN address
        ({"local_id": ELSEWHERE}, "do not mirror"),
        ({"local_id": None}, "do not mirror"),
        ({"remote_id": ELSEWHERE}, "do not mirror"),
        ({"remote_id": IPv4Network("192.168.2.0/25")}, "do not mirror"),
        ({"nat_static_ok": False}, "NAT keeps"),
        ({"filters_pass": False}, "WAN filters drop"),
        ({"routed": ()}, "no route to 192.168.2.0/24"),
    ],
)
def test_each_of_these_at_the_rtx_keeps_traffic_away(wrong: dict[str, Any], why: str) -> None:
    keeps_away(World(gateway=replace(GATEWAY, **wrong)), why)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"key": "another_key"}, "pre-shared keys differ"),
        ({"remote_id": "198.51.100.20"}, "another identity"),
        ({"peer": IPv4Address("198.51.100.21")}, "not the RTX's WAN address"),
        ({"address": IPv4Address("203.0.113.9")}, "no gateway of the RTX has 203.0.113.9"),
        ({"office_prefixes": (ELSEWHERE,)}, "do not mirror"),
        ({"cloud_prefixes": (ELSEWHERE,)}, "do not mirror"),
        ({"office_prefixes": ()}, "do not mirror"),
        ({"dh_group": "modp3072"}, "algorithm that the RTX does not have"),
        ({"dh_group": "modp4096"}, "algorithm that the RTX does not have"),
        ({"encryption": "aes192"}, "algorithm that the RTX does not have"),
        ({"hash": "sha512"}, "algorithm that the RTX does not have"),
        ({"lan_addresses": ()}, "no address in 192.168.2.0/24"),
    ],
)
def test_each_of_these_at_the_cloud_keeps_traffic_away(wrong: dict[str, Any], why: str) -> None:
    keeps_away(World(replace(PEER, **wrong)), why)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"ike_encryption": "aes256-cbc"}, "phase 1: the proposals differ"),
        ({"ike_hash": "sha256"}, "phase 1: the proposals differ"),
        ({"ike_group": "modp2048"}, "phase 1: the proposals differ"),
        ({"ike_lifetime": OWN_LIFE}, "phase 1: the lifetimes differ"),
        ({"esp_encryption": "aes256-cbc"}, "phase 2: the proposals differ"),
        ({"esp_hash": "sha256-hmac"}, "phase 2: the proposals differ"),
        ({"pfs": False}, "PFS is off"),
        ({"esp_lifetime": OWN_LIFE}, "phase 2: the lifetimes differ"),
    ],
)
class TestProposals:
    def test_a_strict_responder_takes_its_own_only(self, wrong: dict[str, Any], why: str) -> None:
        keeps_away(World(gateway=replace(GATEWAY, strict=True, **wrong)), why)

    def test_another_responder_follows_the_initiator(self, wrong: dict[str, Any], why: str) -> None:
        isakmp, *esp = up(**wrong).link.sas()
        assert isakmp.life == IKE_LIFE - 4
        assert {sa.life for sa in esp} == {ESP_LIFE - 4}


def test_strict_is_no_hindrance_when_all_is_the_same() -> None:
    assert up(strict=True).passes()


@pytest.mark.parametrize(
    ("encryption", "hash_name", "group"),
    [("aes128", "sha1", "modp1024"), ("aes256", "sha256", "modp2048")],
)
def test_each_words_for_the_same_algorithm(encryption: str, hash_name: str, group: str) -> None:
    rtx = {"aes128": "aes-cbc", "aes256": "aes256-cbc", "sha1": "sha", "sha256": "sha256"}
    assert up(
        peer={"encryption": encryption, "hash": hash_name, "dh_group": group},
        strict=True,
        ike_encryption=rtx[encryption],
        ike_hash=rtx[hash_name],
        ike_group=group,
        esp_encryption=rtx[encryption],
        esp_hash=f"{rtx[hash_name]}-hmac",
    ).passes()


def test_the_rtx_presents_its_wan_address_without_a_local_address() -> None:
    assert up(peer={"remote_id": "198.51.100.20"}, local_address=None).passes()


def test_an_initiating_rtx_brings_its_own_lifetimes() -> None:
    """It asks shortly before the VPC router would."""
    world = World(peer=None, gateway=replace(GATEWAY, initiates=True, esp_lifetime=OWN_LIFE))
    world.after(2)  # its first attempt meets nobody; the next is due at 5 s
    world.clock.advance(2.5)
    world.peers = [PEER]
    world.link.settle()  # the VPC router would start at 5.5 s
    world.after(0.6)
    assert world.passes(), world.reason()
    assert {sa.life for sa in world.link.sas() if sa.kind == "esp"} == {OWN_LIFE - 1}


def test_an_initiating_rtx_proposes_its_own_algorithms_only() -> None:
    """What the VPC router does not have is no use, until that starts the exchange itself."""
    world = World(peer=None, gateway=replace(GATEWAY, initiates=True, ike_group="modp2048"))
    world.after(2)
    world.clock.advance(2.5)
    world.peers = [PEER]
    world.link.settle()
    assert not world.after(0.6).passes()
    assert world.after(1).passes()


def keeps_away(world: World, why: str) -> None:
    for _ in range(5):
        world.after(60)
        assert not world.passes()
    assert why in world.reason()
    assert "traffic passes" not in world.reason()
    assert "100% packet loss" in ping_from_cloud(world, str(RTX))


def test_without_any_router_that_is_up_there_is_no_peer() -> None:
    world = World(peer=None).after(60)
    assert not world.passes()
    assert "no VPC router that is up" in world.reason()
