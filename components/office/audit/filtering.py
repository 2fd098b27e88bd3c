"""Whether a packet gets through the filters of an interface, as far as the text says.

Pure.  Sources: command reference 8.1.10 (static filters: first match), 8.1.25 (lists: what no
filter matches is dropped).  Dynamic filters and named sets are read as their names say; that a
dynamic filter does not help what a static one rejects is unverified.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Final

from .texts import address, network

_NUMBERS: Final = {"1": "icmp", "6": "tcp", "17": "udp", "50": "esp"}
_PORTS: Final = {"isakmp": "500", "ike": "500", "ssh": "22", "telnet": "23", "www": "80"}

Define = Callable[[str], str | None]
"""The definition of a filter by its number: `ip filter 7` -> "pass * *"."""


@dataclass(frozen=True)
class Packet:
    """What a filter sees of it; prefixes and an empty port stand for all packets of that kind."""

    source: IPv4Network
    destination: IPv4Network
    protocol: str
    source_port: str = ""
    destination_port: str = ""

    @property
    def answer(self) -> Packet:
        """The one that comes back."""
        return replace(
            self,
            source=self.destination,
            destination=self.source,
            source_port=self.destination_port,
            destination_port=self.source_port,
        )


def drops(listed: str | None, packet: Packet, static: Define, dynamic: Define) -> bool:
    """Whether a list (`1 2 dynamic 3`) certainly drops the packet; no list drops nothing.

    Of a kind of packets all have to be rejected: one that passes is enough for a no.
    """
    if listed is None:
        return False
    if number := decider(listed, packet, static):
        return (static(number) or "").startswith("reject")
    return not opens(listed, packet, dynamic)


def decider(listed: str, packet: Packet, static: Define) -> str:
    """The number of the static filter that decides about the packet, the first that matches; ""
    if none does."""
    for number in listed.partition("dynamic")[0].split():
        action, *rest = (static(number) or "undefined").split()
        rejects = action.startswith("reject")
        if action != "undefined" and _matches(rest, packet, whole=rejects):
            return number
    return ""


def opens(listed: str | None, packet: Packet, dynamic: Define) -> bool:
    """Whether a dynamic filter of the list may open the way for the packet and its answers."""
    numbers = (listed or "").partition("dynamic")[2].split()
    for rule in (each.split() for number in numbers if (each := dynamic(number))):
        source, destination, kind = [*rule, "*", "*", "*"][:3]
        alike = kind in ("*", packet.protocol, "filter")
        by_name = bool(packet.destination_port) and _PORTS.get(kind) == packet.destination_port
        if (
            (alike or by_name)
            and _holds(source, packet.source, whole=False)
            and _holds(destination, packet.destination, whole=False)
        ):
            return True
    return False


def _matches(fields: Sequence[str], packet: Packet, *, whole: bool) -> bool:
    """Whether a filter is for all packets of the kind (`whole`), or for some of them."""
    source, destination, protocol, source_port, destination_port = [*fields, *["*"] * 5][:5]
    return (
        _holds(source, packet.source, whole=whole)
        and _holds(destination, packet.destination, whole=whole)
        and _speaks(protocol, packet.protocol)
        and _names(source_port, packet.source_port, whole=whole)
        and _names(destination_port, packet.destination_port, whole=whole)
    )


def _holds(spec: str, where: IPv4Network, *, whole: bool) -> bool:
    return any(holds(part, where, whole=whole) for part in spec.split(","))


def holds(part: str, where: IPv4Network, *, whole: bool = True) -> bool:
    """Whether an address, a prefix, a range or `*` has a prefix in it, whole or in part."""
    if part == "*":
        return True
    first, dash, last = part.partition("-")
    low, high = address(first), address(last)
    if not dash:
        inside = network(part)
        low, high = (inside[0], inside[-1]) if inside else (None, None)
    if low is None or high is None:
        return False
    if whole:
        return low <= where[0] and where[-1] <= high
    return low <= where[-1] and where[0] <= high


def _speaks(spec: str, protocol: str) -> bool:
    return any(_NUMBERS.get(word, word) in ("*", protocol) for word in spec.lower().split(","))


def _names(spec: str, port: str, *, whole: bool) -> bool:
    parts = spec.split(",")
    if not port:
        return "*" in parts if whole else True
    return any(covers(part, port) for part in parts)


def covers(part: str, port: str) -> bool:
    """Whether a port, a range of them, a name or `*` means this port."""
    first, dash, last = part.partition("-")
    if part in ("*", port) or _PORTS.get(part) == port:
        return True
    row = dash and first.isdecimal() and last.isdecimal()
    return bool(row) and int(first) <= int(port) <= int(last)
