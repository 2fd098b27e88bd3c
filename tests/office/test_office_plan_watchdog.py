"""The watchdog: typed when everything else stands, gone before anything goes."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from office_rig import AGREEMENT, KEY, LOGIN, SITE, WANTED, Rig, rig

from components.ipsec import DeadPeerDetection
from components.office.apply import GuardedChange
from components.office.config import scope_of
from components.office.render import render
from components.office.watchdog import Watchdog

TARGET = IPv4Address("192.168.2.1")
WATCHED = render(AGREEMENT, replace(SITE, watchdog=Watchdog(2, TARGET)))
LINE = "ip keepalive 2 icmp-echo 15 4 192.168.2.1 local-address=192.168.1.1 ipsec-refresh-down=2"


@pytest.mark.parametrize(
    ("interval", "timeout", "count"), [(15, 30, 4), (10, 10, 3), (5, 100, 40), (30, 30, 3)]
)
def test_it_is_slower_than_dpd(interval: int, timeout: int, count: int) -> None:
    dpd = DeadPeerDetection(interval, timeout)
    line = Watchdog(7, TARGET).line(SITE.lan_address, 9, dpd)
    assert line.startswith(f"ip keepalive 7 icmp-echo {interval} {count} 192.168.2.1 ")
    assert line.endswith(" ipsec-refresh-down=9")
    assert interval * count > timeout


def typed(office: Rig, wanted: str, expected: str = "") -> tuple[str, ...]:
    with GuardedChange(
        LOGIN,
        scope_of(wanted or expected, *([expected] if expected else [])),
        wanted,
        KEY,
        expected_text=expected,
        old_key=KEY if expected else None,
        clock=office.clock,
        progress=office.log.append,
        connect=office.connect,
    ) as made:
        result = made.start()
        made.keep()
    return result.commands


def test_it_comes_last_and_goes_first(tmp_path: Path) -> None:
    office = rig(tmp_path)
    before = office.lines()
    assert typed(office, WATCHED)[-1] == LINE
    assert LINE in office.saved()
    assert typed(office, WANTED, WATCHED) == ("no ip keepalive 2",)
    assert typed(office, WATCHED, WANTED) == (LINE,)
    assert typed(office, "", WATCHED)[0] == "no ip keepalive 2"
    assert office.lines() == before
