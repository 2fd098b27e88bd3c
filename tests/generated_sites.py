"""Site files that are valid, of every kind that a user may write."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from hypothesis import strategies as st

from components.ipsec import MODELS, TABLES, choices

Site = dict[str, Any]

# Of both ends' ranges none is in the other.
_OFFICES = ("10.0.0.0/8", "192.168.0.0/17")
_CLOUDS = ("172.16.0.0/12", "192.168.128.0/17")
MOST_MTU = 1438
"""The largest tunnel MTU that ESP carries in 1500 bytes whatever the algorithms."""


@st.composite
def _prefix(draw: st.DrawFn, ranges: tuple[str, ...], shortest: int, longest: int) -> IPv4Network:
    inside = IPv4Network(draw(st.sampled_from(ranges)))
    length = draw(st.integers(max(shortest, inside.prefixlen), longest))
    size = 2 ** (32 - length)
    at = draw(st.integers(0, inside.num_addresses // size - 1))
    return IPv4Network((int(inside[0]) + at * size, length))


def _numbered(draw: st.DrawFn, start: str, most: int) -> str:
    return f"{start}{draw(st.integers(1, most))}"


@st.composite
def _wan(draw: st.DrawFn, model: str) -> Site:
    address = f"203.0.113.{draw(st.integers(1, 254))}"
    lan, pp = _numbered(draw, "lan", 9), _numbered(draw, "pp ", MODELS[model].pp)
    inner = {"inner_address": "198.18.0.9", "forwards": True}
    kinds: list[Site] = [
        {"kind": "fixed", "interface": lan},
        {"kind": "pppoe", "interface": pp},
        {"kind": "block", "interface": lan, "prefix": "203.0.113.0/24"},
        {"kind": "block", "interface": pp, "prefix": "203.0.113.0/24"},
        {"kind": "behind-nat", "interface": lan, **inner},
    ]
    wan = draw(st.sampled_from(kinds))
    ways: list[Site] = [{}, {"peer_gateway": pp}, {"peer_gateway": "198.51.100.1"}]
    return {"address": address, **wan, **draw(st.sampled_from(ways))}


@st.composite
def _gates(draw: st.DrawFn) -> Site:
    """Filters with the lists that they stand in, and NAT statics."""
    numbers = draw(st.lists(st.integers(100, 999), min_size=0, max_size=4, unique=True))
    filters = [
        {
            "number": number,
            "direction": draw(st.sampled_from(["in", "out"])),
            "protocol": draw(st.sampled_from(["udp", "esp"])),
        }
        for number in numbers
    ]
    lists: dict[str, str] = {}
    for way in ("in", "out"):
        ours = [f"{each['number']}" for each in filters if each["direction"] == way]
        if ours:
            lists[way] = " ".join(["10", *ours, "1099"]) + draw(st.sampled_from(["", " dynamic 5"]))
    kinds: list[Site] = [{"protocol": "esp"}, {"protocol": "udp", "port": 500}]
    drawn = draw(st.lists(st.sampled_from(kinds), max_size=2))
    statics = [{"descriptor": 1, "id": at, **kind} for at, kind in enumerate(drawn, start=1)]
    return {"filters": filters, "secure_filter": lists, "nat_static": statics}


@st.composite
def _office(draw: st.DrawFn, model: str) -> Site:
    lan = draw(_prefix(_OFFICES, 9, 30))
    wan = draw(_wan(model))
    most = MODELS[model].tunnels
    revision = draw(st.sampled_from([None, *_revisions(model)]))
    router = {"model": model, "host": "192.0.2.7", "user": "ops", "revision": revision}
    outside = wan.get("inner_address", wan["address"])  # what a gateway in front has is not ours
    identity = draw(st.sampled_from([None, lan[-2], outside]))
    office: Site = {
        "router": {key: value for key, value in router.items() if value},
        "lan": str(lan),
        "wan": wan,
        "local_address": identity and str(identity),
        "tunnel": draw(st.integers(1, most)),
        "policy": draw(st.none() | st.integers(1, 2147483647)),
        "gateway": draw(st.none() | st.integers(1, most)),
        "mtu": draw(st.integers(64, MOST_MTU)),
        "watchdog": draw(st.booleans()),
        "ends_by_time_only": draw(st.booleans()),
        **draw(_gates()),
    }
    return {key: value for key, value in office.items() if value is not None}


def _revisions(model: str) -> tuple[str, str]:
    """One before, one after the newest differences (command reference 15.48.1)."""
    return {
        "RTX1220": ("15.04.03", "15.04.07"),
        "RTX1210": ("14.01.41", "14.01.42"),
        "RTX830": ("15.02.26", "15.02.33"),
        "RTX1300": ("23.00.04", "23.00.17"),
    }[model]


@st.composite
def _ipsec(draw: st.DrawFn, version: int) -> Site:
    interval = draw(st.integers(1, 600))
    terms: Site = {
        "ike_lifetime": draw(st.integers(300, 691200)),
        "esp_lifetime": draw(st.integers(300, 691200)),
        "dpd": {"interval": interval, "timeout": interval * draw(st.integers(1, 50))},
    }
    if draw(st.booleans()):
        return terms | {"strongest": True}
    named = {name: draw(st.sampled_from(choices(table, version))) for name, table in TABLES.items()}
    return terms | named


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """The section `site` of a stack file."""
    version = draw(st.sampled_from([1, 2]))
    return {
        "cloud": {
            "zone": draw(st.sampled_from(["tk1a", "is1b"])),
            "lan": str(draw(_prefix(_CLOUDS, 16, 29))),
            "plan": draw(st.sampled_from(["standard", "premium", "highspec"])),
            "version": version,
        },
        "office": draw(_office(draw(st.sampled_from(sorted(MODELS))))),
        "ipsec": draw(_ipsec(version)),
    }
