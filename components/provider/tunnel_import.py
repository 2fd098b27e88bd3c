"""Importing a tunnel: both ends as they stand, found by the id that the user gives.

The id is `ZONE/ROUTER/PEER/TUNNEL`: the VPC router, the office address and the RTX's tunnel number.
Which RTX it is cannot be part of an id: SAKURA_RTX_HOST, SAKURA_RTX_USER and SAKURA_RTX_HOST_KEY
say it, and the password comes as for any other call.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from ..errors import Problem, SpecError
from ..office.config import Scope, parse
from ..office.plan import align
from . import access
from .handler import Context, Live
from .imports import place_of
from .values import Props, Secret, Unknown, contains

if TYPE_CHECKING:
    from ..clock import Clock

_ROUTER: Final = {
    "host": "SAKURA_RTX_HOST",
    "user": "SAKURA_RTX_USER",
    "hostKey": "SAKURA_RTX_HOST_KEY",
}
# How the ends are reached and the proof is asked for: no import can know, and nothing stands by it.
_NOT_FOUND: Final = ("verify", "router", "attached")
_UNKNOWN_OWNER: Final = ("nat descriptor ", "ip filter ")
IMPORTED: Final = {"at": "", "how": "imported; traffic was not asked for"}


def tunnel_id(router_id: str, peer: str) -> str:
    """The id of a tunnel."""
    return f"{router_id}/{peer}"


def found(id: str, ctx: Context, clock: Clock) -> Live | None:
    """The tunnel of this id as it stands at both ends; None if the cloud end has no such peer."""
    from ..cloud.objects import router_state
    from ..cloud.owned import ROUTER, read
    from ..cloud.router import other_peers, peer_of
    from ..office.session import Session
    from ..office.standing import scope_standing

    (router_id, peer, number), where = place_of(id, "tunnel", "ZONE/ID/PEER/TUNNEL")
    if not number.isdecimal():
        problem = Problem("id", id, "ZONE/ID/PEER/TUNNEL, with TUNNEL a number of the RTX")
        raise SpecError([problem], source="import of a tunnel")
    router = {} if where.get("rehearsal") else _router_of_environment()
    appliance = read(access.client(where, ctx), ROUTER, router_id)
    settings = appliance and appliance.get("Settings")
    cloud = peer_of(settings, peer) if settings else None
    if appliance is None or cloud is None:
        return None
    with Session.open(access.login(router, bool(where.get("rehearsal")), ctx), clock=clock) as rtx:
        running = rtx.configuration()
    scope = scope_standing(running, int(number))
    live = align(running, "", scope)
    inputs = where | {
        "routerId": router_id,
        "address": router_state(appliance).vip,
        "lines": live.text,
        "cloud": cloud,
        "pskVersion": 1,
        "numbers": {key: value for key, value in asdict(scope).items() if key != "keys"},
        "router": router,
    }
    if live.key is not None:
        inputs["psk"] = Secret(live.key)
        ctx.hidden.add(live.key)
    state = {"verified": IMPORTED, "otherPeers": other_peers(settings, peer)}
    return tunnel_id(router_id, peer), inputs | state, inputs


def _router_of_environment() -> Props:
    missing = [name for name in _ROUTER.values() if not os.environ.get(name)]
    if missing:
        problems = [Problem(name, "nothing", "where the RTX is") for name in missing]
        raise SpecError(problems, source="environment")
    return {key: os.environ[name] for key, name in _ROUTER.items()}


def not_changed(old: Props, new: Props) -> set[str]:
    """The inputs of an imported tunnel that differ from the program's without meaning a change."""
    if "verify" in old or contains(new, Unknown):
        return set()
    return {*_NOT_FOUND, *(["lines"] if _same_lines(old, new) else [])}


def _same_lines(old: Props, new: Props) -> bool:
    """An import knows the lines, not their order, spelling and comments in the site's own text;
    nor whose the router's NAT entries and filters are."""
    if old["numbers"] != new["numbers"]:
        return False
    claimed = parse(_claimed(old["lines"], new["lines"]))
    keys = {s.key for config in (claimed, parse(new["lines"])) for s in config.statements}
    ours = align(claimed, new["lines"], Scope(**new["numbers"], keys=frozenset(keys)))
    return bool(ours.text == new["lines"])


def _claimed(lines: str, wanted: str) -> str:
    """The lines of an import with those of the site's that it could not tell to be ours."""
    more = [s.text for s in parse(wanted).statements if s.text.startswith(_UNKNOWN_OWNER)]
    return "\n".join([*more, lines])


def claimed(old: Props, new: Props) -> Props:
    """The state before an update; of one that was imported, with what the site file claims."""
    if old.get("verified") != IMPORTED:
        return old
    return old | {"lines": _claimed(old["lines"], new["lines"])}
