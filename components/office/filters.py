"""Static filters: those that we write, and what a list of them does to a packet.

Pure.  Sources: command reference 8.1.10 (filters) and 8.1.25 (lists: the first match decides, what
none matches is dropped).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final, Literal

Direction = Literal["in", "out"]
Protocol = Literal["udp", "esp"]

DIRECTIONS: Final[tuple[Direction, ...]] = ("in", "out")
IKE_PORT: Final = "500"
_IKE_NAMES: Final = ("*", IKE_PORT, "isakmp", "ike")
# What must pass the WAN for a tunnel: protocol, and how the ports are written.
TUNNEL_NEEDS: Final[dict[Protocol, str]] = {"udp": f"{IKE_PORT} {IKE_PORT}", "esp": "* *"}
_NUMBERS: Final = {"udp": ("udp", "17"), "esp": ("esp", "50")}


@dataclass(frozen=True)
class Filter:
    """A static filter of ours: lets the key exchange (udp 500) or ESP through, `in` or `out`.

    `number` is one of the static filters' number space; `reason` is written above the line.
    """

    number: int
    direction: Direction
    protocol: Protocol
    reason: str = ""

    def line(self, peer: str, local: str) -> str:
        """The line; `peer` is the VPC router's address, `local` the RTX's own."""
        ends = f"{peer} {local}" if self.direction == "in" else f"{local} {peer}"
        return f"ip filter {self.number} pass {ends} {self.protocol} {TUNNEL_NEEDS[self.protocol]}"


@dataclass(frozen=True)
class Packet:
    """IKE or ESP between two addresses; an address that is not known is None.

    An unknown address is only in what holds every address.
    """

    source: IPv4Address | None
    destination: IPv4Address | None
    protocol: Protocol


def verdict(rule: str, packet: Packet) -> bool | None:
    """Whether what follows `ip filter N` lets the packet pass; None if it is not about it.

    `restrict` passes on a line that is connected: a line that carries a tunnel is.
    """
    action, *rest = rule.split()
    source, destination, protocol, *ports = [*rest, *["*"] * 5][:5]
    holds = (
        _holds(source, packet.source)
        and _holds(destination, packet.destination)
        and any(word in ("*", *_NUMBERS[packet.protocol]) for word in protocol.lower().split(","))
        and (packet.protocol != "udp" or all(map(_names_ike, ports)))
    )
    return action.startswith(("pass", "restrict")) if holds else None


def deciding(
    listed: Iterable[str], rules: Mapping[str, str], packet: Packet
) -> tuple[str | None, bool]:
    """The number of the filter that decides, and whether the packet passes.

    `rules` holds what follows `ip filter N` by number; one that is not defined decides nothing.
    None: no filter is about the packet, so the end of the list drops it.
    """
    for number in listed:
        if number in rules and (passes := verdict(rules[number], packet)) is not None:
            return number, passes
    return None, False


def _holds(spec: str, where: IPv4Address | None) -> bool:
    return any(_part_holds(part, where) for part in spec.split(","))


def _part_holds(part: str, where: IPv4Address | None) -> bool:
    if part == "*":
        return True
    first, dash, last = part.partition("-")
    try:
        if dash:
            return where is not None and IPv4Address(first) <= where <= IPv4Address(last)
        network = IPv4Network(part, strict=False)
    except ValueError:
        return False
    return network.prefixlen == 0 if where is None else where in network


def _names_ike(spec: str) -> bool:
    return any(_port_is_ike(part) for part in spec.lower().split(","))


def _port_is_ike(part: str) -> bool:
    first, dash, last = part.partition("-")
    if not dash:
        return part in _IKE_NAMES
    low, high = first or "0", last or "65535"
    return low.isdecimal() and high.isdecimal() and int(low) <= int(IKE_PORT) <= int(high)
