"""A tunnel that goes away: at both ends, or at the cloud end alone where the router is dead."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2 as pb
from tunnel_rig import Rig, rig

from components.errors import HostKeyRefused, LoginRefused, Unreachable
from components.office.config import Scope, parse
from components.provider import access, serve, tunnel_removal
from components.provider.tunnel import Tunnel

__all__ = ["rig"]

DEAD = [Unreachable("no connection"), HostKeyRefused("another key"), LoginRefused("no")]


def kill(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
    def connect(_login: Any) -> Any:
        raise error or AssertionError("the router was asked")

    monkeypatch.setattr("components.office.session._by_ssh", connect)


@pytest.mark.parametrize("error", DEAD, ids=lambda error: type(error).__name__)
def test_a_dead_router_makes_a_delete_fail_with_the_way_out(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    state = rig.create(rig.inputs())
    before = rig.world.both()
    kill(monkeypatch, error)
    with pytest.raises(type(error), match=r"office\.abandon: true") as caught:
        rig.delete(state)
    assert str(error).partition("\n")[0] in str(caught.value)
    assert rig.world.both() == before


def test_a_password_that_nobody_knows_any_more_has_the_same_way_out(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = rig.create(rig.inputs(router={"host": "192.168.1.1", "user": "ops"}))
    monkeypatch.undo()
    monkeypatch.delenv("SAKURA_RTX_PASSWORD", raising=False)
    monkeypatch.setattr(access, "client", lambda *_, **__: rig.world.client)
    with pytest.raises(LoginRefused, match=r"no password for the RTX(?s:.*)office\.abandon: true"):
        rig.delete(state)


def test_given_up_only_the_cloud_end_goes_and_the_lines_left_behind_are_printed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = rig.world.router.running().lines()
    state = rig.create(rig.inputs())
    before = rig.world.both()
    kill(monkeypatch)
    rig.config = {"abandonOffice": "true"}
    rig.delete(state)
    assert rig.world.sakura.vpn_peers() == []
    assert rig.world.both()[:2] == before[:2]
    # Every line that stands is printed, and what is printed to be typed takes every one away.
    for line in state["lines"].splitlines():
        assert line.startswith("#") or line in rig.told
    assert "ipsec ike pre-shared-key 2 text <psk>" in rig.told
    typed = rig.told.partition("then `save`:\n")[2].splitlines()
    rig.world.type(*typed)
    assert rig.world.router.running().lines() == foreign
    rig.delete(state)  # gone is gone


@pytest.mark.parametrize("said", [{}, {"abandonOffice": ""}, {"abandonOffice": "false"}])
def test_without_the_word_nothing_is_given_up(rig: Rig, said: dict[str, str]) -> None:
    foreign = rig.world.router.running().lines()
    state = rig.create(rig.inputs())
    rig.config = said
    rig.delete(state)
    assert rig.world.sakura.vpn_peers() == []
    assert rig.world.router.running().lines() == foreign


def test_a_list_that_others_share_is_not_printed_to_be_typed() -> None:
    text = (
        "tunnel select 2\n tunnel encapsulation ipsec\n tunnel enable 2\n"
        "ip filter 2001 pass 203.0.113.4 192.168.1.1 esp\n"
        "ip lan2 secure filter in 1010 2001 1099\n"
    )
    keys = frozenset(s.key for s in parse(text).statements)
    said = tunnel_removal.undone(text, Scope(2, 102, 2, keys))
    assert "tunnel disable 2" in said
    assert "no ip filter" not in said
    assert "no ip lan2" not in said
    assert "take the filters 2001 out of `ip lan2 secure filter in` by hand" in said


def test_every_preview_says_that_the_office_is_given_up(rig: Rig) -> None:
    rig.config = {"abandonOffice": "true"}
    Tunnel().check(rig.inputs(), rig.context())
    assert "a destroy would not log in to the RTX" in rig.told


def test_a_delete_knows_the_consent_that_was_given_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """A consent alone is no difference, so the state still has the one of the last change."""
    seen: list[Any] = []
    monkeypatch.setattr(Tunnel, "delete", lambda _self, _id, state, _ctx: seen.append(state))

    def packed(**values: Any) -> struct_pb2.Struct:
        struct = struct_pb2.Struct()
        struct.update(values)
        return struct

    provider = serve.Provider(lambda: {"sakurartx:index:Tunnel": Tunnel()}, "0", None)
    request = pb.DeleteRequest(
        id="i",
        urn="urn:pulumi:demo::p::sakurartx:index:Tunnel::t",
        properties=packed(lines="stand", consent={"inBand": False}),
        old_inputs=packed(lines="given", consent={"inBand": True}),
    )
    provider.Delete(request, None)
    assert seen == [{"lines": "stand", "consent": {"inBand": True}}]
