from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.office import syntax
from components.office.syntax import Key


@pytest.mark.parametrize(
    ("text", "context", "words"),
    [
        ("ip route 192.168.2.0/24 gateway tunnel 2", "", "ip route 192.168.2.0/24"),
        ("ip route default gateway pp 1", "", "ip route default"),
        ("ipsec auto refresh on", "", "ipsec auto refresh"),
        ("ipsec auto refresh 2 off", "tunnel 2", "ipsec auto refresh 2"),
        ("ipsec ike duration child-sa 2 1800", "tunnel 2", "ipsec ike duration ipsec-sa 2"),
        ("ipsec ike duration ike-sa 2 28800", "", "ipsec ike duration isakmp-sa 2"),
        ("ipsec ike made-up 7 on", "tunnel 2", "ipsec ike made-up 7"),
        ("tunnel enable 2", "tunnel 2", "tunnel enable 2"),
        ("ip filter dynamic 1 * * tcp", "", "ip filter dynamic 1"),
        (
            "nat descriptor masquerade static 1 9 192.168.1.1 esp",
            "",
            "nat descriptor masquerade static 1 9",
        ),
        ("future  option 3 on", "", "future option 3 on"),
    ],
)
def test_key_of_lines_that_are_the_routers_own(text: str, context: str, words: str) -> None:
    assert syntax.key_of(text, context) == Key("", words)


def test_key_of_lines_of_a_tunnel_holds_the_tunnel() -> None:
    assert syntax.key_of("ip tunnel mtu 1390", "tunnel 2") == Key("tunnel 2", "ip tunnel mtu")
    assert syntax.key_of("ipsec tunnel 102", "tunnel 2") == Key("tunnel 2", "ipsec tunnel")
    outer = syntax.key_of("ipsec tunnel outer df-bit clear", "tunnel 2")
    assert outer == Key("tunnel 2", "ipsec tunnel outer df-bit")
    assert syntax.key_of("future option 3", "tunnel 2") == Key("tunnel 2", "future option 3")


@pytest.mark.parametrize(
    ("text", "taken_away"),
    [
        ("ipsec ike pre-shared-key 2 text secret", "no ipsec ike pre-shared-key 2"),
        ("ipsec ike duration ike-sa 2 28800", "no ipsec ike duration ike-sa 2"),
        ("ipsec tunnel 102", "no ipsec tunnel"),
        ("ipsec sa policy 102 2 esp aes-cbc sha-hmac", "no ipsec sa policy 102"),
        ("tunnel enable 2", "tunnel disable 2"),
        ("ip route 192.168.2.0/24 gateway tunnel 2", "no ip route 192.168.2.0/24"),
        ("ip tunnel tcp mss limit auto", "no ip tunnel tcp mss limit"),
        ("future option 3", "no future option 3"),
    ],
)
def test_no_form(text: str, taken_away: str) -> None:
    assert syntax.no_form(text) == taken_away


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ipsec ike duration ike-sa 2 28800", "ipsec ike duration isakmp-sa  2 28800", True),
        ("ipsec ike duration ike-sa 2 28800", "ipsec ike duration ipsec-sa 2 28800", False),
        ("ipsec ike hash 2 sha", "ipsec ike hash 2 sha256", False),
        ("ipsec ike hash 2 sha", "ipsec ike hash 3 sha", False),
        ('description tunnel "a b"', "description tunnel a\\ b", True),
        ("future option 3", "future  option 3", True),
        ("future option 3", "ipsec tunnel 3", False),
    ],
)
def test_equal(one: str, other: str, same: bool) -> None:
    assert syntax.equal(one, other) is same
    assert syntax.equal(other, one) is same


def test_is_default_only_where_the_default_is_known() -> None:
    assert syntax.is_default("ipsec ike hash 2 sha")
    assert syntax.is_default("ipsec auto refresh 2 on")
    assert not syntax.is_default("ipsec auto refresh on")
    assert not syntax.is_default("ip tunnel tcp mss limit auto")
    assert not syntax.is_default("tunnel enable 2")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ipsec ike pre-shared-key 2 text CANARY", "ipsec ike pre-shared-key 2 text <psk>"),
        ("  ipsec ike pre-shared-key 2 0xCANARY", "  ipsec ike pre-shared-key 2 <psk>"),
        (
            '# ipsec  ike pre-shared-key 2 text "CA NARY"',
            "# ipsec  ike pre-shared-key 2 text <psk>",
        ),
        (" pp auth myname user@isp CANARY", " pp auth myname user@isp *"),
        ("pp auth username ops CANARY", "pp auth username ops *"),
        ("login user ops encrypted CANARY", "login user ops *"),
        ("administrator password CANARY", "administrator password *"),
    ],
)
def test_masked(text: str, shown: str) -> None:
    assert syntax.masked(text) == shown
    assert syntax.masked(shown) == shown


def test_masked_ends_with_the_line() -> None:
    text = "ipsec ike pre-shared-key 2\nip tunnel mtu 1280\nlogin user ops *\nip route"
    assert syntax.masked(text) == text


@given(st.text(max_size=80), st.sampled_from(["", "tunnel 2", "pp 1"]))
def test_nothing_raises_on_any_text(text: str, context: str) -> None:
    key = syntax.key_of(text, context)
    assert isinstance(key, Key)
    syntax.no_form(text)
    syntax.masked(text)
    assert syntax.equal(text, text)


@given(st.from_regex(r"[A-Za-z0-9_]{1,40}", fullmatch=True), st.text(max_size=20))
def test_no_key_survives_masking(key: str, before: str) -> None:
    shown = syntax.masked(f"{before} ipsec ike pre-shared-key 2 text {key}")
    assert shown.endswith(" ipsec ike pre-shared-key 2 text <psk>")
