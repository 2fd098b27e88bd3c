"""Replaced hardware: a new host key in the site file, and what stands on the new box."""

from __future__ import annotations

from typing import Any

import pytest
from tunnel_rig import KEY, OTHER_KEY, Rig, rig

from components.errors import DeviceError, HostKeyRefused
from components.office import session
from components.office.config import Scope, parse
from components.provider.tunnel_hardware import is_another
from components.provider.tunnel_removal import undone
from components.provider.values import UNKNOWN

__all__ = ["rig"]

OLD, NEW = {"hostKey": "ssh-rsa AAAAold ops@office"}, {"hostKey": "ssh-rsa AAAAnew"}
# Somebody else's tunnel under our number, as a box comes from another office.
THEIRS = (
    "tunnel select 2",
    "tunnel encapsulation ipsec",
    "ipsec tunnel 102",
    "ipsec sa policy 102 2 esp aes-cbc sha-hmac",
    "ipsec ike remote address 2 192.0.2.99",
    "tunnel enable 2",
    "tunnel select none",
    "save",
)


@pytest.fixture
def made(rig: Rig) -> dict[str, Any]:
    """The state of a tunnel on the box of before; its lines are gone with it."""
    plain = rig.world.router.running().lines()
    state = rig.create(rig.inputs(router=OLD))
    keys = frozenset(s.key for s in parse(state["lines"]).statements)
    _, _, typed = undone(state["lines"], Scope(2, 102, 2, keys)).partition("`save`:\n")
    rig.world.type(*typed.splitlines(), "save")
    assert rig.world.router.running().lines() == plain
    assert not rig.world.passes()
    return state


def types(rig: Rig) -> list[str]:
    return [text for text in rig.said if text.startswith("office end: lines to type")]


@pytest.mark.parametrize(
    ("old", "new", "another"),
    [
        (OLD, NEW, True),
        (OLD, {"hostKey": "ssh-rsa AAAAold of the office"}, False),
        ({}, NEW, False),
        (OLD, {}, False),
        (OLD, {**OLD, "host": "192.168.1.9"}, False),
        (OLD, {"hostKey": UNKNOWN}, False),
        (OLD, UNKNOWN, False),
    ],
)
def test_a_box_is_another_one_if_it_has_another_key(old: Any, new: Any, *, another: bool) -> None:
    assert is_another({"router": old}, {"router": new}) is another
    assert not is_another(None, {"router": new})


def test_new_hardware_is_a_visible_change(rig: Rig) -> None:
    before = rig.inputs(router=OLD)
    assert rig.changed(before, rig.inputs(router=NEW)) == {"router.hostKey"}
    assert rig.changed(before, rig.inputs(router={**OLD, "model": "RTX1210"})) == {"router.model"}
    newer = rig.inputs(router={**OLD, "revision": "15.04.05"})
    assert rig.changed(before, newer) == {"router.revision"}


def test_an_empty_box_gets_every_line_and_carries_traffic(rig: Rig, made: dict[str, Any]) -> None:
    state = rig.update(made, rig.inputs(router=NEW))
    assert len(types(rig)) == 2
    assert rig.world.passes()
    assert rig.world.look(rig.world.first).lines == state["lines"]
    assert rig.world.look(rig.world.first).key == KEY
    assert rig.world.router.running().same_as(rig.world.router.saved())


def test_a_new_key_of_the_tunnel_at_the_same_time_is_no_trouble(
    rig: Rig, made: dict[str, Any]
) -> None:
    rig.update(made, rig.inputs(router=NEW, key=OTHER_KEY))
    assert rig.world.passes()
    assert rig.world.look(rig.world.first).key == OTHER_KEY


def test_a_box_with_our_lines_restored_is_proved_and_nothing_typed(
    rig: Rig, made: dict[str, Any]
) -> None:
    restored = rig.update(made, rig.inputs(router=NEW))
    before, typed = rig.world.both()[:2], len(types(rig))
    rig.update(restored, rig.inputs(router={"hostKey": "ssh-rsa AAAAthird"}))
    assert rig.world.both()[:2] == before
    assert len(types(rig)) == typed
    # The lines of before are as good as those of the site file today.
    fourth = rig.inputs(router={"hostKey": "ssh-rsa AAAAfourth"}, encryption="aes256")
    rig.update(restored, fourth)
    assert rig.world.passes()


def test_other_peoples_lines_on_the_box_are_not_taken_over(rig: Rig, made: dict[str, Any]) -> None:
    rig.world.type(*THEIRS)
    before = rig.world.both()
    with pytest.raises(DeviceError, match="taken by somebody else") as caught:
        rig.update(made, rig.inputs(router=NEW))
    assert "192.0.2.99" in str(caught.value)
    assert "nothing was changed" in str(caught.value)
    assert rig.world.both() == before


def test_what_the_box_lacks_is_said_as_at_a_creation(rig: Rig, made: dict[str, Any]) -> None:
    rig.world.type("ip filter 1033 reject * 192.168.1.1 esp * *", "save")
    before = rig.world.both()
    with pytest.raises(DeviceError, match="filter-blocks-esp"):
        rig.update(made, rig.inputs(router=NEW))
    assert rig.world.both() == before


@pytest.mark.parametrize("call", ["read", "delete"])
def test_a_refused_key_says_that_an_up_comes_first(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    state = rig.create(rig.inputs(router=OLD))

    def refuse(_login: Any) -> Any:
        raise HostKeyRefused("it showed SHA256:new")

    monkeypatch.setattr(session, "_by_ssh", refuse)
    act = (lambda: rig.read(state, state)) if call == "read" else (lambda: rig.delete(state))
    with pytest.raises(HostKeyRefused, match="run up first") as caught:
        act()
    assert "SHA256:new" in str(caught.value)
