"""Both rendered ends, put in force at the stand-ins and read back by the two witnesses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from tunnel_world import KEY, World, demo

from components.cloud import lifecycle
from components.office.plan import with_key
from components.rehearsal.ike.cloud import cloud_peer
from components.rehearsal.ike.office import office_peer
from components.rehearsal.ike.peer import IkePeer
from components.rehearsal.rtx import run_lines
from components.site import Site

STRICT = "ipsec ike negotiate-strictly 2 on"
INITIATES = ("ipsec auto refresh on", "ipsec auto refresh 2 on")


class Pair(NamedTuple):
    cloud: IkePeer
    office: IkePeer

    def changed(self, **both: Any) -> Pair:
        """The same values changed at both ends."""
        return Pair(replace(self.cloud, **both), replace(self.office, **both))


def rendered(
    world: World,
    *typed: str,
    site: Site | None = None,
    key: str = KEY,
    cloud: dict[str, Any] | None = None,
) -> Pair:
    """The ends of a site (the demo's unless given), with `typed` on the RTX afterwards and other
    values in the `cloud` end's peer."""
    wish = world.wish(site or demo(), key)
    values = {**wish.cloud, **(cloud or {})}
    for old in list(world.sakura.vpn_peers()):
        lifecycle.remove_peer(world.client, world.made.id, str(old.peer), world.clock)
    lifecycle.write_peer(world.client, world.made.id, values, key, world.clock)
    world.router.change(world.router.saved())
    lines = [line.strip() for line in wish.lines.splitlines()]
    ours = [with_key(line, key) for line in lines if not line.startswith("#")]
    said = run_lines(world.router, [*ours, *typed])
    assert "エラー" not in said, said
    (peer,) = world.sakura.vpn_peers()
    (gateway,) = [each for each in world.router.gateways() if each.gateway == 2]
    return Pair(cloud_peer(peer), office_peer(gateway))
