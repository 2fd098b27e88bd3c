from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.office import config, plan, syntax
from components.office.config import Config, Statement

WANTED = """\
# the way to the cloud
ip route 192.168.2.0/24 gateway tunnel 2
tunnel select 2
 tunnel encapsulation ipsec
 ipsec tunnel 102
  ipsec sa policy 102 2 esp aes-cbc sha-hmac
  ipsec ike duration ike-sa 2 28800
  ipsec ike encryption 2 aes-cbc
  ipsec ike hash 2 sha
  ipsec ike pre-shared-key 2 text <psk>
  ipsec auto refresh 2 off
 ip tunnel mtu 1280
 tunnel enable 2
# ESP must reach the router
nat descriptor masquerade static 1 4 192.168.1.1 esp
"""
OTHERS = """\
ip route default gateway 198.51.100.1
tunnel select 1
 ipsec tunnel 101
  ipsec sa policy 101 1 esp aes-cbc sha-hmac
  ipsec ike pre-shared-key 1 text other
 tunnel enable 1
nat descriptor masquerade static 1 1 192.168.1.1 udp 500
ipsec auto refresh on
"""
SCOPE = config.scope_of(WANTED)
FOREIGN = config.parse(OTHERS)


def router(text: str, key: str = "KEY1") -> Config:
    return config.parse(OTHERS + text.replace("<psk>", key))


def test_a_creation_types_what_the_text_says_and_nothing_else() -> None:
    planned = plan.plan(FOREIGN, config.parse(WANTED), SCOPE)
    assert planned.commands == (
        "nat descriptor masquerade static 1 4 192.168.1.1 esp",
        "tunnel select 2",
        "tunnel encapsulation ipsec",
        "ipsec tunnel 102",
        "ipsec sa policy 102 2 esp aes-cbc sha-hmac",
        "ipsec ike duration ike-sa 2 28800",
        "ipsec ike encryption 2 aes-cbc",
        "ipsec ike hash 2 sha",
        "ipsec ike pre-shared-key 2 text <psk>",
        "ipsec auto refresh 2 off",
        "ip tunnel mtu 1280",
        "tunnel select none",
        "ip route 192.168.2.0/24 gateway tunnel 2",
        "tunnel enable 2",
    )


def test_a_removal_goes_the_other_way() -> None:
    planned = plan.plan(router(WANTED), config.parse(""), SCOPE)
    assert planned.commands == (
        "no ip route 192.168.2.0/24",
        "tunnel disable 2",
        "tunnel select 2",
        "no ip tunnel mtu",
        "no ipsec auto refresh 2",
        "no ipsec ike pre-shared-key 2",
        "no ipsec ike hash 2",
        "no ipsec ike encryption 2",
        "no ipsec ike duration ike-sa 2",
        "no ipsec sa policy 102",
        "no ipsec tunnel",
        "no tunnel encapsulation",
        "tunnel select none",
        "no nat descriptor masquerade static 1 4",
    )


def test_a_changed_value_is_one_line_in_place() -> None:
    wanted = WANTED.replace("encryption 2 aes-cbc", "encryption 2 aes256-cbc")
    planned = plan.plan(router(WANTED), config.parse(wanted), SCOPE)
    assert planned.commands == ("ipsec ike encryption 2 aes256-cbc",)
    assert planned.undo == ("ipsec ike encryption 2 aes-cbc",)


def test_a_new_key_is_typed_although_its_line_looks_the_same() -> None:
    planned = plan.plan(router(WANTED), config.parse(WANTED), SCOPE, rekey=True)
    assert planned.commands == ("ipsec ike pre-shared-key 2 text <psk>",)
    assert planned.undo == planned.commands
    assert plan.with_key(planned.commands[0], "KEY2") == "ipsec ike pre-shared-key 2 text KEY2"


def test_the_key_of_the_router_stands_in_no_plan() -> None:
    planned = plan.plan(router(WANTED, "CANARY"), config.parse(""), SCOPE)
    assert "CANARY" not in repr(planned)
    assert "ipsec ike pre-shared-key 2 text <psk>" in planned.undo


def test_a_line_that_says_the_default_may_stay_but_goes_with_its_block() -> None:
    running = router(WANTED + "ipsec ike nat-traversal 2 off\n")
    assert plan.plan(running, config.parse(WANTED), SCOPE).commands == ()
    assert "no ipsec ike nat-traversal 2" in plan.plan(running, config.parse(""), SCOPE).commands


def test_other_spellings_are_no_difference() -> None:
    running = router(WANTED.replace("ike-sa", "isakmp-sa"))
    assert plan.plan(running, config.parse(WANTED), SCOPE).commands == ()


def test_what_commands_are_about() -> None:
    lines = [
        "no ip route 192.168.2.0/24",
        "tunnel select 2",
        "no ip tunnel mtu",
        "tunnel select 1",
        "ip tunnel mtu 1400",
        "tunnel select none",
        "tunnel disable 2",
        "no ip filter 7",
        "no ipsec ike hash 2",
    ]
    about = plan.touched(lines)
    assert [c for c, s in about if not SCOPE.owns(s)] == ["ip tunnel mtu 1400", "no ip filter 7"]
    assert ("tunnel disable 2", Statement("", "tunnel enable 2")) in about
    assert ("ip tunnel mtu 1400", Statement("tunnel 1", "ip tunnel mtu 1400")) in about


# --- properties -----------------------------------------------------------------------------------

_VALUES = {
    "ip route 192.168.2.0/24 gateway tunnel 2": ["ip route 192.168.2.0/24 gateway tunnel 2 hide"],
    " tunnel encapsulation ipsec": [],
    " ipsec tunnel 102": [],
    "  ipsec sa policy 102 2 esp aes-cbc sha-hmac": ["  ipsec sa policy 102 2 esp aes256-cbc"],
    "  ipsec ike duration ike-sa 2 28800": ["  ipsec ike duration ike-sa 2 3600"],
    "  ipsec ike hash 2 sha": ["  ipsec ike hash 2 sha256"],
    "  ipsec ike pre-shared-key 2 text <psk>": [],
    "  ipsec ike nat-traversal 2 off": ["  ipsec ike nat-traversal 2 on"],
    "  ipsec auto refresh 2 off": ["  ipsec auto refresh 2 on"],
    " ip tunnel mtu 1280": [" ip tunnel mtu 1390"],
    " unheard of option 3": [],
    " tunnel enable 2": [],
    "nat descriptor masquerade static 1 4 192.168.1.1 esp": [],
    "ip route 192.0.2.1 gateway pp 1": ["ip route 192.0.2.1 gateway dhcp lan2"],
    "ip keepalive 2 icmp-echo 15 4 192.168.2.1": ["ip keepalive 2 icmp-echo 10 3 192.168.2.1"],
}


@st.composite
def texts(draw: st.DrawFn) -> str:
    chosen = [draw(st.sampled_from([None, line, *others])) for line, others in _VALUES.items()]
    outside = [s for s in chosen if s and not s.startswith(" ")]
    block = [s for s in chosen if s and s.startswith(" ")]
    return "".join(f"{s}\n" for s in [*outside[:1], "tunnel select 2", *block, *outside[1:]])


SCOPE_OF_ALL = config.scope_of("tunnel select 2\n" + "\n".join(_VALUES))


def said(found: Config) -> set[tuple[str, str]]:
    """What our lines say, those that say a default left out."""
    return {
        (s.context, syntax.masked(s.text))
        for s in found.owned(SCOPE_OF_ALL)
        if not syntax.is_default(s.text)
    }


@given(texts(), texts(), st.booleans())
def test_a_plan_gives_what_is_wanted_and_its_undo_what_was(old: str, new: str, rekey: bool) -> None:
    running, wanted = config.parse(OTHERS + old), config.parse(new)
    planned = plan.plan(running, wanted, SCOPE_OF_ALL, rekey=rekey)
    after = plan.apply_to(running, planned.commands)
    assert said(after) == said(wanted)
    assert plan.plan(after, wanted, SCOPE_OF_ALL).commands == ()
    back = plan.apply_to(after, planned.undo)
    assert set(back.statements) == set(running.statements)
    assert set(after.foreign(SCOPE_OF_ALL)) == set(FOREIGN.statements)


@given(texts(), texts(), st.data())
def test_undo_works_from_wherever_the_change_has_come_to(
    old: str, new: str, data: st.DataObject
) -> None:
    running = config.parse(OTHERS + old)
    commands = plan.plan(running, config.parse(new), SCOPE_OF_ALL).commands
    cut = data.draw(st.integers(0, len(commands)))
    now = plan.apply_to(running, commands[:cut])
    back = plan.apply_to(now, plan.undo_of(running, now, SCOPE_OF_ALL))
    assert set(back.statements) == set(running.statements)


@given(texts(), texts())
def test_no_plan_is_longer_than_the_lines_that_differ(old: str, new: str) -> None:
    running, wanted = config.parse(OTHERS + old), config.parse(new)
    commands = plan.plan(running, wanted, SCOPE_OF_ALL).commands
    mine, theirs = set(running.owned(SCOPE_OF_ALL)), set(wanted.owned(SCOPE_OF_ALL))
    keys = {s.key for s in mine ^ theirs}
    assert len([c for c in commands if not c.startswith("tunnel select")]) <= len(keys)


@given(texts(), texts())
def test_a_tunnel_is_enabled_last_and_routed_only_while_it_stands(old: str, new: str) -> None:
    running, wanted = config.parse(OTHERS + old), config.parse(new)
    commands = [*plan.plan(running, wanted, SCOPE_OF_ALL).commands]
    block = [i for i, c in enumerate(commands) if c.startswith(("ip tunnel", "ipsec ", "no ipsec"))]
    order = {c: i for i, c in enumerate(commands)}
    # What opens a way is there before anything needs it, and goes when nothing does any more.
    assert all(i <= min(block) for i, c in enumerate(commands) if block and "192.0.2.1 g" in c)
    if "no ip route 192.0.2.1" in order:
        assert order["no ip route 192.0.2.1"] >= max(block, default=0)
    # Nobody watches a tunnel in the making.
    watched = [i for i, c in enumerate(commands) if c.startswith("ip keepalive")]
    assert watched in ([], [len(commands) - 1])
    assert order.get("no ip keepalive 2", 0) == 0
    if "tunnel enable 2" in order and block:
        assert order["tunnel enable 2"] > max(block)
    if "no ip route 192.168.2.0/24" in order and block:
        assert order["no ip route 192.168.2.0/24"] < min(block)


# --- align ----------------------------------------------------------------------------------------


def test_align_gives_the_reference_when_nothing_drifted() -> None:
    live = router(WANTED.replace("ike-sa", "isakmp-sa"), "KEY1")
    assert plan.align(live, WANTED, SCOPE) == plan.Live(WANTED, "KEY1")


def test_align_shows_a_changed_line_in_its_place() -> None:
    live = router(WANTED.replace("auto refresh 2 off", "auto refresh 2 on"))
    expected = WANTED.replace("auto refresh 2 off", "auto refresh 2 on")
    assert plan.align(live, WANTED, SCOPE).text == expected


def test_align_leaves_out_what_is_missing_with_its_reason() -> None:
    live = router(WANTED.replace("nat descriptor masquerade static 1 4 192.168.1.1 esp\n", ""))
    text = plan.align(live, WANTED, SCOPE).text
    assert text == WANTED.split("# ESP")[0]


def test_align_puts_additional_lines_at_the_end_of_the_block() -> None:
    more = " tunnel enable 2\n  ipsec ike log 2 key-info\n description tunnel x\n"
    text = plan.align(router(WANTED.replace(" tunnel enable 2\n", more)), WANTED, SCOPE).text
    assert text == WANTED.replace(" tunnel enable 2\n", more)


def test_align_does_not_take_a_missing_default_for_drift() -> None:
    live = router(
        WANTED.replace("  ipsec ike hash 2 sha\n", "").replace(" ip tunnel mtu 1280\n", "")
    )
    assert plan.align(live, WANTED, SCOPE).text == WANTED


def test_align_of_nothing_is_nothing() -> None:
    assert plan.align(FOREIGN, WANTED, SCOPE) == plan.Live("", None)


def test_align_without_a_reference_still_reads_as_a_configuration() -> None:
    text = plan.align(router(WANTED), "", SCOPE).text
    assert "tunnel select 2\n" in text
    again = config.parse(text).owned(SCOPE)
    assert {(s.context, s.text) for s in again} == {
        (s.context, s.text) for s in config.parse(WANTED).statements
    }


@pytest.mark.parametrize(
    ("shown", "key", "line"),
    [
        ("text *", None, "  ipsec ike pre-shared-key 2 text <psk>\n"),
        ("0x1234", "0x1234", "  ipsec ike pre-shared-key 2 <psk>\n"),
        ("text CANARY", "CANARY", "  ipsec ike pre-shared-key 2 text <psk>\n"),
        ('text "CANARY"', "CANARY", "  ipsec ike pre-shared-key 2 text <psk>\n"),
        ('text "CA NARY"', '"CA NARY"', "  ipsec ike pre-shared-key 2 text <psk>\n"),
    ],
)
def test_align_keeps_the_key_apart(shown: str, key: str | None, line: str) -> None:
    live = plan.align(router(WANTED.replace("text <psk>", shown)), WANTED, SCOPE)
    assert live.key == key
    assert line in live.text
    assert key is None or key not in repr(live)


@given(texts(), texts())
def test_align_shows_drift_exactly_when_there_is_some(old: str, new: str) -> None:
    live, reference = config.parse(OTHERS + old), config.parse(new)
    text = plan.align(live, new, SCOPE_OF_ALL).text
    shown = config.parse(text)
    assert said(shown) == said(live)
    # With nothing of the block left there is no select line either.
    if said(live) == said(reference) and any(s.context for s in live.owned(SCOPE_OF_ALL)):
        missing = {s for s in reference.statements if s not in set(shown.statements)}
        assert missing == set()


def test_statements_without_a_context_in_the_model() -> None:
    after = plan.apply_to(config.parse(""), ["tunnel select 2", "ipsec ike hash 2 sha", "x y"])
    assert after.statements == (
        Statement("", "ipsec ike hash 2 sha"),
        Statement("tunnel 2", "x y"),
    )
