"""The office in the site file: how it is connected, its filters, what is refused and why."""

from __future__ import annotations

import copy
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.errors import SpecError
from components.office.config import parse
from components.office.filters import Filter
from components.office.needs import Needs, needs
from components.office.render import NatStatic, render
from components.office.watchdog import Watchdog
from components.rehearsal.rtx.demo import DEMO_CONFIGURATION
from components.site import Site, site_of
from components.site.complete import edits

DEMO = Path(__file__).resolve().parents[2] / "stacks" / "Pulumi.demo.yaml"
SMALLEST: dict[str, Any] = {
    "cloud": {"zone": "is1b", "lan": "192.168.2.0/24"},
    "office": {
        "router": {"host": "192.168.1.1", "user": "ops"},
        "lan": "192.168.1.0/24",
        "wan": {"address": "198.51.100.20"},
    },
}
FILTERS = [
    {"number": 2001, "protocol": "udp", "reason": "IKE"},
    {"number": 2002, "protocol": "esp", "direction": "out"},
]
LISTS = {"in": "1010 2001 1099", "out": "2002 1098 dynamic 1100"}


def office(**keys: Any) -> Site:
    data = copy.deepcopy(SMALLEST)
    data["office"] |= keys
    return Site.parse(data)


def wan(**keys: Any) -> Site:
    return office(wan={"address": "198.51.100.20", **keys})


def lines(site: Site) -> list[str]:
    return [line.strip() for line in render(site.agreement, site.office_end).splitlines()]


@pytest.mark.parametrize(
    "keys",
    [
        {"kind": "fixed", "interface": "lan3"},
        {"kind": "pppoe", "interface": "pp 100"},
        {"kind": "block", "interface": "pp 1", "prefix": "198.51.100.16/29"},
        {"kind": "block", "interface": "lan2", "prefix": "198.51.100.16/28"},
        {"kind": "behind-nat", "inner_address": "192.168.0.2", "forwards": True},
        {"kind": "fixed", "peer_gateway": "198.51.100.1"},
    ],
)
def test_what_can_carry_the_tunnel(keys: dict[str, Any]) -> None:
    site = wan(**keys)
    assert site.agreement.office_address == IPv4Address("198.51.100.20")
    # What the RTX presents is its own address, whatever the far end calls.
    assert site.agreement.office_identity == IPv4Address("192.168.1.1")
    assert "ipsec ike local address 1 192.168.1.1" in lines(site)


@pytest.mark.parametrize(
    ("keys", "path", "said"),
    [
        ({"kind": "map-e"}, "office.wan.kind", "MAP-E shares one global address"),
        ({"kind": "ds-lite"}, "office.wan.kind", "DS-Lite translates at the provider's end"),
        ({"kind": "isdn"}, "office.wan.kind", "'fixed'"),
        ({"kind": "pppoe"}, "office.wan.interface", "pp and its number"),
        ({"kind": "fixed", "interface": "pp 1"}, "office.wan.interface", "with pppoe or block"),
        ({"kind": "pppoe", "interface": "pp 101"}, "office.wan.interface", "pp 1 to 100"),
        ({"kind": "block"}, "office.wan.prefix", "203.0.113.8/29"),
        ({"kind": "fixed", "prefix": "198.51.100.16/29"}, "office.wan.prefix", "nothing with kind"),
        (
            {"kind": "block", "prefix": "198.51.100.32/29"},
            "office.wan.address",
            "an address in 198.51.100.32/29",
        ),
        ({"kind": "behind-nat", "forwards": True}, "office.wan.inner_address", "an address"),
        (
            {"kind": "behind-nat", "inner_address": "192.168.0.2"},
            "office.wan.forwards",
            "no NAT traversal",
        ),
        (
            {"kind": "behind-nat", "inner_address": "192.168.0.2", "forwards": False},
            "office.wan.forwards",
            "True",
        ),
        (
            {"kind": "behind-nat", "inner_address": "192.168.1.2", "forwards": True},
            "office.wan.inner_address",
            "a network of its own between it and the gateway in front",
        ),
        (
            {"kind": "behind-nat", "inner_address": "198.51.100.20", "forwards": True},
            "office.wan.inner_address",
            "the address outside",
        ),
        (
            {"kind": "behind-nat", "inner_address": "100.64.0.9", "forwards": True},
            "office.wan.inner_address",
            "a provider's NAT does not",
        ),
        ({"address": "192.168.0.2"}, "office.wan.address", "private"),
        ({"address": "198.18.0.2"}, "office.wan.address", "for tests inside a network"),
        ({"address": "100.64.0.2"}, "office.wan.address", "behind the provider's NAT"),
        ({"peer_gateway": "lan2"}, "office.wan.peer_gateway", "pp"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(
    keys: dict[str, Any], path: str, said: str
) -> None:
    with pytest.raises(SpecError) as refused:
        wan(**keys)
    found = [p for p in refused.value.problems if p.path == path]
    assert found
    assert said in f"{found[0].found} {found[0].allowed}"


def test_what_the_gateway_in_front_has_is_no_address_of_the_rtx() -> None:
    """The RTX speaks from an address of its own (command reference 15.18)."""
    line = {"kind": "behind-nat", "inner_address": "192.168.0.2", "forwards": True}
    line["address"] = "198.51.100.20"
    for own in ("192.168.0.2", "192.168.1.1", "192.168.7.1"):
        site = office(wan=line, local_address=own)
        assert f"ipsec ike local address 1 {own}" in lines(site)
    with pytest.raises(SpecError) as refused:
        office(wan=line, local_address="198.51.100.20")
    (problem,) = refused.value.problems
    assert problem.path == "office.local_address"
    assert problem.found.startswith("198.51.100.20, which the gateway in front has")
    assert problem.allowed.endswith("192.168.0.2 or 192.168.1.1")
    # On the RTX's own line it is an address like another.
    assert office(local_address="198.51.100.20").agreement.office_identity


def test_pp_numbers_depend_on_the_model() -> None:
    router = {"host": "192.168.1.1", "user": "ops", "model": "RTX830"}
    line = {"address": "198.51.100.20", "kind": "pppoe", "interface": "pp 31"}
    with pytest.raises(SpecError, match="pp 1 to 30"):
        office(router=router, wan=line)


def test_filters_and_lists_become_lines() -> None:
    found = lines(office(filters=FILTERS, secure_filter=LISTS))
    peer = "<VPC router address, known after creation>"
    assert found[-5:] == [
        "# IKE",
        f"ip filter 2001 pass {peer} 192.168.1.1 udp 500 500",
        f"ip filter 2002 pass 192.168.1.1 {peer} esp * *",
        "ip lan2 secure filter in 1010 2001 1099",
        "ip lan2 secure filter out 2002 1098 dynamic 1100",
    ]


@pytest.mark.parametrize(
    ("keys", "path", "said"),
    [
        ({"filters": FILTERS}, "office.filters.0.number", "a filter in no list"),
        (
            {"filters": FILTERS, "secure_filter": LISTS | {"out": "2001 1"}},
            "office.filters.1.number",
            "secure_filter.out",
        ),
        (
            {"filters": [FILTERS[0]] * 2, "secure_filter": {"in": "1 2001"}},
            "office.filters.0.number",
            "used once",
        ),
        ({"secure_filter": {"in": "1010 1099"}}, "office.secure_filter.in", "filters of ours"),
        (
            {"filters": FILTERS[:1], "secure_filter": {"in": "2001"}},
            "office.secure_filter.in",
            "the whole list",
        ),
        (
            {
                "filters": FILTERS[:1],
                "secure_filter": {"in": " ".join(map(str, range(2001, 2131)))},
            },
            "office.secure_filter.in",
            "129 at most",
        ),
        (
            {"filters": FILTERS[:1], "secure_filter": {"in": "2001 all"}},
            "office.secure_filter.in",
            "numbers of filters",
        ),
    ],
)
def test_filters_that_do_not_fit_are_refused(keys: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(SpecError) as refused:
        office(**keys)
    assert any(p.path == path and said in f"{p.found} {p.allowed}" for p in refused.value.problems)


def test_the_watchdog_is_off_unless_asked_for() -> None:
    assert not any(line.startswith("ip keepalive") for line in lines(office()))
    assert lines(office(watchdog=True, tunnel=7, keepalive=9))[-1] == (
        "ip keepalive 9 icmp-echo 15 4 192.168.2.1 local-address=192.168.1.1 ipsec-refresh-down=7"
    )
    assert office(watchdog=True, tunnel=7).office_end.watchdog == Watchdog(
        7, IPv4Address("192.168.2.1")
    )


# --- what a router asks for, as changes of the file -----------------------------------------------


def test_a_complete_site_needs_no_change() -> None:
    site = office(filters=FILTERS, secure_filter=LISTS, watchdog=True)
    assert edits(site, Needs(site.agreement, site.office_end, (), ours=False)) == []


def test_the_demo_is_complete_for_its_router() -> None:
    site = site_of(yaml.safe_load(DEMO.read_text())["config"])
    router = parse("# RTX1220 Rev.15.04.03 (x)\n" + DEMO_CONFIGURATION)
    found = needs(router, site.agreement, site.office_end)
    assert (edits(site, found), found.obstacles, found.ours) == ([], (), False)


def test_every_need_has_its_place_in_the_file() -> None:
    site = office(filters=FILTERS, secure_filter=LISTS, watchdog=True, policy=500)
    end = replace(
        site.office_end,
        model="RTX830",
        revision="15.02.31",
        tunnel=3,
        policy=103,
        gateway=5,
        watchdog=Watchdog(3, IPv4Address("192.168.2.1")),
        nat_static=(NatStatic(1, 4, "udp", 500, "why"), NatStatic(1, 5, "esp", None, "because")),
        filters=(Filter(2003, "in", "udp", "IKE"), site.office_end.filters[1]),
        lists=(("in", "1010 2003 1099"), site.office_end.lists[1]),
        peer_gateway="pp 1",
    )
    agreement = replace(site.agreement, office_identity=IPv4Address("198.51.100.20"))
    found = {edit.name: edit.value for edit in edits(site, Needs(agreement, end, (), ours=False))}
    assert found == {
        "office.router.model": "RTX830",
        "office.router.revision": "15.02.31",
        "office.local_address": "198.51.100.20",
        "office.tunnel": 3,
        "office.policy": 103,
        "office.gateway": 5,
        "office.wan.peer_gateway": "pp 1",
        "office.nat_static.0": {
            "descriptor": 1,
            "id": 4,
            "protocol": "udp",
            "port": 500,
            "reason": "why",
        },
        "office.nat_static.1": {
            "descriptor": 1,
            "id": 5,
            "protocol": "esp",
            "reason": "because",
        },
        "office.filters.0.number": 2003,
        "office.secure_filter.in": "1010 2003 1099",
    }
