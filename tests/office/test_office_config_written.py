"""Text -> model -> text: every byte that was not changed comes back."""

from __future__ import annotations

import pytest
from corpus import CASES, data_of, expected
from hypothesis import example, given, settings
from hypothesis import strategies as st

from components.office import config, plan
from components.office.reading import read
from components.office.written import text_of

BLOCK = """\
tunnel select {n}
 ipsec tunnel 10{n}
  ipsec sa policy 10{n} {n} esp aes-cbc sha-hmac
  ipsec ike encryption {n} aes-cbc
  ipsec ike duration ike-sa {n} 28800
 ip tunnel mtu 1280
 tunnel enable {n}
"""
KEPT = f"""\
# RTX1220 Rev.15.04.03 (x)
# by hand, do not touch

ip route default gateway pp 1
pp select 1
 pp auth accept pap chap\x20
 future  option 3
 pp enable 1
{BLOCK.format(n=1)}{BLOCK.format(n=2)}
unknown line at the margin
ip filter 10 pass * *
nat descriptor masquerade static 1 1 192.168.1.1 udp 500
"""
FLAT = "".join(line.strip(" ") for line in KEPT.splitlines(keepends=True))
INSIDE = (
    "ip tunnel mtu 1300",
    "no ip tunnel mtu",
    "ip tunnel tcp mss limit auto",
    "ipsec tunnel 107",
    "future tunnel option",
    "ipsec ike hash 7 sha256",
)
OUTSIDE = (
    "ipsec sa policy 107 7 esp aes-cbc",
    "ipsec ike encryption 2 aes256-cbc",
    "ipsec ike hash 2 sha256",
    "no ipsec ike duration isakmp-sa 1",
    "tunnel disable 2",
    "tunnel enable 7",
    "ip route 10.0.0.0/8 gateway tunnel 2",
    "no ip route default",
    "ip filter 11 pass * * esp",
    "no nat descriptor masquerade static 1 1",
    "ipsec auto refresh on",
    "future global option",
)
SELECTED = st.tuples(st.sampled_from(["1", "2", "7"]), st.sampled_from(INSIDE)).map(
    lambda pair: [f"tunnel select {pair[0]}", pair[1], "tunnel select none"]
)
COMMANDS = st.lists(SELECTED | st.sampled_from(OUTSIDE).map(lambda line: [line]), max_size=8).map(
    lambda found: [command for each in found for command in each]
)


def meaning(read_config: config.Config) -> set[tuple[str, str]]:
    return {(s.context, s.text) for s in read_config.statements}


def changed(text: str, *commands: str) -> str:
    return text_of(plan.apply_to(config.parse(text), commands))


@given(st.text(max_size=300))
def test_a_text_without_a_change_is_the_text(text: str) -> None:
    assert text_of(config.parse(text)) == text


def test_a_changed_line_stands_in_its_place() -> None:
    after = changed(KEPT, "tunnel select 2", "ip tunnel mtu 1300", "ipsec ike duration ike-sa 2 60")
    assert after == KEPT.replace("1280\n tunnel enable 2", "1300\n tunnel enable 2").replace(
        "ike-sa 2 28800", "ike-sa 2 60"
    )


def test_an_added_line_stands_with_its_like() -> None:
    after = changed(
        KEPT,
        "ip route 10.0.0.0/8 gateway tunnel 2",
        "ipsec ike hash 1 sha256",
        "tunnel select 1",
        "ip tunnel tcp mss limit auto",
        "no future option",
    )
    lines = KEPT.splitlines()
    lines.insert(lines.index("ip route default gateway pp 1") + 1, after.splitlines()[4])
    lines.insert(
        lines.index("  ipsec ike duration ike-sa 1 28800") + 1, "  ipsec ike hash 1 sha256"
    )
    lines.insert(lines.index(" tunnel enable 1"), " ip tunnel tcp mss limit auto")
    assert after.splitlines() == lines
    assert lines[4] == "ip route 10.0.0.0/8 gateway tunnel 2"


def test_a_new_block_comes_at_the_end_and_whole() -> None:
    block = BLOCK.format(n=7)
    commands = [line.strip() for line in block.splitlines()]
    assert changed(KEPT, *commands) == KEPT + block.replace("\n  ", "\n ")


def test_what_is_taken_away_leaves_no_trace() -> None:
    after = changed(KEPT, "no ipsec ike encryption 1", "tunnel disable 2", "no ip filter 10")
    gone = ("  ipsec ike encryption 1 aes-cbc", " tunnel enable 2", "ip filter 10 pass * *")
    assert after.splitlines() == [line for line in KEPT.splitlines() if line not in gone]


def test_a_block_ends_where_it_did_when_its_only_indented_line_is_gone() -> None:
    text = "tunnel select 1\n ip tunnel mtu 1280\nfuture option 1\nip filter 1 pass * *\n"
    after = plan.apply_to(config.parse(text), ["tunnel select 1", "no ip tunnel mtu"])
    assert text_of(after) == text.replace(" ip tunnel mtu 1280", "tunnel select none")
    assert meaning(config.parse(text_of(after))) == meaning(after)


def test_the_last_line_may_have_no_end() -> None:
    assert changed("ip route default gateway pp 1", "ip filter 1 pass * *") == (
        "ip route default gateway pp 1\nip filter 1 pass * *\n"
    )
    assert changed("ip filter 1 pass * *", "ip filter 1 reject * *") == "ip filter 1 reject * *"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([KEPT, FLAT, ""]), COMMANDS)
@example(
    "", ["tunnel select 1", "ip tunnel mtu 1300", "tunnel select none", "future global option"]
)
def test_what_is_written_is_read_as_the_model(text: str, commands: list[str]) -> None:
    before = config.parse(text)
    after = plan.apply_to(before, commands)
    text_after = text_of(after)
    assert meaning(config.parse(text_after)) == meaning(after)
    untouched = {s.number for s in after.statements if s.number}
    kept = [
        line
        for number, line in enumerate(text.splitlines(), start=1)
        if number in untouched or number not in {s.number for s in before.statements}
    ]
    lines = iter(text_after.splitlines())
    assert all(line in lines for line in kept), "an untouched line is lost or has moved"


@pytest.mark.parametrize("case", CASES)
def test_what_must_be_preserved_survives_a_change(case: str) -> None:
    before = read(data_of(case))
    (tunnel, *_) = before.contexts
    commands = [tunnel.replace(" ", " select "), "ip tunnel mtu 1234", "tunnel select none"]
    after = text_of(plan.apply_to(before, [*commands, "ip filter 999999 pass * *"]))
    for kept in expected(case).get("must_preserve", ()):
        assert kept in after
    assert "ip filter 999999 pass * *" in after
