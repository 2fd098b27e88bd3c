"""The guarded session stays awake while the API is waited for."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tunnel_world import World, world

from components import tunnel
from components.clock import ManualClock
from components.cloud import lifecycle
from components.errors import Cancelled, Unreachable
from components.office.session import Session
from components.tunnel.breathing import Breathing

__all__ = ["world"]


def test_only_the_thread_that_has_the_session_breathes() -> None:
    clock, breaths = ManualClock(), list[float]()
    breathing = Breathing(clock, lambda: breaths.append(clock.now()))
    breathing.wait(3)
    other = threading.Thread(target=breathing.wait, args=(4,))
    other.start()
    other.join()
    assert (breaths, breathing.now()) == ([3], 7)


def test_a_session_that_is_gone_is_no_trouble_of_the_api_and_a_stop_is_a_stop() -> None:
    def gone() -> None:
        raise Unreachable("gone")

    Breathing(ManualClock(), gone).wait(1)

    class Stopped(ManualClock):
        def wait(self, seconds: float) -> None:
            raise Cancelled("stopped on request")

    with pytest.raises(Cancelled):
        Breathing(Stopped(), gone).wait(1)


@pytest.mark.parametrize("call", ["write_peer", "remove_peer"])
def test_a_change_breathes_while_the_api_takes_its_time(
    world: World, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    if call == "remove_peer":
        world.establish(world.first)
    real, breaths = getattr(lifecycle, call), list[float]()
    awake = Session.keep_alive

    def slow(client: Any, *args: Any, **more: Any) -> Any:
        for _ in range(4):
            client._clock.wait(35)
        return real(client, *args, **more)

    def keep_alive(session: Session) -> None:
        breaths.append(world.clock.now())
        awake(session)

    monkeypatch.setattr(lifecycle, call, slow)
    monkeypatch.setattr(Session, "keep_alive", keep_alive)
    started = world.clock.now()
    ends = world.ends(world.first)
    if call == "write_peer":
        asked = tunnel.Verification(
            target=world.verification.target, source=world.verification.source, seconds=120
        )
        tunnel.establish(ends, world.first, None, asked, clock=world.user, progress=world.say)
    else:
        tunnel.remove(ends, world.first, clock=world.user, progress=world.say)
    assert len([at for at in breaths if at - started < 150]) >= 4
