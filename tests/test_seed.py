"""The seed's story on the model of the link, told by what a user calls: `prove-recovery` and `up`.

Published as they were, the settings carry traffic, and after a loss of the SAs at the office they
read Online and carry nothing.  That stall is modelled from the article's observation; what real
daemons show of it is in `tests/ike/test_ike_seed.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tunnel_world import World, demo, made

from components import recovery, tunnel
from components.commands.proving import tunnel_of
from components.office.session import Session

CURE = ("ipsec auto refresh 2 off", "ipsec ike backward-compatibility 2 2")
PUBLISHED = ("ipsec auto refresh 2 on", "ipsec ike backward-compatibility 2 1")
TUNNEL = tunnel_of(demo())


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = made(tmp_path, monkeypatch)
    yield world
    world.close()


def published(world: World) -> tunnel.Wish:
    lines = world.first.lines
    for ours, theirs in zip(CURE, PUBLISHED, strict=True):
        assert ours in lines
        lines = lines.replace(ours, theirs)
    return replace(world.first, lines=lines)


def prove(world: World) -> recovery.Recovery:
    with Session.open(world.login, clock=world.clock) as session:
        return recovery.prove(session, TUNNEL, clock=world.clock, progress=world.say)


def test_as_published_it_does_not_come_back_and_after_up_with_our_defaults_it_does(
    world: World,
) -> None:
    as_published = published(world)
    world.establish(as_published)
    lost = prove(world)
    assert lost.before.passed
    assert lost.proof is None
    assert lost.seconds >= TUNNEL.patience
    (stall, *_) = lost.findings
    assert stall.code == "stall-after-sa-loss"
    assert all(line in stall.remedy for line in CURE)
    assert "接続されています" in world.type("show status tunnel 2")  # up, and dead

    # The lines alone would not wake it: `up` proves traffic over new SAs, and so brings it back.
    proof = world.establish(world.first, as_published)
    assert proof.round_trip_ms > 0

    back = prove(world)
    assert back.proof
    assert back.findings == ()
    assert back.seconds <= TUNNEL.expected == 45
    sys.stdout.write(f"with the defaults: back {back.seconds} s after the loss (DPD 30 s)\n")


@pytest.mark.parametrize("loss", ["ipsec refresh sa", "restart"])
def test_a_loss_that_nobody_is_told_of_takes_the_dpd_time(world: World, loss: str) -> None:
    world.establish(world.first)
    if loss == "restart":
        world.router.reboot()
        world.clock.advance(world.router.boot_seconds)
        world.router.tick()
    else:
        world.type(loss)
    assert not world.passes()
    start = world.clock.now()
    while not world.passes():
        world.clock.advance(1)
        assert world.clock.now() - start <= TUNNEL.expected
    seconds = world.clock.now() - start
    sys.stdout.write(f"after `{loss}`: back {seconds:.0f} s after the loss (DPD 30 s)\n")
