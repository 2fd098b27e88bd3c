"""The cloud end in the site file."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from components.errors import SpecError
from components.site import Site

SMALLEST: dict[str, Any] = {
    "cloud": {"zone": "is1b", "lan": "192.168.2.0/24"},
    "office": {
        "router": {"host": "192.168.1.1", "user": "ops"},
        "lan": "192.168.1.0/24",
        "wan": {"address": "198.51.100.20"},
    },
}


def with_cloud(**keys: Any) -> dict[str, Any]:
    """The smallest site with these keys in `cloud`."""
    data = copy.deepcopy(SMALLEST)
    data["cloud"] |= keys
    return data


def problems(**keys: Any) -> str:
    """What is said about a site with these keys in `cloud`."""
    with pytest.raises(SpecError) as caught:
        Site.parse(with_cloud(**keys))
    return str(caught.value)


@pytest.mark.parametrize("router_id", ["113400000101", 113400000101])
def test_a_shared_router_is_named_by_its_id(router_id: object) -> None:
    cloud = Site.parse(with_cloud(attach={"router_id": router_id})).cloud
    assert cloud.attach is not None
    assert (cloud.attach.router_id, cloud.attach.vip) == ("113400000101", None)


@pytest.mark.parametrize(
    ("key", "value"), [("plan", "premium"), ("vrid", 10), ("router_switch", {}), ("version", 2)]
)
def test_what_belongs_to_the_routers_maker_is_refused_beside_attach(key: str, value: Any) -> None:
    said = problems(attach={"router_id": "1134"}, **{key: value})
    assert f"cloud.{key}: found a value beside cloud.attach" in said


def test_an_id_that_is_no_number_is_refused() -> None:
    assert "cloud.attach.router_id" in problems(attach={"router_id": "edge"})


def test_a_router_of_version_1_takes_the_published_values_of_2020_only() -> None:
    said = problems(version=1)
    for name, only in {"encryption": "aes128", "hash": "sha1", "dh_group": "modp1024"}.items():
        assert f"ipsec.{name}" in said
        assert f"allowed: {only}: a VPC router of version 1 does not have" in said
    old = with_cloud(version=1)
    old["ipsec"] = {"encryption": "aes128", "hash": "sha1", "dh_group": "modp1024"}
    assert Site.parse(old).cloud.version == 1


# --- addresses and sections

BLOCK = [f"203.0.113.{n}" for n in range(4, 15)]


def outside(**keys: Any) -> tuple[str, list[str], list[str]]:
    return Site.parse(with_cloud(**keys)).cloud.outside(BLOCK)


def test_the_first_addresses_of_the_block_unless_given() -> None:
    assert outside() == (BLOCK[0], BLOCK[1:3], [])
    assert outside(aliases=2) == (BLOCK[0], BLOCK[1:3], BLOCK[3:5])
    assert outside(address=BLOCK[1]) == (BLOCK[1], [BLOCK[0], BLOCK[2]], [])
    given = outside(address=BLOCK[9], real_addresses=[BLOCK[8], BLOCK[7]], aliases=[BLOCK[0]])
    assert given == (BLOCK[9], [BLOCK[8], BLOCK[7]], [BLOCK[0]])
    assert outside(aliases=[BLOCK[0]]) == (BLOCK[1], BLOCK[2:4], [BLOCK[0]])
    with pytest.raises(SpecError, match=r"198\.51\.100\.9"):
        outside(aliases=["198.51.100.9"])


EVERYTHING: dict[str, Any] = {
    "interfaces": [{"nic": 3, "prefix": "10.22.0.0/24"}],
    "aliases": 1,
    "static_routes": [{"prefix": "10.64.0.0/16", "next_hop": "192.168.2.9"}],
    "firewall": {
        "eth0": {
            "receive": [
                {
                    "action": "allow",
                    "protocol": "udp",
                    "source": "192.0.2.10",
                    "destination_port": 500,
                },
                {"action": "deny", "source": "192.0.2.0/24", "logging": True},
            ]
        },
        "eth3": {},
    },
    "static_nat": [{"alias": 1, "private_address": "192.168.2.22"}],
    "port_forwarding": [{"protocol": "tcp", "port": 443, "private_address": "192.168.2.50"}],
    "dhcp_server": [{"nic": 3, "first": "10.22.0.100", "last": "10.22.0.199"}],
    "dhcp_static_mappings": [{"mac": "00:00:5E:00:53:A1", "address": "10.22.0.31"}],
    "dns_forwarding": {"nic": 1, "servers": ["192.0.2.53"]},
    "syslog_host": "192.168.2.60",
    "scheduled_maintenance": {"day": "tuesday", "hour": 3},
}


def test_sections_in_the_words_of_the_cloud_end() -> None:
    cloud = Site.parse(with_cloud(**EVERYTHING)).cloud
    rule = {
        "protocol": "udp",
        "source": "192.0.2.10",
        "sourcePort": "",
        "destination": "",
        "destinationPort": "500",
        "action": "allow",
        "logging": False,
        "description": "",
    }
    found = cloud.inputs(["203.0.113.7"])
    assert found.pop("firewall")["eth0"]["receive"] == [
        rule,
        {
            **rule,
            "protocol": "ip",
            "source": "192.0.2.0/24",
            "destinationPort": "",
            "action": "deny",
            "logging": True,
        },
    ]
    assert found == {
        "staticRoutes": [{"prefix": "10.64.0.0/16", "nextHop": "192.168.2.9"}],
        "staticNat": [
            {
                "globalAddress": "203.0.113.7",
                "privateAddress": "192.168.2.22",
                "description": "",
            }
        ],
        "portForwarding": [
            {
                "protocol": "tcp",
                "globalPort": 443,
                "privateAddress": "192.168.2.50",
                "privatePort": 443,
                "description": "",
            }
        ],
        "dhcpServer": [{"nic": 3, "start": "10.22.0.100", "stop": "10.22.0.199", "dnsServers": []}],
        "dhcpStaticMappings": [{"mac": "00:00:5e:00:53:a1", "address": "10.22.0.31"}],
        "dnsForwarding": {"nic": 1, "dnsServers": ["192.0.2.53"]},
        "syslogHost": "192.168.2.60",
        "scheduledMaintenance": {"dayOfWeek": 2, "hour": 3},
    }


def test_what_is_not_named_is_not_there_and_what_is_empty_is() -> None:
    assert Site.parse(SMALLEST).cloud.inputs([]) == {}
    empty: dict[str, Any] = {
        "static_routes": [],
        "firewall": {},
        "dns_forwarding": {},
        "syslog_host": "",
        "scheduled_maintenance": {},
    }
    assert Site.parse(with_cloud(**empty)).cloud.inputs([]) == {
        "staticRoutes": [],
        "firewall": {},
        "dnsForwarding": {},
        "syslogHost": "",
        "scheduledMaintenance": {},
    }


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"interfaces": [{"nic": 1, "prefix": "10.22.0.0/24"}]}, "interfaces.0.nic", "each NIC once"),
    ({"interfaces": [{"nic": 8, "prefix": "10.22.0.0/24"}]}, "interfaces.0.nic", "7 or less"),
    ({"interfaces": [{"nic": 2, "prefix": "10.0.0.0/8"}]}, "interfaces.0.prefix", "/16 to /29"),
    ({"interfaces": [{"nic": 2, "prefix": "192.168.2.0/25"}]}, "interfaces.0.prefix", "overlaps"),
    ({"interfaces": [{"nic": 2, "prefix": "192.168.1.0/24"}]}, "interfaces.0.prefix", "the office"),
    (
        {"interfaces": [{"nic": 2, "prefix": "10.22.0.0/24", "address": "10.23.0.1"}]},
        "interfaces.0.address",
        "10.22.0.0/24",
    ),
    ({"aliases": 9}, "aliases", "at most 8"),
    ({"aliases": True}, "aliases", "0 to 19"),
    ({"aliases": "203.0.113.7"}, "aliases", "0 to 19"),
    ({"aliases": ["203.0.113.7", "203.0.113.7"]}, "cloud.address", "all different"),
    ({"firewall": {"eth8": {}}}, "firewall.eth8", "eth0 to eth7"),
    (
        {"firewall": {"eth0": {"send": [{"action": "deny", "source": "10.0.0.1/8"}]}}},
        "firewall.eth0.send.0.source",
        "no host bits",
    ),
    (
        {"firewall": {"eth0": {"send": [{"action": "deny", "source_port": "80"}]}}},
        "firewall.eth0.send.0",
        "tcp or udp only",
    ),
    (
        {
            "firewall": {
                "eth0": {"send": [{"action": "deny", "protocol": "tcp", "source_port": "90-80"}]}
            }
        },
        "firewall.eth0.send.0.source_port",
        "1 to 65535",
    ),
    (
        {"port_forwarding": [{"protocol": "tcp", "port": 0, "private_address": "192.168.2.9"}]},
        "port_forwarding.0.port",
        "1 or more",
    ),
    (
        {
            "port_forwarding": [
                {"protocol": "tcp", "port": 80, "private_address": "192.168.2.9"},
                {"protocol": "tcp", "port": 80, "private_address": "192.168.2.10"},
            ]
        },
        "port_forwarding.1",
        "each once",
    ),
    (
        {"static_nat": [{"alias": 1, "private_address": "192.168.2.9"}]},
        "static_nat.0.alias",
        "one of cloud.aliases",
    ),
    (
        {"static_nat": [{"alias": "first", "private_address": "192.168.2.9"}]},
        "static_nat.0.alias",
        "its number",
    ),
    (
        {"dhcp_server": [{"nic": 2, "first": "10.1.0.1", "last": "10.1.0.9"}]},
        "dhcp_server.0.nic",
        "a NIC of this site: 1",
    ),
    (
        {"dhcp_server": [{"nic": 1, "first": "192.168.2.99", "last": "192.168.3.9"}]},
        "dhcp_server.0.last",
        "192.168.2.0/24",
    ),
    (
        {"dhcp_server": [{"nic": 1, "first": "192.168.2.99", "last": "192.168.2.9"}]},
        "dhcp_server.0.last",
        "or above",
    ),
    (
        {"dhcp_static_mappings": [{"mac": "0000.5e00.53a1", "address": "192.168.2.9"}]},
        "dhcp_static_mappings.0.mac",
        "six bytes such as",
    ),
    (
        {"dhcp_static_mappings": [{"mac": "00:00:5e:00:53:a1", "address": "10.0.0.9"}]},
        "dhcp_static_mappings.0.address",
        "192.168.2.0/24",
    ),
    ({"dns_forwarding": {"nic": 1}}, "dns_forwarding", "both nic and servers"),
    ({"syslog_host": "loghost"}, "syslog_host", "IPv4 address"),
    ({"scheduled_maintenance": {"hour": 24}}, "scheduled_maintenance.hour", "23 or less"),
    ({"plan": "standard", "vrid": 10}, "cloud.vrid", "standard plan"),
    ({"plan": "standard", "aliases": 1}, "cloud.aliases", "standard plan"),
    ({"plan": "standard", "router_switch": {}}, "cloud.router_switch", "standard plan"),
]


@pytest.mark.parametrize(("keys", "path", "allowed"), WRONG)
def test_a_wrong_value_is_named_by_its_path(keys: dict[str, Any], path: str, allowed: str) -> None:
    said = [line for line in problems(**keys).splitlines() if path in line]
    assert any(allowed in line for line in said), problems(**keys)
