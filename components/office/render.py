"""What is agreed, as RTX lines in the shape of `show config`.

The text is what a preview shows and what an apply types: the pre-shared key stands in it as a
placeholder, and so does the address of a VPC router that is not made yet.  Lines that begin with
`#` say why the next line is there; they are never typed.

The lines and their order are those of the seed article (seed, "the configuration that was left
standing"): an office end that answers only (`ipsec auto refresh GW off`), with the key exchange
of release 2 and DPD, because nothing else came back after a loss of the SAs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final, Literal

from ..errors import Problem, SpecError
from ..ipsec import DH_GROUP, ENCRYPTION, HASH, Agreement
from . import config, syntax
from .syntax import PSK_PLACEHOLDER

ADDRESS_PLACEHOLDER: Final = "<VPC router address, known after creation>"

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
    reference 8.1.4).  `extra_lines` are the user's own lines inside our block.
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


def _route(agreement: Agreement, site: OfficeSite) -> list[str]:
    return [
        "# what goes to the cloud LAN goes into the tunnel",
        f"ip route {agreement.cloud_prefix} gateway tunnel {site.tunnel}",
    ]


def _policy(agreement: Agreement, site: OfficeSite) -> str:
    cipher = ENCRYPTION[agreement.proposal.encryption].office_esp
    authentication = HASH[agreement.proposal.hash].office_esp
    return f"ipsec sa policy {site.policy} {site.gateway} esp {cipher} {authentication}"


def _ike(agreement: Agreement, site: OfficeSite) -> list[str]:
    """The lines below `ipsec tunnel`, in the order of the seed."""
    gw, proposal, dpd = site.gateway, agreement.proposal, agreement.dpd
    remote = agreement.cloud_address or ADDRESS_PLACEHOLDER
    return [
        _policy(agreement, site),
        f"ipsec ike always-on {gw} on",
        f"ipsec ike duration ipsec-sa {gw} {agreement.esp_lifetime}",
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
        f"ipsec ike remote address {gw} {remote}",
        f"ipsec ike remote id {gw} {agreement.cloud_prefix}",
        f"ipsec auto refresh {gw} off",
    ]


def _extra(site: OfficeSite, decided: Iterable[str]) -> list[config.Statement]:
    """The user's own lines, if they are lines of our block that nothing else decides."""
    text = "\n".join([f"tunnel select {site.tunnel}", *site.extra_lines])
    scope = config.Scope(site.tunnel, site.policy, site.gateway)
    context = f"tunnel {site.tunnel}"
    keys = {syntax.key_of(line, context) for line in decided}
    problems: list[Problem] = []
    extra = config.parse(text).statements
    for statement in extra:
        shown = syntax.masked(statement.text)
        if not scope.owns(statement):
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


def _nat_static(site: OfficeSite) -> list[str]:
    lines: list[str] = []
    for entry in site.nat_static:
        port = "" if entry.port is None else f" {entry.port}"
        lines += [f"# {entry.reason}"] if entry.reason else []
        lines.append(
            f"nat descriptor masquerade static {entry.descriptor} {entry.id}"
            f" {site.lan_address} {entry.protocol}{port}"
        )
    return lines


def render(agreement: Agreement, site: OfficeSite) -> str:
    """The office end's lines, each line ended by a newline.

    Raises `SpecError` if an extra line is not of our block or repeats what is decided elsewhere.
    """
    lines = [*_route(agreement, site), *_block(agreement, site), *_nat_static(site)]
    return "".join(f"{line}\n" for line in lines)
