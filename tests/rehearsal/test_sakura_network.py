"""Router+switch, switch and address blocks of the API stand-in (reference 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sakura_api import Api, cloud, premium


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with cloud(tmp_path) as api:
        yield api


def new(**changes: Any) -> dict[str, Any]:
    return {"Internet": {"Name": "wan", "NetworkMaskLen": 28, "BandWidthMbps": 100, **changes}}


def test_a_new_internet_is_accepted_and_hidden_for_some_reads_with_its_switch(api: Api) -> None:
    answer = api.post("/internet", new(Tags=["site"], Description="ours"))
    assert answer.status == 202
    assert (answer.body["Success"], answer.body["is_ok"]) == ("Accepted", True)
    made = answer.body["Internet"]
    assert (made["Tags"], made["Description"]) == (["site"], "ours")
    assert made["ServiceClass"] == "cloud/internet/router/100m"
    block = made["Switch"]["Subnets"][0]
    assert (block["NetworkAddress"], block["NetworkMaskLen"]) == ("203.0.113.0", 28)
    assert block["DefaultRoute"] == "203.0.113.1"
    assert 1000 <= block["ID"] <= 9999
    paths = [f"/internet/{made['ID']}", f"/switch/{made['Switch']['ID']}"]
    assert api.get(paths[1]).status == 404
    seen = [[api.get(path).status for _ in range(4)] for path in paths]
    assert seen == [[404, 404, 200, 200], [200] * 4]  # the switch comes with it at the latest
    assert {"Availability", "Instance"}.isdisjoint(api.get(paths[0]).body["Internet"])


def test_only_reads_bring_a_hidden_internet_nearer(api: Api) -> None:
    made = api.post("/internet", new()).body["Internet"]["ID"]
    for _ in range(5):
        assert api.delete(f"/internet/{made}").refusal == (404, "not_found")
    assert api.get(f"/internet/{made}").status == 404


@pytest.mark.parametrize(
    ("length", "low", "high"),
    [(28, "203.0.113.4", "203.0.113.14"), (27, "203.0.113.4", "203.0.113.30"),
     (26, "203.0.113.4", "203.0.113.62")],
)  # fmt: skip
def test_usable_addresses_stand_at_the_switch(api: Api, length: int, low: str, high: str) -> None:
    made = api.internet(prefix_length=length)
    switch = api.get(f"/switch/{made['Switch']['ID']}").body["Switch"]
    block = switch["Subnets"][0]
    assert block["IPAddresses"] == {"Min": low, "Max": high}
    assert block["ServiceClass"] == f"cloud/global-ipaddress-v4/{length}"
    assert block["Internet"]["ID"] == made["ID"] == switch["Internet"]["ID"]


def test_blocks_never_overlap_and_run_out(api: Api) -> None:
    networks = []
    for zone in ("is1a", "is1b") * 4:
        api.zone = zone
        networks.append(api.internet(prefix_length=26)["Switch"]["Subnets"][0]["NetworkAddress"])
    assert len(set(networks)) == 8
    assert not any(network.startswith("198.51.100.") for network in networks)
    assert api.post("/internet", new()).refusal == (409, "run_out_of_ipaddress")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"NetworkMaskLen": 29}, "invalid_range"),
        ({"NetworkMaskLen": "28"}, "invalid_format"),
        ({"BandWidthMbps": 101}, "invalid_range"),
        ({"BandWidthMbps": 10500}, "invalid_range"),
        ({"Name": None}, "missing_param"),
        ({"Name": "x" * 65}, "invalid_range"),
        ({"Description": "x" * 513}, "invalid_range"),
        ({"Tags": "one"}, "invalid_format"),
    ],
)
def test_an_internet_that_cannot_be(api: Api, change: dict[str, Any], code: str) -> None:
    assert api.post("/internet", new(**change)).refusal == (400, code)
    assert api.get("/internet").body["Total"] == 0


def test_names_change_and_what_is_left_out_stays(api: Api) -> None:
    made = api.internet()
    answer = api.put(f"/internet/{made['ID']}", {"Internet": {"Tags": ["a"]}})
    assert (answer.status, answer.body["Success"]) == (200, True)
    assert api.get(f"/internet/{made['ID']}").body["Internet"]["Name"] == "wan"
    assert api.get(f"/internet/{made['ID']}").body["Internet"]["Tags"] == ["a"]


def test_a_new_bandwidth_gives_a_new_id_and_keeps_the_addresses(api: Api) -> None:
    old = api.internet()
    wanted = {"Internet": {"BandWidthMbps": 250}}
    new_one = api.put(f"/internet/{old['ID']}/bandwidth", wanted).body["Internet"]
    assert new_one["ID"] != old["ID"]
    assert new_one["BandWidthMbps"] == 250
    assert new_one["Switch"] == old["Switch"]
    assert api.get(f"/internet/{old['ID']}").status == 404
    assert api.get(f"/internet/{new_one['ID']}").status == 200
    switch = api.get(f"/switch/{old['Switch']['ID']}").body["Switch"]
    assert switch["Internet"]["ID"] == new_one["ID"]
    refused = api.put(f"/internet/{new_one['ID']}/bandwidth", {"Internet": {"BandWidthMbps": 7}})
    assert refused.refusal == (400, "invalid_range")


def test_deleting_an_internet_takes_its_switch_along(api: Api) -> None:
    made = api.internet()
    switch = f"/switch/{made['Switch']['ID']}"
    assert api.delete(switch).refusal == (409, "delete_router_b4_switch")
    answer = api.delete(f"/internet/{made['ID']}")
    assert (answer.status, answer.body) == (200, {"Success": True, "is_ok": True})
    assert api.get(switch).status == 404
    assert api.delete(f"/internet/{made['ID']}").refusal == (404, "not_found")


def test_switch_and_internet_in_use_are_not_deleted_and_references_linger(api: Api) -> None:
    wan, lan = api.internet(), api.switch()
    router = api.router(wan["Switch"]["ID"])
    api.put(f"/appliance/{router}/interface/1/to/switch/{lan}")
    paths = (f"/internet/{wan['ID']}", f"/switch/{lan}")
    for path in paths:
        for _ in range(3):
            assert api.delete(path).refusal == (409, "disconnect_b4_delete")
    assert api.get(f"/switch/{lan}").body["Switch"]["ApplianceCount"] == 1
    assert api.delete(f"/appliance/{router}").status == 200
    counts = [api.get(f"/switch/{lan}").body["Switch"]["ApplianceCount"] for _ in range(2)]
    assert counts == [1, 0]
    assert api.delete(f"/switch/{lan}").status == 200
    assert [api.delete(f"/internet/{wan['ID']}").status for _ in range(2)] == [409, 200]


def test_a_switch_is_made_read_changed_and_deleted_at_once(api: Api) -> None:
    answer = api.post("/switch", {"Switch": {"Name": "lan", "Tags": ["t"]}})
    assert (answer.status, answer.body["Success"]) == (201, True)
    made = answer.body["Switch"]
    assert (made["Subnets"], made["Internet"], made["UserSubnet"]) == ([], None, None)
    assert made["Zone"] == {"ID": 31002, "Name": "is1b"}
    path = f"/switch/{made['ID']}"
    assert api.get(path).body == {"Switch": made, "is_ok": True}
    user_subnet = {"DefaultRoute": "", "NetworkMaskLen": 0}
    api.put(path, {"Switch": {"Description": "ours", "UserSubnet": user_subnet}})
    changed = api.get(path).body["Switch"]
    assert (changed["Name"], changed["Description"], changed["Tags"]) == ("lan", "ours", ["t"])
    assert changed["UserSubnet"]["DefaultRoute"] == "0.0.0.0"
    assert api.delete(path).status == 200
    assert api.get(path).refusal == (404, "not_found")


def test_a_switch_tells_its_appliances_and_servers(api: Api) -> None:
    wan, lan = api.internet(), api.switch()
    router = api.router(wan["Switch"]["ID"])
    api.put(f"/appliance/{router}/interface/3/to/switch/{lan}")
    assert api.get(f"/switch/{lan}/server").body["Servers"] == []
    listed = api.get(f"/switch/{lan}/appliance").body
    assert [each["ID"] for each in listed["Appliances"]] == [router]
    assert api.get(f"/switch/{api.switch('other')}/appliance").body["Total"] == 0


def test_an_address_and_a_vrid_belong_to_one_router(api: Api) -> None:
    switch = api.internet()["Switch"]["ID"]
    api.router(switch)
    same = api.post("/appliance", premium(switch, VRID=11))
    assert same.refusal == (400, "invalid_range")
    other = {"IPAddress": ["203.0.113.8", "203.0.113.9"], "VirtualIPAddress": "203.0.113.7"}
    assert api.post("/appliance", premium(switch, Interfaces=[other])).refusal == (409, "conflict")
    made = api.post("/appliance", premium(switch, Interfaces=[other], VRID=11)).body["Appliance"]
    api.until(f"/appliance/{made['ID']}", "Availability", "available")
    wanted = {"VRID": 12, "Interfaces": [other]}
    assert api.store(made["ID"], wanted).status == 200
    assert api.settings(made["ID"])["VRID"] == 12
    assert api.store(made["ID"], {**wanted, "VRID": 10}).refusal == (409, "conflict")


@pytest.mark.parametrize("sent", [None, {"ID": 0}, {"ID": 112901627749}, {"ID": "112901627749"}])
def test_an_icon_is_kept_and_none_is_none(api: Api, sent: Any) -> None:
    path = f"/switch/{api.switch()}"
    assert api.put(path, {"Switch": {"Icon": sent}}).status == 200
    icon = api.get(path).body["Switch"]["Icon"]
    if sent and sent["ID"]:
        assert icon["ID"] == int(sent["ID"])
        api.put(path, {"Switch": {"Name": "left-out"}})
        assert api.get(path).body["Switch"]["Icon"] == icon
        api.put(path, {"Switch": {"Icon": None}})
    assert api.get(path).body["Switch"]["Icon"] is None


@pytest.mark.parametrize("sent", ["smile", {"ID": "smile"}, {"ID": True}])
def test_an_icon_that_is_no_id_is_refused(api: Api, sent: Any) -> None:
    answer = api.put(f"/switch/{api.switch()}", {"Switch": {"Icon": sent}})
    assert answer.refusal == (400, "invalid_format")


def test_plans(api: Api) -> None:
    plans = api.get("/product/internet").body["InternetPlans"]
    assert {100, 250, 500, 1000, 10000} <= {plan["BandWidthMbps"] for plan in plans}
