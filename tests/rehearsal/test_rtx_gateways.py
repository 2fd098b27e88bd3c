"""What the link is told about the gateways: values, defaults, NAT, filters, routes."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from rtx_bench import SEED_LINES, administrator, make_router

from components.rehearsal.rtx import OfficeGateway
from components.rehearsal.rtx.configuration import Configuration
from components.rehearsal.rtx.firmware import Firmware
from components.rehearsal.rtx.gateways import gateways

FIRMWARE = Firmware("RTX1220", "15.04.03")


def seed_with(folder: Path, *lines: str) -> OfficeGateway:
    """Gateway 2 after the seed's lines and these were typed."""
    router = make_router(folder)
    terminal = administrator(router)
    assert set(terminal.lines(*SEED_LINES, *lines)) == {""}
    (found,) = [each for each in router.gateways() if each.gateway == 2]
    return found


def test_the_seed(tmp_path: Path) -> None:
    assert seed_with(tmp_path) == OfficeGateway(
        gateway=2,
        policy=102,
        tunnel=2,
        enabled=True,
        local_address=IPv4Address("192.168.1.1"),
        remote_address=IPv4Address("192.0.2.1"),
        local_id=IPv4Network("192.168.1.0/24"),
        remote_id=IPv4Network("192.168.2.0/24"),
        key="example_key",
        ike_encryption="aes-cbc",
        ike_hash="sha",
        ike_group="modp1024",
        esp_encryption="aes-cbc",
        esp_hash="sha-hmac",
        pfs=True,
        ike_lifetime=28800,
        esp_lifetime=1800,
        initiates=False,
        exchange_release=2,
        dpd=(15, 2),
        nat_static_ok=True,
        filters_pass=True,
        wan_address=IPv4Address("198.51.100.20"),
        routed=(IPv4Network("192.168.2.0/24"),),
        mtu=1280,
        strict=False,
        mss="auto",
    )


def test_the_key_is_not_in_the_repr(tmp_path: Path) -> None:
    assert "example_key" not in repr(seed_with(tmp_path))


def test_missing_lines_mean_the_documented_defaults() -> None:
    text = "ipsec sa policy 5 9 esp\nipsec ike remote address 9 192.0.2.9\n"
    (found,) = gateways(Configuration.parse(text, FIRMWARE))
    assert (found.policy, found.tunnel, found.enabled, found.key) == (5, None, False, None)
    assert (found.ike_encryption, found.ike_hash, found.ike_group) == (
        "3des-cbc",
        "sha",
        "modp1024",
    )
    assert (found.esp_encryption, found.esp_hash, found.pfs) == ("aes-cbc", "", False)
    assert (found.ike_lifetime, found.esp_lifetime, found.exchange_release) == (28800, 28800, 1)
    assert (found.initiates, found.dpd, found.local_id, found.mtu) == (False, None, None, 1280)
    assert (found.nat_static_ok, found.filters_pass, found.routed) == (True, True, ())


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("ipsec auto refresh 2 on", "initiates", True),
        ("no ipsec auto refresh 2", "initiates", True),
        ("tunnel disable 2", "enabled", False),
        ("ipsec use off", "enabled", False),
        ("no nat descriptor masquerade static 1 4", "nat_static_ok", False),
        ("no nat descriptor masquerade static 1 2", "nat_static_ok", False),
        ("nat descriptor masquerade static 1 4 192.168.1.9 esp", "nat_static_ok", False),
        ("no ip lan2 nat descriptor", "nat_static_ok", True),
        ("nat descriptor type 1 none", "nat_static_ok", True),
        ("no ip filter 1033", "filters_pass", False),
        ("ip filter 1030 pass * 192.168.1.1 udp * 501", "filters_pass", False),
        ("ip filter 1030 reject * 192.168.1.1 udp * 500", "filters_pass", False),
        ("ip filter 1030 pass 192.0.2.1 192.168.1.1 udp 500 500", "filters_pass", True),
        ("ip filter 1030 pass 192.0.2.2 192.168.1.1 udp 500 500", "filters_pass", False),
        ("ip filter 1030 pass-log 192.0.2.0-192.0.2.9 * 17 * 400-600", "filters_pass", True),
        ("ip lan2 secure filter in 1030 1033", "filters_pass", True),
        ("ip lan2 secure filter in 1030 dynamic 1033", "filters_pass", False),
        ("ip lan2 secure filter in 1010 1099 1030 1033", "filters_pass", False),
        ("no ip lan2 secure filter in", "filters_pass", True),
        ("ipsec ike keepalive use 2 on", "dpd", None),
        ("ipsec ike keepalive use 2 on heartbeat 15 2", "dpd", None),
        ("ipsec ike keepalive use 2 off dpd 15 2", "dpd", None),
        ("ipsec ike keepalive use 2 on", "heartbeat", (10, 6)),
        ("ipsec ike keepalive use 2 on down=disconnect", "heartbeat", (10, 6)),
        ("ipsec ike keepalive use 2 on heartbeat 15 2", "heartbeat", (15, 2)),
        ("ipsec ike keepalive use 2 on rfc4306 20 3", "heartbeat", (20, 3)),
        ("ipsec ike keepalive use 2 on dpd 15 2", "heartbeat", None),
        ("ipsec ike keepalive use 2 auto heartbeat", "heartbeat", None),
        ("ipsec ike keepalive use 2 auto", "heartbeat", None),
        ("ipsec ike keepalive use 2 off", "heartbeat", None),
        ("no ipsec ike keepalive use 2", "heartbeat", None),
        ("ipsec ike keepalive use 2 on icmp-echo 192.168.2.1 10 6", "heartbeat", None),
        ("ipsec ike version 2 1", "ike_version", 1),
        ("ipsec ike version 2 2", "ike_version", 2),
        ("ipsec ike local name 2 office", "named", True),
        ("ipsec ike remote name 2 cloud fqdn", "named", True),
        ("ipsec ike group 2 modp2048", "pfs_group", ""),
        ("ipsec ike group 2 modp2048 modp1024", "pfs_group", "modp1024"),
        ("ipsec ike esp-encapsulation 2 on", "wrapped", True),
        ("ipsec ike esp-encapsulation 2 off", "wrapped", False),
        ("ipsec sa policy 102 2 ah sha-hmac", "esp_encryption", ""),
        ("ipsec ike keepalive use 2 auto dpd 20 3", "dpd", (20, 3)),
        ("ipsec ike keepalive use 2 on dpd", "dpd", (10, 6)),
        ("ipsec ike backward-compatibility 2 1", "exchange_release", 1),
        ("ipsec ike negotiate-strictly 2 on", "strict", True),
        ("ipsec ike duration child-sa 2 600", "esp_lifetime", 600),
        ("ipsec ike duration isakmp-sa 2 600 rekey 80%", "ike_lifetime", 600),
        ("ipsec ike pfs 2 off", "pfs", False),
        ("ipsec ike group 2 modp2048", "ike_group", "modp2048"),
        ("ipsec sa policy 102 2 esp aes256-cbc sha256-hmac", "esp_hash", "sha256-hmac"),
        ("ipsec sa policy 102 2 esp aes256-cbc", "esp_encryption", "aes256-cbc"),
        ("ipsec sa policy 102 2 esp aes-cbc sha-hmac local-id=10.1.0.0/16", "local_id",
         IPv4Network("10.1.0.0/16")),
        ("ipsec ike local id 2 192.168.1.0", "local_id", IPv4Network("192.168.1.0/32")),
        ("ipsec ike remote address 2 any", "remote_address", None),
        ("no ipsec ike local address 2", "local_address", IPv4Address("198.51.100.20")),
        ("ip lan2 address 203.0.113.5/24", "wan_address", None),
        ("ip route 192.0.2.1 gateway 192.168.1.254", "wan_address", IPv4Address("192.168.1.1")),
        ("ip route default gateway tunnel 2", "routed",
         (IPv4Network("0.0.0.0/0"), IPv4Network("192.168.2.0/24"))),
        ("ip route 10.0.0.0/8 gateway pp 1 metric 2 gateway tunnel 2", "routed",
         (IPv4Network("10.0.0.0/8"), IPv4Network("192.168.2.0/24"))),
    ],
)  # fmt: skip
def test_each_line_shows_where_it_matters(
    tmp_path: Path, line: str, field: str, value: object
) -> None:
    found = getattr(seed_with(tmp_path, "tunnel select none", line), field)
    assert (sorted(found) if isinstance(found, tuple) and field == "routed" else found) == (
        sorted(value) if isinstance(value, tuple) and field == "routed" else value
    )


def test_the_tunnel_mtu_is_read_from_its_own_block(tmp_path: Path) -> None:
    assert seed_with(tmp_path, "tunnel select 2", "ip tunnel mtu 1400").mtu == 1400


def test_removing_the_binding_leaves_a_gateway_without_a_tunnel(tmp_path: Path) -> None:
    found = seed_with(tmp_path, "tunnel select 2", "no ipsec tunnel")
    assert (found.policy, found.tunnel, found.enabled) == (102, None, False)


def test_over_pppoe_the_pp_interface_is_the_way_out() -> None:
    text = (
        "ip route default gateway pp 1\nip lan1 address 192.168.1.1/24\npp select 1\n"
        " ip pp address 203.0.113.38/32\n ip pp secure filter in 302\n ip pp nat descriptor 10\n"
        "ip filter 302 pass 198.51.100.8 203.0.113.38 esp * *\n"
        "nat descriptor type 10 masquerade\nipsec ike local address 2 ipcp pp 1\n"
        "ipsec ike remote address 2 198.51.100.8\n"
    )
    (found,) = gateways(Configuration.parse(text, FIRMWARE))
    assert found.wan_address == found.local_address == IPv4Address("203.0.113.38")
    assert not found.nat_static_ok
    outer = "nat descriptor address outer 10 "
    for other, ok in (("203.0.113.39", True), ("203.0.113.30-203.0.113.40", False)):
        (found,) = gateways(Configuration.parse(f"{text}{outer}{other}\n", FIRMWARE))
        assert found.nat_static_ok is ok
    assert not found.filters_pass


def test_the_demo_has_one_gateway_that_waits_for_anybody(tmp_path: Path) -> None:
    (found,) = make_router(tmp_path).gateways()
    assert (found.gateway, found.policy, found.tunnel) == (1, 101, 1)
    assert found.remote_address is None
    assert not found.initiates
