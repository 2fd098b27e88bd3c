"""The VPC router's other settings in the words of the site file: the reverse of `site.sections`.

Only what stands is named: a section that is empty stays foreign, so that what somebody sets in the
control panel later is not taken away.  Pure.

Source: sakura-vpcrouter-api 2.8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Interface
from typing import Any, Final

from ..cloud.objects import LanSpec, RouterState
from ..site.sections import DAYS, Interface
from .draft import Draft, Json


def put(draft: Draft, state: RouterState, lan_nic: int) -> None:
    """Name everything in the settings that a site may own, beside the cloud LAN on `lan_nic`."""
    more = [lan for lan in state.private if lan.switch_id and lan.index != lan_nic]
    found = [entry for lan in more if (entry := _interface(lan, state.plan == "standard"))]
    draft.put("cloud.interfaces", found, unless=[])
    draft.put("cloud.aliases", list(state.aliases), unless=[])
    for name, (key, translate) in _TRANSLATIONS.items():
        if value := state.sections.get(name):
            draft.put(f"cloud.{key}", translate(value))


def _interface(lan: LanSpec, standard: bool) -> Json | None:
    """A further private interface, its addresses where they are not the first three."""
    address = lan.vip or next(iter(lan.addresses), "")
    if not address or not lan.prefix_length:
        return None
    prefix = str(IPv4Interface(f"{address}/{lan.prefix_length}").network)
    head = {"nic": lan.index, "prefix": prefix}
    reals = [str(each) for each in lan.addresses]
    choices: list[Json] = [{}, {"address": address}]
    if not standard:
        choices.append({"address": address, "real_addresses": reals})
    for given in choices:
        one = Interface.model_validate({**head, **given})
        there = [str(one.vip), *(() if standard else map(str, one.reals))]
        if there == [address, *(() if standard else reals)]:
            break
    return {**head, **given, "switch_id": lan.switch_id}


# --- from the words of `cloud.sections` to those of the site file ---------------------------------


def _named(**names: str) -> Callable[[list[Json]], list[Json]]:
    """Entries with other names, site file = `cloud.sections`, what is empty left out."""

    def translate(entries: list[Json]) -> list[Json]:
        return [
            {ours: entry[theirs] for ours, theirs in names.items() if entry.get(theirs)}
            for entry in entries
        ]

    return translate


_RULES: Final = _named(
    action="action",
    protocol="protocol",
    source="source",
    source_port="sourcePort",
    destination="destination",
    destination_port="destinationPort",
    logging="logging",
    description="description",
)


def _firewall(value: Mapping[str, Json]) -> Json:
    def sides(rules: Json) -> Iterator[tuple[str, list[Json]]]:
        return ((side, _RULES(rules[side])) for side in ("receive", "send") if rules.get(side))

    return {nic: dict(sides(rules)) for nic, rules in value.items()}


def _forwards(value: list[Json]) -> list[Json]:
    found = _named(
        protocol="protocol",
        port="globalPort",
        private_address="privateAddress",
        private_port="privatePort",
        description="description",
    )(value)
    for entry in found:
        if entry.get("private_port") == entry["port"]:
            del entry["private_port"]
    return found


def _one(translate: Callable[[list[Json]], list[Json]]) -> Callable[[Json], Json]:
    return lambda value: translate([value])[0]


_TRANSLATIONS: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "staticRoutes": ("static_routes", _named(prefix="prefix", next_hop="nextHop")),
    "firewall": ("firewall", _firewall),
    "staticNat": (
        "static_nat",
        _named(alias="globalAddress", private_address="privateAddress", description="description"),
    ),
    "portForwarding": ("port_forwarding", _forwards),
    "dhcpServer": (
        "dhcp_server",
        _named(nic="nic", first="start", last="stop", dns_servers="dnsServers"),
    ),
    "dhcpStaticMappings": ("dhcp_static_mappings", _named(mac="mac", address="address")),
    "dnsForwarding": ("dns_forwarding", _one(_named(nic="nic", servers="dnsServers"))),
    "syslogHost": ("syslog_host", str),
    "scheduledMaintenance": (
        "scheduled_maintenance",
        lambda value: {"day": DAYS[value["dayOfWeek"]], "hour": value["hour"]},
    ),
}
