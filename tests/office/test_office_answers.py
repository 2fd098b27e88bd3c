from __future__ import annotations

from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.office import answers
from components.office.answers import Ping, SecurityAssociation

ENVIRONMENT = """\
RTX1220 BootROM Ver. 1.00
RTX1220 FlashROM Table Ver. 1.00
RTX1220 Rev.15.04.07 (Thu Nov 18 10:11:12 2021)
  main:  RTX1220 ver=00 serial=S5H000000 MAC-Address=00:00:5e:00:53:01
Firmware: exec0  Config. file: config0
Boot time: 2026/01/06 16:59:16 +09:00
Current time: 2026/03/17 16:21:59 +09:00
"""
DETAIL = """\
SA[1] Duration: 10675s
Local ID: 192.168.1.1
Remote ID: 203.0.113.10
Protocol: IKE
Algorithm: AES-CBC, SHA-1, MODP 1024bit
SPI: 6b ce fd 8a 00 11 22 33 44 55 66 77 88 99 aa bb
Key: ** ** ** ** **  (confidential)   ** ** ** ** **
----------------------------------------------------
SA[2] Duration: 1719s
Local ID: 192.168.1.1
Remote ID: 203.0.113.10
Direction: send
Protocol: ESP (Mode: tunnel)
Algorithm: AES-CBC (for Auth.: HMAC-SHA)
SPI: a6 67 47 47
Key: ** ** ** ** **  (confidential)   ** ** ** ** **
----------------------------------------------------
"""
JAPANESE_DETAIL = (
    DETAIL.replace("Duration:", "寿命:")
    .replace("1719s", "1719秒")
    .replace("Remote ID:", "相手側の識別子:")
    .replace("Direction: send", "送受信方向: 送信")
    .replace("Protocol:", "プロトコル:")
)


def test_environment() -> None:
    found = answers.environment(ENVIRONMENT)
    assert (found.model, found.revision) == ("RTX1220", "15.04.07")
    japan = timezone(timedelta(hours=9))
    assert found.now == datetime(2026, 3, 17, 16, 21, 59, tzinfo=japan)


def test_environment_without_a_clock() -> None:
    found = answers.environment("RTX830 Rev.15.02.29 (x)\nCurrent time: 2026/99/99 16:21:59\n")
    assert (found.model, found.revision, found.now) == ("RTX830", "15.02.29", None)


@pytest.mark.parametrize("text", [DETAIL, JAPANESE_DETAIL])
def test_associations(text: str) -> None:
    peer = IPv4Address("203.0.113.10")
    assert answers.associations(text) == (
        SecurityAssociation(1, "ike", "", 10675, "6bcefd8a00112233445566778899aabb", peer),
        SecurityAssociation(2, "esp", "send", 1719, "a6674747", peer),
    )


def test_no_associations() -> None:
    assert answers.associations("") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "192.168.2.1から受信: シーケンス番号=0 ttl=254 時間=2.056ミリ秒\n\n"
            "2個のパケットを送信し、1個のパケットを受信しました。50.0%パケットロス\n"
            "往復遅延 最低/平均/最大 = 1.742/1.899/2.056 ミリ秒",
            Ping(2, 1, 1.899),
        ),
        (
            "received from 192.168.2.1: icmp_seq=0 ttl=254 time=2.056ms\n\n"
            "2 packets transmitted, 2 packets received, 0.0% packet loss\n"
            "round-trip min/avg/max = 1.742/1.899/2.056 ms",
            Ping(2, 2, 1.899),
        ),
        (
            "3個のパケットを送信し、0個のパケットを受信しました。100.0%パケットロス",
            Ping(3, 0, None),
        ),
        ("", Ping(0, 0, None)),
    ],
)
def test_ping(text: str, expected: Ping) -> None:
    assert answers.ping(text) == expected


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("エラー: コマンド名を確認してください", "エラー: コマンド名を確認してください"),
        ("エラー： 全角のコロン", "エラー： 全角のコロン"),
        ("   ^\n Error: Illegal keyword\n", "Error: Illegal keyword"),
        ("2026/01/01 00:00:00: [IKE] error: no proposal", None),
        ("# no Error: here", None),
        ("", None),
    ],
)
def test_error_in(text: str, error: str | None) -> None:
    assert answers.error_in(text) == error


@given(st.text(max_size=200) | st.text(alphabet="SA[]123 Duration:0x/=.個のパケット", max_size=200))
def test_nothing_raises(text: str) -> None:
    answers.environment(text)
    answers.associations(text)
    answers.ping(text)
    answers.error_in(text)
