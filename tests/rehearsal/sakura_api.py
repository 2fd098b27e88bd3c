"""What the tests of the API stand-in share: a client that knows nothing, and a link that notes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import requests

from components.clock import ManualClock
from components.rehearsal.sakura import Options, Sakura, SakuraServer

Json = dict[str, Any]
TOKEN, SECRET = "11111111-2222-3333-4444-555555555555", "canary-secret-of-the-api"
KEY = "Canary_key_0123456789"
PEER: Json = {
    "Peer": "198.51.100.20",
    "RemoteID": "192.168.1.1",
    "PreSharedSecret": KEY,
    "Routes": ["192.168.1.0/24"],
    "LocalPrefix": ["192.168.2.0/24"],
}
VPN: Json = {
    "Enabled": "True",
    "Config": [PEER],
    "IKE": {"Lifetime": 28801, "DPD": {"Interval": 16, "Timeout": 31}},
    "ESP": {"Lifetime": 1801},
    "EncryptionAlgo": "aes256",
    "HashAlgo": "sha256",
    "DHGroup": "modp2048",
}
LAN: Json = {
    "IPAddress": ["192.168.2.2", "192.168.2.3"],
    "VirtualIPAddress": "192.168.2.1",
    "NetworkMaskLen": 24,
}


class Answer(NamedTuple):
    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> str:
        """The error code of a refusal, whose body is checked on the way."""
        assert self.body["is_fatal"] is True
        assert self.body["status"].startswith(f"{self.status} ")
        assert len(self.body["serial"]) == 32
        assert self.body["error_msg"]
        return str(self.body["error_code"])

    @property
    def refusal(self) -> tuple[int, str]:
        return self.status, self.code


@dataclass
class NotingLink:
    """A link in the shape of `LinkSide` that notes what it is told."""

    told: list[tuple[str, ...]] = field(default_factory=list)
    connected: set[str] = field(default_factory=set)
    asks: Sakura | None = None

    def _note(self, *what: str) -> None:
        if self.asks:
            self.asks.vpn_peers()  # a real link reads the settings while it is told
        self.told.append(what)

    def peer_up(self, router_id: str, peer: str) -> bool:
        self._note("peer_up", router_id, peer)
        return peer in self.connected

    def settings_applied(self, router_id: str) -> None:
        self._note("settings_applied", router_id)

    def router_stopped(self, router_id: str) -> None:
        self._note("router_stopped", router_id)

    def restart_vpn(self, router_id: str) -> None:
        self._note("restart_vpn", router_id)

    def ping_from_cloud(self, router_id: str, destination: str) -> list[str]:
        self._note("ping", router_id, destination)
        return [f"PING {destination}", "64 bytes"]


class Api:
    """One request at a time, and the steps that tests need before the point."""

    def __init__(self, sakura: Sakura, server: SakuraServer, log: list[str]) -> None:
        self.sakura, self.server, self.log = sakura, server, log
        self.auth: tuple[str, str] | None = (TOKEN, SECRET)
        self.headers = {"X-Sakura-Bigint-As-Int": "1"}
        self.zone, self.patience = "is1b", 10.0

    def call(self, method: str, path: str, body: Any = None, query: str = "") -> Answer:
        url = f"{self.server.root}/{self.zone}/api/cloud/1.1{path}{'?' + query if query else ''}"
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                method, url, json=body, auth=self.auth, headers=self.headers, timeout=self.patience
            )
        kind = answer.headers["Content-Type"]
        content = answer.json() if kind.startswith("application/json") else answer.text
        return Answer(answer.status_code, content, answer.headers)

    def get(self, path: str, query: str = "") -> Answer:
        return self.call("GET", path, query=query)

    def put(self, path: str, body: Any = None) -> Answer:
        return self.call("PUT", path, body)

    def post(self, path: str, body: Any = None) -> Answer:
        return self.call("POST", path, body)

    def delete(self, path: str, body: Any = None) -> Answer:
        return self.call("DELETE", path, body)

    def until(self, path: str, key: str, wanted: Any, limit: int = 20) -> Json:
        """Read until a dotted key of the answer's object has this value."""
        for _ in range(limit):
            answer = self.get(path)
            if answer.status == 200:
                thing: Json = next(each for each in answer.body.values() if isinstance(each, dict))
                value: Any = thing
                for name in key.split("."):
                    value = (value or {}).get(name)
                if value == wanted:
                    return thing
        raise AssertionError(f"{key} of {path} did not become {wanted}: {answer.body}")

    def internet(self, name: str = "wan", prefix_length: int = 28) -> Json:
        """A router+switch that is ready."""
        wanted = {"Name": name, "NetworkMaskLen": prefix_length, "BandWidthMbps": 100}
        answer = self.post("/internet", {"Internet": wanted})
        assert answer.status == 202, answer
        made = answer.body["Internet"]
        for path in (f"/internet/{made['ID']}", f"/switch/{made['Switch']['ID']}"):
            self.until(path, "Name", name)
        return dict(made)

    def switch(self, name: str = "lan") -> int:
        answer = self.post("/switch", {"Switch": {"Name": name}})
        assert answer.status == 201, answer
        return int(answer.body["Switch"]["ID"])

    def router(self, switch_id: int | None = None, **changes: Any) -> int:
        """A premium router that is available, down and not wired."""
        switch_id = switch_id or self.internet()["Switch"]["ID"]
        answer = self.post("/appliance", premium(switch_id, **changes))
        assert answer.status == 202, answer
        made = int(answer.body["Appliance"]["ID"])
        self.until(f"/appliance/{made}", "Availability", "available")
        return made

    def wired(self) -> int:
        """A router with a LAN on eth1 and one peer, stored but not applied, down."""
        router = self.router()
        assert self.put(f"/appliance/{router}/interface/1/to/switch/{self.switch()}").status == 200
        assert self.store(router, vpn_settings()).status == 200
        return router

    def boot(self, router: int) -> None:
        while (answer := self.put(f"/appliance/{router}/power")).status == 409:
            assert answer.code == "still_creating"
        self.until(f"/appliance/{router}", "Instance.Status", "up")

    def running(self) -> int:
        """A router with one peer, applied and up."""
        router = self.wired()
        assert self.put(f"/appliance/{router}/config").status == 200
        self.boot(router)
        return router

    def store(self, router: int, settings: Json, **more: Any) -> Answer:
        body = {"Appliance": {"Settings": {"Router": settings}, **more}}
        return self.put(f"/appliance/{router}", body)

    def settings(self, router: int) -> Json:
        return dict(self.get(f"/appliance/{router}").body["Appliance"]["Settings"]["Router"])


def eth0(block: str = "203.0.113") -> Json:
    return {
        "IPAddress": [f"{block}.5", f"{block}.6"],
        "VirtualIPAddress": f"{block}.4",
    }


def premium(switch_id: int, **changes: Any) -> Json:
    """The body that makes a premium router; `changes` go to the settings."""
    outside = changes.get("Interfaces", [eth0()])[0] or {}
    return {
        "Appliance": {
            "Class": "vpcrouter",
            "Name": "edge",
            "Description": "",
            "Tags": ["vpn"],
            "Plan": {"ID": 2},
            "Remark": {
                "Switch": {"ID": switch_id},
                "Servers": [{"IPAddress": each} for each in outside.get("IPAddress", [])],
                "Router": {"VPCRouterVersion": 2},
            },
            "Settings": {
                "Router": {
                    "VRID": 10,
                    "InternetConnection": {"Enabled": "True"},
                    "Interfaces": [eth0()],
                    **changes,
                }
            },
        }
    }


def standard() -> Json:
    return {
        "Appliance": {
            "Class": "vpcrouter",
            "Name": "edge-standard",
            "Plan": {"ID": 1},
            "Remark": {"Switch": {"Scope": "shared"}, "Servers": [{}]},
            "Settings": {"Router": {"InternetConnection": {"Enabled": "True"}}},
        }
    }


def vpn_settings(**changes: Any) -> Json:
    """Complete settings of the premium router with a LAN and one peer."""
    return deepcopy(
        {
            "VRID": 10,
            "InternetConnection": {"Enabled": "True"},
            "Interfaces": [eth0(), LAN],
            "SiteToSiteIPsecVPN": VPN,
            **changes,
        }
    )


@contextmanager
def cloud(folder: Path, **options: Any) -> Iterator[Api]:
    """The stand-in on a free port."""
    sakura = Sakura(folder, clock=ManualClock(), options=Options(**options))
    sakura.set_credentials(TOKEN, SECRET)
    log: list[str] = []
    server = SakuraServer(sakura, log=log.append)
    server.start()
    try:
        yield Api(sakura, server, log)
    finally:
        server.stop()
