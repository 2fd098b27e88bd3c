"""The seed's story: the published settings stall after a loss at the office, the cure recovers.

First with both ends as values, then with the real stand-ins wired to the link.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from link_bench import GATEWAY, PEER, World, up
from rtx_bench import SEED_LINES, advance, make_router
from sakura_api import KEY, SECRET, TOKEN, VPN, Api, vpn_settings
from sakura_api import PEER as API_PEER

from components.rehearsal import negotiation
from components.rehearsal.exchange import REACTION
from components.rehearsal.link import Link
from components.rehearsal.rtx import Router, run_lines
from components.rehearsal.sakura import Options, Sakura, SakuraServer

LOSSES = ("delete_sas", "refresh_sas", "rebooted")
UNTOLD = LOSSES[1:]
# Each of the three alone, and everything that is wrong about the settings as first published.
PUBLISHED: list[dict[str, Any]] = [
    {"initiates": True},
    {"exchange_release": 1},
    {"dpd": None},
    {"initiates": True, "exchange_release": 1},
]
A_LONG_TIME = 3 * PEER.ike_lifetime


def stalled(loss: str, **wrong: Any) -> World:
    world = up(**wrong)
    world.lose(loss)
    return world.after(REACTION)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("wrong", PUBLISHED)
class TestTheStall:
    def test_online_at_both_ends_and_nothing_passes_for_ever(
        self, loss: str, wrong: dict[str, Any]
    ) -> None:
        world = stalled(loss, **wrong)
        for _ in range(A_LONG_TIME // 600):
            assert world.link.tunnel_online(2)
            assert world.peer_up()
            assert world.link.keepalive_ok(2)  # DPD reports no loss
            assert not world.passes()
            world.after(600)
        assert "stalled" in world.reason()
        assert "100% packet loss" in world.link.ping_from_cloud(PEER.router_id, "192.168.1.1")[-1]

    def test_only_vpn_reconnect_brings_it_back(self, loss: str, wrong: dict[str, Any]) -> None:
        world = stalled(loss, **wrong).after(A_LONG_TIME)
        stale = world.spis()
        world.link.settings_applied(PEER.router_id)
        assert not world.after(300).passes()
        world.link.restart_vpn("113400000099")  # somebody else's router
        assert not world.after(300).passes()
        world.link.restart_vpn(PEER.router_id)
        assert world.after(REACTION).passes()
        assert not world.spis() & stale

    def test_another_loss_stalls_again(self, loss: str, wrong: dict[str, Any]) -> None:
        world = stalled(loss, **wrong)
        for again in LOSSES:
            world.lose(again)
            assert not world.after(120).passes()
            assert "stalled" in world.reason()

    def test_the_cure_alone_does_not_wake_it_but_the_next_loss_does(
        self, loss: str, wrong: dict[str, Any]
    ) -> None:
        """Better settings do nothing to SAs that stand; the RTX has to lose them once more."""
        for another in LOSSES:
            world = stalled(loss, **wrong)
            world.gateways = [GATEWAY]
            assert not world.after(3600).passes()
            world.lose(another)
            # A deletion is no faster here: it tells of SAs that the VPC router does not know.
            assert not world.after(PEER.dpd_timeout - 1).passes()
            assert world.after(1).passes(), world.reason()


@pytest.mark.parametrize("wrong", PUBLISHED)
def test_the_published_settings_connect_and_last(wrong: dict[str, Any]) -> None:
    world = up(**wrong)
    for _ in range(100):
        assert world.after(1500).passes()


@pytest.mark.parametrize("wrong", PUBLISHED)
def test_a_restart_of_the_vpc_router_is_no_loss_at_the_office(wrong: dict[str, Any]) -> None:
    world = up(**wrong)
    world.link.router_stopped(PEER.router_id)
    assert not world.passes()
    assert world.after(REACTION + 1).passes()


@pytest.mark.parametrize("wrong", PUBLISHED)
def test_a_stall_ends_with_the_peer(wrong: dict[str, Any]) -> None:
    world = stalled("rebooted", **wrong)
    world.peers = []
    world.link.settings_applied(PEER.router_id)
    assert "stalled" not in world.reason()
    assert not world.peer_up()
    assert not world.link.keepalive_ok(2)
    world.peers = [PEER]
    world.link.settings_applied(PEER.router_id)
    assert world.after(REACTION).passes()


def test_the_cure_is_these_three_settings_and_no_other_combination() -> None:
    found = {
        (initiates, release, dpd)
        for initiates, release, dpd in itertools.product((True, False), (1, 2), (None, (15, 2)))
        if negotiation.recovers(
            replace(GATEWAY, initiates=initiates, exchange_release=release, dpd=dpd)
        )
    }
    assert found == {(False, 2, (15, 2))}


class TestTheCure:
    def test_a_deletion_is_over_within_two_seconds(self) -> None:
        world = up()
        before = world.spis()
        world.lose("delete_sas")
        assert not world.passes()
        assert not world.link.tunnel_online(2)
        assert not world.peer_up()  # it was told
        assert world.after(2).passes(), world.reason()
        assert not world.spis() & before

    @pytest.mark.parametrize("loss", UNTOLD)
    @pytest.mark.parametrize("timeout", [10, 30, 60])
    def test_a_loss_without_notice_takes_the_dpd_time(self, loss: str, timeout: int) -> None:
        world = up(peer={"dpd_timeout": timeout})
        world.lose(loss)
        assert not world.link.tunnel_online(2)
        assert world.peer_up()  # it was not told
        assert not world.after(timeout - 1).passes()
        assert "has not noticed the loss yet (DPD in 1 s)" in world.reason()
        assert world.after(1).passes(), world.reason()
        assert world.link.tunnel_online(2)

    @pytest.mark.parametrize("loss", LOSSES)
    def test_it_recovers_every_time(self, loss: str) -> None:
        world = up()
        for _ in range(5):
            world.lose(loss)
            assert world.after(PEER.dpd_timeout).passes()

    def test_losses_one_after_the_other_do_not_put_the_dpd_off(self) -> None:
        world = up()
        world.lose("rebooted")
        world.after(20).lose("refresh_sas")
        assert world.after(PEER.dpd_timeout - 20).passes()

    @pytest.mark.parametrize("loss", UNTOLD)
    def test_vpn_reconnect_is_faster_than_the_dpd(self, loss: str) -> None:
        world = up()
        world.lose(loss)
        world.link.restart_vpn(PEER.router_id)
        assert world.after(REACTION).passes()

    def test_applied_settings_do_not_replace_the_dpd(self) -> None:
        world = up()
        world.lose("rebooted")
        world.link.settings_applied(PEER.router_id)
        assert not world.after(PEER.dpd_timeout - 1).passes()
        assert world.after(1).passes()

    def test_a_loss_shortly_before_the_sas_end_costs_no_more(self) -> None:
        world = up().after(PEER.esp_lifetime - 14)
        world.lose("rebooted")
        assert not world.after(9).passes()
        assert world.after(1).passes()  # the VPC router renews what has ended


# --- the same with the real stand-ins -------------------------------------------------------------


class Pair(NamedTuple):
    """Both stand-ins, running."""

    api: Api
    router: Router
    vpc: int

    def pings(self) -> bool:
        """Whether one packet comes back; a lost one takes a second."""
        return " 0.0% packet loss" in self.types("ping -c 1 -sa 192.168.1.1 192.168.2.1")

    def types(self, *lines: str) -> str:
        return run_lines(self.router, lines)

    def after(self, seconds: float) -> Pair:
        advance(self.router, seconds)
        return self

    def online(self) -> bool:
        return "is Online" in self.types("show status tunnel 2")

    def lose(self, command: str) -> None:
        if command == "power":
            self.router.reboot()
            self.after(self.router.boot_seconds)
        else:
            self.types(command)


SEED = {**VPN, "EncryptionAlgo": "aes128", "HashAlgo": "sha1", "DHGroup": "modp1024"}


@pytest.fixture(name="pair")
def pair_fixture(tmp_path: Path) -> Iterator[Pair]:
    router = make_router(tmp_path / "rtx")
    clock = router.clock
    sakura = Sakura(tmp_path, clock=clock, options=Options())
    sakura.set_credentials(TOKEN, SECRET)
    sakura.link = router.office_link = Link(clock, sakura, router.gateways)
    server = SakuraServer(sakura)
    server.start()
    try:
        api = Api(sakura, server, [])
        yield Pair(api, router, api.running())
    finally:
        server.stop()


def lines(*, auto_refresh: str = "off", release: str = "2", dpd: bool = True) -> list[str]:
    changed = []
    for line in SEED_LINES:
        text = line.replace("192.0.2.1", "203.0.113.4").replace("example_key", KEY)
        text = re.sub(r"^(ipsec auto refresh 2) .*", rf"\1 {auto_refresh}", text)
        text = re.sub(r"^(ipsec ike backward-compatibility 2) .*", rf"\1 {release}", text)
        if dpd or "keepalive use" not in text:
            changed.append(text)
    return changed


def connect(pair: Pair, **variant: Any) -> Pair:
    """Type the seed's lines, apply its settings, save, and see that traffic passes."""
    assert "Error" not in pair.types(*lines(**variant), "save")
    pair.api.store(pair.vpc, vpn_settings(SiteToSiteIPsecVPN={**SEED, "Config": [API_PEER]}))
    assert pair.api.put(f"/appliance/{pair.vpc}/config").status == 200
    pair.after(2)
    assert pair.pings(), pair.types("show config")
    return pair


def test_the_real_ends_come_up_and_say_so(pair: Pair) -> None:
    assert not pair.pings()
    assert not pair.online()
    connect(pair)
    assert pair.online()
    pair.api.until(f"/appliance/{pair.vpc}/status", "SiteToSiteIPsecVPNPeers", peers("UP"))
    answer = pair.api.post(f"/appliance/{pair.vpc}/vpcrouter/ping/192.168.1.1")
    assert " 0% packet loss" in str(answer.body)
    assert "i:1 s:1 r:1" in pair.types("show ipsec sa gateway 2")


def peers(state: str) -> list[dict[str, str]]:
    return [{"Peer": API_PEER["Peer"], "Status": state}]


@pytest.mark.parametrize(
    ("command", "seconds"), [("ipsec sa delete all", 1), ("ipsec refresh sa", 31), ("power", 31)]
)
def test_the_real_ends_recover_with_the_cure(pair: Pair, command: str, seconds: int) -> None:
    connect(pair).lose(command)
    assert not pair.pings()
    assert pair.after(seconds).pings()
    assert pair.online()


@pytest.mark.parametrize("command", ["ipsec sa delete all", "ipsec refresh sa", "power"])
@pytest.mark.parametrize(
    "variant", [{"auto_refresh": "on"}, {"release": "1"}, {"dpd": False}], ids=str
)
def test_the_real_ends_stall_as_the_article_saw(
    pair: Pair, command: str, variant: dict[str, Any]
) -> None:
    connect(pair, **variant).lose(command)
    for _ in range(5):
        assert pair.after(3600).online()
        assert not pair.pings()
    pair.api.until(f"/appliance/{pair.vpc}/status", "SiteToSiteIPsecVPNPeers", peers("UP"))
    assert pair.api.put(f"/appliance/{pair.vpc}/vpcrouter/restartvpn").status == 200
    assert pair.after(1).pings()


@pytest.mark.parametrize(
    ("line", "back"),
    [
        ("no ip route 192.168.2.0/24", "ip route 192.168.2.0/24 gateway tunnel 2"),
        (
            "no nat descriptor masquerade static 1 4",
            "nat descriptor masquerade static 1 4 192.168.1.1 esp",
        ),
        ("ip filter 1033 reject * * esp * *", "ip filter 1033 pass * 192.168.1.1 esp * *"),
        ("ip filter 1030 reject * * udp * 500", "ip filter 1030 pass * 192.168.1.1 udp * 500"),
    ],
)
def test_one_line_of_the_real_rtx_stops_the_traffic(pair: Pair, line: str, back: str) -> None:
    connect(pair).types(line)
    assert not pair.pings()
    pair.types(back)
    assert pair.pings()


def test_unsaved_lines_are_gone_with_the_power(pair: Pair) -> None:
    connect(pair)
    pair.types("tunnel select 2", "no ipsec ike remote address 2")
    assert not pair.pings()
    pair.lose("power")
    assert pair.after(31).pings()


def test_a_peer_stored_but_not_applied_changes_nothing(pair: Pair) -> None:
    connect(pair)
    pair.api.store(pair.vpc, vpn_settings(SiteToSiteIPsecVPN={**SEED, "Config": []}))
    assert pair.after(60).pings()
    pair.api.put(f"/appliance/{pair.vpc}/config")
    assert not pair.pings()


def test_a_vpc_router_that_is_switched_off_answers_nothing(pair: Pair) -> None:
    connect(pair)
    assert pair.api.delete(f"/appliance/{pair.vpc}/power").status == 200
    assert not pair.pings()
    pair.api.until(f"/appliance/{pair.vpc}", "Instance.Status", "down")
    pair.api.boot(pair.vpc)
    assert pair.after(5).pings()
