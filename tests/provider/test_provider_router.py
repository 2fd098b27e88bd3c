"""The VPC router as a resource: what a change costs, what is drift, what an import finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud_stand_in import SWITCH, Heard, context, reached, router_inputs

from components.clock import ManualClock
from components.cloud.settings import write_peer
from components.errors import ApiError, SpecError
from components.provider import access
from components.provider.network import Internet, Switch
from components.provider.router import VpcRouter
from components.provider.values import UNKNOWN
from components.rehearsal.sakura import Sakura

Props = dict[str, Any]
ROUTES = [{"prefix": "10.64.0.0/16", "nextHop": "192.168.2.9"}]


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sakura]:
    with reached(tmp_path, monkeypatch) as sakura:
        yield sakura


def said() -> Heard:
    return context("VpcRouter")


def interface(nic: int, switch: Any) -> Props:
    reals = [f"10.{nic}.0.2", f"10.{nic}.0.3"]
    lan = {"switchId": switch, "address": f"10.{nic}.0.1", "realAddresses": reals}
    return {"nic": nic, **lan, "prefixLength": 24}


def made(**others: Any) -> tuple[str, Props, Props]:
    inputs = router_inputs(**others)
    id, state = VpcRouter().create(inputs, said())
    return id, state, inputs


def live(id: str, state: Props, inputs: Props) -> Props:
    """The inputs as a refresh finds them."""
    found = VpcRouter().read(id, state, inputs, said())
    assert found is not None
    return found[2]


def changed(old: Props, new: Props) -> set[str]:
    return set(VpcRouter().diff(old, {}, new, said()).changed)


# --- what a change costs

OLD: Props = {
    "name": "router",
    "ownPeer": "198.51.100.20",
    "plan": "premium",
    "vrid": 10,
    "lan": {"switchId": "1", "address": "192.168.2.1", "realAddresses": [], "prefixLength": 24},
}


@pytest.mark.parametrize(
    ("change", "stops"),
    [
        ({"lan": OLD["lan"] | {"switchId": "2"}}, ["move eth1"]),
        ({"lan": OLD["lan"] | {"switchId": UNKNOWN}}, ["move eth1"]),
        ({"lan": OLD["lan"] | {"nic": 2}}, ["disconnect eth1", "connect eth2"]),
        ({"interfaces": [interface(3, UNKNOWN)]}, ["connect eth3"]),
        ({"interfaces": [interface(3, "7"), interface(5, "8")]}, ["connect eth3", "connect eth5"]),
        ({"lan": OLD["lan"] | {"address": "192.168.2.9"}}, []),
        ({"vrid": 11}, []),
        ({"sections": {"staticRoutes": ROUTES}}, []),
    ],
)
def test_a_preview_says_whether_the_router_is_stopped(change: Props, stops: list[str]) -> None:
    ctx = said()
    assert not VpcRouter().diff(OLD, OLD, OLD | change, ctx).replace
    VpcRouter().preview(OLD, OLD | change, ctx)
    (sentence,) = ctx.said
    if stops:
        assert f"will be stopped for: {', '.join(stops)};" in sentence
    else:
        assert "no stop is needed" in sentence


def test_a_preview_of_a_new_router_or_name_says_nothing_of_stops() -> None:
    for old in ({}, OLD | {"name": "before"}):
        ctx = said()
        VpcRouter().preview(old, OLD, ctx)
        assert not ctx.said


def test_a_replacement_says_what_goes_with_the_old_one() -> None:
    ctx = said()
    diff = VpcRouter().diff(OLD, {}, OLD | {"plan": "highspec"}, ctx)
    assert (list(diff.replace), diff.delete_before_replace) == (["plan"], True)
    assert "a new VPC router because of plan" in ctx.said[0]
    ctx = said()
    old = {"zone": "is1b", "prefixLength": 28, "bandwidthMbps": 100}
    assert Internet().diff(old, {}, old | {"prefixLength": 27}, ctx).replace
    assert "as an update of the tunnel" in ctx.said[0]
    ctx = said()
    assert not Internet().diff(old, {}, old | {"bandwidthMbps": 250}, ctx).replace
    assert not ctx.said


def test_what_means_the_same_is_no_change() -> None:
    two = [*ROUTES, {"prefix": "10.65.0.0/16", "nextHop": "192.168.2.9"}]
    old = OLD | {"sections": {"staticRoutes": two, "syslogHost": "192.168.2.60"}}
    assert not changed(old, OLD | {"sections": {"staticRoutes": two[::-1]}})
    assert not changed(old, OLD)
    fewer = OLD | {"sections": {"staticRoutes": ROUTES}}
    assert changed(old, fewer) == {"sections.staticRoutes[1]"}
    assert changed(OLD, OLD | {"sections": {"syslogHost": ""}})
    assert changed(old, OLD | {"sections": UNKNOWN})
    assert not changed(OLD | {"aliases": ["203.0.113.7"]}, OLD)
    assert not changed(OLD, OLD | {"omittedSecrets": "kept"})
    assert changed(OLD, OLD | {"ownPeer": "192.0.2.1"}) == {"ownPeer"}


# --- refresh


@pytest.mark.usefixtures("cloud")
def test_a_refresh_without_drift_changes_nothing() -> None:
    extra, _ = Switch().create(SWITCH | {"name": "dmz"}, context("Switch", "demo-dmz"))
    id, state, inputs = made(
        interfaces=[interface(3, extra)],
        aliases=[],
        sections={"staticRoutes": ROUTES, "syslogHost": ""},
    )
    assert live(id, state, inputs) == inputs


def drift(cloud: Sakura, change: Any) -> None:
    """Somebody changes the router in the control panel."""
    (router,) = cloud._store.state.all_routers()
    change(router)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda r: setattr(r, "plan", 3), "plan"),
        (lambda r: r.settings["Router"].update(VRID=77), "vrid"),
        (
            lambda r: r.settings["Router"]["Interfaces"][1].update(NetworkMaskLen=25),
            "lan.prefixLength",
        ),
        (
            lambda r: r.settings["Router"]["Interfaces"][1].update(VirtualIPAddress="192.168.2.9"),
            "lan.address",
        ),
        (lambda r: r.nics.__setitem__(1, None), "lan.switchId"),
        (lambda r: r.settings["Router"].pop("StaticRoutes"), "sections.staticRoutes[0]"),
        (
            lambda r: r.settings["Router"]["StaticRoutes"]["Config"][0].update(NextHop="1.2.3.4"),
            "sections.staticRoutes[0].nextHop",
        ),
        (lambda r: setattr(r, "name", "renamed"), "name"),
    ],
)
def test_drift_shows_as_the_value_that_drifted(cloud: Sakura, change: Any, path: str) -> None:
    id, state, inputs = made(sections={"staticRoutes": ROUTES})
    drift(cloud, change)
    assert changed(live(id, state, inputs), inputs) == {path}


def test_what_the_stack_does_not_own_is_no_drift(cloud: Sakura) -> None:
    id, state, inputs = made(sections={"staticRoutes": ROUTES})
    firewall = {"Enabled": "True", "Config": []}
    drift(cloud, lambda r: r.settings["Router"].update(Firewall=firewall, SyslogHost="1.2.3.4"))
    assert live(id, state, inputs) == inputs


def test_drift_is_taken_back_in_place(cloud: Sakura) -> None:
    id, state, inputs = made(sections={"staticRoutes": ROUTES})
    drift(cloud, lambda r: r.settings["Router"].pop("StaticRoutes"))
    drift(cloud, lambda r: r.settings["Router"].update(VRID=77))
    found = live(id, state, inputs)
    VpcRouter().update(id, found, inputs, said())
    assert live(id, state, inputs) == inputs


# --- a bandwidth change leaves everything else alone


@pytest.mark.usefixtures("cloud")
def test_a_new_bandwidth_leaves_the_router_as_it_is() -> None:
    wan = {"zone": "is1b", "name": "wan", "prefixLength": 28, "bandwidthMbps": 100}
    id, state, inputs = made()
    net, net_state = Internet().create(wan, context("Internet"))
    after = Internet().update(net, net_state, wan | {"bandwidthMbps": 500}, context("Internet"))
    assert after["internetId"] != net
    assert (after["switchId"], after["addresses"]) == (
        net_state["switchId"],
        net_state["addresses"],
    )
    assert live(id, state, inputs) == inputs
    assert not changed(inputs, inputs | {"switchId": after["switchId"]})


# --- the standard plan


@pytest.mark.usefixtures("cloud")
def test_a_standard_router_gets_its_address_from_sakura() -> None:
    lan, _ = Switch().create(SWITCH, context("Switch"))
    inputs = {
        "zone": "is1b",
        "name": "router",
        "plan": "standard",
        "version": 2,
        "lan": {"switchId": lan, "realAddresses": ["192.168.2.1"], "prefixLength": 24},
    }
    assert VpcRouter().preview({}, inputs, said())["address"] is UNKNOWN
    id, state = VpcRouter().create(inputs, said())
    assert state["address"]
    assert live(id, state, inputs) == inputs
    assert VpcRouter().preview(state, inputs, said())["address"] == state["address"]
    imported = VpcRouter().read(f"is1b/{id}", {}, {}, said())
    assert imported is not None
    assert not changed(imported[2], inputs)


# --- import


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("sections", [None, {"staticRoutes": ROUTES}])
def test_an_imported_router_is_no_change_whether_its_sections_are_named(
    sections: Props | None,
) -> None:
    extra, _ = Switch().create(SWITCH | {"name": "dmz"}, context("Switch", "demo-dmz"))
    id, _, inputs = made(interfaces=[interface(3, extra)], sections={"staticRoutes": ROUTES})
    found = VpcRouter().read(f"is1b/{id}", {}, {}, said())
    assert found is not None
    assert found[0] == id
    program = inputs | {"sections": sections, "ownPeer": "198.51.100.20"}
    assert not VpcRouter().diff(found[2], found[1], program, said()).changed
    assert found[1].keys() >= {"address", "realAddresses"}


@pytest.mark.usefixtures("cloud")
def test_of_an_imported_router_only_what_the_program_names_is_taken_over() -> None:
    extra, _ = Switch().create(SWITCH | {"name": "dmz"}, context("Switch", "demo-dmz"))
    id, _, inputs = made(interfaces=[interface(3, extra)], sections={"staticRoutes": ROUTES})
    imported = VpcRouter().read(f"is1b/{id}", {}, {}, said())
    assert imported is not None
    _, state, old = imported
    plain = inputs | {"interfaces": None, "sections": {"syslogHost": ""}, "ownPeer": "a"}
    assert not VpcRouter().diff(old, state, plain, said()).changed
    moved = plain | {"lan": inputs["lan"] | {"address": "192.168.2.9"}}
    assert set(VpcRouter().diff(old, state, moved, said()).changed) >= {"lan.address"}
    ctx = said()
    VpcRouter().preview(state, moved, ctx)
    assert "no stop is needed" in ctx.said[0]
    assert "imported" not in VpcRouter().update(id, state, moved, said())
    after = VpcRouter().read(f"is1b/{id}", {}, {}, said())
    assert after is not None
    assert after[2]["interfaces"] == [interface(3, extra)]
    assert after[2]["sections"]["staticRoutes"] == ROUTES


@pytest.mark.usefixtures("cloud")
def test_imported_networks_are_no_change() -> None:
    inputs = router_inputs()
    wan = {"zone": "is1b", "name": "wan", "prefixLength": 28, "bandwidthMbps": 100}
    (internet,) = access.client(wan, said()).find("internet", {})
    found = Internet().read(f"is1b/{internet['ID']}", {}, {}, context("Imported"))
    assert found is not None
    assert found[2] == wan
    assert found[1]["addresses"][0] == inputs["address"]
    switch = Switch().read(f"is1b/{inputs['lan']['switchId']}", {}, {}, context("Imported"))
    assert switch is not None
    assert switch[2] == SWITCH


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("kind", [Internet(), Switch(), VpcRouter()])
@pytest.mark.parametrize("id", ["113400000001", "is1b/edge", "is1b/1/2", "/1", "rehearsal/1"])
def test_an_import_needs_the_zone_and_the_id(kind: Any, id: str) -> None:
    with pytest.raises(SpecError, match="ZONE/ID"):
        kind.read(id, {}, {}, said())


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("kind", [Internet(), Switch(), VpcRouter()])
def test_an_import_of_what_is_not_there_finds_nothing(kind: Any) -> None:
    assert kind.read("is1b/113499999999", {}, {}, said()) is None


# --- delete

VALUES = {
    "peer": "198.51.100.20",
    "remoteId": "192.168.1.1",
    "routes": ["192.168.1.0/24"],
    "localPrefixes": ["192.168.2.0/24"],
    "encryption": "aes256",
    "hash": "sha256",
    "dhGroup": "modp2048",
    "ikeLifetime": 28800,
    "espLifetime": 1800,
    "dpdInterval": 15,
    "dpdTimeout": 30,
}


@pytest.mark.usefixtures("cloud")
def test_a_router_that_serves_others_is_not_deleted() -> None:
    id, state, inputs = made(ownPeer=VALUES["peer"])
    client = access.client(inputs, said())
    write_peer(client, id, VALUES, "our_key", ManualClock())
    write_peer(client, id, {**VALUES, "peer": "192.0.2.77"}, "their_key", ManualClock())
    with pytest.raises(ApiError, match=r"still serves the peers 192\.0\.2\.77") as caught:
        VpcRouter().delete(id, state, said())
    assert "their_key" not in str(caught.value)
    assert client.get(f"appliance/{id}")["Appliance"]["Instance"]["Status"] == "up"
    alone, alone_state = id, {**state, "ownPeer": "192.0.2.77"}
    client.put(f"appliance/{id}", {"Appliance": {"Settings": without(client, id)}})
    VpcRouter().delete(alone, alone_state, said())
    assert VpcRouter().read(id, state, inputs, said()) is None


def without(client: Any, id: str) -> Props:
    """The settings with the other stack's peer alone."""
    settings: Props = client.get(f"appliance/{id}")["Appliance"]["Settings"]
    peers = settings["Router"]["SiteToSiteIPsecVPN"]["Config"]
    settings["Router"]["SiteToSiteIPsecVPN"]["Config"] = [
        p for p in peers if p["Peer"] != VALUES["peer"]
    ]
    return settings
