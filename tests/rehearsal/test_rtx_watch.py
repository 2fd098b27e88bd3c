"""`ip keepalive`: when it pings, when it finds its gateway gone, what it then renews."""

from __future__ import annotations

from pathlib import Path

import pytest
from rtx_bench import Terminal, administrator, advance, link_of, make_router

from components.rehearsal.rtx import Router

TARGET = "192.168.2.1"
LINE = f"ip keepalive 1 icmp-echo 10 3 {TARGET} local-address=192.168.1.1 log=on"


@pytest.fixture(name="router")
def router_fixture(tmp_path: Path) -> Router:
    router = make_router(tmp_path)
    link_of(router).answers[TARGET] = 2.0
    return router


@pytest.fixture(name="terminal")
def terminal_fixture(router: Router) -> Terminal:
    return administrator(router)


def pings(router: Router) -> int:
    return sum(each.startswith("ping") for each in link_of(router).told)


def refreshed(router: Router) -> list[str]:
    return [each for each in link_of(router).told if each.startswith("refresh")]


def steps(router: Router, seconds: int) -> None:
    for _ in range(seconds):
        advance(router, 1)


def die(router: Router) -> None:
    del link_of(router).answers[TARGET]


def test_it_pings_at_its_interval_from_its_address(router: Router, terminal: Terminal) -> None:
    terminal.line(LINE)
    advance(router, 9)
    assert pings(router) == 0
    advance(router, 21)
    assert pings(router) == 3
    assert link_of(router).told[-1] == f"ping 192.168.1.1 {TARGET} 64"
    terminal.line("no ip keepalive 1")
    advance(router, 100)
    assert pings(router) == 3


@pytest.mark.parametrize(
    ("option", "down", "up"),
    [
        ("ipsec-refresh-down=2", ["refresh 2"], []),
        ("ipsec-refresh-down=2,5", ["refresh 2", "refresh 5"], []),
        ("ipsec-refresh-up=2", [], ["refresh 2"]),
        ("ipsec-refresh=2", ["refresh 2"], ["refresh 2"]),
        ("length=100", [], []),
    ],
)
def test_what_is_renewed(
    router: Router, terminal: Terminal, option: str, down: list[str], up: list[str]
) -> None:
    terminal.line(f"{LINE} {option}")
    steps(router, 30)
    assert refreshed(router) == []
    die(router)
    steps(router, 29)
    assert refreshed(router) == []
    steps(router, 1)
    assert refreshed(router) == down
    steps(router, 60)
    assert refreshed(router) == down
    link_of(router).answers[TARGET] = 2.0
    steps(router, 60)
    assert refreshed(router) == down + up


def test_one_answer_in_between_begins_the_count_again(router: Router, terminal: Terminal) -> None:
    terminal.line(f"{LINE} ipsec-refresh-down=2")
    steps(router, 20)
    die(router)
    steps(router, 20)
    link_of(router).answers[TARGET] = 2.0
    steps(router, 10)
    die(router)
    steps(router, 29)
    assert refreshed(router) == []
    steps(router, 1)
    assert refreshed(router) == ["refresh 2"]


def test_downwait_is_waited_for(router: Router, terminal: Terminal) -> None:
    terminal.line(f"{LINE} ipsec-refresh-down=2 downwait=45")
    steps(router, 20)
    die(router)
    steps(router, 59)
    assert refreshed(router) == []
    steps(router, 1)
    assert refreshed(router) == ["refresh 2"]


def test_what_never_answered_is_no_change(router: Router, terminal: Terminal) -> None:
    die(router)
    terminal.line(f"{LINE} ipsec-refresh-down=2")
    steps(router, 100)
    assert refreshed(router) == []


def test_a_leap_of_days_is_one_change_and_few_pings(router: Router, terminal: Terminal) -> None:
    terminal.line(f"{LINE} ipsec-refresh-down=2")
    steps(router, 30)
    die(router)
    advance(router, 10 * 86400)
    assert refreshed(router) == ["refresh 2"]
    assert pings(router) < 20


def test_changes_are_logged_if_wanted(router: Router, terminal: Terminal) -> None:
    terminal.line(LINE)
    steps(router, 30)
    die(router)
    steps(router, 60)
    assert "[IPKEEPALIVE] 1 down" in [text for _, text in router.log]


def test_a_restart_forgets_the_state(router: Router, terminal: Terminal) -> None:
    terminal.lines(f"{LINE} ipsec-refresh-down=2", "save")
    steps(router, 30)
    router.reboot()
    die(router)
    steps(router, 100)
    assert refreshed(router) == []
