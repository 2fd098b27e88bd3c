"""What YAML makes of a slip, and what a pasted secret must not do: the site file's traps."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.errors import SpecError
from components.site import Site

SITE: dict[str, Any] = {
    "cloud": {"zone": "is1b", "lan": "192.168.2.0/24"},
    "office": {
        "router": {"host": "192.168.1.1", "user": "ops"},
        "lan": "192.168.1.0/24",
        "wan": {"address": "198.51.100.20"},
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The site with one value set."""
    site = copy.deepcopy(SITE)
    *steps, last = path.split(".")
    part = site
    for step in steps:
        part = part.setdefault(step, {})
    part[last] = value
    return site


def refusal(data: Any) -> str:
    with pytest.raises(SpecError) as caught:
        Site.parse(data)
    return str(caught.value)


SLIPS = [
    # YAML reads `yes`, a number or a missing length as something, and never as what was meant.
    ("office.tunnel", True, "office.tunnel: found true", "a whole number"),
    ("psk_version", True, "psk_version: found true", "a whole number"),
    ("ipsec.dpd", {"interval": True}, "ipsec.dpd.interval: found true", "a whole number"),
    ("office.lan", "192.168.1.0", "office.lan: found '192.168.1.0'", "with its length"),
    ("office.lan", 24, "office.lan: found 24", "an IPv4 prefix"),
    (
        "cloud.static_routes",
        [{"prefix": "10.0.0.0", "next_hop": "192.168.2.9"}],
        "prefix",
        "length",
    ),
    ("office.wan.address", 3325256724, "office.wan.address: found 3325256724", "an IPv4 address"),
    ("office.lan_address", True, "office.lan_address: found true", "an IPv4 address"),
    ("cloud.real_addresses", [1, 2], "cloud.real_addresses: found [1, 2]", "an IPv4 address"),
    ("cloud.aliases", True, "cloud.aliases: found true", "a number 0 to 19"),
    (
        "cloud.static_nat",
        [{"alias": True, "private_address": "192.168.2.9"}],
        "cloud.static_nat.0.alias: found true",
        "number 1 to 19",
    ),
    ("cloud", None, "cloud: found nothing", "keys and their values: address, aliases"),
    ("ipsec.dpd", "on", "ipsec.dpd: found 'on'", "keys and their values: interval, timeout"),
    ("office.wan", "fixed", "office.wan: found 'fixed'", "keys and their values: address, "),
    # What is no host, or somebody else's.
    ("verify.target", "192.168.2.0", "verify.target: found 192.168.2.0", "a host in cloud.lan"),
    ("verify.target", "192.168.2.255", "verify.target: found 192.168.2.255", "a host in cloud.lan"),
    ("office.local_address", "224.0.0.1", "office.local_address: found 224.0.0.1", "a host"),
    ("office.local_address", "127.0.0.1", "office.local_address: found 127.0.0.1", "a host"),
    ("office.lan", "127.0.0.0/8", "office.lan: found 127.0.0.0/8", "hosts"),
    ("cloud.lan", "224.0.0.0/24", "cloud.lan: found 224.0.0.0/24", "hosts"),
    ("cloud.attach", {"router_id": "1", "vip": "10.0.0.1"}, "cloud.attach.vip", "private"),
    ("cloud.address", "198.51.100.20", "cloud.address", "office.wan.address"),
    ("office.wan.peer_gateway", "999.1.1.1", "peer_gateway: found '999.1.1.1'", "next hop"),
    ("office.router.host", "", "office.router.host: found ''", "an address or a name"),
    ("office.router.host", "a b", "office.router.host: found 'a b'", "an address or a name"),
    ("cloud.names", {"router": "a\nb"}, "cloud.names.router", "one line"),
    # What the API would refuse, or carry out, once the router is made and paid for.
    (
        "cloud.static_routes",
        [{"prefix": "192.168.1.0/25", "next_hop": "192.168.2.9"}],
        "cloud.static_routes.0.prefix",
        "office.lan",
    ),
    (
        "cloud.static_routes",
        [{"prefix": "10.0.0.0/8", "next_hop": "192.168.2.1"}],
        "cloud.static_routes.0.next_hop",
        "another host",
    ),
    (
        "cloud.dhcp_server",
        [{"nic": 1, "first": "192.168.2.3", "last": "192.168.2.100"}],
        "cloud.dhcp_server.0.first: found 192.168.2.3 to 192.168.2.100, with 192.168.2.3 in it",
        "without the router's own",
    ),
    (
        "cloud.dhcp_static_mappings",
        [{"mac": "00:00:5e:00:53:01", "address": "192.168.2.1"}],
        "cloud.dhcp_static_mappings.0.address: found 192.168.2.1",
        "another",
    ),
    (
        "cloud.interfaces",
        [
            {"nic": 2, "prefix": "10.0.0.0/24", "switch_id": "5"},
            {"nic": 3, "prefix": "10.0.1.0/24", "switch_id": "5"},
        ],
        "cloud.interfaces.1.switch_id: found 5 a second time",
        "each switch once",
    ),
]


@pytest.mark.parametrize(("path", "value", "place", "allowed"), SLIPS)
def test_a_slip_is_refused_with_its_place(path: str, value: Any, place: str, allowed: str) -> None:
    said = refusal(changed(path, value))
    line = next((each for each in said.splitlines() if place in each), "")
    assert allowed in line, said


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("office.tunnel", "2"),
        ("office.in_band", "yes"),
        ("cloud.names", {"router": "東京本社 ルータ"}),
        ("cloud.attach", {"router_id": 113400000101}),
        ("cloud.static_routes", [{"prefix": "0.0.0.0/0", "next_hop": "10.9.9.9"}]),
        ("cloud.static_routes", [{"prefix": "192.168.0.0/16", "next_hop": "192.168.2.9"}]),
        ("cloud.dhcp_server", [{"nic": 1, "first": "192.168.2.4", "last": "192.168.2.100"}]),
        ("office.lan", "192.168.1.0/255.255.255.0"),
        ("office.local_address", "10.99.0.1"),
        ("office.wan.peer_gateway", "198.51.100.1"),
        ("office.router.host", "fe80::1"),
    ],
)
def test_what_is_meant_well_is_taken(path: str, value: Any) -> None:
    Site.parse(changed(path, value))


# --- secrets

CANARY = "Canary_0123456789"


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("psk", CANARY, "config set --secret psk"),
        ("ipsec.psk", CANARY, "config set --secret psk"),
        ("ipsec.pre_shared_key", CANARY, "config set --secret psk"),
        ("office.router.password", CANARY, "config set --secret rtxPassword"),
        ("office.router.rtxPassword", CANARY, "config set --secret rtxPassword"),
        ("cloud.api_token", CANARY, "config set --secret apiToken"),
        ("cloud.login", {"user": "ops", "secret": CANARY}, "no such key here"),
        ("office.router.key", f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n", "rtxKey"),
        ("office.router.host_key", f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n", "public key"),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown(path: str, value: Any, place: str) -> None:
    said = refusal(changed(path, value))
    assert CANARY not in said
    assert path in said
    assert place in said


# --- the file


def test_a_file_of_another_editor_is_read(tmp_path: Path) -> None:
    """A byte order mark, lines ended as on Windows, and anchors."""
    text = yaml.safe_dump(SITE) + "ipsec: {ike_lifetime: &life 3600, esp_lifetime: *life}\n"
    file = tmp_path / "site.yaml"
    file.write_bytes(("\ufeff" + text.replace("\n", "\r\n")).encode())
    assert Site.load(file).ipsec.esp_lifetime == 3600
