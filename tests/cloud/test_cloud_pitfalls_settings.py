"""The known pitfalls of the API (sakura-vpcrouter-api 7), each a test: what a body holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from cloud_world import (
    KEY,
    OFFICE,
    SWITCH,
    VALUES,
    Json,
    World,
    moved,
    world,
)
from recorder import by_hand, ready, recorder, router_settings

from components.cloud import lifecycle as cloud
from components.cloud.objects import as_id, nic_switch, router_state
from components.cloud.router import lan_of, peer_of, with_lan, with_peer, without_peer


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as one:
        yield one


def test_pitfall_13_a_standard_router_is_sent_nothing_of_the_premium_ones(here: World) -> None:
    switch = cloud.ensure_switch(here.client(), SWITCH, here.clock, here.said.append)
    lan = cloud.LanSpec(1, switch.id, "", ["192.168.2.1"], 24)
    spec = cloud.RouterSpec(
        "std", "@sakurartx=std", "", lan, plan="standard", vip="203.0.113.4", vrid=10
    )
    client = recorder(here)
    cloud.ensure_router(client, spec, here.clock, here.said.append)
    sent = str(client.sent)
    assert [word for word in ("VRID", "VirtualIPAddress", "IPAliases") if word in sent] == []


def test_pitfall_14_flags_are_said_in_words(here: World) -> None:
    router_id = ready(here)
    client = recorder(here)
    cloud.remove_peer(client, router_id, OFFICE, here.clock)
    (body,) = client.bodies("PUT")
    sent = body["Appliance"]["Settings"]["Router"]
    assert sent["SiteToSiteIPsecVPN"]["Enabled"] == "False"
    assert sent["InternetConnection"] == {"Enabled": "True"}
    odd = {"Router": {"PPTPServer": {"Enabled": False}, "L2TPIPsecServer": {"Enabled": "on"}}}
    written = with_peer(odd, VALUES, KEY, omitted_secrets="kept")["Router"]
    assert written["PPTPServer"]["Enabled"] == "False"
    assert written["L2TPIPsecServer"]["Enabled"] == "True"


def test_pitfall_15_no_icon_is_sent(here: World) -> None:
    client = recorder(here)
    _, router = here.build(client)
    spec = moved(here.spec())
    cloud.update_router(client, router.id, spec, here.clock, here.said.append)
    assert len(client.bodies("POST")) == 3
    assert "Icon" not in str(client.sent)


def test_pitfall_16_wireguard_peers_are_a_list(here: World) -> None:
    router_id = ready(here)
    wireguard: Json = {"Enabled": "False", "Config": {"IPAddress": "", "Peers": []}}
    by_hand(here, router_id, lambda router: router.update(WireGuardServer=wireguard))
    settings = here.appliance(router_id)["Settings"]
    settings["Router"]["WireGuardServer"]["Config"]["Peers"] = None
    written = with_peer(settings, VALUES, KEY)
    assert written["Router"]["WireGuardServer"] == wireguard
    here.client().put(f"appliance/{router_id}", {"Appliance": {"Settings": written}})


def test_pitfall_17_ids_and_slots_in_every_form(here: World) -> None:
    router_id = ready(here)
    numbers = here.appliance(router_id)
    plain = requests.get(
        f"{here.root}/is1b/api/cloud/1.1/appliance/{router_id}", auth=("token", "secret"), timeout=9
    )
    texts = plain.json()["Appliance"]
    assert isinstance(numbers["ID"], int)
    assert isinstance(texts["ID"], str)
    assert isinstance(numbers["Remark"]["Switch"]["ID"], str)  # whatever was asked for
    assert router_state(numbers) == router_state(texts)
    forms: list[object] = [[[]], [""], [{}], [], None]
    for servers in forms:
        numbers["Remark"]["Servers"] = servers
        assert router_state(numbers) == router_state(texts)
    assert [nic_switch(numbers, index) for index in (2, 7)] == ["", ""]
    assert [as_id(form) for form in (7, "7", None)] == ["7", "7", ""]


@pytest.mark.parametrize("length", [1, 3, 8])
def test_pitfall_18_firewall_entries_keep_their_places(here: World, length: int) -> None:
    rule = {"Protocol": "ip", "Action": "deny", "Logging": "False", "Description": "mine"}
    entries: list[Json] = [{"Receive": [], "Send": []} for _ in range(length)]
    entries[-1]["Send"] = [rule]
    firewall = {"Enabled": "True", "Config": entries}
    router_id = ready(here)
    by_hand(here, router_id, lambda router: router.update(Firewall=firewall))
    cloud.write_peer(here.client(), router_id, VALUES, "other_key", here.clock)
    assert router_settings(here, router_id)["Firewall"] == firewall


def test_pitfall_19_order_and_defaults_of_the_server_are_no_difference(here: World) -> None:
    values = {**VALUES, "routes": ["192.168.1.0/24", "192.168.9.0/24"]}
    _, router = here.build(here.client())
    cloud.write_peer(here.client(), router.id, values, KEY, here.clock)

    def shuffle(settings: Json) -> None:
        (entry,) = settings["SiteToSiteIPsecVPN"]["Config"]
        entry["Routes"].reverse()
        for name in ("ESP", "EncryptionAlgo", "HashAlgo", "DHGroup"):
            del settings["SiteToSiteIPsecVPN"][name]

    by_hand(here, router.id, shuffle)
    assert cloud.read_peer(here.client(), router.id, OFFICE) == values


def test_pitfall_19_order_of_firewall_rules_is_no_difference(here: World) -> None:
    rules = [
        {"Protocol": "udp", "DestinationPort": port, "Action": "allow", "Description": ""}
        for port in ("500", "4500")
    ]
    _, router = here.build(here.client())
    spec = here.spec()
    seen = []
    for order in (rules, rules[::-1]):
        entries: list[Json] = [{"Receive": [], "Send": []} for _ in range(8)]
        entries[0]["Receive"] = order
        firewall = {"Enabled": "True", "Config": entries}
        by_hand(here, router.id, lambda router, f=firewall: router.update(Firewall=f))  # type: ignore[misc]
        seen.append(router_state(here.appliance(router.id)).sections["firewall"])
        here.calls().clear()
        owned = replace(spec, sections={"firewall": seen[0]})
        cloud.update_router(here.client(), router.id, owned, here.clock, here.said.append)
        assert "PUT /appliance/*" not in here.calls()


@pytest.mark.parametrize("changed", [1, 2])
def test_pitfall_20_each_changed_interface_is_a_reason_to_stop(here: World, changed: int) -> None:
    _, router = here.build(here.client())
    ids = [
        str(here.client().post("switch", {"Switch": {"Name": name}})["Switch"]["ID"])
        for name in ("dmz", "other")
    ]
    spec = here.spec()
    two = replace(spec, more=[cloud.LanSpec(2, ids[0], "10.2.0.1", ["10.2.0.2", "10.2.0.3"], 24)])

    def update(wanted: cloud.RouterSpec, had: cloud.RouterSpec) -> list[str]:
        here.calls().clear()
        cloud.update_router(
            here.client(), router.id, wanted, here.clock, here.said.append, before=had.private
        )
        return here.calls()

    assert update(two, spec).count("DELETE /appliance/*/power") == 1
    lans = [replace(lan, switch_id=ids[1]) if lan.index == changed else lan for lan in two.private]
    moved_one = replace(two, lan=lans[0], more=lans[1:])
    assert update(moved_one, two).count("DELETE /appliance/*/power") == 1
    there = here.appliance(router.id)
    assert [nic_switch(there, lan.index) for lan in lans] == [lan.switch_id for lan in lans]
    assert there["Instance"]["Status"] == "up"
    assert "DELETE /appliance/*/power" not in update(moved_one, moved_one)


def test_pitfall_21_sections_that_typed_clients_forget_stay(here: World) -> None:
    router_id = ready(here)
    foreign: Json = {
        "WireGuardServer": {
            "Enabled": "True",
            "Config": {"IPAddress": "10.29.0.1/24", "Peers": []},
        },
        "ScheduledMaintenance": {"DayOfWeek": 2, "Hour": 3},
        "MonitoringSuite": {"Enabled": "True"},
    }
    by_hand(here, router_id, lambda router: router.update(foreign))
    steps: list[Callable[[], object]] = [
        lambda: cloud.write_peer(here.client(), router_id, VALUES, "other_key", here.clock),
        lambda: cloud.update_router(
            here.client(), router_id, moved(here.spec()), here.clock, here.said.append
        ),
        lambda: cloud.remove_peer(here.client(), router_id, OFFICE, here.clock),
    ]
    for step in steps:
        step()
        found = router_settings(here, router_id)
        assert {name: found.get(name) for name in foreign} == foreign


@pytest.mark.parametrize("aliases", [None, []])
def test_pitfall_22_the_version_is_read_back_and_no_aliases_are_none(
    here: World, aliases: object
) -> None:
    router_id = ready(here)
    appliance = here.appliance(router_id)
    before = router_state(appliance)
    assert before.version == 2
    assert before.fixed == here.spec().fixed  # so nothing asks for a replacement
    appliance["Settings"]["Router"]["Interfaces"][0]["IPAliases"] = aliases
    assert router_state(appliance) == before


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
def test_pitfall_23_a_connection_that_breaks_in_a_put(here: World, kind: str) -> None:
    _, router = here.build(here.client())
    for path in ("/appliance/*", "/appliance/*/config"):
        here.faults.add("PUT", path, kind)
    cloud.write_peer(here.client(), router.id, VALUES, KEY, here.clock)
    assert [peer.key for peer in here.sakura.vpn_peers()] == [KEY]


@pytest.mark.parametrize("nothing", [None, [], {}])
@pytest.mark.parametrize(
    "section",
    [
        "InternetConnection",
        "Interfaces",
        "SiteToSiteIPsecVPN",
        "L2TPIPsecServer",
        "RemoteAccessUsers",
        "WireGuardServer",
    ],
)
def test_pitfall_24_absent_sections_in_any_form(section: str, nothing: object) -> None:
    settings: Json = {"Router": {section: nothing}}
    assert peer_of(with_peer(settings, VALUES, KEY), OFFICE) == VALUES
    assert peer_of(without_peer(settings, OFFICE), OFFICE) is None
    lan = with_lan(settings, 2, vip="10.0.0.1", addresses=["10.0.0.2"], prefix_length=24)
    assert lan["Router"]["Interfaces"][:2] == [None, None]
    assert lan_of(settings, 0) is None
    appliance: Json = {"ID": 1, "Settings": settings, "Remark": nothing, "Instance": nothing}
    assert router_state(appliance).power == "down"


def test_pitfall_25_the_wire_format_of_the_vpn_is_the_old_one() -> None:
    vpn = with_peer({"Router": {}}, VALUES, KEY)["Router"]["SiteToSiteIPsecVPN"]
    assert isinstance(vpn, dict)
    assert vpn == {
        "Enabled": "True",
        "Config": [
            {
                "Peer": OFFICE,
                "RemoteID": "192.168.1.1",
                "PreSharedSecret": KEY,
                "Routes": ["192.168.1.0/24"],
                "LocalPrefix": ["192.168.2.0/24"],
            }
        ],
        "IKE": {"Lifetime": 28800, "DPD": {"Interval": 15, "Timeout": 30}},
        "ESP": {"Lifetime": 1800},
        "EncryptionAlgo": "aes128",
        "HashAlgo": "sha1",
        "DHGroup": "modp1024",
    }


def test_pitfall_26_spaces_in_a_filter_are_no_plus(here: World) -> None:
    here.client().post("switch", {"Switch": {"Name": "edge tokyo", "Tags": ["a b"]}})
    here.client().post("switch", {"Switch": {"Name": "edge+tokyo"}})
    client = recorder(here)
    for where in ({"Name": ["edge tokyo"]}, {"Tags.Name": [["a b"]]}):
        assert [each["Name"] for each in client.find("switch", where)] == ["edge tokyo"]
    assert all("+" not in path for _, path, _ in client.sent)
    assert quote("edge tokyo") in client.sent[0][1]
