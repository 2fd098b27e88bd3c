"""The way of the packets: routes, sizes, NAT, filters, and what else names the peer."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Final

from ..config import Statement
from .far import FarEnd
from .findings import Finding, Severity
from .view import Link, address, network, passes

# Bytes that ESP puts around a packet at least: outer IP 20, SPI and sequence 8, IV 16, trailer 2,
# and the check value of SHA-1.
ESP_OVERHEAD: Final = 58
ETHERNET: Final = 1500
# What has to pass the filters of the WAN: code of the finding, name, protocol, port.
_NEEDED: Final = (
    ("filter-blocks-ike", "udp 500", "udp", "500"),
    ("filter-blocks-esp", "esp", "esp", ""),
)
# Where `ip tunnel tcp mss limit` is off unless written (8.1.21).
_MSS_DEFAULT_OFF: Final = {"RTX1210": (14, 1, 26), "RTX830": (15, 2, 3)}


def routes(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """What goes to the cloud goes into the tunnel; the key exchange does not."""
    router, mine = link.router, f"tunnel {link.tunnel.number}"
    if link.remote_id is not None:
        found = router.route(link.remote_id)
        if found is None or mine not in found.gateways:
            via = f"it follows `{found.text}`" if found else "nothing leads there"
            yield Finding(
                "route-missing",
                "error",
                str(link.remote_id),
                f"no route to the cloud prefix through {mine}; {via}",
                f"ip route {link.remote_id} gateway {mine}",
                "logic",
            )
    if link.remote is None:
        return
    peer = IPv4Network(link.remote)
    direct = any(peer.subnet_of(a.network) for e in router.addresses.values() for a in e)
    found = None if direct else router.route(peer)
    if found and mine in found.gateways:
        yield Finding(
            "route-peer-inside-tunnel",
            "error",
            found.text,
            f"{link.remote} is the outer address of {mine}: the key exchange would go into the "
            "tunnel that it is to make",
            f"ip route {link.remote} gateway NEXT-HOP of the WAN",
            "logic",
        )
    outside = None if direct else router.route(peer, without=mine)
    if outside and outside.gateways and all(w.startswith("tunnel ") for w in outside.gateways):
        yield Finding(
            "peer-route-not-pinned",
            "error",
            f"no route for {link.remote} but `{outside.text}`",
            f"the key exchange would leave by {outside.gateways[0]}, with another address than "
            "the far end expects",
            f"ip route {link.remote} gateway NEXT-HOP of the WAN",
            "logic",
        )


def sizes(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Full-size packets (8.1.4, 8.1.21, 15.49.1)."""
    router, values = link.router, link.tunnel.values
    line = _line_mtu(link)
    text = values.get("mtu", "1280")
    mtu = int(text) if text.isdigit() else 1280
    # An odd byte more or less depends on padding: only what cannot fit is said.
    if mtu + ESP_OVERHEAD > line:
        yield Finding(
            "tunnel-mtu-too-large",
            "error",
            f"ip tunnel mtu {mtu} over a line with mtu {line}",
            "full-size packets leave as fragmented ESP; whether the fragments arrive is luck",
            "ip tunnel mtu 1280",
            "logic",
        )
    limit = values.get("tcp_mss_limit")
    since = _MSS_DEFAULT_OFF.get(router.config.model)
    old = bool(since and router.revision and router.revision < since)
    if limit == "off" or (limit is None and old):
        yield Finding(
            "mss-limit-missing",
            "error" if limit == "off" else "warn",
            f"tunnel {link.tunnel.number}: "
            + ("ip tunnel tcp mss limit off" if limit else "no ip tunnel tcp mss limit"),
            "hosts agree on segments that ESP cannot carry in one piece",
            "ip tunnel tcp mss limit auto",
            "logic",
        )
    if values.get("outer_df_bit") == "set":
        yield Finding(
            "df-bit-set",
            "warn",
            "ipsec tunnel outer df-bit set",
            "a narrower hop further on must drop what carries the bit",
            "no ipsec tunnel outer df-bit",
            "vendor-doc",
        )


def _line_mtu(link: Link) -> int:
    name = link.line_to_peer
    if not name:
        return ETHERNET
    found = link.router.on(name, "mtu")
    if found is None and name.startswith("pp "):
        found = (link.router.value("ppp lcp mru", name) or "").removeprefix("on ")
    return int(found) if found and found.isdigit() else ETHERNET


def nat(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """IKE and ESP have to reach the router through a masquerading WAN side (23.8, 23.10)."""
    router, line, local = link.router, link.line_to_peer, link.local
    if line is None or local is None:
        return
    for number in (router.on(line, "nat descriptor") or "").split():
        kind = router.value(f"nat descriptor type {number}") or "none"
        incoming = router.value(f"nat descriptor masquerade incoming {number}") or "reject"
        outer = address(router.value(f"nat descriptor address outer {number}") or "")
        own = [a.ip for a in router.addresses.get(line, ())]
        # A descriptor that translates to another global address leaves this one alone.
        other = outer is not None and outer != local and local not in own and not _behind(link)
        if "masquerade" not in kind or incoming.startswith(("through", "forward")) or other:
            continue
        statics = [s.text.split()[6:] for s in _statics(link, number)]
        for words, name in ((("udp", "500"), "udp 500"), (("esp",), "esp")):
            to = [s[0] for s in statics if _static_is(s, words)]
            if str(local) in to:
                continue
            given = f"it goes to {to[0]}" if to else "there is none"
            # A router that starts makes its own way out; an answer finds it back while it lasts.
            severity: Severity = "warn" if link.starts and not to else "error"
            yield Finding(
                "nat-static-given-away" if to else "nat-static-missing",
                severity,
                f"nat descriptor {number}: static entry for {name} to {local}",
                f"what the cloud end sends to {name} does not reach the router: {given}",
                f"nat descriptor masquerade static {number} ID {local} {name}",
                "logic",
            )


def _behind(link: Link) -> bool:
    """Whether the local address is a private one, so that only NAT makes it reachable."""
    inside = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    return any(link.local in net for text in inside if (net := network(text)))


def _statics(link: Link, number: str) -> Iterator[Statement]:
    yield from link.router.config.find(f"nat descriptor masquerade static {number}")


def _static_is(words: list[str], wanted: tuple[str, ...]) -> bool:
    """Whether a static entry (inner address, protocol, port) is for this protocol and port."""
    if words[1:2] != [wanted[0]]:
        return False
    ports = words[2] if len(words) > 2 else ""
    return wanted[1:] == () or ports.split("=")[-1] == wanted[1]


def filters(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """The WAN's lists let IKE and ESP through, in both directions (8.1.25)."""
    router, line, local, remote = link.router, link.line_to_peer, link.local, link.remote
    if line is None or local is None or remote is None:
        return
    for direction, source, destination in (("in", remote, local), ("out", local, remote)):
        listed = router.on(line, f"secure filter {direction}")
        rules = router.filters(listed) if listed else None
        for code, name, protocol, port in _NEEDED:
            if rules is not None and not passes(rules, source, destination, protocol, port):
                ports = "* 500" if port else "* *"
                yield Finding(
                    code if direction == "in" else f"{code}-out",
                    "error",
                    f"secure filter {direction} on {line}",
                    f"{name} from {source} to {destination} is dropped",
                    f"ip filter N pass {source} {destination} {protocol} {ports}, before what "
                    "rejects it in the list",
                    "logic",
                )


def tunnel_filters(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """A list on the tunnel that lets nothing between the two prefixes pass."""
    ours, theirs = link.local_id, link.remote_id
    if ours is None or theirs is None:
        return
    ways = (("in", theirs, ours), ("out", ours, theirs))
    for direction, source, destination in ways:
        listed = link.tunnel.values.get(f"secure_filter_{direction}")
        if not listed or "dynamic" in listed.split():
            continue
        rules = link.router.filters(listed)
        ends = (next(source.hosts()), next(destination.hosts()))
        if not any(passes(rules, *ends, protocol) for protocol in ("icmp", "tcp", "udp")):
            yield Finding(
                "filter-blocks-tunnel",
                "error",
                f"tunnel {link.tunnel.number}: ip tunnel secure filter {direction}",
                f"nothing passes from {source} to {destination}",
                f"ip filter N pass {source} {destination} * * *, in the list",
                "logic",
            )


def undefined(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Filters that a list names and nobody defined."""
    static, dynamic = link.router.facts.undefined_filters
    if static or dynamic:
        yield Finding(
            "filter-undefined",
            "warn",
            f"filters {', '.join(map(str, (*static, *dynamic)))}",
            "a list names them and they are defined nowhere",
            "define them, or take them out of the list",
            "logic",
        )


def two_gateways(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Two main-mode gateways with one peer are not guaranteed to work (15.15)."""
    if link.remote is None:
        return
    same = [
        g.number
        for g in link.router.facts.gateways
        if g.number != link.gateway.number
        and g.values.get("remote_address") == str(link.remote)
        and not g.values.get("remote_name")
    ]
    if same:
        yield Finding(
            "two-gateways-one-peer",
            "warn",
            f"gateways {link.gateway.number} and {', '.join(map(str, same))}",
            f"all call {link.remote} in main mode, which is not guaranteed to work",
            "one gateway for each far address",
            "vendor-doc",
        )


def watchdogs(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Schedules and scripts outside of the tunnel that name the peer, or act on the tunnel."""
    naming: list[str] = []
    acting: list[str] = []
    for statement in link.router.config.statements:
        words = statement.text.split()
        if words[:2] == ["schedule", "at"]:
            where = f"schedule at {words[2]}" if len(words) > 2 else "schedule at"
            if str(link.remote) in words:
                naming.append(where)
            if any(w in statement.text for w in ("ipsec sa delete", "ipsec refresh", "tunnel dis")):
                acting.append(where)
        elif words[:1] in (["set"], ["alias"]) and str(link.remote) in statement.text:
            naming.append(f"set {words[1].partition('=')[0]}" if len(words) > 1 else "set")
    if naming:
        yield Finding(
            "watchdog-names-peer",
            "info",
            " and ".join(naming),
            "a script outside of the tunnel depends on the peer's address",
            "change it together with the peer",
            "logic",
        )
    if acting:
        yield Finding(
            "schedule-touches-tunnel",
            "warn",
            " and ".join(acting),
            "a schedule drops SAs or disables tunnels",
            "see whether it is still wanted: with the cure the tunnel comes back by itself",
            "logic",
        )


CHECKS = (
    routes, sizes, nat, filters, tunnel_filters, undefined, two_gateways, watchdogs
)  # fmt: skip
