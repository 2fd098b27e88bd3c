"""What the WAN side needs so that the key exchange and ESP get through: NAT statics and filters.

Pure.  What a good engineer would add and nothing more: entries of others that serve are reused,
lists keep their order, and where no list stands there is nothing to pass.

Sources: command reference 8.1.25 (lists), 23.2, 23.4, 23.8 and 23.10 (NAT).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Final, NamedTuple

from ..ipsec import Agreement
from .audit.view import RouterView
from .config import lowest_free
from .filters import DIRECTIONS, TUNNEL_NEEDS, Direction, Filter, Packet, Protocol, deciding
from .render import NatStatic, OfficeSite
from .shared_list import LONGEST, Numbers
from .wan import NO_WAY

_NAMES: Final[dict[Protocol, str]] = {"udp": "IKE (udp 500)", "esp": "ESP"}
_FILTERS_FROM: Final = 20000
"""Our filters get numbers from here on, ten for each tunnel, where these are free."""


@dataclass(frozen=True)
class Gates:
    """The site with what it needs, and what nobody can add for the user."""

    site: OfficeSite
    obstacles: tuple[str, ...] = ()


# --- NAT ------------------------------------------------------------------------------------------


class Descriptor(NamedTuple):
    """A NAT descriptor of the WAN that translates the office address, and its static entries."""

    number: int
    statics: tuple[tuple[int, str, str, str], ...]  # id, inner address, protocol, outer port

    def given_to(self, protocol: Protocol) -> str | None:
        """Who gets what comes in; None: nobody."""
        port = "500" if protocol == "udp" else ""
        return next((to for _, to, kind, p in self.statics if (kind, p) == (protocol, port)), None)


def translating(router: RouterView, site: OfficeSite, outside: IPv4Address) -> list[Descriptor]:
    """The descriptors on the WAN that masquerade behind the office address.

    One that translates behind another address leaves the office address alone.
    """
    words = (router.on(site.wan_interface, "nat descriptor") or "").split()
    return [
        Descriptor(int(number), tuple(_statics(router, number)))
        for number in words
        if number.isdecimal()
        and "masquerade" in (router.value(f"nat descriptor type {number}") or "")
        and _is_outer(router.value(f"nat descriptor address outer {number}"), outside)
    ]


def _is_outer(outer: str | None, outside: IPv4Address) -> bool:
    if outer in (None, "ipcp", "primary"):
        return True
    first, _, last = str(outer).partition("-")
    try:
        return IPv4Address(first) <= outside <= IPv4Address(last or first)
    except ValueError:
        return False


def _statics(router: RouterView, number: str) -> Iterator[tuple[int, str, str, str]]:
    for statement in router.config.find(f"nat descriptor masquerade static {number}"):
        words = statement.text.split()[5:]
        if len(words) >= 3 and words[0].isdecimal():
            port = words[3].partition("=")[0] if len(words) > 3 else ""
            yield int(words[0]), words[1], words[2].lower(), port


def is_another(router: RouterView, entry: NatStatic) -> bool:
    """Whether something else stands under the number of an entry of the site's."""
    port = str(entry.port or "")
    return any(
        number == entry.id and (protocol, outer) != (entry.protocol, port)
        for number, _, protocol, outer in _statics(router, str(entry.descriptor))
    )


def _where_it_stands(router: RouterView, entry: NatStatic, local: str) -> NatStatic:
    """An entry of the site's whose number is another's, under the number that it stands under."""
    if not is_another(router, entry):
        return entry
    want = (local, entry.protocol, str(entry.port or ""))
    standing = (id for id, *is_ in _statics(router, str(entry.descriptor)) if tuple(is_) == want)
    return replace(entry, id=next(standing, entry.id))


def nat(router: RouterView, agreement: Agreement, site: OfficeSite, *, ours: bool = False) -> Gates:
    """Give udp 500 and ESP to the address that the RTX speaks from, where NAT would keep them.

    With the tunnel `ours` already, an entry that does what one of the site's under a wrong number
    should do is ours too.
    """
    local = str(agreement.office_identity)
    outside = site.wan_address or agreement.office_address
    entries, obstacles = list(site.nat_static), [*_shared_address(router, site)]
    if ours:
        entries = [_where_it_stands(router, entry, local) for entry in entries]
    asked = {(e.descriptor, e.id) for e in site.nat_static}
    for found in translating(router, site, outside):
        if _incoming_serves(router, found.number, local, str(outside)):
            continue
        for protocol in TUNNEL_NEEDS:
            given = found.given_to(protocol)
            if given and given != local:
                obstacles.append(
                    f"NAT descriptor {found.number} gives {_NAMES[protocol]} to {given}: only one "
                    f"can have it, and the RTX needs it at {local}"
                )
            elif not given:
                _enter(entries, found, protocol, site)
    obstacles += [
        f"entry {e.id} of NAT descriptor {e.descriptor} is somebody else's: take "
        f"office.nat_static.{index} out"
        for index, e in enumerate(entries)
        if (not ours or (e.descriptor, e.id) in asked)
        and e.id in {number for number, *_ in _statics(router, str(e.descriptor))}
    ]
    return Gates(replace(site, nat_static=tuple(entries)), tuple(obstacles))


def _shared_address(router: RouterView, site: OfficeSite) -> Iterator[str]:
    for number in (router.on(site.wan_interface, "nat descriptor") or "").split():
        if router.value(f"nat descriptor address outer {number}") == "map-e":
            yield f"NAT descriptor {number} on {site.wan_interface}: {NO_WAY['map-e']}"


def _incoming_serves(router: RouterView, number: int, local: str, outside: str) -> bool:
    """Whether what no static entry names reaches the RTX all the same (23.10)."""
    incoming = router.value(f"nat descriptor masquerade incoming {number}")
    return incoming == f"forward {local}" or (incoming == "through" and local == outside)


def _enter(
    entries: list[NatStatic], found: Descriptor, protocol: Protocol, site: OfficeSite
) -> None:
    """Have an entry of ours under a number that nobody else has."""
    taken = {number for number, *_ in found.statics}
    port = 500 if protocol == "udp" else None
    at = next(
        (
            index
            for index, e in enumerate(entries)
            if (e.descriptor, e.protocol, e.port) == (found.number, protocol, port)
        ),
        None,
    )
    if at is not None and entries[at].id not in taken:
        return
    free = lowest_free(taken | {e.id for e in entries if e.descriptor == found.number})
    if at is not None:
        entries[at] = replace(entries[at], id=free)
        return
    reason = (
        f"NAT descriptor {found.number} on {site.wan_interface} masquerades: without this entry "
        f"{_NAMES[protocol]} never reaches the RTX"
    )
    entries.append(NatStatic(found.number, free, protocol, port, reason))


# --- filters --------------------------------------------------------------------------------------


def filters(
    others: RouterView, running: RouterView, agreement: Agreement, site: OfficeSite
) -> Gates:
    """Let udp 500 and ESP pass the lists of the WAN in both directions.

    `others` is the router without our lines, `running` the router as it is.
    """
    obstacles: list[str] = []
    wan = site.wan_interface
    for way in DIRECTIONS:
        listed, effective = others.on(wan, f"secure filter {way}"), others.listed(wan, way)
        gate = _Gate(way, Numbers.read(effective or ""), others, running, agreement)
        if listed != effective or not all(map(str.isdecimal, gate.theirs.static)):
            # A set of filters by its name is nobody's to change for the sake of one site.
            if not gate.lets_all_pass(gate.theirs, []):
                obstacles.append(f"the set of filters {way} on {wan} drops udp 500 or ESP")
        elif listed is not None:
            site = _with_list(gate, site)
        elif any(each.direction == way for each in site.filters):
            obstacles.append(f"{wan} has no list {way}: our filters do nothing")
        if len(Numbers.read(dict(site.lists).get(way, "")).static) > LONGEST:
            obstacles.append(f"the list {way} of {wan} has no room for a filter")
    return Gates(site, tuple(obstacles))


@dataclass(frozen=True)
class _Gate:
    """One list: its direction, everybody else's numbers, and what the packets look like."""

    way: Direction
    theirs: Numbers
    others: RouterView
    running: RouterView
    agreement: Agreement

    def packet(self, protocol: Protocol) -> Packet:
        peer, local = self.agreement.cloud_address, self.agreement.office_identity
        source, destination = (peer, local) if self.way == "in" else (local, peer)
        return Packet(source, destination, protocol)

    def rules(self, ours: Iterable[Filter]) -> dict[str, str]:
        """What follows `ip filter N`, by number; ours as they would be written."""
        peer = str(self.agreement.cloud_address or "*")
        local = str(self.agreement.office_identity)
        found = (s.text.split() for s in self.others.config.find("ip filter"))
        rules = {words[2]: " ".join(words[3:]) for words in found if words[2:3] != ["dynamic"]}
        return rules | {
            str(each.number): each.line(peer, local).partition(f" {each.number} ")[2]
            for each in ours
        }

    def lets_all_pass(self, listed: Numbers, ours: Sequence[Filter]) -> bool:
        return all(
            deciding(listed.static, self.rules(ours), self.packet(protocol))[1]
            for protocol in TUNNEL_NEEDS
        )


def _with_list(gate: _Gate, site: OfficeSite) -> OfficeSite:
    """The site with the filters that this list needs, and with the list."""
    mine = [f for f in site.filters if f.direction == gate.way]
    if gate.lets_all_pass(gate.theirs, []) and not mine:
        return site
    numbers = {str(f.number) for f in mine}
    given = Numbers.read(dict(site.lists).get(gate.way, ""))
    live = Numbers.read(gate.running.on(site.wan_interface, f"secure filter {gate.way}") or "")
    for listed in (given, live):
        theirs_alone = listed.without(numbers) == gate.theirs
        free = numbers <= set(listed.static) and numbers.isdisjoint(gate.theirs.static)
        if theirs_alone and free and gate.lets_all_pass(listed, mine):
            return _listing(site, gate.way, listed)
    return _extended(gate, site)


def _listing(site: OfficeSite, way: Direction, listed: Numbers) -> OfficeSite:
    lists = dict(site.lists) | {way: str(listed)}
    return replace(site, lists=tuple((w, lists[w]) for w in DIRECTIONS if w in lists))


def _extended(gate: _Gate, site: OfficeSite) -> OfficeSite:
    """Our filters before the first filter that would stop what they let pass, else at the end."""
    rules, entries = gate.rules([]), list(site.filters)
    static, _ = gate.others.facts.undefined_filters
    taken = {*static, *(int(number) for number in rules if number.isdecimal())}

    def free() -> int:
        above = _FILTERS_FROM + 10 * site.tunnel - 1
        return lowest_free(taken | {each.number for each in entries}, above=above)

    for index, entry in enumerate(entries):
        if entry.direction == gate.way and entry.number in taken:
            entries[index] = replace(entry, number=free())
    theirs, stops = gate.theirs.static, []
    for protocol in TUNNEL_NEEDS:
        number, passes = deciding(theirs, rules, gate.packet(protocol))
        if passes:
            continue
        stops.append(theirs.index(number) if number else len(theirs))
        if (gate.way, protocol) not in [(e.direction, e.protocol) for e in entries]:
            entries.append(Filter(free(), gate.way, protocol, _why(number, protocol)))
    at = min(stops, default=len(theirs))
    ours = [str(each.number) for each in entries if each.direction == gate.way]
    listed = gate.theirs._replace(static=(*theirs[:at], *ours, *theirs[at:]))
    return _listing(replace(site, filters=tuple(entries)), gate.way, listed)


def _why(number: str | None, protocol: Protocol) -> str:
    stopped = f"filter {number} of the list stops it" if number else "no filter in the list lets it"
    return f"{_NAMES[protocol]} between the VPC router and the RTX: {stopped}"
