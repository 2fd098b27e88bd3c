"""The known pitfalls of the API (sakura-vpcrouter-api 7), each a test: time, states, keys, ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cloud_world import (
    INTERNET,
    KEY,
    NOTHING,
    OFFICE,
    ONE_OF_EACH,
    VALUES,
    World,
    moved,
    world,
)
from recorder import ready, router_settings

from components.cloud import lifecycle as cloud
from components.errors import ApiError
from components.ipsec import key_problem


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as one:
        yield one


def test_pitfall_01_what_is_stored_is_applied(here: World) -> None:
    _, router = here.build(here.client())
    steps: list[Callable[[], object]] = [
        lambda: cloud.write_peer(here.client(), router.id, VALUES, KEY, here.clock),
        lambda: cloud.update_router(
            here.client(), router.id, moved(here.spec()), here.clock, here.said.append
        ),
        lambda: cloud.remove_peer(here.client(), router.id, OFFICE, here.clock),
    ]
    for step in steps:
        here.calls().clear()
        step()
        calls = here.calls()
        stored = max(n for n, call in enumerate(calls) if call == "PUT /appliance/*")
        assert "PUT /appliance/*/config" in calls[stored:]
    assert here.sakura.vpn_peers() == []  # this list knows what is applied, and that only


def test_pitfall_02_a_router_and_switch_is_not_found_for_minutes(tmp_path: Path) -> None:
    with world(tmp_path, internet_404_reads=60) as here:
        internet = cloud.ensure_internet(here.client(), INTERNET, here.clock, here.said.append)
        assert here.clock.now() > 250  # a client that gave up after 100 s was a defect
        assert len(internet.addresses) == 11
        assert here.count()["internet"] == 1


def test_pitfall_03_a_router_is_not_found_while_being_made(tmp_path: Path) -> None:
    with world(tmp_path, appliance_404_reads=30) as here:
        here.build(here.client())
        assert here.count() == ONE_OF_EACH


def test_pitfall_04_a_start_is_refused_first_and_taken_then(tmp_path: Path) -> None:
    with world(tmp_path, still_creating_boots=5, boot_reads=30) as here:
        here.build(here.client())
        # Five refusals, one that is taken, one more after 20 s that meets `conflict`: then silence.
        assert here.calls().count("PUT /appliance/*/power") == 7


@pytest.mark.parametrize("code", ["bad_request", "conflict", "operation_failure"])
def test_pitfall_05_settings_are_refused_right_after_a_connect(here: World, code: str) -> None:
    here.faults.add("PUT", "/appliance/*", code, times=3)
    _, router = here.build(here.client())
    assert router.lan_vip == "192.168.2.1"


def test_pitfall_06_an_empty_status_is_unknown_and_not_down(tmp_path: Path) -> None:
    with world(tmp_path, status_empty_reads=3, status_blank_reads=1) as here:
        _, router = here.build(here.client())
        cloud.write_peer(here.client(), router.id, VALUES, KEY, here.clock)
        answers = [cloud.peer_status(here.client(), router.id, OFFICE) for _ in range(4)]
        assert answers == [None, None, None, "DOWN"]


def test_pitfall_07_a_stop_that_was_ignored_is_asked_for_again(tmp_path: Path) -> None:
    with world(tmp_path, ignored_stops=2) as here:
        _, router = here.build(here.client())
        before = here.clock.now()
        cloud.delete_router(here.client(), router.id, here.clock, here.said.append)
        assert here.calls().count("DELETE /appliance/*/power") == 3
        assert 40 <= here.clock.now() - before < 120


def test_pitfall_08_a_network_in_use_is_not_deleted(tmp_path: Path) -> None:
    with world(tmp_path, lingering_reads=5) as here:
        internet, router = here.build(here.client())
        assert router.lan is not None
        with pytest.raises(ApiError, match=f"demo-router .{router.id}.") as caught:
            cloud.delete_internet(here.client(), internet.id, here.clock, here.said.append)
        assert caught.value.code == "disconnect_b4_delete"
        assert here.count() == ONE_OF_EACH
        # A router that is gone, but counted for a while, is waited for.
        here.pull_down(here.client(), router.id, router.lan.switch_id, internet.id)
        assert here.count() == NOTHING


def test_pitfall_09_locked_is_waited_out(here: World) -> None:
    _, router = here.build(here.client())
    for method, path in (
        ("PUT", "/appliance/*"),
        ("PUT", "/appliance/*/config"),
        ("DELETE", "/appliance/*/power"),
        ("DELETE", "/appliance/*"),
    ):
        here.faults.add(method, path, "locked", times=4)
    cloud.write_peer(here.client(), router.id, VALUES, KEY, here.clock)
    assert [peer.key for peer in here.sakura.vpn_peers()] == [KEY]
    cloud.delete_router(here.client(), router.id, here.clock, here.said.append)
    assert here.count()["appliance"] == 0


@pytest.mark.parametrize("key", ["with-hyphen", "a" * 41, "", "sp ace", "日本"])
def test_pitfall_10_a_key_that_the_api_refuses_never_reaches_it(here: World, key: str) -> None:
    assert key_problem(key, "psk") is not None
    assert key_problem("A_" * 20, "psk") is None
    router_id = ready(here)
    with pytest.raises(ApiError, match="HTTP 400") as caught:
        cloud.write_peer(here.client(), router_id, VALUES, key, here.clock)
    assert not key or key not in str(caught.value)


def test_pitfall_11_keys_are_never_compared_with_an_answer(tmp_path: Path) -> None:
    with world(tmp_path, secrets_returned=False, omitted_secrets="kept") as here:
        router_id = ready(here)
        assert "PreSharedSecret" not in str(router_settings(here, router_id))
        found = cloud.read_peer(here.client(), router_id, OFFICE)
        assert found == VALUES  # no key in it, so none that differs
        cloud.write_peer(here.client(), router_id, VALUES, "other_key", here.clock)
        assert [peer.key for peer in here.sakura.vpn_peers()] == ["other_key"]


def test_pitfall_12_a_new_bandwidth_gives_a_new_id_and_nothing_else(here: World) -> None:
    internet, router = here.build(here.client())
    wider = replace(INTERNET, bandwidth_mbps=500)
    changed = cloud.update_internet(here.client(), internet.id, wider, here.clock, here.said.append)
    assert changed == replace(internet, id=changed.id, bandwidth_mbps=500)
    assert changed.id != internet.id
    assert cloud.read_router(here.client(), router.id) == router
    assert cloud.read_internet(here.client(), internet.id, tag=INTERNET.tag) == changed
