"""The things of the cloud end as this package sees them: what is wanted, what is there.  Pure.

A `...Spec` is what the user's site asks for, a `...State` what the API says about an object.
Every object carries a tag that follows from whose it is, so that it is found again by whoever
goes on after an interruption.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any, Final

from ..errors import ApiError
from .interfaces import aliases_of, lan_of
from .sections import sections_of
from .tree import Json, router_of
from .writable import OmittedSecrets

SLOTS: Final = 8
"""Interfaces of a VPC router: eth0 outside, eth1 to eth7 inside (sakura-vpcrouter-api 2.4)."""

PLANS: Final = {"standard": 1, "premium": 2, "highspec": 3, "highspec4000": 4}
"""Plan -> `Plan.ID` of the API (sakura-vpcrouter-api 2.2)."""


OWNER: Final = "@sakurartx="
"""How the tag of every stack begins."""


def owner_tag(project: str, stack: str, name: str) -> str:
    """The tag that marks the object `name` of a stack."""
    return tag_of_text(owner_text(project, stack, name))


def tag_of_text(text: str) -> str:
    """The tag that goes with an `owner_text`."""
    return f"{OWNER}{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def owner_text(project: str, stack: str, name: str) -> str:
    """Whose an object is, for people: goes into its description."""
    return f"{project}/{stack}/{name}"


def as_id(value: object) -> str:
    """An id as text; "" for none.

    The API gives ids as numbers, as numeric strings or as null, whatever was asked for
    (sakura-vpcrouter-api 1.2).  Raises `ApiError` for anything else.
    """
    text = "" if value is None else str(value).strip()
    if text and not (text.isascii() and text.isdigit()):
        raise ApiError(f"the API gave an id that is no number: {text!r}")
    return text


@dataclass(frozen=True)
class InternetSpec:
    """A router+switch: a block of public addresses /`prefix_length` (28, 27 or 26).

    `bandwidth_mbps`: 100, 250, 500, or 1000 to 10000 in steps of 500.
    """

    name: str
    tag: str
    description: str
    prefix_length: int = 28
    bandwidth_mbps: int = 100


@dataclass(frozen=True)
class InternetState:
    """A router+switch that is ready.

    `addresses` are those for our use, in order; `gateway` is SAKURA's own router.
    """

    id: str
    switch_id: str
    name: str
    description: str
    network: str
    prefix_length: int
    bandwidth_mbps: int
    gateway: str
    addresses: list[str]


@dataclass(frozen=True)
class SwitchSpec:
    """A switch: the cloud LAN."""

    name: str
    tag: str
    description: str


@dataclass(frozen=True)
class SwitchState:
    """A switch that is there."""

    id: str
    name: str
    description: str


@dataclass(frozen=True)
class LanSpec:
    """One private interface: eth`index` (1 to 7) on a switch, its VIP and its nodes' addresses.

    The standard plan has one node: one address and no VIP ("").  `prefix_length` 16 to 29.
    """

    index: int
    switch_id: str
    vip: str
    addresses: Sequence[str]
    prefix_length: int


@dataclass(frozen=True)
class RouterSpec:
    """A VPC router.

    `upstream_switch_id` is the switch inside the router+switch, `vip` the public address, and
    `addresses` those of the two nodes.  The standard plan has none of the four: "", "", (), 0.
    `more` are private interfaces beside that of the LAN; others are left alone.  `aliases` (None:
    left as they are) and `sections` (see `cloud.sections`) are what the stack owns of the settings.
    """

    name: str
    tag: str
    description: str
    lan: LanSpec
    plan: str = "premium"
    version: int = 2
    upstream_switch_id: str = ""
    vip: str = ""
    addresses: Sequence[str] = ()
    vrid: int = 0
    more: Sequence[LanSpec] = ()
    aliases: Sequence[str] | None = None
    sections: Mapping[str, Any] = field(default_factory=dict)
    omitted_secrets: OmittedSecrets = "refuse"

    @property
    def private(self) -> list[LanSpec]:
        """Every private interface of ours."""
        return [self.lan, *self.more]

    @property
    def fixed(self) -> dict[str, object]:
        """What cannot be changed once the router is made (sakura-vpcrouter-api 2.5)."""
        return _fixed(self)

    @property
    def body(self) -> Json:
        """What creates it: only the settings that must be there from the start.

        Source: sakura-vpcrouter-api 2.3.  `Icon` is left out on purpose (pitfall 15).
        """
        router: Json = {"InternetConnection": {"Enabled": "True"}}
        remark: Json = {
            "Switch": {"Scope": "shared"},
            "Servers": [{}],
            "Router": {"VPCRouterVersion": self.version},
        }
        if self.plan != "standard":
            addresses = list(self.addresses)
            eth0 = {"IPAddress": addresses, "VirtualIPAddress": self.vip}
            router.update(VRID=self.vrid, Interfaces=[eth0])
            remark.update(
                Switch={"ID": int(self.upstream_switch_id)},
                Servers=[{"IPAddress": address} for address in addresses],
            )
        return {
            "Class": "vpcrouter",
            "Name": self.name,
            "Description": self.description,
            "Tags": [self.tag],
            "Plan": {"ID": PLANS[self.plan]},
            "Remark": remark,
            "Settings": {"Router": router},
        }


@dataclass(frozen=True)
class RouterState:
    """A VPC router as the API describes it.

    `availability` (`migrating`, `available`, `failed`) is about its making, `power` (`up`, `down`,
    `cleaning`) about its instance.  `vip` is the public address on every plan; `lan` is None while
    the asked interface is neither connected nor addressed.  `private` are all private interfaces
    that are either, `sections` all sections of the settings that a stack could own.
    """

    id: str
    name: str
    description: str
    plan: str
    version: int
    upstream_switch_id: str
    vip: str
    addresses: list[str]
    vrid: int
    lan: LanSpec | None
    availability: str
    power: str
    private: tuple[LanSpec, ...] = ()
    aliases: tuple[str, ...] = ()
    sections: Json = field(default_factory=dict)

    @property
    def lan_vip(self) -> str:
        """The address of the router inside the cloud LAN; "" without a LAN."""
        if self.lan is None:
            return ""
        return self.lan.vip or next(iter(self.lan.addresses), "")

    @property
    def fixed(self) -> dict[str, object]:
        """What cannot be changed once the router is made, see `RouterSpec.fixed`."""
        return _fixed(self)


def _fixed(router: RouterSpec | RouterState) -> dict[str, object]:
    always: dict[str, object] = {"plan": router.plan, "version": router.version}
    if router.plan == "standard":  # SAKURA chooses its address
        return always
    return {
        **always,
        "upstream switch": router.upstream_switch_id,
        "VIP": router.vip,
        "node addresses": list(router.addresses),
    }


def internet_state(internet: Json, switch: Json) -> InternetState:
    """A router+switch from `GET internet/{id}` and `GET switch/{its switch}`."""
    subnet = switch["Subnets"][0]
    first, last = (int(IPv4Address(subnet["IPAddresses"][end])) for end in ("Min", "Max"))
    return InternetState(
        id=as_id(internet["ID"]),
        switch_id=as_id(switch["ID"]),
        name=text(internet, "Name"),
        description=text(internet, "Description"),
        network=text(subnet, "NetworkAddress"),
        prefix_length=int(subnet["NetworkMaskLen"]),
        bandwidth_mbps=int(internet["BandWidthMbps"]),
        gateway=text(subnet, "DefaultRoute"),
        addresses=[str(IPv4Address(number)) for number in range(first, last + 1)],
    )


def has_addresses(switch: Json) -> bool:
    """Whether the switch of a new router+switch knows its block already (pitfall 2)."""
    subnets = switch.get("Subnets") or [{}]
    return bool(part(subnets[0], "IPAddresses").get("Min"))


def switch_state(switch: Json) -> SwitchState:
    """A switch from `GET switch/{id}`."""
    return SwitchState(as_id(switch["ID"]), text(switch, "Name"), text(switch, "Description"))


def router_state(appliance: Json, lan_index: int = 1) -> RouterState:
    """A VPC router from `GET appliance/{id}`; `lan_index` is the interface of its LAN."""
    remark, settings = part(appliance, "Remark"), appliance.get("Settings")
    eth0 = (lan_of(settings, 0) if settings else None) or {}
    plan_id = as_id(part(appliance, "Plan").get("ID"))
    plan = next((name for name, number in PLANS.items() if str(number) == plan_id), plan_id)
    return RouterState(
        id=as_id(appliance["ID"]),
        name=text(appliance, "Name"),
        description=text(appliance, "Description"),
        plan=plan,
        # A router without the field is older than version 2 (sakura-vpcrouter-api 6.1).
        version=int(part(remark, "Router").get("VPCRouterVersion") or 1),
        upstream_switch_id=as_id(part(remark, "Switch").get("ID")),
        vip=text(eth0, "VirtualIPAddress") or text(nic(appliance, 0), "IPAddress"),
        addresses=list(eth0.get("IPAddress") or []),
        vrid=int(part(part(appliance, "Settings"), "Router").get("VRID") or 0),
        lan=_lan(appliance, lan_index),
        availability=text(appliance, "Availability"),
        power=power(appliance),
        private=tuple(lan for index in range(1, SLOTS) if (lan := _lan(appliance, index))),
        aliases=tuple(aliases_of(settings)) if settings else (),
        sections=sections_of(router_of(settings)) if settings else {},
    )


def _lan(appliance: Json, index: int) -> LanSpec | None:
    settings = appliance.get("Settings")
    interface = (lan_of(settings, index) if settings else None) or {}
    switch_id = nic_switch(appliance, index)
    if not interface and not switch_id:
        return None
    return LanSpec(
        index=index,
        switch_id=switch_id,
        vip=text(interface, "VirtualIPAddress"),
        addresses=list(interface.get("IPAddress") or []),
        prefix_length=int(interface.get("NetworkMaskLen") or 0),
    )


def power(appliance: Json) -> str:
    """`up`, `down` or `cleaning`; what was never started is down (sakura-vpcrouter-api 2.7)."""
    return text(part(appliance, "Instance"), "Status").lower() or "down"


def nic(appliance: Json, index: int) -> Json:
    """Slot `index` of the eight interfaces of an appliance; empty if nothing is in it."""
    slots = appliance.get("Interfaces") or []
    slot = slots[index] if index < len(slots) else None
    return slot if isinstance(slot, dict) else {}


def nic_switch(appliance: Json, index: int) -> str:
    """The id of the switch that interface `index` is connected to; "" if none."""
    return as_id(part(nic(appliance, index), "Switch").get("ID"))


def part(tree: Mapping[str, Any], name: str) -> Json:
    """The object under `name`; null, nothing and the API's `[]` read as an empty one."""
    value = tree.get(name)
    return value if isinstance(value, dict) else {}


def text(tree: Mapping[str, Any], name: str) -> str:
    """The text under `name`; null and nothing read as ""."""
    value = tree.get(name)
    return "" if value is None else str(value)
