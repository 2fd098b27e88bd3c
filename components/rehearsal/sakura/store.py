"""What the cloud remembers: its objects as records, and the file that keeps them.

Source: sakura-vpcrouter-api 1.1 and 8.  The objects of a zone are its own; ids are counted over all
zones, so an id is never found in another zone.  Waits are counted in reads, not in seconds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args, get_type_hints

Json = dict[str, Any]

ZONES: Final = {
    "tk1a": 21001,
    "tk1b": 21002,
    "tk1v": 29001,
    "is1a": 31001,
    "is1b": 31002,
    "is1c": 31003,
}
SLOTS: Final = 8


@dataclass(frozen=True)
class Options:
    """How the cloud behaves where the real one varies or is unverified.  Counts, not seconds.

    The defaults are the demanding side of what official clients provide for.
    """

    internet_404_reads: int = 2
    """Reads of a new router+switch that are answered 404; as many of its switch, until the
    router+switch was read."""
    appliance_404_reads: int = 1
    """Reads of a new VPC router that are answered 404."""
    unlisted_reads: int = 0
    """Lists that do not show a new router+switch or VPC router yet (unverified)."""
    migrating_reads: int = 3
    """Reads that show `migrating` before the router is `available`."""
    still_creating_boots: int = 1
    """Boot requests refused with `still_creating` after the router became `available`."""
    boot_reads: int = 3
    """Reads that show `down` after a boot request before `up`."""
    cleaning_reads: int = 3
    """Reads that show `cleaning` after a stop request before `down`."""
    ignored_stops: int = 0
    """Stop requests after each boot that are answered as taken and do nothing (pitfall 7)."""
    status_empty_reads: int = 2
    """Status requests answered without contents after `up`."""
    status_blank_reads: int = 1
    """Status requests that name no peer after settings were applied to a router that is up."""
    lingering_reads: int = 1
    """Reads (or refused deletions) of a switch that still show a router deleted before."""
    fail_creations: int = 0
    """How many creations, from the first on, end with Availability `failed`."""
    hash_enforced: bool = True
    """Whether a stale `SettingsHash` is refused (unverified on the real API)."""
    secrets_returned: bool = True
    """Whether answers hold pre-shared keys and passwords: today's API, not the announced one."""
    omitted_secrets: Literal["kept", "erased"] = "kept"
    """What a PUT that leaves a secret out does to it, while secrets are not returned."""
    restart_vpn: Literal["all_peers", "nothing", "missing"] = "all_peers"
    """What `restartvpn` starts anew (unverified on the real API): all peers, nothing although it
    is answered as done, or there is no such path."""
    status_off: Literal["empty", "refused"] = "empty"
    """What the status of a router that is off is: without contents, or a 409 (unverified)."""
    account: int = 113300000001
    """Id of the account that the API key belongs to."""
    permission: Literal["create", "arrange", "power", "view"] = "create"
    """What the API key may do, each word also what those after it may (sakura-vpcrouter-api 1.7).
    Which call needs which is unverified: here, to make or delete a thing is `create`, to change one
    `arrange`."""

    def changed(self, names: Mapping[str, Any]) -> Options:
        """The same with other values; raises ValueError for what is no option or no such value."""
        for name, value in names.items():
            if name not in _KINDS:
                raise ValueError(f"no option {name!r}; there are: {', '.join(_KINDS)}")
            if not _allows(_KINDS[name], value):
                raise ValueError(f"option {name}: {value!r} is not one of its values")
        return replace(self, **names)


_KINDS: Final = get_type_hints(Options)


def _allows(kind: Any, value: Any) -> bool:
    """A word of a choice; else a truth value or a count, and not the one for the other."""
    choices = get_args(kind)
    return value in choices if choices else type(value) is kind and value >= 0


DEFAULTS: Final = Options()


@dataclass
class Block:
    """A further address block of a router+switch, routed to `next_hop`."""

    id: int
    network: str
    next_hop: str

    @property
    def body(self) -> Json:
        """It as it is read."""
        network = IPv4Network(self.network)
        return {
            "ID": self.id,
            "NetworkAddress": str(network.network_address),
            "NetworkMaskLen": network.prefixlen,
            "DefaultRoute": None,
            "NextHop": self.next_hop,
            "StaticRoute": self.next_hop,
        }


@dataclass
class Bridge:
    """A bridge."""

    id: int
    name: str
    description: str
    created: str


@dataclass
class Internet:
    """A router+switch; its addresses are those of `network`, and of further `blocks`."""

    id: int
    name: str
    description: str
    tags: list[str]
    network: str
    bandwidth_mbps: int
    subnet_id: int
    switch_id: int
    created: str
    hidden_reads: int = 0
    unlisted_reads: int = 0
    icon: int | None = None
    blocks: list[Block] = field(default_factory=list)


@dataclass
class Switch:
    """A switch; one that belongs to a router+switch has `internet_id`."""

    id: int
    name: str
    description: str
    tags: list[str]
    created: str
    modified: str
    user_subnet: Json | None = None
    internet_id: int | None = None
    hidden_reads: int = 0
    lingering_reads: int = 0
    icon: int | None = None
    bridge_id: int | None = None


@dataclass
class Router:
    """A VPC router.  `settings` is what was stored, `applied` what `PUT .../config` made of it.

    `nics` holds the switch id of each slot; `shared_address` the public address of a standard one.
    """

    id: int
    name: str
    description: str
    tags: list[str]
    plan: int
    version: int
    servers: list[str]
    shared_address: str
    nics: list[int | None]
    settings: Json
    created: str
    modified: str
    applied: Json = field(default_factory=dict)
    availability: Literal["migrating", "available", "failed"] = "migrating"
    power: Literal["down", "booting", "up", "cleaning"] = "down"
    power_changed: str = ""
    will_fail: bool = False
    hidden_reads: int = 0
    unlisted_reads: int = 0
    reads_left: int = 0
    refused_boots: int = 0
    ignored_stops: int = 0
    status_first: list[Json] = field(default_factory=list)
    """Answers that the next status requests get before the true one."""
    icon: int | None = None


Listed = TypeVar("Listed", Internet, Router)


@dataclass
class Zone:
    """The objects of one zone, by id."""

    internets: dict[int, Internet] = field(default_factory=dict)
    switches: dict[int, Switch] = field(default_factory=dict)
    routers: dict[int, Router] = field(default_factory=dict)
    bridges: dict[int, Bridge] = field(default_factory=dict)

    def listed(self, kind: dict[int, Listed]) -> list[Listed]:
        """Those of a kind that a list shows; each list brings the others nearer to it."""
        shown = [each for each in kind.values() if not each.unlisted_reads]
        for each in kind.values():
            each.unlisted_reads = max(each.unlisted_reads - 1, 0)
        return shown

    def routers_on(self, switch_id: int) -> list[Router]:
        """The routers with an interface on this switch."""
        return [router for router in self.routers.values() if switch_id in router.nics]


@dataclass
class State:
    """Everything that outlives the process."""

    next_id: int = 113400000000
    next_subnet_id: int = 3981
    failed_creations: int = 0
    token: str = ""
    secret: str = ""
    zones: dict[str, Zone] = field(default_factory=lambda: {name: Zone() for name in ZONES})

    def new_id(self) -> int:
        """An id that was never given before, in any zone."""
        self.next_id += 1
        return self.next_id - 1

    def new_subnet_id(self) -> int:
        """The id of a new address block."""
        self.next_subnet_id += 1
        return self.next_subnet_id - 1

    def all_routers(self) -> Iterator[Router]:
        """The VPC routers of all zones."""
        return (router for zone in self.zones.values() for router in zone.routers.values())


class Store:
    """The state and its file, which holds keys and is readable for its owner only."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self._saved = file.read_text(encoding="utf-8") if file.exists() else ""
        self.state = _loaded(json.loads(self._saved)) if self._saved else State()

    def save(self) -> None:
        """Write the file if something changed; a crash leaves the old one or the new one."""
        text = json.dumps(asdict(self.state), ensure_ascii=False, indent=1)
        if text == self._saved:
            return
        draft = self._file.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(self._file)
        self._saved = text


def _loaded(raw: Json) -> State:
    zones = {
        name: Zone(
            {int(key): _internet(each) for key, each in zone["internets"].items()},
            {int(key): Switch(**each) for key, each in zone["switches"].items()},
            {int(key): Router(**each) for key, each in zone["routers"].items()},
            {int(key): Bridge(**each) for key, each in zone.get("bridges", {}).items()},
        )
        for name, zone in raw["zones"].items()
    }
    return State(**{**raw, "zones": zones})


def _internet(raw: Json) -> Internet:
    return Internet(**{**raw, "blocks": [Block(**each) for each in raw.get("blocks", [])]})
