"""What `show` prints, in the shapes of real output."""

from __future__ import annotations

import re
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from rtx_bench import (
    SEED_LINES,
    Terminal,
    administrator,
    advance,
    link_of,
    make_router,
)

from components.rehearsal.rtx import DEMO_CONFIGURATION, OfficeSa, Router, run_lines

PEER = IPv4Address("192.0.2.1")
SAS = [
    OfficeSa(2, 2, "esp", "send", 1398, PEER, bytes.fromhex("a6674747"), 1, 102, 2),
    OfficeSa(3, 2, "esp", "recv", 1398, PEER, bytes.fromhex("01020304"), 1, 102, 2),
    OfficeSa(1, 2, "isakmp", "", 21398, PEER, bytes.fromhex("6bcefd8a00000001")),
]


@pytest.fixture(name="router")
def router_fixture(tmp_path: Path) -> Router:
    router = make_router(tmp_path)
    administrator(router).lines(*SEED_LINES)
    return router


@pytest.fixture(name="terminal")
def terminal_fixture(router: Router) -> Terminal:
    return administrator(router)


def test_show_config_begins_with_five_comments(terminal: Terminal, router: Router) -> None:
    head = terminal.line("show config").split("\n")[:6]
    assert head[0] == "# RTX1220 Rev.15.04.03 (Thu Nov 18 10:11:12 2021)"
    assert [line.split(":")[0] for line in head[1:4]] == [
        "# MAC Address ", "# Memory 256Mbytes, 3LAN", "# main"
    ]  # fmt: skip
    assert head[4] == "# Reporting Date: Mar 17 12:00:00 2026"
    assert head[5] == "administrator password encrypted *"
    advance(router, 61)
    assert "# Reporting Date: Mar 17 12:01:01 2026" in terminal.line("show config")


def test_show_config_of_blocks(terminal: Terminal) -> None:
    every = terminal.line("show config tunnel 1-100")
    assert "tunnel select 1\n" in every
    assert "tunnel select 2\n" in every
    terminal.line("tunnel select 2")
    assert "tunnel select 2\n" in terminal.line("less config tunnel")
    terminal.line("tunnel select none")
    one = terminal.line("show config tunnel 1")
    assert "\n  ipsec ike remote address 1 any\n" in one
    assert "tunnel select 2" not in one
    assert "pp select anonymous\n" in terminal.line("show config pp anonymous")


def test_show_environment(terminal: Terminal, router: Router) -> None:
    advance(router, 3725)
    terminal = administrator(router)
    lines = terminal.line("show environment").split("\n")
    assert re.match(r"^RTX1220\s+Rev\.15\.04\.03 ", lines[2])
    assert "Default firmware: exec0  Default config. file: config0" in lines
    assert "Boot time: 2026/03/17 12:00:00 +09:00" in lines
    assert "Current time: 2026/03/17 13:02:05 +09:00" in lines
    assert "Elapsed time from boot: 0days 01:02:05" in lines


def test_show_environment_in_japanese(tmp_path: Path) -> None:
    shown = run_lines(make_router(tmp_path, DEMO_CONFIGURATION), ["show environment"])
    assert "デフォルト設定ファイル: config0" in shown
    assert "現在の時刻: 2026/03/17 12:00:00 +09:00" in shown


def test_show_ipsec_sa(terminal: Terminal, router: Router) -> None:
    link_of(router).standing = SAS
    assert terminal.line("show ipsec sa").split("\n")[:7] == [
        "Total: isakmp:1 send:1 recv:1",
        "",
        "sa    sgw isakmp connection    dir  life[s] remote-id",
        "-" * 76,
        "1     2   -      isakmp        -    21398   192.0.2.1",
        "2     2   1      tun[0002]esp  send 1398    192.0.2.1",
        "3     2   1      tun[0002]esp  recv 1398    192.0.2.1",
    ]


def test_show_ipsec_sa_without_any(terminal: Terminal) -> None:
    assert terminal.line("show ipsec sa").startswith("Total: isakmp:0 send:0 recv:0\n")


def test_show_ipsec_sa_gateway(terminal: Terminal, router: Router) -> None:
    link_of(router).standing = SAS
    assert terminal.line("show ipsec sa gateway 2").split("\n")[2:] == [
        "2    U K   192.168.1.1                   192.0.2.1        i:1 s:1 r:1"
    ]
    assert len(terminal.line("show ipsec sa gateway").split("\n")) == 4


def test_show_ipsec_sa_gateway_detail(terminal: Terminal, router: Router) -> None:
    link_of(router).standing = SAS
    shown = terminal.line("show ipsec sa gateway 2 detail")
    first, second, third = shown.removesuffix("-" * 52).split("\n" + "-" * 52 + "\n")
    assert "SA[1] Duration: 21398s\nLocal ID: 192.168.1.1\nRemote ID: 192.0.2.1\n" in first
    assert "Protocol: IKE\nAlgorithm: AES-CBC, SHA-1, MODP 1024bit\n" in first
    assert "SPI: 6b ce fd 8a 00 00 00 01\n" in first
    assert "SA[2] Duration: 1398s" in second
    assert "Direction: send\nProtocol: ESP (Mode: tunnel)\n" in second
    assert "Algorithm: AES-CBC (for Auth.: HMAC-SHA)\nSPI: a6 67 47 47\n" in second
    assert "Direction: receive" in third
    assert "example_key" not in shown


def test_deleting_one_sa_by_its_number(terminal: Terminal, router: Router) -> None:
    link_of(router).standing = SAS
    assert terminal.line("ipsec sa delete 2") == ""
    assert link_of(router).told[-1] == "delete [2]"


def test_show_status_tunnel_says_online_when_sas_stand(terminal: Terminal, router: Router) -> None:
    assert "  Current status is Offline." in terminal.line("show status tunnel 2")
    link_of(router).standing = SAS
    link_of(router).answers["192.168.2.1"] = 2.0
    terminal.line("ping -c 2 -sa 192.168.1.1 192.168.2.1")
    terminal.lines("tunnel select 2", "description tunnel sakura")
    assert terminal.line("show status tunnel 2").split("\n") == [
        "TUNNEL[2]: ",
        "Description: sakura",
        "  Interface type: IPsec",
        "  Current status is Online.",
        "  from 2026/03/17 11:53:18.",
        "  0 hours 6 minutes 42 seconds  connection.",
        "  Received:    (IPv4) 2 packets [184 octets]",
        "  Transmitted: (IPv4) 2 packets [184 octets]",
        "  IKE keepalive:",
        "         [Type]: dpd",
        "       [Status]: OK",
    ]
    link_of(router).alive = False
    assert "       [Status]: NG" in terminal.line("show status tunnel 2")


def test_show_status_tunnel_in_japanese(tmp_path: Path) -> None:
    router = make_router(tmp_path, DEMO_CONFIGURATION)
    administrator(router).lines(*SEED_LINES)
    link_of(router).standing = SAS
    shown = run_lines(router, ["show status tunnel 2"])
    assert "  トンネルインタフェースは接続されています\r\n" in shown


def test_show_ip_route(terminal: Terminal) -> None:
    shown = terminal.line("show ip route").split("\n")
    assert shown[0].split() == [
        "Destination",
        "Gateway",
        "Interface",
        "Kind",
        "Additional",
        "Info.",
    ]
    assert [line.split() for line in shown[1:]] == [
        ["default", "198.51.100.1", "LAN2", "static"],
        ["192.168.2.0/24", "-", "TUNNEL[2]", "static"],
        ["192.168.1.0/24", "192.168.1.1", "LAN1", "implicit"],
        ["198.51.100.0/24", "198.51.100.20", "LAN2", "implicit"],
    ]


def test_show_log_and_its_reverse(terminal: Terminal) -> None:
    lines = terminal.line("show log").split("\n")
    assert lines[0] == "2026/03/17 12:00:00: Power-on boot"
    assert "'administrator' succeeded for SSH" in lines[-1]
    assert terminal.line("show log reverse").split("\n") == lines[::-1]


def test_show_status_user_marks_oneself_and_administrators(router: Router) -> None:
    mine = administrator(router)
    other = Terminal(router.console("ops"))
    other.raw("\r")
    rows = mine.line("show status user").split("\n")[1:]
    assert max(map(len, rows)) < 80
    assert [row[:5] for row in rows if row.startswith("*")] == ["*+ops"]
    assert rows[-1].startswith("  ops")
    run_lines(router, ["show log"])
    assert len(mine.line("show status user").split("\n")[1:]) == len(rows)
