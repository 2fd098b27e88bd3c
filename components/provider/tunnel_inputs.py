"""What `Tunnel` and `OfficeEnd` have in common: their inputs, in the words of the transaction."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from ..office.config import Scope, parse
from ..office.render import ADDRESS_PLACEHOLDER
from . import findings, tunnel_removal
from .handler import Context, Failure
from .values import UNKNOWN, Props

if TYPE_CHECKING:
    from ..tunnel import Verification

UNPROVED: Final = {"at": "", "how": "not proved yet"}
"""The output `verified` of what was made and has not carried traffic yet."""


def checked(inputs: Props, ctx: Context) -> Props | list[Failure]:
    """The inputs with the address of the VPC router in the lines, as soon as it is known, or what
    must not be written; says the other findings."""
    if tunnel_removal.is_abandoned(ctx):
        ctx.warning(tunnel_removal.STANDING)
    address, lines = inputs["address"], inputs["lines"]
    if address is not UNKNOWN and lines is not UNKNOWN:
        inputs = inputs | {"lines": lines.replace(ADDRESS_PLACEHOLDER, address)}
    return findings.judged(inputs, ctx)


def verification(inputs: Props) -> Verification:
    """Which proof is asked for."""
    from ..tunnel import Verification

    asked = inputs["verify"]
    return Verification(
        target=IPv4Address(asked["target"]),
        source=IPv4Address(asked["source"]),
        seconds=asked["seconds"],
        mtu=asked["mtu"],
        on_failure=asked.get("onFailure") or "",
    )


def scope(props: Props, old: Props | None = None) -> Scope:
    """Which lines of the RTX are ours: those of `props` and, before a change, those of `old`."""
    texts = [props["lines"], *([old["lines"]] if old else [])]
    keys = frozenset(s.key for text in texts for s in parse(text).statements)
    return Scope(**props["numbers"], keys=keys)
