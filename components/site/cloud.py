"""The cloud end in the site file."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Annotated, Any, Final, Literal, cast

from pydantic import Field

from ..errors import Problem, SpecError
from .base import Address, Part, Prefix, is_host, nowhere, written_as
from .section_problems import contradictions as section_contradictions
from .sections import Interface, Nic, ObjectId, Sections


class RouterSwitch(Part):
    """The router+switch: block of public addresses and bandwidth (sakura-vpcrouter-api 3)."""

    prefix_length: Literal[26, 27, 28] = 28
    bandwidth_mbps: (
        Literal[100, 250, 500] | Annotated[int, Field(ge=1000, le=10000, multiple_of=500)]
    ) = 100


class Attach(Part):
    """A VPC router that is there already, shared with other sites: its id, and its VIP if the
    previews are to show it before the first `up`."""

    router_id: ObjectId
    vip: Address | None = None


class Elsewhere(Part):
    """A VPC router of somebody else, at whose API nothing is asked or written: its VIP."""

    vip: Address


MOST_NAME: Final = 64  # characters; sakura-vpcrouter-api 2.3, for appliances unverified
Name = Annotated[
    str, written_as(r"^[^\r\n\t]+$", "one line of 1 to 64 characters", max_length=MOST_NAME)
]


class Names(Part):
    """Names in the control panel, of a pair that was made by hand: else SITE-router, SITE-wan (the
    router+switch) and SITE-lan (the switch of the cloud LAN)."""

    router: Name | None = None
    router_switch: Name | None = None
    lan: Name | None = None


class Cloud(Sections):
    """The cloud end.

    `lan` is the prefix behind the VPC router (/16 to /29), on NIC `lan_nic`.  The router takes the
    first three addresses of it unless `lan_address` (the VIP) and `lan_real_addresses` (one for
    each of its two nodes) are given.  Outside, it takes the first three addresses of the block
    unless `address` (the VIP) and `real_addresses` are given.  `vrid` (1 to 255) must differ from
    other VRRP users on the same switch.  A router of the `standard` plan has one node on a segment
    that others share: one address inside, and outside the one that SAKURA gives it.
    `omitted_secrets: kept` states that the API keeps what a write leaves out, where it hides the
    keys of other peers; else such a write is refused.

    With `attach` nothing is made: the site adds its peer to a router that another stack made, or
    none.  What all peers of a router share (the section `ipsec`) belongs to the stack that made it;
    `shared_parameters: change` consents to changing it under the other peers, whose site files must
    follow.

    With `elsewhere` only the office end is ours.  Of the cloud end its VIP and its LAN are known,
    and the key, which its owner says; a zone is of no use then, and required otherwise.
    """

    zone: Literal["tk1a", "tk1b", "tk1v", "is1a", "is1b", "is1c"] = cast(Any, None)
    lan: Prefix
    plan: Literal["standard", "premium", "highspec", "highspec4000"] = "premium"
    version: Literal[1, 2] = 2
    router_switch: RouterSwitch = RouterSwitch()
    vrid: Annotated[int, Field(ge=1, le=255)] = 10
    address: Address | None = None
    real_addresses: tuple[Address, Address] | None = None
    lan_nic: Nic = 1
    lan_address: Address | None = None
    lan_real_addresses: tuple[Address, Address] | None = None
    omitted_secrets: Literal["refuse", "kept"] = "refuse"
    shared_parameters: Literal["keep", "change"] = "keep"
    attach: Attach | None = None
    elsewhere: Elsewhere | None = None
    names: Names = Names()

    @property
    def private(self) -> list[Interface]:
        """Every private interface, that of the cloud LAN first."""
        lan = Interface(
            nic=self.lan_nic,
            prefix=self.lan,
            address=self.lan_address,
            real_addresses=self.lan_real_addresses,
        )
        return [lan, *self.interfaces]

    @property
    def lan_vip(self) -> Address:
        """The address of the VPC router in the cloud LAN."""
        return self.private[0].vip

    @property
    def lan_reals(self) -> tuple[Address, Address]:
        """The addresses of the two nodes in the cloud LAN."""
        return self.private[0].reals

    def outside(self, block: list[str]) -> tuple[str, list[str], list[str]]:
        """VIP, the two nodes' addresses and the aliases on eth0, of the addresses of the block.

        Raises `SpecError` for what the site file gives and the block does not have.
        """
        given = [*filter(None, [self.address]), *(self.real_addresses or ())]
        given += self.aliases if isinstance(self.aliases, tuple) else ()
        if strange := [str(each) for each in given if str(each) not in block]:
            allowed = f"{block[0]} to {block[-1]}, the block of the router+switch"
            raise SpecError([Problem("cloud.address", " ".join(strange), allowed)])
        named = {str(each) for each in given}
        vip = str(self.address or next(each for each in block if each not in named))
        free = [each for each in block if each not in named and each != vip]
        reals = [str(each) for each in self.real_addresses or free[:2]]
        if isinstance(self.aliases, tuple):
            return vip, reals, [str(each) for each in self.aliases]
        return vip, reals, [each for each in free if each not in reals][: self.alias_count]


_NOT_STANDARD = {
    "address",
    "real_addresses",
    "lan_real_addresses",
    "router_switch",
    "vrid",
}
_BESIDE_ATTACH = {"zone", "lan", "lan_address", "omitted_secrets", "shared_parameters"}


def beside_attach(named: Set[str], what: str, may: Set[str] = _BESIDE_ATTACH) -> Iterator[Problem]:
    """The keys among `named` that a site may not have beside a VPC router that is there already."""
    for name in sorted(named - may):
        yield Problem(
            f"cloud.{name}",
            f"a value beside {what}",
            "nothing: the VPC router and all about it belong to the stack that made it",
        )


def contradictions(cloud: Cloud) -> Iterator[Problem]:
    """What only shows when the values of the section are seen together."""
    if cloud.attach:
        yield from beside_attach(cloud.model_fields_set - {"attach"}, "cloud.attach")
    if cloud.elsewhere:
        named = cloud.model_fields_set - {"elsewhere"}
        # What is said of the API's ways has no meaning either where it is never asked.
        yield from beside_attach(named, "cloud.elsewhere", {"lan", "lan_address"})
    elif not cloud.zone:
        yield Problem("cloud.zone", "nothing", "this key is required")
    standard = cloud.plan == "standard"
    if standard:
        for name in sorted(cloud.model_fields_set & _NOT_STANDARD):
            yield Problem(f"cloud.{name}", "a value", "nothing on the standard plan")
    networks: dict[int, Prefix] = {}
    switches: list[str | None] = []
    for index, one in enumerate(cloud.private):
        names = f"cloud.interfaces.{index - 1}." if index else "cloud.lan_"
        path = f"{names}prefix" if index else "cloud.lan"
        if not 16 <= one.prefix.prefixlen <= 29:
            yield Problem(path, str(one.prefix), "a prefix from /16 to /29")
            continue
        if nowhere(one.prefix):
            yield Problem(path, str(one.prefix), "a prefix that hosts may have")
        if one.switch_id and one.switch_id in switches:
            yield Problem(f"{names}switch_id", f"{one.switch_id} a second time", "each switch once")
        switches.append(one.switch_id)
        if one.nic in networks:
            yield Problem(f"{names}nic", str(one.nic), "each NIC once")
        for other in networks.values():
            if one.prefix.overlaps(other):
                yield Problem(path, f"{one.prefix}, which overlaps {other}", "a prefix of its own")
        networks[one.nic] = one.prefix
        yield from _address_problems(names, one.prefix, one.vip, () if standard else one.reals)
    yield from _outside_problems(cloud)
    # Of a block, SAKURA keeps the first four and the last address (sakura-vpcrouter-api 3).
    left = (1 << (32 - cloud.router_switch.prefix_length)) - 5 - 3
    own = {each for one in cloud.private for each in ((one.vip,) if standard else one.own)}
    yield from section_contradictions(cloud, networks, own, standard=standard, block=left)


def _address_problems(
    names: str, prefix: Prefix, vip: Address, reals: tuple[Address, ...]
) -> Iterator[Problem]:
    """What is wrong with the router's own addresses in one of its private prefixes."""
    for name, address in (
        ("address", vip),
        *((f"real_addresses.{n}", each) for n, each in enumerate(reals)),
    ):
        if not is_host(address, prefix):
            yield Problem(f"{names}{name}", str(address), f"an address of a host in {prefix}")
    if len({vip, *reals}) < 1 + len(reals):
        yield Problem(
            f"{names}real_addresses",
            " ".join(map(str, reals)),
            f"two different addresses beside the VIP {vip}",
        )


def _outside_problems(cloud: Cloud) -> Iterator[Problem]:
    aliases = cloud.aliases if isinstance(cloud.aliases, tuple) else ()
    given = [*filter(None, [cloud.address]), *(cloud.real_addresses or ()), *aliases]
    if len(set(given)) < len(given):
        yield Problem(
            "cloud.address", " ".join(map(str, given)), "VIP, nodes and aliases all different"
        )
