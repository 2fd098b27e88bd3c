"""`watch` between real daemons: SAs are lost at one end only, and traffic is brought back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tunnel_world import KEY

from components.clock import SystemClock
from components.commands import access
from components.commands.proving import tunnel_of
from components.recovery import passing, reconnection
from components.rehearsal import instance
from components.watching import Decision, Limits, Watcher
from components.watching.eye import SiteEye
from ike.test_ike_rehearsal import SITE, Bench

DPD = 30  # the VPC router's: what it needs to see a loss that nobody tells it of


def test_what_one_end_has_lost_is_brought_back_before_dead_peer_detection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAKURA_RTX_REHEARSAL", str(tmp_path))
    monkeypatch.setattr(reconnection, "OFFICE_ALONE", 2.0)
    monkeypatch.setattr(passing, "PINGS", 1)  # each that is lost takes 2 s
    bench = Bench(tmp_path)
    said: list[Decision] = []
    try:
        bench.make()
        assert bench.wait_for_ping(10)
        clock = SystemClock()
        eye = SiteEye(
            tunnel=tunnel_of(SITE),
            login=lambda: access.office_login(SITE),
            client=lambda: bench.client,
            router_id=lambda _: bench.router_id,
            holders=list,
            clock=clock,
            progress=lambda _: None,
        )
        watcher = Watcher(
            "demo",
            eye,
            Limits(interval=1, soon=0.5, patience=0, first=1),
            clock=clock,
            wall=time.time,
            chance=lambda: 0.5,
            say=said.append,
        )
        watcher.turn()
        assert watcher.course.phase == "passed"

        bench.type("ipsec refresh sa")  # nobody is told (command reference 15.48.3)
        begin = time.monotonic()
        while time.monotonic() - begin < DPD:
            clock.wait(watcher.turn())
            if watcher.record.reconnects["restored"]:
                break
        assert time.monotonic() - begin < DPD, [decision.line() for decision in said]
        assert bench.ping()
    finally:
        instance.stop(tmp_path)
    events = [decision.event for decision in said]
    assert (events[0], events[-2:]) == ("passes", ["reconnect", "tried"])
    assert "restartvpn" in said[-1].text
    assert KEY not in "".join(decision.line() for decision in said)
