"""An API body into the rehearsed cloud: the VPC router as it is, up and with its settings applied.

That the settings of the answer are also applied is not known: the API does not say.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Final

from ..sakura.store import SLOTS, ZONES, Internet, Router, Store, Switch

Json = dict[str, Any]

_ELSEWHERE: Final = "is1b"
_LENGTH: Final = 28


def zone_of(body: Json, otherwise: str = _ELSEWHERE) -> str:
    """The zone that a VPC router says it is in."""
    number = str(((body.get("Remark") or {}).get("Zone") or {}).get("ID"))
    return next((name for name, known in ZONES.items() if str(known) == number), otherwise)


def load(folder: Path, zone: str, body: Json) -> str:
    """Put the VPC router of `body` into the state file of a rehearsed cloud; its id."""
    store = Store(folder / "api.json")
    state, made = store.state, _router(body)
    place = state.zones[zone]
    for _, switch_id, name in _slots(body):
        place.switches[switch_id] = Switch(switch_id, name, "", [], "", "")
    place.routers[made.id] = made
    state.next_id = max(state.next_id, made.id + 1, *(n + 1 for n in made.nics if n))
    if upstream := made.nics[0]:
        wan = _internet(body, state.new_id(), state.new_subnet_id(), upstream)
        place.internets[wan.id], place.switches[upstream].internet_id = wan, wan.id
    store.save()
    return str(made.id)


def _router(body: Json) -> Router:
    remark, settings = body.get("Remark") or {}, body["Settings"]
    servers = [each["IPAddress"] for each in remark.get("Servers") or [] if each]
    wired = {slot: switch_id for slot, switch_id, _ in _slots(body)}
    return Router(
        id=int(body.get("ID") or 113400000000),
        name=str(body.get("Name") or "vpc-router"),
        description=str(body.get("Description") or ""),
        tags=list(body.get("Tags") or []),
        plan=int((body.get("Plan") or {}).get("ID") or 2),
        version=int((remark.get("Router") or {}).get("VPCRouterVersion") or 1),
        servers=servers,
        shared_address=_shared_address(body),
        nics=[wired.get(slot) for slot in range(SLOTS)],
        settings=settings,
        created=str(body.get("CreatedAt") or ""),
        modified=str(body.get("ModifiedAt") or ""),
        applied=deepcopy(settings),
        availability="available",
        power="up",
    )


def _slots(body: Json) -> Iterator[tuple[int, int, str]]:
    """Slot, switch id and name of every interface on a switch of the user's own."""
    for slot, interface in enumerate(body.get("Interfaces") or []):
        switch = (interface or {}).get("Switch") or {}
        if switch.get("ID") and switch.get("Scope") != "shared":
            yield slot, int(switch["ID"]), str(switch.get("Name") or "")


def _internet(body: Json, number: int, subnet: int, switch_id: int) -> Internet:
    """The router+switch that eth0 stands on; its block is known by the address and the mask."""
    eth0 = body["Settings"]["Router"]["Interfaces"][0]
    around = (body.get("Remark") or {}).get("Network") or {}
    length = eth0.get("NetworkMaskLen") or around.get("NetworkMaskLen") or _LENGTH
    block = IPv4Network(f"{eth0['VirtualIPAddress']}/{length}", strict=False)
    return Internet(number, "wan", "", [], str(block), 100, subnet, switch_id, "")


def _shared_address(body: Json) -> str:
    """The public address of a standard router: that of its first interface."""
    first = next(iter(body.get("Interfaces") or []), None) or {}
    return str(first.get("IPAddress") or "")
