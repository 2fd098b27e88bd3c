"""What the tests of the cloud end share: a cloud of its own, and a client that can be killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests

from components.clock import ManualClock
from components.cloud import lifecycle as cloud
from components.cloud.api import Client
from components.cloud.credentials import Credentials
from components.cloud.lifecycle import InternetSpec, LanSpec, RouterSpec, SwitchSpec
from components.rehearsal.sakura import Fault, Faults, Options, Sakura, SakuraServer

Json = dict[str, Any]

OFFICE = "198.51.100.20"
KEY = "Canary_key_0123456789"
VALUES: Json = {
    "peer": OFFICE,
    "remoteId": "192.168.1.1",
    "routes": ["192.168.1.0/24"],
    "localPrefixes": ["192.168.2.0/24"],
    "encryption": "aes128",
    "hash": "sha1",
    "dhGroup": "modp1024",
    "ikeLifetime": 28800,
    "espLifetime": 1800,
    "dpdInterval": 15,
    "dpdTimeout": 30,
}


def described(name: str) -> Json:
    return {
        "name": f"demo-{name}",
        "tag": cloud.owner_tag("vpn", "demo", name),
        "description": cloud.owner_text("vpn", "demo", name),
    }


INTERNET = InternetSpec(**described("wan"), prefix_length=28, bandwidth_mbps=100)
SWITCH = SwitchSpec(**described("lan"))


def router_spec(internet: cloud.InternetState, switch: cloud.SwitchState) -> RouterSpec:
    lan = LanSpec(1, switch.id, "192.168.2.1", ["192.168.2.2", "192.168.2.3"], 24)
    return RouterSpec(
        **described("router"),
        lan=lan,
        upstream_switch_id=internet.switch_id,
        vip=internet.addresses[0],
        addresses=internet.addresses[1:3],
        vrid=10,
    )


class Killed(BaseException):
    """The process ends here."""


class Mortal(Client):
    """A client whose process is killed after one of its requests (the first is 1)."""

    dies_after = -1
    requests_made = 0

    def _send(self, method: str, path: str, body: Json | None) -> requests.Response:
        self.requests_made += 1
        response = super()._send(method, path, body)
        if self.requests_made == self.dies_after:
            raise Killed
        return response


class Watched(Faults):
    """The faults of a cloud; every request asks them first, so they know all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def take(self, method: str, path: str) -> Fault | None:
        parts = ("*" if part.isdigit() else part for part in path.split("/"))
        self.asked.append(f"{method} {'/'.join(parts)}")
        return super().take(method, path)


@dataclass
class World:
    """A cloud of its own with an account in it."""

    sakura: Sakura
    root: str
    clock: ManualClock = field(default_factory=ManualClock)
    said: list[str] = field(default_factory=list)
    credentials = Credentials("token", "secret", "test")

    def client(self, dies_after: int = -1) -> Mortal:
        client = Mortal(self.credentials, "is1b", clock=self.clock, root_url=self.root)
        client.dies_after = dies_after
        return client

    def build(self, client: Client) -> tuple[cloud.InternetState, cloud.RouterState]:
        internet = cloud.ensure_internet(client, INTERNET, self.clock, self.said.append)
        switch = cloud.ensure_switch(client, SWITCH, self.clock, self.said.append)
        spec = router_spec(internet, switch)
        return internet, cloud.ensure_router(client, spec, self.clock, self.said.append)

    def spec(self) -> RouterSpec:
        """What `build` asked for, from what is there."""
        client = self.client()
        internet = cloud.ensure_internet(client, INTERNET, self.clock, self.said.append)
        switch = cloud.ensure_switch(client, SWITCH, self.clock, self.said.append)
        return router_spec(internet, switch)

    def pull_down(self, client: Client, router_id: str, switch_id: str, internet_id: str) -> None:
        cloud.delete_router(client, router_id, self.clock, self.said.append)
        cloud.delete_switch(client, switch_id, self.clock, self.said.append)
        cloud.delete_internet(client, internet_id, self.clock, self.said.append, tag=INTERNET.tag)

    def count(self) -> dict[str, int]:
        client = self.client()
        return {kind: len(client.find(kind, {})) for kind in ("internet", "switch", "appliance")}

    def appliance(self, router_id: str) -> Json:
        found: Json = self.client().get(f"appliance/{router_id}")["Appliance"]
        return found

    @property
    def faults(self) -> Watched:
        assert isinstance(self.sakura.faults, Watched)
        return self.sakura.faults

    def calls(self) -> list[str]:
        """Every request so far, ids left out."""
        return self.faults.asked


@contextmanager
def world(folder: Path, **options: Any) -> Iterator[World]:
    sakura = Sakura(folder, clock=ManualClock(), options=Options(**options))
    sakura.set_credentials("token", "secret")
    sakura.faults = Watched()
    server = SakuraServer(sakura)
    server.start()
    try:
        yield World(sakura, server.root)
    finally:
        server.stop()


ONE_OF_EACH = {"internet": 1, "switch": 2, "appliance": 1}  # a router+switch holds a switch
NOTHING = {"internet": 0, "switch": 0, "appliance": 0}

QUICK: Json = {
    "internet_404_reads": 1,
    "migrating_reads": 1,
    "boot_reads": 1,
    "cleaning_reads": 1,
}


def moved(spec: RouterSpec) -> RouterSpec:
    lan = replace(spec.lan, vip="192.168.2.11", addresses=["192.168.2.12", "192.168.2.13"])
    return replace(spec, lan=lan, name="moved")
