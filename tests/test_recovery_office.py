"""Bringing traffic back without the API: it is away, or the VPC router belongs to somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tunnel_world import KEY, OTHER_KEY, World, demo, made

from components.cloud import lifecycle
from components.cloud.api import Client
from components.commands.proving import tunnel_of
from components.errors import ApiError, Cancelled, Problem, SpecError
from components.office.session import Session
from components.recovery import Cloud, Reconnection, bring_back
from components.recovery.reconnection import API_SECONDS, OFFICE_ALONE

PUBLISHED = ("no ipsec auto refresh 2", "ipsec ike backward-compatibility 2 1", "save")
CURE = ("ipsec auto refresh 2 off", "ipsec ike backward-compatibility 2 2", "save")
PANEL = "VPN再接続"
TUNNEL = tunnel_of(demo())
OTHER = "203.0.113.200"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = made(tmp_path, monkeypatch)
    world.establish(world.first)
    yield world
    assert KEY not in "".join(world.messages)
    world.close()


def act(world: World, cloud: Cloud | None, **options: Any) -> Reconnection:
    with Session.open(world.login, clock=world.clock) as session:
        return bring_back(session, TUNNEL, cloud, clock=world.clock, progress=world.say, **options)


def there(world: World) -> Cloud:
    return Cloud(lambda: world.client, lambda _: world.made.id)


def stall(world: World, *, cured: bool) -> None:
    """Online and dead; `cured`: with settings under which a deletion brings traffic back."""
    world.type(*PUBLISHED, "ipsec refresh sa")
    world.clock.advance(120)
    assert not world.passes()
    if cured:
        world.type("tunnel select 2", *CURE)


def _refused() -> Client:
    raise AssertionError("the API was asked for")


NOBODY = Cloud(_refused, lambda _: "")


# --- the API is not needed


def test_without_traffic_the_api_is_not_asked_before_the_office_end_has_tried(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The target did not answer while it was pinged: a deletion is enough at once."""
    real, lost = world.link.ping, [None, None, None]
    monkeypatch.setattr(world.link, "ping", lambda *way: lost.pop() if lost else real(*way))
    before = world.spis()
    found = act(world, NOBODY)
    assert (found.by, found.before.passed, found.router_id) == ("office", False, "")
    assert found.seconds <= OFFICE_ALONE
    assert not world.spis() & before


def _raise(error: Exception) -> Cloud:
    def client() -> Client:
        raise error

    return Cloud(client, lambda _: "")


def _faulty(world: World, fault: str) -> Cloud:
    world.sakura.faults.add("GET", "appliance/*", fault, 10_000)
    return there(world)


def _searching(world: World) -> Cloud:
    """Patient by itself for half an hour: not while the tunnel is dead and nobody looks."""
    world.sakura.faults.add("GET", "appliance", "service_unavailable", 10_000)
    return Cloud(lambda: world.client, lambda client: str(client.find("appliance", {})[0]["ID"]))


AWAY: dict[str, Callable[[World], Cloud]] = {
    "no credentials": lambda _: _raise(SpecError([Problem("token", "nothing", "a token")])),
    "no answer": lambda _: _raise(ApiError("the API does not answer")),
    "refused": lambda world: _faulty(world, "forbidden"),
    "in trouble": lambda world: _faulty(world, "service_unavailable"),
    "in trouble when it looks for the router": _searching,
}


@pytest.mark.parametrize("away", AWAY)
def test_with_the_api_away_the_office_end_brings_it_back(world: World, away: str) -> None:
    stall(world, cured=True)
    found = act(world, AWAY[away](world))
    assert (found.by, found.restarted, found.refused) == ("office", False, False)
    assert found.seconds <= TUNNEL.patience + API_SECONDS
    assert world.passes()
    assert any("the VPC router cannot be told" in said for said in world.messages)


@pytest.mark.parametrize("away", AWAY)
def test_only_where_that_was_not_enough_the_api_is_to_blame(world: World, away: str) -> None:
    stall(world, cured=False)
    before = world.spis()
    with pytest.raises((ApiError, SpecError)) as raised:
        act(world, AWAY[away](world))
    assert "the office end's means did not bring traffic back" in raised.value.state
    assert "stall-after-sa-loss" in raised.value.state
    assert PANEL in raised.value.remedy
    assert not world.spis() & before  # it was tried
    assert world.client.deadline is None  # as its owner had it


@pytest.mark.parametrize("away", AWAY)
def test_what_works_is_not_touched_with_the_api_away(world: World, away: str) -> None:
    before = world.spis()
    with pytest.raises((ApiError, SpecError)) as raised:
        act(world, AWAY[away](world))
    assert raised.value.state.endswith("traffic passes; nothing was changed at either end")
    assert world.spis() == before


def test_a_vpc_router_that_is_off_has_nothing_to_press(world: World) -> None:
    world.client.delete(f"appliance/{world.made.id}/power", {"Force": True})
    world.clock.advance(120)
    with pytest.raises(ApiError, match="is not running") as raised:
        act(world, there(world))
    assert "our SAs were deleted at the office" in raised.value.state
    assert PANEL not in raised.value.remedy


def test_who_stops_it_while_the_api_is_asked_stops_it(world: World) -> None:
    stall(world, cured=True)
    with pytest.raises(Cancelled):
        act(world, _raise(Cancelled("stopped on request")))


# --- the VPC router of somebody else


def test_there_the_office_end_alone_brings_it_back(world: World) -> None:
    stall(world, cured=True)
    found = act(world, None)
    assert (found.by, found.theirs, found.untouched) == ("office", True, False)
    assert OFFICE_ALONE < found.seconds <= TUNNEL.patience


def test_there_what_the_office_end_cannot_do_is_left_to_the_owner(world: World) -> None:
    stall(world, cured=False)
    found = act(world, None)
    assert (found.by, found.proof, found.refused, found.theirs) == ("", None, False, True)
    assert found.seconds >= TUNNEL.patience
    assert found.findings[0].code == "stall-after-sa-loss"


@pytest.mark.parametrize("options", [{}, {"all_peers": True}])
def test_there_what_works_is_not_risked(world: World, options: dict[str, bool]) -> None:
    before = world.spis()
    found = act(world, None, **options)
    assert (found.untouched, found.by, found.seconds) == (True, "", 0.0)
    assert world.spis() == before


def test_what_is_to_be_spared_is_not_even_asked_about(world: World) -> None:
    before = world.spis()
    found = act(world, NOBODY, spare=True)
    assert (found.untouched, found.refused, found.theirs) == (True, False, False)
    assert world.spis() == before


# --- other peers, once the API is asked after the office end's means


def test_other_peers_are_found_out_before_the_restart(world: World) -> None:
    values = {**world.first.cloud, "peer": OTHER, "remoteId": OTHER, "routes": ["10.9.0.0/24"]}
    lifecycle.write_peer(world.client, world.made.id, values, OTHER_KEY, world.clock)
    stall(world, cured=False)
    found = act(world, there(world))
    assert (found.refused, found.others, found.router_id) == (True, (OTHER,), world.made.id)
    assert not any("restartvpn" in said for said in world.messages)
    assert act(world, there(world), all_peers=True).by == "cloud"
