"""What goes wrong on purpose, and exactly when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest
from rtx_bench import Terminal, administrator, advance, link_of, make_router
from test_rtx_server import Shell, connect, eventually

from components.errors import VpnError
from components.rehearsal import instance
from components.rehearsal.rtx import Router, RtxServer, run_lines
from components.rehearsal.rtx.faults import LINE_KINDS, OTHER_KINDS, Faults

LINES = [f"ip filter {number} pass * *" for number in range(1, 7)]


@pytest.fixture(name="router")
def router_fixture(tmp_path: Path) -> Router:
    return make_router(tmp_path)


@pytest.fixture(name="terminal")
def terminal_fixture(router: Router) -> Terminal:
    return administrator(router)


def taken(router: Router) -> list[int]:
    lines = router.running().lines()
    return [number for number, line in enumerate(LINES, 1) if line in lines]


def test_after_so_many_lines_one_is_refused(router: Router, terminal: Terminal) -> None:
    router.faults.add("refuse", after=2)
    assert terminal.lines(*LINES) == ["", "", "Error: Illegal keyword", "", "", ""]
    assert taken(router) == [1, 2, 4, 5, 6]


def test_of_those_that_match_the_second_and_third(router: Router, terminal: Terminal) -> None:
    router.faults.add("refuse", matching=r"filter [2-6]", after=1, times=2)
    terminal.lines(*LINES)
    assert taken(router) == [1, 2, 5, 6]


def test_for_ever(router: Router, terminal: Terminal) -> None:
    router.faults.add("lose", after=1, times=0)
    terminal.lines(*LINES)
    assert taken(router) == [1]
    router.faults.clear()
    terminal.lines(*LINES)
    assert taken(router) == [1, 2, 3, 4, 5, 6]


def test_lines_of_all_terminals_count_and_empty_ones_and_scripts_do_not(
    router: Router, terminal: Terminal
) -> None:
    other = administrator(router)
    router.faults.add("lose", after=2)
    terminal.line(LINES[0])
    run_lines(router, [LINES[1]])
    terminal.raw("\r\r")
    other.line(LINES[2])
    terminal.line(LINES[3])
    other.line(LINES[4])
    assert taken(router) == [1, 2, 3, 5]


def test_passwords_do_not_count_and_are_not_compared(router: Router) -> None:
    router.faults.add("lose", matching="pass")
    terminal = administrator(router)
    assert terminal.console.administrator
    terminal.line(LINES[0])
    assert taken(router) == []


def test_a_lost_line_is_echoed(router: Router, terminal: Terminal) -> None:
    router.faults.add("lose")
    assert terminal.raw(f"{LINES[0]}\r") == f"{LINES[0]}\r\n# "


def test_a_mute_line_is_executed(router: Router, terminal: Terminal) -> None:
    router.faults.add("mute", after=1)
    shown = [terminal.raw(f"{line}\r") for line in LINES[:3]]
    assert shown == [f"{LINES[0]}\r\n# ", "\r\n# ", f"{LINES[2]}\r\n# "]
    assert taken(router) == [1, 2, 3]


def test_a_slow_answer_takes_its_time(router: Router, terminal: Terminal) -> None:
    router.faults.add("slow", seconds=7)
    assert terminal.raw(f"{LINES[0]}\r") == f"{LINES[0]}\r\n"
    router.clock.wait(6.9)
    assert terminal.console.poll() == b""
    assert taken(router) == []
    router.clock.wait(0.1)
    assert terminal.console.poll() == b"# "
    assert taken(router) == [1]


@pytest.mark.parametrize(("kind", "expected"), [("drop before", [1]), ("drop after", [1, 2])])
@pytest.mark.parametrize("survive", [True, False])
def test_the_connection_dies(tmp_path: Path, kind: str, expected: list[int], survive: bool) -> None:
    router = make_router(tmp_path, sessions_survive=survive)
    terminal = administrator(router)
    terminal.line("rollback timer 60")
    router.faults.add(kind, after=1)
    shown = terminal.raw("".join(f"{line}\r" for line in LINES))
    assert shown == f"{LINES[0]}\r\n# {LINES[1]}\r\n"
    assert terminal.console.dropped
    assert terminal.console.closed is not survive
    assert terminal.raw(f"{LINES[5]}\r") == ""
    assert taken(router) == expected
    advance(router, 60)
    assert taken(router) == ([] if survive else expected)


@pytest.mark.parametrize(("kind", "saved"), [("reboot before", False), ("reboot after", True)])
def test_the_router_restarts(router: Router, terminal: Terminal, kind: str, saved: bool) -> None:
    router.faults.add(kind, after=2)
    terminal.lines(*LINES[:2], "save")
    assert taken(router) == ([1, 2] if saved else [])
    assert terminal.console.closed
    assert link_of(router).told[-1] == "rebooted"


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("save fails", "Error: Failed to save configuration"),
        ("save lies", "Saving ... CONFIG0 Done ."),
    ],
)
def test_nothing_is_saved(router: Router, terminal: Terminal, kind: str, answer: str) -> None:
    router.save()
    terminal.line(LINES[0])
    router.faults.add(kind)
    assert terminal.line("save") == answer
    assert LINES[0] not in router.saved().lines()
    assert terminal.line("save") == "Saving ... CONFIG0 Done ."
    assert LINES[0] in router.saved().lines()


def test_a_save_that_fails_keeps_the_rollback_timer(router: Router, terminal: Terminal) -> None:
    terminal.lines("rollback timer 60", LINES[0])
    router.faults.add("save fails")
    terminal.line("save")
    advance(router, 60)
    assert taken(router) == []


@pytest.mark.parametrize(
    "wanted",
    [
        {"kind": "explode"},
        {"kind": "refuse", "after": -1},
        {"kind": "mute", "matching": "x"},
        {"kind": "full", "matching": "x"},
    ],
)
def test_what_cannot_be_is_refused(wanted: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the control port shows whatever it says
        Faults().order(wanted)


def test_the_control_port_orders_and_clears(router: Router, terminal: Terminal) -> None:
    router.faults.order({"kind": "refuse", "after": 1, "times": 0})
    assert terminal.lines(*LINES[:2]) == ["", "Error: Illegal keyword"]
    router.faults.order({"clear": True})
    assert terminal.line(LINES[2]) == ""


def test_every_kind_has_a_test() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert all(source.count(f'"{kind}"') > 0 for kind in (*LINE_KINDS, *OTHER_KINDS))


# --- over real connections ------------------------------------------------------------------------


@pytest.fixture(name="server")
def server_fixture(router: Router) -> Iterator[RtxServer]:
    server = RtxServer(router)
    server.start()
    yield server
    server.stop()


def test_a_full_table_hangs_up_and_then_has_room(server: RtxServer) -> None:
    server.router.faults.add("full", after=1)

    async def session() -> None:
        async with connect(server):
            pass
        with pytest.raises((asyncssh.Error, OSError)):
            async with connect(server):
                pass
        async with connect(server):
            pass

    asyncio.run(session())


def test_a_dropped_connection_leaves_its_session_behind(server: RtxServer) -> None:
    server.router.faults.add("drop after", matching="environment")

    async def session() -> None:
        async with connect(server) as connection:
            shell = await Shell.open(connection)
            await shell.until("> ")
            shell.type("\rshow environment\r")
            await asyncio.wait_for(connection.wait_closed(), 10)

    asyncio.run(session())
    eventually(lambda: not server.connections)
    (left,) = server.router.sessions
    assert left.detached


def test_over_the_control_port_of_a_rehearsal(tmp_path: Path) -> None:
    folder = tmp_path / "rehearsal"
    instance.start(folder)
    try:
        instance.ask(folder, "POST", "/router-fault", {"kind": "save fails", "times": 2})
        script = ["console character en.ascii", "save", "save", "save"]
        shown = instance.ask(folder, "POST", "/type", {"lines": script})["text"]
        assert shown.count("Failed to save") == 2
        assert shown.count("Saving ... CONFIG0 Done") == 1
        with pytest.raises(VpnError, match="no such fault"):
            instance.ask(folder, "POST", "/router-fault", {"kind": "explode"})
    finally:
        instance.stop(folder)
