"""A router that several sites share: foreseen, read, and what becomes of the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from cloud_world import KEY, OFFICE, VALUES, World, world

from components.cloud import lifecycle as cloud
from components.cloud.attached import shared_router
from components.cloud.neighbours import PATIENCE, Neighbours
from components.cloud.router import SharedParameters
from components.errors import ApiError
from components.rehearsal.sakura import NoLink

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "api"
OTHER, THIRD = "192.0.2.77", "192.0.2.78"


class Peers(NoLink):
    """A link on which these peers are up."""

    def __init__(self, *up: str) -> None:
        self.up = set(up)

    def peer_up(self, router_id: str, peer: str) -> bool:
        return peer in self.up


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, status_blank_reads=1, status_empty_reads=0) as one:
        yield one


def serving(here: World, *peers: str) -> str:
    _, router = here.build(here.client())
    for peer in peers:
        routes = VALUES["routes"] if peer == OFFICE else [f"10.{peer.rpartition('.')[2]}.0.0/24"]
        values = {**VALUES, "peer": peer, "remoteId": peer, "routes": routes}
        cloud.write_peer(here.client(), router.id, values, "other_key", here.clock)
    cloud.peer_statuses(here.client(), router.id)  # the blank one after a change
    return router.id


def test_what_a_write_would_refuse_is_foreseen_without_a_write(here: World) -> None:
    router = serving(here, OTHER)
    here.calls().clear()
    with pytest.raises(SharedParameters, match="hash is sha1, wanted sha256") as caught:
        cloud.foresee_peer(here.client(), router, {**VALUES, "hash": "sha256"}, KEY)
    assert OTHER in caught.value.state
    assert KEY not in str(caught.value)
    assert cloud.foresee_peer(here.client(), router, VALUES, KEY) == [OTHER]
    assert here.calls() == ["GET /appliance/*"] * 2


def test_a_router_that_cannot_take_a_peer_is_foreseen(here: World) -> None:
    with pytest.raises(ApiError, match="no VPC router 113499999999"):
        cloud.foresee_peer(here.client(), "113499999999", VALUES, KEY)
    router = serving(here)
    here.client().delete(f"appliance/{router}/power", {"Force": True})
    with pytest.raises(ApiError, match="is not running"):
        cloud.foresee_peer(here.client(), router, VALUES, KEY)


def test_a_router_that_has_moved_is_foreseen(here: World) -> None:
    router, vip = serving(here), here.build(here.client())[1].vip
    with pytest.raises(ApiError, match=f"has the address {vip}, not 203.0.113.99") as caught:
        cloud.foresee_peer(here.client(), router, VALUES, KEY, address="203.0.113.99")
    assert "refresh" in caught.value.remedy
    assert cloud.foresee_peer(here.client(), router, VALUES, KEY, address=vip) == []


def test_changing_what_all_peers_share_takes_consent(here: World) -> None:
    router = serving(here, OTHER)
    stronger = {**VALUES, "encryption": "aes256"}
    for whose in ("own", "shared"):
        with pytest.raises(SharedParameters):
            cloud.write_peer(
                here.client(),
                router,
                stronger,
                KEY,
                here.clock,
                parameters=whose,
            )
    assert [str(p.peer) for p in here.sakura.vpn_peers()] == [OTHER]
    cloud.write_peer(here.client(), router, stronger, KEY, here.clock, parameters="change")
    assert {p.encryption for p in here.sakura.vpn_peers()} == {"aes256"}


def test_others_that_come_back_are_not_mentioned(here: World) -> None:
    router = serving(here, OTHER, THIRD)
    here.sakura.link = Peers(OTHER)
    around = Neighbours(here.client(), router, [OTHER, THIRD])
    assert around.before == {OTHER: "UP", THIRD: "DOWN"}
    cloud.write_peer(here.client(), router, VALUES, KEY, here.clock)
    # The first answer after a change names nobody: that is not "down".
    assert around.interrupted(here.client(), here.clock, here.said.append) == ()
    assert f"not up again yet: {OTHER}" in here.said[-1]


def test_others_that_stay_away_are_named(here: World) -> None:
    router = serving(here, OTHER, THIRD)
    here.sakura.link = Peers(OTHER, THIRD)
    around = Neighbours(here.client(), router, [OTHER, THIRD])
    here.sakura.link = Peers(THIRD)
    start = here.clock.now()
    assert around.interrupted(here.client(), here.clock, here.said.append) == (
        f"the peer {OTHER} was UP before the change and is DOWN",
    )
    assert PATIENCE - 5 <= here.clock.now() - start <= PATIENCE


def test_a_router_of_our_own_is_not_asked_about_others(here: World) -> None:
    router = serving(here)
    here.calls().clear()
    around = Neighbours(here.client(), router, [])
    assert around.interrupted(here.client(), here.clock, here.said.append) == ()
    assert not here.calls()


def body(name: str) -> Any:
    answer = json.loads((CORPUS / name).read_text())
    return answer["Appliance"] if "Appliance" in answer else answer["Appliances"][0]


@pytest.mark.parametrize(
    ("name", "lan", "vip", "own"),
    [
        ("01-three-peers.json", "10.20.0.0/24", "198.51.100.20", "10.20.0.1"),
        ("02-many-settings-to-keep.json", "10.22.0.0/25", "198.51.100.20", "10.22.0.1"),
        ("02-many-settings-to-keep.json", "10.22.0.128/25", "198.51.100.20", ""),
        ("02-many-settings-to-keep.json", "172.16.0.0/24", "198.51.100.20", ""),
        ("10-standard-plan-shared-segment.json", "10.20.0.0/24", "198.51.100.200", "10.20.0.1"),
    ],
)
def test_a_shared_router_as_a_site_sees_it(name: str, lan: str, vip: str, own: str) -> None:
    found = shared_router(body(name), IPv4Network(lan), "192.0.2.66")
    assert (found.vip, found.lan_address) == (vip, own)
    assert "192.0.2.10" in found.others
    assert "192.0.2.66" not in found.others
    assert "_key" not in repr(found)


def test_a_router_that_is_still_being_made_has_no_peers_yet() -> None:
    found = shared_router(body("05-still-migrating.json"), IPv4Network("10.20.0.0/24"), OFFICE)
    assert (found.others, found.lan_address) == ([], "")


def test_our_own_peer_is_not_another(here: World) -> None:
    router = serving(here, OFFICE, OTHER)
    assert cloud.foresee_peer(here.client(), router, VALUES, KEY) == [OTHER]
