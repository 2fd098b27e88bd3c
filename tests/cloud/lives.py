"""What a stack does at the cloud end: where each thing begins, and what must be true at its end.

Beside what is ours stands another stack's site, and on our router what somebody set by hand.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from cloud_world import (
    INTERNET,
    KEY,
    OFFICE,
    QUICK,
    SWITCH,
    VALUES,
    World,
    described,
    moved,
    router_spec,
    world,
)

from components.cloud import lifecycle as cloud
from components.cloud.api import Client
from components.rehearsal.sakura import Sakura
from components.rehearsal.sakura.store import Internet, Router, Switch, Zone

Json = dict[str, Any]

NEW_KEY = "Canary_key_9876543210"
ELSEWHERE = "192.0.2.77"
SYSLOG = "192.168.2.60"
OURS = frozenset(described(name)["tag"] for name in ("wan", "lan", "dmz", "router"))
FOREIGN: Json = {
    "Firewall": {"Enabled": "True", "Config": [{"Receive": [], "Send": []}] * 8},
    "RemoteAccessUsers": {
        "Enabled": "True",
        "Config": [{"UserName": "suzu", "Password": "foreign_password"}],
    },
    "WireGuardServer": {"Enabled": "False", "Config": {"IPAddress": "", "Peers": []}},
    "ScheduledMaintenance": {"DayOfWeek": 2, "Hour": 3},
    "Unheard": {"Of": ["before"]},
}


# --- what stands before


@dataclass(frozen=True)
class Ids:
    """What a stack's state file would hold of it."""

    internet: str = ""
    switch: str = ""
    router: str = ""
    theirs: str = ""


@dataclass(frozen=True)
class Before:
    """A cloud on disk, to be copied; `picture` is what of it is not ours."""

    folder: Path
    ids: Ids
    picture: Json


def _theirs(here: World) -> str:
    """Another stack's whole site; the id of its router."""
    client = here.client()
    internet = cloud.ensure_internet(
        client, replace(INTERNET, **described("their-wan")), here.clock, here.said.append
    )
    switch = cloud.ensure_switch(
        client, replace(SWITCH, **described("their-lan")), here.clock, here.said.append
    )
    spec = replace(router_spec(internet, switch), **described("their-router"))
    router = cloud.ensure_router(client, spec, here.clock, here.said.append)
    _by_hand(here, router.id)
    return router.id


def _by_hand(here: World, router_id: str) -> None:
    """What somebody else has on a router: a peer, and sections that are none of our business."""
    peer = {**VALUES, "peer": ELSEWHERE, "remoteId": ELSEWHERE, "routes": ["10.77.0.0/16"]}
    cloud.write_peer(here.client(), router_id, peer, "foreign_key", here.clock)
    settings = here.appliance(router_id)["Settings"]
    settings["Router"].update(deepcopy(FOREIGN))
    here.client().put(f"appliance/{router_id}", {"Appliance": {"Settings": settings}})
    here.client().put(f"appliance/{router_id}/config")


@cache
def _before(ours: bool, attached: bool) -> Before:
    folder = Path(tempfile.mkdtemp(prefix="matrix-cloud-"))
    with world(folder, **QUICK) as here:
        ids = Ids(theirs=_theirs(here))
        if ours:
            internet, router = here.build(here.client())
            assert router.lan is not None
            ids = replace(ids, internet=internet.id, switch=router.lan.switch_id, router=router.id)
            cloud.write_peer(here.client(), router.id, VALUES, KEY, here.clock)
            _by_hand(here, router.id)
        if attached:
            _attach(here, here.client(), ids)
        return Before(folder, ids, _picture(here, ids))


# --- what is done


def _create(here: World, client: Client, ids: Ids) -> None:
    _, router = here.build(client)
    cloud.write_peer(client, router.id, VALUES, KEY, here.clock)


def _change(here: World, client: Client, ids: Ids) -> None:
    """Everything that changes in place: bandwidth, names, LAN addresses, the key."""
    wider = replace(INTERNET, bandwidth_mbps=250)
    internet = cloud.update_internet(client, ids.internet, wider, here.clock, here.said.append)
    named = replace(SWITCH, name="renamed")
    switch = cloud.update_switch(client, ids.switch, named, here.clock, here.said.append)
    spec = moved(router_spec(internet, switch))
    cloud.update_router(client, ids.router, spec, here.clock, here.said.append)
    cloud.write_peer(client, ids.router, VALUES, NEW_KEY, here.clock)


def _move(here: World, client: Client, ids: Ids) -> None:
    """New LAN addresses and nothing after them, so that nobody else applies them."""
    switch = cloud.update_switch(client, ids.switch, SWITCH, here.clock, here.said.append)
    internet = cloud.read_internet(client, ids.internet)
    assert internet is not None
    spec = moved(router_spec(internet, switch))
    cloud.update_router(client, ids.router, spec, here.clock, here.said.append)


def _rework(here: World, client: Client, ids: Ids) -> None:
    """What stops the router: a second LAN; with it a section of the settings and the VRID."""
    own = replace(SWITCH, **described("dmz"))
    dmz = cloud.ensure_switch(client, own, here.clock, here.said.append)
    router = cloud.read_router(client, ids.router)
    internet = cloud.read_internet(client, ids.internet)
    assert router is not None
    assert internet is not None
    switch = cloud.SwitchState(ids.switch, "", "")
    second = cloud.LanSpec(2, dmz.id, "10.2.0.1", ["10.2.0.2", "10.2.0.3"], 24)
    spec = replace(
        router_spec(internet, switch), more=[second], vrid=20, sections={"syslogHost": SYSLOG}
    )
    cloud.update_router(client, ids.router, spec, here.clock, here.said.append)


def _attach(here: World, client: Client, ids: Ids) -> None:
    cloud.foresee_peer(client, ids.theirs, VALUES, KEY, parameters="shared")
    cloud.write_peer(client, ids.theirs, VALUES, KEY, here.clock, parameters="shared")


def _detach(here: World, client: Client, ids: Ids) -> None:
    cloud.remove_peer(client, ids.theirs, OFFICE, here.clock)


def _destroy(here: World, client: Client, ids: Ids) -> None:
    cloud.remove_peer(client, ids.router, OFFICE, here.clock)
    here.pull_down(client, ids.router, ids.switch, ids.internet)


# --- what must be true then


def _zone(here: World) -> Zone:
    return here.sakura._store.state.zones["is1b"]


def _is_ours(thing: Internet | Switch | Router) -> bool:
    return bool(OURS & set(thing.tags))


def _ours(here: World) -> tuple[list[Internet], list[Switch], list[Router]]:
    """What is ours; the switch inside a router+switch is a part of that."""
    zone = _zone(here)
    return (
        [one for one in zone.internets.values() if _is_ours(one)],
        [one for one in zone.switches.values() if _is_ours(one) and not one.internet_id],
        [one for one in zone.routers.values() if _is_ours(one)],
    )


def _not_ours(router: Router) -> Json:
    """Settings without our peer, and on our router without our sections: stored and applied."""
    parts = []
    for settings in (router.settings, router.applied):
        rest = deepcopy(settings)
        vpn = rest["Router"].get("SiteToSiteIPsecVPN") or {}
        vpn["Config"] = [one for one in vpn.get("Config") or [] if one["Peer"] != OFFICE]
        if _is_ours(router):
            del rest["Router"]["Interfaces"][1:], rest["Router"]["VRID"]
            rest["Router"].pop("SyslogHost", None)
        parts.append(rest)
    return {"stored": parts[0], "applied": parts[1]}


def _picture(here: World, ids: Ids) -> Json:
    """Everything that is not ours: things of others, and what others have on our router."""
    zone = _zone(here)
    things: list[Internet | Switch | Router] = [
        *zone.internets.values(),
        *(one for one in zone.switches.values() if not one.internet_id),
        *zone.routers.values(),
    ]
    seen: Json = {
        f"{type(one).__name__} {one.id}": (one.name, one.description, one.tags)
        for one in things
        if not _is_ours(one)
    }
    for router in zone.routers.values():
        if not _is_ours(router):
            seen[f"state of {router.id}"] = (router.nics, router.power)
        if not _is_ours(router) or str(router.id) == ids.router:
            seen[f"settings of {router.id}"] = _not_ours(router)
    return deepcopy(seen)


def _stands(here: World, key: str, lan: str, *, lans: int = 1) -> None:
    """One of each, complete, in force."""
    internets, switches, routers = _ours(here)
    assert [len(internets), len(switches), len(routers)] == [1, lans, 1], "not one of each"
    (router,) = routers
    assert (router.availability, router.power) == ("available", "up"), "the router is not up"
    assert router.settings == router.applied, "stored and not applied"
    peers = [one for one in here.sakura.vpn_peers() if one.router_id == str(router.id)]
    assert [one.key for one in peers if str(one.peer) == OFFICE] == [key], "our peer"
    assert all(lan in map(str, one.lan_addresses) for one in peers), "the LAN's addresses"


def _created(here: World, ids: Ids) -> None:
    _stands(here, KEY, "192.168.2.1")


def _changed(here: World, ids: Ids) -> None:
    _stands(here, NEW_KEY, "192.168.2.11")
    (internet,), (switch,), (router,) = _ours(here)
    assert (internet.bandwidth_mbps, switch.name, router.name) == (250, "renamed", "moved")
    assert str(router.id) == ids.router, "the router is another"


def _moved(here: World, ids: Ids) -> None:
    _stands(here, KEY, "192.168.2.11")


def _reworked(here: World, ids: Ids) -> None:
    _stands(here, KEY, "10.2.0.1", lans=2)
    (router,) = _ours(here)[2]
    applied = router.applied["Router"]
    assert (applied["VRID"], applied["SyslogHost"]) == (20, SYSLOG), "VRID and syslog host"
    assert str(router.id) == ids.router, "the router is another"


def _attached(here: World, ids: Ids) -> None:
    assert _ours(here) == ([], [], []), "something was made"
    keys = {str(one.peer): one.key for one in here.sakura.vpn_peers()}
    assert keys == {OFFICE: KEY, ELSEWHERE: "foreign_key"}, "the peers in force"


def _gone(here: World, ids: Ids) -> None:
    assert _ours(here) == ([], [], []), "something of ours is left"
    assert [one.key for one in here.sakura.vpn_peers()] == ["foreign_key"], "the peers in force"


@dataclass(frozen=True)
class Kind:
    """A thing to do, where it begins, and what must be true at its end."""

    act: Callable[[World, Client, Ids], None]
    done: Callable[[World, Ids], None]
    ours: bool = False
    attached: bool = False

    @property
    def before(self) -> Before:
        """The cloud where it begins."""
        return _before(self.ours, self.attached)


KINDS = {
    "create": Kind(_create, _created),
    "change": Kind(_change, _changed, ours=True),
    "move": Kind(_move, _moved, ours=True),
    "rework": Kind(_rework, _reworked, ours=True),
    "attach": Kind(_attach, _attached),
    "detach": Kind(_detach, _gone, attached=True),
    "destroy": Kind(_destroy, _gone, ours=True),
}


def judge(here: World, kind: Kind) -> None:
    """Raise AssertionError unless everything is as it must be at the end."""
    before = kind.before
    kind.done(here, before.ids)
    there = _picture(here, before.ids)
    expected = before.picture
    if kind is KINDS["destroy"]:  # what was on our router went with it
        expected = {name: one for name, one in expected.items() if before.ids.router not in name}
    lost = sorted(name for name in {*there, *expected} if there.get(name) != expected.get(name))
    assert not lost, f"not ours and not as before: {lost}"


def main(root: str, name: str, ids: str) -> None:
    """Do one of them in a process of its own, at the cloud behind `root`."""
    here = World(cast(Sakura, None), root)
    KINDS[name].act(here, here.client(), Ids(**json.loads(ids)))


if __name__ == "__main__":
    main(*sys.argv[1:])
