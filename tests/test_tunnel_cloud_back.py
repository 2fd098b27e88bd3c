"""What an error says of the cloud end after going back is what stands there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from tunnel_world import KEY, OTHER_KEY, World, world

from components.errors import ApiError, VerifyError

__all__ = ["world"]

WAITING = "waiting for traffic"


def when(world: World, words: str, act: Callable[[], Any]) -> None:
    """Somebody acts as soon as this is said, once."""

    def heard(said: str) -> None:
        if words in said:
            world.on_message = lambda _: None
            act()

    world.on_message = heard


@pytest.mark.parametrize("kind", ["unauthorized", "forbidden"])
@pytest.mark.parametrize("removal", [False, True])
def test_a_key_that_may_not_write_has_written_nothing(
    world: World, kind: str, removal: bool
) -> None:
    world.establish(world.first)
    before = world.both()
    world.sakura.faults.add("PUT", "appliance/*", kind, 1000)
    change = replace(world.first, key=OTHER_KEY)
    doing: Callable[[], Any] = partial(world.remove, world.first)
    if not removal:
        doing = partial(world.establish, change, world.first)
    with pytest.raises(ApiError, match=r"HTTP 40[13]") as caught:
        doing()
    assert "cloud end as before; office end as before" in caught.value.state
    assert "NOT BACK" not in str(caught.value)
    world.sakura.faults.clear()
    assert world.both() == before


def test_nor_is_a_key_believed_that_loses_its_permission_between_the_two_calls(
    world: World,
) -> None:
    world.establish(world.first)
    world.sakura.faults.add("PUT", "appliance/*/config", "forbidden", 1000)
    with pytest.raises(ApiError) as caught:
        world.establish(replace(world.first, key=OTHER_KEY), world.first)
    assert "CLOUD END NOT BACK" in caught.value.state


def test_a_second_peer_that_takes_our_traffic_is_named(world: World) -> None:
    """Somebody gives our entry another address while we wait: it is no longer known as ours."""
    world.establish(world.first)

    def renamed() -> None:
        settings = world.settings()
        settings["Router"]["SiteToSiteIPsecVPN"]["Config"][0]["Peer"] = "198.51.100.77"
        path = f"appliance/{world.made.id}"
        world.client.put(path, {"Appliance": {"Settings": settings}})
        world.client.put(f"{path}/config")

    when(world, WAITING, renamed)
    with pytest.raises(VerifyError) as caught:
        world.establish(replace(world.first, key=OTHER_KEY), world.first)
    assert [
        peer["Peer"] for peer in world.settings()["Router"]["SiteToSiteIPsecVPN"]["Config"]
    ] == [
        "198.51.100.77",
        world.first.cloud["peer"],
    ]
    assert "cloud end as before, BUT A SECOND PEER 198.51.100.77 HAS" in caught.value.state
    assert KEY not in str(caught.value)
    assert OTHER_KEY not in str(caught.value)


def test_nobody_is_told_to_type_a_line_that_stands_again(world: World) -> None:
    world.establish(world.first)
    before = world.both()
    when(
        world,
        "VPC router: writing",
        lambda: world.type("tunnel select 2", "tunnel disable 2", "tunnel select none"),
    )
    with pytest.raises(VerifyError) as caught:
        world.establish(replace(world.first, key=OTHER_KEY), world.first)
    assert world.both()[:2] == before[:2]
    assert "tunnel enable 2" not in caught.value.remedy
    assert "up again" in caught.value.remedy
