"""The model of the link does what the table of disagreements says: each row, in each role.

The lines are typed at the stand-in of the RTX and read by its own tables; nothing of what judges
the two ends in the product is asked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1]))

from disagreement_ways import EVERY_WAY
from ike.ways import ROLES, Way
from link_bench import PEER, World, up
from rtx_bench import SEED_LINES, administrator, make_router

from components.disagreements import BY_VALUE, DISAGREEMENTS, Effect, Role
from components.rehearsal.ends import CloudPeer
from components.rehearsal.rtx.office import OfficeGateway

NO_SA, LOST, CARRIES = "no SA", "lost later", "carries"
OUTCOMES = {
    Effect.KILLS: NO_SA,
    Effect.LATER: LOST,
    Effect.FOLLOWS: CARRIES,
    Effect.KEEPS: CARRIES,
}
HOUR = 3600
# The model gives both ends the lifetimes of who starts, so no end gives up before the other; what
# the VPC router makes of another proposal than its own is unverified.
_INITIATORS = CARRIES
# Whether strict negotiation compares lifetimes is unverified: the model takes the harsher reading.
_HARSHER = NO_SA
# The row is about dead peer detection; the stall of the seed article, which comes without it after
# a loss at the office, is a finding of its own (`stall-after-sa-loss`).
_STALLS = LOST
OTHERWISE = {
    ("IKE SA lifetime", Role.STARTS): _INITIATORS,
    ("IPsec SA lifetime", Role.STARTS): _INITIATORS,
    ("IKE SA lifetime", Role.STRICT): _HARSHER,
    ("IPsec SA lifetime", Role.STRICT): _HARSHER,
    ("no keepalive", Role.STRICT): _STALLS,
    ("no keepalive", Role.ANSWERS): _STALLS,
    ("keepalive by ping", Role.STRICT): _STALLS,
    ("keepalive by ping", Role.ANSWERS): _STALLS,
}
"""What the model does where it is not what the row says."""


def gateway(folder: Path, *typed: str) -> OfficeGateway:
    """Gateway 2 of an RTX with the seed's lines, towards the peer of the bench, and these."""
    router = make_router(folder)
    seed = [
        line.replace("192.0.2.1", str(PEER.address)).replace("example_key", PEER.key)
        for line in SEED_LINES
    ]
    assert set(administrator(router).lines(*seed, *typed)) == {""}
    (found,) = [each for each in router.gateways() if each.gateway == 2]
    return found


FIELDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "remoteId": lambda text: {"remote_id": text},
    "dhGroup": lambda text: {"dh_group": text},
    "peer": lambda text: {"peer": IPv4Address(text)},
    "routes": lambda texts: {"office_prefixes": tuple(map(IPv4Network, texts))},
}


def peer(way: Way) -> CloudPeer:
    changes: dict[str, Any] = {}
    for name, value in way.cloud.items():
        changes |= FIELDS[name](value)
    return replace(PEER, **changes)


def outcome(world: World, starts: bool, cloud: CloudPeer) -> str:
    """What becomes of the tunnel: whether SAs come, last through renewals, and outlive a loss."""
    world.after(2)  # who starts meets nobody; its next attempt is due at 5 s
    world.clock.advance(2.5)
    world.peers = [cloud]
    world.link.settle()  # the VPC router would start at 5.5 s
    world.after(0.6 if starts else 2)
    if not world.link.tunnel_online(2):
        assert starts or not world.after(600).link.tunnel_online(2)
        return NO_SA
    assert world.passes(), world.reason()
    for _ in range(20):
        world.after(HOUR / 2 + 7)
        if not world.passes():
            return LOST
    # Whoever starts stalls after a loss, whatever the values are.
    if not starts:
        world.lose("rebooted")
        world.after(600)
    return CARRIES if world.passes() else LOST


def cases() -> Iterator[Any]:
    for row in DISAGREEMENTS:
        for way in EVERY_WAY.get(row.value, ()):
            for role in Role:
                name = f"{row.value}, {role.name.lower()}, {' '.join([*way.typed, *way.cloud])}"
                yield pytest.param(row.value, role, way, id=name)


@pytest.mark.parametrize(("value", "role", "way"), list(cases()))
def test_the_model_does_what_the_table_says(
    tmp_path: Path, value: str, role: Role, way: Way
) -> None:
    row = BY_VALUE[value]
    office = gateway(tmp_path, *ROLES[role], *way.typed)
    expected = OTHERWISE.get((value, role), OUTCOMES[row.effect(role)])
    world = World(None, office)
    assert outcome(world, role is Role.STARTS, peer(way)) == expected, world.reason()


@pytest.mark.parametrize("role", Role)
def test_without_a_difference_it_carries(tmp_path: Path, role: Role) -> None:
    """Else a case would fail for another reason than its own."""
    world = World(None, gateway(tmp_path, *ROLES[role]))
    assert outcome(world, role is Role.STARTS, PEER) == CARRIES


def test_what_kills_in_every_role_says_why_and_never_comes_up(tmp_path: Path) -> None:
    killing = [
        row for row in DISAGREEMENTS if {row.effect(role) for role in Role} == {Effect.KILLS}
    ]
    for at, row in enumerate(killing):
        for number, way in enumerate(EVERY_WAY[row.value]):
            folder = tmp_path / f"{at}-{number}"
            world = World(peer(way), gateway(folder, *ROLES[Role.STARTS], *way.typed))
            for _ in range(20):
                world.after(60)
                assert not world.passes(), row.value
            assert "traffic passes" not in world.reason()
            assert "starts the key exchange in" not in world.reason(), row.value


# --- heartbeats, which the VPC router does not answer ---------------------------------------------

HEARTBEAT: dict[str, Any] = {"dpd": None, "heartbeat": (10, 6)}


def test_a_tunnel_without_an_answer_is_taken_for_dead() -> None:
    world = up(**HEARTBEAT)
    assert not world.link.keepalive_ok(2)
    world.after(54)  # of the 60 s since the key exchange, four were over
    assert world.passes()
    world.after(3)
    assert not world.passes()
    for _ in range(20):
        assert not world.after(HOUR / 2).passes()
    world.link.restart_vpn(PEER.router_id)
    assert world.after(5).passes()


def test_heartbeats_count_from_when_they_are_sent() -> None:
    world = up().after(HOUR / 10)
    world.change(**HEARTBEAT).after(50)
    assert world.passes()
    world.change(dpd=(15, 2), heartbeat=None).after(HOUR)
    assert world.passes(), "nobody waits any more"
    world.change(**HEARTBEAT).after(50)
    assert world.passes(), "it counts anew"
    assert not world.after(11).passes()


def test_the_count_begins_anew_with_the_key_exchange() -> None:
    world = up(**HEARTBEAT).after(40)
    world.link.restart_vpn(PEER.router_id)
    world.after(50)
    assert world.passes()
    assert not world.after(15).passes()


def test_every_row_of_the_table_is_tried() -> None:
    assert {row.value for row in DISAGREEMENTS} == set(EVERY_WAY)
    for (value, role), otherwise in OTHERWISE.items():
        assert OUTCOMES[BY_VALUE[value].effect(role)] != otherwise, f"{value}: no exception"
