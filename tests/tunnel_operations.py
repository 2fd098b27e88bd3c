"""Everything that is done with a tunnel, and what both ends have to hold before and after it.

What they hold is read by a witness that shares no code with the product: the stand-ins' own reading
of the RTX's configuration and of the settings in force at the VPC router, put into the same words.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import yaml
from tunnel_world import DEMO, KEY, OTHER_KEY, World, demo

from components import tunnel
from components.cloud import lifecycle
from components.office.config import Scope, parse
from components.rehearsal.ends import CloudPeer
from components.rehearsal.rtx.office import OfficeGateway
from components.site import Site, site_of

Agreed = dict[str, Any]

_UP: Final = 5  # seconds after which two ends that agree carry traffic
# Findings that a creation would refuse; here the cause has to show as missing traffic.
KNOWN = (
    "nat-static-missing",
    "nat-static-given-away",
    "filter-blocks-esp",
    "filter-blocks-ike",
    "route-peer-inside-tunnel",
    "peer-route-not-pinned",
)

# --- the witness ----------------------------------------------------------------------------------

_LEFT: Final = ("console columns", "console lines")
_WORDS: Final = {
    "aes-cbc": "aes128",
    "aes256-cbc": "aes256",
    "sha": "sha1",
    "sha-hmac": "sha1",
    "sha256-hmac": "sha256",
}


def _word(text: str) -> str:
    return _WORDS.get(text, text)


def at_the_office(gateway: OfficeGateway) -> Agreed:
    """What the RTX has in force, for what both ends share."""
    interval, count = gateway.dpd or (0, 0)
    return {
        "key": gateway.key,
        "identity": str(gateway.local_address),
        "office": str(gateway.wan_address),
        "cloud": str(gateway.remote_address),
        "prefixes": (str(gateway.local_id), str(gateway.remote_id)),
        "encryption": _word(gateway.ike_encryption),
        "esp encryption": _word(gateway.esp_encryption),
        "hash": _word(gateway.ike_hash),
        "esp hash": _word(gateway.esp_hash),
        "group": gateway.ike_group,
        "pfs": gateway.pfs,
        "lifetimes": (gateway.ike_lifetime, gateway.esp_lifetime),
        "dpd": (interval, interval * count),
    }


def at_the_cloud(peer: CloudPeer) -> Agreed:
    """What the VPC router has in force, for what both ends share; it always has PFS."""
    (office,), (cloud,) = peer.office_prefixes, peer.cloud_prefixes
    return {
        "key": peer.key,
        "identity": peer.remote_id,
        "office": str(peer.peer),
        "cloud": str(peer.address),
        "prefixes": (str(office), str(cloud)),
        "encryption": peer.encryption,
        "esp encryption": peer.encryption,
        "hash": peer.hash,
        "esp hash": peer.hash,
        "group": peer.dh_group,
        "pfs": True,
        "lifetimes": (peer.ike_lifetime, peer.esp_lifetime),
        "dpd": (peer.dpd_interval, peer.dpd_timeout),
    }


@dataclass(frozen=True)
class Read:
    """What stands: gateways that are not somebody's at the office by number, the peers of one VPC
    router, whether traffic passes."""

    office: dict[int, Agreed] = field(repr=False)
    cloud: list[Agreed] = field(repr=False)
    passes: bool

    def __str__(self) -> str:
        """Without the keys."""
        ends = (*self.office.values(), *self.cloud)
        shown = [{name: value for name, value in end.items() if name != "key"} for end in ends]
        return f"office {list(self.office)}, {len(self.cloud)} peers: {shown}, {self.passes}"


def read(world: World, router_id: str, target: IPv4Address) -> Read:
    """Both ends as they are in force."""
    ours = [g for g in world.router.gateways() if g.gateway != 1]  # 1 is somebody's L2TP
    peers = [p for p in world.sakura.vpn_peers() if p.router_id == router_id]
    passes = world.link.ping(world.verification.source, target, 64) is not None
    return Read(
        {gateway.gateway: at_the_office(gateway) for gateway in ours},
        [at_the_cloud(peer) for peer in peers],
        passes,
    )


# --- the operations -------------------------------------------------------------------------------

PAIR: Final[Agreed] = {
    "key": KEY,
    "identity": "192.168.1.1",
    "office": "198.51.100.20",
    "cloud": "203.0.113.4",
    "prefixes": ("192.168.1.0/24", "192.168.2.0/24"),
    "encryption": "aes128",
    "esp encryption": "aes128",
    "hash": "sha1",
    "esp hash": "sha1",
    "group": "modp1024",
    "pfs": True,
    "lifetimes": (28800, 1800),
    "dpd": (15, 30),
}
"""The demo's pair in words of its own, not rendered."""


def site_with(**changes: Any) -> Site:
    """The demo's site with other values: the name of a key is its path, `__` for the dots."""
    data = yaml.safe_load(DEMO.read_text())["config"]
    for path, value in changes.items():
        *parents, last = path.split("__")
        part = data["sakura-rtx-vpn:site"]
        for name in parents:
            part = part[name]
        part[last] = value
    return site_of(data)


@dataclass(frozen=True)
class Operation:
    """`site` and `key` are what is wanted (None: nothing), `agreed` how that differs from `PAIR`.

    `first` says that nothing stood before, `number` the tunnel's own number.  `ready` prepares the
    world, once the old pair stands; `moved` says that the tunnel leads to a second VPC router.
    """

    name: str
    site: Site | None = None
    key: str = KEY
    agreed: Agreed = field(default_factory=dict)
    first: bool = False
    number: int = 2
    ready: Callable[[World], object] = lambda _: None
    moved: bool = False


def _office_moves(world: World) -> None:
    """The ISP gave the office another address; somebody typed it."""
    world.type("ip lan2 address 198.51.100.21/24", "save")


OPERATIONS: Final = {
    each.name: each
    for each in (
        Operation("create", demo(), first=True),
        Operation("key", demo(), OTHER_KEY, {"key": OTHER_KEY}),
        Operation(
            "proposal",
            demo(encryption="aes256", hash="sha256", dh_group="modp2048"),
            agreed={
                "encryption": "aes256",
                "esp encryption": "aes256",
                "hash": "sha256",
                "esp hash": "sha256",
                "group": "modp2048",
            },
        ),
        Operation(
            "prefixes",
            site_with(cloud__lan="192.168.2.0/23"),
            agreed={"prefixes": ("192.168.1.0/24", "192.168.2.0/23")},
        ),
        Operation(
            "office address",
            site_with(
                office__wan={"kind": "fixed", "interface": "lan2", "address": "198.51.100.21"}
            ),
            agreed={"office": "198.51.100.21"},
            ready=_office_moves,
        ),
        Operation("new VIP", demo(), agreed={"cloud": "203.0.113.20"}, moved=True),
        Operation("tunnel number", site_with(office__tunnel=3), number=3),
        Operation("delete"),
    )
}


@dataclass
class Stage:
    """One operation in a world of its own, the old pair standing."""

    world: World
    operation: Operation
    old: Read
    new: Read
    router_id: str
    before: tunnel.Wish | None
    wish: tunnel.Wish
    target: IPv4Address

    def lines(self) -> tuple[list[str], list[str]]:
        """The router's running and saved lines, without what a reading leaves for the next one to
        put back: it is never saved."""
        running, saved = self.world.router.running().lines(), self.world.router.saved().lines()
        return [line for line in running if not line.startswith(_LEFT)], saved

    def run(self, *, on_failure: str = "back", **others: Any) -> None:
        """Do it; `others` in the place of what `tunnel.Ends` would hold."""
        world, given = self.world, {"accept": KNOWN, **others}
        ends = replace(
            world.ends(self.wish),
            scope=self.scope(),
            router_id=self.router_id,
            site="demo",
            **given,
        )
        if self.operation.site is None:
            tunnel.remove(ends, self.wish, clock=world.user, progress=world.say)
            return
        asked = replace(world.verification, target=self.target, on_failure=on_failure)
        tunnel.establish(ends, self.wish, self.before, asked, clock=world.user, progress=world.say)

    def scope(self) -> Scope:
        """Ours are the lines of then and those of now."""
        texts = [wish.lines for wish in (self.before, self.wish) if wish]
        keys = frozenset(s.key for text in texts for s in parse(text).statements)
        number = self.operation.number
        return Scope(number, 100 + number, number, keys)

    def read(self) -> Read:
        """Both ends now; of the cloud end the router that the operation is about."""
        return read(self.world, self.router_id, self.target)

    def guards_run_out(self) -> None:
        """Time passes until whatever guarded the router has acted, and is over."""
        for console in list(self.world.router.sessions):
            self.world.router.hung_up(console)
        for _ in range(10):
            self.world.link.settle()
            self.world.clock.advance(60)
            self.world.router.tick()
        self.world.link.settle()


@dataclass(frozen=True)
class _Before:
    """What stands before an operation: the folder of a world, its VPC router, and the second."""

    folder: Path
    made: lifecycle.RouterState
    second: lifecycle.RouterState | None


@cache
def _before(first: bool, ready: Callable[[World], object], moved: bool) -> _Before:
    """Made once by the product itself, then copied for each stage."""
    folder = Path(tempfile.mkdtemp(prefix="tunnel-stage-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    world = World(folder)
    try:
        with patch("components.office.session._by_ssh", world.connect):
            if not first:
                world.establish(world.first)
            ready(world)
            second = _second_router(world) if moved else None
    finally:
        world.close()
    return _Before(folder, world.made, second)


@contextmanager
def staged(operation: Operation, folder: Path) -> Iterator[Stage]:
    """A world in `folder` in which the operation may begin."""
    before = _before(operation.first, operation.ready, operation.moved)
    shutil.copytree(before.folder, folder, dirs_exist_ok=True)
    world = World(folder, before.made)
    world.clock.advance(_UP)
    world.link.settle()
    try:
        with patch("components.office.session._by_ssh", world.connect):
            yield _stage(operation, world, before.second)
    finally:
        world.close()


def _stage(operation: Operation, world: World, second: lifecycle.RouterState | None) -> Stage:
    before = None if operation.first else world.first
    agreed = PAIR | {"cloud": world.made.vip}
    new = agreed
    router_id = world.made.id
    if second:
        router_id, world.made = second.id, replace(world.made, vip=second.vip)
        new = agreed | {"cloud": second.vip}
        assert before is not None
        before = replace(before, cloud={"peer": before.cloud["peer"]})
    new = new | operation.agreed
    wish = world.wish(operation.site, operation.key) if operation.site else world.first
    stage = Stage(
        world,
        operation,
        old=_pair(None if operation.first else 2, agreed),
        new=_pair(None if operation.site is None else operation.number, new),
        router_id=router_id,
        before=before,
        wish=wish,
        target=world.verification.target,
    )
    old = stage.read()
    if second:  # it has no peer yet
        stage.old = replace(stage.old, cloud=[])
    if operation.name == "office address":  # the RTX has its new one already
        there = {2: agreed | {"office": operation.agreed["office"]}}
        stage.old = replace(stage.old, office=there, passes=False)
    assert old == stage.old, f"the stage is not set: {old}"
    return stage


def _pair(number: int | None, agreed: Agreed) -> Read:
    """Both ends with the same agreement, under this number of a tunnel; None: neither has any."""
    if number is None:
        return Read({}, [], passes=False)
    return Read({number: agreed}, [agreed], passes=True)


def _second_router(world: World) -> lifecycle.RouterState:
    """Another VPC router on a router+switch of its own, in front of the same cloud LAN."""
    internet = lifecycle.ensure_internet(
        world.client, lifecycle.InternetSpec("wan-2", "@t=4", "d"), world.clock, world.say
    )
    lan = lifecycle.ensure_switch(
        world.client, lifecycle.SwitchSpec("lan", "@t=2", "d"), world.clock, world.say
    )
    spec = lifecycle.RouterSpec(
        name="router-2",
        tag="@t=5",
        description="d",
        lan=lifecycle.LanSpec(1, lan.id, "192.168.2.1", ("192.168.2.4", "192.168.2.5"), 24),
        upstream_switch_id=internet.switch_id,
        vip=internet.addresses[0],
        addresses=tuple(internet.addresses[1:3]),
        vrid=11,
    )
    return lifecycle.ensure_router(world.client, spec, world.clock, world.say)
