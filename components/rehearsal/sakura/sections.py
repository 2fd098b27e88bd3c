"""The sections of `Settings.Router` beside interfaces and VPN: what their fields may hold.

Source: sakura-vpcrouter-api 2.8.  The forms are those; that the real server enforces each of them,
and with which code, is unverified.  Fields that no form names are stored as sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .errors import Refused
from .fields import (
    Field,
    address,
    address_or_prefix,
    addresses,
    check_fields,
    host_in_prefix,
    mac,
    nic,
    number,
    one_of,
    port,
    ports,
    prefix,
    text,
)
from .store import SLOTS, Json

STANDARD: Final = 1
_DESCRIPTION: Final = Field(text(512), needed=False)
_RANGE: Final = {"RangeStart": Field(address), "RangeStop": Field(address)}

_LISTS: Final[dict[str, dict[str, Field]]] = {
    "StaticNAT": {
        "GlobalAddress": Field(address),
        "PrivateAddress": Field(address),
        "Description": _DESCRIPTION,
    },
    "PortForwarding": {
        "Protocol": Field(one_of("tcp", "udp")),
        "GlobalPort": Field(port),
        "PrivateAddress": Field(address),
        "PrivatePort": Field(port),
        "Description": _DESCRIPTION,
    },
    "DHCPServer": {
        "Interface": Field(nic),
        **_RANGE,
        "DNSServers": Field(addresses, needed=False),
    },
    "DHCPStaticMapping": {"MACAddress": Field(mac), "IPAddress": Field(address)},
    "RemoteAccessUsers": {"UserName": Field(text(20)), "Password": Field(text(20), needed=False)},
    "StaticRoutes": {"Prefix": Field(prefix), "NextHop": Field(address)},
}
"""Section -> fields of each entry of its `Config`.  (A password may be missing where answers do
not hold any; a shared key likewise.)"""

_OBJECTS: Final[dict[str, dict[str, Field]]] = {
    "PPTPServer": _RANGE,
    "L2TPIPsecServer": {**_RANGE, "PreSharedSecret": Field(text(40), needed=False)},
    "WireGuardServer": {"IPAddress": Field(host_in_prefix)},
}
"""Section -> fields of its `Config`, which is one object; they count while it is enabled."""

_FLAT: Final[dict[str, dict[str, Field]]] = {
    "DNSForwarding": {"Interface": Field(nic), "DNSServers": Field(addresses)},
    "ScheduledMaintenance": {"DayOfWeek": Field(number(0, 6)), "Hour": Field(number(0, 23))},
}
"""Section -> fields of its own."""

_WIREGUARD_PEER: Final = {
    "Name": Field(text(64)),
    "IPAddress": Field(address),
    "PublicKey": Field(text(64)),
}
_RULE: Final = {
    "Protocol": Field(one_of("tcp", "udp", "icmp", "ip")),
    "SourceNetwork": Field(address_or_prefix, needed=False),
    "SourcePort": Field(ports, needed=False),
    "DestinationNetwork": Field(address_or_prefix, needed=False),
    "DestinationPort": Field(ports, needed=False),
    "Action": Field(one_of("allow", "deny")),
    "Logging": Field(one_of("True", "False"), needed=False),
    "Description": _DESCRIPTION,
}


def check(router: Json, plan: int) -> None:
    """Raise `Refused` for the first field that has not its form."""
    for place, peer in _wireguard_peers(router):
        check_fields(peer, _WIREGUARD_PEER, place)
    for name, fields in _LISTS.items():
        for index, entry in enumerate(_section(router, name).get("Config") or []):
            check_fields(entry, fields, f"{name}.Config[{index}]")
    for name, fields in _OBJECTS.items():
        section = _section(router, name)
        if section.get("Enabled") == "True":
            check_fields(section.get("Config") or {}, fields, f"{name}.Config")
    for name, fields in _FLAT.items():
        section = _section(router, name)
        if section and section.get("Enabled", "True") == "True":
            check_fields(section, fields, name)
    if router.get("SyslogHost"):
        address(router["SyslogHost"], "SyslogHost")
    _check_firewall(_section(router, "Firewall"))
    if plan != STANDARD:  # there the section is one of the silently ignored (pitfall 13)
        _check_nat(router)


def _section(router: Json, name: str) -> Json:
    found: Json = router.get(name) or {}
    return found


def _check_firewall(firewall: Json) -> None:
    entries = firewall.get("Config") or []
    if len(entries) > SLOTS:
        raise Refused("invalid_range", "Firewall.Config")
    for index, entry in enumerate(entries):
        for direction in ("Receive", "Send"):
            where = f"Firewall.Config[{index}].{direction}"
            rules = entry.get(direction) or []
            if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
                raise Refused("invalid_format", where)
            for number_of, rule in enumerate(rules):
                check_fields(rule, _RULE, f"{where}[{number_of}]")


def _wireguard_peers(router: Json) -> Iterator[tuple[str, Json]]:
    peers: Any = (_section(router, "WireGuardServer").get("Config") or {}).get("Peers", [])
    where = "WireGuardServer.Config.Peers"
    if not isinstance(peers, list) or not all(isinstance(peer, dict) for peer in peers):
        raise Refused("invalid_format", where)  # null is none, either (pitfall 16)
    for index, peer in enumerate(peers):
        yield f"{where}[{index}]", peer


def _check_nat(router: Json) -> None:
    """A global address of static NAT is one of eth0's aliases."""
    outside = next(iter(router.get("Interfaces") or [None])) or {}
    aliases = outside.get("IPAliases") or []
    for index, entry in enumerate(_section(router, "StaticNAT").get("Config") or []):
        if entry["GlobalAddress"] not in aliases:
            raise Refused("invalid_param_comb", f"StaticNAT.Config[{index}].GlobalAddress")
