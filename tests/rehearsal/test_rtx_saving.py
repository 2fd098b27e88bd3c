"""`save` with a number, `load` with its options, and what two configurations differ in."""

from __future__ import annotations

from pathlib import Path

import pytest
from rtx_bench import (
    ADMINISTRATOR_PASSWORD,
    ENGLISH,
    SEED_LINES,
    Terminal,
    administrator,
    advance,
    link_of,
    make_router,
)

from components.clock import ManualClock
from components.rehearsal.rtx import Behaviour, Router, run_lines

LINE = "ip filter 1 pass * * udp * 500"
OTHER = "ip filter 2 pass * * udp * 500"
OWN = 'tunnel select 5\n description tunnel "of a file"\n tunnel enable 5\n' + OTHER


QUIET = Behaviour(load_asks=False, difference_asks=False)


@pytest.fixture(name="router")
def router_fixture(tmp_path: Path) -> Router:
    return make_router(tmp_path, behaviour=QUIET)


@pytest.fixture(name="terminal")
def terminal_fixture(router: Router) -> Terminal:
    terminal = administrator(router)
    terminal.line("save")
    return terminal


def has(router: Router, text: str = LINE) -> bool:
    return text in router.running().lines()


def prepared_file(router: Router, name: str = "/apply.cfg") -> None:
    router.flash.put(name, router.running().text() + OWN)


class TestSave:
    def test_another_number_is_no_save_of_the_boot_configuration(
        self, router: Router, terminal: Terminal, tmp_path: Path
    ) -> None:
        terminal.line(LINE)
        assert terminal.line("save 2 before the change") == "Saving ... CONFIG2 Done ."
        assert router.unsaved()
        assert (tmp_path / "saved2.cfg").stat().st_mode & 0o777 == 0o600
        again = Router(tmp_path, clock=ManualClock())
        assert LINE not in again.running().lines()
        run_lines(again, ["load config 2 silent"])
        assert LINE in again.running().lines()

    @pytest.mark.parametrize("command", ["save 0", "save 3", "confirm"])
    def test_it_stops_the_rollback_timer_of_its_console_only(
        self, router: Router, terminal: Terminal, command: str
    ) -> None:
        other = administrator(router)
        other.line("rollback timer 90")
        terminal.lines("rollback timer 60", LINE, command)
        advance(router, 60)
        assert has(router)
        advance(router, 30)
        assert not has(router)


class TestLoad:
    def test_it_says_what_it_does_unless_it_shall_be_silent(
        self, router: Router, terminal: Terminal
    ) -> None:
        terminal.lines(LINE, "no ip filter 1098")
        said = "no ip filter 1\nip filter 1098 pass * * * * *"
        assert terminal.line("load 0") == said
        assert not router.unsaved()
        terminal.line(LINE)
        assert terminal.line("load config 0 silent") == ""
        assert not has(router)

    @pytest.mark.parametrize("how", ["load file /apply.cfg", "load /apply.cfg difference"])
    def test_a_file(self, router: Router, terminal: Terminal, how: str) -> None:
        prepared_file(router)
        assert terminal.line(how) == "\n".join(
            ["tunnel enable 5", OTHER, "tunnel select 5", ' description tunnel "of a file"']
        )
        assert router.running().block("tunnel 5")[1:] == [
            ' description tunnel "of a file"',
            " tunnel enable 5",
        ]

    def test_a_number_wins_over_a_file_of_that_name(
        self, router: Router, terminal: Terminal
    ) -> None:
        prepared_file(router, "0")
        terminal.line("load 0 silent")
        assert not has(router, OTHER)
        terminal.line("load file 0 silent")
        assert has(router, OTHER)

    def test_interactive_asks_about_every_command(self, router: Router, terminal: Terminal) -> None:
        terminal.lines(LINE, OTHER)
        assert terminal.raw("load 0 interactive\r").endswith("no ip filter 1 (Y/N)")
        assert terminal.raw("n").endswith("no ip filter 2 (Y/N)")
        assert terminal.raw("y").endswith("# ")
        assert has(router)
        assert not has(router, OTHER)

    def test_a_script_cannot_be_asked(self, router: Router) -> None:
        run_lines(router, [LINE])
        shown = run_lines(router, ["console character en.ascii", "load 0 interactive"])
        assert "Error: Illegal keyword" in shown
        assert has(router)

    def test_its_own_rollback_timer_brings_back_what_was_before_it(
        self, router: Router, terminal: Terminal
    ) -> None:
        terminal.lines(LINE, "load 0 silent rollback-timer=120")
        assert not has(router)
        advance(router, 119)
        assert not has(router)
        advance(router, 1)
        assert has(router)

    def test_the_login_timer_fires_that_one_too(self, router: Router, terminal: Terminal) -> None:
        terminal.lines(LINE, "load 0 silent rollback-timer=3600")
        advance(router, 300)
        assert terminal.console.closed
        assert has(router)

    def test_it_replaces_the_timer_that_was_armed_before(
        self, router: Router, terminal: Terminal
    ) -> None:
        terminal.lines("rollback timer 60", LINE, "load 0 silent rollback-timer=200", OTHER)
        advance(router, 150)
        assert has(router, OTHER)
        advance(router, 50)
        assert has(router)
        assert not has(router, OTHER)

    def test_without_the_option_it_stops_the_timer(
        self, router: Router, terminal: Terminal
    ) -> None:
        terminal.lines("rollback timer 60", LINE, "load 0 silent", OTHER)
        advance(router, 100)
        assert has(router, OTHER)

    def test_what_is_loaded_is_told_to_the_link_once(
        self, router: Router, terminal: Terminal
    ) -> None:
        terminal.lines(*SEED_LINES)
        link_of(router).told.clear()
        terminal.line("load 0 silent no-configure-refresh no-key-generate")
        assert link_of(router).told == ["changed"]

    def test_a_countdown_that_is_loaded_begins(self, tmp_path: Path) -> None:
        router = make_router(tmp_path, revision="15.04.05", behaviour=QUIET)
        terminal = administrator(router)
        terminal.lines("schedule at 9 +100 * load config 0 silent", "save", "no schedule at 9")
        advance(router, 1)
        terminal.lines("load 0 silent", LINE)
        advance(router, 99)
        assert has(router)
        advance(router, 1)
        assert not has(router)


class TestPasswords:
    """A saved configuration is opened with its own two passwords, a file without."""

    @pytest.fixture(name="router")
    def router_fixture(self, tmp_path: Path) -> Router:
        return make_router(tmp_path)

    def test_they_are_asked_for(self, router: Router, terminal: Terminal) -> None:
        terminal.line(LINE)
        assert terminal.raw("load 0 silent\r").endswith("Login Password: ")
        assert terminal.raw("\r").endswith("Administrator Password: ")
        assert has(router)
        assert terminal.raw(f"{ADMINISTRATOR_PASSWORD}\r") == "\r\n# "
        assert not has(router)

    def test_wrong_ones_change_nothing_and_keep_the_timer(
        self, router: Router, terminal: Terminal
    ) -> None:
        terminal.lines("rollback timer 60", LINE)
        terminal.raw("load 0 silent\r\r")
        assert "Error: Incorrect password" in terminal.raw("wrong\r")
        assert has(router)
        advance(router, 60)
        assert not has(router)

    def test_that_of_the_anonymous_user_is_asked_for_too(self, tmp_path: Path) -> None:
        router = make_router(tmp_path, f"login password anonymous-pass\n{ENGLISH}")
        terminal = administrator(router)
        terminal.raw("load 0 silent\r")
        assert "Error: Incorrect password" in terminal.raw("\r")
        terminal.raw("load 0 silent\ranonymous-pass\r")
        assert terminal.raw(f"{ADMINISTRATOR_PASSWORD}\r") == "\r\n# "

    def test_of_a_file_they_are_not(self, router: Router, terminal: Terminal) -> None:
        prepared_file(router)
        assert terminal.line("load /apply.cfg silent") == ""
        assert has(router, OTHER)

    @pytest.mark.parametrize("works", [True, False])
    def test_in_a_schedule_nobody_is_asked(self, tmp_path: Path, works: bool) -> None:
        router = make_router(tmp_path, behaviour=Behaviour(scheduled_load=works))
        administrator(router).lines("schedule at 1 12:01 * load config 0 silent", LINE)
        advance(router, 60)
        assert has(router) is not works
        if not works:
            assert router.log[-1][1] == "[SCHEDULE] Error: Incorrect password"


class TestDifference:
    @pytest.mark.parametrize(
        "command",
        [
            "show config difference 0",
            "show config difference config 0",
            "show config difference - 0",
            "show config difference - config 0",
            "show config difference file /now.cfg config 0",
        ],
    )
    def test_from_what_is_running(self, router: Router, terminal: Terminal, command: str) -> None:
        terminal.line(LINE)
        router.flash.put("/now.cfg", router.running().text())
        assert terminal.line(command) == "no ip filter 1"

    def test_the_other_way_round(self, terminal: Terminal) -> None:
        terminal.line(LINE)
        assert terminal.line("show config difference 0 -") == LINE

    def test_to_a_file(self, router: Router, terminal: Terminal) -> None:
        prepared_file(router)
        shown = terminal.line("show config difference file /apply.cfg").split("\n")
        assert OTHER in shown
        assert ' description tunnel "of a file"' in shown

    def test_it_may_ask_for_the_passwords_of_what_is_saved(self, tmp_path: Path) -> None:
        router = make_router(tmp_path, behaviour=Behaviour(difference_asks=True))
        terminal = administrator(router)
        terminal.lines("save", LINE)
        assert terminal.raw("show config difference 0\r").endswith("Login Password: ")
        assert terminal.raw("\r").endswith("Administrator Password: ")
        assert "no ip filter 1\r\n" in terminal.raw(f"{ADMINISTRATOR_PASSWORD}\r")
        terminal.raw("show config difference 0\r\r")
        assert "Error: Incorrect password" in terminal.raw("wrong\r")


def test_a_saved_configuration_is_shown_after_two_passwords(
    router: Router, terminal: Terminal
) -> None:
    terminal.lines(LINE, "save 1", f"no {LINE}")
    assert terminal.raw("show config 1\r").endswith("Login Password: ")
    assert terminal.raw("\r").endswith("Administrator Password: ")
    shown = terminal.raw(f"{ADMINISTRATOR_PASSWORD}\r")
    assert f"\r\n{LINE}\r\n" in shown
    assert "administrator password encrypted *\r\n" in shown
    assert not has(router)


def test_what_asks_can_be_searched(router: Router, terminal: Terminal) -> None:
    terminal.lines(LINE, "save 1")
    terminal.raw(f"show config 1 | grep filter.1.pass\r\r{ADMINISTRATOR_PASSWORD}")
    assert terminal.raw("\r") == f"\r\n{LINE}\r\n# "
    assert has(router)


class TestHostKey:
    KEY = "sshd host key generate"

    def test_a_second_one_is_made_only_after_yes(self, router: Router, terminal: Terminal) -> None:
        assert terminal.raw(f"{self.KEY}\r").endswith("(Y/N)")
        terminal.raw("n")
        assert router.keys_made == 0
        terminal.raw(f"{self.KEY} bit=1024\r")
        terminal.raw("y")
        assert router.keys_made == 0  # it takes time
        router.clock.wait(10)
        terminal.console.poll()
        assert (router.keys_made, router.key_bits) == (1, 1024)

    @pytest.mark.parametrize(
        ("command", "made"),
        [("load 0 silent", 1), ("load 0 silent no-key-generate", 0), ("load /bare.cfg", 0)],
    )
    def test_a_load_may_make_one(self, tmp_path: Path, command: str, made: int) -> None:
        router = make_router(tmp_path, behaviour=Behaviour(load_makes_key=True, load_asks=False))
        router.flash.put("/bare.cfg", "ip lan1 address 192.168.1.1/24\nsshd service on\n")
        administrator(router).line(command)
        assert router.keys_made == made

    @pytest.mark.parametrize(("model", "bits"), [("RTX1210", 1024), ("RTX1220", 2048)])
    def test_its_usual_length(self, tmp_path: Path, model: str, bits: int) -> None:
        revision = {"RTX1210": "14.01.42", "RTX1220": "15.04.03"}[model]
        assert make_router(tmp_path, model=model, revision=revision).key_bits == bits
