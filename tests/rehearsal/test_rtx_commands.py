"""What the router takes and what it refuses, in the words of its error texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from rtx_bench import SEED_LINES, administrator, make_router

from components.rehearsal.rtx import Router, run_lines
from components.rehearsal.rtx.messages import ERRORS


@pytest.fixture(name="router")
def router_fixture(tmp_path: Path) -> Router:
    return make_router(tmp_path)


REFUSED = [
    # (line, code, typed with tunnel 2 selected?)
    ("nonsense", "command", False),
    ("ipsec ike nonsense 2 on", "command", False),
    ("ip tunnel1 secure filter in 10", "command", True),
    ("no nonsense", "command", False),
    ("ipsec ike group 2 modp3072", "keyword", False),
    ("ipsec ike group 2 modp4096", "keyword", False),
    ("ipsec ike hash 2 sha384", "keyword", False),
    ("ipsec ike encryption 2 aes128", "keyword", False),
    ("ipsec ike keepalive use 2 on ping 15 2", "keyword", False),
    ("ipsec sa policy 102 2 esp aes-cbc sha512-hmac", "keyword", False),
    ("ipsec ike pfs 2 maybe", "keyword", False),
    ("ip route 10.0.0.0/8 gatewy tunnel 2", "keyword", False),
    ("ipsec ike pfs 2", "count", False),
    ("ipsec ike pfs 2 on on", "count", False),
    ("no", "count", False),
    ("no ipsec ike pfs", "count", False),
    ("ipsec ike pfs 101 on", "range", False),
    ("ipsec ike duration ipsec-sa 2 299", "range", False),
    ("ipsec ike duration ipsec-sa 2 691201", "range", False),
    ("ipsec ike duration ipsec-sa 2 1800 100001", "range", False),
    ("ipsec ike duration ipsec-sa 2 1800 off", "integer", False),
    ("ipsec ike duration isakmp-sa 2 28800 1000", "keyword", False),
    ("ipsec ike duration ipsec-sa 2 1800 forced-reduction=10", "integer", False),
    ("ipsec ike keepalive use 2 on dpd 601 2", "range", False),
    ("tunnel select 101", "range", False),
    ("ip tunnel mtu 1501", "range", True),
    ("ipsec ike pfs two on", "integer", False),
    ("ipsec ike remote address 2 300.1.1.1", "address", False),
    ("ipsec ike local address 2 192.168.1", "address", False),
    ("ipsec ike remote id 2 192.168.2.0/33", "address", False),
    ("ip route 192.168.2.0/33 gateway tunnel 2", "address", False),
    ("ip route 192.168.2.0/24 gateway 300.1.1.1", "address", False),
    ("nat descriptor masquerade static 1 9 192.168.1.256 esp", "address", False),
    ("nat descriptor masquerade static 1 9 192.168.1.1 udp", "count", False),
    ("tunnel encapsulation ipsec", "context", False),
    ("ipsec tunnel 102", "context", False),
    ("ip tunnel mtu 1280", "context", False),
    ("no ip tunnel mtu", "context", False),
    ("pp always-on on", "context", True),
    ("ip pp mtu 1454", "context", True),
    ("schedule at 1 +600 * restart", "keyword", False),
    ("schedule at 1 12:00 restart", "keyword", False),
    ("rollback timer 0", "range", False),
    ("rollback timer soon", "integer", False),
    ("console columns 79", "range", False),
    ("console lines 9", "range", False),
    ("console character utf8", "keyword", False),
    ("no show config", "command", False),
    ("no save", "command", False),
    ("save 5", "range", False),
    ("save file", "integer", False),
    ("save usb1:config.txt", "no storage", False),
    (f"save 0 {'x' * 201}", "range", False),
    ("show config difference 1", "no file", False),
    ("show config difference file /none.cfg", "no file", False),
    ("show config 1", "no file", False),
    ("show config tunnel", "context", False),
    ("load 1", "no file", False),
    ("load config", "count", False),
    ("load file /none.cfg silent", "no file", False),
    ("load 0 silent interactive", "keyword", False),
    ("load 0 rollback-timer=119", "range", False),
    ("load 0 quietly", "keyword", False),
    ("ping -c 0 192.168.1.1", "range", False),
    ("ping -x 1 192.168.1.1", "keyword", False),
    ("ping -c 1", "count", False),
    ("ping -sa 192.168.1 192.168.1.1", "address", False),
    ("ipsec sa delete 99", "no sa", False),
    ("confirm", "no rollback", False),
    ("login user a.b secret", "keyword", False),
    ("show config | sort", "keyword", False),
    ("show config > usb1:config.txt", "no storage", False),
    ("description tunnel a>b", "no storage", True),
    ("description tunnel " + "x" * 65, "range", True),
    ("save | grep x", "keyword", False),
]


@pytest.mark.parametrize(("text", "code", "selected"), REFUSED)
def test_it_refuses_what_the_real_one_refuses(
    router: Router, text: str, code: str, selected: bool
) -> None:
    terminal = administrator(router)
    if selected:
        terminal.line("tunnel select 2")
    before = router.running()
    assert terminal.line(text) == f"Error: {ERRORS[code][0]}"
    assert router.running() == before


def test_the_texts_are_those_of_the_language_set(router: Router) -> None:
    terminal = administrator(router)
    assert terminal.line("foo") == "Error: Invalid command name"
    terminal.line("console character ja.utf8")
    assert terminal.line("foo") == "エラー: コマンド名を確認してください"
    assert terminal.line("ipsec ike pfs 2 maybe") == (
        "エラー: パラメータのキーワードが認識できません"
    )


def test_the_lines_of_the_seed_are_taken_in_silence_and_shown_as_a_block(router: Router) -> None:
    terminal = administrator(router)
    assert terminal.lines(*SEED_LINES) == [""] * len(SEED_LINES)
    assert terminal.line("show config tunnel 2").split("\n")[5:] == [
        "tunnel select 2",
        " tunnel encapsulation ipsec",
        " ipsec tunnel 102",
        "  ipsec sa policy 102 2 esp aes-cbc sha-hmac",
        "  ipsec ike always-on 2 on",
        "  ipsec ike backward-compatibility 2 2",
        "  ipsec ike duration ike-sa 2 28800",
        "  ipsec ike duration ipsec-sa 2 1800",
        "  ipsec ike encryption 2 aes-cbc",
        "  ipsec ike group 2 modp1024",
        "  ipsec ike hash 2 sha",
        "  ipsec ike keepalive log 2 off",
        "  ipsec ike keepalive use 2 on dpd 15 2",
        "  ipsec ike local address 2 192.168.1.1",
        "  ipsec ike local id 2 192.168.1.0/24",
        "  ipsec ike pfs 2 on",
        "  ipsec ike pre-shared-key 2 text example_key",
        "  ipsec ike remote address 2 192.0.2.1",
        "  ipsec ike remote id 2 192.168.2.0/24",
        " ip tunnel mtu 1280",
        " ip tunnel tcp mss limit auto",
        " tunnel enable 2",
    ]
    assert "ipsec auto refresh on\nipsec auto refresh 2 off\n" in terminal.line("show config")


def test_taking_the_seed_lines_away_again_leaves_the_router_as_it_was(router: Router) -> None:
    before = run_lines(router, ["show config"]).split("\n")[6:]
    terminal = administrator(router)
    terminal.lines(*SEED_LINES)
    undo = [text for text in SEED_LINES if " select " not in text]
    terminal.line("tunnel select 2")
    assert terminal.lines(*(f"no {text}" for text in undo)) == [""] * len(undo)
    terminal.lines("tunnel select none", "no console lines", "no console columns")
    assert run_lines(router, ["show config"]).split("\n")[6:] == before


@pytest.mark.parametrize(
    ("typed", "undone"),
    [
        ("ipsec ike pfs 2 on", "no ipsec ike pfs 2 anything at all"),
        ("ipsec ike duration ipsec-sa 2 1800", "no ipsec ike duration child-sa 2"),
        ("ipsec sa policy 102 2 esp aes-cbc", "no ipsec sa policy 102"),
        ("ip route 10.9.0.0/16 gateway tunnel 2", "no ip route 10.9.0.0/16"),
        ("ipsec auto refresh 2 off", "no ipsec auto refresh 2"),
        ("tunnel enable 3-5", "tunnel disable 3 4 5"),
        ("tunnel enable 3", "no tunnel enable 3"),
        ("schedule at 9 3/17 12:30 * restart", "no schedule at 9"),
        ("IPSEC IKE PFS 2 ON", "No Ipsec Ike Pfs 2"),
    ],
)
def test_no_takes_a_line_away_by_its_key_alone(router: Router, typed: str, undone: str) -> None:
    terminal = administrator(router)
    before = router.running()
    assert terminal.line(typed) == ""
    assert not router.running().same_as(before)
    assert terminal.line(undone) == ""
    assert router.running().same_as(before)


def test_no_of_the_global_line_leaves_that_of_a_gateway(router: Router) -> None:
    terminal = administrator(router)
    terminal.lines("ipsec auto refresh 2 off", "no ipsec auto refresh")
    lines = router.running().lines()
    assert "ipsec auto refresh 2 off" in lines
    assert "ipsec auto refresh on" not in lines


def test_a_user_may_look_but_not_change(router: Router) -> None:
    terminal = administrator(router)
    terminal.raw("exit\rn")
    denied = ("show config", "save", "ipsec ike pfs 2 on", "restart", "rollback timer 60")
    assert set(terminal.lines(*denied)) == {"Error: Administrator use only"}
    assert "RTX1220 Rev.15.04.03" in terminal.line("show environment")
    assert terminal.lines("tunnel select 2", "console columns 200") == ["", ""]


def test_firmware_after_15_04_04_takes_what_older_refuses(tmp_path: Path) -> None:
    terminal = administrator(make_router(tmp_path, revision="15.04.05"))
    newer = (
        "ipsec ike duration ipsec-sa 2 1800 off rekey 80% forced-reduction=10",
        "schedule at 1 +600 * restart",
    )
    assert terminal.lines(*newer) == ["", ""]


def test_quotes_and_escapes_protect_blanks_and_pipes(router: Router) -> None:
    terminal = administrator(router)
    terminal.lines("tunnel select 2", 'description tunnel "office > cloud"')
    assert ' description tunnel "office > cloud"' in router.running().lines()
    terminal.lines("tunnel select 2", 'description tunnel "to the cloud"')
    terminal.line(r"ipsec ike pre-shared-key 2 text a\|b")
    assert ' description tunnel "to the cloud"' in router.running().lines()
    (gateway,) = [each for each in router.gateways() if each.gateway == 2]
    assert gateway.key == "a|b"


def test_a_wide_character_counts_twice(router: Router) -> None:
    terminal = administrator(router)
    terminal.lines("console character ja.utf8", "tunnel select 2")
    assert terminal.line("description tunnel " + "あ" * 32) == ""
    assert terminal.line("description tunnel " + "あ" * 33) == "エラー: " + ERRORS["range"][1]


def test_a_line_that_is_too_long_is_refused(router: Router) -> None:
    terminal = administrator(router)
    assert terminal.line("description 1 " + "x" * 4095).endswith("Command line is too long")


def test_a_password_typed_is_not_kept_in_clear(router: Router) -> None:
    administrator(router).line("login user guest secret-word")
    assert router.password_fits("guest", "secret-word")
    assert "secret-word" not in router.running().text()
    assert "login user guest *" in router.running().lines()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("show config | grep MASQ", []),
        ("show config | grep -i TYPE.*MASQ", ["nat descriptor type 1 masquerade"]),
        ("show config | grep -w use.on.1", []),
        ("show config | grep use.on.1", [" l2tp keepalive use on 10 3"]),
        ("show config | grep 'ipsec tunnel'", [" ipsec tunnel 101"]),
    ],
)
def test_grep_finds_lines(router: Router, command: str, expected: list[str]) -> None:
    assert administrator(router).line(command).split("\n") == ["Searching ...", *expected]


def test_grep_v_shows_the_others(router: Router) -> None:
    terminal = administrator(router)
    shown = terminal.line("show config | grep -v ip").split("\n")
    assert "ip lan1 proxyarp on" not in shown
    assert "sshd service on" in shown
