from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from itertools import cycle, permutations

import pytest

from components.errors import SpecError
from components.ipsec import Agreement, Proposal
from components.office import config
from components.office.filters import Filter
from components.office.render import ADDRESS_PLACEHOLDER, NatStatic, OfficeSite, render

SEED = """\
tunnel select 2
tunnel encapsulation ipsec
ipsec tunnel 102
ipsec sa policy 102 2 esp aes-cbc sha-hmac
ipsec ike always-on 2 on
ipsec ike duration ipsec-sa 2 1800
ipsec ike duration ike-sa 2 28800
ipsec ike encryption 2 aes-cbc
ipsec ike group 2 modp1024
ipsec ike hash 2 sha
ipsec ike keepalive log 2 off
ipsec ike keepalive use 2 on dpd 15 2
ipsec ike local address 2 192.168.1.1
ipsec ike local id 2 192.168.1.0/24
ipsec ike backward-compatibility 2 2
ipsec ike pfs 2 on
ipsec ike pre-shared-key 2 text <psk>
ipsec ike remote address 2 192.0.2.1
ipsec ike remote id 2 192.168.2.0/24
ipsec auto refresh 2 off
ip tunnel mtu 1280
ip tunnel tcp mss limit auto
tunnel enable 2
"""
AGREEMENT = Agreement(
    office_address=IPv4Address("198.51.100.20"),
    office_identity=IPv4Address("192.168.1.1"),
    office_prefix=IPv4Network("192.168.1.0/24"),
    cloud_prefix=IPv4Network("192.168.2.0/24"),
    cloud_address=IPv4Address("192.0.2.1"),
    proposal=Proposal("aes128", "sha1", "modp1024"),
)
SITE = OfficeSite(
    lan=IPv4Network("192.168.1.0/24"),
    lan_address=IPv4Address("192.168.1.1"),
    wan_interface="lan2",
    tunnel=2,
    policy=102,
    gateway=2,
    nat_static=(NatStatic(1, 4, "esp", None, "ESP must reach the router itself"),),
)


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def test_the_block_is_the_seeds() -> None:
    text = render(AGREEMENT, replace(SITE, nat_static=()))
    assert lines(text)[2:] == SEED.splitlines()
    assert lines(text)[:2] == [
        "# what goes to the cloud LAN goes into the tunnel",
        "ip route 192.168.2.0/24 gateway tunnel 2",
    ]


def test_nat_statics_stand_with_their_reason() -> None:
    udp = NatStatic(7, 5, "udp", 500, "IKE")
    text = render(AGREEMENT, replace(SITE, nat_static=(*SITE.nat_static, udp)))
    assert lines(text)[-4:] == [
        "# ESP must reach the router itself",
        "nat descriptor masquerade static 1 4 192.168.1.1 esp",
        "# IKE",
        "nat descriptor masquerade static 7 5 192.168.1.1 udp 500",
    ]


def test_the_order_in_a_site_file_is_no_difference() -> None:
    statics = [NatStatic(d, n, "esp", None, f"reason {d} {n}") for d in (7, 10) for n in (2, 11)]
    ours = [Filter(number, "in", "udp", f"filter {number}") for number in (900, 1001, 20020)]
    wanted = render(AGREEMENT, replace(SITE, nat_static=(*statics,), filters=(*ours,)))
    for mixed, others in zip(permutations(statics), cycle(permutations(ours)), strict=False):
        assert render(AGREEMENT, replace(SITE, nat_static=mixed, filters=others)) == wanted
    numbers = [line.split()[4:6] for line in lines(wanted) if line.startswith("nat descriptor")]
    assert numbers == [["7", "2"], ["7", "11"], ["10", "2"], ["10", "11"]]
    reasons = [line for line in lines(wanted) if line.startswith("# filter")]
    assert reasons == ["# filter 900", "# filter 1001", "# filter 20020"]


def test_it_has_the_shape_of_show_config() -> None:
    text = render(AGREEMENT, SITE)
    assert "\n ipsec tunnel 102\n  ipsec sa policy 102 2 esp aes-cbc sha-hmac\n" in text
    assert "\n  ipsec auto refresh 2 off\n ip tunnel mtu 1280\n" in text
    read = config.parse(text)
    assert read.owned(config.scope_of(text)) == read.statements


def test_values_come_from_the_agreement() -> None:
    strong = replace(AGREEMENT, proposal=Proposal("aes256", "sha256", "modp2048"))
    text = render(strong, SITE)
    assert "ipsec sa policy 102 2 esp aes256-cbc sha256-hmac" in text
    assert "ipsec ike encryption 2 aes256-cbc" in text
    assert "ipsec ike group 2 modp2048" in text
    assert "ipsec ike hash 2 sha256" in text


def test_an_unknown_address_is_said_to_be_unknown() -> None:
    text = render(replace(AGREEMENT, cloud_address=None), SITE)
    assert f"ipsec ike remote address 2 {ADDRESS_PLACEHOLDER}" in text


def test_extra_lines_stand_in_the_block_and_may_replace_the_mtu() -> None:
    extra = ("ip tunnel mtu 1390", "ipsec ike nat-traversal 2 off", "description tunnel sakura")
    text = render(AGREEMENT, replace(SITE, extra_lines=extra))
    assert "ip tunnel mtu 1280" not in text
    assert "\n  ipsec ike nat-traversal 2 off\n ip tunnel tcp" in text
    assert text.index(" description tunnel sakura") < text.index(" tunnel enable 2")


@pytest.mark.parametrize(
    "line",
    [
        "ip route 10.0.0.0/8 gateway tunnel 2",
        "ipsec ike hash 3 sha",
        "ipsec ike hash 2 sha256",
        "ipsec ike duration isakmp-sa 2 3600",
        "ipsec tunnel 7",
        "tunnel enable 2",
        "no tunnel enable 2",
        "tunnel disable 2",
        "no ipsec ike pfs 2",
    ],
)
def test_extra_lines_cannot_leave_the_block_or_break_the_agreement(line: str) -> None:
    with pytest.raises(SpecError, match="extra_lines") as raised:
        render(AGREEMENT, replace(SITE, extra_lines=(line,)))
    assert line in str(raised.value)


def test_a_refused_extra_line_shows_no_key() -> None:
    line = "ipsec ike pre-shared-key 9 text CANARY"
    with pytest.raises(SpecError) as raised:
        render(AGREEMENT, replace(SITE, extra_lines=(line,)))
    assert "CANARY" not in str(raised.value)
