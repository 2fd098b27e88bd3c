"""The configuration: keys, places, printing and what turns one into another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.rehearsal.rtx import DEMO_CONFIGURATION
from components.rehearsal.rtx.commands import configuration, line
from components.rehearsal.rtx.configuration import (
    Configuration,
    Statement,
    difference,
    statements,
)
from components.rehearsal.rtx.firmware import Firmware

FIRMWARE = Firmware("RTX1220", "15.04.03")

SAMPLE = """\
administrator password encrypted *
console character ja.utf8
ip route default gateway pp 1
ip route 10.15.0.0/24 gateway tunnel 1
ip lan1 address 192.168.45.1/24
pp select 1
 pp always-on on
 pppoe use lan2
 pp auth myname u1@isp.example none
 ip pp nat descriptor 1
 pp enable 1
tunnel select 1
 ipsec tunnel 1
  ipsec sa policy 1 1 esp aes256-cbc sha256-hmac
  ipsec ike hash 1 sha256
  ipsec ike pre-shared-key 1 text c15_key
  ipsec ike remote address 1 198.51.100.15
 future tunnel option 3 on
 tunnel enable 1
ipsec sa policy 7 7 esp aes-cbc sha-hmac
ipsec ike pre-shared-key 7 text unbound
nat descriptor type 1 masquerade
ipsec auto refresh on
schedule at 3 */* *:00:00 * lua -e "if rt.command('show ipsec sa') then print('ok') end"
mail server name 1 mx
sshd host key generate *
set PEER=198.51.100.15
"""


def read(text: str) -> Configuration:
    return Configuration.parse(text, FIRMWARE)


def type_line(configuration: Configuration, text: str, context: str = "") -> Configuration:
    found = line(text, FIRMWARE)
    assert found is not None, text
    for each in statements(found, context, FIRMWARE):
        configuration = configuration.with_line(each)
    return configuration


@pytest.mark.parametrize("text", [SAMPLE, DEMO_CONFIGURATION], ids=["sample", "demo"])
def test_what_is_read_is_printed_word_for_word(text: str) -> None:
    assert "\n".join(read(text).lines()) + "\n" == text


def test_the_demo_holds_only_lines_the_router_would_take() -> None:
    for text in DEMO_CONFIGURATION.splitlines():
        assert " select " in text or line(text.strip(), FIRMWARE), text


def test_comments_and_line_ends_of_windows_are_no_lines() -> None:
    assert read("# head\r\n\r\nip lan1 address 192.168.1.1/24\r\n").lines() == [
        "ip lan1 address 192.168.1.1/24"
    ]


def test_a_line_with_the_same_key_is_replaced_in_place() -> None:
    before = read(SAMPLE)
    after = type_line(before, "ip route 10.15.0.0/24 gateway tunnel 2 metric 3")
    assert "\n".join(after.lines()) == SAMPLE.strip().replace(
        "10.15.0.0/24 gateway tunnel 1", "10.15.0.0/24 gateway tunnel 2 metric 3"
    )


def test_two_names_of_one_lifetime_are_one_line_that_keeps_the_name_typed() -> None:
    first = type_line(Configuration(), "ipsec ike duration isakmp-sa 2 3600")
    second = type_line(first, "ipsec ike duration ike-sa 2 28800")
    assert second.lines() == ["ipsec ike duration ike-sa 2 28800"]


def test_a_host_route_has_one_key_with_and_without_mask() -> None:
    first = type_line(Configuration(), "ip route 198.51.100.8 gateway pp 1")
    assert type_line(first, "ip route 198.51.100.8/32 gateway pp 2").lines() == [
        "ip route 198.51.100.8/32 gateway pp 2"
    ]


def test_new_lines_go_where_their_kind_stands() -> None:
    after = read(SAMPLE)
    for text in ("ip filter 10 pass * *", "ipsec ike group 1 modp2048", "ip route 10.1.0.0/24 "
                 "gateway tunnel 1", "tunnel enable 2"):  # fmt: skip
        after = type_line(after, text)
    after = type_line(after, "ipsec tunnel 2", "tunnel 2")
    lines = after.lines()
    assert lines[lines.index("ip filter 10 pass * *") + 1] == "nat descriptor type 1 masquerade"
    assert (
        lines.index("  ipsec ike group 1 modp2048") == lines.index("  ipsec ike hash 1 sha256") - 1
    )
    assert lines[3:5] == [
        "ip route 10.1.0.0/24 gateway tunnel 1",
        "ip route 10.15.0.0/24 gateway tunnel 1",
    ]
    block = lines.index("tunnel select 2")
    assert lines[block - 1] == " tunnel enable 1"
    assert lines[block : block + 3] == ["tunnel select 2", " ipsec tunnel 2", " tunnel enable 2"]


def test_ike_lines_are_printed_under_the_tunnel_their_policy_leads_to() -> None:
    bound = type_line(read(SAMPLE), "ipsec tunnel 7", "tunnel 4")
    assert bound.block("tunnel 4") == [
        "tunnel select 4",
        " ipsec tunnel 7",
        "  ipsec sa policy 7 7 esp aes-cbc sha-hmac",
        "  ipsec ike pre-shared-key 7 text unbound",
    ]
    assert "ipsec ike pre-shared-key 7 text unbound" in read(SAMPLE).lines()


def test_only_passwords_and_host_keys_are_masked() -> None:
    text = (
        "administrator password encrypted abc:def\nlogin user ops encrypted abc:def\n"
        "ipsec ike pre-shared-key 1 text plain\nsshd host key generate 1234\n"
    )
    assert read(text).lines() == [
        "administrator password encrypted *",
        "login user ops *",
        "ipsec ike pre-shared-key 1 text plain",
        "sshd host key generate *",
    ]
    assert read(text).text() == text


def test_no_secret_is_in_a_repr() -> None:
    shown = repr(read(SAMPLE + "snmpv2c host 192.168.45.9 c15_ro\n"))
    assert "ipsec ike" in shown
    assert not any(secret in shown for secret in ("c15_key", "unbound", "none>", "c15_ro"))


def test_the_difference_names_what_goes_and_what_comes() -> None:
    before, after = read(SAMPLE), type_line(read(SAMPLE), "ip tunnel mtu 1400", "tunnel 1")
    after = type_line(after.without("", "ipsec auto refresh"), "ip filter 1 pass * *")
    assert difference(before, after) == [
        "no ipsec auto refresh",
        "ip filter 1 pass * *",
        "tunnel select 1",
        " ip tunnel mtu 1400",
    ]
    assert difference(before, before) == []


LINES = st.sampled_from(
    [
        ("", "ip route 10.1.0.0/24 gateway tunnel 1"),
        ("", "ip route 10.1.0.0/24 gateway tunnel 2"),
        ("", "ip filter 5 pass * * udp * 500"),
        ("", "ipsec ike group 1 modp1024"),
        ("", "ipsec ike group 1 modp2048"),
        ("", "ipsec sa policy 101 1 esp aes-cbc sha-hmac"),
        ("", "ipsec auto refresh on"),
        ("", "ipsec auto refresh 1 off"),
        ("", "tunnel enable 1"),
        ("tunnel 1", "ipsec tunnel 101"),
        ("tunnel 1", "ip tunnel mtu 1300"),
        ("tunnel 2", "ip tunnel mtu 1400"),
        ("pp 1", "pp always-on on"),
    ]
)


def build(parts: list[tuple[str, str]]) -> Configuration:
    configuration = Configuration()
    for context, text in parts:
        configuration = type_line(configuration, text, context)
    return configuration


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES))
def test_printing_and_reading_back_changes_nothing(parts: list[tuple[str, str]]) -> None:
    configuration = build(parts)
    assert read(configuration.text()).same_as(configuration)
    assert read(configuration.text()).lines() == configuration.lines()


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES), st.lists(LINES))
def test_typing_the_difference_makes_one_configuration_the_other(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    before, after, context = build(first), build(second), ""
    result = before
    for text in difference(before, after):
        bare = text.strip()
        if " select " in bare:
            context = bare.replace(" select ", " ")
        elif bare.startswith("no "):
            key = bare.removeprefix("no ")
            home = (
                context if (context, key) in {(s.context, s.key) for s in result.statements} else ""
            )
            result = result.without(home, key)
        else:
            result = type_line(result, bare, context)
    assert result.same_as(after)


def test_every_row_has_a_pattern_that_identifies_something() -> None:
    assert all(row.pattern.head for row in configuration(FIRMWARE))
    assert Statement("", "ipsec ike retry", "ipsec ike retry 10 5").gateway == ""
