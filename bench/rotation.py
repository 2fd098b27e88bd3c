"""A new key at both ends: calls, commands and sleeps of ours, beside an API client that sleeps.

Both ends stand in this process on one clock that passes only when somebody waits, so what is
counted is what is waited for, not how fast this machine is.  A call is taken for `CALL` seconds,
for both alike.  The other client does what the official provider does for any change of a VPC
router (sakura-vpcrouter-api 1.5 and 2.8: it reads, pauses, stores, applies); of its two pauses the
short one is taken.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import requests

from components import tunnel
from components.clock import ManualClock
from components.cloud import lifecycle
from components.cloud.api import Client
from components.cloud.credentials import Credentials
from components.cloud.router import vpn_values
from components.commands.lines import site_named
from components.office.config import Scope, parse
from components.office.login import Login
from components.office.render import ADDRESS_PLACEHOLDER, render
from components.rehearsal.link import Link
from components.rehearsal.rtx import Router
from components.rehearsal.sakura import Sakura, SakuraServer

from .table import Row

CALL: Final = 0.1  # seconds
PAUSE: Final = 5.0  # seconds, "pause before PUT settings", always slept
ALLOWED: Final = 0.10
CREDENTIALS: Final = Credentials("token", "secret", "the bench")
LOGIN: Final = Login("rtx.example", 22, "ops", "login", "administrator", "ssh-rsa AAAA")


@dataclass
class Count:
    """What one way of changing the key took, until the cloud end had applied it."""

    calls: list[str] = field(default_factory=list)
    commands: int = 0
    slept: float = 0.0
    applied: bool = False

    @property
    def seconds(self) -> float:
        return self.slept + CALL * len(self.calls)


class CountedClock(ManualClock):
    """Its waits are sleeps of whoever is measured."""

    def __init__(self, world: ManualClock, count: Count) -> None:
        super().__init__()
        self._world, self._count = world, count

    def now(self) -> float:
        return self._world.now()

    def wait(self, seconds: float) -> None:
        if not self._count.applied:
            self._count.slept += seconds
        self._world.wait(seconds)


class CountedClient(Client):
    """Its calls are counted until the settings are applied."""

    count: Count

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> requests.Response:
        if not self.count.applied:
            last = "config" if path.endswith("/config") else path.split("/", maxsplit=1)[0]
            self.count.calls.append(f"{method} {last}")
        answer = super()._send(method, path, body)
        self.count.applied |= method == "PUT" and path.endswith("/config")
        return answer


class Wire:
    """A terminal of the router without a network; its lines are counted as long as `count` asks."""

    def __init__(self, router: Router, clock: ManualClock, count: Count) -> None:
        self._router, self._clock, self._count = router, clock, count
        self._console = router.console(LOGIN.user)
        self._shown, self._encoding = self._console.start(), "cp932"

    def use_encoding(self, encoding: str) -> None:
        self._encoding = encoding

    def write(self, text: str) -> None:
        self._count.commands += text.count("\r")
        self._shown += self._console.feed(text.encode(self._encoding))

    def read(self, timeout: float) -> str:
        shown, self._shown = self._shown, b""
        if not shown:
            if self._console.closed:
                raise ConnectionError("gone")
            self._clock.advance(timeout)
            self._router.tick()
            shown = self._console.poll()
        return shown.decode(self._encoding, "replace")

    def close(self) -> None:
        self._router.hung_up(self._console)


class World:
    """The demo's two ends; what is counted is what the last one to change the key did."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.count = ManualClock(), Count()
        self.sakura = Sakura(folder / "cloud", clock=self.clock)
        self.router = Router(folder / "rtx", clock=self.clock)
        link = Link(self.clock, self.sakura, self.router.gateways)
        self.sakura.link = self.router.office_link = link
        self.sakura.set_credentials(CREDENTIALS.token, CREDENTIALS.secret)
        self.router.set_password(LOGIN.user, LOGIN.password)
        self.router.set_administrator_password(LOGIN.administrator_password)
        self.api = SakuraServer(self.sakura)
        self.api.start()
        self.made = self._router()
        self.site = site_named("demo")

    def connect(self, _login: Login) -> Wire:
        return Wire(self.router, self.clock, self.count)

    def client(self) -> CountedClient:
        clock = CountedClock(self.clock, self.count)
        made = CountedClient(CREDENTIALS, "is1b", root_url=self.api.root, clock=clock)
        made.count = self.count
        return made

    def _router(self) -> lifecycle.RouterState:
        client, clock = self.client(), self.clock
        wan = lifecycle.ensure_internet(
            client, lifecycle.InternetSpec("wan", "@t=1", ""), clock, _silent
        )
        lan = lifecycle.ensure_switch(
            client, lifecycle.SwitchSpec("lan", "@t=2", ""), clock, _silent
        )
        spec = lifecycle.RouterSpec(
            name="router",
            tag="@t=3",
            description="",
            lan=lifecycle.LanSpec(1, lan.id, "192.168.2.1", ("192.168.2.2", "192.168.2.3"), 24),
            upstream_switch_id=wan.switch_id,
            vip=wan.addresses[0],
            addresses=tuple(wan.addresses[1:3]),
            vrid=10,
        )
        return lifecycle.ensure_router(client, spec, clock, _silent)

    def wish(self, key: str) -> tunnel.Wish:
        text = render(self.site.agreement, self.site.office_end)
        lines = text.replace(ADDRESS_PLACEHOLDER, self.made.vip)
        return tunnel.Wish(lines, vpn_values(self.site.agreement), key)

    def rotate(self, new: str, old: str | None) -> tuple[Count, tunnel.Proof]:
        """Both ends from one key to the other by our own transaction."""
        wish, before = self.wish(new), None if old is None else self.wish(old)
        self.count = Count()
        client = self.client()
        ends = tunnel.Ends(
            client=client,
            calm=client,
            router_id=self.made.id,
            peer=wish.cloud["peer"],
            login=LOGIN,
            scope=Scope(2, 102, 2, frozenset(s.key for s in parse(wish.lines).statements)),
        )
        asked = tunnel.Verification(self.site.target, self.site.office.router_address)
        clock = CountedClock(self.clock, self.count)
        proof = tunnel.establish(ends, wish, before, asked, clock=clock, progress=_silent)
        return self.count, proof

    def as_others_do(self, key: str) -> Count:
        """The cloud end alone, by a client that pauses before it stores."""
        self.count = Count()
        client, clock = self.client(), CountedClock(self.clock, self.count)
        path = f"appliance/{self.made.id}"
        found = client.get(path)["Appliance"]
        clock.wait(PAUSE)
        settings = copy.deepcopy(found["Settings"])
        settings["Router"]["SiteToSiteIPsecVPN"]["Config"][0]["PreSharedSecret"] = key
        body = {"Settings": settings, "SettingsHash": found["SettingsHash"]}
        client.put(path, {"Appliance": body})
        client.put(f"{path}/config")
        return self.count


def _silent(_text: str) -> None:
    """Nobody listens."""


@contextmanager
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        here = World(Path(folder))
        try:
            with patch("components.office.session._by_ssh", here.connect):
                here.rotate("first_key", None)
                yield here
        finally:
            here.api.stop()


def rows() -> list[Row]:
    """Ours beside the other's, and what a rotation is made of."""
    with world() as here:
        ours, proof = here.rotate("second_key", "first_key")
        other = here.as_others_do("third_key")
    note = f"{', '.join(ours.calls)}; slept {ours.slept:g} s against {other.slept:g}"
    return [
        Row(
            "a new key at the cloud end, calls of 0.1 s and sleeps (a client that pauses)",
            ours.seconds,
            other.seconds,
            "s",
            ours.seconds / other.seconds,
            ALLOWED,
            note,
        ),
        Row("a new key: lines typed on the RTX, all in all", ours.commands, None, "lines", 0.0),
        Row("a new key: without traffic (model of the link)", proof.outage_s, None, "s", 0.0),
    ]
