"""A VPC router that somebody else made, with the LAN of the demo, in the rehearsal of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from components.clock import Clock, SystemClock
from components.cloud import lifecycle as cloud
from components.cloud.api import Client
from components.cloud.credentials import resolve
from components.cloud.router import vpn_values
from components.rehearsal import instance
from components.site import Site

ZONE = "is1b"


class Hurried(SystemClock):
    """Instead of waiting it lets the time pass at both rehearsed ends."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder, self._passed = folder, 0.0

    def now(self) -> float:
        return super().now() + self._passed

    def wait(self, seconds: float) -> None:
        instance.ask(self._folder, "POST", "/advance", {"seconds": seconds})
        self._passed += seconds


def _client(folder: Path, clock: Clock) -> Client:
    ends = instance.endpoints(folder)
    known = {"apiToken": ends.api_token, "apiSecret": ends.api_secret}
    credentials = resolve(known, {}, Path("/nonexistent"))
    return Client(credentials, ZONE, clock=clock, root_url=ends.api_root)


def write_peer(folder: Path, router: str, site: Site, key: str) -> None:
    """What its owner does for a site."""
    clock = Hurried(folder)
    cloud.write_peer(_client(folder, clock), router, vpn_values(site.agreement), key, clock)


def settings(folder: Path, router: str) -> Any:
    """What the API has stored."""
    return _client(folder, SystemClock()).get(f"appliance/{router}")["Appliance"]["Settings"]


def make(folder: Path) -> str:
    """Make it; its id."""
    clock = Hurried(folder)
    client = _client(folder, clock)
    net = cloud.ensure_internet(client, cloud.InternetSpec("hub", "@hub=1", ""), clock, _quiet)
    lan = cloud.ensure_switch(client, cloud.SwitchSpec("hub", "@hub=2", ""), clock, _quiet)
    inside = cloud.LanSpec(1, lan.id, "192.168.2.1", ("192.168.2.2", "192.168.2.3"), 24)
    spec = cloud.RouterSpec(
        "hub",
        "@hub=3",
        "",
        inside,
        upstream_switch_id=net.switch_id,
        vip=net.addresses[0],
        addresses=net.addresses[1:3],
        vrid=10,
    )
    return cloud.ensure_router(client, spec, clock, _quiet).id


def _quiet(_: str) -> None:
    pass
