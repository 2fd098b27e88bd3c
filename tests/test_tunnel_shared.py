"""A tunnel on a VPC router that serves other sites too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tunnel_world import KEY, OTHER_KEY, World, demo, made

from components.cloud import lifecycle
from components.cloud.router import SharedParameters

OTHER = "192.0.2.77"


class Dropping:
    """The link as it is, with another site's peer that is up until settings are applied."""

    def __init__(self, link: Any, *, comes_back: bool) -> None:
        self._link, self._comes_back, self.asked = link, comes_back, 0
        self.dropped = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._link, name)

    def settings_applied(self, router_id: str) -> None:
        self.dropped = True
        self._link.settings_applied(router_id)

    def peer_up(self, router_id: str, peer: str) -> bool:
        if peer != OTHER:
            return bool(self._link.peer_up(router_id, peer))
        self.asked += self.dropped
        return not self.dropped or (self._comes_back and self.asked > 3)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    one = made(tmp_path, monkeypatch)
    one.somebody_elses_peer(OTHER, "other_key")
    yield one
    one.close()


def status_known(world: World) -> None:
    """Let the router say what it knows: it is silent for a while after a change."""
    while not lifecycle.peer_statuses(world.client, world.made.id):
        pass


@pytest.mark.parametrize("comes_back", [True, False])
def test_the_other_peers_are_as_before_or_named(world: World, comes_back: bool) -> None:
    world.sakura.link = Dropping(world.link, comes_back=comes_back)
    status_known(world)
    proof = world.establish(world.first)
    assert proof.others == (OTHER,)
    said = f"the peer {OTHER} was UP before the change and is DOWN"
    assert proof.interrupted == (() if comes_back else (said,))
    assert {str(p.peer): p.key for p in world.sakura.vpn_peers()} == {
        OTHER: "other_key",
        str(world.first.cloud["peer"]): KEY,
    }


def test_other_parameters_are_refused_before_the_office_end_is_touched(world: World) -> None:
    world.establish(world.first)
    both, logins = world.both(), world.logins
    wish = world.wish(demo(hash="sha256"), OTHER_KEY)
    with pytest.raises(SharedParameters, match="hash is sha1, wanted sha256"):
        world.establish(wish, world.first)
    assert (world.both(), world.logins) == (both, logins)


def test_a_router_alone_is_told_nothing_of_others(world: World) -> None:
    lifecycle.remove_peer(world.client, world.made.id, OTHER, world.clock)
    proof = world.establish(world.first)
    assert (proof.others, proof.interrupted) == ((), ())
