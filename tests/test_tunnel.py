"""Both ends as one transaction, against both stand-ins in this process; no wait is real."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from itertools import pairwise
from typing import Any

import pytest
from tunnel_world import KEY, OTHER_KEY, OverSsh, World, demo, world

from components import tunnel
from components.cloud import lifecycle
from components.cloud.credentials import Credentials
from components.errors import ApiError, Cancelled, DeviceError, VpnError
from components.office.render import render
from components.office.session import Refused
from components.office.transport import SshTransport

__all__ = ["world"]

ESP_DROPPED = "ip filter 1033 reject * 192.168.1.1 esp * *"
ESP_PASSED = "ip filter 1033 pass * 192.168.1.1 esp * *"
# Else a creation would refuse before it types anything.
KNOWN = ("filter-blocks-esp",)


# --- what works


def test_created_proved_and_saved(world: World) -> None:
    proof = world.establish(world.first)
    assert proof.round_trip_ms > 0
    assert proof.as_output()["outageSeconds"] == proof.outage_s
    assert world.passes()
    standing = world.look(world.first)
    assert standing.lines == world.first.lines
    assert standing.cloud == world.first.cloud
    assert standing.key == KEY
    assert world.router.running().same_as(world.router.saved())
    world.clock.advance(1000)  # no guard is left that would take it away
    world.router.tick()
    assert world.look(world.first).lines == world.first.lines


def test_created_over_ssh(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.office.session._by_ssh", SshTransport)
    with OverSsh(world) as login:
        world.establish(world.first, login=login)
    assert world.passes()
    assert world.logins == 0


@pytest.mark.parametrize(
    ("ipsec", "key"), [({}, OTHER_KEY), ({"encryption": "aes256"}, KEY), ({"hash": "sha256"}, KEY)]
)
def test_a_change_is_proved_over_new_sas_only(
    world: World, ipsec: dict[str, str], key: str
) -> None:
    world.establish(world.first)
    before = world.spis()
    wish = world.wish(demo(**ipsec), key)
    world.establish(wish, world.first)
    assert world.passes()
    assert not before & world.spis()
    assert world.look(wish).key == key
    assert world.look(wish).cloud == wish.cloud
    assert any("deleting the old SAs" in text for text in world.messages)


def test_the_outage_is_from_the_last_ping_that_passed_to_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.establish(world.first)
    real, start = world.link.ping, world.clock.now()
    passed: list[float] = []

    def ping(source: IPv4Address | None, target: IPv4Address, size: int) -> float | None:
        now = world.clock.now()
        if start + 5 <= now < start + 30:
            return None
        passed.append(now)
        return real(source, target, size)

    monkeypatch.setattr(world.link, "ping", ping)
    proof = world.establish(world.wish(demo(), OTHER_KEY), world.first)
    gap = max(after - before for before, after in pairwise(passed))
    assert gap > 20
    assert proof.outage_s == pytest.approx(gap, abs=0.5)


@pytest.mark.parametrize("path", ["appliance/*", "appliance/*/config"])
@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "service_unavailable"])
def test_trouble_of_the_api_that_passes_is_no_failure(world: World, path: str, kind: str) -> None:
    world.sakura.faults.add("PUT", path, kind)
    world.establish(world.first)
    assert world.passes()
    assert world.look(world.first).cloud == world.first.cloud


# --- what is refused


def change_of(world: World) -> tunnel.Wish:
    return world.wish(demo(encryption="aes256"), OTHER_KEY)


@pytest.mark.parametrize("path", ["appliance/*", "appliance/*/config"])
@pytest.mark.parametrize("kind", ["conflict", "service_unavailable", "reset_after"])
def test_an_api_that_fails_a_change_leaves_both_ends_as_before(
    world: World, path: str, kind: str
) -> None:
    world.establish(world.first)
    before = world.both()
    world.sakura.faults.add("PUT", path, kind, 1000)
    with pytest.raises(ApiError, match="cloud end as before; office end as before"):
        world.establish(change_of(world), world.first, calm=world.recovering())
    assert world.both() == before
    assert world.passes()


@pytest.mark.parametrize(
    ("path", "kind"), [("appliance/*", "reset_after"), ("appliance/*/config", "conflict")]
)
def test_an_api_that_fails_a_creation_leaves_nothing(world: World, path: str, kind: str) -> None:
    running, saved, settings, _ = world.both()
    world.sakura.faults.add("PUT", path, kind, 1000)
    with pytest.raises(ApiError, match="cloud end as before; office end as before"):
        world.establish(world.first, calm=world.recovering())
    assert world.both()[:2] == (running, saved)
    assert not world.sakura.vpn_peers()
    assert world.look(world.first).nowhere
    assert not without_vpn(world.settings())[0]
    assert without_vpn(world.settings())[1] == without_vpn(settings)[1]


def without_vpn(settings: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Our section's peers, and everything else."""
    router = dict(settings["Router"])
    section = router.pop("SiteToSiteIPsecVPN", None) or {}
    return section.get("Config") or [], router


def test_a_cloud_end_that_cannot_be_put_back_is_said_so_and_the_office_end_is(
    world: World,
) -> None:
    world.establish(world.first)
    running, saved = world.both()[:2]
    world.sakura.faults.add("PUT", "appliance/*/config", "conflict", 1000)
    with pytest.raises(ApiError) as caught:
        world.establish(change_of(world), world.first)
    assert "CLOUD END NOT BACK" in caught.value.state
    assert "office end as before" in caught.value.state
    world.sakura.faults.clear()
    assert world.both()[:2] == (running, saved)
    # The same wish again does not trust what it finds: both ends come to it.
    world.establish(change_of(world), world.first)
    assert world.look(change_of(world)).cloud == change_of(world).cloud
    assert world.passes()


def test_a_line_that_the_router_refuses_leaves_both_ends_as_before(world: World) -> None:
    world.establish(world.first)
    before = world.both()
    wish = change_of(world)
    bad = replace(wish, lines=wish.lines.replace("mtu 1280", "mtu 99999"))
    assert bad.lines != wish.lines
    with pytest.raises(Refused, match="as it was before; nothing is saved; cloud end as before"):
        world.establish(bad, world.first)
    assert world.both() == before
    assert world.passes()


def test_numbers_of_somebody_else_are_refused(world: World) -> None:
    world.type("ip route 192.168.2.0/24 gateway null", "save")
    before = world.both()
    with pytest.raises(DeviceError, match="taken by somebody else"):
        world.establish(world.first)
    assert world.both() == before


def test_a_wrong_token_shows_before_the_router_is_touched(world: World) -> None:
    wrong = world.client_of(Credentials("token", "wrong", "the test"), world.user)
    before = world.both()
    with pytest.raises(ApiError, match="401") as caught:
        world.establish(world.first, client=wrong)
    assert caught.value.state == "nothing was changed at either end"
    assert world.logins == 0
    assert world.both() == before


def test_a_router_that_is_not_running_is_refused_before_the_office_end_is_touched(
    world: World,
) -> None:
    world.client.delete(f"appliance/{world.made.id}/power", {"Force": True})
    with pytest.raises(ApiError, match="is not running"):
        world.establish(world.first)
    lifecycle.delete_router(world.client, world.made.id, world.clock, world.say)
    with pytest.raises(ApiError, match="there is no VPC router"):
        world.establish(world.first)
    assert world.logins == 0


# --- no traffic


@pytest.mark.parametrize(
    "break_it",
    [
        ESP_DROPPED,
        "ip filter 1030 reject * 192.168.1.1 udp * 500",
        "ip lan2 address 198.51.100.21/24",
    ],
)
def test_without_traffic_a_change_goes_back(world: World, break_it: str) -> None:
    world.establish(world.first)
    world.type(break_it, "save")
    before = world.both()
    goes_back(world, world.wish(demo(hash="sha256"), OTHER_KEY))
    assert world.both() == before


def goes_back(world: World, wish: tunnel.Wish, **others: Any) -> None:
    with pytest.raises(VpnError, match="no traffic") as caught:
        world.establish(wish, world.first, **others)
    assert not isinstance(caught.value, tunnel.NotProved)  # that would keep it in the state
    assert "cloud end as before; office end as before" in str(caught.value)
    assert OTHER_KEY not in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_change_that_takes_the_nat_static_away_is_refused_and_if_accepted_goes_back(
    world: World,
) -> None:
    world.establish(world.first)
    before = world.both()
    site = demo()
    bare = render(
        replace(site.agreement, cloud_address=IPv4Address(world.made.vip)),
        replace(site.office_end, nat_static=()),
    )
    wish = replace(world.first, lines=bare)
    with pytest.raises(DeviceError, match="would take away what the tunnel needs") as refused:
        world.establish(wish, world.first)
    assert "nothing was changed" in refused.value.state
    assert world.both() == before
    goes_back(world, wish, accept=("nat-static-missing",))
    assert world.both() == before
    world.clock.advance(120)
    assert world.passes()


def test_a_change_to_an_identity_that_the_office_does_not_present_goes_back(world: World) -> None:
    world.establish(world.first)
    before = world.both()
    goes_back(world, replace(world.first, cloud={**world.first.cloud, "remoteId": "10.0.0.9"}))
    assert world.both() == before
    world.clock.advance(120)
    assert world.passes()


def test_small_pings_alone_are_no_proof(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real, sizes = world.link.ping, set()

    def ping(source: IPv4Address | None, target: IPv4Address, size: int) -> float | None:
        sizes.add(size)
        return None if size > 1000 else real(source, target, size)

    monkeypatch.setattr(world.link, "ping", ping)
    with pytest.raises(tunnel.NotProved, match="full-size ones or new SAs do not"):
        world.establish(world.first)
    assert max(sizes) == 1280 - 28


def test_without_traffic_a_first_creation_goes_back_if_asked(world: World) -> None:
    world.type(ESP_DROPPED, "save")
    before = world.both()
    with pytest.raises(VpnError, match="no traffic") as caught:
        world.establish(world.first, on_failure="back", accept=KNOWN)
    assert not isinstance(caught.value, tunnel.NotProved)
    assert world.both()[:2] == before[:2]
    assert not world.sakura.vpn_peers()


def test_without_traffic_a_first_creation_stays(world: World) -> None:
    world.type(ESP_DROPPED, "save")
    with pytest.raises(tunnel.NotProved, match="both ends are configured and saved"):
        world.establish(world.first, accept=KNOWN)
    assert world.look(world.first).lines == world.first.lines
    assert world.look(world.first).cloud == world.first.cloud
    assert world.router.running().same_as(world.router.saved())
    # What was in the way goes away: the same wish again is proved without typing a line.
    world.type(ESP_PASSED, "save")
    world.establish(world.first, world.first)
    assert world.passes()


# --- Ctrl-C

MOMENTS = ["lines to type", "writing the peer", "deleting the old SAs"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_in_a_change_leaves_both_ends_as_before(world: World, moment: str) -> None:
    world.establish(world.first)
    world.type(ESP_DROPPED, "save")
    before = world.both()
    world.ctrl_c_at(moment)
    with pytest.raises(Cancelled, match="cloud end as before; office end as before"):
        world.establish(world.wish(demo(hash="sha256"), OTHER_KEY), world.first)
    assert world.user.stopped
    assert world.both() == before


def test_ctrl_c_in_a_creation_leaves_nothing(world: World) -> None:
    world.type(ESP_DROPPED, "save")
    before = world.both()
    world.ctrl_c_at("waiting for traffic")
    with pytest.raises(Cancelled):
        world.establish(world.first, accept=KNOWN)
    world.user.stopped = False
    assert world.both()[:2] == before[:2]
    assert world.look(world.first).nowhere


# --- look


def test_drift_is_seen_for_what_it_is(world: World) -> None:
    world.establish(world.first)
    world.type("ipsec auto refresh 2 on", f"ipsec ike pre-shared-key 2 text {OTHER_KEY}")
    other = dict(world.first.cloud) | {"espLifetime": 3600}
    lifecycle.write_peer(world.client, world.made.id, other, KEY, world.clock)
    standing = world.look(world.first)
    assert "ipsec auto refresh 2 on" in standing.lines
    assert "ipsec auto refresh 2 off" not in standing.lines
    assert OTHER_KEY not in standing.lines + repr(standing)
    assert standing.key == OTHER_KEY
    assert standing.cloud == other


def test_a_tunnel_stands_nowhere_only_if_neither_end_has_it(world: World) -> None:
    assert world.look(world.first).nowhere
    world.establish(world.first)
    lifecycle.remove_peer(world.client, world.made.id, world.ends(world.first).peer, world.clock)
    half = world.look(world.first)
    assert half.cloud is None
    assert half.lines == world.first.lines
    assert not half.nowhere


def test_an_end_that_cannot_be_read_is_an_error_and_no_drift(world: World) -> None:
    world.establish(world.first)
    world.sakura.faults.add("GET", "appliance/*", "forbidden")
    with pytest.raises(ApiError, match="403"):
        world.look(world.first)


# --- consent


def test_other_peoples_unsaved_lines_are_saved_only_with_consent(world: World) -> None:
    world.type("ip route 10.77.0.0/16 gateway null")
    with pytest.raises(DeviceError, match="not saved"):
        world.establish(world.first)
    world.establish(world.first, allow_unsaved=True)
    assert "ip route 10.77.0.0/16 gateway null" in world.router.saved().lines()


def test_an_in_band_change_is_made_only_with_consent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.office.inband.reasons", lambda *_: ("the source is inside",))
    with pytest.raises(DeviceError, match="the source is inside"):
        world.establish(world.first)
    world.establish(world.first, in_band=True)
    with pytest.raises(DeviceError, match="the source is inside"):
        world.remove(world.first)


def test_other_peoples_hidden_keys_are_written_around_only_with_consent(world: World) -> None:
    """The error names a key of the site file; with it the change is made and nothing is lost."""
    world.somebody_elses_peer()
    world.sakura.options = replace(world.sakura.options, secrets_returned=False)
    with pytest.raises(ApiError, match="omitted_secrets: kept"):
        world.establish(world.first)
    world.establish(world.first, omitted_secrets="kept")
    assert OTHER_KEY in {peer.key for peer in world.sakura.vpn_peers()}
    logins = world.logins
    with pytest.raises(ApiError, match="omitted_secrets: kept"):
        world.remove(world.first)
    assert world.logins == logins  # known before the office end is touched
