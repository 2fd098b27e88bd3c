"""A change that failed and cannot be undone either: why it failed is said as well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from office_rig import KEY, LOGIN, SCOPE, WANTED, Rig, rig

from components.errors import Unreachable
from components.office.apply import GuardedChange


def change(office: Rig, wanted: str) -> GuardedChange:
    return GuardedChange(
        LOGIN,
        SCOPE,
        wanted,
        KEY,
        clock=office.clock,
        progress=office.log.append,
        connect=office.connect,
    )


def dies_going_back(office: Rig) -> None:
    office.cut = lambda _line: "office end: going back" in office.log


def test_a_refused_line_is_named_though_the_line_dies_while_going_back(tmp_path: Path) -> None:
    office = rig(tmp_path)
    before = office.lines()
    dies_going_back(office)
    wanted = WANTED.replace("ip tunnel mtu 1280", "ip tunnel mtu 9")
    with change(office, wanted) as made, pytest.raises(Unreachable) as caught:
        made.start()
    said = str(caught.value)
    assert "before that: the router refused `ip tunnel mtu 9` (router: " in said
    assert "the router goes back by itself in" in caught.value.state
    assert "type the line with `?` at its end" in said
    office.pass_time(1000)
    assert office.lines() == before


def test_a_refused_login_is_named_though_the_line_dies_while_going_back(tmp_path: Path) -> None:
    office = rig(tmp_path)
    dies_going_back(office)

    def refuse(_login: object) -> Any:
        raise Unreachable("nobody answers the new login")

    with change(office, WANTED) as made:
        made.start()
        made._connect = refuse
        with pytest.raises(Unreachable) as caught:
            made.keep()
    assert "before that: nobody answers the new login" in caught.value.what
    assert "the router goes back by itself in" in caught.value.state


def test_a_line_that_is_lost_says_when_the_router_goes_back(tmp_path: Path) -> None:
    office = rig(tmp_path)
    office.cut = lambda line: line == "ipsec ike pfs 2 on"
    with change(office, WANTED) as made, pytest.raises(Unreachable) as caught:
        made.start()
    assert caught.value.state == "the router goes back by itself in 420 s at the latest"
