"""Running and saved configuration, reboot, timers, schedules, users."""

from __future__ import annotations

from pathlib import Path

import pytest
from rtx_bench import (
    ENGLISH,
    SEED_LINES,
    administrator,
    advance,
    link_of,
    make_router,
)

from components.clock import ManualClock
from components.rehearsal.rtx import Router, run_lines

LINE = "ip filter 1 pass * * udp * 500"


@pytest.fixture(name="router")
def router_fixture(tmp_path: Path) -> Router:
    return make_router(tmp_path)


def has(router: Router, text: str = LINE) -> bool:
    return text in router.running().lines()


def test_the_demo_router_initially_holds_no_unsaved_work(router: Router) -> None:
    assert not router.unsaved()
    assert run_lines(router, ["show config difference 0"]) == "# show config difference 0\r\n# "


def test_save_says_what_it_did_and_survives_a_power_loss(tmp_path: Path) -> None:
    router = make_router(tmp_path)
    terminal = administrator(router)
    terminal.lines(*SEED_LINES)
    assert terminal.line("save") == "Saving ... CONFIG0 Done ."
    terminal.line(LINE)
    again = Router(tmp_path, clock=ManualClock())
    assert again.running().lines() == again.saved().lines() == router.saved().lines()
    assert LINE not in again.running().lines()
    assert "  ipsec ike pre-shared-key 2 text example_key" in again.running().lines()
    assert again.password_fits("ops", "user-pass")


def test_the_saved_file_is_for_its_owner_only_and_holds_no_password(tmp_path: Path) -> None:
    router = make_router(tmp_path)
    administrator(router).line("save")
    file = tmp_path / "saved.cfg"
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text()
    assert "rehearsal_l2tp_key" in text
    assert "user-pass" not in text
    assert "admin-pass" not in text


def test_show_config_difference_gives_the_commands_back_to_the_saved_state(
    router: Router,
) -> None:
    terminal = administrator(router)
    terminal.line("save")
    terminal.lines(*SEED_LINES, "no ip filter 1098", "ipsec auto refresh off")
    commands = run_lines(router, ["show config difference 0"]).split("\r\n")
    assert "ip filter 1098 pass * * * * *" in commands
    assert "ipsec auto refresh on" in commands
    assert "no ip route 192.168.2.0/24" in commands
    assert terminal.lines(*commands) == [""] * len(commands)
    assert not router.unsaved()


def test_changes_are_told_to_the_link_once_each(router: Router) -> None:
    terminal = administrator(router)
    link_of(router).told.clear()
    terminal.lines(LINE, LINE, f"no {LINE}", "show log", "tunnel select 2")
    assert link_of(router).told == ["changed", "changed"]


class TestReboot:
    def test_it_boots_from_the_saved_configuration_and_drops_everybody(
        self, router: Router
    ) -> None:
        terminal, other = administrator(router), administrator(router)
        terminal.line(LINE)
        terminal.raw("restart\r")
        terminal.raw("n")
        assert terminal.console.closed
        assert other.console.closed
        assert not router.sessions
        assert not has(router)
        assert link_of(router).told[-1] == "rebooted"

    def test_it_listens_again_after_a_while(self, router: Router) -> None:
        router.reboot()
        assert not router.listens()
        advance(router, router.boot_seconds - 0.5)
        assert not router.listens()
        advance(router, 0.5)
        assert router.listens()

    def test_without_unsaved_work_it_asks_nothing(self, router: Router) -> None:
        router.save()
        administrator(router, wide=False).line("restart")
        assert link_of(router).told[-1] == "rebooted"

    def test_yes_saves_first(self, router: Router) -> None:
        terminal = administrator(router)
        terminal.line(LINE)
        assert terminal.raw("restart\r").endswith("Save new configuration ? (Y/N)")
        terminal.raw("y")
        assert has(router)

    def test_sshd_service_off_closes_the_port(self, router: Router) -> None:
        run_lines(router, ["sshd service off"])
        assert not router.listens()


class TestRollback:
    def test_it_restores_what_was_when_it_was_armed(self, router: Router) -> None:
        terminal = administrator(router)
        terminal.lines("ip filter 2 pass * *", "rollback timer 60", LINE, "no ip filter 1098")
        advance(router, 59)
        assert has(router)
        advance(router, 1)
        assert not has(router)
        assert has(router, "ip filter 1098 pass * * * * *")
        assert has(router, "ip filter 2 pass * *")
        assert not terminal.console.closed

    @pytest.mark.parametrize("command", ["confirm", "save", "exit save"])
    def test_it_is_stopped_by(self, router: Router, command: str) -> None:
        terminal = administrator(router)
        terminal.lines("rollback timer 60", LINE)
        terminal.raw(f"{command}\r")
        advance(router, 100)
        assert has(router)

    def test_logging_out_cancels_it_and_keeps_the_change_unsaved(self, router: Router) -> None:
        terminal = administrator(router)
        terminal.lines("rollback timer 60", LINE)
        terminal.raw("exit\rnexit\r")
        assert terminal.console.closed
        advance(router, 100)
        assert has(router)
        assert router.unsaved()

    def test_a_restart_cancels_it(self, router: Router) -> None:
        terminal = administrator(router)
        terminal.lines("rollback timer 60", LINE, "save", "rollback timer 60", f"no {LINE}")
        terminal.raw("restart\rn")
        advance(router, 100)
        assert has(router)

    def test_the_login_timer_fires_it_too(self, router: Router) -> None:
        terminal = administrator(router)
        terminal.lines("rollback timer 3600", LINE)
        advance(router, 299)
        assert has(router)
        advance(router, 1)
        assert terminal.console.closed
        assert not has(router)

    def test_the_last_one_of_a_console_counts(self, router: Router) -> None:
        terminal = administrator(router)
        terminal.lines("rollback timer 60", LINE, "rollback timer 200")
        advance(router, 250)
        assert has(router)

    def test_each_console_has_its_own(self, router: Router) -> None:
        first, second = administrator(router), administrator(router)
        first.line("rollback timer 60")
        second.lines("rollback timer 30", LINE)
        second.line("save")
        advance(router, 60)
        assert not has(router)
        assert LINE in router.saved().lines()

    @pytest.mark.parametrize(("survive", "restored"), [(True, True), (False, False)])
    def test_when_the_connection_dies(self, tmp_path: Path, survive: bool, restored: bool) -> None:
        router = make_router(tmp_path, sessions_survive=survive)
        terminal = administrator(router)
        terminal.lines("rollback timer 3600", LINE)
        router.hung_up(terminal.console)
        assert terminal.console.closed is not survive
        advance(router, 300)
        assert terminal.console.closed
        assert has(router) is not restored


class TestLoginTimer:
    def test_a_return_now_and_then_keeps_a_session(self, router: Router) -> None:
        terminal = administrator(router)
        for _ in range(6):
            advance(router, 60)
            terminal.raw("\r")
        assert not terminal.console.closed

    @pytest.mark.parametrize(
        ("command", "seconds"),
        [("login timer 120", 120), ("login timer clear", 300),
         ("user attribute ops login-timer=600", 600),
         ("user attribute * login-timer=900", 900)],
    )  # fmt: skip
    def test_its_length(self, router: Router, command: str, seconds: int) -> None:
        terminal = administrator(router)
        terminal.line(command)
        advance(router, seconds - 1)
        assert not terminal.console.closed
        advance(router, 1)
        assert terminal.console.closed


class TestUsers:
    def test_passwords_set_from_outside_are_in_both_configurations(self, router: Router) -> None:
        run_lines(router, [LINE])
        router.set_password("ops", "rotated")
        assert router.password_fits("ops", "rotated")
        assert not router.password_fits("ops", "user-pass")
        assert router.unsaved()  # the line typed, and nothing else
        run_lines(router, [f"no {LINE}"])
        assert not router.unsaved()

    def test_keys_belong_to_named_users(self, tmp_path: Path) -> None:
        router = make_router(tmp_path)
        router.add_key("ops", "ssh-ed25519 AAAA one\n")
        router.add_key("ops", "ssh-ed25519 BBBB two")
        router.add_key("nobody", "ssh-ed25519 CCCC")
        assert router.keys("ops") == ["ssh-ed25519 AAAA one", "ssh-ed25519 BBBB two"]
        assert router.keys("nobody") == []
        assert len(Router(tmp_path, clock=ManualClock()).keys("ops")) == 2


def test_actions_on_sas_are_handed_to_the_link(router: Router) -> None:
    run_lines(router, ["ipsec sa delete all", "ipsec refresh sa"])
    assert link_of(router).told[-2:] == ["delete None", "refresh"]


def test_another_configuration_can_be_rehearsed(tmp_path: Path) -> None:
    text = ENGLISH.replace("198.51.100.20/24", "203.0.113.9/29") + "future option on\n"
    router = make_router(tmp_path, text)
    shown = run_lines(router, ["show config"])
    assert "ip lan2 address 203.0.113.9/29\r\n" in shown
    assert "\r\nfuture option on\r\n" in shown
