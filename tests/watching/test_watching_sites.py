"""A watched site, both stand-ins in process on one clock: the seed's stall, and who comes first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tunnel_world import KEY, OTHER_KEY, World, demo, made

from components.cloud import lifecycle
from components.commands.proving import tunnel_of
from components.watching import Decision, Limits, Watcher
from components.watching.course import Tried
from components.watching.eye import SiteEye

# The office end as it was first published: it starts the exchange, in release 1.
PUBLISHED = ("no ipsec auto refresh 2", "ipsec ike backward-compatibility 2 1", "save")
OTHER = "203.0.113.200"
GUARD = "schedule at 65500 12/31 10:10:10 * load config 0 silent no-key-generate"
SECRETS = (KEY, "login-pw", "admin-pw")


class Watched:
    """A world whose tunnel carries traffic, and somebody who watches it."""

    def __init__(self, world: World) -> None:
        self.world, self.said, self.holders = world, list[Decision](), list[str]()
        self.tunnel = tunnel_of(demo())
        self.watcher = self.watch()

    def watch(self, *, all_peers: bool = False, api: bool = True) -> Watcher:
        world = self.world
        eye = SiteEye(
            tunnel=self.tunnel,
            login=lambda: world.login,
            client=(lambda: world.client) if api else None,
            router_id=lambda _: world.made.id,
            holders=lambda: self.holders,
            clock=world.clock,
            progress=world.say,
            all_peers=all_peers,
        )
        return Watcher(
            "osaka",
            eye,
            Limits(patience=float(self.tunnel.patience)),
            clock=world.clock,
            wall=lambda: 1_800_000_000.0 + world.clock.now(),
            chance=lambda: 0.5,
            say=self.said.append,
        )

    def turns(self, seconds: float) -> list[str]:
        """Watch for so long; what was said."""
        end, before = self.world.clock.now() + seconds, len(self.said)
        while self.world.clock.now() < end:
            self.world.clock.advance(self.watcher.turn())
        return [decision.event for decision in self.said[before:]]

    def stall(self) -> None:
        self.world.type(*PUBLISHED, "ipsec refresh sa")
        self.world.clock.advance(120)
        assert not self.world.passes()


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    world = made(tmp_path, monkeypatch)
    world.establish(world.first)
    watched = Watched(world)
    yield watched
    said = "".join([*world.messages, *(decision.line() for decision in watched.said)])
    assert not [secret for secret in SECRETS if secret in said]
    assert not world.router.sessions, "a session was left open"
    world.close()


def test_the_seeds_stall_is_brought_back(watched: Watched) -> None:
    """`auto refresh on`, saved, and a restart: Online, dead, and nobody at the control panel."""
    assert watched.turns(120) == ["passes"]
    watched.world.type("ipsec auto refresh 2 on", "save", "restart")
    events = watched.turns(600)
    assert watched.world.passes()
    assert "reconnect" in events
    (tried,) = [each for each in watched.said if each.event == "tried"]
    assert tried.data["result"] == "restored"
    assert "restartvpn" in tried.text
    course = watched.watcher.course
    assert 60 <= course.outage_s + course.unknown_s <= 300


def test_a_tunnel_that_comes_back_by_itself_is_not_touched(watched: Watched) -> None:
    watched.turns(60)
    watched.world.type("restart")
    events = watched.turns(300)
    assert watched.world.passes()
    assert "reconnect" not in events


def test_other_peers_are_interrupted_with_consent_only(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, restarted = watched.world, list[str]()
    restart = world.link.restart_vpn

    def restart_vpn(router_id: str) -> None:
        restarted.append(router_id)
        restart(router_id)

    monkeypatch.setattr(world.link, "restart_vpn", restart_vpn)
    values = {**world.first.cloud, "peer": OTHER, "remoteId": OTHER, "routes": ["10.9.0.0/24"]}
    lifecycle.write_peer(world.client, world.made.id, values, "other_key", world.clock)
    world.clock.advance(60)
    watched.stall()
    watched.turns(600)
    assert {each.data["result"] for each in watched.said if each.event == "tried"} == {"refused"}
    assert OTHER in watched.said[-1].text or OTHER in watched.said[-2].text
    assert not restarted
    watched.watcher = watched.watch(all_peers=True)
    watched.turns(300)
    assert restarted == [world.made.id]
    assert world.passes()


@pytest.mark.parametrize("api", [True, False])
def test_what_passes_again_meanwhile_does_not_lose_its_sas(watched: Watched, api: bool) -> None:
    spis = watched.world.spis()
    with watched.watch(api=api)._eye.look() as look:
        assert look.reconnect() == Tried("restored", "it passes again by itself")
    assert watched.world.spis() == spis


def test_a_guarded_router_is_left_alone_until_its_guard_is_gone(watched: Watched) -> None:
    watched.stall()
    watched.world.type(GUARD)
    assert watched.turns(1800) == ["held"]
    assert "schedule at 65500" in watched.said[-1].text
    assert not watched.world.passes()
    watched.world.type("no schedule at 65500")
    watched.turns(300)
    assert watched.world.passes()


def test_a_locked_stack_is_left_alone_and_its_router_gets_no_login(watched: Watched) -> None:
    watched.stall()
    logins = watched.world.logins
    watched.holders.append("the stack is locked by ops on pc, process 4711, since now")
    assert watched.turns(1800) == ["held"]
    assert watched.world.logins == logins
    watched.holders.clear()
    watched.turns(300)
    assert watched.world.passes()


def test_no_look_is_taken_in_the_middle_of_a_change(watched: Watched) -> None:
    """A change that is made from another machine, where no lock is seen: its guard is."""
    world, seen = watched.world, list[str]()
    watched.turns(60)

    def look(said: str) -> None:
        if "writing the peer" in said:
            watched.watcher.turn()
            seen.append(watched.watcher.course.phase)

    world.on_message = look
    world.establish(world.wish(demo(), OTHER_KEY), world.first)
    assert seen == ["held"]


@pytest.mark.parametrize("by", ["guard", "lock"])
def test_a_reconnect_yields_to_a_change_that_begins(watched: Watched, by: str) -> None:
    """It waits for what the office's own means bring; meanwhile somebody else begins."""
    watched.stall()
    begun: list[str] = []

    def begin(said: str) -> None:
        if "deleting" in said and not begun:
            begun.append(said)
            if by == "guard":
                watched.world.type(GUARD)
            else:
                watched.holders.append("the stack is locked by ops on pc")

    watched.world.on_message = begin
    events = watched.turns(300)
    assert begun
    assert events[-2:] == ["reconnect", "held"]
    assert not any("restartvpn" in said for said in watched.world.messages)
    assert not watched.world.passes()
    watched.holders.clear()
    watched.world.type("no schedule at 65500")
    watched.turns(300)
    assert watched.world.passes()


def test_an_api_that_is_away_is_tried_again(watched: Watched) -> None:
    watched.stall()
    watched.world.sakura.faults.add("GET", "appliance/*", "forbidden", 1)
    watched.turns(600)
    results = [each.data["result"] for each in watched.said if each.event == "tried"]
    assert results == ["error", "restored"]
    assert watched.world.passes()


def test_a_tunnel_that_somebody_disabled_is_not_reconnected_again_and_again(
    watched: Watched,
) -> None:
    watched.world.type("tunnel select 2", "tunnel disable 2")
    watched.turns(900)
    (tried,) = [each for each in watched.said if each.event == "tried"]
    assert tried.data["result"] == "failed"
    assert "tunnel-not-enabled" in tried.text


def test_a_vpc_router_of_somebody_else_is_not_asked(watched: Watched) -> None:
    """What stalled under the published settings comes back with the cure and a deletion."""
    watched.stall()
    watched.watcher = watched.watch(api=False)
    calls = len(watched.world.sakura.calls)
    watched.turns(240)
    assert "the VPC router is not ours to restart" in watched.said[-1].text
    watched.world.type("ipsec auto refresh 2 off", "ipsec ike backward-compatibility 2 2", "save")
    watched.turns(600)
    assert watched.world.passes()
    assert watched.watcher.record.reconnects["restored"] == 1
    assert len(watched.world.sakura.calls) == calls


def test_a_look_is_one_login(watched: Watched) -> None:
    watched.stall()
    logins = watched.world.logins
    for turn in range(1, 20):
        watched.world.clock.advance(watched.watcher.turn())
        assert watched.world.logins == logins + turn
        if watched.world.passes():
            break
    assert watched.world.passes()
