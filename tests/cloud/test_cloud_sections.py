"""The sections of the settings that a stack may own."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from bodies import Json, bodies, differences
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from components.cloud.sections import SECTIONS, drifted, same, sections_of, with_sections

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "api"
EVERYTHING: Json = json.loads((CORPUS / "02-many-settings-to-keep.json").read_text())
BODY: Json = EVERYTHING["Appliance"]["Settings"]

VALUES: dict[str, Any] = {
    "staticRoutes": [{"prefix": "10.64.0.0/16", "nextHop": "10.20.0.9"}],
    "firewall": {
        "eth0": {
            "receive": [
                {
                    "protocol": "udp",
                    "source": "192.0.2.10",
                    "sourcePort": "",
                    "destination": "",
                    "destinationPort": "500",
                    "action": "allow",
                    "logging": False,
                    "description": "ike",
                },
                {
                    "protocol": "ip",
                    "source": "192.0.2.0/24",
                    "sourcePort": "",
                    "destination": "",
                    "destinationPort": "",
                    "action": "allow",
                    "logging": False,
                    "description": "",
                },
                {
                    "protocol": "ip",
                    "source": "",
                    "sourcePort": "",
                    "destination": "",
                    "destinationPort": "",
                    "action": "deny",
                    "logging": True,
                    "description": "rest",
                },
            ],
            "send": [
                {
                    "protocol": "tcp",
                    "source": "10.20.0.0/24",
                    "sourcePort": "1024-65535",
                    "destination": "203.0.113.0/24",
                    "destinationPort": "443",
                    "action": "allow",
                    "logging": False,
                    "description": "",
                }
            ],
        },
        "eth3": {
            "receive": [],
            "send": [
                {
                    "protocol": "ip",
                    "source": "",
                    "sourcePort": "",
                    "destination": "",
                    "destinationPort": "",
                    "action": "deny",
                    "logging": False,
                    "description": "",
                }
            ],
        },
    },
    "staticNat": [
        {
            "globalAddress": "198.51.100.23",
            "privateAddress": "10.20.0.22",
            "description": "web",
        }
    ],
    "portForwarding": [
        {
            "protocol": "tcp",
            "globalPort": 10022,
            "privateAddress": "10.20.0.50",
            "privatePort": 22,
            "description": "bastion",
        }
    ],
    "dhcpServer": [
        {
            "nic": 1,
            "start": "10.20.0.100",
            "stop": "10.20.0.199",
            "dnsServers": ["192.0.2.53"],
        }
    ],
    "dhcpStaticMappings": [{"mac": "00:00:5e:00:53:a1", "address": "10.20.0.31"}],
    "dnsForwarding": {"nic": 1, "dnsServers": ["192.0.2.53", "192.0.2.54"]},
    "syslogHost": "10.20.0.60",
    "scheduledMaintenance": {"dayOfWeek": 2, "hour": 3},
}
EMPTY: dict[str, Any] = {
    name: {} if isinstance(value, dict) else [] if isinstance(value, list) else ""
    for name, value in VALUES.items()
}
names = pytest.mark.parametrize("name", sorted(SECTIONS))


def test_the_recorded_body_reads_as_this() -> None:
    assert sections_of(BODY["Router"]) == VALUES


@names
def test_what_is_written_to_an_empty_router_is_the_recorded_shape(name: str) -> None:
    place = SECTIONS[name].place
    written = with_sections({"Router": {"VRID": 1}}, {name: VALUES[name]})["Router"][place]
    assert without_nulls(written) == without_nulls(BODY["Router"][place])
    assert "null" not in json.dumps(written)


def without_nulls(tree: Any) -> Any:
    """Empty values are null or "" on read, and left out on write."""
    if isinstance(tree, dict):
        return {k: without_nulls(v) for k, v in tree.items() if v not in (None, "")}
    return [without_nulls(v) for v in tree] if isinstance(tree, list) else tree


@names
def test_an_emptied_section_is_emptied_and_nothing_else(name: str) -> None:
    after = with_sections(BODY, {name: EMPTY[name]})
    assert SECTIONS[name].read(after["Router"]) == EMPTY[name]
    place = SECTIONS[name].place
    flag = after["Router"].get(place, {})
    if isinstance(BODY["Router"][place], dict) and name not in ("firewall", "scheduledMaintenance"):
        assert flag["Enabled"] == "False"  # left out, it would stay on (pitfall 14)
    for router in (before := copy.deepcopy(BODY)["Router"], after["Router"]):
        router.pop(place, None)
    assert before == after["Router"]


@names
def test_emptying_what_was_never_there_adds_nothing(name: str) -> None:
    assert with_sections({"Router": {"VRID": 1}}, {name: EMPTY[name]}) == {"Router": {"VRID": 1}}


@examples(max_examples=60)
@given(bodies(), st.sampled_from(sorted(SECTIONS)), st.booleans())
def test_any_body_changes_in_that_section_alone(body: Json, name: str, empty: bool) -> None:
    before, wanted = copy.deepcopy(body), EMPTY[name] if empty else VALUES[name]
    after = with_sections(body, {name: wanted})
    assert body == before
    assert same(name, SECTIONS[name].read(after["Router"]), wanted)
    place = f"/Router/{SECTIONS[name].place}"
    assert all(p == place or p.startswith(f"{place}/") for p in differences(before, after))


@examples(max_examples=60)
@given(bodies())
def test_writing_back_what_was_read_changes_no_entry(body: Json) -> None:
    stand = sections_of(body["Router"])
    again = with_sections(body, stand)
    assert sections_of(again["Router"]) == stand
    for path in differences(body, again):  # unknown fields of entries that stay, stay
        parts = path.split("/")
        assert parts[-1] in ("Enabled", *(s.place for s in SECTIONS.values())) or (
            parts[2:4] == ["Firewall", "Config"]
        )


def test_an_entry_that_stays_keeps_what_nobody_here_knows() -> None:
    body = copy.deepcopy(BODY)
    body["Router"]["StaticRoutes"]["Config"][0]["Metric"] = 10
    body["Router"]["StaticRoutes"]["Audit"] = "on"
    more = [*VALUES["staticRoutes"], {"prefix": "10.65.0.0/16", "nextHop": "10.20.0.9"}]
    routes = with_sections(body, {"staticRoutes": more})["Router"]["StaticRoutes"]
    assert routes["Audit"] == "on"
    assert [entry.get("Metric") for entry in routes["Config"]] == [10, None]


def test_entries_that_look_alike_each_keep_their_own() -> None:
    body = copy.deepcopy(BODY)
    route = {"Prefix": "10.64.0.0/16", "NextHop": "10.20.0.9"}
    config = [route, {**route, "Metric": 10}]
    body["Router"]["StaticRoutes"]["Config"] = config
    twice = sections_of(body["Router"])["staticRoutes"]
    assert with_sections(body, {"staticRoutes": twice}) == body


def test_firewall_rules_stand_at_their_interfaces_place_pitfall_18() -> None:
    rule = {"protocol": "icmp", "action": "deny"}
    sides = with_sections({"Router": {"VRID": 1}}, {"firewall": {"eth2": {"receive": [rule]}}})
    config = sides["Router"]["Firewall"]["Config"]
    assert len(config) == 8
    assert [len(side["Receive"]) for side in config] == [0, 0, 1, 0, 0, 0, 0, 0]
    expected = {"Protocol": "icmp", "Action": "deny", "Logging": "False"}
    assert config[2]["Receive"] == [expected]
    # An old answer may hold fewer.
    short = {"Router": {"Firewall": {"Enabled": "True", "Config": config[:3]}}}
    assert len(with_sections(short, {"firewall": {}})["Router"]["Firewall"]["Config"]) == 8


def test_order_and_defaults_are_no_drift_pitfall_19() -> None:
    shuffled = copy.deepcopy(VALUES)
    random.Random(1).shuffle(shuffled["firewall"]["eth0"]["receive"])
    lean = copy.deepcopy(VALUES)
    for rules in lean["firewall"].values():
        for rule in (*rules["receive"], *rules["send"]):
            for key in [key for key, value in rule.items() if value in ("", False)]:
                del rule[key]
    lean["portForwarding"][0]["description"] = "bastion"
    assert drifted(lean, shuffled) == lean
    shuffled["firewall"]["eth0"]["receive"].pop()
    assert drifted(lean, shuffled) == {**lean, "firewall": shuffled["firewall"]}


def test_the_order_of_name_servers_is_a_difference() -> None:
    a = {"nic": 1, "dnsServers": ["192.0.2.53", "192.0.2.54"]}
    assert not same("dnsForwarding", a, {**a, "dnsServers": ["192.0.2.54", "192.0.2.53"]})


# --- any value of any section

_hosts = st.integers(1, 250).map(lambda n: f"10.20.0.{n}")
_words = st.text("abcdefgh日本", max_size=5)
_ports = st.integers(1, 65535)
_maybe_port = st.just("") | _ports.map(str)
_rules = st.lists(
    st.fixed_dictionaries(
        {
            "protocol": st.sampled_from(["tcp", "udp", "icmp", "ip"]),
            "source": st.just("") | _hosts,
            "sourcePort": _maybe_port,
            "destination": st.just("") | st.just("10.64.0.0/16"),
            "destinationPort": _maybe_port,
            "action": st.sampled_from(["allow", "deny"]),
            "logging": st.booleans(),
            "description": _words,
        }
    ),
    max_size=3,
)
_nics = st.integers(1, 7)


def _lists(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.fixed_dictionaries(fields), max_size=3)


ANY: dict[str, st.SearchStrategy[Any]] = {
    "staticRoutes": _lists(prefix=st.just("10.64.0.0/16"), nextHop=_hosts),
    "firewall": st.dictionaries(
        st.integers(0, 7).map(lambda n: f"eth{n}"),
        st.fixed_dictionaries({"receive": _rules, "send": _rules}),
        max_size=3,
    ),
    "staticNat": _lists(globalAddress=_hosts, privateAddress=_hosts, description=_words),
    "portForwarding": _lists(
        protocol=st.sampled_from(["tcp", "udp"]),
        globalPort=_ports,
        privateAddress=_hosts,
        privatePort=_ports,
        description=_words,
    ),
    "dhcpServer": _lists(
        nic=_nics, start=_hosts, stop=_hosts, dnsServers=st.lists(_hosts, max_size=2)
    ),
    "dhcpStaticMappings": _lists(mac=st.just("00:00:5e:00:53:a1"), address=_hosts),
    "dnsForwarding": st.just({})
    | st.fixed_dictionaries({"nic": _nics, "dnsServers": st.lists(_hosts, min_size=1, max_size=2)}),
    "syslogHost": st.just("") | _hosts,
    "scheduledMaintenance": st.just({})
    | st.fixed_dictionaries({"dayOfWeek": st.integers(0, 6), "hour": st.integers(0, 23)}),
}


@examples(max_examples=80)
@given(bodies(), st.fixed_dictionaries({}, optional=ANY))
def test_any_value_is_read_back_as_it_was_written(body: Json, wanted: dict[str, Any]) -> None:
    after = with_sections(body, wanted)
    there = sections_of(after["Router"])
    assert drifted(wanted, there) == wanted
    untouched = {name: value for name, value in there.items() if name not in wanted}
    before = sections_of(body["Router"])
    assert untouched == {name: before[name] for name in untouched}
    assert with_sections(after, wanted) == after  # writing twice is writing once
