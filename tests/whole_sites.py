"""Whole sites with the office that they are written for: what a user may order and get.

`generated_sites` draws what may be written; here the parts fit each other and a router, so that all
of it can be made: with what stands in front of the tunnel, and with all that a VPC router may have.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from typing import Any, Final

from generated_sites import sites
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.site import Site

Props = dict[str, Any]

WAN: Final = IPv4Network("198.51.100.0/24")
NOT_MADE: Final = "0"
_GATEWAY: Final = "198.51.100.1"
_INNER: Final[Props] = {"inner_address": "198.18.0.9", "forwards": True}
_GATES: Final[tuple[Props, ...]] = ({"protocol": "udp", "port": 500}, {"protocol": "esp"})
_BLOCK: Final[Props] = {"prefix": str(WAN)}


@st.composite
def _wan(draw: st.DrawFn) -> Props:
    pp = f"pp {draw(st.integers(1, 9))}"
    kinds: list[Props] = [
        {"kind": "fixed", "interface": "lan2"},
        {"kind": "pppoe", "interface": pp, "peer_gateway": pp},
        {"kind": "block", "interface": "lan2", **_BLOCK, "peer_gateway": _GATEWAY},
        {"kind": "block", "interface": pp, **_BLOCK},
        {"kind": "behind-nat", "interface": "lan2", **_INNER},
    ]
    return {"address": str(WAN[draw(st.integers(2, 254))]), **draw(st.sampled_from(kinds))}


@st.composite
def _gates(draw: st.DrawFn) -> Props:
    """All that lets key exchange and packets through NAT and filters, or no NAT and no filter."""
    found: Props = {}
    if draw(st.booleans()):
        ids = sorted(draw(st.sets(st.integers(1, 9), min_size=2, max_size=2)))
        found["nat_static"] = [{"descriptor": 1, "id": ids[n], **g} for n, g in enumerate(_GATES)]
    if draw(st.booleans()):
        first = draw(st.integers(100, 900))
        doors = [(way, gate["protocol"]) for way in ("in", "out") for gate in _GATES]
        found["filters"] = [
            {"number": first + n, "direction": way, "protocol": protocol}
            for n, (way, protocol) in enumerate(doors)
        ]
        found["secure_filter"] = {
            "in": f"10 {first} {first + 1} 99",
            "out": f"10 {first + 2} {first + 3} 99",
        }
    return found


def _hosts(prefix: IPv4Network) -> Iterator[str]:
    """Addresses that the VPC router does not take."""
    return map(str, islice(prefix.hosts(), 3, None))


@st.composite
def _sections(draw: st.DrawFn, lan: IPv4Network, plan: str) -> Props:
    """Sections of the VPC router, each named or not."""
    first, second = islice(_hosts(lan), 2)
    rule = {"action": "deny", "protocol": "tcp", "source": "192.0.2.0/24", "destination_port": "22"}
    every: Props = {
        "static_routes": [{"prefix": "10.255.0.0/16", "next_hop": first}],
        "firewall": {"eth1": {"receive": [rule, {"action": "allow"}], "send": []}},
        "port_forwarding": [{"protocol": "tcp", "port": 8443, "private_address": second}],
        "dhcp_server": [{"nic": 1, "first": first, "last": second}],
        "dhcp_static_mappings": [{"mac": "00:00:5E:00:53:01", "address": first}],
        "dns_forwarding": {"nic": 1, "servers": ["192.0.2.53"]},
        "syslog_host": first,
        "scheduled_maintenance": {"day": "friday", "hour": draw(st.integers(0, 23))},
    }
    if plan != "standard":
        every["vrid"] = draw(st.integers(1, 255))
        every["router_switch"] = {"prefix_length": draw(st.integers(26, 28))}
        every["static_nat"] = [{"alias": 1, "private_address": second}]
    named = draw(st.sets(st.sampled_from(sorted(every))))
    found = {name: every[name] for name in sorted(named)}
    if "static_nat" in found or (plan != "standard" and draw(st.booleans())):
        found["aliases"] = draw(st.integers(1, 3))
    if draw(st.booleans()):
        found["interfaces"] = [{"nic": draw(st.integers(2, 7)), "prefix": "100.64.8.0/24"}]
    return found


@st.composite
def whole_sites(draw: st.DrawFn) -> Props:
    """The section `site` of a stack file.

    What is `attached` names the router `NOT_MADE`: whoever makes one puts its id there.
    """
    site = copy.deepcopy(draw(sites()))
    office, cloud = site["office"], site["cloud"]
    for name in ("filters", "secure_filter", "nat_static"):
        office.pop(name, None)
    office |= draw(_gates())
    wan = draw(_wan())
    given = [None, wan.get("inner_address", wan["address"])]
    office |= {"wan": wan, "local_address": draw(st.sampled_from(given))}
    office["lan"] = str(IPv4Network(office["lan"]).supernet(new_prefix=min(29, _length(office))))
    cloud["lan"] = str(IPv4Network(cloud["lan"]).supernet(new_prefix=min(28, _length(cloud))))
    site["office"] = {key: value for key, value in office.items() if value is not None}
    match draw(st.sampled_from(["plain", "sections", "attached"])):
        case "sections":
            site["cloud"] = cloud | draw(_sections(IPv4Network(cloud["lan"]), cloud["plan"]))
        case "attached":
            here = {name: cloud[name] for name in ("zone", "lan")}
            site["cloud"] = here | {"attach": {"router_id": NOT_MADE}}
            site["ipsec"]["dh_group"] = "modp2048"
            site["ipsec"].pop("strongest", None)
    return site


def _length(of: Props) -> int:
    return IPv4Network(of["lan"]).prefixlen


def drawn(count: int) -> list[Props]:
    """`count` different sites, the same ones every time."""
    found: list[Props] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(whole_sites())
    def collect(site: Props) -> None:
        found.append(site)

    collect()
    return found


def office_before(site: Site) -> str:
    """`show config` of a router that such a site is written for: its lines to the world, its LAN
    and, where the site has something in front of the tunnel, the NAT and the filters."""
    office, wan = site.office, site.office.wan
    outside = str(wan.inner_address or wan.address)
    on_pp = wan.interface.startswith("pp")
    doors = []
    if office.nat_static:
        doors.append("nat descriptor 1")
    doors += [f"secure filter {way} 10 99" for way in ("in", "out") if office.filters]
    name = "pp" if on_pp else wan.interface
    address = f"{outside}/32" if on_pp else f"{outside}/24"
    lines = [f"ip {name} address {address}", *(f"ip {name} {door}" for door in doors)]
    if on_pp:
        number = wan.interface.split()[1]
        session = ["pppoe use lan2", "pp auth accept pap chap", "pp auth myname user of-the-isp"]
        lines = [f"pp select {number}", *session, *lines, f"pp enable {number}", "pp select none"]
    gateway = wan.interface if on_pp else str(_beside(IPv4Address(outside)))
    lines = [
        f"ip route default gateway {gateway}",
        f"ip lan1 address {office.router_address}/{office.lan.prefixlen}",
        *lines,
    ]
    if office.nat_static:
        inside = f"{office.lan[1]}-{office.lan[-2]}"
        lines += [
            "nat descriptor type 1 masquerade",
            f"nat descriptor address outer 1 {outside}",
            f"nat descriptor address inner 1 {outside} {inside}",
        ]
    if office.filters:
        lines += ["ip filter 10 reject 192.0.2.0/24 * * * *", "ip filter 99 reject * * * * *"]
    return "\n".join([*lines, "sshd service on", "sshd host key generate *", ""])


def _beside(address: IPv4Address) -> IPv4Address:
    """A gateway on the segment of `address`."""
    return IPv4Network(f"{address}/24", strict=False)[1]
