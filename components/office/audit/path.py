"""The way of the packets: routes, sizes, and what else names the peer or the tunnel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network, collapse_addresses
from typing import Final

from .. import defaults
from ..config import Statement
from .far import FarEnd
from .findings import Finding, finding
from .link import Link

ETHERNET: Final = 1500
PPPOE: Final = 1492
"""The most of a session over Ethernet (RFC 2516)."""
_IP_TCP: Final = 40
# Bytes of ESP in tunnel mode (rtx-cli 4.2): cipher -> block, which is its IV too; hash -> check.
_BLOCKS: Final = {"des-cbc": 8, "3des-cbc": 8}
_CHECKS: Final = {"": 0, "sha256-hmac": 16}
_AES, _SHORT_CHECK = 16, 12
_OUTER: Final = 20 + 8
"""Outer IP header, SPI and sequence number."""
_TRAILER: Final = 2
_PROOF: Final = (
    "; then prove it with a large packet and DF, or a TCP transfer: a small ping alone does not "
    "count as a pass"
)


def routes(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """What goes to the cloud goes into the tunnel, all of it."""
    router, theirs = link.router, link.remote_id
    # A part of a configuration (`show config tunnel 1`) has neither routes nor addresses.
    if theirs is None or not (router.routes or router.addresses):
        return
    inner = [r for r in router.routes if r.prefix.subnet_of(theirs)]
    mine = [r.prefix for r in inner if link.mine in r.gateways]
    found = router.route(theirs)
    remedy = f"ip route {theirs} gateway {link.mine}"
    whole = bool(found and link.mine in found.gateways) or theirs in collapse_addresses(mine)
    if not whole:
        via = f"it follows `{found.text}`" if found else "nothing leads there"
        if mine:
            shown = ", ".join(map(str, mine))
            why = f"only {shown} goes through {link.mine}; for the rest, {via}"
            yield finding("route-part-elsewhere", str(theirs), remedy, why=why)
        else:
            why = f"no route to the cloud prefix through {link.mine}; {via}"
            yield finding("route-missing", str(theirs), remedy, why=why)
        return
    for other in inner:
        if link.mine not in other.gateways and other.prefix != theirs:
            yield finding(
                "route-part-elsewhere",
                other.text,
                f"no ip route {other.prefix}, or say that it is meant",
                why=f"{other.prefix} is a part of {theirs} and does not go into {link.mine}",
            )


def way_of_the_exchange(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """The key exchange leaves by the WAN: neither by its own tunnel nor by another."""
    router, way = link.router, link.way_to_peer
    if link.remote is None or router.attached(link.remote):
        return
    found = router.route(IPv4Network(link.remote))
    own = link.line_to_peer if link.astray else link.own_line
    hop = own if own and own.startswith("pp ") else f"NEXT-HOP of {own or 'the WAN'}"
    remedy = f"ip route {link.remote} gateway {hop}"
    if found and link.mine in found.gateways:
        why = f"{link.remote} is the outer address of {link.mine}: the key exchange would go into "
        why += "the tunnel that it is to make"
        yield finding("route-peer-inside-tunnel", found.text, remedy, why=why)
    if way and link.astray:
        why = f"by `{way.text}` the key exchange would leave by {link.leaves_by or way.gateways[0]}"
        yield finding(
            "peer-route-not-pinned",
            f"no route for {link.remote}" + (f" by way of {own}" if own else ""),
            remedy,
            why=f"{why}, with another address than the far end expects",
        )


def sizes(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Full-size packets (8.1.4, 8.1.21, 15.49.1)."""
    router, values = link.router, link.tunnel.values
    line, mtu = _line_mtu(link), _number(values.get("mtu"), 1280)
    if encapsulated(link, mtu) > line:
        where = f"ip tunnel mtu {mtu} over a line with mtu {line}"
        yield finding("tunnel-mtu-too-large", where, f"ip tunnel mtu 1280{_PROOF}")
    limit = values.get("tcp_mss_limit")
    # `auto` is the default of later revisions (8.1.21).
    old = defaults.MSS_LIMIT[0].holds(router.config.model, router.config.revision) is False
    if limit == "off" or (limit is None and old):
        yield finding(
            "mss-limit-missing",
            "ip tunnel tcp mss limit off" if limit else "no ip tunnel tcp mss limit",
            f"ip tunnel tcp mss limit auto{_PROOF}",
            why=f"{link.mine}: hosts agree on segments that ESP cannot carry in one piece",
        )
    segment = _number(limit, 0)
    if segment + _IP_TCP > mtu or encapsulated(link, segment + _IP_TCP) > line:
        yield finding(
            "mss-limit-too-large",
            f"ip tunnel tcp mss limit {segment}",
            f"ip tunnel tcp mss limit auto{_PROOF}",
            why=f"{link.mine}: segments of {segment} bytes do not fit into a tunnel with mtu {mtu} "
            f"over a line with mtu {line}",
        )
    if values.get("outer_df_bit") == "set":
        remedy = f"no ipsec tunnel outer df-bit{_PROOF}"
        yield finding("df-bit-set", "ipsec tunnel outer df-bit set", remedy)


def encapsulated(link: Link, size: int) -> int:
    """Bytes on the line of a packet of this size: padded, with IV, trailer and check value."""
    cipher, check = (*link.policy.algorithms, "", "")[:2]
    block = _BLOCKS.get(cipher, _AES)
    padded = -(-(size + _TRAILER) // block) * block
    return _OUTER + block + padded + _CHECKS.get(check, _SHORT_CHECK)


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() else otherwise


def _line_mtu(link: Link) -> int:
    name = link.line_to_peer
    if not name:
        return ETHERNET
    router = link.router
    if not name.startswith("pp "):
        return _number(router.on(name, "mtu"), ETHERNET)
    found = router.on(name, "mtu") or (router.value("ppp lcp mru", name) or "").removeprefix("on ")
    return min(_number(found, ETHERNET), PPPOE if router.value("pppoe use", name) else ETHERNET)


def two_gateways(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Two main-mode gateways with one peer are not guaranteed to work (15.15)."""
    facts = link.router.facts
    same = [
        g.number
        for g in facts.gateways
        if link.remote is not None
        and g.number != link.gateway.number
        and g.values.get("remote_address") == str(link.remote)
        and not g.values.get("remote_name")
    ]
    if same:
        yield finding(
            "two-gateways-one-peer",
            f"gateways {', '.join(map(str, sorted([link.gateway.number, *same])))}",
            "one gateway for each far address",
            why=f"all call {link.remote} in main mode, which is not guaranteed to work",
        )
    bound = [t.number for t in facts.tunnels if t.policy == link.policy.number]
    if len(bound) > 1:
        where = f"tunnels {', '.join(map(str, bound))}: ipsec tunnel {link.policy.number}"
        yield finding("two-tunnels-one-policy", where, "a policy and a gateway for each tunnel")


def watchdogs(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Schedules and scripts outside of the tunnel that name the peer, or act on the tunnel."""
    naming: list[str] = []
    acting: list[str] = []
    for statement in link.router.config.statements:
        words = statement.text.split()
        if words[:2] == ["schedule", "at"]:
            where = " ".join(words[:3])
            naming += [where] if _names(statement, link) else []
            acting += [where] if _acts(statement, link) else []
        elif words[:1] in (["set"], ["alias"]) and _names(statement, link):
            naming.append(f"set {words[1].partition('=')[0]}" if len(words) > 1 else "set")
    if naming:
        remedy = "change it together with the peer"
        yield finding("watchdog-names-peer", " and ".join(naming), remedy)
    if acting:
        remedy = "see whether it is still wanted: with the cure the tunnel comes back by itself"
        yield finding("schedule-touches-tunnel", " and ".join(acting), remedy)


def _names(statement: Statement, link: Link) -> bool:
    """Whether the line has the peer's address as a word of its own."""
    address = rf"(?<![\d.]){re.escape(str(link.remote))}(?![\d.])"
    return bool(link.remote and re.search(address, statement.text))


def _acts(statement: Statement, link: Link) -> bool:
    """Whether a schedule drops our SAs, or disables our tunnel or the line below it."""
    number = link.tunnel.number
    parts = [r"\bipsec (?:sa delete|refresh sa)\b", r"\bipsec use off\b"]
    parts.append(rf"\btunnel disable (?:all|(?:\d+ )*{number})(?=\D|\Z)")
    if (line := link.line_to_peer) and line.startswith("pp "):
        parts += [rf"\bpp disable (?:all|{line[3:]})(?=\D|\Z)", rf"\bdisconnect {line[3:]}\b"]
    return any(re.search(part, statement.text) for part in parts)


CHECKS: Final = (routes, way_of_the_exchange, sizes, two_gateways, watchdogs)
