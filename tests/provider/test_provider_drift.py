"""What a refresh says of both ends, and what an `up` then does with it."""

from __future__ import annotations

from typing import Any

import pytest
from tunnel_rig import OTHER_KEY, Rig, rig

from components.cloud import lifecycle
from components.errors import DeviceError, Unreachable
from components.provider.handler import Incomplete

__all__ = ["rig"]


@pytest.fixture
def state(rig: Rig) -> dict[str, Any]:
    made = rig.create(rig.inputs())
    rig.said.clear()
    return made


def refreshed(rig: Rig, state: dict[str, Any]) -> dict[str, Any]:
    found = rig.read(state, {k: v for k, v in state.items() if k in rig.inputs()})
    assert found is not None
    live: dict[str, Any] = found[2]
    return live


def test_without_drift_nothing_is_said(rig: Rig, state: dict[str, Any]) -> None:
    live = refreshed(rig, state)
    assert rig.said == []
    assert rig.changed(live, rig.inputs()) == set()


def test_a_changed_line_is_shown_as_it_was_and_as_it_is(rig: Rig, state: dict[str, Any]) -> None:
    rig.world.type("tunnel select 2", "ip tunnel mtu 1400", "no ipsec ike pfs 2")
    live = refreshed(rig, state)
    assert "  - ip tunnel mtu 1280\n  + ip tunnel mtu 1400\n" in rig.told
    assert "  - ipsec ike pfs 2 on\n" in rig.told
    assert "the next up brings them back" in rig.told
    assert "somebody else" not in rig.told
    assert rig.changed(live, rig.inputs()) == {"lines"}


@pytest.mark.parametrize(
    "line", ["ip tunnel secure filter in 1010", "ipsec ike nat-traversal 2 on"]
)
def test_a_foreign_line_in_our_block_is_named_and_the_next_up_takes_it_away(
    rig: Rig, state: dict[str, Any], line: str
) -> None:
    before = rig.world.both()
    rig.world.type("tunnel select 2", line, "tunnel select none", "save")
    live = refreshed(rig, state)
    assert "lines of somebody else in what is this site's (tunnel 2, policy 102" in rig.told
    assert f"  + {line}\n" in rig.told
    assert "office.extra_lines" in rig.told
    assert rig.changed(live, rig.inputs()) == {"lines"}
    rig.update(state | live, rig.inputs())
    assert rig.world.both()[:2] == before[:2]
    # Adopted (`ignore_changes`: the program's lines are those of the state), it stays.
    rig.world.type("tunnel select 2", line, "tunnel select none", "save")
    kept = rig.inputs(key=OTHER_KEY) | {"lines": live["lines"]}
    rig.update(state | live, kept)
    assert rig.world.passes()
    assert line in "\n".join(rig.world.router.running().lines())


def test_other_firmware_than_the_site_file_says_is_named(rig: Rig) -> None:
    state = rig.create(rig.inputs(router={"revision": "15.04.01"}))
    rig.said.clear()
    live = refreshed(rig, state)
    assert "the router's revision is 15.04.03, the site file says 15.04.01" in rig.told
    assert "the router's model" not in rig.told
    assert rig.changed(live, rig.inputs(router={"revision": "15.04.01"})) == set()


def test_values_of_the_cloud_end_are_named(rig: Rig, state: dict[str, Any]) -> None:
    values = {**state["cloud"], "encryption": "aes256", "routes": ["10.0.0.0/24"]}
    lifecycle.write_peer(rig.world.client, state["routerId"], values, OTHER_KEY, rig.world.clock)
    live = refreshed(rig, state)
    assert "  encryption: aes128 -> aes256\n" in rig.told
    assert "  routes: ['192.168.1.0/24'] -> ['10.0.0.0/24']\n" in rig.told
    assert rig.changed(live, rig.inputs()) == {"cloud.encryption", "cloud.routes[0]"}
    rig.update(state | live, rig.inputs())
    assert rig.world.look(rig.world.first).cloud == state["cloud"]


def test_an_end_that_is_gone_is_said(rig: Rig, state: dict[str, Any]) -> None:
    lifecycle.remove_peer(rig.world.client, state["routerId"], "198.51.100.20", rig.world.clock)
    live = refreshed(rig, state)
    assert "cloud end: the peer 198.51.100.20 is gone" in rig.told
    rig.update(state | live, rig.inputs())
    assert rig.world.passes()


def test_another_key_at_the_office_is_said_and_not_shown(rig: Rig, state: dict[str, Any]) -> None:
    rig.world.type(f"ipsec ike pre-shared-key 2 text {OTHER_KEY}")
    live = refreshed(rig, state)
    assert "the pre-shared key is another one (not shown)" in rig.told
    assert OTHER_KEY not in rig.told
    assert rig.changed(live, rig.inputs()) == {"psk"}


@pytest.mark.parametrize("lost", ["office", "cloud"])
def test_an_end_that_does_not_answer_is_no_lack_of_drift(
    rig: Rig, state: dict[str, Any], monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    def away(*_: object, **__: object) -> None:
        raise Unreachable("away")

    name = "office.session._by_ssh" if lost == "office" else "cloud.lifecycle.read_peer"
    monkeypatch.setattr(f"components.{name}", away)
    with pytest.raises(Unreachable, match="away"):
        rig.read(state, state)


def unsaved(rig: Rig) -> None:
    """What is saved lacks a line of ours, which runs."""
    rig.world.type("no ipsec auto refresh 2", "save", "ipsec auto refresh 2 off")


def test_lines_that_run_and_are_not_saved_are_drift_which_the_next_up_mends(
    rig: Rig, state: dict[str, Any]
) -> None:
    unsaved(rig)
    with pytest.raises(Incomplete) as found:
        refreshed(rig, state)
    (why,) = found.value.reasons
    assert "a restart of the RTX would do:\n  no ipsec auto refresh 2\n" in why
    assert found.value.inputs is not None
    assert rig.changed(found.value.inputs, rig.inputs()) == set()
    rig.update(state, rig.inputs())
    refreshed(rig, state)
    assert "ipsec auto refresh 2 off" in rig.world.router.saved().lines()


def test_a_line_that_somebody_changed_and_did_not_save_is_drift_of_that_line_alone(
    rig: Rig, state: dict[str, Any]
) -> None:
    rig.world.type("ipsec auto refresh 2 on")
    live = refreshed(rig, state)
    assert "not saved" not in rig.told
    assert rig.changed(live, rig.inputs()) == {"lines"}


def test_other_peoples_unsaved_lines_are_no_drift_of_ours(rig: Rig, state: dict[str, Any]) -> None:
    rig.world.type("ip route 10.99.0.0/16 gateway 192.168.1.254")
    assert rig.changed(refreshed(rig, state), rig.inputs()) == set()
    assert rig.said == []


def test_a_new_way_to_a_router_that_has_not_saved_our_lines_writes_them(
    rig: Rig, state: dict[str, Any]
) -> None:
    unsaved(rig)
    rig.update(state, rig.inputs(router={"revision": "15.04.03"}))
    assert "ipsec auto refresh 2 off" in rig.world.router.saved().lines()


def test_a_router_that_does_not_compare_is_no_reason_not_to_look(
    rig: Rig, state: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: object) -> tuple[str, ...]:
        raise DeviceError("no such file", remedy="set-default-config 0")

    monkeypatch.setattr("components.office.session.Session.unsaved", refused)
    assert rig.changed(refreshed(rig, state), rig.inputs()) == set()
    assert "whether what stands is saved is not known: no such file: set-default-c" in rig.told
