"""What is agreed, as RTX lines in the shape of `show config`.

The text is what a preview shows and what an apply types: the pre-shared key stands in it as a
placeholder, and so does the address of a VPC router that is not made yet.  Lines that begin with
`#` say why the next line is there; they are never typed.

The lines and their order are those of the seed article (seed, "the configuration that was left
standing"): an office end that answers only (`ipsec auto refresh GW off`), with the key exchange
of release 2 and DPD, because nothing else came back after a loss of the SAs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final, Literal

from ..errors import Problem, SpecError
from ..ipsec import DH_GROUP, ENCRYPTION, HASH, Agreement
from . import config, syntax, typable
from .defaults import IPSEC_SA_LIFETIME
from .filters import Direction, Filter
from .syntax import PSK_PLACEHOLDER
from .wan import lines_of
from .watchdog import Watchdog

ADDRESS_PLACEHOLDER: Final = "<VPC router address, known after creation>"

_TAKES_AWAY: Final = re.compile(r"no |tunnel disable\b", re.IGNORECASE)

__all__ = ["ADDRESS_PLACEHOLDER", "PSK_PLACEHOLDER", "NatStatic", "OfficeSite", "render"]


@dataclass(frozen=True)
class NatStatic:
    """A static NAT entry that lets the key exchange or ESP reach the router itself.

    `port` is for udp only; `reason` is written above the line.
    """

    descriptor: int
    id: int
    protocol: Literal["esp", "udp"]
    port: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class OfficeSite:
    """What only the office end needs: its LAN, its numbers, and the lines its router asks for.

    `tunnel`, `policy` and `gateway` are three number spaces.  `mtu` in bytes, 64 to 1500 (command
    reference 8.1.4).  `extra_lines` are the user's own lines inside our block.  `lists` are the
    lists of the WAN interface that our `filters` stand in, each as it is to stand as a whole.
    `peer_gateway` is the way to the VPC router where the default route is none ("pp 1", an
    address, "dhcp lan2").  `wan_address` is the RTX's own address there, if a gateway in front has
    the office address.  `ends_by_time_only`: IPsec SAs have no byte lifetime.
    """

    lan: IPv4Network
    lan_address: IPv4Address
    wan_interface: str
    tunnel: int
    policy: int
    gateway: int
    nat_static: tuple[NatStatic, ...] = ()
    mtu: int = 1280
    extra_lines: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    lists: tuple[tuple[Direction, str], ...] = ()
    peer_gateway: str = ""
    wan_address: IPv4Address | None = None
    watchdog: Watchdog | None = None
    model: str = ""
    revision: str = ""
    ends_by_time_only: bool = False


def _routes(agreement: Agreement, site: OfficeSite) -> list[str]:
    pinned = [
        "# the default route is no way to the VPC router",
        f"ip route {_peer(agreement)} gateway {site.peer_gateway}",
    ]
    return [
        *(pinned if site.peer_gateway else []),
        "# what goes to the cloud LAN goes into the tunnel",
        f"ip route {agreement.cloud_prefix} gateway tunnel {site.tunnel}",
    ]


def _peer(agreement: Agreement) -> str:
    return str(agreement.cloud_address or ADDRESS_PLACEHOLDER)


def _policy(agreement: Agreement, site: OfficeSite) -> str:
    cipher = ENCRYPTION[agreement.proposal.encryption].office_esp
    authentication = HASH[agreement.proposal.hash].office_esp
    return f"ipsec sa policy {site.policy} {site.gateway} esp {cipher} {authentication}"


def _ike(agreement: Agreement, site: OfficeSite) -> list[str]:
    """The lines below `ipsec tunnel`, in the order of the seed."""
    gw, proposal, dpd = site.gateway, agreement.proposal, agreement.dpd
    return [
        _policy(agreement, site),
        f"ipsec ike always-on {gw} on",
        *_ipsec_duration(agreement, site),
        f"ipsec ike duration ike-sa {gw} {agreement.ike_lifetime}",
        f"ipsec ike encryption {gw} {ENCRYPTION[proposal.encryption].office}",
        f"ipsec ike group {gw} {DH_GROUP[proposal.dh_group].office}",
        f"ipsec ike hash {gw} {HASH[proposal.hash].office}",
        f"ipsec ike keepalive log {gw} off",
        f"ipsec ike keepalive use {gw} on dpd {dpd.interval} {dpd.count}",
        f"ipsec ike local address {gw} {agreement.office_identity}",
        f"ipsec ike local id {gw} {agreement.office_prefix}",
        f"ipsec ike backward-compatibility {gw} 2",
        f"ipsec ike pfs {gw} on",
        f"ipsec ike pre-shared-key {gw} text {PSK_PLACEHOLDER}",
        f"ipsec ike remote address {gw} {_peer(agreement)}",
        f"ipsec ike remote id {gw} {agreement.cloud_prefix}",
        f"ipsec auto refresh {gw} off",
    ]


def _has_byte_lifetime(site: OfficeSite) -> bool:
    """Whether an IPsec SA of this router ends after a number of bytes too, unless told not to.

    Where it does not, the word `off` is refused (command reference 15.48.1).
    """
    newer, *_ = IPSEC_SA_LIFETIME
    return bool(newer.holds(site.model, site.revision))


def _ipsec_duration(agreement: Agreement, site: OfficeSite) -> list[str]:
    line = f"ipsec ike duration ipsec-sa {site.gateway} {agreement.esp_lifetime}"
    if not _has_byte_lifetime(site):
        return [line]
    if site.ends_by_time_only:
        return [f"{line} off"]
    return ["# and after 2000000 kB, the default of this revision", line]


def _extra(site: OfficeSite, decided: Iterable[str]) -> list[config.Statement]:
    """The user's own lines, if they are lines of our block that nothing else decides."""
    text = "\n".join([f"tunnel select {site.tunnel}", *site.extra_lines])
    scope = config.Scope(site.tunnel, site.policy, site.gateway)
    context = f"tunnel {site.tunnel}"
    keys = {syntax.key_of(line, context) for line in decided if not line.startswith("#")}
    problems: list[Problem] = []
    extra = config.parse(text).statements
    for statement in extra:
        shown = syntax.masked(statement.text)
        if _TAKES_AWAY.match(statement.text):
            allowed = "lines as `show config` prints them: what is not there stands in no line"
            problems.append(Problem("office.extra_lines", shown, allowed))
        elif found := typable.obstacle(statement.text):
            allowed = f"what the router's console takes as it is typed: this holds {found}"
            problems.append(Problem("office.extra_lines", shown, allowed))
        elif not scope.owns(statement):
            allowed = f"lines of tunnel {site.tunnel}, gateway {site.gateway}, policy {site.policy}"
            problems.append(Problem("office.extra_lines", shown, allowed))
        elif statement.key in keys:
            allowed = "lines that the rest of the site file does not decide"
            problems.append(Problem("office.extra_lines", shown, allowed))
    if problems:
        raise SpecError(problems)
    return list(extra)


def _block(agreement: Agreement, site: OfficeSite) -> list[str]:
    head = ["tunnel encapsulation ipsec", f"ipsec tunnel {site.policy}"]
    ike = _ike(agreement, site)
    last = f"tunnel enable {site.tunnel}"
    extra = _extra(site, [*head, *ike, last])
    own = {statement.key for statement in extra}
    # The user's MTU or MSS line stands instead of ours.
    interface = [
        line
        for line in (f"ip tunnel mtu {site.mtu}", "ip tunnel tcp mss limit auto")
        if syntax.key_of(line, f"tunnel {site.tunnel}") not in own
    ]
    more_ike = [statement.text for statement in extra if not statement.context]
    more = [statement.text for statement in extra if statement.context]
    return [
        f"tunnel select {site.tunnel}",
        *(f" {line}" for line in head),
        *(f"  {line}" for line in [*ike, *more_ike]),
        *(f" {line}" for line in [*interface, *more, last]),
    ]


def _with_reason(reason: str, line: str) -> list[str]:
    return [f"# {reason}", line] if reason else [line]


def _nat_static(agreement: Agreement, site: OfficeSite) -> list[str]:
    """What the key exchange and ESP are given to is the address that the RTX speaks from.

    By their numbers, as the filters are: the order in a site file means nothing to the router.
    """
    return [
        line
        for entry in sorted(site.nat_static, key=lambda each: (each.descriptor, each.id))
        for line in _with_reason(
            entry.reason,
            f"nat descriptor masquerade static {entry.descriptor} {entry.id}"
            f" {agreement.office_identity} {entry.protocol}"
            + ("" if entry.port is None else f" {entry.port}"),
        )
    ]


def _filters(agreement: Agreement, site: OfficeSite) -> list[str]:
    peer, local = _peer(agreement), str(agreement.office_identity)
    return [
        line
        for entry in sorted(site.filters, key=lambda each: each.number)
        for line in _with_reason(entry.reason, entry.line(peer, local))
    ]


def _lists(site: OfficeSite) -> list[str]:
    """The lists as a whole; only our numbers in them are ours (`shared_list`)."""
    context, begin = lines_of(site.wan_interface)
    indent = " " if context else ""
    lines = [f"{indent}{begin} secure filter {way} {listed}" for way, listed in site.lists]
    return [context.replace(" ", " select "), *lines] if context and lines else lines


def _watchdog(agreement: Agreement, site: OfficeSite) -> list[str]:
    if site.watchdog is None:
        return []
    line = site.watchdog.line(site.lan_address, site.gateway, agreement.dpd)
    return ["# the tunnel is renewed when nothing answers in it", line]


def render(agreement: Agreement, site: OfficeSite) -> str:
    """The office end's lines, each line ended by a newline.

    Raises `SpecError` if an extra line is not of our block or repeats what is decided elsewhere.
    """
    lines = [
        *_routes(agreement, site),
        *_block(agreement, site),
        *_nat_static(agreement, site),
        *_filters(agreement, site),
        *_watchdog(agreement, site),
        *_lists(site),
    ]
    return "".join(f"{line}\n" for line in lines)
