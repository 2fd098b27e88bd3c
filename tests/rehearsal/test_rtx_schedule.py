"""`schedule at`: dated, at startup, so many seconds after it was typed; what it may not run."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from rtx_bench import administrator, advance, link_of, make_router

from components.rehearsal.rtx import Router, run_lines
from components.rehearsal.rtx.schedule import entry

LINE = "ip filter 1 pass * * udp * 500"


@pytest.fixture(name="router")
def router_fixture(tmp_path: Path) -> Router:
    return make_router(tmp_path)


def has(router: Router, text: str = LINE) -> bool:
    return text in router.running().lines()


class TestSchedules:
    def test_a_dated_restart_happens_once(self, router: Router) -> None:
        terminal = administrator(router)
        terminal.lines("schedule at 9 3/17 12:10 * restart", "save", LINE)
        advance(router, 599)
        terminal = administrator(router)
        assert has(router)
        advance(router, 1)
        assert not has(router)
        assert link_of(router).told[-1] == "rebooted"
        advance(router, 86400)
        assert link_of(router).told.count("rebooted") == 1

    def test_a_dated_load_puts_the_saved_configuration_back_without_a_reboot(
        self, router: Router
    ) -> None:
        terminal = administrator(router)
        terminal.lines("schedule at 9 3/17 12:01:30 * load config 0 silent", LINE)
        advance(router, 89)
        assert has(router)
        advance(router, 1)
        assert not has(router)
        assert not terminal.console.closed
        assert "rebooted" not in link_of(router).told

    def test_no_schedule_takes_it_back(self, router: Router) -> None:
        terminal = administrator(router)
        terminal.lines("schedule at 9 3/17 12:01 * restart", "no schedule at 9")
        advance(router, 120)
        assert "rebooted" not in link_of(router).told

    def test_the_context_is_selected_for_the_command(self, router: Router) -> None:
        administrator(router).line("schedule at 1 12:01 tunnel 5 ip tunnel mtu 1400")
        advance(router, 60)
        assert router.running().block("tunnel 5") == ["tunnel select 5", " ip tunnel mtu 1400"]

    def test_forbidden_commands_do_not_run(self, router: Router) -> None:
        administrator(router).lines("schedule at 1 12:01 * save", LINE)
        advance(router, 60)
        assert router.unsaved()

    def test_startup_runs_after_each_boot(self, router: Router) -> None:
        administrator(router).lines("schedule at 1 startup * ip filter 7 pass * *", "save")
        assert not has(router, "ip filter 7 pass * *")
        router.reboot()
        advance(router, 1)
        assert not has(router, "ip filter 7 pass * *")
        advance(router, 10)
        assert has(router, "ip filter 7 pass * *")

    @pytest.mark.parametrize(
        ("words", "times"),
        [
            ("1 */* 00:15:00 * x", 1), ("1 00:15 * x", 1), ("1 *:00:00 * x", 24),
            ("1 3/17 *:30 * x", 24), ("1 3/18 *:30 * x", 0), ("1 */tue 1:00 * x", 1),
            ("1 */mon-wed 1:00 * x", 1), ("1 */sat-mon 1:00 * x", 0), ("1 2-7/1,17 1:00 * x", 1),
            ("1 startup * x", 0), ("1 -4/-20 1:00 * x", 1), ("1 4-/* 1:00 * x", 0),
            ("1 3-/17- 1:00 * x", 1), ("1 */-tue 1:00 * x", 1), ("1 */wed- 1:00 * x", 0),
            ("1 */mon,tue 1:00 * x", 1), ("1 */* *:*:05 * x", 1440),
        ],
    )  # fmt: skip
    def test_how_often_a_day(self, router: Router, words: str, times: int) -> None:
        before = router.date(1000.25 - 12 * 3600) - timedelta(seconds=1)
        found = list(entry(words.split()).moments(before, before + timedelta(days=1)))
        assert len(found) == len(set(found)) == times


class TestCountdowns:
    REVISION = "15.04.05"

    @pytest.fixture(name="router")
    def router_fixture(self, tmp_path: Path) -> Router:
        return make_router(tmp_path, revision=self.REVISION)

    def test_it_runs_once_so_many_seconds_after_it_was_typed(self, router: Router) -> None:
        administrator(router).lines("schedule at 9 +100 * load config 0 silent")
        advance(router, 60)
        run_lines(router, [LINE])
        advance(router, 39)
        assert has(router)
        advance(router, 1)
        assert not has(router)
        run_lines(router, [LINE])
        advance(router, 4000)
        assert has(router)

    def test_typed_again_it_counts_again(self, router: Router) -> None:
        terminal = administrator(router)
        terminal.lines("schedule at 9 +100 * restart", LINE)
        advance(router, 60)
        terminal.line("schedule at 9 +100 * restart")
        advance(router, 99)
        assert has(router)
        advance(router, 1)
        assert not has(router)

    def test_other_lines_leave_it_alone(self, router: Router) -> None:
        terminal = administrator(router)
        terminal.line("schedule at 9 +100 * restart")
        advance(router, 60)
        terminal.lines("schedule at 8 +3600 * restart", LINE)
        advance(router, 40)
        assert not has(router)

    def test_no_schedule_takes_it_back(self, router: Router) -> None:
        administrator(router).lines("schedule at 9 +100 * restart", "no schedule at 9", LINE)
        advance(router, 200)
        assert has(router)

    def test_a_restart_takes_what_was_not_saved_with_it(self, router: Router) -> None:
        administrator(router).line("schedule at 9 +100 * restart")
        router.reboot()
        run_lines(router, [LINE])
        advance(router, 200)
        assert has(router)

    def test_saved_it_counts_again_from_the_boot(self, router: Router) -> None:
        administrator(router).lines("schedule at 9 +100 * restart", "save")
        advance(router, 60)
        router.reboot()
        run_lines(router, [LINE])
        advance(router, 99)
        assert has(router)
        advance(router, 1)
        assert not has(router)

    def test_of_a_leap_of_time_everything_happens_in_its_order(self, router: Router) -> None:
        """The rollback timer comes first and takes the later schedule away with it."""
        terminal = administrator(router)
        terminal.lines("rollback timer 60", "schedule at 9 +100 * restart", LINE)
        link_of(router).told.clear()
        advance(router, 1000)
        assert not has(router)
        assert "rebooted" not in link_of(router).told

    def test_the_restart_comes_first(self, router: Router) -> None:
        terminal = administrator(router)
        terminal.lines("schedule at 9 +100 * restart", "rollback timer 200", LINE)
        advance(router, 1000)
        assert "rebooted" in link_of(router).told
        assert "Rollback timer expired, configuration restored" not in [t for _, t in router.log]


class TestForbidden:
    @pytest.mark.parametrize(
        "command",
        [
            "save",
            "show config",
            "ping -c 1 192.168.1.1",
            "confirm",
            "rollback timer 60",
            "console columns 200",
            "schedule at 2 12:30 * restart",
            "login timer 200",
            "timezone +00:00",
            "exit",
        ],
    )
    def test_it_is_taken_and_fails_when_it_runs(self, router: Router, command: str) -> None:
        terminal = administrator(router)
        assert terminal.line(f"schedule at 1 12:01 * {command}") == ""
        before = router.running()
        advance(router, 60)
        assert router.running() == before
        assert [text for _, text in router.log][-2:] == [
            f"[SCHEDULE] {command}",
            "[SCHEDULE] Error: Cannot be scheduled",
        ]

    @pytest.mark.parametrize("command", ["console info on", "console prompt x", "tunnel select 5"])
    def test_these_may_run(self, router: Router, command: str) -> None:
        administrator(router).line(f"schedule at 1 12:01 * {command}")
        advance(router, 60)
        assert [text for _, text in router.log][-1] == f"[SCHEDULE] {command}"

    @pytest.mark.parametrize(
        ("revision", "runs"), [("14.01.26", False), ("14.01.27", False), ("14.01.28", True)]
    )
    def test_load_by_revision(self, tmp_path: Path, revision: str, runs: bool) -> None:
        router = make_router(tmp_path, model="RTX1210", revision=revision)
        administrator(router).lines("schedule at 1 12:01 * load config 0 silent", LINE)
        advance(router, 60)
        assert has(router) is not runs

    def test_a_line_that_is_refused_when_it_runs_is_logged(self, router: Router) -> None:
        administrator(router).line("schedule at 1 12:01 * ipsec ike pfs 2 maybe")
        advance(router, 60)
        texts = [text for _, text in router.log]
        assert texts[-2:] == [
            "[SCHEDULE] ipsec ike pfs 2 maybe",
            "[SCHEDULE] Error: Illegal keyword",
        ]
