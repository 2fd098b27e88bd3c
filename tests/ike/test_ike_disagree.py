"""What a disagreement does is what the table says: real daemons negotiate each row in each role."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tunnel_world import World, demo

from components.disagreements import BY_VALUE, DISAGREEMENTS, Effect, Role
from components.rehearsal.ike.lab import Lab
from ike.pair import rendered
from ike.ways import ROLES, WAYS, Way


def cases() -> list[Any]:
    """Every row in every role; where the role makes no difference, in the usual one."""
    found = []
    for value, ways in WAYS.items():
        row = BY_VALUE[value]
        alike = len({row.effect(role) for role in Role}) == 1
        for way in ways:
            for role in (Role.ANSWERS,) if alike else Role:
                name = f"{value}, {role.name.lower()}, {' '.join([*way.typed, *way.cloud])}"
                found.append(pytest.param(value, role, way, id=name))
    return found


@pytest.mark.parametrize(("value", "role", "way"), cases())
def test_the_daemons_do_what_the_table_says(world: World, value: str, role: Role, way: Way) -> None:
    row = BY_VALUE[value]
    with Lab(*rendered(world, *ROLES[role], *way.typed, cloud=dict(way.cloud))) as lab:
        if row.effect(role) is not Effect.KILLS:
            assert lab.wait_for_traffic(10) is not None, lab.cause()
            return
        found, end = None, time.monotonic() + 10
        while (found is None or found.code == "no-answer") and time.monotonic() < end:
            time.sleep(0.05)
            found = lab.cause()
        assert found is not None
        assert found.code == row.cause, lab.office.log()
        assert lab.ping(wait=0.5) is None


def test_every_row_that_daemons_can_show_is_shown() -> None:
    assert {row.value for row in DISAGREEMENTS if row.shown} == set(WAYS)
    effects = [BY_VALUE[case.values[0]].effect(case.values[1]) for case in cases()]
    assert effects.count(Effect.KILLS) >= 12


def test_the_demo_is_what_the_cases_start_from(world: World) -> None:
    """Else a case would fail for another reason than its own."""
    pair = rendered(world, site=demo())
    assert pair.office.ike_proposals[0] == pair.cloud.ike_proposals[0] == "aes128-sha1-modp1024"
