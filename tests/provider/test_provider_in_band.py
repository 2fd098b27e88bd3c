"""A preview says when the machine that it runs on would saw at its own branch."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cloud_stand_in import context

from components.office import inband
from components.provider.tunnel import Tunnel
from components.rehearsal.instance import FOLDER_VARIABLE

LINES = "ip route {} gateway tunnel 2\ntunnel select 2\n ipsec tunnel 102\n tunnel enable 2\n"
INPUTS = {
    "address": "203.0.113.4",
    "lines": LINES.format("192.168.2.0/24"),
    "cloud": {"peer": "198.51.100.20", "encryption": "aes128"},
    "routerId": "113400000101",
    "router": {"model": "RTX1220", "host": "192.0.2.7"},
}
BASTION = {"model": "RTX1220", "host": "192.168.1.1", "via": "ops@192.168.2.9:2222"}


class Way:
    """What the machine's routing table says: we come from 192.168.2.7."""

    def __init__(self, *_: object) -> None: ...

    def __enter__(self) -> Way:
        return self

    def __exit__(self, *_: object) -> None: ...

    def connect(self, address: tuple[str, int]) -> None:
        assert address == ("192.0.2.7", 22)

    def getsockname(self) -> tuple[str, int]:
        return "192.168.2.7", 40000


def said(**change: Any) -> bool:
    ctx = context()
    Tunnel().preview({"lines": "before"}, {**INPUTS, **change}, ctx)
    return any(
        "through the tunnel itself" in text and "office.in_band" in text for text in ctx.said
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"router": BASTION}, True),
        ({"lines": LINES.format("192.168.3.0/24")}, False),
        ({"consent": {"inBand": True}}, False),
        ({"rehearsal": True}, False),
        ({"router": {**BASTION, "via": "ops@bastion.example"}}, False),
        ({"router": {"model": "RTX1220", "host": "rtx.example"}}, False),
    ],
)
def test_in_band(
    change: dict[str, Any], expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))  # never the one that may run in this clone
    asked = SimpleNamespace(socket=Way, AF_INET=2, SOCK_DGRAM=2)
    monkeypatch.setattr("components.office.inband.socket", asked)
    assert said(**change) is expected


@pytest.mark.parametrize("host", ["127.0.0.1", "rtx.example", ""])
def test_where_nobody_can_tell_where_we_come_from(host: str) -> None:
    assert inband.source_towards(host) is None
