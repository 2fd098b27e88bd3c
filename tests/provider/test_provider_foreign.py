"""What a destroy or a refresh must not take for its own, or for gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud_stand_in import INTERNET, SWITCH, context, reached, router_inputs
from tunnel_rig import Rig, rig

from components.clock import ManualClock
from components.cloud.api import Client
from components.cloud.settings import remove_peer, write_peer
from components.errors import ApiError
from components.provider import access
from components.provider.network import Internet, Switch
from components.provider.router import VpcRouter
from components.rehearsal.sakura import Sakura

__all__ = ["rig"]

Props = dict[str, Any]
OUR_PEER, THEIR_PEER = "198.51.100.20", "192.0.2.77"
VALUES = {
    "peer": THEIR_PEER,
    "remoteId": THEIR_PEER,
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


@pytest.mark.usefixtures("cloud")
def test_an_imported_router_that_serves_others_is_not_deleted() -> None:
    """An import knows no peer of its own, and with an empty preview no update ever tells it."""
    inputs = router_inputs()
    id, _ = VpcRouter().create(inputs, context("VpcRouter"))
    client = access.client(inputs, context())
    write_peer(client, id, VALUES, "their_key", ManualClock())
    imported = VpcRouter().read(f"is1b/{id}", {}, {}, context("VpcRouter"))
    assert imported is not None
    assert "ownPeer" not in imported[1]
    with pytest.raises(ApiError, match=rf"still serves the peers {THEIR_PEER}"):
        VpcRouter().delete(id, imported[1], context("VpcRouter"))
    assert client.get(f"appliance/{id}")["Appliance"]["Instance"]["Status"] == "up"


def test_the_peer_that_the_program_named_last_reaches_a_delete() -> None:
    """The engine keeps new inputs even where nothing changed; they come beside the state."""
    assert "ownPeer" in VpcRouter().passing


# --- an API key of another account


def everything() -> list[tuple[Any, Any, str, Props, Props]]:
    """Each kind with a call about it, and its id, state and inputs once it is made."""
    found: list[tuple[Any, Any, str, Props, Props]] = []
    inputs = router_inputs()
    for kind, name, given in (
        (Internet(), "Internet", INTERNET),
        (Switch(), "Switch", SWITCH),
        (VpcRouter(), "VpcRouter", inputs),
    ):
        ctx = context(name)
        id, state = kind.create(given, ctx)
        found.append((kind, ctx, id, state, given))
    return found


@pytest.mark.parametrize("what", ["read", "update", "delete"])
def test_nothing_is_gone_or_made_anew_because_the_key_is_of_another_account(
    cloud: Sakura, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    made = everything()
    calls: dict[str, Any] = {
        "read": lambda kind, ctx, id, state, given: kind.read(id, state, given, ctx),
        "update": lambda kind, ctx, id, state, given: kind.update(id, state, given, ctx),
        "delete": lambda kind, ctx, id, state, given: kind.delete(id, state, ctx),
    }
    with reached(tmp_path / "other", monkeypatch) as other:
        other.change_options({"account": 113300000999})
        for kind, ctx, id, state, given in made:
            with pytest.raises(
                ApiError, match=r"113300000999; the .* made in account 113300000001"
            ):
                calls[what](kind, ctx, id, state, given)
        assert {call.method for call in other.calls} == {"GET"}


@pytest.mark.usefixtures("cloud")
def test_a_stack_of_before_learns_its_account_by_a_refresh() -> None:
    for kind, ctx, id, state, given in everything():
        old = {key: value for key, value in state.items() if key != "account"}
        found = kind.read(id, old, given, ctx)
        assert found[1] == state
        assert found[2] == given


@pytest.mark.usefixtures("cloud")
def test_an_api_that_does_not_say_the_account_hinders_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: Client) -> str:
        raise ApiError("HTTP 403")

    monkeypatch.setattr(Client, "account", refuse)
    for kind, ctx, id, state, given in everything():
        assert "account" not in state
        assert kind.read(id, state, given, ctx) == (id, state, given)
        assert kind.update(id, state, given, ctx) == state


@pytest.mark.usefixtures("cloud")
def test_a_stack_of_the_old_name_finds_nothing_of_a_renamed_one() -> None:
    """`pulumi stack rename`, or a component of another name: the tag must follow at the next up."""
    made = everything()
    for kind, ctx, id, state, given in made:
        renamed = context(type(kind).__name__, "new-x")
        assert kind.diff(given, state, given, ctx).changed == []
        assert kind.diff(given, state, given, renamed).changed == ["tag"]
        assert not kind.diff(given, state, given, renamed).replace
        after = kind.update(id, state, given, renamed)
        assert kind.diff(given, after, given, renamed).changed == []
        assert kind.read(id, state, given, renamed)[1] == state  # a refresh hides nothing of it
    old_switch, other = made[1][2], context("Switch")
    assert Switch().create(SWITCH, other)[0] != old_switch


# --- a tunnel, whose end at the office the API key has nothing to do with


@pytest.mark.parametrize("config", [{}, {"abandonOffice": "true"}])
def test_a_tunnel_is_not_half_taken_away_with_another_accounts_key(
    rig: Rig, config: dict[str, str]
) -> None:
    state = rig.create(rig.inputs())
    before, rig.config = rig.world.both(), config
    rig.world.sakura.change_options({"account": 113300000999})
    with pytest.raises(ApiError, match=r"999; the peer .* was made in account 113300000001"):
        rig.delete(state)
    assert rig.world.both() == before


def test_nor_is_its_peer_gone_by_that(rig: Rig) -> None:
    inputs = rig.inputs()
    state = rig.create(inputs)
    assert rig.update(state, rig.inputs(verify={"seconds": 90}))["account"] == state["account"]
    remove_peer(rig.world.client, inputs["routerId"], inputs["cloud"]["peer"], rig.world.clock)
    _, _, live = rig.read(state, inputs)
    assert live["cloud"] == {"peer": inputs["cloud"]["peer"]}
    rig.world.sakura.change_options({"account": 113300000999})
    with pytest.raises(ApiError, match="113300000999"):
        rig.read(state, inputs)
