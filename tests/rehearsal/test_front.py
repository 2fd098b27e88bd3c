"""The gateway in front of an RTX that has only addresses inside."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
from link_bench import GATEWAY, PEER, World

from components.clock import ManualClock
from components.rehearsal.front import ESP, LARGE, UDP_500, Front
from components.rehearsal.rtx import Router

INNER, OUTER = IPv4Address("192.168.100.2"), PEER.peer
HIDDEN = replace(GATEWAY, wan_address=INNER, local_address=INNER, inside=True)
CALLED = replace(PEER, remote_id=str(INNER))


def world(peer: Any = CALLED, **gateway: Any) -> World:
    return World(peer, replace(HIDDEN, **gateway)).after(5)


def behind(front: Front) -> World:
    """The same with this gateway from the beginning."""
    here = World(CALLED, HIDDEN)
    put(here, front)
    return here.after(60)


def put(here: World, front: Front) -> None:
    here.link.front = front
    here.link.settle()


def test_it_has_the_address_that_is_called_and_hands_all_on() -> None:
    assert world().passes()
    assert world().reason() == f"{OUTER} - {PEER.address}: traffic passes"


def test_an_rtx_with_an_address_outside_has_nothing_in_front() -> None:
    assert not world(inside=False).passes()
    assert not world(wan_address=None).passes()


def test_who_is_called_is_known_by_identity_or_prefix() -> None:
    other = replace(
        PEER,
        peer=IPv4Address("203.0.113.77"),
        remote_id="10.9.9.9",
        office_prefixes=(IPv4Network("10.9.0.0/16"),),
    )
    (seen,) = Front().seen([HIDDEN], [other, CALLED])
    assert seen.wan_address == OUTER
    # With another identity it is still this office that is called, and told from the prefix.
    assert "another identity" in world(replace(CALLED, remote_id="10.9.9.9")).reason()
    # Of a router that calls other offices only, none of their addresses is this one's.
    (seen,) = Front().seen([HIDDEN], [other])
    assert seen.wan_address == INNER
    assert not world(other).passes()


@pytest.mark.parametrize(
    ("hands_on", "stands", "why"),
    [
        ({ESP}, False, "does not hand udp 500 on"),
        (set(), False, "does not hand udp 500 on"),
        ({UDP_500}, True, "does not hand ESP on"),
    ],
)
def test_what_is_not_handed_on_does_not_arrive(hands_on: set[str], stands: bool, why: str) -> None:
    here = behind(Front(hands_on=frozenset(hands_on)))
    assert not here.passes()
    assert here.link.tunnel_online(2) is here.peer_up() is stands
    assert why in here.reason()
    put(here, Front())
    assert here.after(120).passes()


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize(
    ("drops", "stands", "why"), [(UDP_500, False, "udp 500"), (ESP, True, "dropped before: SAs")]
)
def test_what_is_dropped_on_the_way_reaches_no_rtx(
    inside: bool, drops: str, stands: bool, why: str
) -> None:
    here = World(CALLED, HIDDEN) if inside else World(PEER, GATEWAY)
    put(here, Front(drops=frozenset({drops})))
    here = here.after(60)
    assert not here.passes()
    assert here.link.tunnel_online(2) is here.peer_up() is stands
    assert why in here.reason()
    put(here, Front())
    assert here.after(120).passes()


def test_large_packets_alone_may_be_dropped() -> None:
    here = World(PEER, GATEWAY).after(5)
    put(here, Front(drops=frozenset({LARGE})))
    source, target = IPv4Address("192.168.1.1"), IPv4Address("192.168.2.1")
    assert here.link.ping(source, target, 64) is not None
    assert here.link.ping(source, target, 1172) is not None
    assert here.link.ping(source, target, 1173) is None


def test_an_address_that_it_is_told_is_no_other() -> None:
    here = behind(Front(address=IPv4Address("198.51.100.21")))
    assert not here.passes()
    put(here, Front(address=OUTER))
    assert here.after(120).passes()


def test_what_it_is_told_is_kept_as_it_is() -> None:
    dropping = Front(drops=frozenset({LARGE}))
    for front in (Front(), Front(OUTER, frozenset({ESP})), Front(hands_on=frozenset()), dropping):
        assert Front.of(front.told()) == front
    with pytest.raises(ValueError, match="tcp443; allowed: udp500, esp"):
        Front.of({"hands_on": ["tcp443"]})
    with pytest.raises(ValueError, match="outside"):
        Front.of({"address": "outside", "hands_on": []})


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("192.168.100.2/24", True),
        ("10.0.0.2/30", True),
        ("198.18.0.9/24", True),
        ("198.51.100.20/24", False),
        ("100.64.0.9/24", False),  # behind a provider's NAT, from where nobody hands anything on
    ],
)
def test_an_rtx_is_inside_if_no_address_of_it_can_be_called(
    tmp_path: Path, address: str, inside: bool
) -> None:
    router = Router(
        tmp_path,
        clock=ManualClock(),
        initial="ip lan1 address 192.168.1.1/24\n"
        f"ip lan2 address {address}\n"
        "ipsec ike remote address 2 192.0.2.1\n",
    )
    (gateway,) = router.gateways()
    assert gateway.inside is inside
