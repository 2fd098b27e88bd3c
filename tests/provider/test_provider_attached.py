"""A router of another stack: read, checked against the site file, never changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from cloud_stand_in import context, reached, router_inputs

from components import tunnel
from components.clock import ManualClock
from components.cloud.router import SharedParameters
from components.cloud.settings import read_peer, write_peer
from components.errors import ApiError, VpnError
from components.provider import access
from components.provider.attached import AttachedRouter
from components.provider.handler import Incomplete
from components.provider.router import VpcRouter
from components.provider.tunnel import Tunnel
from components.provider.values import UNKNOWN
from components.rehearsal.sakura import Sakura

KEY = "Canary_key_0123456789"
VALUES = {
    "peer": "192.0.2.77",
    "remoteId": "192.0.2.77",
    "routes": ["10.9.0.0/24"],
    "localPrefixes": ["192.168.2.0/24"],
    "encryption": "aes256",
    "hash": "sha256",
    "dhGroup": "modp2048",
    "ikeLifetime": 28800,
    "espLifetime": 1800,
    "dpdInterval": 15,
    "dpdTimeout": 30,
}


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sakura]:
    with reached(tmp_path, monkeypatch) as sakura:
        yield sakura


@pytest.fixture
def made(cloud: Sakura) -> dict[str, Any]:
    """The inputs of an attached router that fit the router there, which serves one other site."""
    inputs = router_inputs()
    id, _ = VpcRouter().create(inputs, context("VpcRouter"))
    client = access.client(inputs, context())
    write_peer(client, id, VALUES, KEY, ManualClock())
    return {
        "zone": "is1b",
        "routerId": id,
        "cloud": {**VALUES, "peer": "198.51.100.20", "routes": ["10.10.0.0/24"]},
        "lan": "192.168.2.0/24",
        "lanAddress": "192.168.2.1",
        "vip": inputs["address"],
    }


def writes(cloud: Sakura) -> int:
    return sum(call.method != "GET" for call in cloud.calls)


def test_it_is_read_and_nothing_is_written(cloud: Sakura, made: dict[str, Any]) -> None:
    before, kind, ctx = writes(cloud), AttachedRouter(), context("AttachedRouter")
    id, state = kind.create(made, ctx)
    assert (id, state["address"]) == (made["routerId"], made["vip"])
    assert len(state["realAddresses"]) == 2
    assert kind.read(id, state, made, ctx) == (id, state, made)
    kind.delete(id, state, ctx)
    assert writes(cloud) == before
    assert kind.read(id, state, made, ctx) is not None


def test_an_import_is_no_change_whatever_the_site_wants_of_it(made: dict[str, Any]) -> None:
    kind, ctx = AttachedRouter(), context("AttachedRouter")
    found = kind.read(f"is1b/{made['routerId']}", {}, {}, ctx)
    assert found is not None
    id, state, inputs = found
    assert (id, state["address"]) == (made["routerId"], made["vip"])
    assert kind.diff(inputs, state, made, ctx).changed == []
    assert kind.read(id, state, inputs, ctx) == (id, state, inputs)
    moved = kind.diff(inputs, state, made | {"vip": "203.0.113.9"}, ctx)
    assert moved.changed == {"vip"}
    other = kind.diff(inputs, state, made | {"routerId": "113400000009"}, ctx)
    assert other.replace == ["routerId"]
    assert kind.read("is1b/113499999999", {}, {}, ctx) is None


def test_the_first_preview_names_the_other_peers(made: dict[str, Any]) -> None:
    ctx = context("AttachedRouter")
    assert AttachedRouter().preview({}, made, ctx)["address"] == made["vip"]
    assert "may interrupt its other peers for a moment: 192.0.2.77" in ctx.said[0]


@pytest.mark.parametrize("vip", ["203.0.113.4", None])
def test_a_preview_needs_no_credential(monkeypatch: pytest.MonkeyPatch, vip: str | None) -> None:
    def none(*_: object, **__: object) -> None:
        raise VpnError("no credentials")

    monkeypatch.setattr(access, "client", none)
    inputs = {"zone": "is1b", "routerId": "1134", "lan": "192.168.2.0/24", "vip": vip}
    shown = AttachedRouter().preview({}, inputs, context("AttachedRouter"))
    assert shown["address"] == (vip or UNKNOWN)
    assert shown["realAddresses"] is UNKNOWN
    unknown = AttachedRouter().preview({}, inputs | {"routerId": UNKNOWN}, context())
    assert unknown["address"] == (vip or UNKNOWN)


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("vip", "203.0.113.99", "cloud.attach.vip is 203.0.113.99, the router has "),
        ("lanAddress", "192.168.2.9", "cloud.lan_address is 192.168.2.9, the router has 192.168"),
        ("routerId", "113499999999", "no VPC router 113499999999 in zone is1b"),
    ],
)
def test_a_router_that_is_not_as_the_site_file_says_is_refused(
    made: dict[str, Any], key: str, value: str, named: str
) -> None:
    with pytest.raises(ApiError, match=named):
        AttachedRouter().create(made | {key: value}, context("AttachedRouter"))


def test_an_address_that_moved_comes_by_refresh_or_is_refused(made: dict[str, Any]) -> None:
    kind, ctx = AttachedRouter(), context("AttachedRouter")
    _, state = kind.create(made, ctx)
    assert not kind.diff(made, state, made, ctx).changed
    moved = state | {"address": "203.0.113.99"}  # as a refresh found it
    assert "vip" in kind.diff(made, moved, made, ctx).changed
    free = made | {"vip": None}
    assert not kind.diff(free, moved, free, ctx).changed


def test_another_router_is_another_id_and_nothing_else(made: dict[str, Any]) -> None:
    diff = AttachedRouter().diff(made, {}, made | {"routerId": "1134"}, context())
    assert (list(diff.replace), diff.delete_before_replace) == (["routerId"], False)
    assert not Tunnel().diff(TUNNEL, {}, {**TUNNEL, "routerId": "1134"}, context()).replace


@pytest.mark.parametrize("outcome", ["proved", "kept", "failed"])
def test_a_tunnel_that_moves_to_another_router_leaves_nothing_at_the_old_one(
    monkeypatch: pytest.MonkeyPatch, made: dict[str, Any], outcome: str
) -> None:
    id, asked = made["routerId"], {}

    def establish(ends: Any, wish: Any, before: Any, *_: Any, **__: Any) -> tunnel.Proof:
        asked["before"], asked["router"] = before, ends.router_id
        if outcome == "kept":
            raise tunnel.NotProved("no traffic")
        if outcome == "failed":
            raise ApiError("refused")
        return tunnel.Proof("now", "192.168.2.1", 1.0, 0.0)

    monkeypatch.setattr(tunnel, "establish", establish)
    monkeypatch.setattr(access, "login", lambda *_: None)
    monkeypatch.setattr("components.provider.tunnel.SystemClock", lambda *_: ManualClock())
    client = access.client(made, context())
    ours = {**VALUES, "peer": "198.51.100.20"}
    write_peer(client, id, ours, KEY, ManualClock())
    old = {**TUNNEL, "routerId": id, "address": made["vip"], "psk": KEY} | {
        "verify": {"target": "192.168.2.1", "source": "192.168.1.1", "seconds": 60, "mtu": 1280},
        "numbers": {"tunnel": 2, "policy": 102, "gateway": 2},
    }
    new = {**old, "routerId": "113499999999"}
    expected = {"proved": None, "kept": Incomplete, "failed": ApiError}[outcome]
    with pytest.raises(expected) if expected else nullcontext():
        Tunnel().update("id", old, new, context())
    assert asked["router"] == "113499999999"
    assert not asked["before"].has_peer
    stays = outcome == "failed"
    assert (read_peer(client, id, "198.51.100.20") is not None) == stays
    assert read_peer(client, id, "192.0.2.77") is not None


TUNNEL = {
    "zone": "is1b",
    "lines": "tunnel select 2\n",
    "cloud": {**VALUES, "peer": "198.51.100.20"},
    "router": {"model": "RTX1220"},
    "verify": {"target": "192.168.2.1"},
}


def test_a_change_names_the_peers_that_it_may_interrupt(made: dict[str, Any]) -> None:
    old = {**TUNNEL, "routerId": made["routerId"], "otherPeers": []}
    ctx = context()
    Tunnel().preview(old, {**old, "lines": "tunnel select 2\n tunnel enable 2\n"}, ctx)
    assert "other peers for a moment: 192.0.2.77" in ctx.said[0]
    assert len(ctx.said) == 1


@pytest.mark.parametrize(
    ("consent", "outcome"),
    [("change", "fail at their next key exchange"), ("keep", "`up` refuses that")],
)
def test_a_change_of_what_all_share_says_what_must_follow(
    made: dict[str, Any], consent: str, outcome: str
) -> None:
    old = {**TUNNEL, "routerId": made["routerId"], "consent": {"sharedParameters": consent}}
    new = {**old, "cloud": {**old["cloud"], "hash": "sha1"}}
    ctx = context()
    Tunnel().preview(old, new, ctx)
    assert "changes for all peers of the VPC router: hash sha256 to sha1" in ctx.said[1]
    assert "192.0.2.77" in ctx.said[1]
    assert outcome in ctx.said[1]


def test_other_parameters_are_refused_in_the_preview_already(made: dict[str, Any]) -> None:
    other = made | {"cloud": {**made["cloud"], "dhGroup": "modp1024"}}
    refused = "dhGroup is modp2048, wanted modp1024"
    with pytest.raises(SharedParameters, match=refused):
        AttachedRouter().preview({}, other, context("AttachedRouter"))
    with pytest.raises(SharedParameters, match=refused):
        AttachedRouter().create(other, context("AttachedRouter"))
    AttachedRouter().create(other | {"sharedParameters": "change"}, context("AttachedRouter"))


def test_without_the_api_a_preview_tells_what_was_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise VpnError("no credentials")

    monkeypatch.setattr(access, "client", none)
    old = {**TUNNEL, "routerId": "1134", "otherPeers": ["192.0.2.5"]}
    ctx = context()
    Tunnel().preview(old, old, ctx)
    assert "192.0.2.5" in ctx.said[0]


def test_consent_alone_changes_nothing_that_stands() -> None:
    old = {**TUNNEL, "consent": {"sharedParameters": "keep"}}
    new = {**TUNNEL, "consent": {"sharedParameters": "change"}}
    assert not Tunnel().diff(old, {}, new, context()).changed
