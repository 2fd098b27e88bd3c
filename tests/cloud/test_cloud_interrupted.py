"""Killed after every request, troubled at every write: one of each object in the end, no orphan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cloud_world import (
    KEY,
    NOTHING,
    ONE_OF_EACH,
    QUICK,
    VALUES,
    Killed,
    Watched,
    World,
    moved,
    world,
)

from components.cloud import lifecycle as cloud
from components.cloud.api import Client
from components.cloud.lifecycle import RouterSpec
from components.rehearsal.sakura import Fault


def requests_of(folder: Path, act: Callable[[World, Client], object]) -> int:
    """How many requests an undisturbed run makes."""
    with world(folder, **QUICK) as here:
        client = here.client()
        act(here, client)
        return client.requests_made


def test_killed_after_every_request_then_run_again(tmp_path: Path) -> None:
    def act(here: World, client: Client) -> None:
        _, router = here.build(client)
        cloud.write_peer(client, router.id, VALUES, KEY, here.clock)

    total = requests_of(tmp_path / "clean", act)
    assert total > 25
    for at in range(1, total + 1):
        with world(tmp_path / str(at), **QUICK) as here:
            with pytest.raises(Killed):
                act(here, here.client(dies_after=at))
            act(here, here.client())
            assert here.count() == ONE_OF_EACH, at
            (peer,) = here.sakura.vpn_peers()  # what is in force, not only stored
            assert peer.key == KEY, at
            assert "192.168.2.1" in map(str, peer.lan_addresses), at


def test_deletion_killed_after_every_request_then_run_again(tmp_path: Path) -> None:
    def ids(here: World) -> tuple[str, str, str]:
        internet, router = here.build(here.client())
        assert router.lan is not None
        return router.id, router.lan.switch_id, internet.id

    total = requests_of(tmp_path / "clean", lambda here, client: here.pull_down(client, *ids(here)))
    assert total > 10
    for at in range(1, total + 1):
        with world(tmp_path / str(at), **QUICK) as here:
            made = ids(here)
            with pytest.raises(Killed):
                here.pull_down(here.client(dies_after=at), *made)
            here.pull_down(here.client(), *made)
            assert here.count() == NOTHING, at


class NthFault(Watched):
    """One fault, for one request by its number."""

    def __init__(self, number: int, kind: str, status: int | None) -> None:
        super().__init__()
        self.number, self.fault = number, Fault("*", (), kind, status)

    def take(self, method: str, path: str) -> Fault | None:
        super().take(method, path)
        return self.fault if len(self.asked) == self.number else None


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("reset_before", None),
        ("reset_after", None),
        ("not_json", None),
        ("locked", 423),
        ("busy", 503),
        ("too_many_request", 429),
        ("still_creating", 409),
    ],
)
def test_every_write_meets_trouble(tmp_path: Path, kind: str, status: int | None) -> None:
    def build(here: World) -> tuple[str, str, str]:
        internet, router = here.build(here.client())
        cloud.write_peer(here.client(), router.id, VALUES, KEY, here.clock)
        assert here.count() == ONE_OF_EACH
        assert [peer.key for peer in here.sakura.vpn_peers()] == [KEY]
        assert router.lan is not None
        return router.id, router.lan.switch_id, internet.id

    with world(tmp_path / "clean", **QUICK) as here:
        made = build(here)
        built = len(here.calls())
        here.pull_down(here.client(), *made)
        calls = here.calls()
    # Where the API did nothing, only a POST is treated in a way of its own.
    kinds = ("POST",) if status in (423, 429) else ("POST", "PUT", "DELETE")
    writes = [n for n, call in enumerate(calls, 1) if call.startswith(kinds)]
    assert len(writes) >= 3
    for number in writes:
        with world(tmp_path / str(number), **QUICK) as here:
            here.sakura.faults = NthFault(number, kind, status)
            made = build(here)
            if number > built:
                here.pull_down(here.client(), *made)
                assert here.count() == NOTHING
            assert len(here.calls()) > number


def test_update_killed_after_every_request_is_applied_in_the_end(tmp_path: Path) -> None:
    def setting(here: World) -> tuple[str, RouterSpec]:
        _, router = here.build(here.client())
        cloud.write_peer(here.client(), router.id, VALUES, KEY, here.clock)
        return router.id, moved(here.spec())

    with world(tmp_path / "clean", **QUICK) as here:
        router_id, spec = setting(here)
        client = here.client()
        cloud.update_router(client, router_id, spec, here.clock, here.said.append)
        total = client.requests_made
    for at in range(1, total + 1):
        with world(tmp_path / str(at), **QUICK) as here:
            router_id, spec = setting(here)
            update = (router_id, spec, here.clock, here.said.append)
            with pytest.raises(Killed):
                cloud.update_router(here.client(dies_after=at), *update)
            cloud.update_router(here.client(), *update)
            (peer,) = here.sakura.vpn_peers()
            assert "192.168.2.11" in map(str, peer.lan_addresses), at
