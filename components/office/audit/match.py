"""Against the VPC router's own settings: the peer entry of this office, and the firewall."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Final

from .far import Entry, FarEnd
from .findings import Finding, differs, finding
from .link import Link
from .texts import EVERYTHING, address, is_public, network

# What stands for an address of the interface itself (command reference 23.4).
_BY_INTERFACE: Final = frozenset({"primary", "secondary", "ipcp"})


def entry(link: Link, far: FarEnd) -> Iterator[Finding]:
    """Address, identity, prefixes and key, as the peer entry has them."""
    if not far.known:
        return
    if link.remote is not None and link.remote != far.address:
        line = link.line("remote address")
        where = f"{line} {link.remote}, cloud side {far.address}"
        yield differs("address of the cloud end", link.role, where, f"{line} {far.address}")
    if not far.enabled:
        yield finding("cloud-vpn-off", "SiteToSiteIPsecVPN Enabled False", "enable it")
    found = _entry_for(link, far)
    if found is None:
        yield finding("peer-missing", link.name, "add a peer with the office's WAN address")
        return
    yield from _identities(link, found)
    pairs = (
        ("local id", link.local_id, "routes", found.office_prefixes),
        ("remote id", link.remote_id, "local prefix", found.cloud_prefixes),
    )
    for name, ours, theirs_name, theirs in pairs:
        if ours is not None and ours not in theirs:
            shown = ", ".join(map(str, theirs)) or "nothing"
            where = f"{name} {ours}, cloud {theirs_name} {shown}"
            remedy = f"{link.line(name)} {shown}, or {ours} at the cloud end: make them equal"
            yield differs("prefixes", link.role, where, remedy)
    psk = link.gateway.psk
    if psk and psk.value is not None and found.key is not None and psk.value != found.key:
        remedy = f"{link.line('pre-shared-key')} text KEY, as at the cloud end"
        yield differs("pre-shared key", link.role, link.name, remedy)
    yield from _firewall(far, found)


def _identities(link: Link, found: Entry) -> Iterator[Finding]:
    if link.local is not None and found.remote_id != str(link.local):
        line = link.line("local address")
        yield differs(
            "phase 1 identity of the office",
            link.role,
            f"local address {link.local}, cloud side expects {found.remote_id}",
            f"either {line} {found.remote_id}, or RemoteID {link.local} at the cloud end: one of "
            "the two, not both",
            why="the phase 1 identity of the router is its local address",
        )
    outer, called = list(_outer(link)), address(found.peer)
    if called and outer and called not in outer:
        yield differs(
            "address of the office end",
            link.role,
            f"{', '.join(map(str, outer))} here, cloud side calls {called}",
            f"Peer {outer[0]} at the cloud end (office.wan.address), unless a gateway in front of "
            f"the RTX has {called} (office.wan.kind behind-nat)",
        )


def _outer(link: Link) -> Iterator[IPv4Address]:
    """The addresses by which the internet may know the office; none if one is not in the text.

    Every public address of the router may be the one: a block of addresses stands on a LAN port,
    and NAT uses another of its own.
    """
    router, line = link.router, link.line_to_peer
    if line is None or not any(is_public(a.ip) for a in router.addresses.get(line, ())):
        return
    own = [a.ip for _, a in router.outer]
    lines = router.find("nat descriptor address outer")
    nat = [word for line in lines if (word := line.text.split()[-1]) not in _BY_INTERFACE]
    if not all(map(address, nat)):
        return
    for known in dict.fromkeys([*own, *filter(None, map(address, nat))]):
        if is_public(known):
            yield known


def _entry_for(link: Link, far: FarEnd) -> Entry | None:
    """The entry that means this office: by address or identity, else the only one there is."""
    own = {str(a.ip) for _, a in link.router.outer}
    own.add(str(link.local))
    ours = [e for e in far.entries if e.peer in own or e.remote_id == str(link.local)]
    if not ours:
        ours = [e for e in far.entries if link.local_id in e.office_prefixes]
    return ours[0] if ours else (far.entries[0] if len(far.entries) == 1 else None)


def _firewall(far: FarEnd, found: Entry) -> Iterator[Finding]:
    """Whether the VPC router's firewall lets IKE and ESP in from this office."""
    denied = {
        what: _denies(far, address(found.peer), protocols, port)
        for what, protocols, port in (("ike", ("ip", "udp"), "500"), ("esp", ("ip",), ""))
    }
    for what in (what for what, is_denied in denied.items() if is_denied):
        yield finding(
            f"firewall-may-block-{what}",
            f"Firewall of eth0, Receive, from {found.peer}",
            f"allow it from {found.peer}",
        )
    if not denied["esp"] and _denies(far, None, ("ip",), ""):
        yield finding(
            "firewall-may-block-esp",
            f"Firewall of eth0, Receive, but from {found.peer}",
            "change the rule together with the office's address",
            why=f"{found.peer} is let in, a peer with another address would meet a deny; whether "
            "the firewall holds for the router's own VPN is not documented",
        )


def _denies(far: FarEnd, peer: IPv4Address | None, protocols: tuple[str, ...], port: str) -> bool:
    """Whether the first rule that a peer (None: any other) meets with this protocol is a deny."""
    met = (rule for rule in far.receive_rules if _meets(rule, peer, protocols, port))
    return next(met, {}).get("Action") == "deny"


def _meets(rule: object, peer: IPv4Address | None, protocols: tuple[str, ...], port: str) -> bool:
    values = rule if isinstance(rule, dict) else {}
    source = network(str(values.get("SourceNetwork") or EVERYTHING))
    ports = values.get("DestinationPort")
    return (
        values.get("Protocol") in protocols
        and source is not None
        and (source.prefixlen == 0 or (peer is not None and peer in source))
        and (not ports or not port or str(ports) == port)
    )


CHECKS: Final = (entry,)
