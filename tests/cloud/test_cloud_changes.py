"""Changes of a router that runs: which of them stop it, and what is never touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cloud_world import KEY, QUICK, SWITCH, VALUES, Json, Killed, World, described, world

from components.cloud import lifecycle as cloud
from components.cloud.lifecycle import LanSpec, RouterSpec, SwitchSpec
from components.cloud.sections import SECTIONS
from components.cloud.wiring import wires
from components.errors import ApiError

STOP, START = "DELETE /appliance/*/power", "PUT /appliance/*/power"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, **QUICK) as one:
        yield one


def built(here: World) -> tuple[str, RouterSpec]:
    _, router = here.build(here.client())
    cloud.write_peer(here.client(), router.id, VALUES, KEY, here.clock)
    spec = here.spec()
    here.calls().clear()
    return router.id, spec


def another(here: World, nic: int, name: str = "dmz") -> LanSpec:
    """A private interface on a switch of its own."""
    spec = SwitchSpec(**described(name))
    switch = cloud.ensure_switch(here.client(), spec, here.clock, here.said.append)
    return LanSpec(nic, switch.id, f"10.{nic}.0.1", [f"10.{nic}.0.2", f"10.{nic}.0.3"], 24)


def update(
    here: World, router_id: str, spec: RouterSpec, before: RouterSpec | None = None, kill: int = -1
) -> cloud.RouterState:
    return cloud.update_router(
        here.client(kill),
        router_id,
        spec,
        here.clock,
        here.said.append,
        before=before.private if before else (),
    )


def settings(here: World, router_id: str) -> Json:
    found: Json = here.appliance(router_id)["Settings"]["Router"]
    return found


# --- without a stop

ROUTES = [{"prefix": "10.64.0.0/16", "nextHop": "192.168.2.9"}]
NO_STOP: dict[str, dict[str, Any]] = {
    "VRID": {"vrid": 11},
    "aliases": {"aliases": ["203.0.113.8"]},
    "static routes": {"sections": {"staticRoutes": ROUTES}},
    "syslog": {"sections": {"syslogHost": "192.168.2.60"}},
}


@pytest.mark.parametrize("name", NO_STOP)
def test_settings_change_while_it_runs(here: World, name: str) -> None:
    router, spec = built(here)
    changes = dict(NO_STOP[name])
    if "aliases" in changes:
        outside = here.appliance(router)["Settings"]["Router"]["Interfaces"][0]["IPAddress"]
        changes["aliases"] = [outside[-1].rpartition(".")[0] + ".10"]
    before = settings(here, router)
    wanted = replace(spec, **changes)
    state = update(here, router, wanted, spec)
    assert STOP not in here.calls()
    assert here.calls().count("PUT /appliance/*/config") == 1
    after = settings(here, router)
    assert after["SiteToSiteIPsecVPN"] == before["SiteToSiteIPsecVPN"]
    assert {k for k in before | after if before.get(k) != after.get(k)} == {
        {"VRID": "VRID", "aliases": "Interfaces"}.get(name)
        or SECTIONS[next(iter(wanted.sections))].place
    }
    assert state.vrid == wanted.vrid
    assert state.aliases == tuple(wanted.aliases or ())
    for section, value in wanted.sections.items():
        assert state.sections[section] == value


def test_new_addresses_in_the_lan_need_no_stop(here: World) -> None:
    router, spec = built(here)
    lan = replace(spec.lan, vip="10.5.0.1", addresses=["10.5.0.2", "10.5.0.3"], prefix_length=16)
    state = update(here, router, replace(spec, lan=lan), spec)
    assert STOP not in here.calls()
    assert state.lan == lan


def test_a_section_that_is_not_named_stays_and_one_that_is_emptied_goes(here: World) -> None:
    router, spec = built(here)
    update(here, router, replace(spec, sections={"staticRoutes": ROUTES}))
    assert update(here, router, spec).sections["staticRoutes"] == ROUTES
    assert (
        update(here, router, replace(spec, sections={"staticRoutes": []})).sections["staticRoutes"]
        == []
    )


# --- with a stop


def test_interfaces_are_connected_moved_and_disconnected_in_one_stop_pitfall_20(
    here: World,
) -> None:
    router, spec = built(here)
    third, fifth = another(here, 3, "c"), another(here, 5, "e")
    with_both = replace(spec, more=[third, fifth])
    state = update(here, router, with_both, spec)
    assert {lan.index: lan for lan in state.private} == {1: spec.lan, 3: third, 5: fifth}
    assert here.calls().count(STOP) == here.calls().count(START) == 1
    here.calls().clear()
    # eth1 moves, eth3 goes, eth5 stays, eth7 comes: the last one alone does not decide.
    moved = replace(spec.lan, switch_id=third.switch_id)
    seventh = another(here, 7, "g")
    state = update(here, router, replace(spec, lan=moved, more=[fifth, seventh]), with_both)
    assert {lan.index: lan for lan in state.private} == {1: moved, 5: fifth, 7: seventh}
    assert here.calls().count(STOP) == here.calls().count(START) == 1
    assert settings(here, router)["Interfaces"][3] is None
    assert state.power == "up"


def test_an_interface_that_somebody_connected_by_hand_stays(here: World) -> None:
    router, spec = built(here)
    foreign = another(here, 4, "by-hand")
    update(here, router, replace(spec, more=[foreign]), spec)
    state = update(here, router, spec, spec)  # the stack never had it
    assert foreign in state.private
    clash = replace(spec, more=[another(here, 4, "ours")])
    with pytest.raises(ApiError, match="switch on eth4"):
        update(here, router, clash, spec)
    other = replace(spec, more=[replace(foreign, switch_id=SWITCH.tag)])
    assert foreign in update(here, router, spec, other).private  # moved by hand since we had it


def test_what_the_api_refuses_does_not_leave_the_router_off(here: World) -> None:
    router, spec = built(here)
    bad = replace(another(here, 3), prefix_length=30)
    with pytest.raises(ApiError, match="invalid_range") as caught:
        update(here, router, replace(spec, more=[bad]), spec)
    assert "the router was started again" in caught.value.state
    assert here.appliance(router)["Instance"]["Status"] == "up"
    good = replace(bad, prefix_length=24)
    assert good in update(here, router, replace(spec, more=[good]), spec).private


def test_a_change_that_is_killed_anywhere_is_finished_by_the_next(tmp_path: Path) -> None:
    for number in range(1, 40):
        with world(tmp_path / str(number), **QUICK) as here:
            router, spec = built(here)
            wanted = replace(
                spec,
                vrid=11,
                lan=replace(spec.lan, switch_id=another(here, 3, "c").switch_id),
                more=[another(here, 5, "e")],
                sections={"staticRoutes": ROUTES},
            )
            try:
                update(here, router, wanted, spec, kill=number)
            except Killed:
                state = update(here, router, wanted, spec)
            else:
                break
            assert {lan.index: lan for lan in state.private} == {1: wanted.lan, 5: wanted.more[0]}
            assert (state.power, state.vrid) == ("up", 11)
            assert state.sections["staticRoutes"] == ROUTES
            assert [str(p.peer) for p in here.sakura.vpn_peers()] == [VALUES["peer"]]
    assert number > 15  # the last one was not killed at all


# --- the standard plan


def test_the_life_of_a_standard_router(here: World) -> None:
    switch = cloud.ensure_switch(here.client(), SWITCH, here.clock, here.said.append)
    lan = LanSpec(2, switch.id, "", ["192.168.2.1"], 24)
    spec = RouterSpec(**described("router"), lan=lan, plan="standard")
    state = cloud.ensure_router(here.client(), spec, here.clock, here.said.append)
    assert state.vip
    assert (state.plan, state.addresses, state.vrid) == ("standard", [], 0)
    assert (state.lan, state.lan_vip, state.power) == (lan, "192.168.2.1", "up")
    cloud.write_peer(here.client(), state.id, VALUES, KEY, here.clock)
    (peer,) = here.sakura.vpn_peers()
    assert str(peer.address) == state.vip
    moved = replace(spec, lan=replace(lan, addresses=["192.168.2.9"]))
    assert (
        cloud.update_router(here.client(), state.id, moved, here.clock, here.said.append).lan_vip
        == "192.168.2.9"
    )
    cloud.delete_router(here.client(), state.id, here.clock, here.said.append)
    assert cloud.read_router(here.client(), state.id) is None


def test_what_is_to_be_rewired_in_words() -> None:
    found = wires({1: "a", 2: "b", 4: "d"}, {1: "a", 2: "c", 3: "e", 4: ""})
    assert [str(each) for each in found] == ["move eth2", "connect eth3", "disconnect eth4"]
