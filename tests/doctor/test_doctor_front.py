"""An RTX behind a gateway: what the site file states is known, and what is left to the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from front_world import INNER, OUTER, behind_nat, site
from tunnel_world import KEY, World, made

from components.rehearsal.front import UDP_500, Front

from .doctor_world import lose_sas, seen_of, settle

IN_FRONT: Final = f"see that the gateway in front of the RTX, which has {OUTER}, hands"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = behind_nat(made(tmp_path, monkeypatch))
    world.establish(world.wish(site(), KEY))
    settle(world)
    yield world
    world.close()


def test_what_the_site_file_states_is_no_complaint(world: World) -> None:
    report = seen_of(world, site())
    assert (report.broken, report.code) == ([], 0)
    assert "(accepted: office.wan.forwards)" in report.text
    assert "remedy" not in report["nat"].cause
    assert not [line for line in report["nat"].evidence if "remedy" in line]


def test_sas_that_carry_nothing_are_the_gateways_first(world: World) -> None:
    world.link.front = Front(hands_on=frozenset({UDP_500}))
    report = seen_of(world, site())
    assert report.broken == ["traffic"]
    assert "may hand udp 500 on and not ESP" in report["traffic"].cause
    cure = f"{IN_FRONT} IP protocol 50 (ESP) on to lan2 {INNER}; "
    assert report["traffic"].cure.startswith(cure)


def test_no_sas_are_the_gateways_after_the_two_ends(world: World) -> None:
    world.link.front = Front(hands_on=frozenset())
    lose_sas(world)
    report = seen_of(world, site())
    assert report.broken == ["SAs", "traffic"]
    assert f"if nothing is, {IN_FRONT} udp 500 on to lan2 {INNER}" in report["SAs"].cure
    assert "Peer" not in report.text
