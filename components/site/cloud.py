"""The cloud end in the site file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from ..errors import Problem
from .base import Address, Part, Prefix, hosts, is_host


class RouterSwitch(Part):
    """The router+switch: block of public addresses and bandwidth (sakura-vpcrouter-api 3)."""

    prefix_length: Literal[26, 27, 28] = 28
    bandwidth_mbps: (
        Literal[100, 250, 500] | Annotated[int, Field(ge=1000, le=10000, multiple_of=500)]
    ) = 100


class Cloud(Part):
    """The cloud end.

    `lan` is the prefix behind the VPC router (/16 to /29).  The router takes the first three
    addresses of it unless `lan_address` (the VIP) and `lan_real_addresses` (one for each of its
    two nodes) are given.  `vrid` (1 to 255) must differ from other VRRP users on the same switch.
    `omitted_secrets: kept` states that the API keeps what a write leaves out, where it hides the
    keys of other peers; else such a write is refused.
    """

    zone: Literal["tk1a", "tk1b", "tk1v", "is1a", "is1b", "is1c"]
    lan: Prefix
    plan: Literal["premium", "highspec", "highspec4000"] = "premium"
    version: Literal[1, 2] = 2
    router_switch: RouterSwitch = RouterSwitch()
    vrid: Annotated[int, Field(ge=1, le=255)] = 10
    lan_address: Address | None = None
    lan_real_addresses: tuple[Address, Address] | None = None
    omitted_secrets: Literal["refuse", "kept"] = "refuse"

    @property
    def lan_vip(self) -> Address:
        """The address of the VPC router in the cloud LAN."""
        return self.lan_address or hosts(self.lan, 1)[0]

    @property
    def lan_reals(self) -> tuple[Address, Address]:
        """The addresses of the two nodes in the cloud LAN."""
        if self.lan_real_addresses:
            return self.lan_real_addresses
        first, second = [a for a in hosts(self.lan, 3) if a != self.lan_vip][:2]
        return first, second


def contradictions(cloud: Cloud) -> Iterator[Problem]:
    """What only shows when the values of the section are seen together."""
    if not 16 <= cloud.lan.prefixlen <= 29:
        yield Problem("cloud.lan", str(cloud.lan), "a prefix from /16 to /29")
        return
    addresses = [cloud.lan_vip, *cloud.lan_reals]
    for name, address in zip(
        ("lan_address", "lan_real_addresses.0", "lan_real_addresses.1"), addresses, strict=True
    ):
        if not is_host(address, cloud.lan):
            yield Problem(f"cloud.{name}", str(address), f"an address of a host in {cloud.lan}")
    if len(set(addresses)) < 3:
        yield Problem(
            "cloud.lan_real_addresses",
            " ".join(map(str, addresses[1:])),
            f"two different addresses beside the VIP {cloud.lan_vip}",
        )
