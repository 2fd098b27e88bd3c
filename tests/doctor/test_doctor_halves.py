"""Changes that were killed between the ends, or made at one end only: their state is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tunnel_world import KEY, OTHER_KEY, World, demo, made

from components import tunnel
from components.cloud import lifecycle
from components.site import Site

from .doctor_world import lose_sas, seen_of, settle, stored

CHANGED = {"encryption": "aes256"}


class Killed(BaseException):
    """Our process is gone: nothing of it goes back."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = made(tmp_path, monkeypatch)
    yield world
    world.close()


def killed(world: World, wish: tunnel.Wish, before: tunnel.Wish | None, *, after: bool) -> None:
    """An `up` that is killed before, or after, the cloud end got its part."""
    real = lifecycle.write_peer

    def write_peer(*args: Any, **options: Any) -> None:
        if after:
            real(*args, **options)
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lifecycle, "write_peer", write_peer)
        with pytest.raises(Killed):
            world.establish(wish, before)


def guards_run_out(world: World) -> None:
    world.clock.advance(1000)
    world.router.tick()
    settle(world)


def changed(world: World, key: str = KEY) -> tuple[Site, tunnel.Wish]:
    site = demo(**CHANGED)
    return site, world.wish(site, key)


@pytest.mark.parametrize("after", [False, True])
def test_a_guard_that_stands_is_named(world: World, after: bool) -> None:
    world.establish(world.first)
    site, wish = changed(world, OTHER_KEY)
    killed(world, wish, world.first, after=after)
    settle(world)
    report = seen_of(world, site)
    assert (report.first, report.code) == ("settings", 3)
    cause = report["settings"].cause
    assert cause.startswith("a change is under way or was killed: its guard stands in the RTX")
    assert "schedule at 65500" in cause
    assert report["settings"].cure.endswith("make up SITE=demo")
    # Its lines are not saved, and need not be: they are of the change.
    assert any("not saved" in line for line in report["settings"].evidence)
    guards_run_out(world)
    assert world.router.running().same_as(world.router.saved())


def test_office_old_and_cloud_new(world: World) -> None:
    """Killed when both were written: the guard takes the office end back, nothing the cloud end."""
    world.establish(world.first)
    site, wish = changed(world)
    killed(world, wish, world.first, after=True)
    guards_run_out(world)
    report = seen_of(world, site)
    assert (report.first, report.code) == ("settings", 3)
    cause = report["settings"].cause
    assert cause.startswith("a change is half made")
    assert "the cloud end is as the site file says, the office end is not" in cause
    assert "ipsec ike encryption 2 aes256-cbc" in cause
    assert report["settings"].cure.startswith("make up SITE=demo")
    # That is a cure: the next run makes both ends new.
    world.establish(wish, world.first)
    settle(world)
    assert seen_of(world, site).broken == []


def test_office_new_and_cloud_old(world: World) -> None:
    world.establish(world.first)
    site, wish = changed(world)
    world.establish(wish, world.first)
    stored(world, lambda vpn: vpn.update(EncryptionAlgo="aes128"))
    cause = seen_of(world, site)["settings"].cause
    assert "the office end is as the site file says, the cloud end is not" in cause
    assert "encryption: aes128, site file aes256" in cause


def test_a_creation_killed_between_the_ends(world: World) -> None:
    killed(world, world.first, None, after=True)
    guards_run_out(world)
    report = seen_of(world)
    assert report.first == "settings"
    assert report["settings"].cause.startswith("a change is half made")
    assert report["settings"].cause.endswith("the office end has no line of ours")
    assert report["settings"].cure == "make up SITE=demo"
    assert report["nat"].state == "not looked at"


def test_a_rotation_killed_when_both_were_written(world: World) -> None:
    world.establish(world.first)
    killed(world, world.wish(demo(), OTHER_KEY), world.first, after=True)
    guards_run_out(world)
    report = seen_of(world)
    assert report.first == "key"
    assert "a rotation that was killed between the ends leaves this" in report["key"].cause


def test_nothing_was_ever_made(world: World) -> None:
    report = seen_of(world)
    assert report.first == "settings"
    cause = report["settings"].cause
    assert cause == "the office end has no line of ours and the cloud end has no peer 198.51.100.20"
    assert report["settings"].cure == "make up SITE=demo"


def test_the_site_file_is_ahead_of_both_ends(world: World) -> None:
    """Both ends agree and carry traffic: nothing is broken, and what `up` would change is said."""
    world.establish(world.first)
    settle(world)
    report = seen_of(world, demo(**CHANGED))
    assert (report.broken, report.code) == ([], 0)
    shown = " ".join(report["settings"].evidence)
    assert "the office end is not as the site file says" in shown
    assert "encryption: aes128, site file aes256" in shown


def test_a_peer_that_is_stored_and_not_in_force(world: World) -> None:
    world.establish(world.first)
    stored(world, lambda vpn: vpn["Config"][0].update(Peer="198.51.100.99"))
    stored(world, lambda vpn: vpn["Config"][0].update(Peer="198.51.100.20"), apply=False)
    world.clock.advance(60)
    report = seen_of(world)
    assert report.first == "settings"
    assert "names 198.51.100.99 only" in report["settings"].cause
    assert "apply the settings in the control panel" in report["settings"].cure


def test_that_the_router_names_no_peer_yet_hides_no_cause(world: World) -> None:
    world.establish(world.first)
    world.type(f"ipsec ike pre-shared-key 2 text {OTHER_KEY}", "save")
    lose_sas(world)
    world.client.put(f"appliance/{world.made.id}/config")
    report = seen_of(world)
    assert report.first == "key"
    assert report["settings"].state == "not looked at"
    assert "stored and not applied" in report["settings"].cause
    assert report["settings"].cure.startswith("look again in two minutes")


def test_lines_that_are_not_saved(world: World) -> None:
    world.establish(world.first)
    settle(world)
    world.type("ipsec ike log 2 message-info", "ip route 10.9.0.0/16 gateway 192.168.1.9")
    report = seen_of(world)
    assert report.first == "settings"
    assert report["settings"].cause.startswith("lines of ours are not saved")
    assert "`save`" in report["settings"].cure
    assert "not saved by somebody else" in " ".join(report["settings"].evidence)
    assert "10.9.0.0/16" in " ".join(report["settings"].evidence)
