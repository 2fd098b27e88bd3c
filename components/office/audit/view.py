"""A router's configuration as an audit asks it: addresses, routes, filters, NAT, and one gateway
with the documented defaults filled in.

Pure.  Sources: command reference 8.1.7 (routes), 8.1.10 and 8.1.25 (filters), 15 (IKE), 23 (NAT).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Final

from ..config import Config
from ..facts import Facts, Gateway, Policy, Tunnel, facts_of

EVERYTHING: Final = IPv4Network("0.0.0.0/0")


def network(text: str) -> IPv4Network | None:
    """A prefix or an address as a prefix; None for anything else."""
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        return None


def address(text: str) -> IPv4Address | None:
    """An IPv4 address; None for anything else."""
    try:
        return IPv4Address(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class Route:
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
        return tuple(int(part) for part in self.config.revision.split(".") if part.isdigit())

    def value(self, words: str, context: str = "") -> str | None:
        """What follows `words` on the last such line of a context."""
        size = len(words.split())
        found = [s for s in self.config.find(words) if s.context == context]
        return " ".join(found[-1].text.split()[size:]) if found else None

    @cached_property
    def addresses(self) -> dict[str, tuple[IPv4Interface, ...]]:
        """The router's own addresses by interface: `lan1`, `pp 1`."""
        found: dict[str, list[IPv4Interface]] = {}
        for statement in self.config.statements:
            words = statement.text.split()
            if words[:1] == ["ip"] and "address" in words[2:4] and words[-1] != "dhcp":
                name = statement.context if words[1] == "pp" else words[1]
                try:
                    found.setdefault(name, []).append(IPv4Interface(words[-1]))
                except ValueError:
                    continue
        return {name: tuple(each) for name, each in found.items()}

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """The static routes that can be read."""
        return tuple(self._routes())

    def _routes(self) -> Iterator[Route]:
        for text in self.facts.routes:
            words = text.split()
            prefix = EVERYTHING if words[2] == "default" else network(words[2])
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

    def towards(self, route: Route) -> str | None:
        """The interface of a route's first gateway; None for a tunnel or an unknown one."""
        first = route.gateways[0] if route.gateways else ""
        if first.startswith("pp "):
            return first
        if first.startswith("dhcp "):
            return first.removeprefix("dhcp ")
        via = address(first)
        if via is None:
            return None
        return next(
            (n for n, each in self.addresses.items() if any(via in a.network for a in each)), None
        )

    def on(self, interface: str, words: str) -> str | None:
        """The value of `ip lan2 WORDS`, or of `ip pp WORDS` in the block of a `pp 1`."""
        if interface.startswith("pp "):
            return self.value(f"ip pp {words}", interface)
        return self.value(f"ip {interface} {words}")

    def filters(self, listed: str) -> list[list[str]]:
        """The static filters of a list, in order; those that nobody defined are left out."""
        numbers = listed.split("dynamic")[0].split()
        found = (self.value(f"ip filter {number}") for number in numbers)
        return [each.split() for each in found if each]


def _way(words: Sequence[str]) -> str:
    if words[:1] in (["tunnel"], ["pp"], ["dhcp"]):
        return " ".join(words[:2])
    return words[0] if words else ""


def passes(
    rules: Sequence[Sequence[str]],
    source: IPv4Address,
    destination: IPv4Address | None,
    protocol: str,
    port: str = "",
) -> bool:
    """Whether a packet gets through a list of static filters: first match, none is dropped."""
    for action, *rest in rules:
        fields = [*rest, *["*"] * 5][:5]
        if (
            _holds(fields[0], source)
            and _holds(fields[1], destination)
            and _speaks(fields[2], protocol)
            and (not port or (_names(fields[3], port) and _names(fields[4], port)))
        ):
            return action.startswith("pass")
    return False


def _holds(spec: str, where: IPv4Address | None) -> bool:
    for part in spec.split(","):
        if part == "*" or where is None:
            return True
        first, dash, last = part.partition("-")
        low, high = address(first), address(last)
        if dash and low and high and low <= where <= high:
            return True
        inside = None if dash else network(part)
        if inside and where in inside:
            return True
    return False


def _speaks(spec: str, protocol: str) -> bool:
    return any(word in ("*", protocol) for word in spec.lower().split(","))


def _names(spec: str, port: str) -> bool:
    for part in spec.split(","):
        first, dash, last = part.partition("-")
        if part in ("*", port) or (port == "500" and part in ("isakmp", "ike")):
            return True
        if dash and first.isdigit() and last.isdigit() and int(first) <= int(port) <= int(last):
            return True
    return False


@dataclass(frozen=True)
class Link:
    """One tunnel with its gateway and policy: what an audit judges."""

    router: RouterView
    tunnel: Tunnel
    gateway: Gateway
    policy: Policy

    @property
    def name(self) -> str:
        """How findings name it."""
        return f"gateway {self.gateway.number}"

    def line(self, words: str) -> str:
        """The start of one of its IKE lines: `ipsec ike WORDS N`."""
        return f"ipsec ike {words} {self.gateway.number}"

    def ike(self, name: str, default: str = "") -> str:
        """The value of an IKE line under its facts' name; the default where there is none."""
        return self.gateway.values.get(name) or default

    @property
    def starts(self) -> bool:
        """Whether the router begins the key exchange (15.10)."""
        wide = self.router.facts.auto_refresh == "on"
        return wide and self.ike("auto_refresh") != "off"

    @property
    def exact(self) -> bool:
        """Whether a difference kills: it proposes its own values, or takes no others (15.11)."""
        return self.starts or self.ike("negotiate_strictly") == "on"

    @property
    def remote(self) -> IPv4Address | None:
        """The far end's address."""
        return address(self.ike("remote_address"))

    @property
    def local(self) -> IPv4Address | None:
        """The address the router speaks from, which is its phase 1 identity too."""
        return address(self.ike("local_address"))

    @property
    def local_id(self) -> IPv4Network | None:
        """Phase 2 identity of the office; an option of the policy wins (15.4)."""
        return network(self._option("local-id") or self.ike("local_id"))

    @property
    def remote_id(self) -> IPv4Network | None:
        """Phase 2 identity of the cloud."""
        return network(self._option("remote-id") or self.ike("remote_id"))

    def _option(self, name: str) -> str:
        found = [o.partition("=")[2] for o in self.policy.options if o.startswith(f"{name}=")]
        return found[0] if found else ""

    def lifetime(self, *names: str) -> int:
        """Seconds of a `duration` line in any of its spellings; default 28800 (15.48.1)."""
        for name in names:
            first = self.ike(f"duration_{name}").split(" ")[0]
            if first.isdigit():
                return int(first)
        return 28800

    @property
    def line_to_peer(self) -> str | None:
        """The interface that the key exchange leaves by, as far as the text says."""
        if self.remote is None:
            return None
        host = IPv4Network(self.remote)
        for name, each in self.router.addresses.items():
            if any(host.subnet_of(a.network) for a in each):
                return name
        route = self.router.route(host, without=f"tunnel {self.tunnel.number}")
        return self.router.towards(route) if route else None
