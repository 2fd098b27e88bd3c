from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.office import config, syntax
from components.office.config import Scope, Statement
from components.office.reading import lines_of
from components.office.written import pieces

ROUTER = """\
# RTX1220 Rev.15.04.03 (Thu Nov 18 10:11:12 2021)
# Reporting Date: Jan 1 00:00:00 2026
login user ops *
ip route default gateway 198.51.100.1
ip route 192.168.2.0/24 gateway tunnel 2
pp select anonymous
 pp bind tunnel1
 ip pp mtu 1258
 pp enable anonymous
tunnel select 1
 tunnel encapsulation l2tp
 ipsec tunnel 101
  ipsec sa policy 101 1 esp aes-cbc sha-hmac
  ipsec ike pre-shared-key 1 text CANARY
  ipsec ike remote address 1 any
 future tunnel option 3
 tunnel enable 1
tunnel select 2
 ipsec tunnel 102
  ipsec sa policy 102 2 esp aes-cbc sha-hmac
  ipsec ike hash 2 sha
 ip tunnel mtu 1280\x20
 tunnel enable 2
ip filter 10 pass * * udp * 500
ip filter dynamic 100 * * ftp
nat descriptor masquerade static 1 1 192.168.1.1 udp 500
nat descriptor masquerade static 1 3 192.168.1.1 esp
unknown line at the margin
ipsec auto refresh on
"""
SCOPE = config.scope_of("tunnel select 2\nipsec sa policy 102 2 esp\nip route 192.168.2.0/24 x")


def test_head_and_contexts() -> None:
    read = config.parse(ROUTER)
    assert (read.model, read.revision) == ("RTX1220", "15.04.03")
    assert read.contexts == ("pp anonymous", "tunnel 1", "tunnel 2")
    where = {s.text: s.context for s in read.statements}
    assert where["ip pp mtu 1258"] == "pp anonymous"
    assert where["future tunnel option 3"] == "tunnel 1"
    assert where["ip tunnel mtu 1280"] == "tunnel 2"
    assert where["ipsec ike hash 2 sha"] == ""
    assert where["tunnel enable 2"] == ""
    assert where["unknown line at the margin"] == ""
    assert len(read.statements) == 24


def test_indentation_and_line_ends_do_not_matter() -> None:
    flat = "\r\n".join(line.strip() for line in ROUTER.splitlines() if "unknown" not in line)
    indented = ROUTER.replace("unknown line at the margin\n", "")
    assert config.parse(flat).statements == config.parse(indented).statements


def test_terminal_noise_is_no_statement() -> None:
    plain = config.parse(ROUTER)
    assert config.parse(f"rtx1# show config\n{ROUTER}\nrtx1# ").statements == plain.statements
    assert config.parse(f"# show config\n{ROUTER}# ").statements == plain.statements


def test_owned_and_foreign_are_a_partition() -> None:
    read = config.parse(ROUTER)
    owned, foreign = read.owned(SCOPE), read.foreign(SCOPE)
    assert sorted(map(hash, owned + foreign)) == sorted(map(hash, read.statements))
    assert [s.text for s in owned] == [
        "ip route 192.168.2.0/24 gateway tunnel 2",
        "ipsec tunnel 102",
        "ipsec sa policy 102 2 esp aes-cbc sha-hmac",
        "ipsec ike hash 2 sha",
        "ip tunnel mtu 1280",
        "tunnel enable 2",
    ]


def test_scope_of_two_texts_takes_away_what_stood_under_old_numbers() -> None:
    old = "tunnel select 3\n ip tunnel mtu 1280\n ipsec sa policy 103 3 esp\n tunnel enable 3\n"
    new = "tunnel select 2\n ip tunnel mtu 1280\n ipsec sa policy 102 2 esp\n tunnel enable 2\n"
    scope = config.scope_of(new, old)
    assert (scope.tunnel, scope.policy, scope.gateway) == (2, 102, 2)
    assert all(scope.owns(s) for s in config.parse(old).statements)
    assert not scope.owns(Statement("tunnel 3", "ip tunnel address 10.0.0.1/30"))


def test_scope_of_needs_the_three_numbers() -> None:
    with pytest.raises(ValueError, match="no tunnel"):
        config.scope_of("ip route 192.168.2.0/24 gateway tunnel 2")


def test_taken() -> None:
    used = config.taken(config.parse(ROUTER))
    assert used.tunnels == {1, 2}
    assert used.policies == {101, 102}
    assert used.gateways == {1, 2}
    assert used.filters == {10}
    assert used.dynamic_filters == {100}
    assert used.nat_statics == {1: {1, 3}}
    assert config.lowest_free(used.tunnels) == 3
    assert config.lowest_free(used.policies, above=100) == 103


def test_where_a_statement_was_read_makes_no_difference() -> None:
    read, typed = Statement("tunnel 1", "x y", 7), Statement("tunnel 1", "x y")
    assert read == typed
    assert not read != typed  # noqa: SIM202 - a tuple has a `!=` of its own
    assert hash(read) == hash(typed)
    assert read != Statement("", "x y")
    assert read != ("tunnel 1", "x y", 7)


def test_the_source_is_no_part_of_what_a_configuration_says() -> None:
    one, other = config.parse(" x y\n"), config.parse("# a remark\n x y\n")
    assert one == other
    assert one.source == " x y\n"
    assert "x y\\n" not in repr(one)


def test_repr_hides_keys() -> None:
    read = config.parse(ROUTER)
    assert "CANARY" not in repr(read)
    assert "CANARY" not in repr([syntax.match(s.text) for s in read.statements])
    assert "CANARY" not in repr(lines_of(ROUTER))
    assert "CANARY" not in repr(pieces(replace(read, source="")))


def test_find_is_by_word() -> None:
    read = config.parse("ip route 10.0.0.0/8 gateway null\nip routes are not\n")
    assert [s.text for s in read.find("ip route")] == ["ip route 10.0.0.0/8 gateway null"]


@given(st.text(max_size=300))
def test_parse_never_raises(text: str) -> None:
    read = config.parse(text)
    config.taken(read)
    assert read.owned(Scope(1, 1, 1)) == () or read.statements


@given(st.lists(st.sampled_from(ROUTER.splitlines()), max_size=40))
def test_any_lines_in_any_order_are_kept(lines: list[str]) -> None:
    read = config.parse("\n".join(lines))
    kept = [line for line in lines if not line.startswith("#") and " select " not in line]
    assert [s.text for s in read.statements] == [line.strip() for line in kept]
