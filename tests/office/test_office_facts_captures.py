"""Captures as people send them: what a terminal, a pager or a person did to them does no harm.

The text holds what the corpus does not have together: two PPPoE lines, L2TP and IKEv2 beside the
tunnel, a key as hexadecimal digits, a template, lists longer than a line, Japanese that is wide.
"""

from __future__ import annotations

import pytest
from terminal import crlf, cut, paged

from components.office import config
from components.office.facts import facts_of
from components.office.facts_json import as_json
from components.office.reading import read

TEXT = r"""# RTX830 Rev.15.02.26 (Thu Nov 18 10:11:12 2021)
# MAC Address : 00:00:5e:00:53:40, 00:00:5e:00:53:41
# Memory 256Mbytes, 2LAN
# main:  RTX830 ver=00 serial=X0X000080 MAC-Address=00:00:5e:00:53:40 MAC-Address=00:00:5e:00:53:41
# Reporting Date: Jan 1 00:00:00 2026
administrator password encrypted *
login user ops *
security class 1 on off off
console character ja.sjis
console prompt "[営業所] "
ip route default gateway pp 1 filter 500000 gateway pp 2
ip route 10.20.0.0/24 gateway tunnel 3
ip route 192.168.200.0/24 gateway tunnel 3 hide gateway pp 2 weight 0
ip lan1 address 192.168.50.1/24
ip lan1 proxyarp on
description lan1 "営業所のLAN、三階の会議室と倉庫と受付、予備の機械室も含む範囲です"
provider lan1 name LAN:
pp select 1
 description pp "インターネット"
 pp name WAN/DSL:1/2/4/0/0:isp
 pp keepalive interval 30 retry-interval=30 count=12
 pp always-on on
 pppoe use lan2
 pppoe auto disconnect off
 pp auth accept pap chap
 pp auth myname user@isp.example.ne.jp secretpassword
 ppp lcp mru on 1454
 ppp ipcp ipaddress on
 ppp ipcp msext on
 ppp ccp type none
 ip pp secure filter in 500010 500011 500012 500013 500020 500021 500022 500023 500024 500030 500032
 ip pp secure filter out 500099 dynamic 500080 500081 500082 500083 500084 500085 500098 500099
 ip pp nat descriptor 1000
 pp enable 1
pp select 2
 pp always-on on
 pppoe use lan2
 pp auth accept pap chap
 pp auth myname second@isp.example.ne.jp other\#password
 ip pp mtu 1454
 ip pp nat descriptor 2000
 pp enable 2
pp select anonymous
 pp bind tunnel11 tunnel12
 pp auth request mschap-v2
 pp auth username remote1 remotepassword1
 pp auth username remote2 remotepassword2
 ppp ipcp ipaddress on
 ip pp remote address pool 192.168.50.200-192.168.50.210
 ip pp mtu 1258
 pp enable anonymous
tunnel select 3
 description tunnel "クラウド"
 ipsec tunnel 103
  ipsec sa policy 103 3 esp aes256-cbc sha256-hmac anti-replay-check=off
  ipsec ike always-on 3 on
  ipsec ike backward-compatibility 3 2
  ipsec ike duration ipsec-sa 3 1800
  ipsec ike encryption 3 aes256-cbc
  ipsec ike group 3 modp2048
  ipsec ike hash 3 sha256
  ipsec ike keepalive log 3 off
  ipsec ike keepalive use 3 on dpd 15 2
  ipsec ike local address 3 ipcp pp 1
  ipsec ike local id 3 192.168.50.0/24
  ipsec ike log 3 payload-info
  ipsec ike pfs 3 on
  ipsec ike pre-shared-key 3 text KEY_0123456789_abcdefghijklmnopqrstuvwxyz_ABCD
  ipsec ike remote address 3 198.51.100.30
  ipsec ike remote id 3 10.20.0.0/24
 ip tunnel mtu 1280
 tunnel enable 3
tunnel select 11
 tunnel encapsulation l2tp
 ipsec tunnel 111
  ipsec sa policy 111 11 esp aes-cbc sha-hmac
  ipsec ike keepalive log 11 off
  ipsec ike keepalive use 11 off
  ipsec ike nat-traversal 11 on
  ipsec ike pre-shared-key 11 text "l2tp key"
  ipsec ike remote address 11 any
 l2tp tunnel disconnect time off
 ip tunnel tcp mss limit auto
 tunnel enable 11
tunnel select 12
 tunnel template 13-15 20
 ipsec tunnel 112
  ipsec sa policy 112 12 esp aes-cbc sha-hmac
  ipsec ike version 12 2
  ipsec ike auth method 12 pre-shared-key
  ipsec ike local name 12 office.example fqdn
  ipsec ike pre-shared-key 12 0x00112233445566778899aabbccddeeff
  ipsec ike remote address 12 peer.example.jp
  ipsec ike remote name 12 peer.example.jp fqdn
 ip tunnel secure filter in 500100 dynamic 500101
 ip tunnel nat descriptor 3000
 tunnel backup pp 2 switch-router=on
 tunnel enable 12
ip filter 500000 restrict * * * * *
ip filter 500010 reject 10.0.0.0/8 * * * *
ip filter 500011 reject 172.16.0.0/12 * * * *
ip filter 500012 reject 192.168.0.0/16 * * * *
ip filter 500013 reject 192.168.50.0/24 * * * *
ip filter 500020 reject * 10.0.0.0/8 * * *
ip filter 500030 pass * 192.168.50.0/24 icmp * *
ip filter 500099 pass * * * * *
ip filter dynamic 500080 * * ftp
ip filter dynamic 500098 * * tcp
ip filter dynamic 500099 * * udp
nat descriptor type 1000 masquerade
nat descriptor masquerade static 1000 1 192.168.50.1 udp 500
nat descriptor masquerade static 1000 2 192.168.50.1 esp
nat descriptor masquerade static 1000 3 192.168.50.1 udp 4500
nat descriptor type 2000 masquerade
ipsec auto refresh on
ipsec auto refresh 3 off
ipsec transport 1 111 udp 1701
ipsec transport template 1 2-9
ip keepalive 1 icmp-echo 10 5 10.20.0.1 local-address=192.168.50.1 ipsec-refresh-down=3,11 log=on
syslog notice on
syslog debug on
telnetd service off
dhcp service server
dhcp scope 1 192.168.50.2-192.168.50.99/24
dns server select 500001 pp 1 any . restrict pp 1
dns private address spoof on
schedule at 1 */mon-fri 03:00:00 * ntpdate ntp.example.jp
schedule at 7 */* 04:30:00 tunnel 3 ipsec sa delete all
l2tp service on
httpd host lan1
sshd service on
sshd host key generate *
statistics traffic on
"""


def meaning(data: bytes) -> dict[str, object]:
    return as_json(facts_of(read(data)))


WANT = meaning(TEXT.encode())


PROMPT = "[営業所] "
AROUND = f"{PROMPT}# show config\n{{}}{PROMPT}# exit\n新しい設定を保存しますか? (Y/N)N\n"
BANNER = """\
=~=~=~=~=~=~= PuTTY log 2026.01.01 12:00:00 =~=~=~=~=~=~=
login as: ops
ops@192.168.1.1's password:

RTX830 Rev.15.02.26 (Thu Nov 18 10:11:12 2021)
  Copyright (c) 1994-2021 Yamaha Corporation. All Rights Reserved.
  Memory 256Mbytes, 2LAN
> administrator
Password:
"""
BLANKS = " " * 10
CAPTURES = {
    "Shift_JIS, pager, cut": (
        paged(cut(AROUND.format(TEXT)), f"---つづく---\r{BLANKS} \r")
        .replace("\n", "\r\n")
        .encode("cp932")
    ),
    "EUC, cut": crlf(cut(TEXT)).decode().replace("ja.sjis", "ja.euc").encode("euc_jp"),
    "LF only": TEXT.encode(),
    "a mark on a line of its own": paged(cut(TEXT), "---more---\n").encode(),
    "a mark wiped backwards": paged(
        cut(TEXT), "---more---" + "\b" * 10 + BLANKS + "\b" * 10
    ).encode(),
    "a mark wiped by a sequence": paged(cut(TEXT), "---more---\r\x1b[K").encode(),
    "a mark in colour": crlf(
        paged(cut(AROUND.format(TEXT)), f"\x1b[7m---more---\x1b[m\r{BLANKS}\r")
    ),
    "99 columns": crlf(cut(TEXT, 100)),
    "132 columns": crlf(cut(TEXT, 132)),
    "a log of the terminal": crlf(f"{BANNER}# show config\n{TEXT}# \n"),
    "the default prompt": crlf(
        f"# show config\n{TEXT}# save\nセーブ中... CONFIG0 終了\n# exit\n> exit\n"
    ),
    "after another question": crlf(
        f"rt# show config | grep console\nSearching ...\nconsole columns 80\nrt# show config\n"
        f"{TEXT}rt# show config | grep lan9\nSearching ...\nrt# "
    ),
    "less": crlf(f"rt# less config\n{paged(TEXT, '---more---')}rt# "),
    "grep": crlf(f"rt# show config | grep .\nSearching ...\n{TEXT}rt# "),
    "techinfo": crlf(
        f"rt# show techinfo\n# show environment\nRTX830 Rev.15.02.26 (x)\nCPU: 0%(5sec)\n\n"
        f"# show config\n{TEXT}\n# show log\n2026/01/01 00:00:00: [IKE] initiate\nrt# "
    ),
    "tabs": TEXT.replace("\n  ", "\n\t\t").replace("\n ", "\n\t").encode(),
    "tabs between words": TEXT.replace("3 on", "3\ton").encode(),
    "trailing blanks": TEXT.replace("\n", "  \n").encode(),
    "no indentation": "\n".join(line.strip() for line in TEXT.split("\n")).encode(),
    "blanks of another kind": TEXT.replace("\n  ipsec", "\n\u00a0\u3000ipsec").encode(),
    "comments and blank lines": TEXT.replace("\n", "\n\n#\n# a remark\n").encode(),
    "pasted twice": (TEXT + TEXT).encode(),
    "pasted in a wiki": f"```\n{TEXT}```\n".encode(),
}


@pytest.mark.parametrize("kind", CAPTURES)
def test_it_says_what_the_router_said(kind: str) -> None:
    data = CAPTURES[kind]
    assert meaning(data) == WANT
    assert (read(data).model, read(data).revision) == ("RTX830", "15.02.26")


def test_what_the_text_says() -> None:
    facts = facts_of(config.parse(TEXT))
    assert [(t.number, t.policy, t.gateway, t.encapsulation) for t in facts.tunnels] == [
        (3, 103, 3, "ipsec"),
        (11, 111, 11, "l2tp"),
        (12, 112, 12, "ipsec"),
    ]
    keys = {g.number: (g.psk.form, g.psk.value) for g in facts.gateways if g.psk}
    assert keys == {
        3: ("text", "KEY_0123456789_abcdefghijklmnopqrstuvwxyz_ABCD"),
        11: ("text", "l2tp key"),
        12: ("hex", "0x00112233445566778899aabbccddeeff"),
    }
    assert facts.reserved == (13, 14, 15, 20)
    assert (
        facts.routes[2] == "ip route 192.168.200.0/24 gateway tunnel 3 hide gateway pp 2 weight 0"
    )
    assert facts.undefined_filters == (
        (500021, 500022, 500023, 500024, 500032, 500100),
        (500081, 500082, 500083, 500084, 500085, 500101),
    )
    assert facts.used.policies == (103, 111, 112)
    assert facts.used.tunnels == (3, 11, 12)
    assert facts.auto_refresh == "on"


@pytest.mark.parametrize(
    ("lines", "enabled"),
    [
        ("tunnel enable 1 3", {1, 3}),
        ("tunnel enable 1-2", {1, 2}),
        ("tunnel enable all", {1, 2, 3}),
        ("tunnel enable all\ntunnel disable 2", {1, 3}),
        ("tunnel enable 1\nno tunnel enable all\ntunnel enable 3", {3}),
        ("no tunnel enable all\nTUNNEL ENABLE 2", {2}),
    ],
)
def test_the_last_word_on_a_tunnel_counts(lines: str, enabled: set[int]) -> None:
    text = "tunnel select 1\ntunnel select 2\ntunnel select 3\ntunnel select none\n" + lines
    facts = facts_of(config.parse(text))
    assert {t.number for t in facts.tunnels if t.enabled} == enabled


def test_a_later_line_takes_the_place_of_an_earlier() -> None:
    facts = facts_of(
        config.parse(
            "ip route default gateway pp 1\nip route default gateway pp 2\nip route change log on\n"
            "ipsec sa policy 1 1 esp aes-cbc\nipsec sa policy 1 2 esp aes256-cbc sha-hmac\n"
        )
    )
    assert facts.routes == ("ip route default gateway pp 2",)
    assert [(p.number, p.gateway) for p in facts.policies] == [(1, 2)]


def test_a_comment_is_no_prompt() -> None:
    text = "ip filter 1 pass * *\n# show config of the office\nip filter 2 pass * *\n"
    assert facts_of(read(text.encode())).used.filters == (1, 2)


@pytest.mark.parametrize(
    ("line", "tunnels"),
    [
        ("ip route 10.0.0.0/8 gateway pp 1 gateway tunnel 7 hide", (7,)),
        ("ipv6 route default gateway tunnel 7", (7,)),
        ("pp bind tunnel11-tunnel13 tunnel20", (11, 12, 13, 20)),
        ("lan backup lan2 tunnel 7", (7,)),
        ("schedule at 3 */* 04:00 tunnel 7 ipsec sa delete all", (7,)),
        ("bridge member bridge1 lan1 tunnel7", (7,)),
        ("future tunnel option 3 on", ()),
        ("description lan1 tunnel 7", ()),
    ],
)
def test_a_tunnel_is_taken_where_anything_names_it(line: str, tunnels: tuple[int, ...]) -> None:
    facts = facts_of(config.parse(line))
    assert facts.used.tunnels == tunnels
    assert facts.free_tunnel == 1


@pytest.mark.parametrize(
    ("line", "static", "dynamic"),
    [
        ("ip lan2 secure filter in 1 2 dynamic 3", (1, 2), (3,)),
        ("ip route default gateway pp 1 filter 1 2 gateway pp 2 weight 4", (1, 2), ()),
        ("ip filter dynamic 9 * * filter 1 in 2 out 4 timeout=60", (1, 2, 4), ()),
        ("ip filter dynamic 9 * * tcp syslog=off", (), ()),
        ("ip filter set wan in 1 2", (1, 2), ()),
        ("ipv6 lan2 secure filter in 1", (), ()),
    ],
)
def test_filters_that_are_named_and_not_defined(
    line: str, static: tuple[int, ...], dynamic: tuple[int, ...]
) -> None:
    assert facts_of(config.parse(line)).undefined_filters == (static, dynamic)


def test_keywords_may_be_written_large() -> None:
    text = (
        "TUNNEL SELECT 1\nIPSEC TUNNEL 101\nIPsec SA Policy 101 1 esp aes-cbc sha-hmac\n"
        "IPSEC IKE PRE-SHARED-KEY 1 TEXT Key\nIP TUNNEL MTU 1300\nTunnel Enable 1\n"
        "IP Route 10.0.0.0/8 Gateway Tunnel 1\nIP Filter 5 pass * *\nIPSEC AUTO REFRESH on\n"
    )
    facts = facts_of(config.parse(text))
    (tunnel,), (gateway,) = facts.tunnels, facts.gateways
    assert (tunnel.policy, tunnel.gateway, tunnel.enabled) == (101, 1, True)
    assert (tunnel.values["mtu"], len(tunnel.routes)) == ("1300", 1)
    assert gateway.psk is not None
    assert gateway.psk.value == "Key"
    assert facts.used.filters == (5,)
    assert facts.auto_refresh == "on"
