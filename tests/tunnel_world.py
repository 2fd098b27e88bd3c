"""Both stand-ins in this process on one clock, and a user who may press Ctrl-C; no wait is real."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from components import tunnel
from components.clock import Clock, ManualClock
from components.cloud import lifecycle
from components.cloud.api import Client
from components.cloud.credentials import Credentials
from components.cloud.router import vpn_values
from components.errors import Cancelled
from components.office.config import Scope, parse
from components.office.login import Login
from components.office.render import ADDRESS_PLACEHOLDER, render
from components.rehearsal.link import Link
from components.rehearsal.rtx import Router, RtxServer, run_lines
from components.rehearsal.sakura import Sakura, SakuraServer
from components.site import Site, site_of

Json = dict[str, Any]

DEMO = Path(__file__).resolve().parents[1] / "stacks" / "Pulumi.demo.yaml"
KEY, OTHER_KEY = "first_key_of_the_tunnel_0123456789", "second_key_of_the_tunnel_987654321"
CREDENTIALS = Credentials("token", "secret", "the test")


def demo(**ipsec: str) -> Site:
    data = yaml.safe_load(DEMO.read_text())["config"]
    data["sakura-rtx-vpn:site"]["ipsec"] |= ipsec
    return site_of(data)


class UserClock:
    """The world's time as a command sees it: once `stopped`, every wait reports the Ctrl-C."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock, self.stopped = clock, False

    def now(self) -> float:
        return self._clock.now()

    def wait(self, seconds: float) -> None:
        if self.stopped:
            raise Cancelled("stopped on request")
        self._clock.wait(seconds)


class Wire:
    """A terminal of the router without a network: silence passes on the world's clock."""

    def __init__(self, router: Router, clock: ManualClock, user: str) -> None:
        self._router, self._clock = router, clock
        self._console = router.console(user)
        self._shown, self._encoding, self._gone = self._console.start(), "cp932", False

    def use_encoding(self, encoding: str) -> None:
        self._encoding = encoding

    def write(self, text: str) -> None:
        self._shown += self._console.feed(text.encode(self._encoding))

    def read(self, timeout: float) -> str:
        shown, self._shown = self._shown, b""
        if not shown:
            if self._gone or self._console.closed:
                raise ConnectionError("gone")
            self._clock.advance(timeout)
            self._router.tick()
            shown = self._console.poll()
        return shown.decode(self._encoding, "replace")

    def close(self) -> None:
        if not self._gone:
            self._gone = True
            self._router.hung_up(self._console)


class Recovering(Client):
    """A client at whose first request the trouble of the API is over."""

    recover: Callable[[], None] = staticmethod(lambda: None)

    def _send(self, method: str, path: str, body: Json | None) -> requests.Response:
        self.recover()
        return super()._send(method, path, body)


class World:
    """A VPC router that is up, an RTX with somebody's configuration, and the link.

    `built`: the folder is that of another world, which had built this router.
    """

    def __init__(self, folder: Path, built: lifecycle.RouterState | None = None) -> None:
        self.clock = ManualClock()
        self.user = UserClock(self.clock)
        self.sakura = Sakura(folder / "cloud", clock=self.clock)
        self.router = Router(folder / "rtx", clock=self.clock)
        self.link = Link(self.clock, self.sakura, self.router.gateways)
        self.sakura.link = self.router.office_link = self.link
        self.sakura.set_credentials("token", "secret")
        self.router.set_password("ops", "login-pw")
        self.router.set_administrator_password("admin-pw")
        self.api = SakuraServer(self.sakura)
        self.api.start()
        self.logins = 0
        self.wire: Callable[[Router, ManualClock, str], Wire] = Wire
        self.login = Login("rtx.example", 22, "ops", "login-pw", "admin-pw", "ssh-rsa AAAA")
        self.messages: list[str] = []
        self.on_message: Callable[[str], None] = lambda _: None
        self.client = self.client_of(CREDENTIALS, self.clock)
        self.made = built or self._build()
        self.first = self.wish(demo(), KEY)
        self.verification = tunnel.Verification(
            target=IPv4Address("192.168.2.1"), source=IPv4Address("192.168.1.1"), seconds=60
        )

    def _build(self) -> lifecycle.RouterState:
        internet = lifecycle.ensure_internet(
            self.client, lifecycle.InternetSpec("wan", "@t=1", "d"), self.clock, self.say
        )
        lan = lifecycle.ensure_switch(
            self.client, lifecycle.SwitchSpec("lan", "@t=2", "d"), self.clock, self.say
        )
        spec = lifecycle.RouterSpec(
            name="router",
            tag="@t=3",
            description="d",
            lan=lifecycle.LanSpec(1, lan.id, "192.168.2.1", ("192.168.2.2", "192.168.2.3"), 24),
            upstream_switch_id=internet.switch_id,
            vip=internet.addresses[0],
            addresses=tuple(internet.addresses[1:3]),
            vrid=10,
        )
        return lifecycle.ensure_router(self.client, spec, self.clock, self.say)

    def connect(self, login: Login) -> Wire:
        self.logins += 1
        return self.wire(self.router, self.clock, login.user)

    def close(self) -> None:
        self.api.stop()

    def say(self, text: str) -> None:
        self.messages.append(text)
        self.on_message(text)

    def ctrl_c_at(self, text: str) -> None:
        """The user stops the command as soon as it says this."""

        def stop(said: str) -> None:
            self.user.stopped = self.user.stopped or text in said

        self.on_message = stop

    def client_of(self, credentials: Credentials, clock: Clock) -> Client:
        return Client(credentials, "is1b", root_url=self.api.root, clock=clock)

    def recovering(self) -> Client:
        client = Recovering(CREDENTIALS, "is1b", root_url=self.api.root, clock=self.clock)
        client.recover = self.sakura.faults.clear
        return client

    def wish(self, site: Site, key: str) -> tunnel.Wish:
        text = render(site.agreement, site.office_end)
        lines = text.replace(ADDRESS_PLACEHOLDER, self.made.vip)
        return tunnel.Wish(lines, vpn_values(site.agreement), key)

    def ends(self, *wishes: tunnel.Wish, **others: Any) -> tunnel.Ends:
        keys = {s.key for wish in wishes for s in parse(wish.lines).statements}
        ends = tunnel.Ends(
            client=self.client_of(CREDENTIALS, self.user),
            calm=self.client,
            router_id=self.made.id,
            peer=wishes[0].cloud["peer"],
            login=self.login,
            scope=Scope(2, 102, 2, frozenset(keys)),
        )
        return replace(ends, **others)

    def establish(
        self,
        wish: tunnel.Wish,
        before: tunnel.Wish | None = None,
        *,
        on_failure: str = "",
        **others: Any,
    ) -> tunnel.Proof:
        """`others` stand in the place of what `ends` gives."""
        return tunnel.establish(
            self.ends(*filter(None, (wish, before)), **others),
            wish,
            before,
            replace(self.verification, on_failure=on_failure),
            clock=self.user,
            progress=self.say,
        )

    def remove(self, wish: tunnel.Wish, **others: Any) -> None:
        tunnel.remove(self.ends(wish, **others), wish, clock=self.user, progress=self.say)

    def look(self, wish: tunnel.Wish) -> tunnel.Standing:
        return tunnel.look(self.ends(wish), wish.lines, clock=self.user)

    def somebody_elses_peer(self, address: str = "203.0.113.200", key: str = OTHER_KEY) -> None:
        """Another site's peer stands at the VPC router."""
        peer = {"peer": address, "remoteId": address, "routes": ["10.9.0.0/24"]}
        lifecycle.write_peer(
            self.client, self.made.id, {**self.first.cloud, **peer}, key, self.clock
        )

    def type(self, *lines: str) -> str:
        return run_lines(self.router, lines).replace("\r\n", "\n")

    def settings(self) -> Json:
        """What the API has stored."""
        answer: Json = self.client.get(f"appliance/{self.made.id}")["Appliance"]["Settings"]
        return answer

    def both(self) -> tuple[Any, ...]:
        """Both ends, keys included: running and saved lines, stored and applied settings."""
        running, saved = self.router.running().lines(), self.router.saved().lines()
        return running, saved, self.settings(), list(self.sakura.vpn_peers())

    def spis(self) -> set[bytes]:
        return {sa.spi for sa in self.link.sas()}

    def passes(self) -> bool:
        target, source = self.verification.target, self.verification.source
        return self.link.ping(source, target, 64) is not None


class OverSsh:
    """The world's router behind a real SSH server for a while."""

    def __init__(self, world: World) -> None:
        self._world, self._server = world, RtxServer(world.router)
        self._closing, self._ticker = threading.Event(), threading.Thread(target=self._tick)

    def _tick(self) -> None:
        """Time jumps to when a console has something to say: a lost ping takes no real second."""
        while not self._closing.wait(0.01):
            for console in list(self._world.router.sessions):
                if (wakes_at := console.wakes_at) is not None:
                    self._world.clock.advance(wakes_at - self._world.clock.now())

    def __enter__(self) -> Login:
        self._server.start()
        self._ticker.start()
        return replace(
            self._world.login,
            host="127.0.0.1",
            port=self._server.port,
            host_key=self._server.host_key,
        )

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._ticker.join()
        self._server.stop()


def made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in `folder`; sessions come by its own wire unless a test says otherwise."""
    world = World(folder)
    monkeypatch.setattr("components.office.session._by_ssh", world.connect)
    return world


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world for one test; who imports this by name has it."""
    world = made(tmp_path, monkeypatch)
    yield world
    world.close()
