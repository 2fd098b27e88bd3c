"""Both ends with a gateway in front of the RTX: the rehearsed one hands on what a site file states,
and where it does not, the error names it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from front_world import INNER, OUTER, behind_nat, site
from tunnel_world import KEY, World, made

from components.errors import VerifyError
from components.rehearsal.front import ESP, UDP_500, Front

IN_FRONT: Final = "the gateway in front of the RTX, which has 203.0.113.9, hands"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The demo's office with its line behind a gateway."""
    world = made(tmp_path, monkeypatch)
    yield behind_nat(world)
    world.close()


def test_what_a_site_file_states_carries_the_tunnel(world: World) -> None:
    before = world.router.running().lines()
    wanted = world.wish(site(), KEY)
    world.establish(wanted)
    assert world.passes()
    (peer,) = world.sakura.vpn_peers()
    assert (str(peer.peer), peer.remote_id) == (OUTER, INNER)
    world.remove(wanted)
    assert world.router.running().lines() == before


NO_SA: Final = (
    "no SA comes to be, .* stopped on the way, by the gateway in front of the RTX",
    "udp 500 and IP protocol 50 (ESP)",
)
NO_ESP: Final = (
    "SAs stand and carry nothing: the gateway in front of the RTX may hand udp 500 on and not ESP",
    "IP protocol 50 (ESP)",
)


@pytest.mark.parametrize(
    ("hands_on", "on_failure", "expected"),
    [
        ({ESP}, "back", NO_SA),
        (set(), "keep", NO_SA),
        ({UDP_500}, "keep", NO_ESP),
        ({UDP_500}, "back", NO_ESP),
    ],
)
def test_what_is_not_handed_on_is_the_cause(
    world: World, hands_on: set[str], on_failure: str, expected: tuple[str, str]
) -> None:
    world.link.front = Front(hands_on=frozenset(hands_on))
    with pytest.raises(VerifyError) as failed:
        world.establish(world.wish(site(), KEY), on_failure=on_failure)
    cause, what = expected
    said = str(failed.value)
    assert re.search(cause, said, re.DOTALL), said
    assert f"{IN_FRONT} {what} on to lan2 {INNER}" in said
    # What the VPC router calls is right, and the RTX's own address would be wrong there.
    assert "Peer" not in said
    assert "peer-address-mismatch" not in said


def test_a_gateway_with_another_address_is_not_called(world: World) -> None:
    other = {"address": "203.0.113.10", "hands_on": [ESP, UDP_500]}
    world.link.front = Front.of(other)
    with pytest.raises(VerifyError, match="no SA comes to be"):
        world.establish(world.wish(site(), KEY))
    assert f"the VPC router calls {OUTER}" in world.link.reason()
