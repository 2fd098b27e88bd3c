"""One tunnel with its gateway and policy, the documented defaults filled in.

Pure.  Sources: command reference 15.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from ...disagreements import Role, role
from ..facts import Gateway, Policy, Tunnel
from .texts import address, is_public, network
from .view import Route, RouterView

# What turns an IPv4 site into one with a shared address (DS-Lite is ipip).
SOFTWIRES: Final = frozenset({"ipip", "map-e", "hb46pp"})


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

    @property
    def mine(self) -> str:
        """How a route names it."""
        return f"tunnel {self.tunnel.number}"

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
    def role(self) -> Role:
        """How it takes part in the key exchange: that decides what a difference does (15.11)."""
        return role(starts=self.starts, strict=self.ike("negotiate_strictly") == "on")

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

    def duration(self, *names: str) -> tuple[str, str]:
        """A `duration` line in any of its spellings: the one used, and its words (15.48.1)."""
        for name in names:
            if words := self.ike(f"duration_{name.replace('-', '_')}"):
                return name, words
        return names[0], ""

    def lifetime(self, *names: str) -> int:
        """Seconds of a `duration` line; default 28800 (15.48.1)."""
        first = self.duration(*names)[1].split(" ")[0]
        return int(first) if first.isdecimal() else 28800

    @property
    def way_to_peer(self) -> Route | None:
        """The route that the key exchange takes; None if the peer is in a network of our own."""
        if self.remote is None or self.router.attached(self.remote):
            return None
        return self.router.route(IPv4Network(self.remote), without=self.mine)

    @property
    def leaves_by(self) -> str | None:
        """The interface that the key exchange leaves by, as far as the text says.

        Of several gateways of a route (`filter`, `keepalive`, `weight`) the one with our address,
        else the first.
        """
        if self.remote is None:
            return None
        if (way := self.way_to_peer) is None:
            return self.router.attached(self.remote)
        lines = [self.router.interface_towards(gateway) for gateway in way.gateways]
        own = self.own_line
        return own if own and own in lines else next(iter(lines), None)

    @property
    def own_line(self) -> str | None:
        """The interface that has the public address which the router speaks from."""
        own = self.local if self.local and is_public(self.local) else None
        return self.router.interface_of(own) if own else None

    @property
    def astray(self) -> bool:
        """Whether the key exchange leaves by a tunnel, or a line with another address of its own.

        A block of addresses stands on a LAN port: then the line has none.
        """
        router, way, line = self.router, self.way_to_peer, self.leaves_by
        if way is not None and way.gateways and all(w.startswith("tunnel ") for w in way.gateways):
            return self.softwire is None
        if self.own_line is None or line in (None, self.own_line):
            return False
        named = any(is_public(a.ip) for a in router.addresses.get(line, ()))
        return named or line in router.leased or router.value("ppp ipcp ipaddress", line) == "on"

    @property
    def line_to_peer(self) -> str | None:
        """The line of the key exchange: where it is to leave if it goes astray."""
        return (self.own_line or self._only_session) if self.astray else self.leaves_by

    @property
    def _only_session(self) -> str | None:
        """The PPP session of a site that has just one."""
        sessions = [c for c in self.router.config.contexts if re.fullmatch(r"pp \d+", c)]
        return sessions[0] if len(sessions) == 1 else None

    @property
    def office_lans(self) -> tuple[IPv4Network, ...]:
        """The networks behind the router: private, and on no line that leads out."""
        outside = {self.line_to_peer, *self.router.by_default}
        lans = self.router.lans.items()
        return tuple(a.network for name, each in lans if name not in outside for a in each)

    @property
    def softwire(self) -> str | None:
        """The tunnel with a shared address that is the site's only way to the peer."""
        way = self.way_to_peer
        tunnels = {f"tunnel {t.number}": t.encapsulation for t in self.router.facts.tunnels}
        if way is None or not way.gateways or tunnels.get(way.gateways[0]) not in SOFTWIRES:
            return None
        # Another line is there: the route only does not lead to it.
        other = self.router.leased or any(c.startswith("pp ") for c in self.router.config.contexts)
        own = (a.ip for _, a in self.router.outer)
        return None if other or any(map(is_public, own)) else way.gateways[0]
