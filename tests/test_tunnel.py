"""Both ends as one transaction, against both stand-ins in this process; no wait is real."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import yaml

from components import tunnel
from components.clock import ManualClock
from components.cloud import lifecycle
from components.cloud.api import Client
from components.cloud.credentials import Credentials
from components.cloud.router import vpn_values
from components.errors import ApiError, Cancelled, DeviceError, VpnError
from components.office.config import Scope, parse
from components.office.login import Login
from components.office.render import ADDRESS_PLACEHOLDER, render
from components.rehearsal.link import Link
from components.rehearsal.rtx import Router, RtxServer, run_lines
from components.rehearsal.sakura import Sakura, SakuraServer
from components.site import Site, site_of

DEMO = Path(__file__).resolve().parents[1] / "stacks" / "Pulumi.demo.yaml"
KEY, OTHER_KEY = "first_key_of_the_tunnel_0123456789", "second_key_of_the_tunnel_987654321"


class StoppingClock(ManualClock):
    """A clock that reports the user's Ctrl-C at the wait number `stop_at`."""

    stop_at = 0
    waits = 0

    def wait(self, seconds: float) -> None:
        self.waits += 1
        if self.stop_at and self.waits >= self.stop_at:
            raise Cancelled("stopped on request")
        super().wait(seconds)


class World:
    """A VPC router that is up, an RTX with somebody's configuration, and the link."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.sakura = Sakura(folder / "cloud", clock=self.clock)
        self.router = Router(folder / "rtx", clock=self.clock)
        self.link = Link(self.clock, self.sakura, self.router.gateways)
        self.sakura.link = self.router.office_link = self.link
        self.sakura.set_credentials("token", "secret")
        self.router.set_password("ops", "login-pw")
        self.router.set_administrator_password("admin-pw")
        self.api, self.ssh = SakuraServer(self.sakura), RtxServer(self.router)
        self.api.start()
        self.ssh.start()
        self.closing = threading.Event()
        self.ticker = threading.Thread(target=self._tick)
        self.ticker.start()
        self.messages: list[str] = []
        self.client = self.client_of(Credentials("token", "secret", "the test"))
        site = demo()
        internet = lifecycle.ensure_internet(
            self.client, lifecycle.InternetSpec("wan", "@t=1", "d"), self.clock, self.say
        )
        lan = lifecycle.ensure_switch(
            self.client, lifecycle.SwitchSpec("lan", "@t=2", "d"), self.clock, self.say
        )
        self.made = lifecycle.ensure_router(
            self.client,
            lifecycle.RouterSpec(
                name="router",
                tag="@t=3",
                description="d",
                lan=lifecycle.LanSpec(1, lan.id, "192.168.2.1", ("192.168.2.2", "192.168.2.3"), 24),
                upstream_switch_id=internet.switch_id,
                vip=internet.addresses[0],
                addresses=tuple(internet.addresses[1:3]),
                vrid=10,
            ),
            self.clock,
            self.say,
        )
        self.first = self.wish(site, KEY)
        self.verification = tunnel.Verification(
            target=IPv4Address("192.168.2.1"), source=IPv4Address("192.168.1.1"), seconds=60
        )

    def _tick(self) -> None:
        """Time jumps to when a console has something to say: a lost ping takes no real second."""
        while not self.closing.wait(0.01):
            for console in list(self.router.sessions):
                if (wakes_at := console.wakes_at) is not None:
                    self.clock.advance(wakes_at - self.clock.now())

    def close(self) -> None:
        self.closing.set()
        self.ticker.join()
        self.ssh.stop()
        self.api.stop()

    def say(self, text: str) -> None:
        self.messages.append(text)

    def client_of(self, credentials: Credentials) -> Client:
        return Client(credentials, "is1b", root_url=self.api.root, clock=self.clock)

    def wish(self, site: Site, key: str) -> tunnel.Wish:
        text = render(site.agreement, site.office_end)
        lines = text.replace(ADDRESS_PLACEHOLDER, self.made.vip)
        return tunnel.Wish(lines, vpn_values(site.agreement), key)

    def ends(self, *wishes: tunnel.Wish, client: Client | None = None) -> tunnel.Ends:
        keys = {s.key for wish in wishes for s in parse(wish.lines).statements}
        return tunnel.Ends(
            client=client or self.client_of(Credentials("token", "secret", "the test")),
            calm=self.client,
            router_id=self.made.id,
            peer=wishes[0].cloud["peer"],
            login=Login(
                host="127.0.0.1",
                port=self.ssh.port,
                user="ops",
                password="login-pw",
                administrator_password="admin-pw",
                host_key=self.ssh.host_key,
            ),
            scope=Scope(2, 102, 2, frozenset(keys)),
        )

    def establish(
        self,
        wish: tunnel.Wish,
        before: tunnel.Wish | None = None,
        *,
        clock: ManualClock | None = None,
        on_failure: str = "",
    ) -> tunnel.Proof:
        wishes = [wish, *([before] if before else [])]
        return tunnel.establish(
            self.ends(*wishes),
            wish,
            before,
            replace(self.verification, on_failure=on_failure),
            clock=clock or self.clock,
            progress=self.say,
        )

    def look(self, wish: tunnel.Wish) -> tunnel.Standing:
        return tunnel.look(self.ends(wish), wish.lines, clock=self.clock)

    def type(self, *lines: str) -> str:
        return run_lines(self.router, lines)

    def both(self) -> tuple[str, str, Any, Any]:
        """Both ends: running and saved configuration, stored and applied settings."""
        settings = self.client.get(f"appliance/{self.made.id}")["Appliance"]["Settings"]
        saved = self.type("show config difference 0")
        peers = [(p.peer, p.key, p.encryption, p.hash) for p in self.sakura.vpn_peers()]
        return configuration(self), saved, settings, peers

    def spis(self) -> set[bytes]:
        return {sa.spi for sa in self.link.sas()}

    def passes(self) -> bool:
        target, source = self.verification.target, self.verification.source
        return self.link.ping(source, target, 64) is not None


def configuration(world: World) -> str:
    shown = world.type("show config").replace("\r\n", "\n")
    return "\n".join(line for line in shown.split("\n") if not line.startswith("#"))


def demo(**ipsec: str) -> Site:
    data = yaml.safe_load(DEMO.read_text())["config"]
    data["sakura-rtx-vpn:site"]["ipsec"] |= ipsec
    return site_of(data)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def test_created_proved_and_saved(world: World) -> None:
    proof = world.establish(world.first)
    assert proof.round_trip_ms > 0
    assert proof.as_output()["outageSeconds"] == proof.outage_s
    assert world.passes()
    standing = world.look(world.first)
    assert standing.lines == world.first.lines
    assert standing.cloud == world.first.cloud
    assert standing.key == KEY
    assert "# show config difference 0\n#" in world.type("show config difference 0").replace(
        "\r", ""
    )


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
    assert any("deleting the old SAs" in text for text in world.messages)


FAULTS = [
    ("PUT", "appliance/*", "invalid_format"),
    ("PUT", "appliance/*/config", "conflict"),
    ("GET", "appliance/*", "forbidden"),
]


@pytest.mark.parametrize(("method", "path", "kind"), FAULTS)
def test_a_refusal_of_the_api_leaves_both_ends_as_before(
    world: World, method: str, path: str, kind: str
) -> None:
    world.establish(world.first)
    before = world.both()
    world.sakura.faults.add(method, path, kind)
    with pytest.raises(ApiError):
        world.establish(world.wish(demo(encryption="aes256"), OTHER_KEY), world.first)
    assert world.both() == before
    assert world.passes()


def test_a_lost_answer_is_no_failure(world: World) -> None:
    for path in ("appliance/*", "appliance/*/config"):
        world.sakura.faults.add("PUT", path, "reset_after")
    world.establish(world.first)
    assert world.passes()


@pytest.mark.parametrize(
    "break_it",
    [
        "ip filter 1033 reject * 192.168.1.1 esp * *",
        "ip filter 1030 reject * 192.168.1.1 udp * 500",
        "ip lan2 address 198.51.100.21/24",
    ],
)
def test_without_traffic_a_change_goes_back(world: World, break_it: str) -> None:
    world.establish(world.first)
    world.type(break_it, "save")
    before = world.both()
    with pytest.raises(VpnError, match="no traffic") as caught:
        world.establish(world.wish(demo(hash="sha256"), OTHER_KEY), world.first)
    assert not isinstance(caught.value, tunnel.NotProved)  # that would keep it in the state
    assert "cloud end as before; office end as before" in str(caught.value)
    assert OTHER_KEY not in str(caught.value)
    assert KEY not in str(caught.value)
    assert world.both() == before


def test_without_traffic_a_first_creation_stays_unless_asked(world: World) -> None:
    world.type("ip filter 1033 reject * 192.168.1.1 esp * *", "save")
    before = world.both()
    with pytest.raises(VpnError, match="no traffic") as caught:
        world.establish(world.first, on_failure="back")
    assert not isinstance(caught.value, tunnel.NotProved)
    assert world.both()[0] == before[0]
    assert not world.sakura.vpn_peers()
    with pytest.raises(tunnel.NotProved, match="configured and saved"):
        world.establish(world.first)
    assert world.look(world.first).lines == world.first.lines
    # What was in the way goes away: the same wish again is proved without typing a line.
    world.type("ip filter 1033 pass * 192.168.1.1 esp * *", "save")
    world.establish(world.first, world.first)
    assert world.passes()


def test_ctrl_c_while_waiting_leaves_both_ends_as_before(world: World) -> None:
    world.establish(world.first)
    world.type("ip filter 1033 reject * 192.168.1.1 esp * *", "save")
    before = world.both()
    clock = StoppingClock(world.clock.now())
    clock.stop_at = 2
    with pytest.raises(Cancelled):
        world.establish(world.wish(demo(hash="sha256"), KEY), world.first, clock=clock)
    assert world.both() == before


def test_numbers_of_somebody_else_are_refused(world: World) -> None:
    world.type("ip route 192.168.2.0/24 gateway null", "save")
    before = world.both()
    with pytest.raises(DeviceError, match="taken by somebody else"):
        world.establish(world.first)
    assert world.both() == before


def test_a_wrong_token_shows_before_the_router_is_touched(world: World) -> None:
    wrong = world.client_of(Credentials("token", "wrong", "the test"))
    logins = len(world.router.log)
    with pytest.raises(ApiError, match="401"):
        tunnel.establish(
            world.ends(world.first, client=wrong),
            world.first,
            None,
            world.verification,
            clock=world.clock,
            progress=world.say,
        )
    assert len(world.router.log) == logins


def test_removed_without_a_trace(world: World) -> None:
    before = configuration(world)
    world.establish(world.first)
    tunnel.remove(world.ends(world.first), world.first, clock=world.clock, progress=world.say)
    assert configuration(world) == before
    assert not world.sakura.vpn_peers()
    assert world.look(world.first).nowhere
    # Again, and without a VPC router: nothing to do is no error.
    lifecycle.delete_router(world.client, world.made.id, world.clock, world.say)
    tunnel.remove(world.ends(world.first), world.first, clock=world.clock, progress=world.say)


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
