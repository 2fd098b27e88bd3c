"""An API that the handlers reach, and contexts for their calls."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from components.clock import ManualClock
from components.cloud.api import Client
from components.cloud.credentials import Credentials
from components.errors import Cancelled
from components.provider import access
from components.provider.handler import Context
from components.provider.network import Internet, Switch
from components.rehearsal.sakura import Sakura, SakuraServer

URN = "urn:pulumi:demo::sakura-rtx-vpn::sakurartx:index:SiteToSiteVpn${}::{}"


class Heard(Context):
    """A call of which the messages can be read."""

    said: list[str]

    def info(self, text: str) -> None:
        self.said.append(text)

    warning = info


def context(kind: str = "Tunnel", name: str = "demo-x", **config: Any) -> Heard:
    urn = URN.format(f"sakurartx:index:{kind}", name)
    made = Heard(urn, True, 0.0, threading.Event(), config, None)
    made.said = []
    return made


class Stoppable(ManualClock):
    """A clock on which nobody waits for real, and which sees Ctrl-C as the real one does."""

    def __init__(self, cancelled: threading.Event | None = None) -> None:
        super().__init__()
        self._cancelled = cancelled or threading.Event()

    def wait(self, seconds: float) -> None:
        if self._cancelled.is_set():
            raise Cancelled("stopped on request")
        super().wait(seconds)


@contextmanager
def reached(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sakura]:
    sakura = Sakura(folder, clock=ManualClock())
    sakura.set_credentials("token", "secret")
    server = SakuraServer(sakura)
    server.start()

    def client(inputs: Any, ctx: Context, *, calm: bool = False) -> Client:
        clock = Stoppable(None if calm else ctx.cancelled)
        known = Credentials("token", "secret", "the test")
        return Client(known, inputs["zone"], root_url=server.root, clock=clock)

    monkeypatch.setattr(access, "client", client)
    for module in ("network", "router"):
        monkeypatch.setattr(f"components.provider.{module}.SystemClock", Stoppable)
    yield sakura
    server.stop()


INTERNET = {"zone": "is1b", "name": "wan", "prefixLength": 28, "bandwidthMbps": 100}
SWITCH = {"zone": "is1b", "name": "lan"}


def router_inputs(**others: Any) -> dict[str, Any]:
    """A router beside the networks that it needs."""
    _, wan = Internet().create(INTERNET, context("Internet"))
    lan, _ = Switch().create(SWITCH, context("Switch"))
    return {
        "zone": "is1b",
        "name": "router",
        "plan": "premium",
        "version": 2,
        "switchId": wan["switchId"],
        "address": wan["addresses"][0],
        "realAddresses": wan["addresses"][1:3],
        "vrid": 10,
        "lan": {
            "switchId": lan,
            "address": "192.168.2.1",
            "realAddresses": ["192.168.2.2", "192.168.2.3"],
            "prefixLength": 24,
        },
        **others,
    }
