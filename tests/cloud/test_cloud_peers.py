"""Peers of a VPC router through the API: written, read, removed, asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cloud_world import (
    KEY,
    OFFICE,
    VALUES,
    Json,
    Mortal,
    World,
    world,
)

from components.cloud import lifecycle as cloud
from components.errors import ApiError
from components.rehearsal.sakura import NoLink


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as one:
        yield one


class Connected(NoLink):
    """A link on which every peer is up."""

    def peer_up(self, router_id: str, peer: str) -> bool:
        return True


def test_peer_is_written_in_four_calls_and_read_back(here: World) -> None:
    _, router = here.build(here.client())
    here.calls().clear()
    before = here.clock.now()
    cloud.write_peer(here.client(), router.id, VALUES, KEY, here.clock)
    assert here.calls() == [
        "GET /appliance/*",
        "PUT /appliance/*",
        "PUT /appliance/*/config",
        "GET /appliance/*",
    ]
    assert here.clock.now() == before
    assert cloud.read_peer(here.client(), router.id, OFFICE) == VALUES
    assert KEY not in str(cloud.read_peer(here.client(), router.id, OFFICE))


def test_somebody_was_faster(here: World) -> None:
    _, router = here.build(here.client())
    here.faults.add("PUT", "/appliance/*", "original_hash_mismatch", times=3)
    cloud.write_peer(here.client(), router.id, VALUES, KEY, here.clock)
    assert here.calls()[-2:] == ["PUT /appliance/*/config", "GET /appliance/*"]
    here.faults.add("PUT", "/appliance/*", "original_hash_mismatch", times=1000)
    before = here.clock.now()
    with pytest.raises(ApiError, match="original_hash_mismatch"):
        cloud.write_peer(here.client(), router.id, VALUES, KEY, here.clock)
    assert here.clock.now() - before <= 60


class Beaten(Mortal):
    """A client that is overtaken by a change in the control panel, once."""

    meanwhile: Callable[[], None] | None = None

    def put(self, path: str, body: Json | None = None) -> Json:
        if self.meanwhile and "Settings" in (body or {}).get("Appliance", {}):
            act, self.meanwhile = self.meanwhile, None
            act()
        return super().put(path, body)


def test_change_of_somebody_else_in_between_is_not_lost(here: World) -> None:
    _, router = here.build(here.client())
    client = Beaten(here.credentials, "is1b", clock=here.clock, root_url=here.root)
    other = {**VALUES, "peer": "192.0.2.77", "remoteId": "192.0.2.77"}
    client.meanwhile = lambda: cloud.write_peer(
        here.client(), router.id, other, "other_key", here.clock
    )
    cloud.write_peer(client, router.id, VALUES, KEY, here.clock)
    assert {str(p.peer): p.key for p in here.sakura.vpn_peers()} == {
        "192.0.2.77": "other_key",
        OFFICE: KEY,
    }


class Overwritten(Mortal):
    """A client after whose `config` somebody stores what he had read long before."""

    old: Json | None = None

    def put(self, path: str, body: Json | None = None) -> Json:
        answer = super().put(path, body)
        if path.endswith("/config") and self.old:
            old, self.old = self.old, None
            super().put(path.removesuffix("/config"), {"Appliance": {"Settings": old}})
        return answer


def stale(here: World, router_id: str) -> Overwritten:
    client = Overwritten(here.credentials, "is1b", clock=here.clock, root_url=here.root)
    client.old = client.get(f"appliance/{router_id}")["Appliance"]["Settings"]
    return client


def test_a_write_that_somebody_replaced_is_reported(here: World) -> None:
    _, router = here.build(here.client())
    with pytest.raises(ApiError, match="replaced ours") as lost:
        cloud.write_peer(stale(here, router.id), router.id, VALUES, KEY, here.clock)
    assert "its entry is gone" in str(lost.value)
    cloud.write_peer(here.client(), router.id, VALUES, KEY, here.clock)
    wider = {**VALUES, "routes": ["10.9.0.0/16"]}
    with pytest.raises(ApiError, match="than were stored: routes") as lost:
        cloud.write_peer(stale(here, router.id), router.id, wider, "newer_key", here.clock)
    assert KEY not in str(lost.value)
    assert "newer_key" not in str(lost.value)
    with pytest.raises(ApiError, match="taken out, is back"):
        cloud.remove_peer(stale(here, router.id), router.id, OFFICE, here.clock)


def test_peer_is_removed_and_the_other_stays(here: World) -> None:
    _, router = here.build(here.client())
    client = here.client()
    other = {**VALUES, "peer": "192.0.2.77", "remoteId": "192.0.2.77"}
    cloud.write_peer(client, router.id, other, "other_key", here.clock)
    cloud.write_peer(client, router.id, VALUES, KEY, here.clock)
    cloud.remove_peer(client, router.id, OFFICE, here.clock)
    assert [str(peer.peer) for peer in here.sakura.vpn_peers()] == ["192.0.2.77"]
    cloud.remove_peer(client, router.id, OFFICE, here.clock)
    cloud.remove_peer(client, router.id, "192.0.2.77", here.clock)
    assert here.sakura.vpn_peers() == []


def test_secrets_that_the_api_does_not_return_pitfall_11(tmp_path: Path) -> None:
    with world(tmp_path, secrets_returned=False, omitted_secrets="kept") as here:
        _, router = here.build(here.client())
        client = here.client()
        cloud.write_peer(client, router.id, VALUES, KEY, here.clock)
        cloud.write_peer(client, router.id, VALUES, "a_new_key", here.clock)
        other = {**VALUES, "peer": "192.0.2.77", "remoteId": "192.0.2.77"}
        with pytest.raises(ApiError, match=f"site-to-site peer {OFFICE}"):
            cloud.write_peer(client, router.id, other, "other_key", here.clock)
        assert [peer.key for peer in here.sakura.vpn_peers()] == ["a_new_key"]
        cloud.write_peer(client, router.id, other, "other_key", here.clock, omitted_secrets="kept")
        assert {peer.key for peer in here.sakura.vpn_peers()} == {"a_new_key", "other_key"}


def test_status_of_a_peer_is_unknown_then_said_pitfall_6(tmp_path: Path) -> None:
    with world(tmp_path, status_empty_reads=1, status_blank_reads=1) as here:
        _, router = here.build(here.client())
        client = here.client()
        assert cloud.peer_status(client, router.id, OFFICE) is None
        cloud.write_peer(client, router.id, VALUES, KEY, here.clock)
        assert cloud.peer_status(client, router.id, OFFICE) is None
        assert cloud.peer_status(client, router.id, OFFICE) == "DOWN"
        here.sakura.link = Connected()
        assert cloud.peer_status(client, router.id, OFFICE) == "UP"
        assert cloud.peer_status(client, router.id, "192.0.2.1") is None


def test_ping_and_reconnect(here: World) -> None:
    _, router = here.build(here.client())
    lines = cloud.ping(here.client(), router.id, "192.168.1.1")
    assert any("packet loss" in line for line in lines)
    cloud.restart_vpn(here.client(), router.id)
    assert here.calls()[-1] == "PUT /appliance/*/vpcrouter/restartvpn"
