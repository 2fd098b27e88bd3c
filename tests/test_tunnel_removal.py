"""A tunnel is taken away at both ends, or stays at both; no wait is real."""

from __future__ import annotations

import pytest
from tunnel_world import World, world

from components.cloud import lifecycle
from components.cloud.credentials import Credentials
from components.errors import ApiError

__all__ = ["world"]


def test_removed_without_a_trace_and_nothing_foreign_lost(world: World) -> None:
    world.somebody_elses_peer()
    before = world.both()
    world.establish(world.first)
    world.remove(world.first)
    assert world.both() == before
    assert world.look(world.first).nowhere
    assert not world.spis()
    world.remove(world.first)  # nothing to do is no error
    assert world.both() == before


def test_a_tunnel_whose_vpc_router_is_gone_is_removed_at_the_office(world: World) -> None:
    before = world.both()[:2]
    world.establish(world.first)
    lifecycle.delete_router(world.client, world.made.id, world.clock, world.say)
    world.remove(world.first)
    assert (world.router.running().lines(), world.router.saved().lines()) == before


def test_a_wrong_token_shows_before_the_office_end_is_touched(world: World) -> None:
    """Else the tunnel would be interrupted for nothing."""
    world.establish(world.first)
    before, spis, logins = world.both(), world.spis(), world.logins
    wrong = world.client_of(Credentials("token", "wrong", "the test"), world.user)
    with pytest.raises(ApiError, match="401") as caught:
        world.remove(world.first, client=wrong)
    assert caught.value.state == "nothing was changed at either end"
    assert (world.both(), world.spis(), world.logins) == (before, spis, logins)


@pytest.mark.parametrize("path", ["appliance/*", "appliance/*/config"])
def test_a_removal_that_the_api_refuses_leaves_both_ends_as_before(world: World, path: str) -> None:
    clean = world.both()[:2]
    world.establish(world.first)
    before = world.both()
    world.sakura.faults.add("PUT", path, "conflict")
    with pytest.raises(ApiError, match="cloud end as before; office end as before"):
        world.remove(world.first)
    assert world.both() == before
    world.clock.advance(60)  # the VPC router has to notice that the RTX lost its SAs
    assert world.passes()
    world.remove(world.first)
    assert world.both()[:2] == clean
    assert not world.sakura.vpn_peers()


@pytest.mark.parametrize(
    ("path", "cloud"),
    [
        ("appliance/*", "cloud end still has the peer"),
        ("appliance/*/config", "cloud end still has the peer"),
    ],
)
def test_a_removal_that_the_api_goes_on_refusing_says_what_stands(
    world: World, path: str, cloud: str
) -> None:
    clean = world.both()[:2]
    world.establish(world.first)
    before = world.both()[:2]
    world.sakura.faults.add("PUT", path, "conflict", 1000)
    with pytest.raises(ApiError, match="CLOUD END NOT BACK") as refused:
        world.remove(world.first)
    assert "office end as before" in refused.value.state
    assert cloud in refused.value.state
    assert world.both()[:2] == before
    world.sakura.faults.clear()
    world.remove(world.first)
    assert world.both()[:2] == clean
    assert not world.sakura.vpn_peers()
