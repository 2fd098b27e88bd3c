"""How the office is connected, in the site file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from ..errors import Problem
from ..ipsec import MODELS
from ..office.wan import FORWARDS, KINDS, NO_WAY, SHARED, WanKind, not_global
from .base import Address, Part, Prefix, is_host, written_as

_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"


class Wan(Part):
    """How the office is connected; `address` is the global one that the VPC router calls.

    `kind`: `fixed` (the address stands on `interface`, lan1 to lan9), `pppoe` (`interface` is
    `pp N`, the address is fixed by contract), `block` (it is one of the global addresses in
    `prefix`), `behind-nat` (a gateway in front has it and hands udp 500 and ESP on to
    `inner_address`, which `forwards: true` states).  MAP-E and DS-Lite are refused.
    `peer_gateway` is the way to the VPC router where the default route does not lead out of
    `interface`: `pp 1`, `dhcp lan2` or the address of a next hop; its host route becomes ours.
    """

    kind: WanKind = "fixed"
    interface: Annotated[
        str,
        written_as(
            r"^(lan[1-9]|pp [1-9]\d{0,2})$", "lan1 to lan9, or pp and its number, such as pp 1"
        ),
    ] = "lan2"
    address: Address
    prefix: Prefix | None = None
    inner_address: Address | None = None
    forwards: Literal[True] | None = None
    peer_gateway: (
        Annotated[
            str,
            written_as(
                rf"^(pp [1-9]\d{{0,2}}|dhcp lan[1-9]|{_OCTET}(\.{_OCTET}){{3}})$",
                "pp and its number, dhcp lan1 to lan9, or the address of a next hop",
            ),
        ]
        | None
    ) = None

    @field_validator("kind", mode="before")
    @classmethod
    def _can_work(cls, kind: object) -> object:
        if isinstance(kind, str) and kind in NO_WAY:
            raise PydanticCustomError("no_way", f"{', '.join(KINDS)}: {NO_WAY[kind]}")
        return kind


def contradictions(wan: Wan, model: str) -> Iterator[Problem]:
    """What only shows when the values of the section are seen together."""
    kind = KINDS[wan.kind]
    if not re.fullmatch(kind.interfaces, wan.interface):
        fits = " or ".join(k for k, v in KINDS.items() if re.fullmatch(v.interfaces, wan.interface))
        allowed_here = f"{kind.said}, with kind {wan.kind} ({wan.interface} goes with {fits})"
        yield Problem("office.wan.interface", wan.interface, allowed_here)
    elif wan.interface.startswith("pp ") and int(wan.interface[3:]) > MODELS[model].pp:
        yield Problem("office.wan.interface", wan.interface, f"pp 1 to {MODELS[model].pp}")
    allowed = {"prefix": "the block, such as 203.0.113.8/29", "inner_address": "an address"}
    allowed["forwards"] = FORWARDS
    for key, what in allowed.items():
        given = getattr(wan, key)
        if key in kind.needs and given is None:
            yield Problem(f"office.wan.{key}", "nothing", what)
        elif key not in kind.needs and given is not None:
            yield Problem(f"office.wan.{key}", str(given), f"nothing with kind {wan.kind}")
    inner = wan.inner_address
    if inner == wan.address:
        yield Problem(
            "office.wan.inner_address",
            f"{inner}, the address outside",
            "the RTX's own address behind the gateway (if it is this one: kind fixed)",
        )
    elif inner and inner in SHARED:
        yield Problem(
            "office.wan.inner_address",
            f"{inner}, which is {not_global(inner)}",
            "an address behind a gateway that hands udp 500 and ESP on: a provider's NAT does not",
        )
    if why := not_global(wan.address):
        yield Problem(
            "office.wan.address",
            f"{wan.address}, which is {why}",
            "the global address that the VPC router calls; it offers no NAT traversal "
            "(behind a gateway with a global address: kind behind-nat)",
        )
    if wan.prefix and not is_host(wan.address, wan.prefix):
        yield Problem("office.wan.address", str(wan.address), f"an address in {wan.prefix}")
