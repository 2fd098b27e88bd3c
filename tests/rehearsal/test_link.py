"""The link between the stand-ins: what makes traffic pass, what keeps it away, what ends it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from link_bench import GATEWAY, PEER, RTX, VPC, World, up

from components.rehearsal.exchange import BACK_OFF, REACTION
from components.rehearsal.link import Link

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


# --- who starts, and when -------------------------------------------------------------------------


def test_the_vpc_router_tries_again_after_longer_and_longer_silences() -> None:
    world = World(gateway=replace(GATEWAY, enabled=False))
    due = REACTION
    for silence in (*BACK_OFF, BACK_OFF[-1]):
        world.after(due - world.clock.now())
        due += silence
    world.change(enabled=True)
    assert not world.after(due - 0.1 - world.clock.now()).passes()
    assert "starts the key exchange in" in world.reason()
    assert world.after(0.2).passes()


def test_applied_settings_cut_the_silence_short() -> None:
    world = World(gateway=replace(GATEWAY, enabled=False)).after(200).change(enabled=True)
    world.link.settings_applied(PEER.router_id)
    assert world.after(REACTION).passes()


def test_settings_applied_at_another_router_start_nothing() -> None:
    world = World(gateway=replace(GATEWAY, enabled=False)).after(200).change(enabled=True)
    world.link.settings_applied("113400000009")
    world.link.restart_vpn("113400000009")
    assert not world.after(REACTION).passes()


def test_an_rtx_that_initiates_comes_up_just_as_well() -> None:
    assert up(initiates=True).passes()


# --- SAs that stand -------------------------------------------------------------------------------

CHANGES: list[dict[str, Any]] = [
    {"key": "another_key"},
    {"peer": {"key": "another_key"}},
    {"local_address": IPv4Address("192.168.1.2")},
    {"peer": {"remote_id": "192.168.1.2"}},
    {"peer": {"dh_group": "modp4096"}},
    {"strict": True, "ike_group": "modp2048"},
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_parameters_does_no_harm_while_the_sas_stand(change: dict[str, Any]) -> None:
    world = up()
    before = world.spis()
    world.change(**change)
    world.link.settings_applied(PEER.router_id)
    assert world.after(ESP_LIFE - 60).passes()
    assert world.spis() == before
    assert world.after(IKE_LIFE).passes() is False
    assert not world.peer_up()
    assert not world.link.tunnel_online(2)


def test_a_changed_key_is_first_missed_when_phase_1_ends() -> None:
    """IPsec SAs are renewed under the IKE SA that stands; the key is asked for in phase 1 only."""
    world = up().change(key="another_key")
    assert world.after(IKE_LIFE - ESP_LIFE).passes()
    assert not world.after(2 * ESP_LIFE).passes()
    assert "pre-shared keys differ" in world.reason()
    assert world.change(peer={"key": "another_key"}).after(BACK_OFF[-1]).passes()


def test_a_changed_prefix_is_missed_at_the_next_renewal() -> None:
    world = up().change(local_id=ELSEWHERE)
    assert world.after(ESP_LIFE - 10).passes()
    assert not world.after(10).passes()
    assert "do not mirror" in world.reason()
    assert [sa.kind for sa in world.link.sas()] == ["isakmp"]


@pytest.mark.parametrize("event", ["delete_sas", "refresh_sas", "rebooted"])
def test_a_loss_makes_a_changed_key_count(event: str) -> None:
    world = up().change(key="another_key")
    world.lose(event)
    assert not world.after(120).passes()
    assert "pre-shared keys differ" in world.reason()


def test_vpn_reconnect_makes_a_changed_key_count() -> None:
    world = up().change(key="another_key")
    world.link.restart_vpn(PEER.router_id)
    assert not world.after(120).passes()


def test_both_keys_changed_and_reconnected_passes_again() -> None:
    world = up().change(key="another_key", peer={"key": "another_key"})
    before = world.spis()
    world.link.restart_vpn(PEER.router_id)
    assert not world.passes()
    assert world.after(REACTION).passes()
    assert not world.spis() & before


def test_sas_are_renewed_without_a_gap() -> None:
    world = up()
    isakmp, *esp = world.link.sas()
    world.after(ESP_LIFE - 5)
    assert {sa.life for sa in world.link.sas() if sa.kind == "esp"} == {1}
    world.after(1)
    assert world.passes()
    renewed, *others = world.link.sas()
    assert renewed.spi == isakmp.spi
    assert not {sa.spi for sa in others} & {sa.spi for sa in esp}
    assert {sa.life for sa in others} == {ESP_LIFE}


def test_phase_1_is_renewed_under_the_traffic() -> None:
    world = up(peer={"ike_lifetime": 1000})
    isakmp, *esp = world.link.sas()
    world.after(1000)
    assert world.passes()
    renewed, *others = world.link.sas()
    assert renewed.spi != isakmp.spi
    assert {sa.spi for sa in others} == {sa.spi for sa in esp}


def test_a_long_time_passes_in_one_step_as_in_many() -> None:
    once, often = up(), up()
    once.after(100_000)
    for _ in range(1000):
        often.after(100)
    lives = [[sa.life for sa in world.link.sas()] for world in (once, often)]
    assert once.passes()
    assert lives[0] == lives[1]


@pytest.mark.parametrize(
    "wrong",
    [{"enabled": False}, {"key": None}, {"policy": None}, {"remote_address": None}],
)
def test_a_tunnel_that_is_taken_away_ends_at_once(wrong: dict[str, Any]) -> None:
    world = up().change(**wrong)
    assert not world.passes()
    assert not world.link.sas()
    assert not world.link.tunnel_online(2)
    # The VPC router is not told: it holds on until its DPD.
    assert world.peer_up()
    assert world.after(PEER.dpd_timeout - 1).peer_up()
    assert not world.after(1).peer_up()


def test_a_gateway_that_is_gone_takes_its_sas_along() -> None:
    world = up()
    world.gateways = []
    assert not world.passes()
    assert not world.link.sas()


def test_a_tunnel_that_comes_back_passes_again() -> None:
    world = up().change(enabled=False).after(5).change(enabled=True)
    assert not world.passes()
    assert world.after(PEER.dpd_timeout).passes()


def test_what_follows_a_loss_happens_when_the_tunnel_is_back_not_before() -> None:
    world = up(initiates=True).change(enabled=False).after(1000).change(enabled=True)
    assert not world.link.sas()
    world.after(REACTION)
    assert {sa.life for sa in world.link.sas() if sa.kind == "esp"} == {ESP_LIFE}


def test_another_remote_address_ends_the_traffic() -> None:
    world = up().change(remote_address=IPv4Address("203.0.113.9"))
    assert not world.passes()
    assert not world.link.sas()


# --- the cloud end goes ---------------------------------------------------------------------------


def test_a_peer_that_is_removed_ends_the_traffic_and_the_office_learns_by_dpd() -> None:
    world = up()
    world.peers = []
    world.link.settings_applied(PEER.router_id)
    assert not world.passes()
    assert not world.peer_up()
    assert world.link.tunnel_online(2)
    assert not world.link.keepalive_ok(2)
    assert world.after(29).link.tunnel_online(2)
    assert not world.after(1).link.tunnel_online(2)


@pytest.mark.parametrize("blind", [{"dpd": None}, {"exchange_release": 1}])
def test_without_dpd_the_office_stays_online_until_its_sas_end(blind: dict[str, Any]) -> None:
    world = up(**blind)
    world.peers = []
    world.link.settings_applied(PEER.router_id)
    assert world.after(ESP_LIFE - 10).link.tunnel_online(2)
    assert not world.passes()
    assert not world.after(10).link.tunnel_online(2)


def test_a_peer_with_another_address_is_another_peer() -> None:
    world = up().change(peer={"peer": IPv4Address("198.51.100.30")})
    assert not world.passes()
    assert not world.after(300).passes()
    world.change(wan_address=IPv4Address("198.51.100.30"))
    assert world.after(BACK_OFF[-1]).passes()


def test_a_router_that_stops_takes_its_sas_along_and_starts_anew() -> None:
    world = up()
    before = world.spis()
    world.peers = []
    world.link.router_stopped(PEER.router_id)
    assert not world.passes()
    world.peers = [PEER]
    world.link.settings_applied(PEER.router_id)
    assert not world.passes()
    assert world.after(REACTION).passes()
    assert not world.spis() & before


def test_two_routers_and_two_gateways_do_not_touch_each_other() -> None:
    world = up()
    address, net = IPv4Address("203.0.113.20"), IPv4Network("192.168.5.0/24")
    host = IPv4Address("192.168.5.1")
    world.peers.append(
        replace(
            PEER,
            router_id="113400000007",
            address=address,
            key="second_key",
            cloud_prefixes=(net,),
            lan_addresses=(host,),
        )
    )
    world.gateways.append(
        replace(
            GATEWAY,
            gateway=3,
            tunnel=3,
            policy=103,
            remote_address=address,
            remote_id=net,
            key="second_key",
            routed=(net,),
        )
    )
    world.link.settle()
    world.after(REACTION)
    assert world.passes()
    assert world.passes(target=host)
    assert world.reason().count("traffic passes") == 2
    assert [sa.id for sa in world.link.sas()] == [1, 2, 3, 4, 5, 6]
    assert [sa.gateway for sa in world.link.sas()] == [2, 2, 2, 3, 3, 3]
    world.link.delete_sas([2])
    assert not world.passes()
    assert world.passes(target=host)
    world.after(REACTION)
    world.link.restart_vpn("113400000007")
    assert world.passes()
    assert not world.passes(target=host)


# --- the numbers of SAs ---------------------------------------------------------------------------


def ids(link: Link) -> dict[int, bytes]:
    return {sa.id: sa.spi for sa in link.sas()}


def test_numbers_stay_with_their_sas_and_are_given_again() -> None:
    world = up()
    first = ids(world.link)
    assert sorted(first) == [1, 2, 3]
    world.after(60)
    assert ids(world.link) == first
    world.link.delete_sas([2])
    assert [(sa.id, sa.kind) for sa in world.link.sas()] == [(1, "isakmp")]
    world.after(5)
    again = ids(world.link)
    assert sorted(again) == [1, 2, 3]
    assert again[1] == first[1]
    assert not {again[2], again[3]} & set(first.values())


def test_one_direction_takes_the_other_along_and_an_unknown_number_nothing() -> None:
    world = up()
    world.link.delete_sas([99])
    assert world.passes()
    world.link.delete_sas([3])
    assert not world.link.tunnel_online(2)


def test_traffic_outlives_the_isakmp_sa_alone() -> None:
    world = up()
    world.link.delete_sas([1])
    assert world.passes()
    assert [(sa.kind, sa.isakmp) for sa in world.link.sas()] == [("esp", None), ("esp", None)]
    assert not world.link.keepalive_ok(2)
    assert world.after(ESP_LIFE).passes()
    assert world.link.keepalive_ok(2)


def test_nothing_that_is_shown_holds_the_key() -> None:
    world = up(key="canary_key", peer={"key": "canary_key"})
    shown = world.reason() + repr(world.link.sas()) + repr(world.gateways)
    assert "canary_key" not in shown


# --- whatever happens -----------------------------------------------------------------------------

STEPS: dict[str, Any] = {
    "delete all": lambda w: w.lose("delete_sas"),
    "delete one": lambda w: w.link.delete_sas([2]),
    "delete isakmp": lambda w: w.link.delete_sas([1]),
    "refresh": lambda w: w.lose("refresh_sas"),
    "reboot": lambda w: w.lose("rebooted"),
    "reconnect": lambda w: w.link.restart_vpn(PEER.router_id),
    "applied": lambda w: w.link.settings_applied(PEER.router_id),
    "peer gone": lambda w: w.peers.clear(),
    "peer back": lambda w: w.peers.__setitem__(slice(None), [PEER]),
    "stopped": lambda w: w.link.router_stopped(PEER.router_id),
    "disable": lambda w: w.change(enabled=False),
    "enable": lambda w: w.change(enabled=True),
    "no gateway": lambda w: w.gateways.clear(),
    "published": lambda w: w.gateways.__setitem__(slice(None), [replace(GATEWAY, initiates=True)]),
    "cured": lambda w: w.gateways.__setitem__(slice(None), [GATEWAY]),
    "wrong key": lambda w: w.gateways.__setitem__(slice(None), [replace(GATEWAY, key="wrong")]),
    "no route": lambda w: w.gateways.__setitem__(slice(None), [replace(GATEWAY, routed=())]),
    "no dpd": lambda w: w.gateways.__setitem__(slice(None), [replace(GATEWAY, dpd=None)]),
}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.sampled_from((0, 1, 20, 40, 2000)))))
def test_whatever_happens_the_ends_keep_telling_the_truth(steps: list[tuple[str, int]]) -> None:
    world = World()
    for name, seconds in steps:
        if name not in ("disable", "enable") or world.gateways:
            STEPS[name](world)
        world.after(seconds)
        tells_the_truth(world)
    world.peers, world.gateways = [PEER], [GATEWAY]
    world.link.settle()
    world.link.restart_vpn(PEER.router_id)
    assert world.after(REACTION).passes(), world.reason()


def tells_the_truth(world: World) -> None:
    passes, reason, shown = world.passes(), world.reason(), world.link.sas()
    assert ("traffic passes" in reason) == passes
    assert not passes or (world.link.tunnel_online(2) and world.peer_up())
    assert ("stalled" not in reason) or (world.link.tunnel_online(2) and not passes)
    numbers = [sa.id for sa in shown]
    assert numbers == sorted(set(numbers))
    for sa in shown:
        assert 0 < sa.life <= (IKE_LIFE if sa.kind == "isakmp" else ESP_LIFE)
