"""What somebody else does at either end while `up` is at work: types lines, writes to the API."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cli_life import tunnel_of
from cli_steps import Done
from engine.conftest import Clone

from components.clock import SystemClock
from components.cloud.api import Client
from components.cloud.credentials import resolve
from components.rehearsal import instance

# The place of a peer's values in a VPC router's settings: its own entry, or the shared part.
_OF_THE_PEER: Final = {
    "peer": "Peer",
    "remoteId": "RemoteID",
    "routes": "Routes",
    "localPrefixes": "LocalPrefix",
    "key": "PreSharedSecret",
}
_SHARED: Final = {"encryption": "EncryptionAlgo", "hash": "HashAlgo", "dhGroup": "DHGroup"}
_SHA: Final = {"sha": "sha256", "sha-hmac": "sha256-hmac"}
_OTHER_SHA: Final = _SHA | {new: old for old, new in _SHA.items()}


def saves(*lines: str) -> Done:
    """Types these lines at the RTX and saves them."""
    return lambda clone, _: _type(clone, [*lines, "save"])


def types(lines: Sequence[str], *, without: str = "") -> Done:
    """Types these lines in the block of our tunnel, and takes away ours that start with `without`;
    nothing is saved.  `lines` differ from the demo's; from a hash of now they differ as well."""

    def typed(clone: Clone, _: int) -> None:
        config = [line.strip() for line in clone.configuration()]
        number = tunnel_of(config)
        swapped = _OTHER_SHA if f"ipsec ike hash {number} sha256" in config else {}
        theirs = [" ".join(swapped.get(word, word) for word in line.split()) for line in lines]
        away = [f"no {line}" for line in _ours(clone, without)] if without else []
        _type(clone, [f"tunnel select {number}", *theirs, *away, "tunnel select none"])

    return typed


def _ours(clone: Clone, start: str) -> list[str]:
    """Our lines that start so, of which there is one at least."""
    lines = [line.strip() for line in clone.outputs()["rtx_config"].splitlines()]
    found = [line for line in lines if line.startswith(start)]
    assert found, f"there is no line {start}"
    return found


def _type(clone: Clone, lines: Sequence[str]) -> None:
    # Not by a command of its own: within seconds `up` has gone on.
    said = instance.ask(clone.folder, "POST", "/type", {"lines": [*lines]}, timeout=60)["text"]
    assert "Error" not in said, said
    assert "エラー" not in said, said


def drops(*what: str) -> Done:
    """From now on this is dropped on the way between the two ends (`rehearsal front --drops`)."""

    def dropped(clone: Clone, _: int) -> None:
        instance.ask(clone.folder, "POST", "/front", {"drops": [*what]})

    return dropped


def puts(values: Mapping[str, Any]) -> Done:
    """Writes other values of our peer to the VPC router, and applies them."""

    def put(clone: Clone, _: int) -> None:
        ends = instance.endpoints(clone.folder)
        known = {"apiToken": ends.api_token, "apiSecret": ends.api_secret}
        login = resolve(known, {}, Path("/none"))
        client = Client(login, "is1b", clock=SystemClock(), root_url=ends.api_root)
        (router,) = clone.cloud()["routers"]
        settings = client.get(f"appliance/{router}")["Appliance"]["Settings"]
        vpn = settings["Router"]["SiteToSiteIPsecVPN"]
        for name, value in values.items():
            if name in _SHARED:
                vpn[_SHARED[name]] = value
            else:
                vpn["Config"][0][_OF_THE_PEER[name]] = value
        client.put(f"appliance/{router}", {"Appliance": {"Settings": settings}})
        client.put(f"appliance/{router}/config")

    return put


def puts_another_key(clone: Clone, pid: int) -> None:
    """Writes another key to the VPC router; it must be shown nowhere from then on."""
    puts({"key": _another_key(clone)})(clone, pid)


def types_another_key(clone: Clone, pid: int) -> None:
    """Types another key at the RTX; it must be shown nowhere from then on."""
    number = tunnel_of(clone.configuration())
    types([f"ipsec ike pre-shared-key {number} text {_another_key(clone)}"])(clone, pid)


def _another_key(clone: Clone) -> str:
    key = f"canary_{secrets.token_hex(12)}"
    clone.canaries.add(key)
    return key
