"""How many API calls a preview, a refresh and a new key take, from the stand-in's own log."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from components.clock import ManualClock
from components.cloud import lifecycle
from components.cloud.api import Client
from components.cloud.credentials import Credentials
from components.provider.handler import Context, Resource
from components.provider.network import Internet, Switch
from components.provider.router import VpcRouter
from components.rehearsal.sakura import Call, Sakura, SakuraServer

from .table import Row

Props = dict[str, Any]

ZONE = "is1b"
CREDENTIALS = Credentials("token", "secret", "the bench")
PEER: Props = {
    "peer": "198.51.100.20",
    "remoteId": "192.168.1.1",
    "routes": ["192.168.1.0/24"],
    "localPrefixes": ["192.168.2.0/24"],
    "encryption": "aes256",
    "hash": "sha256",
    "dhGroup": "modp2048",
    "ikeLifetime": 28800,
    "espLifetime": 1800,
    "dpdInterval": 15,
    "dpdTimeout": 30,
}


@dataclass(frozen=True)
class Kept:
    """A resource as the engine keeps it between two runs."""

    kind: Resource
    id: str
    inputs: Props
    state: Props


class Bench:
    """A site at the stand-in, made by the provider's own handlers."""

    def __init__(self, sakura: Sakura, root: str) -> None:
        self.sakura, self.root, self.clock = sakura, root, ManualClock()
        wan = self._made(Internet(), {"prefixLength": 28, "bandwidthMbps": 100})
        lan = self._made(Switch(), {})
        addresses = wan.state["addresses"]
        router = {
            "plan": "premium",
            "version": 2,
            "switchId": wan.state["switchId"],
            "address": addresses[0],
            "realAddresses": addresses[1:3],
            "vrid": 10,
            "lan": {
                "switchId": lan.id,
                "address": "192.168.2.1",
                "realAddresses": ["192.168.2.2", "192.168.2.3"],
                "prefixLength": 24,
            },
        }
        self.router = self._made(VpcRouter(), router)
        self.kept = [wan, lan, self.router]
        self.write("first_key")

    def client(self, *_: object, **__: object) -> Client:
        return Client(CREDENTIALS, ZONE, root_url=self.root, clock=self.clock)

    def context(self, kind: Resource) -> Context:
        name = type(kind).__name__
        urn = f"urn:pulumi:bench::vpn::sakurartx:index:{name}::{name}"
        return Context(urn, False, 0.0, threading.Event(), {}, None)

    def write(self, key: str) -> None:
        lifecycle.write_peer(self.client(), self.router.id, PEER, key, self.clock)

    def calls_of(self, work: Callable[[], object]) -> list[Call]:
        self.sakura.calls.clear()
        work()
        return list(self.sakura.calls)

    def _made(self, kind: Resource, values: Props) -> Kept:
        with patch("components.provider.access.client", self.client):
            context = self.context(kind)
            inputs = kind.check({"zone": ZONE, "name": context.name, **values}, context)
            assert isinstance(inputs, dict)
            id, state = kind.create(inputs, context)
        return Kept(kind, id, inputs, state)


@contextmanager
def bench() -> Iterator[Bench]:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        sakura = Sakura(Path(folder), clock=ManualClock())
        sakura.set_credentials(CREDENTIALS.token, CREDENTIALS.secret)
        server = SakuraServer(sakura)
        server.start()
        stack.callback(server.stop)
        for module in ("network", "router"):
            clock = f"components.provider.{module}.SystemClock"
            stack.enter_context(patch(clock, lambda *_: ManualClock()))
        made = Bench(sakura, server.root)
        stack.enter_context(patch("components.provider.access.client", made.client))
        yield made


def _preview(here: Bench) -> None:
    """What the engine asks of each resource when nothing changed."""
    for one in here.kept:
        context = here.context(one.kind)
        inputs = one.kind.check(one.inputs, context)
        assert isinstance(inputs, dict)
        assert not one.kind.diff(one.inputs, one.state, inputs, context).changed


def _refresh(here: Bench, one: Kept) -> None:
    found = one.kind.read(one.id, one.state, one.inputs, here.context(one.kind))
    assert found is not None
    assert found[2] == one.inputs  # no difference either


def rows() -> list[Row]:
    """Calls, and the seconds that a new key waits for nothing."""
    with bench() as here:
        preview = here.calls_of(lambda: _preview(here))
        refreshes = [here.calls_of(lambda o=one: _refresh(here, o)) for one in here.kept]  # type: ignore[misc]
        peer = here.calls_of(
            lambda: lifecycle.read_peer(here.client(), here.router.id, PEER["peer"])
        )
        before = here.clock.now()
        key = here.calls_of(lambda: here.write("second_key"))
        waited = here.clock.now() - before
    most = max(map(len, (*refreshes, peer)))
    assert all(call.method == "GET" for calls in (*refreshes, peer) for call in calls)
    written = ", ".join(f"{call.method} {_last_word(call)}" for call in key)
    return [
        _row("a preview without a change", len(preview), 0, "calls"),
        _row("a refresh, the object with most", most, 2, "calls"),
        _row("a new key at the VPC router", len(key), 4, "calls", written),
        _row("seconds that a new key waits", waited, 0, "s"),
    ]


def _row(goal: str, ours: float, allowed: float, unit: str, note: str = "") -> Row:
    return Row(goal, ours, allowed, unit, ours, allowed, note)


def _last_word(call: Call) -> str:
    return "config" if call.path.endswith("/config") else "appliance"
