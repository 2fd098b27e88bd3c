"""The table of commands holds together, and says what a missing line means on each router."""

from __future__ import annotations

import re
from datetime import datetime
from ipaddress import IPv4Address

import pytest
from corpus import CASES, data_of
from office_rig import SITE, WANTED

from components.ipsec import DeadPeerDetection
from components.office import config, guards, plan, syntax
from components.office.command_table import COMMANDS, Command
from components.office.reading import read
from components.office.syntax import Key, default_of, is_default
from components.office.watchdog import Watchdog

SAMPLES = {"interface": "lan2", "network": "10.0.0.0/8", "user": "ops", "word": "w0rd"}


def sample(command: Command) -> str:
    """The words of the command, as a line has them, without a value."""
    return " ".join(
        SAMPLES.get(step.name, "7") if step.form else step.spellings[-1] for step in command.steps
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.pattern)
def test_a_row_says_where_it_is_from_and_is_found_by_its_lines(command: Command) -> None:
    assert re.fullmatch(r"\d+(\.\d+){0,3}", command.section)
    line = f"{sample(command)} value"
    assert syntax.command_of(line) is command
    assert syntax.command_of(line.upper()) is command
    assert syntax.command_of(line.replace(" ", "  ")) is command
    key = syntax.key_of(line, "pp 1")
    assert key == syntax.key_of(f"{sample(command)} other words", "pp 1")
    assert key.context == ("" if command.scope == "global" else "pp 1")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.pattern)
def test_the_no_form_of_a_line_is_about_that_line(command: Command) -> None:
    line = f"{sample(command)} value"
    verb, _, rest = syntax.no_form(line).partition(" ")
    if command.off:
        assert syntax.no_form(line) == f"{line.split()[0]} disable {line.split()[2]}"
    else:
        assert verb == "no"
        assert syntax.key_of(rest, "pp 1") == syntax.key_of(line, "pp 1")


def test_no_command_stands_twice() -> None:
    patterns = [command.pattern for command in COMMANDS]
    assert len(set(patterns)) == len(patterns)


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c.secret], ids=lambda command: command.pattern
)
def test_no_secret_is_shown(command: Command) -> None:
    before = {
        r"\S+[ \t]+": "name ",
        r"(?:\S+[ \t]+){2}": "one two ",
        r"(?:\S+[ \t]+){3}": "one two three ",
        r"(?:\S+[ \t]+){5}": "a sip udp uri name ",
    }.get(command.secret.keep if command.secret else "", "")
    by_option = {
        "syslog file": "aes128 ",
        "external-memory syslog filename": "x.txt aes256-cbc ",
        "mail server smtp <id>": "mail.example smtp-auth ops ",
        "mail server pop <id>": "mail.example pop3 ops ",
        "ospf virtual-link <word>": "area 1 authkey=",
        "ip <interface> vrrp <id>": "192.168.1.1 priority=100 auth=",
    }
    before = by_option.get(command.pattern, before)
    if command.pattern.endswith("ospf area"):
        before = "backbone md5key="
    line = f"{sample(command)} {before}CANARY"
    assert "CANARY" not in syntax.masked(f"schedule at 1 */* 12:00 * {line} more")
    assert syntax.masked(line).startswith(f"{sample(command)} {before}".rstrip())


def test_the_table_knows_every_line_that_we_type() -> None:
    lines = [
        *(s.text for s in config.parse(WANTED).statements),
        Watchdog(1, IPv4Address("192.168.2.1")).line(
            SITE.lan_address, SITE.gateway, DeadPeerDetection(15, 2)
        ),
        *guards.schedules(
            guards.abilities("RTX1220", "15.04.03"), 600, datetime(2026, 1, 1), config.parse("")
        ),
        *guards.schedules(guards.abilities("RTX1300", "23.00.17"), 600, None, config.parse("")),
        "ip filter 1 pass 192.0.2.1 192.168.1.1 udp 500 500",
        "ip lan2 secure filter in 1 2 dynamic 3",
        "ip pp secure filter in 1 2",
        "console columns 4096",
        "console lines infinity",
        "console character ja.utf8",
    ]
    assert len(lines) > 30
    assert [line for line in lines if syntax.command_of(line) is None] == []


@pytest.mark.parametrize("case", CASES)
def test_the_table_knows_the_tunnels_of_the_corpus(case: str) -> None:
    ours = ("ipsec", "tunnel", "nat")
    unknown = [
        s.text
        for s in read(data_of(case)).statements
        if s.text.split()[0] in ours and syntax.command_of(s.text) is None
    ]
    assert [line for line in unknown if not line.startswith("no ")] == []


STANDING = """\
description 1 first
description 2 second
description lan1 x
dns server 192.0.2.53
dns server pp 1
dns server dhcp lan2
dns server select 1 pp 1 any .
dns server select 2 192.0.2.53 any example.jp
ip filter set wan in 1 2
ip filter set wan out 3
ip filter dynamic 1 * * tcp
ip filter dynamic timer tcp-idle-time=60
ip filter 1 pass * *
ip route default gateway pp 1
ip route change log on
ip lan2 secure filter in 1
ip lan2 secure filter out 1
ip lan2 address 192.0.2.1/30
ip lan2 secondary address 192.0.2.5/30
ip lan3 address 192.0.2.9/30
ip lan3 vrrp 1 192.0.2.9
ip lan3 vrrp 2 192.0.2.10
ipsec auto refresh on
ipsec auto refresh 1 off
ipsec ike log message-info
ipsec ike log 1 key-info
ipsec ike license-key 1 abc
ipsec ike license-key use 1 on
ipsec ike mode-cfg address 1 2
ipsec ike mode-cfg address pool 1 10.0.0.0/24
ipsec transport 1 101 udp 1701
ipsec transport template 1 2-9
auth user 1 a b
auth user attribute 1 xauth=on
auth user group 1 1
nat descriptor static 1 1 192.0.2.1=192.168.1.1 1
nat descriptor masquerade static 1 1 192.168.1.1 udp 500
nat descriptor masquerade static 1 2 192.168.1.1 esp
snmp host 192.168.1.9
snmp host 192.168.1.10
sshd host any
sshd host key generate *
pp select 1
 description pp one
 ip pp mtu 1454
 pp auth username a b
 pp auth username c d
pp select 2
 description pp two
 ip pp mtu 1454
tunnel select 1
 description tunnel one
 tunnel endpoint address 192.0.2.1
 tunnel endpoint name x
 ipsec tunnel 101
 ipsec tunnel outer df-bit copy
tunnel select 2
 description tunnel two
 ipsec tunnel 102
"""


def test_lines_that_stand_beside_each_other_have_keys_of_their_own() -> None:
    statements = config.parse(STANDING).statements
    keys = {s.key: s.text for s in statements}
    assert [s.text for s in statements if keys[s.key] != s.text] == []


@pytest.mark.parametrize("case", CASES)
def test_no_line_of_the_corpus_takes_the_place_of_another(case: str) -> None:
    statements = read(data_of(case)).statements
    assert len({s.key for s in statements}) == len(statements)


@pytest.mark.parametrize(
    ("line", "model", "revision", "default"),
    [
        ("ip tunnel tcp mss limit auto", "RTX1220", "15.04.03", "auto"),
        ("ip tunnel tcp mss limit auto", "RTX1220", "", "auto"),
        ("ip tunnel tcp mss limit auto", "RTX1300", "23.00.09", "auto"),
        ("ip tunnel tcp mss limit auto", "RTX840", "23.02.02", "auto"),
        ("ip tunnel tcp mss limit off", "RTX1210", "14.01.25", "off"),
        ("ip pp tcp mss limit auto", "RTX1210", "14.01.26", "auto"),
        ("ip lan2 tcp mss limit off", "RTX830", "15.02.02", "off"),
        ("ip tunnel tcp mss limit auto", "RTX830", "15.02.10", "auto"),
        ("ip tunnel tcp mss limit off", "RTX1200", "10.01.78", "off"),
        ("ip tunnel tcp mss limit auto", "RTX1210", "", None),
        ("ip tunnel tcp mss limit auto", "", "", None),
        ("ip tunnel tcp mss limit auto", "", "15.04.03", None),
        ("ipsec ike queue length 40", "RTX830", "15.02.20", "40"),
        ("ipsec ike queue length 200", "RTX830", "15.02.22", "200"),
        ("ipsec ike queue length 200", "NVR510", "15.01.01", None),
        ("console character ja.sjis", "RTX1220", "15.04.03", "ja.sjis"),
        ("console character ja.utf8", "vRX", "19.00.05", "ja.utf8"),
        ("sshd auth method publickey", "RTX840", "23.02.02", "publickey"),
        ("ip tunnel mtu 1280", "", "", "1280"),
        ("ipsec sa policy 1 1 esp", "RTX1220", "15.04.03", None),
    ],
)
def test_the_default_of_a_model_and_revision(
    line: str, model: str, revision: str, default: str | None
) -> None:
    command = syntax.command_of(line)
    assert command is not None
    assert default_of(command, model, revision) == default
    assert is_default(line, model, revision) is (default is not None)


@pytest.mark.parametrize(
    ("value", "model", "revision", "same"),
    [
        ("28800", "", "", True),
        ("28800 rekey 75%", "", "", True),
        ("28800 2000000", "", "", False),
        ("28800 2000000", "RTX1220", "15.04.04", False),
        ("28800 2000000", "RTX1220", "15.04.05", True),
        ("28800 2000000 rekey 75%", "RTX1220", "15.04.07", True),
        ("28800 2000000", "RTX1210", "14.01.41", False),
        ("28800 2000000", "RTX1210", "14.01.42", True),
        ("28800 2000000", "RTX830", "15.02.26", False),
        ("28800 2000000", "RTX1300", "23.00.04", True),
        ("28800 off", "RTX1220", "15.04.07", False),
        ("1800", "RTX1220", "15.04.07", False),
    ],
)
def test_the_default_lifetime_holds_a_byte_lifetime_on_newer_revisions(
    value: str, model: str, revision: str, same: bool
) -> None:
    assert is_default(f"ipsec ike duration child-sa 2 {value}", model, revision) is same


@pytest.mark.parametrize(
    ("one", "other", "model", "revision", "same"),
    [
        ("ipsec ike group 1 modp1024", "ipsec ike group 1 modp1024 modp1024", "", "", True),
        (
            "ipsec ike keepalive use 1 auto",
            "ipsec ike keepalive use 1 auto heartbeat",
            "",
            "",
            True,
        ),
        (
            "ipsec ike duration ipsec-sa 1 28800",
            "ipsec ike duration child-sa 1 28800 2000000",
            "RTX1220",
            "15.04.07",
            True,
        ),
        (
            "ipsec ike duration ipsec-sa 1 28800",
            "ipsec ike duration child-sa 1 28800 2000000",
            "RTX1220",
            "15.04.03",
            False,
        ),
        ("ipsec ike group 1 modp1024", "ipsec ike group 2 modp1024", "", "", False),
    ],
)
def test_two_spellings_of_a_default_are_equal(
    one: str, other: str, model: str, revision: str, same: bool
) -> None:
    assert syntax.equal(one, other, model, revision) is same


def test_what_only_looks_like_a_command_of_a_kind_is_not_of_it() -> None:
    assert syntax.key_of("ip route change log on") == Key("", "ip route change log")
    assert syntax.key_of("ipsec ike license-key 3 abc") == Key("", "ipsec ike license-key 3")
    license_key = syntax.command_of("ipsec ike license-key 3 abc")
    assert license_key is not None
    assert license_key.owner == ""
    assert (
        config.parse("ipsec ike mode-cfg address pool 3 10.0.0.0/24").statements[0].named("gateway")
        is None
    )
    unknown = syntax.match("ipsec ike made-up 3 4")
    assert unknown is not None
    assert (unknown.named["gateway"], unknown.value) == ("3", ("4",))


@pytest.mark.parametrize(
    ("head", "silent"),
    [
        ("# RTX1220 Rev.15.04.03 (x)\n", True),
        ("# RTX1210 Rev.14.01.41 (x)\n", True),
        ("# RTX1210 Rev.14.01.20 (x)\n", False),
        ("", False),
    ],
)
def test_a_missing_line_is_no_drift_where_it_is_the_routers_default(
    head: str, silent: bool
) -> None:
    wanted = WANTED
    scope = config.scope_of(wanted)
    line = " ip tunnel tcp mss limit auto\n"
    assert line in wanted
    live = config.parse(head + wanted.replace(line, ""))
    assert plan.align(live, wanted, scope).text == (wanted if silent else wanted.replace(line, ""))
    typed = plan.plan(live, config.parse(wanted), scope).commands
    assert (line.strip() in typed) is not silent
