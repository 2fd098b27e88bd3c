"""VPC routers of the API stand-in: creation, shape, power, interfaces (reference 2)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sakura_api import LAN, Api, NotingLink, cloud, eth0, premium, standard, vpn_settings

DATA = Path(__file__).parents[1] / "corpus" / "api"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with cloud(tmp_path) as api:
        yield api


def sample(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def lacks(wanted: Any, found: Any, where: str = "") -> list[str]:
    """Where `found` has not the keys and JSON types of `wanted`."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [
            problem
            for key, value in wanted.items()
            for problem in (
                lacks(value, found[key], f"{where}.{key}") if key in found else [f"{where}.{key}"]
            )
        ]
    if isinstance(wanted, list) and isinstance(found, list):
        pairs = enumerate(zip(wanted, found, strict=False))
        return [text for n, (a, b) in pairs for text in lacks(a, b, f"{where}[{n}]")]
    return [] if type(wanted) is type(found) else [f"{where}: {type(found).__name__}"]


def test_the_comparison_of_shapes_can_fail() -> None:
    assert lacks({"a": [{"b": 1}]}, {"a": [{"b": "1"}]}) == [".a[0].b: str"]
    assert lacks({"a": 1}, {}) == [".a"]


def test_creation_goes_through_404_and_migrating_to_available_and_down(api: Api) -> None:
    switch = api.internet()["Switch"]["ID"]
    answer = api.post("/appliance", premium(switch))
    assert (answer.status, answer.body["Success"]) == (202, "Accepted")
    made = answer.body["Appliance"]
    assert (made["Availability"], made["Settings"]) == ("migrating", None)
    assert "SettingsHash" not in made
    path = f"/appliance/{made['ID']}"
    reads = [api.get(path) for _ in range(6)]
    assert [each.status for each in reads] == [404, 200, 200, 200, 200, 200]
    states = [each.body["Appliance"]["Availability"] for each in reads[1:]]
    assert states == ["migrating"] * 3 + ["available"] * 2
    assert reads[1].body["Appliance"]["Instance"]["Status"] is None
    assert reads[-1].body["Appliance"]["Instance"]["Status"] == "down"


def test_bodies_have_the_shape_of_the_recorded_ones(api: Api) -> None:
    api.headers = {}  # the recorded bodies hold ids as texts
    router = api.running()
    found = api.get(f"/appliance/{router}").body
    wanted = sample("01-three-peers")
    del wanted["Appliance"]["Settings"]["Router"]["Interfaces"][0]["IPAliases"]
    del wanted["Appliance"]["Settings"]["Router"]["Interfaces"][0]["NetworkMaskLen"]
    wanted["Appliance"]["Interfaces"][0]["Switch"]["UserSubnet"] = None
    assert lacks(wanted, found) == []
    made = api.post("/internet", {"Internet": {"Name": "w", "NetworkMaskLen": 28,
                                               "BandWidthMbps": 100}}).body  # fmt: skip
    for _ in range(3):
        api.get(f"/switch/{made['Internet']['Switch']['ID']}")
    migrating = api.post("/appliance", premium(
        int(made["Internet"]["Switch"]["ID"]), Interfaces=[
            {"IPAddress": ["203.0.113.21", "203.0.113.22"], "VirtualIPAddress": "203.0.113.20"}
        ])).body  # fmt: skip
    assert lacks(sample("05-still-migrating"), migrating) == []


def test_a_standard_router_has_the_shape_of_the_recorded_one(api: Api) -> None:
    api.headers = {}
    router = int(api.post("/appliance", standard()).body["Appliance"]["ID"])
    path = f"/appliance/{router}"
    api.until(path, "Availability", "available")
    assert api.put(f"{path}/interface/1/to/switch/{api.switch()}").status == 200
    inside = {"IPAddress": ["10.20.0.1"], "NetworkMaskLen": 24}
    wanted = sample("10-standard-plan-shared-segment")
    stored = wanted["Appliances"][0]["Settings"]["Router"]
    assert api.store(router, {**stored, "Interfaces": [None, inside]}).status == 200
    api.put(f"{path}/config")
    api.boot(router)
    found = api.get("/appliance").body
    assert lacks(wanted, found) == []
    assert found["Appliances"][0]["Interfaces"][0]["IPAddress"].startswith("198.51.100.")
    [peer] = api.sakura.vpn_peers()
    assert str(peer.address) == found["Appliances"][0]["Interfaces"][0]["IPAddress"]
    two = {"IPAddress": ["10.20.0.1", "10.20.0.2"], "NetworkMaskLen": 24}
    refused = api.store(router, {**stored, "Interfaces": [None, two]})
    assert refused.refusal == (400, "invalid_param_comb")


def test_a_read_router_has_eight_slots_and_fixed_texts(api: Api) -> None:
    router = api.router()
    lan = api.switch()
    assert api.put(f"/appliance/{router}/interface/2/to/switch/{lan}").status == 200
    body = api.get(f"/appliance/{router}").body["Appliance"]
    assert [bool(slot) for slot in body["Interfaces"]] == [True, False, True] + [False] * 5
    upstream = body["Interfaces"][0]["Switch"]
    assert isinstance(upstream["ID"], int)
    assert body["Remark"]["Switch"]["ID"] == str(upstream["ID"])
    assert body["Remark"]["Zone"]["ID"] == "31002"
    assert upstream["Subnet"]["Internet"]["BandWidthMbps"] == 100
    assert body["Interfaces"][2]["Switch"]["Subnet"] is None
    api.store(router, vpn_settings(Interfaces=[eth0(), None, LAN, None, None]))
    assert api.settings(router)["Interfaces"] == [eth0(), None, LAN]


def broken(path: str, value: Any) -> dict[str, Any]:
    """A creation's body with one thing changed (None: taken away)."""
    body = premium(0)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    thing: Any = body["Appliance"]
    for part in parents:
        thing = thing[part]
    if value is None and isinstance(thing, dict):
        del thing[last]
    else:
        thing[last] = value
    return body


ETH0 = "Settings.Router.Interfaces.0"


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("Class", None, "missing_param"),
        ("Class", "database", "invalid_format"),
        ("Name", None, "missing_param"),
        ("Plan.ID", 5, "invalid_range"),
        ("Remark.Servers", None, "missing_param"),
        ("Remark.Servers", [{"IPAddress": "203.0.113.5"}], "missing_param"),
        ("Remark.Servers.0.IPAddress", "203.0.113.7", "invalid_param_comb"),
        ("Remark.Switch", {"Scope": "shared"}, "missing_param"),
        ("Remark.Switch.ID", 113499999999, "param_res_not_found"),
        ("Remark.Switch.ID", "lan", "invalid_format"),
        ("Remark.Router.VPCRouterVersion", 3, "invalid_range"),
        ("Remark.Router", [], "invalid_format"),
        ("Settings", None, "missing_param"),
        ("Settings.Router", {}, "missing_param"),
        ("Settings.Router.VRID", None, "missing_param"),
        ("Settings.Router.VRID", 256, "invalid_range"),
        ("Settings.Router.VRID", "10", "invalid_format"),
        ("Settings.Router.Interfaces", None, "missing_param"),
        ("Settings.Router.Interfaces", [None], "missing_param"),
        (f"{ETH0}.VirtualIPAddress", None, "missing_param"),
        (f"{ETH0}.VirtualIPAddress", "203.0.113.3", "invalid_range"),
        (f"{ETH0}.VirtualIPAddress", "203.0.113.15", "invalid_range"),
        (f"{ETH0}.VirtualIPAddress", "203.0.113.5", "invalid_range"),
        (f"{ETH0}.VirtualIPAddress", "203.0.113", "invalid_format"),
        (f"{ETH0}.IPAliases", ["203.0.113.7", "203.0.113.7"], "invalid_range"),
        (f"{ETH0}.IPAliases", ["203.0.113.7"] * 20, "invalid_range"),
        (f"{ETH0}.NetworkMaskLen", 24, "invalid_range"),
        ("Settings.Router.InternetConnection.Enabled", True, "invalid_format"),
        ("Settings.Router.InternetConnection", "True", "invalid_format"),
    ],
)
def test_creation_refuses(api: Api, path: str, value: Any, code: str) -> None:
    switch = api.internet()["Switch"]["ID"]
    body = broken(path, value)
    upstream = body["Appliance"]["Remark"]["Switch"]
    if upstream.get("ID") == 0:
        upstream["ID"] = str(switch)
    assert api.post("/appliance", body).refusal == (400, code)
    assert api.get("/appliance").body["Total"] == 0


def test_creation_needs_a_switch_with_addresses_that_is_ready(api: Api) -> None:
    assert api.post("/appliance", premium(api.switch())).refusal == (400, "param_ip_not_found")
    wanted = {"Name": "w", "NetworkMaskLen": 28, "BandWidthMbps": 100}
    hidden = api.post("/internet", {"Internet": wanted}).body["Internet"]["Switch"]["ID"]
    assert api.post("/appliance", premium(hidden)).refusal == (400, "param_res_not_found")


def test_creation_tolerates_the_true_mask_of_eth0(api: Api) -> None:
    outside = {**eth0(), "NetworkMaskLen": 28, "IPAliases": ["203.0.113.7"]}
    router = api.router(Interfaces=[outside])
    assert api.settings(router)["Interfaces"] == [outside]


def test_nothing_but_reading_while_migrating(api: Api) -> None:
    switch = api.internet()["Switch"]["ID"]
    router = api.post("/appliance", premium(switch)).body["Appliance"]["ID"]
    path = f"/appliance/{router}"
    assert api.put(path, {"Appliance": {"Name": "x"}}).refusal == (404, "not_found")
    assert [api.get(path).status for _ in range(2)] == [404, 200]
    for answer in (
        api.put(path, {"Appliance": {"Name": "x"}}),
        api.put(f"{path}/config"),
        api.put(f"{path}/power"),
        api.put(f"{path}/interface/1/to/switch/{api.switch()}"),
        api.delete(path),
    ):
        assert answer.refusal == (409, "still_creating")


def test_a_creation_can_fail_and_is_then_only_deleted(tmp_path: Path) -> None:
    with cloud(tmp_path, fail_creations=1) as api:
        switch = api.internet()["Switch"]["ID"]
        first = api.post("/appliance", premium(switch)).body["Appliance"]["ID"]
        body = api.until(f"/appliance/{first}", "Availability", "failed")
        assert body["Instance"] is None
        assert lacks(sample("06-creation-failed")["Appliance"]["Remark"], body["Remark"]) == [
            ".Plan.ID: int"
        ]
        assert api.put(f"/appliance/{first}/power").refusal == (409, "conflict")
        assert api.delete(f"/appliance/{first}").status == 200
        api.router(switch)  # the second one becomes available


def test_boot_and_shutdown_take_their_reads_and_refuse_out_of_turn(api: Api) -> None:
    router = api.router()
    path = f"/appliance/{router}"
    link = api.sakura.link = NotingLink(asks=api.sakura)
    assert api.delete(f"{path}/power", {"Force": True}).refusal == (409, "conflict")
    assert api.put(f"{path}/reset").refusal == (409, "conflict")
    assert api.put(f"{path}/power").refusal == (409, "still_creating")
    assert api.put(f"{path}/power").status == 200
    assert api.put(f"{path}/power").refusal == (409, "conflict")
    assert api.delete(path).refusal == (409, "server_power_must_be_down")

    def states(count: int) -> list[str]:
        reads = [api.get(path).body["Appliance"]["Instance"] for _ in range(count)]
        return [each["Status"] for each in reads]

    assert states(4) == ["down", "down", "down", "up"]
    assert link.told == [("settings_applied", str(router))]
    assert api.put(f"{path}/power").refusal == (409, "conflict")
    assert api.delete(path).refusal == (409, "server_power_must_be_down")
    assert api.get(f"{path}/power").body["Instance"]["Status"] == "up"
    assert api.delete(f"{path}/power", {}).status == 200
    assert link.told[-1] == ("router_stopped", str(router))
    assert api.put(f"{path}/power").refusal == (409, "server_is_cleaning")
    assert api.delete(path).refusal == (409, "server_power_must_be_down")
    assert states(4) == ["cleaning", "cleaning", "cleaning", "down"]
    assert api.delete(path).status == 200
    assert link.told[-1] == ("router_stopped", str(router))
    assert api.get(path).refusal == (404, "not_found")


def test_reset_is_down_and_up_again(api: Api) -> None:
    router = api.running()
    link = api.sakura.link = NotingLink()
    assert api.put(f"/appliance/{router}/reset").status == 200
    assert api.sakura.vpn_peers() == []
    api.until(f"/appliance/{router}", "Instance.Status", "up")
    assert [what for what, *_ in link.told] == ["router_stopped", "settings_applied"]
    assert len(api.sakura.vpn_peers()) == 1


def test_interfaces_are_wired_while_down_one_switch_each(api: Api) -> None:
    router, one, two = api.router(), api.switch("one"), api.switch("two")
    path = f"/appliance/{router}/interface"
    before = api.get(f"/appliance/{router}").body["Appliance"]["SettingsHash"]
    for index in (0, 8):
        assert api.put(f"{path}/{index}/to/switch/{one}").refusal == (404, "not_found")
    assert api.put(f"{path}/1/to/switch/113499999999").refusal == (404, "not_found")
    assert api.delete(f"{path}/1/to/switch").refusal == (409, "res_already_disconnected")
    assert api.put(f"{path}/1/to/switch/{one}").status == 200
    assert api.put(f"{path}/1/to/switch/{two}").refusal == (409, "res_already_connected")
    assert api.put(f"{path}/2/to/switch/{one}").refusal == (409, "connect_to_same_switch")
    wan = api.get(f"/appliance/{router}").body["Appliance"]["Switch"]["ID"]
    assert api.put(f"{path}/2/to/switch/{wan}").refusal == (409, "connect_to_same_switch")
    assert api.get(f"{path}/1").body["Interface"]["Switch"]["ID"] == one
    assert api.get(f"/appliance/{router}").body["Appliance"]["SettingsHash"] == before
    api.boot(router)
    down = (409, "server_power_must_be_down")
    assert api.put(f"{path}/2/to/switch/{two}").refusal == down
    assert api.delete(f"{path}/1/to/switch").refusal == down


def test_a_disconnected_interface_is_free_again(api: Api) -> None:
    router, lan = api.router(), api.switch()
    api.put(f"/appliance/{router}/interface/1/to/switch/{lan}")
    assert api.delete(f"/appliance/{router}/interface/1/to/switch").status == 200
    assert api.get(f"/appliance/{router}").body["Appliance"]["Interfaces"][1] is None
    assert api.delete(f"/switch/{lan}").status == 200
