"""The tunnel's handler between both stand-ins in this process; no wait is real."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud_stand_in import Heard, context

from components.provider import access
from components.provider.handler import Context, Incomplete
from components.provider.tunnel import Tunnel

sys.path.append(str(Path(__file__).parents[1]))

from tunnel_world import CREDENTIALS, KEY, OTHER_KEY, World, demo, made

__all__ = ["KEY", "OTHER_KEY", "Incomplete", "Rig", "rig"]

NUMBERS = {"tunnel": 2, "policy": 102, "gateway": 2}


class Rig:
    """A world, the inputs of its tunnel, and what an engine does with them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world: World = made(folder, monkeypatch)
        self.said: list[str] = []
        self.config: dict[str, Any] = {}
        monkeypatch.setattr(access, "client", self._client)
        monkeypatch.setattr(access, "login", lambda *_: self.world.login)
        for module in ("tunnel", "tunnel_removal"):
            name = f"components.provider.{module}.SystemClock"
            monkeypatch.setattr(name, lambda _event=None: self.world.user)

    def _client(self, _inputs: Any, _ctx: Context, *, calm: bool = False) -> Any:
        return self.world.client_of(CREDENTIALS, self.world.user)

    def inputs(
        self,
        *,
        key: str = KEY,
        router: dict[str, Any] | None = None,
        verify: dict[str, Any] | None = None,
        consent: dict[str, Any] | None = None,
        **ipsec: str,
    ) -> dict[str, Any]:
        """What the program would ask for."""
        wish = self.world.wish(demo(**ipsec), key)
        asked = {"target": "192.168.2.1", "source": "192.168.1.1", "seconds": 60, "mtu": 1280}
        return {
            "zone": "is1b",
            "routerId": self.world.made.id,
            "address": self.world.made.vip,
            "lines": wish.lines,
            "cloud": wish.cloud,
            "psk": key,
            "pskVersion": 1,
            "numbers": NUMBERS,
            "router": {"model": "RTX1220", **(router or {})},
            "consent": {"inBand": False, **(consent or {})},
            "verify": {**asked, **(verify or {})},
        }

    def context(self) -> Heard:
        ctx = context(**self.config)
        ctx.said, ctx.cancelled, ctx.preview = self.said, threading.Event(), False
        return ctx

    def create(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return Tunnel().create(inputs, self.context())[1]

    def update(self, state: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Any]:
        return Tunnel().update("id", state, inputs, self.context())

    def delete(self, state: dict[str, Any]) -> None:
        Tunnel().delete("id", state, self.context())

    def read(self, state: dict[str, Any], inputs: dict[str, Any]) -> Any:
        return Tunnel().read("id", state, inputs, self.context())

    def changed(self, old: dict[str, Any], new: dict[str, Any]) -> set[str]:
        return set(Tunnel().diff(old, old, new, self.context()).changed)

    @property
    def told(self) -> str:
        """Everything that the user was told so far."""
        return "\n".join(self.said)


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    rig = Rig(tmp_path, monkeypatch)
    yield rig
    assert KEY not in rig.told
    assert OTHER_KEY not in rig.told
    rig.world.close()
