"""What is wrong with a VPC router's sections in the site file, once they are seen together."""

from __future__ import annotations

from collections.abc import Iterator, Set
from ipaddress import IPv4Address, IPv4Network

from ..errors import Problem
from .base import is_host
from .sections import MOST_ALIASES, Sections


def contradictions(
    sections: Sections,
    networks: dict[int, IPv4Network],
    own: Set[IPv4Address],
    *,
    standard: bool,
    block: int,
) -> Iterator[Problem]:
    """`networks` are the prefixes by NIC, `own` the router's addresses in them, `block` how many
    addresses are left for aliases."""
    if standard:
        for name in ("aliases", "static_nat"):
            if getattr(sections, name):
                yield Problem(f"cloud.{name}", "a value", "nothing on the standard plan")
    elif sections.alias_count > min(block, MOST_ALIASES):
        yield Problem(
            "cloud.aliases",
            f"{sections.alias_count} addresses",
            f"at most {min(block, MOST_ALIASES)} with this prefix_length",
        )
    yield from _repeated(sections)
    yield from _nat_problems(sections)
    yield from _dhcp_problems(sections, networks)
    yield from _own_address_problems(sections, own)
    for nic, side in (sections.firewall or {}).items():
        for direction in ("receive", "send"):
            for index, rule in enumerate(getattr(side, direction)):
                if rule.protocol in ("icmp", "ip") and (rule.source_port or rule.destination_port):
                    yield Problem(
                        f"cloud.firewall.{nic}.{direction}.{index}",
                        f"a port with protocol {rule.protocol}",
                        "ports with tcp or udp only",
                    )
    forwarding = sections.dns_forwarding
    if forwarding and (forwarding.nic is None) != (not forwarding.servers):
        yield Problem("cloud.dns_forwarding", "half of it", "both nic and servers, or {}")


def _repeated(sections: Sections) -> Iterator[Problem]:
    keys: dict[str, list[object]] = {
        "static_routes": [r.prefix for r in sections.static_routes or ()],
        "port_forwarding": [(f.protocol, f.port) for f in sections.port_forwarding or ()],
        "dhcp_static_mappings": [m.mac.lower() for m in sections.dhcp_static_mappings or ()],
        "static_nat": [n.alias for n in sections.static_nat or ()],
    }
    for name, values in keys.items():
        for index, value in enumerate(values):
            if value in values[:index]:
                shown = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
                yield Problem(f"cloud.{name}.{index}", f"{shown} a second time", "each once")


def _nat_problems(sections: Sections) -> Iterator[Problem]:
    given = sections.aliases if isinstance(sections.aliases, tuple) else ()
    for index, nat in enumerate(sections.static_nat or ()):
        known = nat.alias <= sections.alias_count if isinstance(nat.alias, int) else None
        if known is None:
            known = nat.alias in given or isinstance(sections.aliases, int)
        if not known:
            yield Problem(f"cloud.static_nat.{index}.alias", str(nat.alias), "one of cloud.aliases")


def _own_address_problems(sections: Sections, own: Set[IPv4Address]) -> Iterator[Problem]:
    """Where the router would lead to itself, or give an address of its own away."""
    for index, route in enumerate(sections.static_routes or ()):
        if route.next_hop in own:
            place = f"cloud.static_routes.{index}.next_hop"
            yield Problem(place, f"{route.next_hop}, the VPC router's own", "another host")
    for index, given in enumerate(sections.dhcp_server or ()):
        if inside := sorted(each for each in own if given.first <= each <= given.last):
            yield Problem(
                f"cloud.dhcp_server.{index}.first",
                f"{given.first} to {given.last}, with {inside[0]} in it",
                "a range without the router's own addresses",
            )
    for index, mapping in enumerate(sections.dhcp_static_mappings or ()):
        if mapping.address in own:
            place = f"cloud.dhcp_static_mappings.{index}.address"
            yield Problem(place, f"{mapping.address}, the VPC router's own", "another address")


def _dhcp_problems(sections: Sections, networks: dict[int, IPv4Network]) -> Iterator[Problem]:
    for index, given in enumerate(sections.dhcp_server or ()):
        network = networks.get(given.nic)
        if network is None:
            yield Problem(
                f"cloud.dhcp_server.{index}.nic",
                str(given.nic),
                f"a NIC of this site: {', '.join(map(str, sorted(networks)))}",
            )
            continue
        for name, address in (("first", given.first), ("last", given.last)):
            if not is_host(address, network):
                yield Problem(
                    f"cloud.dhcp_server.{index}.{name}", str(address), f"an address in {network}"
                )
        if given.last < given.first:
            yield Problem(
                f"cloud.dhcp_server.{index}.last", str(given.last), f"{given.first} or above"
            )
    for index, mapping in enumerate(sections.dhcp_static_mappings or ()):
        if not any(is_host(mapping.address, network) for network in networks.values()):
            yield Problem(
                f"cloud.dhcp_static_mappings.{index}.address",
                str(mapping.address),
                f"an address in {' or '.join(map(str, networks.values()))}",
            )
