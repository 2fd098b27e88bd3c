"""Every recorded API body, read and judged as its description asks."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud_world import VALUES, World, world
from scripted_api import CREDENTIALS, GOOD, Script, scripted

from components.clock import ManualClock
from components.cloud import lifecycle as cloud
from components.cloud.api import Client, Unclear, is_missing
from components.cloud.objects import router_state
from components.cloud.router import peer_of, with_peer, without_peer
from components.cloud.settings import change_settings
from components.errors import ApiError

Json = dict[str, Any]
DATA = Path(__file__).parents[1] / "corpus" / "api"
EXPECT: Json = json.loads((DATA / "expect.json").read_text(encoding="utf-8"))


def content(name: str) -> Json:
    found: Json = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return found


def appliance(name: str) -> Json:
    found = content(name)
    one: Json = found["Appliances"][0] if "Appliances" in found else found["Appliance"]
    return one


def settings(name: str) -> Json:
    found: Json = appliance(name)["Settings"]
    return found


def vpn(tree: Json) -> Json:
    found: Json = tree["Router"]["SiteToSiteIPsecVPN"]
    return found


def at(tree: Any, path: str) -> Any:
    """The value at `Settings.Router.Interfaces[1].MTU`."""
    for part in path.replace("[", ".").replace("]", "").split("."):
        tree = tree[int(part)] if part.isdigit() else tree[part]
    return tree


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as script:
        yield script


def client(script: Script, clock: ManualClock | None = None) -> Client:
    return Client(CREDENTIALS, "is1b", clock=clock or ManualClock(), root_url=script.root)


def test_no_body_is_left_out() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in EXPECT if name.removesuffix(".json") not in tested] == []


def test_01_one_peer_of_three_changes_alone() -> None:
    before = settings("01-three-peers")
    order = [entry["Peer"] for entry in vpn(before)["Config"]]
    assert order == EXPECT["01-three-peers.json"]["peers_in_order"]
    values = peer_of(before, "203.0.113.45")
    assert values is not None
    after = with_peer(before, values, "a_new_key")
    assert vpn(after)["Config"][1].pop("PreSharedSecret") == "a_new_key"
    del vpn(before)["Config"][1]["PreSharedSecret"]
    assert after == before
    less = without_peer(settings("01-three-peers"), "192.0.2.10")
    assert [entry["Peer"] for entry in vpn(less)["Config"]] == order[1:]
    assert vpn(less)["Enabled"] == "True"
    address = router_state(appliance("01-three-peers")).vip
    assert EXPECT["01-three-peers.json"]["public_address_for_rtx"].startswith(f"{address} ")


def test_01_one_site_alone_does_not_change_what_all_share() -> None:
    before = settings("01-three-peers")
    values = peer_of(before, "192.0.2.10")
    assert values is not None
    with pytest.raises(ApiError, match="dhGroup is modp2048, wanted modp1024"):
        with_peer(before, {**values, "dhGroup": "modp1024"}, "site_a_key")


def test_02_everything_but_our_part_goes_back_as_it_came() -> None:
    before = settings("02-many-settings-to-keep")
    original = copy.deepcopy(before)
    known = peer_of(before, "192.0.2.10")
    assert known is not None
    after = with_peer(before, {**known, "peer": "203.0.113.77"}, "a_new_key")
    assert before == original
    ours = EXPECT["02-many-settings-to-keep.json"]["preserve_everything_but"].split(".")[-1]
    assert after["Router"].pop(ours) != before["Router"].pop(ours)
    assert json.dumps(after) == json.dumps(before)  # order and kinds of values included


def test_03_an_old_router_is_version_1_with_the_values_of_its_time() -> None:
    expected = EXPECT["03-version-1-old-fields-only.json"]
    router = router_state(appliance("03-version-1-old-fields-only"))
    assert (router.version, router.plan) == (1, expected["plan"])
    assert expected["public_address_for_rtx"].startswith(f"{router.vip} ")
    found = peer_of(settings("03-version-1-old-fields-only"), "203.0.113.9")
    assert found is not None
    effective = expected["effective_parameters"]
    assert [found[name] for name in ("encryption", "hash", "dhGroup")] == [
        effective[name] for name in ("encryption", "hash", "dh_group")
    ]
    assert (found["ikeLifetime"], found["espLifetime"]) == (28800, 1800)
    assert (found["dpdInterval"], found["dpdTimeout"]) == (15, 30)


def test_04_fields_of_the_future_survive_a_write() -> None:
    before = {"Settings": settings("04-unknown-future-fields")}
    values = peer_of(before["Settings"], "192.0.2.10")
    assert values is not None  # and none of the new fields is in it
    assert set(values) == set(VALUES)
    after = {"Settings": with_peer(before["Settings"], values, "a_new_key")}
    for path in EXPECT["04-unknown-future-fields.json"]["must_survive_a_write"]:
        assert at(after, path) == at(before, path), path
    assert router_state(appliance("04-unknown-future-fields")).version == 3


def test_05_a_router_being_made_is_waited_for_and_not_written_to(script: Script) -> None:
    clock, said = ManualClock(), list[str]()
    script.says((200, content("05-still-migrating")))
    spec = cloud.RouterSpec("x", "t", "", cloud.LanSpec(1, "8", "", ["10.0.0.1"], 24))
    with pytest.raises(ApiError, match="still migrating"):
        cloud.update_router(client(script, clock), "113900000005", spec, clock, said.append)
    assert {method for method, _, _, _ in script.asked} == {"GET"}
    assert 19 * 60 < clock.now() <= 20 * 60
    with pytest.raises(ApiError, match="no settings yet"):
        with_peer(settings("05-still-migrating"), VALUES, "key")


def test_06_a_failed_creation_is_said_and_not_used(script: Script) -> None:
    script.says((200, content("06-creation-failed")))
    clock = ManualClock()
    spec = cloud.RouterSpec("x", "t", "", cloud.LanSpec(1, "8", "", ["10.0.0.1"], 24))
    with pytest.raises(ApiError, match=r"creation of the VPC router 113900000006 failed") as caught:
        cloud.update_router(client(script), "113900000006", spec, clock, lambda _: None)
    assert "delete it" in str(caught.value)
    assert {method for method, _, _, _ in script.asked} == {"GET"}


ERRORS = {case["name"]: case for case in content("07-error-bodies")["cases"]}


def answer(name: str) -> tuple[int, Any, dict[str, str]]:
    case = ERRORS[name]
    body = case["body"].encode() if isinstance(case["body"], str) else case["body"]
    return case["http_status"], body, case["headers"]


def ask(one: Client, name: str) -> Json:
    call = {"GET": one.get, "PUT": one.put, "DELETE": one.delete}[ERRORS[name]["method"]]
    return call(ERRORS[name]["path"].removeprefix("/"))


@pytest.mark.parametrize("name", EXPECT["07-error-bodies.json"]["retry"])
def test_07_what_passes_is_asked_again(script: Script, name: str) -> None:
    clock = ManualClock()
    script.says(answer(name), (200, GOOD))
    assert ask(client(script, clock), name) == GOOD
    asked = ERRORS[name]["headers"].get("Retry-After")
    assert clock.now() == float(asked or (0.5 if name == "still-creating" else 1.0))


FOR_GOOD = (
    "no_retry",
    "reread_then_decide",
    "treat_as_failure",
)


@pytest.mark.parametrize(
    "name", [name for kind in FOR_GOOD for name in EXPECT["07-error-bodies.json"][kind]]
)
def test_07_what_does_not_pass_is_said_at_once(script: Script, name: str) -> None:
    script.says(answer(name))
    with pytest.raises(ApiError) as caught:
        ask(client(script), name)
    assert len(script.asked) == 1
    assert not isinstance(caught.value, Unclear)
    assert is_missing(caught.value) == (name == "not-found")


def test_07_every_error_body_is_in_one_list() -> None:
    listed = [
        name for kind in ("retry", *FOR_GOOD) for name in EXPECT["07-error-bodies.json"][kind]
    ]
    assert sorted(listed) == sorted(ERRORS)


def test_07_a_stale_hash_is_answered_by_reading_again(script: Script) -> None:
    body = content("01-three-peers")
    newer = copy.deepcopy(body)
    newer["Appliance"]["SettingsHash"] = "89e6c98d92887913cadf06b2adb97f26"
    script.says((200, body), answer("hash-conflict"), (200, newer), (200, GOOD))
    change_settings(client(script), "113900000001", unchanged, ManualClock())
    hashes = [
        json.loads(sent)["Appliance"]["SettingsHash"]
        for method, _, _, sent in script.asked
        if method == "PUT"
    ]
    assert hashes == [body["Appliance"]["SettingsHash"], newer["Appliance"]["SettingsHash"]]


def unchanged(found: object) -> Json:
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("case", ["before", "right_after_config", "null_list", "mixed_case"])
def test_08_status_of_the_peers(script: Script, case: str) -> None:
    script.says((200, content("08-status-peers")[case]))
    said = {
        peer: cloud.peer_status(client(script), "113900000001", peer)
        for peer in ("192.0.2.10", "203.0.113.45", "192.0.2.66")
    }
    expected = EXPECT["08-status-peers.json"]["expect"][case]
    up_or_down = expected if isinstance(expected, dict) else {}
    assert said == {peer: up_or_down.get(peer, "").upper() or None for peer in said}


def test_09_a_change_in_the_panel_shows_value_by_value(script: Script) -> None:
    before, after = settings("01-three-peers"), settings("09-changed-in-the-panel")
    drift = {
        peer: {
            name
            for name, value in (peer_of(before, peer) or {}).items()
            if (now := peer_of(after, peer)) is not None and now[name] != value
        }
        for peer in ("192.0.2.10", "203.0.113.45")
    }
    assert drift == {  # neither the order of the peers, nor the form of the ids, nor a key
        "192.0.2.10": {"localPrefixes", "dhGroup"},
        "203.0.113.45": {"routes", "localPrefixes", "dhGroup"},
    }
    assert peer_of(after, "192.0.2.66") is None
    one, other = (router_state(appliance(n)) for n in ("01-three-peers", "09-changed-in-the-panel"))
    assert one == other  # the ids are texts in one, numbers in the other


def test_09_a_write_on_an_old_state_does_not_go_through_unseen(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        router_id, stale = changed_meanwhile(here)
        with pytest.raises(ApiError) as caught:
            here.client().put(f"appliance/{router_id}", {"Appliance": stale})
        assert caught.value.code == "original_hash_mismatch"


def changed_meanwhile(here: World) -> tuple[str, Json]:
    """A router, and what was read of it before somebody else changed it."""
    _, router = here.build(here.client())
    read = here.appliance(router.id)
    stale = {name: read[name] for name in ("Settings", "SettingsHash")}
    newer = copy.deepcopy(read["Settings"])
    newer["Router"]["Firewall"] = settings("09-changed-in-the-panel")["Router"]["Firewall"]
    here.client().put(f"appliance/{router.id}", {"Appliance": {"Settings": newer}})
    return router.id, stale


def test_10_a_standard_router_in_a_list(script: Script) -> None:
    script.says((200, content("10-standard-plan-shared-segment")))
    (found,) = client(script).find("appliance", {})
    router = router_state(found)
    expected = EXPECT["10-standard-plan-shared-segment.json"]
    assert router.plan == expected["plan"]
    assert expected["public_address_for_rtx"].startswith(f"{router.vip} ")
    assert (router.vrid, router.addresses, router.upstream_switch_id) == (0, [], "")
    premium = cloud.RouterSpec(
        "x", "t", "", router.lan or pytest.fail("no LAN"), vip="203.0.113.4", vrid=10
    )
    assert premium.fixed["plan"] != router.fixed["plan"]  # never changed in place
