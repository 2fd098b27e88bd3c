"""`reconnect` and `prove-recovery` beside a change that somebody else is making."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tunnel_world import World, demo, made

from components import recovery
from components.commands.proving import tunnel_of
from components.errors import DeviceError
from components.office.session import Session

TUNNEL = tunnel_of(demo())
GUARD = "schedule at 65500 12/31 10:10:10 * load config 0 silent no-key-generate"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = made(tmp_path, monkeypatch)
    world.establish(world.first)
    yield world
    world.close()


def prove(world: World, session: Session) -> object:
    return recovery.prove(session, TUNNEL, clock=world.clock, progress=world.say)


def reconnect(world: World, session: Session) -> object:
    return recovery.reconnect(
        session, TUNNEL, world.client, world.made.id, clock=world.clock, progress=world.say
    )


@pytest.mark.parametrize("act", [prove, reconnect])
def test_no_sa_is_deleted_while_a_change_waits_for_traffic(
    world: World, act: Callable[[World, Session], object]
) -> None:
    """Its proof are new SAs of ours, and it would take those that we make for its own."""
    world.type(GUARD)
    before = {sa.spi for sa in world.link.sas()}
    assert before
    with (
        Session.open(world.login, clock=world.clock) as session,
        pytest.raises(DeviceError) as caught,
    ):
        act(world, session)
    assert GUARD in caught.value.said
    assert "nothing was changed" in caught.value.state
    assert {sa.spi for sa in world.link.sas()} == before
    world.type("no schedule at 65500")
    with Session.open(world.login, clock=world.clock) as session:
        act(world, session)
