"""How the office is connected, and by which address of its own the RTX speaks.  Pure.

Sources: command reference 8.1.3 (addresses), 15.18 (local address), 23.8 (static NAT).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from ..errors import Problem, SpecError
from ..office.audit.link import Link
from ..office.audit.texts import address, is_private
from ..office.wan import WanKind
from ..site.wan import Wan
from .draft import Draft

_DEFAULT_LINE = str(Wan.model_fields["interface"].default)


@dataclass(frozen=True)
class Line:
    """The line to the VPC router: its interface (with whether the text names it), the address that
    the VPC router calls, and the RTX's own one behind a gateway."""

    interface: str
    known: bool
    kind: WanKind
    peer: IPv4Address
    inner: IPv4Address | None = None


def line_of(link: Link, peer: str) -> Line:
    """The line of this tunnel.  Raises `SpecError` if the peer is no address."""
    called = address(peer)
    if called is None:
        raise SpecError([Problem("--peer", peer, "an entry with an address")], source="adopt")
    view = link.router
    holder = view.interface_of(called)
    found = link.line_to_peer or holder or ""
    known = bool(re.fullmatch(r"lan[1-9]|pp \d+", found))
    line = found if known else _DEFAULT_LINE
    own = view.addresses.get(line, ())
    inner = next((a.ip for a in own if is_private(a.ip)), None)
    if holder == line or (holder is None and not own and not _translated(link, line, called)):
        return Line(line, known, "pppoe" if line.startswith("pp ") else "fixed", called)
    if holder is None and inner and not line.startswith("pp "):
        return Line(line, known, "behind-nat", called, inner)
    return Line(line, known, "block", called)


def put(draft: Draft, link: Link, line: Line) -> None:
    """The section `office.wan`."""
    if not line.known:
        draft.doubts.append(
            f"by which line the RTX reaches the VPC router is not said: {line.interface}?"
        )
    leased = line.kind == "fixed" and line.interface in link.router.leased
    draft.put(
        "office.wan.kind",
        line.kind,
        note=f"{line.interface} gets its address by DHCP: if that is not {line.peer} itself, a "
        "gateway in front has it (kind behind-nat)"
        if leased
        else "",
    )
    draft.put("office.wan.interface", line.interface)
    draft.put("office.wan.address", str(line.peer))
    if line.kind == "behind-nat":
        draft.put("office.wan.inner_address", str(line.inner))
        draft.put(
            "office.wan.forwards",
            True,
            note="the gateway in front hands udp 500 and ESP on: else the pair could not work",
        )
    elif line.kind == "block":
        outer = (a.network for _, a in link.router.outer)
        block = next((network for network in outer if line.peer in network), None)
        known = "" if block else "the block that the provider gave is not in the RTX's text"
        draft.put("office.wan.prefix", str(block or IPv4Network(line.peer)), note=known)


def identity(draft: Draft, link: Link, line: Line, expected: str) -> IPv4Address:
    """Whom the RTX calls itself in phase 1; `expected` is what the VPC router expects.

    Without `ipsec ike local address` the router speaks from its nearest interface (15.18): that
    becomes the line that is missing, unless the VPC router expects another address of the RTX.
    """
    said, theirs = link.local, address(expected)
    outside = line.peer if line.kind == "behind-nat" else None
    if said is not None and said != outside:
        return said
    own = {a.ip for _, a in link.router.outer} | ({line.peer} if outside is None else set())
    if theirs in own and theirs is not None:
        return theirs
    chosen = _translated_to(link, line) or line.inner or line.peer
    words = link.line("local address")
    why = (
        f"the RTX says `{words} {said}`, which the gateway in front has and not the RTX"
        if said is not None
        else f"the RTX has no `{words}`, and no address {expected}, which the VPC router expects"
    )
    draft.doubts.append(
        f"{why}: {chosen} is taken, by which it speaks (office.local_address; it becomes "
        f"`{words} {chosen}` and the RemoteID)"
    )
    draft.notes["office.local_address"] = f"assumed: {why}"
    return chosen


def descriptors(link: Link, interface: str) -> list[str]:
    """The NAT descriptors on an interface."""
    words = (link.router.on(interface, "nat descriptor") or "").split()
    return [word for word in words if word.isdecimal()]


def _translated(link: Link, interface: str, peer: IPv4Address) -> bool:
    view = link.router
    return any(
        view.value(f"nat descriptor address outer {number}") == str(peer)
        for number in descriptors(link, interface)
    )


def _translated_to(link: Link, line: Line) -> IPv4Address | None:
    """The address of the RTX that the static entry for the key exchange hands udp 500 to."""
    for descriptor in descriptors(link, line.interface):
        for statement in link.router.find(f"nat descriptor masquerade static {descriptor}"):
            words = statement.text.split()[5:]
            inner = address(words[1]) if words[2:] == ["udp", "500"] else None
            if inner and link.router.interface_of(inner):
                return inner
    return None
