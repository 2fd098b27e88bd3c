"""A router's configuration as an audit asks it: addresses, routes, filters, NAT.

Pure.  Sources: command reference 8.1.7 (routes), 8.1.25 (filters), 23 (NAT).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import NamedTuple

from ..config import Config, Statement
from ..facts import Facts, facts_of
from .filtering import Packet, decider, drops, opens
from .texts import EVERYTHING, address, interface, is_private, network


class Route(NamedTuple):
    """One static route; `gateways` are words such as `tunnel 1`, `pp 1`, `192.0.2.1`."""

    text: str
    prefix: IPv4Network
    gateways: tuple[str, ...]


@dataclass(frozen=True)
class RouterView:
    """The router as a whole."""

    config: Config

    @cached_property
    def facts(self) -> Facts:
        """Tunnels, gateways, policies, numbers."""
        return facts_of(self.config)

    @cached_property
    def revision(self) -> tuple[int, ...]:
        """The firmware's numbers; empty if the text does not say."""
        return tuple(int(part) for part in self.config.revision.split(".") if part.isdecimal())

    @property
    def whole(self) -> bool:
        """Whether the text has the router's own head: then what is missing is not there."""
        return bool(self.config.model)

    @cached_property
    def _by_words(self) -> dict[tuple[str, ...], list[Statement]]:
        """The lines by their first two and first three words: an audit asks for many."""
        found: dict[tuple[str, ...], list[Statement]] = {}
        for statement in self.config.statements:
            words = tuple(statement.text.split(None, 3)[:3])
            for size in range(2, len(words) + 1):
                found.setdefault(words[:size], []).append(statement)
        return found

    def find(self, words: str) -> list[Statement]:
        """The lines that begin with these words, two at least."""
        wanted = words.split()
        lines = self._by_words.get(tuple(wanted[:3]), [])
        return [s for s in lines if s.text.split()[: len(wanted)] == wanted]

    def value(self, words: str, context: str = "") -> str | None:
        """What follows `words` on the last such line of a context."""
        size = len(words.split())
        found = [s for s in self.find(words) if s.context == context]
        return " ".join(found[-1].text.split()[size:]) if found else None

    @cached_property
    def addresses(self) -> dict[str, tuple[IPv4Interface, ...]]:
        """The router's own addresses by interface: `lan1`, `pp 1`."""
        found: dict[str, list[IPv4Interface]] = {}
        for statement in self.config.statements:
            words = statement.text.split()
            if words[:1] != ["ip"] or len(words) < 4:
                continue
            name = statement.context if words[1] in ("pp", "tunnel") else words[1]
            if own := _own(words):
                found.setdefault(name, []).append(own)
        return {name: tuple(each) for name, each in found.items()}

    @property
    def outer(self) -> Iterator[tuple[str, IPv4Interface]]:
        """Interface and address, those inside of tunnels left out."""
        for name, each in self.addresses.items():
            if not name.startswith("tunnel"):
                yield from ((name, a) for a in each)

    @cached_property
    def leased(self) -> frozenset[str]:
        """The interfaces that get their address from a DHCP server."""
        lines = (statement.text.split() for statement in self.config.statements)
        asking = (w for w in lines if w[:1] == ["ip"] and w[2:] == ["address", "dhcp"])
        return frozenset(words[1] for words in asking)

    @cached_property
    def lans(self) -> dict[str, tuple[IPv4Interface, ...]]:
        """The interfaces with private addresses that no PPP session and no tunnel is behind."""
        return {
            name: inside
            for name, each in self.addresses.items()
            if not name.startswith(("pp ", "tunnel", "loopback"))
            and (inside := tuple(a for a in each if _is_lan(a.network)))
        }

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """The static routes that can be read."""
        return tuple(self._routes())

    def _routes(self) -> Iterator[Route]:
        for text in self.facts.routes:
            words = text.split()
            named = words[2] if len(words) > 2 else ""
            prefix = EVERYTHING if named == "default" else network(named)
            if prefix is None:
                continue
            ways = [_way(words[at + 1 :]) for at, word in enumerate(words) if word == "gateway"]
            yield Route(text, prefix, tuple(filter(None, ways)))

    def route(self, to: IPv4Network, *, without: str = "") -> Route | None:
        """The most specific route that covers `to`, those through `without` left out."""
        covering = [r for r in self.routes if to.subnet_of(r.prefix) and without not in r.gateways]
        return max(covering, key=lambda r: r.prefix.prefixlen, default=None)

    def interface_of(self, own: IPv4Address) -> str | None:
        """The interface that has this address."""
        return next((n for n, each in self.addresses.items() if own in [a.ip for a in each]), None)

    def attached(self, host: IPv4Address) -> str | None:
        """The interface in whose network a host is."""
        return next(
            (n for n, each in self.addresses.items() if any(host in a.network for a in each)), None
        )

    def interface_towards(self, gateway: str) -> str | None:
        """The interface that a route's gateway is behind; None for a tunnel or an unknown one."""
        if gateway.startswith("pp "):
            return gateway
        if gateway.startswith("dhcp "):
            return gateway.removeprefix("dhcp ")
        via = address(gateway)
        return self.attached(via) if via else None

    @cached_property
    def by_default(self) -> tuple[str, ...]:
        """The interfaces of the default route."""
        default = next((r for r in self.routes if r.prefix == EVERYTHING), None)
        ways = map(self.interface_towards, default.gateways) if default else ()
        return tuple(dict.fromkeys(filter(None, ways)))

    def on(self, interface: str, words: str) -> str | None:
        """The value of `ip lan2 WORDS`, or of `ip pp WORDS` in the block of a `pp 1`."""
        if interface.startswith("pp "):
            return self.value(f"ip pp {words}", interface)
        return self.value(f"ip {interface} {words}")

    def listed(self, interface: str, direction: str) -> str | None:
        """The list of filters of an interface, be it named or written out."""
        found = self.on(interface, f"secure filter {direction}")
        named = self.on(interface, "secure filter name")
        return self._set(named, direction) if found is None and named else found

    def _set(self, name: str, direction: str) -> str | None:
        """What `ip filter set NAME in 1 2 out 3` has for a direction (grammar unverified)."""
        words = (self.value(f"ip filter set {name}") or "").split()
        if direction not in words:
            return None
        rest = words[words.index(direction) + 1 :]
        ends = (at for at, word in enumerate(rest) if word in ("in", "out"))
        return " ".join(rest[: next(ends, len(rest))])

    def drops(self, listed: str | None, packet: Packet) -> bool:
        """Whether a list of filters certainly drops the packet."""
        return drops(listed, packet, self._static, self._dynamic)

    def rejecter(self, listed: str | None, packet: Packet) -> str:
        """What of a list drops a packet, in words."""
        number = decider(listed or "", packet, self._static)
        if number:
            return f"by filter {number} of the list ({self._static(number)})"
        return "as no filter of the list lets it pass"

    def opens(self, listed: str | None, packet: Packet) -> bool:
        """Whether a dynamic filter of a list may open the way for the packet and its answers."""
        return opens(listed, packet, self._dynamic)

    def _static(self, number: str) -> str | None:
        return self.value(f"ip filter {number}")

    def _dynamic(self, number: str) -> str | None:
        return self.value(f"ip filter dynamic {number}")


def _own(words: Sequence[str]) -> IPv4Interface | None:
    """The address in a line `ip IF [secondary] address A/M`, or `ip IF vrrp N A ...`."""
    if words[2] == "vrrp" and len(words) > 4:
        return interface(words[4])
    return interface(words[-1]) if "address" in words[2:4] else None


def _way(words: Sequence[str]) -> str:
    if words[:1] in (["tunnel"], ["pp"], ["dhcp"]):
        return " ".join(words[:2])
    return words[0] if words else ""


def _is_lan(prefix: IPv4Network) -> bool:
    return prefix.prefixlen < 31 and is_private(prefix)
