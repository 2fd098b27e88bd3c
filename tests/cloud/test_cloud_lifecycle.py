"""Router+switch, switch and VPC router against the API stand-in: made, changed, deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from cloud_world import (
    INTERNET,
    KEY,
    NOTHING,
    OFFICE,
    ONE_OF_EACH,
    SWITCH,
    VALUES,
    Json,
    Killed,
    Mortal,
    World,
    described,
    moved,
    world,
)

from components.cloud import lifecycle as cloud
from components.cloud.api import Client
from components.cloud.lifecycle import LanSpec, RouterSpec
from components.errors import ApiError


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as one:
        yield one


# --- making


def test_tag_is_deterministic_and_short() -> None:
    tag = cloud.owner_tag("vpn", "demo", "router")
    assert tag == cloud.owner_tag("vpn", "demo", "router")
    assert tag != cloud.owner_tag("vpn", "other", "router")
    assert tag.startswith("@sakurartx=")
    assert len(tag) == len("@sakurartx=") + 16


def test_site_is_built(here: World) -> None:
    internet, router = here.build(here.client())
    assert len(internet.addresses) == 11  # of a /28, 4 to 14 (section 3)
    assert internet.gateway not in internet.addresses
    assert (router.power, router.availability, router.plan) == ("up", "available", "premium")
    assert (router.vip, router.addresses) == (internet.addresses[0], internet.addresses[1:3])
    assert router.lan_vip == "192.168.2.1"
    assert router.lan == here.spec().lan
    appliance = here.appliance(router.id)
    assert appliance["Description"] == "vpn/demo/router"
    assert cloud.owner_tag("vpn", "demo", "router") in appliance["Tags"]
    assert here.count() == ONE_OF_EACH


def test_settings_are_applied_before_the_start_pitfall_1(here: World) -> None:
    here.build(here.client())
    calls = here.calls()
    stored, applied = calls.index("PUT /appliance/*"), calls.index("PUT /appliance/*/config")
    assert stored < applied < calls.index("PUT /appliance/*/power")


def test_building_again_changes_nothing_but_applies(here: World) -> None:
    first = here.build(here.client())
    here.calls().clear()
    assert here.build(here.client()) == first
    assert [c for c in here.calls() if not c.startswith("GET")] == ["PUT /appliance/*/config"]


def test_progress_is_said(tmp_path: Path) -> None:
    with world(tmp_path, migrating_reads=20) as here:
        here.build(here.client())
    migrating = [text for text in here.said if text.startswith("VPC router: migrating, ")]
    assert migrating[-1].endswith(" s")
    seconds = [float(text.split(", ")[1].removesuffix(" s")) for text in migrating]
    assert len(seconds) > 5
    assert all(b - a >= 4 for a, b in pairwise(seconds))  # not too often


@pytest.mark.parametrize("unreadable", [0, 25])
def test_unreadable_while_being_made_pitfalls_2_and_3(tmp_path: Path, unreadable: int) -> None:
    options = {"internet_404_reads": unreadable, "appliance_404_reads": unreadable}
    with world(tmp_path, **options) as here:
        here.build(here.client())
        assert here.count() == ONE_OF_EACH


def test_router_that_never_becomes_readable_is_given_up(tmp_path: Path) -> None:
    with world(tmp_path, appliance_404_reads=1000) as here:
        with pytest.raises(ApiError, match=r"VPC router: waited .* still not there yet"):
            here.build(here.client())
        assert here.calls().count("GET /appliance/*") == 31


def test_router_that_stays_migrating_is_given_up_after_20_minutes(tmp_path: Path) -> None:
    with world(tmp_path, migrating_reads=10_000) as here:
        with pytest.raises(ApiError, match="still migrating") as caught:
            here.build(here.client())
        assert 1190 < here.clock.now() < 1260
        assert "run the same command again" in str(caught.value)


def test_start_is_asked_until_creation_is_over_pitfall_4(tmp_path: Path) -> None:
    with world(tmp_path, still_creating_boots=5) as here:
        _, router = here.build(here.client())
        assert router.power == "up"
        assert here.calls().count("PUT /appliance/*/power") == 6


def test_settings_refused_after_a_connect_are_tried_again_pitfall_5(here: World) -> None:
    here.faults.add("PUT", "/appliance/*", "bad_request", times=3)
    _, router = here.build(here.client())
    assert router.lan_vip == "192.168.2.1"


def test_settings_refused_for_good_are_an_error_within_20_s(here: World) -> None:
    here.faults.add("PUT", "/appliance/*", "bad_request", times=1000)
    with pytest.raises(ApiError, match="HTTP 400 bad_request"):
        here.build(here.client())
    here.faults.clear()
    here.build(here.client())
    assert here.count() == ONE_OF_EACH


class Deaf(Mortal):
    """A client whose first request to stop gets lost on the way (pitfall 7)."""

    lost = 0

    def delete(self, path: str, body: Json | None = None) -> Json:
        if path.endswith("/power") and not self.lost:
            self.lost += 1
            return {"is_ok": True}
        return super().delete(path, body)


def test_stop_that_was_ignored_is_asked_again_after_20_s_pitfall_7(here: World) -> None:
    _, router = here.build(here.client())
    client = Deaf(here.credentials, "is1b", clock=here.clock, root_url=here.root)
    before = here.clock.now()
    cloud.delete_router(client, router.id, here.clock, here.said.append)
    assert here.clock.now() - before >= 20
    assert here.calls().count("DELETE /appliance/*/power") == 1


@pytest.mark.parametrize("failures", [1, 3])
def test_failed_creation_is_deleted_and_tried_again(tmp_path: Path, failures: int) -> None:
    with world(tmp_path, fail_creations=failures) as here:
        _, router = here.build(here.client())
        assert router.power == "up"
        assert here.count() == ONE_OF_EACH


def test_creation_that_always_fails_leaves_nothing(tmp_path: Path) -> None:
    with world(tmp_path, fail_creations=100) as here:
        with pytest.raises(ApiError, match="failed 4 times"):
            here.build(here.client())
        assert here.count()["appliance"] == 0


def test_several_with_one_tag_are_named_and_not_touched(here: World) -> None:
    body = {"Switch": {"Name": "x", "Tags": [SWITCH.tag]}}
    ids = [here.client().post("switch", body)["Switch"]["ID"] for _ in range(2)]
    with pytest.raises(ApiError) as caught:
        cloud.ensure_switch(here.client(), SWITCH, here.clock, here.said.append)
    assert all(str(number) in str(caught.value) for number in ids)


def test_objects_of_others_are_never_taken(here: World) -> None:
    here.client().post("switch", {"Switch": {"Name": SWITCH.name, "Tags": ["@sakurartx=0"]}})
    made = cloud.ensure_switch(here.client(), SWITCH, here.clock, here.said.append)
    assert here.count()["switch"] == 2
    assert cloud.read_switch(here.client(), made.id) == made


class Unfiltered(Client):
    """A client of an API that does not understand the filter."""

    def find(self, resource: str, where: Mapping[str, object]) -> list[Json]:
        return super().find(resource, {})


def test_filter_that_the_api_ignores_takes_nothing_of_others(here: World) -> None:
    here.client().post("switch", {"Switch": {"Name": SWITCH.name, "Tags": ["@sakurartx=0"]}})
    client = Unfiltered(here.credentials, "is1b", clock=here.clock, root_url=here.root)
    made = [cloud.ensure_switch(client, SWITCH, here.clock, here.said.append).id for _ in range(2)]
    assert made[0] == made[1]
    assert here.count()["switch"] == 2


class Forgetful(Client):
    """A client of an API whose lists show a new object only some looks after it was made."""

    blind = 4

    def find(self, resource: str, where: Mapping[str, object]) -> list[Json]:
        self.blind -= 1
        return [] if self.blind > 0 else super().find(resource, where)


def test_lost_answer_is_looked_for_more_than_once(here: World) -> None:
    here.faults.add("POST", "/switch", "reset_after")
    client = Forgetful(here.credentials, "is1b", clock=here.clock, root_url=here.root)
    cloud.ensure_switch(client, SWITCH, here.clock, here.said.append)
    assert here.count()["switch"] == 1


def test_busy_api_is_given_the_time_it_asks_for(here: World) -> None:
    here.faults.add("POST", "/switch", "busy", retry_after=90)
    cloud.ensure_switch(here.client(), SWITCH, here.clock, here.said.append)
    assert here.clock.now() >= 90
    assert here.count()["switch"] == 1


def test_router_that_cannot_become_what_is_wanted_is_left_alone(here: World) -> None:
    _, router = here.build(here.client())
    wanted = replace(here.spec(), plan="highspec", version=1)
    with pytest.raises(ApiError) as caught:
        cloud.ensure_router(here.client(), wanted, here.clock, here.said.append)
    assert "plan is premium, wanted highspec; version is 2, wanted 1" in str(caught.value)
    assert cloud.read_router(here.client(), router.id) == router


def test_standard_plan(here: World) -> None:
    switch = cloud.ensure_switch(here.client(), SWITCH, here.clock, here.said.append)
    lan = LanSpec(1, switch.id, "", ["192.168.2.1"], 24)
    spec = RouterSpec(**described("router"), lan=lan, plan="standard")
    router = cloud.ensure_router(here.client(), spec, here.clock, here.said.append)
    assert (router.plan, router.power, router.lan_vip) == ("standard", "up", "192.168.2.1")
    assert router.vip == here.appliance(router.id)["Interfaces"][0]["IPAddress"]


# --- changing


def test_new_name_touches_neither_settings_nor_tunnels(here: World) -> None:
    _, router = here.build(here.client())
    appliance = here.appliance(router.id)
    foreign = {"Appliance": {"Tags": [*appliance["Tags"], "somebody-s"]}}
    here.client().put(f"appliance/{router.id}", foreign)
    spec = replace(here.spec(), name="new name")
    here.calls().clear()
    changed = cloud.update_router(here.client(), router.id, spec, here.clock, here.said.append)
    assert changed == replace(router, name="new name")
    assert [c for c in here.calls() if not c.startswith("GET")] == ["PUT /appliance/*"]
    after = here.appliance(router.id)
    assert after["Settings"] == appliance["Settings"]
    assert "somebody-s" in after["Tags"]


def test_new_lan_addresses_without_a_stop(here: World) -> None:
    _, router = here.build(here.client())
    spec = moved(here.spec())
    here.calls().clear()
    changed = cloud.update_router(here.client(), router.id, spec, here.clock, here.said.append)
    assert changed.lan_vip == "192.168.2.11"
    assert not [call for call in here.calls() if call.endswith("/power")]


def test_interrupted_creation_is_finished_by_an_update(tmp_path: Path) -> None:
    with world(tmp_path, appliance_404_reads=3) as here:
        spec = here.spec()
        client = here.client()
        body = {"Appliance": spec.body}
        router_id = str(client.post("appliance", body)["Appliance"]["ID"])
        router = cloud.update_router(client, router_id, spec, here.clock, here.said.append)
        assert (router.id, router.power) == (router_id, "up")


@pytest.mark.parametrize("at", range(1, 8))
def test_new_bandwidth_gives_a_new_id_and_nothing_else_pitfall_12(tmp_path: Path, at: int) -> None:
    with world(tmp_path) as here:
        internet, router = here.build(here.client())
        spec = replace(INTERNET, bandwidth_mbps=250)
        update = (internet.id, spec, here.clock, here.said.append)
        client = here.client(dies_after=at)
        try:
            changed = cloud.update_internet(client, *update)
        except Killed:
            # Our state still holds the old id.
            changed = cloud.update_internet(here.client(), *update)
        assert changed == replace(internet, id=changed.id, bandwidth_mbps=250)
        assert changed.id != internet.id
        found = cloud.read_internet(here.client(), internet.id, tag=INTERNET.tag)
        assert found == changed
        assert here.count() == ONE_OF_EACH
        assert router.lan is not None
        here.pull_down(here.client(), router.id, router.lan.switch_id, internet.id)
        assert here.count() == NOTHING


def test_new_bandwidth_whose_answer_is_lost(here: World) -> None:
    internet = cloud.ensure_internet(here.client(), INTERNET, here.clock, here.said.append)
    here.faults.add("PUT", "/internet/*/bandwidth", "reset_after")
    spec = replace(INTERNET, bandwidth_mbps=500)
    update = (internet.id, spec, here.clock, here.said.append)
    assert cloud.update_internet(here.client(), *update).bandwidth_mbps == 500


def test_block_of_another_size_is_not_taken(here: World) -> None:
    cloud.ensure_internet(here.client(), INTERNET, here.clock, here.said.append)
    wanted = replace(INTERNET, prefix_length=27)
    with pytest.raises(ApiError, match="prefix length is 28, wanted 27"):
        cloud.ensure_internet(here.client(), wanted, here.clock, here.said.append)


# --- gone, and going


def test_what_is_gone_reads_as_none_and_is_deleted_already(here: World) -> None:
    client, nowhere = here.client(), "113499999999"
    assert cloud.read_internet(client, nowhere) is None
    assert cloud.read_switch(client, nowhere) is None
    assert cloud.read_router(client, nowhere) is None
    assert cloud.read_peer(client, nowhere, OFFICE) is None
    assert cloud.peer_status(client, nowhere, OFFICE) is None
    here.pull_down(client, nowhere, nowhere, nowhere)
    cloud.remove_peer(client, nowhere, OFFICE, here.clock)
    with pytest.raises(ApiError, match="does not exist"):
        cloud.write_peer(client, nowhere, VALUES, KEY, here.clock)


def test_page_of_a_proxy_is_not_taken_for_gone(here: World) -> None:
    switch = cloud.ensure_switch(here.client(), SWITCH, here.clock, here.said.append)
    here.faults.add("GET", "/switch/*", "not_json", times=1000)
    with pytest.raises(ApiError, match="not JSON"):
        cloud.read_switch(here.client(), switch.id)


def test_wrong_path_is_not_taken_for_gone(here: World) -> None:
    switch = cloud.ensure_switch(here.client(), SWITCH, here.clock, here.said.append)
    here.faults.add("GET", "/switch/*", "resource_path_not_found")
    with pytest.raises(ApiError, match="resource_path_not_found"):
        cloud.read_switch(here.client(), switch.id)


def test_what_is_still_being_made_is_deleted_too(tmp_path: Path) -> None:
    with world(tmp_path, appliance_404_reads=3, internet_404_reads=3) as here:
        client = here.client()
        made = client.post(
            "internet", {"Internet": {"Name": "x", "NetworkMaskLen": 28, "BandWidthMbps": 100}}
        )
        internet_id = str(made["Internet"]["ID"])
        cloud.delete_internet(client, internet_id, here.clock, here.said.append)
        assert here.count() == NOTHING
        router_id = str(
            client.post("appliance", {"Appliance": here.spec().body})["Appliance"]["ID"]
        )
        cloud.delete_router(client, router_id, here.clock, here.said.append)
        assert here.count()["appliance"] == 0


class Mayfly(Client):
    """A client whose process is killed right after it asked for the start."""

    def put(self, path: str, body: Json | None = None) -> Json:
        answer = super().put(path, body)
        if path.endswith("/power"):
            raise Killed
        return answer


def test_router_that_is_just_starting_is_deleted(tmp_path: Path) -> None:
    with world(tmp_path, boot_reads=6) as here:
        mayfly = Mayfly(here.credentials, "is1b", clock=here.clock, root_url=here.root)
        with pytest.raises(Killed):
            here.build(mayfly)
        assert here.calls()[-1] == "PUT /appliance/*/power"
        (found,) = here.client().find("appliance", {})
        cloud.delete_router(here.client(), str(found["ID"]), here.clock, here.said.append)
        assert here.count()["appliance"] == 0


def test_network_in_use_by_others_names_them_pitfall_8(here: World) -> None:
    internet, router = here.build(here.client())
    assert router.lan is not None
    before = here.clock.now()
    for delete, thing in (
        (cloud.delete_internet, internet.id),
        (cloud.delete_switch, router.lan.switch_id),
    ):
        with pytest.raises(ApiError, match="in use by appliance demo-router") as caught:
            delete(here.client(), thing, here.clock, here.said.append)
        assert router.id in str(caught.value)
    assert here.clock.now() == before  # said at once, not after half an hour
    assert here.count() == ONE_OF_EACH


def test_router_that_its_switches_still_count_is_waited_out(tmp_path: Path) -> None:
    with world(tmp_path, lingering_reads=6) as here:
        internet, router = here.build(here.client())
        assert router.lan is not None
        here.pull_down(here.client(), router.id, router.lan.switch_id, internet.id)
        assert here.count() == NOTHING
