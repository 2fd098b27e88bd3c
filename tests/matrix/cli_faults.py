"""What goes wrong with a change that is made through the real CLI, and what must be said of it."""

from __future__ import annotations

import secrets
from typing import Any

from cli_life import Fault
from engine.conftest import Clone

# What a stranger does at the API; the key comes from standard input.
_ANOTHER_KEY = """
import sys
from pathlib import Path
from components.clock import SystemClock
from components.cloud.api import Client
from components.cloud.credentials import resolve
from components.rehearsal import instance
ends = instance.endpoints(Path(".rehearsal"))
known = {"apiToken": ends.api_token, "apiSecret": ends.api_secret}
at = Client(resolve(known, {}, Path("/none")), "is1b", clock=SystemClock(), root_url=ends.api_root)
path = f"appliance/{sys.argv[1]}"
settings = at.get(path)["Appliance"]["Settings"]
settings["Router"]["SiteToSiteIPsecVPN"]["Config"][0]["PreSharedSecret"] = sys.argv[2]
at.put(path, {"Appliance": {"Settings": settings}})
at.put(f"{path}/config")
"""
_WAITING = "VPC router: writing the peer"


def _another_key(clone: Clone, _: int) -> None:
    """Somebody sets another key at the VPC router while the old SAs still carry traffic."""
    (router,) = clone.cloud()["routers"]
    key = f"canary_{secrets.token_hex(12)}"
    clone.canaries.add(key)
    clone.command(".venv/bin/python", "-c", _ANOTHER_KEY, router, key)


def _silent(name: str, code: str, typed: str, healed: str) -> Fault:
    """No traffic, for something that stands at the RTX; it is mended once both ends are back."""

    def heal(clone: Clone, _: int) -> None:
        clone.typed(healed, "save")

    return Fault(
        name,
        (code, "cloud end as before; office end as before"),
        typed=(typed,),
        site={"verify.seconds": 30},
        when="both ends are back",
        then=heal,
    )


def _api(path: str, call: str) -> tuple[Fault, ...]:
    """One of the two calls that write a peer."""

    def at(kind: str, **more: Any) -> tuple[dict[str, Any], ...]:
        return ({"method": "PUT", "path": path, "kind": kind, **more},)

    either = ("old", "new")
    return (
        Fault(f"{call} is refused", api=at("bad_request"), after=either),
        Fault(f"{call} is refused as busy", api=at("service_unavailable"), after=either),
        Fault(f"{call} is silent, then gone", api=at("reset_before", seconds=5), after=either),
        Fault(f"{call} loses its answer", api=at("reset_after"), after=either),
    )


_HASH = "ipsec sa policy"
FAULTS: dict[str, tuple[Fault, ...]] = {
    "a line": (
        Fault("is refused", router=({"kind": "refuse", "matching": _HASH},)),
        Fault(
            "link lost after it",
            router=({"kind": "drop after", "matching": _HASH},),
            after=("old", "new"),
            guarded=True,
        ),
        Fault(
            "link lost after it, for good",
            router=(
                {"kind": "drop after", "matching": _HASH},
                {"kind": "full", "after": 1, "times": 0},
            ),
            guarded=True,
        ),
    ),
    "PUT settings": _api("/appliance/*", "PUT settings"),
    "PUT config": _api("/appliance/*/config", "PUT config"),
    "no traffic": (
        Fault(
            "key, while old SAs carry",
            ("pre-shared key", "cloud end as before; office end as before"),
            site={"verify.seconds": 30},
            when="waiting for traffic",
            then=_another_key,
        ),
        _silent(
            "filter drops ESP",
            "filter-blocks-esp",
            "ip filter 1033 reject * 192.168.1.1 esp * *",
            "ip filter 1033 pass * 192.168.1.1 esp * *",
        ),
        _silent(
            "filter drops IKE",
            "filter-blocks-ike",
            "ip filter 1030 reject * 192.168.1.1 udp * 500",
            "ip filter 1030 pass * 192.168.1.1 udp * 500",
        ),
        _silent(
            "NAT keeps IKE",
            "nat-static-missing",
            "no nat descriptor masquerade static 1 2",
            "nat descriptor masquerade static 1 2 192.168.1.1 udp 500",
        ),
    ),
}
# The words of `up` at which everything is killed.
KILLED = {
    "before the cloud is written": "office end: guard set",
    "while the cloud is written": _WAITING,
    "after it": "waiting for traffic",
}
