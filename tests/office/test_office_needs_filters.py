"""What a static filter does to the key exchange and to ESP."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from components.office.filters import Packet, Protocol, deciding, verdict

PEER, LOCAL = IPv4Address("192.0.2.1"), IPv4Address("192.168.1.1")


@pytest.mark.parametrize(
    ("rule", "protocol", "passes"),
    [
        ("pass * * * * *", "udp", True),
        ("pass-log * *", "esp", True),
        ("pass *", "esp", True),
        ("reject * * * * *", "udp", False),
        ("reject-nolog * * esp * *", "esp", False),
        ("restrict * * udp * 500", "udp", True),
        ("pass 192.0.2.1 192.168.1.1 udp 500 500", "udp", True),
        ("pass 192.0.2.0/24 192.168.1.1 udp * isakmp", "udp", True),
        ("pass 192.0.2.0-192.0.2.9,198.51.100.1 * 17 * 400-600", "udp", True),
        ("pass * * udp,tcp * 53,500", "udp", True),
        ("pass * * UDP * IKE", "udp", True),
        ("pass * * 50", "esp", True),
        ("pass * * tcp,udp,esp * 22", "esp", True),
        # Not about these packets.
        ("pass 192.0.2.2 * udp * 500", "udp", None),
        ("pass * 192.168.1.2 esp", "esp", None),
        ("pass * * udp * 4500", "udp", None),
        ("pass * * udp 501- *", "udp", None),
        ("reject * * udp,tcp 135,netbios_ns-netbios_ssn *", "udp", None),
        ("reject * * established", "udp", None),
        ("pass * * udp * 500", "esp", None),
        ("pass office * esp", "esp", None),
        ("pass 300.1.1.1-300.1.1.2 * esp", "esp", None),
    ],
)
def test_a_filter_lets_through_stops_or_says_nothing(
    rule: str, protocol: Protocol, passes: bool | None
) -> None:
    assert verdict(rule, Packet(PEER, LOCAL, protocol)) is passes


@pytest.mark.parametrize(
    ("rule", "passes"),
    [
        ("pass * * esp", True),
        ("reject 0.0.0.0/0 * esp", False),
        ("pass 192.0.2.1 * esp", None),
        ("reject 192.168.1.0/24 * * * *", None),
        ("pass 1.0.0.0-223.0.0.0 * esp", None),
    ],
)
def test_an_address_that_is_not_known_is_only_in_every_address(
    rule: str, passes: bool | None
) -> None:
    assert verdict(rule, Packet(None, LOCAL, "esp")) is passes


def test_the_first_filter_that_is_about_a_packet_decides() -> None:
    rules = {"1": "pass * * udp * 53", "2": "reject * * udp", "3": "pass * *"}
    assert deciding(("1", "9", "2", "3"), rules, Packet(PEER, LOCAL, "udp")) == ("2", False)
    assert deciding(("1", "3", "2"), rules, Packet(PEER, LOCAL, "udp")) == ("3", True)
    assert deciding(("1", "2"), rules, Packet(PEER, LOCAL, "esp")) == (None, False)
