"""What PPPoE, filters, NAT and watchdogs need of the grammar; words that are cut short."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

import pytest
from rtx_bench import SEED_LINES, Terminal, administrator, make_router

from components.rehearsal.rtx import Behaviour, Router
from components.rehearsal.rtx.messages import ERRORS

PPPOE = """\
pp select 1
pp always-on on
pppoe use lan2
pppoe auto disconnect off
pp auth accept pap chap
pp auth myname user@isp.example secret
ppp lcp mru on 1454
ppp ipcp ipaddress on
ppp ipcp msext on
ppp ccp type none
ip pp mtu 1454
ip pp tcp mss limit auto
ip pp secure filter in 1030 1033 1099
ip pp secure filter out 1098 dynamic 1102 1103
ip pp nat descriptor 1000
pp enable 1
""".splitlines()
GIVEN = IPv4Address("203.0.113.20")
FROM_PPP = "ipsec ike local address 2 ipcp pp 1"


@pytest.fixture(name="router")
def router_fixture(tmp_path: Path) -> Router:
    return make_router(tmp_path, given={1: GIVEN})


@pytest.fixture(name="terminal")
def terminal_fixture(router: Router) -> Terminal:
    return administrator(router)


class TestPppoe:
    def test_the_block_is_taken_and_shown(self, terminal: Terminal) -> None:
        assert set(terminal.lines(*PPPOE)) == {""}
        shown = terminal.line("show config pp").split("\n")[5:]
        assert shown[0] == "pp select 1"
        assert sorted(line.strip() for line in shown) == sorted(PPPOE)

    def test_its_address_is_the_providers(self, router: Router, terminal: Terminal) -> None:
        terminal.lines(*SEED_LINES, *PPPOE, FROM_PPP, "ip route default gateway pp 1")
        (found,) = [each for each in router.gateways() if each.gateway == 2]
        assert (found.local_address, found.wan_address) == (GIVEN, GIVEN)
        assert GIVEN in router.addresses()
        shown = terminal.line("show status pp 1")
        assert f"PP IP Address Local: {GIVEN}, Remote: 203.0.113.1" in shown
        assert "203.0.113.20/32" in terminal.line("show ip route")

    @pytest.mark.parametrize(
        "line",
        ["pp disable 1", "no pppoe use", "no pp auth myname", "no ppp ipcp ipaddress"],
    )
    def test_without_a_session_there_is_none(
        self, router: Router, terminal: Terminal, line: str
    ) -> None:
        terminal.lines(*PPPOE, line)
        assert GIVEN not in router.addresses()
        assert f"Local: {GIVEN}" not in terminal.line("show status pp")

    def test_status_in_japanese(self, terminal: Terminal) -> None:
        terminal.lines(*PPPOE, "console character ja.utf8")
        assert terminal.line("show status pp").startswith(
            "PP[01]:\n説明: \nPPPoEセッションは接続されています\n接続相手: bas1\n"
        )

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            ("pp auth myname user", "count"),
            (f"pp auth myname {'u' * 65} secret", "range"),
            ("pppoe use pp1", "keyword"),
            ("pppoe auto disconnect maybe", "keyword"),
            ("ppp lcp mru on 1793", "range"),
            ("ip pp mtu 1501", "range"),
            ("pp always-on on 59", "range"),
            ("ip pp nat descriptor", "count"),
            ("pp enable 0", "range"),
            ("ip tunnel mtu 1280", "context"),
        ],
    )
    def test_it_refuses(self, terminal: Terminal, line: str, code: str) -> None:
        terminal.line("pp select 1")
        assert terminal.line(line) == f"Error: {ERRORS[code][0]}"


class TestFilters:
    @pytest.mark.parametrize(
        "line",
        [
            "ip filter 5 pass 192.0.2.1 192.168.1.1 udp 500 500",
            "ip filter 5 pass 192.0.2.1 * esp",
            "ip filter 5 pass 192.0.2.0/24,198.51.100.1-198.51.100.9 * 50,51 * *",
            "ip filter 5 reject-nolog * * tcpflag=0x0002/0x0012",
            "ip filter 5 pass *.example.jp * tcp * www,21-25",
            "ip filter dynamic 5 * * ftp syslog=off timeout=60",
            "ip filter dynamic 5 * * filter 1 2 in 3 out 4 5",
            "ip lan2 secure filter out dynamic 1100",
            "ip lan2 secure filter name INBOUND",
            "ip lan2 secure filter in " + " ".join(map(str, range(1, 130))),
        ],
    )
    def test_it_takes(self, terminal: Terminal, line: str) -> None:
        assert terminal.line(line) == ""

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            ("ip filter 5 pass", "count"),
            ("ip filter 5 allow * *", "keyword"),
            ("ip filter 5 pass 192.0.2.1/33 * udp", "address"),
            ("ip filter 5 pass * * xyz", "keyword"),
            ("ip filter 5 pass * * tcp * 1,2,3,4,5,6,7,8,9,10,11", "keyword"),
            ("ip filter 21474837 pass * *", "range"),
            ("ip filter dynamic 5 * * filter", "count"),
            ("ip filter dynamic 5 * * ftp syslog=maybe", "keyword"),
            ("ip lan2 secure filter in", "count"),
            ("ip lan2 secure filter in dynamic", "count"),
            ("ip lan2 secure filter in 1 x", "integer"),
            ("ip lan2 secure filter both 1", "keyword"),
            ("ip lan2 secure filter in " + " ".join(map(str, range(1, 131))), "count"),
            (
                "ip lan2 secure filter in 1 dynamic " + " ".join(map(str, range(1, 130))),
                "count",
            ),
        ],
    )
    def test_it_refuses(self, terminal: Terminal, line: str, code: str) -> None:
        assert terminal.line(line) == f"Error: {ERRORS[code][0]}"

    @pytest.mark.parametrize(
        ("line", "refused"),
        [
            ("ip lan2 secure filter in 1010 1020", False),
            ("ip lan2 secure filter in 1010 7", True),
            ("ip lan2 secure filter out 1098 dynamic 1100 1101", False),
            ("ip lan2 secure filter out 1098 dynamic 1098", True),
            ("ip lan2 secure filter name ANY", False),
            ("no ip lan2 secure filter in 7", False),
        ],
    )
    def test_of_filters_that_do_not_exist(
        self, tmp_path: Path, terminal: Terminal, line: str, refused: bool
    ) -> None:
        assert terminal.line(line) == ""
        strict = Behaviour(undefined_filters=False)
        other = administrator(make_router(tmp_path / "strict", behaviour=strict))
        assert other.line(line) == (f"Error: {ERRORS['no filter'][0]}" if refused else "")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("nat descriptor masquerade static 1 7 192.168.1.1 udp 500", ""),
        ("nat descriptor masquerade static 1 7 192.168.1.1 udp 4500=500", ""),
        ("nat descriptor masquerade static 1 7 192.168.1.1 tcp 5000-5010", ""),
        ("nat descriptor masquerade static 1 7 192.168.1.1 esp", ""),
        ("nat descriptor masquerade static 1 7 192.168.1.1 icmp", ""),
        ("nat descriptor masquerade static 1 7 192.168.1.1 50", ""),
        ("nat descriptor masquerade static 1 7 192.168.1.1 esp 500", "count"),
        ("nat descriptor masquerade static 1 0 192.168.1.1 esp", "range"),
        ("nat descriptor masquerade static 1 7 esp", "address"),
        ("nat descriptor static 1 1 198.51.100.21=192.168.1.9 1", ""),
        ("nat descriptor type 1 nat-masquerade", ""),
        ("nat descriptor type 1 nothing", "keyword"),
        ("nat descriptor address outer 1000 ipcp", ""),
        ("nat descriptor address outer 1000 198.51.100.20-198.51.100.22", ""),
        ("nat descriptor masquerade incoming 1 forward 192.168.1.9", ""),
        ("nat descriptor masquerade incoming 1 forward", "count"),
        ("ip keepalive 1 icmp-echo 10 3 192.168.2.1 log=on ipsec-refresh-down=2", ""),
        ("ip keepalive 1 icmp-echo 10 3 192.168.2.1 192.168.2.2 local-address=192.168.1.1", ""),
        ("ip keepalive 1 icmp-echo 10 3 192.168.2.1 upwait=10 ipsec-refresh=2,3", ""),
        ("ip keepalive 101 icmp-echo 10 3 192.168.2.1", "range"),
        ("ip keepalive 1 icmp-echo 10 2 192.168.2.1", "range"),
        ("ip keepalive 1 icmp-echo 10 3", "count"),
        ("ip keepalive 1 icmp-echo 10 3 192.168.2.1 length=63", "range"),
        ("ip keepalive 1 icmp-echo 10 3 192.168.2.1 log=loud", "keyword"),
        ("ip keepalive 1 icmp-echo 10 3 192.168.2.1 ipsec-refresh-down=two", "integer"),
        ("ip route 10.0.0.0/8 gateway tunnel 2 keepalive 1 gateway null", ""),
        ("ip route 10.0.0.0/8 gateway loopback1", ""),
    ],
)
def test_nat_watchdogs_and_routes(terminal: Terminal, line: str, code: str) -> None:
    assert terminal.line(line) == (f"Error: {ERRORS[code][0]}" if code else "")


class TestAbbreviations:
    @pytest.fixture(name="terminal")
    def terminal_fixture(self, tmp_path: Path) -> Terminal:
        return administrator(make_router(tmp_path, behaviour=Behaviour(abbreviations=True)))

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("ips ike pf 2 on", "ipsec ike pfs 2 on"),
            ("ipsec ike dur ips 2 1800", "ipsec ike duration ipsec-sa 2 1800"),
            ("ip rou 10.0.0.0/8 g t 2 hid", "ip route 10.0.0.0/8 gateway tunnel 2 hide"),
            ("nat d type 1 nat-", "nat descriptor type 1 nat-masquerade"),
            ("ip lan1 mt 1400", "ip lan1 mtu 1400"),
        ],
    )
    def test_a_beginning_that_only_one_keyword_has(
        self, terminal: Terminal, typed: str, meant: str
    ) -> None:
        assert terminal.line(typed) == ""
        assert meant in [line.strip() for line in terminal.console.router.running().lines()]
        assert terminal.line(f"no {typed}") == ""
        assert meant not in [line.strip() for line in terminal.console.router.running().lines()]

    def test_actions_too(self, terminal: Terminal) -> None:
        assert "RTX1220 Rev.15.04.03" in terminal.line("sh env")
        assert terminal.line("tun sel 2") == ""
        assert terminal.console.context == "tunnel 2"

    @pytest.mark.parametrize("line", ["ipsec ike l 2 on", "s env", "ipsec ike pfs 2 o"])
    def test_what_several_begin_with_is_refused(self, terminal: Terminal, line: str) -> None:
        before = terminal.console.router.running()
        assert terminal.line(line).startswith("Error: ")
        assert terminal.console.router.running() == before

    def test_by_default_words_are_written_out(self, tmp_path: Path) -> None:
        terminal = administrator(make_router(tmp_path / "usual"))
        assert terminal.line("ips ike pf 2 on") == "Error: Invalid command name"
        assert terminal.line("sh env") == "Error: Invalid command name"
