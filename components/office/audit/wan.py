"""The line to the peer: its address, its NAT, its filters, and those of the tunnel and the LAN."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Final, NamedTuple

from ..codes import Severity
from ..wan import SHARED
from .far import FarEnd
from .filtering import Packet, covers, holds
from .findings import Finding, finding
from .link import Link
from .texts import address, is_private, is_public


class _Needed(NamedTuple):
    """What has to reach the router: the finding's last word, its name, protocol and port."""

    code: str
    name: str
    protocol: str
    port: str


_NEEDED: Final = (_Needed("ike", "udp 500", "udp", "500"), _Needed("esp", "esp", "esp", ""))
_PROTOCOLS: Final = {"6": "tcp", "17": "udp", "50": "esp"}


def addresses(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Shared, private and changing addresses: the cloud end calls one that is fixed and ours."""
    router, local, line = link.router, link.local, link.line_to_peer
    if wire := link.softwire:
        remedy = "a line with an address of its own for the VPN, and a host route to the peer"
        yield finding("wan-address-shared", wire, remedy)
        return
    own = [a.ip for a in router.addresses.get(line or "", ())]
    shared = [each for each in [*filter(None, [local]), *own] if each in SHARED]
    if shared:
        remedy = "a contract with an address of its own"
        yield finding("wan-address-shared", f"{line or link.name} {shared[0]}", remedy)
        return
    if line is None or (local and is_public(local) and router.interface_of(local)):
        return
    if own and not any(map(is_public, own)):
        yield finding(
            "wan-address-private",
            f"{line} {own[0]}",
            "let the router in front forward udp 500 and protocol 50 to it, or give the RTX the "
            "outer address",
        )
    elif line in router.leased and not (local and is_public(local)):
        remedy = "a fixed address, or see to it that the lease never changes"
        yield finding("wan-address-dynamic", f"ip {line} address dhcp", remedy)
    elif line.startswith("pp ") and not own and router.value("ppp ipcp ipaddress", line) == "on":
        yield from _given_by_ppp(link, line)


def _given_by_ppp(link: Link, line: str) -> Iterator[Finding]:
    """A PPPoE session says its address when it is up: fixed by contract, or another each time."""
    if link.local and is_public(link.local):
        return
    named = [s.text for s in link.router.find("netvolante-dns hostname host")]
    changes = any(f"host {word}" in text for text in named for word in (line, line.split(" ")[0]))
    severity: Severity = "warn" if changes else "info"
    yield finding(
        "wan-address-dynamic",
        f"{line}: ppp ipcp ipaddress on",
        "a contract with a fixed address, which the cloud end has as Peer",
        why=""
        if changes
        else "the provider gives the address, and the text does not say whether it is always the "
        "same: the cloud end calls one fixed address",
        severity=severity,
    )


def session(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """A PPPoE session has to be up before the cloud end can call."""
    line, router = link.line_to_peer, link.router
    if line is None or line not in router.config.contexts or not line.startswith("pp "):
        return
    number = line.split(" ")[1]
    found = [s.text.split()[2:] for s in router.find("pp enable")]
    if router.whole and not any({number, "all"} & {*each} for each in found):
        yield finding("wan-not-enabled", line, f"pp enable {number}")
    if router.value("pppoe use", line) and (router.value("pp always-on", line) or "off") == "off":
        yield finding("wan-on-demand", f"{line}: no pp always-on on", "pp always-on on")


def nat(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """IKE and ESP have to reach the router through a masquerading WAN side (23.8, 23.10)."""
    line, local = link.line_to_peer, link.local
    if line is None or local is None:
        return
    for number in (link.router.on(line, "nat descriptor") or "").split():
        if _translates(link, line, local, number):
            for needed in _NEEDED:
                yield from _handed_in(link, local, number, needed)


def nat_inside(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """NAT on the tunnel itself (23.2)."""
    inside = (link.tunnel.values.get("nat_descriptor") or "").split()
    if inside:
        where = f"{link.mine}: ip tunnel nat descriptor {' '.join(inside)}"
        yield finding(
            "nat-in-tunnel", where, "no ip tunnel nat descriptor, or say that it is meant"
        )


def _translates(link: Link, line: str, local: IPv4Address, number: str) -> bool:
    """Whether a descriptor stands between the peer and our address."""
    router = link.router
    if "masquerade" not in (router.value(f"nat descriptor type {number}") or ""):
        return False
    if is_private(local) or local in [a.ip for a in router.addresses.get(line, ())]:
        return True
    # Of a block of addresses: left alone by what has another of them outside, or others inside.
    outer = address(router.value(f"nat descriptor address outer {number}") or "")
    inner = (router.value(f"nat descriptor address inner {number}") or "auto").split()
    takes = inner == ["auto"] or any(holds(each, IPv4Network(local)) for each in inner)
    return outer == local or (outer is None and takes)


def _handed_in(link: Link, local: IPv4Address, number: str, needed: _Needed) -> Iterator[Finding]:
    router = link.router
    lines = router.find(f"nat descriptor masquerade static {number}")
    to = [w[0] for s in lines if _is_for(w := s.text.split()[6:], needed)]
    fixed = router.find(f"nat descriptor static {number}")
    pairs = (word.partition("=") for s in fixed for word in s.text.split() if "=" in word)
    if str(local) in to or any(inner == str(local) for _, _, inner in pairs):
        return
    incoming = (router.value(f"nat descriptor masquerade incoming {number}") or "reject").split()
    forwarded = incoming[1] if incoming[0] == "forward" and len(incoming) > 1 else ""
    if not to and (incoming[0] == "through" or forwarded == str(local)):
        return
    away = (to or [forwarded])[0]
    # A router that starts makes its own way out; an answer finds it back while it lasts.
    severity: Severity = "warn" if link.starts and not away else "error"
    given = f"it goes to {away}" if away else "there is none"
    yield finding(
        "nat-static-given-away" if away else "nat-static-missing",
        f"nat descriptor {number}: static entry for {needed.name} to {local}",
        f"nat descriptor masquerade static {number} ID {local} {needed.name}",
        why=f"what the cloud end sends to {needed.name} does not reach the router: {given}",
        severity=severity,
    )


def _is_for(words: list[str], needed: _Needed) -> bool:
    """Whether a static entry (inner address, protocol, port) is for what is needed."""
    if len(words) < 2 or _PROTOCOLS.get(words[1], words[1]) != needed.protocol:
        return False
    outer = words[2].partition("=")[0] if len(words) > 2 else ""
    return not needed.port or any(covers(part, needed.port) for part in outer.split(","))


def filters(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """The WAN's lists let IKE and ESP through, in both directions (8.1.25)."""
    router, line, local, remote = link.router, link.line_to_peer, link.local, link.remote
    if line is None or local is None or remote is None:
        return
    for needed in _NEEDED:
        ends = IPv4Network(local), IPv4Network(remote)
        out = Packet(*ends, needed.protocol, needed.port, needed.port)
        for direction, packet in (("in", out.answer), ("out", out)):
            if not router.drops(router.listed(line, direction), packet):
                continue
            ports = "* 500" if needed.port else "* *"
            source, destination = packet.source[0], packet.destination[0]
            # What the router sends first opens the way for the answer.
            answered = (
                direction == "in" and link.starts and router.opens(router.listed(line, "out"), out)
            )
            yield finding(
                f"filter-blocks-{needed.code}" + ("-out" if direction == "out" else ""),
                f"secure filter {direction} on {line}",
                f"ip filter N pass {source} {destination} {needed.protocol} {ports}, before what "
                "rejects it in the list",
                why=f"{needed.name} from {source} to {destination} is dropped "
                f"{router.rejecter(router.listed(line, direction), packet)}",
                severity="warn" if answered else "error",
            )


def inner_filters(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Lists on the tunnel and on the LAN that let nothing between the two prefixes pass."""
    ours, theirs, router = link.local_id, link.remote_id, link.router
    if ours is None or theirs is None:
        return
    tunnel = f"{link.mine}: ip tunnel"
    into, out = (link.tunnel.values.get(f"secure_filter_{way}") for way in ("in", "out"))
    lists = [(tunnel, "in", into, theirs, ours), (tunnel, "out", out, ours, theirs)]
    for name, each in router.lans.items():
        lan = next((a.network for a in each if a.network.overlaps(ours)), None)
        if lan is not None and name != link.line_to_peer:
            # What comes in from the LAN is on its way to the cloud.
            into, out = (router.listed(name, way) for way in ("in", "out"))
            lists += [(f"ip {name}", "in", into, lan, theirs)]
            lists += [(f"ip {name}", "out", out, theirs, lan)]
    for where, direction, listed, source, destination in lists:
        packets = (Packet(source, destination, each) for each in ("icmp", "tcp", "udp"))
        if all(router.drops(listed, packet) for packet in packets):
            yield finding(
                "filter-blocks-tunnel",
                f"{where} secure filter {direction}",
                f"ip filter N pass {source} {destination} * * *, in the list",
                why=f"nothing passes from {source} to {destination}",
            )


def undefined(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Filters that a list names and nobody defined; a part of a configuration leaves some out."""
    static, dynamic = link.router.facts.undefined_filters
    for kind, numbers in (("filters", static), ("dynamic filters", dynamic)):
        if numbers and link.router.addresses:
            where = f"{kind} {', '.join(map(str, numbers))}"
            yield finding("filter-undefined", where, "define them, or take them out of the list")


CHECKS: Final = (addresses, session, nat, nat_inside, filters, inner_filters, undefined)
