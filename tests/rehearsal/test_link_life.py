"""The link between the stand-ins: who starts, SAs that stand, and what ends them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from link_bench import GATEWAY, PEER, World, up

from components.rehearsal.exchange import REACTION
from components.rehearsal.held import BACK_OFF
from components.rehearsal.link import Link

ELSEWHERE = IPv4Network("192.168.3.0/24")
ESP_LIFE, IKE_LIFE = PEER.esp_lifetime, PEER.ike_lifetime
# The RTX's default and not the VPC router's, so that it shows whose word counted.
OWN_LIFE = 28700


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
