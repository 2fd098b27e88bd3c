"""The VPC router's own settings in the site file: what a site may own beside its tunnel.

A section that is left out is not touched; one that is given empty is emptied.

Source: sakura-vpcrouter-api 2.3, 2.7, 2.8.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Network
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, PlainValidator

from .base import Address, Part, Prefix, hosts, written_as

Nic = Annotated[int, Field(ge=1, le=7)]
Port = Annotated[int, Field(ge=1, le=65535)]
ObjectId = Annotated[
    str, written_as(r"^[0-9]{1,20}$", "an id of digits", coerce_numbers_to_str=True)
]
Description = Annotated[str, Field(max_length=512)]
DAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


def _ports(text: str) -> str:
    first, _, last = text.partition("-")
    if not 1 <= int(first) <= int(last or first) <= 65535:
        raise ValueError("a port 1 to 65535, or a range such as 1024-2048")
    return text


def _network(text: str) -> str:
    """An address or a prefix, in the API's form: one address has no length."""
    try:
        network = IPv4Network(text)
    except ValueError:
        raise ValueError("an IPv4 address, or a prefix with no host bits set") from None
    return str(network.network_address if network.prefixlen == 32 else network)


def _syslog(text: str) -> str:
    try:
        return text and str(Address(text))
    except ValueError:
        raise ValueError('an IPv4 address, or "" for none') from None


def _alias(value: object) -> int | Address:
    try:
        found = value if isinstance(value, int) else Address(str(value))
    except ValueError:
        found = 0
    if isinstance(value, bool):  # `yes` is no number
        found = 0
    if isinstance(found, int) and not 1 <= found <= MOST_ALIASES:
        raise ValueError(f"the address of an alias, or its number 1 to {MOST_ALIASES}")
    return found


def _aliases(value: object) -> int | tuple[Address, ...]:
    found: int | tuple[Address, ...] = -1
    if isinstance(value, int) and not isinstance(value, bool):
        found = value
    elif isinstance(value, list):
        with suppress(ValueError):
            found = tuple(Address(each) for each in value)
    if not 0 <= (found if isinstance(found, int) else len(found)) <= MOST_ALIASES:
        raise ValueError(f"a number 0 to {MOST_ALIASES}, or a list of addresses of the block")
    return found


MOST_ALIASES: Final = 19
Network = Annotated[str, AfterValidator(_network)]
Alias = Annotated[int | Address, PlainValidator(_alias)]
Aliases = Annotated[int | tuple[Address, ...], PlainValidator(_aliases)]
SyslogHost = Annotated[str, AfterValidator(_syslog)]
Ports = Annotated[
    str,
    written_as(
        r"^[0-9]{1,5}(-[0-9]{1,5})?$",
        "a port 1 to 65535, or a range such as 1024-2048",
        coerce_numbers_to_str=True,
    ),
    AfterValidator(_ports),
]


class Interface(Part):
    """A further private interface: NIC 1 to 7, its prefix (/16 to /29) and addresses in it.

    The VIP and the addresses of the two nodes are the first three of the prefix unless given; the
    standard plan has one address.  `switch_id` is a switch that is there; left out, one is made.
    """

    nic: Nic
    prefix: Prefix
    address: Address | None = None
    real_addresses: tuple[Address, Address] | None = None
    switch_id: ObjectId | None = None

    @property
    def vip(self) -> Address:
        """The address of the VPC router on this interface."""
        return self.address or hosts(self.prefix, 1)[0]

    @property
    def reals(self) -> tuple[Address, Address]:
        """The addresses of the two nodes."""
        return self.real_addresses or nodes(self.prefix, self.vip)

    @property
    def own(self) -> tuple[Address, ...]:
        """All addresses of the VPC router on this interface."""
        return (self.vip, *self.reals)


def nodes(prefix: Prefix, vip: Address) -> tuple[Address, Address]:
    """The first two addresses that are not the VIP."""
    first, second = [each for each in hosts(prefix, 3) if each != vip][:2]
    return first, second


class StaticRoute(Part):
    """A route of the VPC router to a prefix behind a host in one of its private networks."""

    prefix: Prefix
    next_hop: Address


class FirewallRule(Part):
    """One rule; what is left out matches everything.  Ports (`443`, `1024-2048`) with tcp and udp.

    Whatever the order is worth at the server: a reordered list is not shown as drift.
    """

    action: Literal["allow", "deny"]
    protocol: Literal["tcp", "udp", "icmp", "ip"] = "ip"
    source: Network | None = None
    source_port: Ports | None = None
    destination: Network | None = None
    destination_port: Ports | None = None
    logging: bool = False
    description: Description = ""


class FirewallSide(Part):
    """The rules of one interface, for what it receives and what it sends."""

    receive: tuple[FirewallRule, ...] = ()
    send: tuple[FirewallRule, ...] = ()


class StaticNat(Part):
    """One alias of eth0 for one host inside.  `alias` is its address or its number, from 1."""

    alias: Alias
    private_address: Address
    description: Description = ""


class PortForward(Part):
    """One port of the VIP to a port of a host inside, the same one unless given."""

    protocol: Literal["tcp", "udp"]
    port: Port
    private_address: Address
    private_port: Port | None = None
    description: Description = ""


class DhcpRange(Part):
    """Addresses that are given out on an interface; name servers as the zone's unless given."""

    nic: Nic
    first: Address
    last: Address
    dns_servers: tuple[Address, ...] = ()


class DhcpMapping(Part):
    """The address for one MAC address."""

    mac: Annotated[
        str,
        written_as(r"^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$", "six bytes such as 00:00:5e:00:53:01"),
    ]
    address: Address


class DnsForwarding(Part):
    """The VPC router answers name queries on an interface and asks `servers`; `{}` for not."""

    nic: Nic | None = None
    servers: tuple[Address, ...] = ()


class Maintenance(Part):
    """The hour of the week in which SAKURA may maintain the router; `{}` for none of ours."""

    day: Literal["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] = (
        "monday"
    )
    hour: Annotated[int, Field(ge=0, le=23)] = 3


class Sections(Part):
    """The sections of a VPC router that a site may own.

    `interfaces` are private interfaces beside the cloud LAN; only those that the site names, or
    named before, are ever connected or disconnected, and the router is stopped for that.
    `aliases` are further public addresses on eth0: how many, or which of the block.
    """

    interfaces: tuple[Interface, ...] = ()
    aliases: Aliases | None = None
    static_routes: tuple[StaticRoute, ...] | None = None
    firewall: (
        dict[Annotated[str, written_as(r"^eth[0-7]$", "eth0 to eth7")], FirewallSide] | None
    ) = None
    static_nat: tuple[StaticNat, ...] | None = None
    port_forwarding: tuple[PortForward, ...] | None = None
    dhcp_server: tuple[DhcpRange, ...] | None = None
    dhcp_static_mappings: tuple[DhcpMapping, ...] | None = None
    dns_forwarding: DnsForwarding | None = None
    syslog_host: SyslogHost | None = None
    scheduled_maintenance: Maintenance | None = None

    @property
    def alias_count(self) -> int:
        """How many aliases are wanted."""
        return self.aliases if isinstance(self.aliases, int) else len(self.aliases or ())

    @property
    def names_aliases(self) -> bool:
        """Whether a section names an alias by its number, which only the block can tell."""
        return any(isinstance(nat.alias, int) for nat in self.static_nat or ())

    def inputs(self, aliases: list[str]) -> dict[str, Any]:
        """The sections that are named, as `cloud.sections` has them; `aliases` are eth0's."""
        return {
            name: translate(value, aliases)
            for name, (key, translate) in _TRANSLATIONS.items()
            if (value := getattr(self, key)) is not None
        }


# --- from the site file's words to those of `cloud.sections`


def _rule(rule: FirewallRule) -> dict[str, Any]:
    return {
        "protocol": rule.protocol,
        "source": rule.source or "",
        "sourcePort": rule.source_port or "",
        "destination": rule.destination or "",
        "destinationPort": rule.destination_port or "",
        "action": rule.action,
        "logging": rule.logging,
        "description": rule.description,
    }


def _firewall(value: dict[str, FirewallSide], _: list[str]) -> dict[str, Any]:
    return {
        nic: {"receive": [_rule(r) for r in side.receive], "send": [_rule(r) for r in side.send]}
        for nic, side in value.items()
        if side.receive or side.send
    }


def _nat(value: tuple[StaticNat, ...], aliases: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "globalAddress": aliases[n.alias - 1] if isinstance(n.alias, int) else str(n.alias),
            "privateAddress": str(n.private_address),
            "description": n.description,
        }
        for n in value
    ]


def _forwards(value: tuple[PortForward, ...], _: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "protocol": f.protocol,
            "globalPort": f.port,
            "privateAddress": str(f.private_address),
            "privatePort": f.private_port or f.port,
            "description": f.description,
        }
        for f in value
    ]


def _dhcp(value: tuple[DhcpRange, ...], _: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "nic": r.nic,
            "start": str(r.first),
            "stop": str(r.last),
            "dnsServers": [str(server) for server in r.dns_servers],
        }
        for r in value
    ]


def _dns(value: DnsForwarding, _: list[str]) -> dict[str, Any]:
    if value.nic is None:
        return {}
    return {"nic": value.nic, "dnsServers": [str(server) for server in value.servers]}


def _maintenance(value: Maintenance, _: list[str]) -> dict[str, Any]:
    if not value.model_fields_set:
        return {}
    return {"dayOfWeek": DAYS.index(value.day), "hour": value.hour}


_TRANSLATIONS: Final[dict[str, tuple[str, Callable[[Any, list[str]], Any]]]] = {
    "staticRoutes": (
        "static_routes",
        lambda value, _: [{"prefix": str(r.prefix), "nextHop": str(r.next_hop)} for r in value],
    ),
    "firewall": ("firewall", _firewall),
    "staticNat": ("static_nat", _nat),
    "portForwarding": ("port_forwarding", _forwards),
    "dhcpServer": ("dhcp_server", _dhcp),
    "dhcpStaticMappings": (
        "dhcp_static_mappings",
        lambda value, _: [{"mac": m.mac.lower(), "address": str(m.address)} for m in value],
    ),
    "dnsForwarding": ("dns_forwarding", _dns),
    "syslogHost": ("syslog_host", lambda value, _: value),
    "scheduledMaintenance": ("scheduled_maintenance", _maintenance),
}
