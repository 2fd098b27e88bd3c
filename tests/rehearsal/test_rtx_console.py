"""The terminal: echo, wrapping, prompts, passwords, pager, questions, character sets."""

from __future__ import annotations

from pathlib import Path

import pytest
from rtx_bench import (
    ADMINISTRATOR_PASSWORD,
    ENGLISH,
    Terminal,
    administrator,
    advance,
    link_of,
    make_router,
)

from components.rehearsal.rtx import DEMO_CONFIGURATION, Router, run_lines


@pytest.fixture(name="router")
def router_fixture(tmp_path: Path) -> Router:
    return make_router(tmp_path)


def test_the_banner_names_the_model_and_ends_with_the_prompt(router: Router) -> None:
    greeting = Terminal(router.console("ops")).greeting
    assert greeting.startswith("RTX1220 Rev.15.04.03 (")
    assert greeting.endswith("3LAN\r\n> ")


def test_the_first_line_is_lost_unless_it_is_empty(router: Router) -> None:
    hasty = Terminal(router.console("ops"))
    assert hasty.raw("show environment\r") == "show environment\r\n> "
    assert "Rev.15.04.03" in hasty.line("show environment")
    patient = Terminal(router.console("ops"))
    assert patient.raw("\r") == "\r\n> "
    assert "Rev.15.04.03" in patient.line("show environment")


def test_the_password_is_asked_without_echo(router: Router) -> None:
    terminal = Terminal(router.console("ops"))
    terminal.raw("\r")
    assert terminal.raw("administrator\r") == "administrator\r\nPassword: "
    assert terminal.raw(ADMINISTRATOR_PASSWORD) == ""
    assert terminal.raw("\r") == "\r\n# "


def test_a_wrong_password_is_said_to_be_wrong(router: Router) -> None:
    terminal = Terminal(router.console("ops"))
    terminal.raw("\r")
    shown = terminal.raw("administrator\rwrong\r")
    assert shown.endswith("Password: \r\nError: Incorrect password\r\n> ")


def test_a_line_feed_after_the_return_answers_the_password_prompt(router: Router) -> None:
    terminal = Terminal(router.console("ops"))
    terminal.raw("\r")
    shown = terminal.raw("administrator\r\n")
    assert shown.endswith("Password: \r\nError: Incorrect password\r\n> ")
    assert terminal.raw("\r\n") == "\r\n> \r\n> "


def test_without_an_administrator_password_nothing_is_asked(tmp_path: Path) -> None:
    text = DEMO_CONFIGURATION.replace("administrator password encrypted *\n", "")
    router = Router(tmp_path, clock=make_router(tmp_path / "clock").clock, initial=text)
    terminal = Terminal(router.console("ops"))
    terminal.raw("\r")
    assert terminal.raw("administrator\r") == "administrator\r\n# "


def test_a_password_read_from_a_printed_configuration_fits_nothing(tmp_path: Path) -> None:
    router = Router(tmp_path, clock=make_router(tmp_path / "clock").clock)
    assert not any(router.password_fits("ops", guess) for guess in ("", "*", "ops"))
    assert not router.administrator_password_fits("*")


def test_who_is_administrator_already_is_told_so(tmp_path: Path) -> None:
    terminal = administrator(make_router(tmp_path, DEMO_CONFIGURATION))
    assert "すでに管理レベル" in terminal.line("administrator")


def test_user_attribute_keeps_a_user_from_the_administrator_level(router: Router) -> None:
    administrator(router).line("user attribute ops administrator=off")
    terminal = Terminal(router.console("ops"))
    terminal.raw("\r")
    assert terminal.line("administrator") == "Error: Administrator use only"


def test_the_administrator_password_is_changed_in_a_dialogue(router: Router) -> None:
    terminal = administrator(router)
    shown = terminal.raw(f"administrator password\r{ADMINISTRATOR_PASSWORD}\rnew one\rnew one\r")
    assert shown == (
        "administrator password\r\nOld_Password: \r\nNew_Password: \r\nNew_Password: \r\n# "
    )
    assert router.administrator_password_fits("new one")
    terminal.raw("administrator password\rnew one\rx\ry\r")
    assert router.administrator_password_fits("new one")


def test_prompts_tell_prefix_context_and_level(router: Router) -> None:
    terminal = administrator(router)
    assert terminal.raw("console prompt rtx1\r").endswith("\r\nrtx1# ")
    assert terminal.raw("tunnel select 2\r").endswith("\r\nrtx1tunnel2# ")
    assert terminal.raw("pp select 1\r").endswith("\r\nrtx1pp1# ")
    assert terminal.raw("pp select none\r").endswith("\r\nrtx1# ")
    terminal.raw("tunnel select 3\r")
    assert terminal.raw("no tunnel select\r").endswith("\r\nrtx1# ")
    assert terminal.raw("no console prompt\r").endswith("\r\n# ")


def test_a_new_session_has_nothing_selected(router: Router) -> None:
    administrator(router).line("tunnel select 2")
    assert administrator(router).raw("\r") == "\r\n# "


def test_the_echo_is_cut_at_the_columns_inside_a_word(router: Router) -> None:
    terminal = administrator(router, wide=False)
    shown = terminal.raw("description 1 " + "x" * 70 + "\r")
    first, second, _ = shown.split("\r\n", 2)
    assert first == "description 1 " + "x" * 63  # with "# " before it, 79 columns
    assert second == "x" * 7


def test_output_is_cut_at_the_columns_and_wide_characters_count_two(tmp_path: Path) -> None:
    terminal = administrator(make_router(tmp_path, DEMO_CONFIGURATION), wide=False)
    terminal.line("tunnel select 2")
    terminal.raw('description tunnel "' + "本" * 32 + '"\r')
    rows = terminal.line("show config tunnel 2").split("\n")
    cut = next(index for index, row in enumerate(rows) if row.startswith(" description"))
    assert rows[cut] == ' description tunnel "' + "本" * 29
    assert rows[cut + 1] == "本" * 3 + '"'


def test_columns_act_at_once(router: Router) -> None:
    terminal = administrator(router, wide=False)
    assert any(len(row) < 80 <= len(row) + 17 for row in terminal.line("show config").split("\n"))
    terminal.raw("q")
    terminal.line("console columns 4096")
    assert "MAC-Address=00:00:5e:00:53:f2" in terminal.line("show config").split("\n")[3]


class TestPager:
    def test_it_stops_and_each_key_does_what_it_says(self, router: Router) -> None:
        terminal = administrator(router, wide=False)
        first = terminal.raw("show config\r")
        assert first.endswith("---more---")
        assert first.count("\r\n") == 22  # the echo and 21 lines
        wiped = "\r" + " " * 11 + "\r"
        one = terminal.raw("\r")
        assert one.startswith(wiped)
        assert one.endswith("---more---")
        assert one.count("\r\n") == 1
        assert terminal.raw("x") == ""
        page = terminal.raw(" ")
        assert page.count("\r\n") == 22
        assert terminal.raw("q") == wiped + "# "

    def test_it_speaks_japanese(self, tmp_path: Path) -> None:
        terminal = administrator(make_router(tmp_path, DEMO_CONFIGURATION), wide=False)
        assert terminal.raw("show config\r").endswith("---つづく---")

    def test_what_is_typed_ahead_is_eaten(self, router: Router) -> None:
        terminal = administrator(router, wide=False)
        terminal.raw("show config\rshow log\r")
        assert "boot" not in terminal.raw("q")

    def test_lines_infinity_never_stops(self, router: Router) -> None:
        terminal = administrator(router)
        assert terminal.raw("show config\r").endswith("sshd host key generate *\r\n# ")


class TestCharacterSets:
    def test_the_default_is_shift_jis(self, tmp_path: Path) -> None:
        console = administrator(make_router(tmp_path, DEMO_CONFIGURATION)).console
        assert "コマンド名を".encode("cp932") in console.feed(b"foo\r")

    @pytest.mark.parametrize(
        ("name", "codec", "text"),
        [
            ("ja.euc", "euc_jp", "コマンド名を"),
            ("ja.utf8", "utf-8", "コマンド名を"),
            ("en.ascii", "ascii", "Invalid command name"),
            ("ascii", "ascii", "Invalid command name"),
        ],
    )
    def test_a_change_acts_at_once(self, tmp_path: Path, name: str, codec: str, text: str) -> None:
        console = administrator(make_router(tmp_path, DEMO_CONFIGURATION)).console
        console.feed(f"console character {name}\r".encode())
        assert text.encode(codec) in console.feed(b"foo\r")

    def test_what_is_typed_is_read_in_it(self, tmp_path: Path) -> None:
        router = make_router(tmp_path, DEMO_CONFIGURATION)
        terminal = administrator(router)
        terminal.lines("tunnel select 2", "description tunnel 東京")
        assert " description tunnel 東京" in router.running().lines()


class TestLeaving:
    def test_exit_goes_down_a_level_and_then_out(self, router: Router) -> None:
        router.save()
        terminal = administrator(router, wide=False)
        assert terminal.raw("exit\r") == "exit\r\n> "
        terminal.raw("exit\r")
        assert terminal.console.closed

    @pytest.mark.parametrize(("key", "saved"), [("y", True), ("N", False)])
    def test_unsaved_changes_are_asked_about_with_one_key(
        self, router: Router, key: str, saved: bool
    ) -> None:
        terminal = administrator(router, wide=False)
        terminal.line("ip filter 1 pass * *")
        shown = terminal.raw("quit\r")
        assert shown == "quit\r\nSave new configuration ? (Y/N)"
        assert terminal.raw("x") == ""
        assert terminal.raw(key) == f"{key}\r\n> "
        assert ("ip filter 1 pass * *" in router.saved().lines()) is saved

    def test_exit_save_asks_nothing(self, router: Router) -> None:
        terminal = administrator(router, wide=False)
        terminal.line("ip filter 1 pass * *")
        assert terminal.raw("exit save\r") == "exit save\r\n> "
        assert not router.unsaved()


class TestTyping:
    def test_backspace_and_ctrl_c(self, router: Router) -> None:
        terminal = administrator(router)
        assert "Rev.15.04.03" in terminal.raw("show environmentx\x7f\r")
        assert terminal.raw("save\x03") == "save\r\n# "
        assert terminal.raw("\r") == "\r\n# "

    def test_ctrl_c_leaves_a_password_prompt(self, router: Router) -> None:
        terminal = Terminal(router.console("ops"))
        terminal.raw("\r")
        terminal.raw("administrator\r")
        assert terminal.raw("\x03") == "\r\n> "

    def test_a_question_mark_explains_at_once_and_is_no_part_of_the_line(
        self, router: Router
    ) -> None:
        terminal = administrator(router)
        shown = terminal.raw("ipsec ike pfs ?")
        assert shown.split("\r\n")[1:] == [
            "  Syntax: ipsec ike pfs 1..100 on/off",
            "# ipsec ike pfs ",
        ]
        terminal.raw("2 on\r")
        assert "ipsec ike pfs 2 on" in router.running().lines()
        assert "  Syntax: rollback\r\n" in terminal.raw("?")

    @pytest.mark.parametrize("key", [r"a\?b", '"a?b"', "'a?b'"])
    def test_a_protected_question_mark_is_a_character(self, router: Router, key: str) -> None:
        administrator(router).line(f"ipsec ike pre-shared-key 2 text {key}")
        assert router.gateways()[1].key == "a?b"

    def test_comments_are_not_commands(self, router: Router) -> None:
        assert administrator(router).line("# ipsec ike pfs 2 on") == ""


class TestPing:
    def test_answers_come_at_once_with_a_summary(self, tmp_path: Path) -> None:
        router = make_router(tmp_path, DEMO_CONFIGURATION)
        link_of(router).answers["192.168.2.1"] = 2.056
        terminal = administrator(router)
        shown = terminal.line("ping -c 2 -s 1200 -sa 192.168.1.1 192.168.2.1")
        assert shown.split("\n") == [
            "192.168.2.1から受信: シーケンス番号=0 ttl=254 時間=2.056ミリ秒",
            "192.168.2.1から受信: シーケンス番号=1 ttl=254 時間=2.056ミリ秒",
            "",
            "2個のパケットを送信し、2個のパケットを受信しました。0.0%パケットロス",
            "往復遅延 最低/平均/最大 = 2.056/2.056/2.056 ミリ秒",
        ]
        assert link_of(router).told[-1] == "ping 192.168.1.1 192.168.2.1 1200"

    def test_lost_ones_take_their_time_and_say_nothing(self, router: Router) -> None:
        terminal = administrator(router)
        assert terminal.line("ping -c 2 192.168.2.1") == ""
        assert terminal.console.poll() == b""
        advance(router, 1)
        assert terminal.console.poll() == b""
        advance(router, 1)
        assert terminal.console.poll().decode() == (
            "\r\n2 packets transmitted, 0 packets received, 100.0% packet loss\r\n# "
        )

    def test_with_w_the_wait_is_longer_and_the_loss_is_named(self, router: Router) -> None:
        terminal = administrator(router)
        terminal.line("ping -c 1 -w 3 192.168.2.1")
        advance(router, 2)
        assert terminal.console.poll() == b""
        advance(router, 1)
        assert b"no answer from 192.168.2.1: icmp_seq=0" in terminal.console.poll()

    def test_without_a_count_it_goes_on_until_ctrl_c(self, router: Router) -> None:
        terminal = administrator(router)
        assert "icmp_seq=0" in terminal.raw("ping 198.51.100.20\r")
        advance(router, 1)
        assert b"icmp_seq=1" in terminal.console.poll()
        assert "2 packets transmitted, 2 packets received, 0.0% packet loss" in terminal.raw("\x03")
        assert terminal.line("confirm").startswith("Error")

    def test_its_own_addresses_answer_without_the_link(self, router: Router) -> None:
        router.office_link = None
        assert "1 packets received" in administrator(router).line("ping -c 1 192.168.1.1")


class TestScripts:
    def test_prompts_echo_and_answers_are_shown_without_cuts_or_pager(self, router: Router) -> None:
        shown = run_lines(router, ["tunnel select 2", "show config"])
        assert shown.startswith("# tunnel select 2\r\ntunnel2# show config\r\n# RTX1220")
        assert shown.endswith("sshd host key generate *\r\ntunnel2# ")
        assert "---more---" not in shown
        assert max(map(len, shown.split("\r\n"))) > 100

    def test_waiting_commands_are_waited_for(self, router: Router) -> None:
        before = router.clock.now()
        assert "100.0% packet loss" in run_lines(router, ["ping -c 3 192.168.2.1"])
        assert router.clock.now() - before == pytest.approx(3)

    def test_an_endless_command_is_ended(self, router: Router) -> None:
        assert "packets transmitted" in run_lines(router, ["ping 192.168.2.1"])

    @pytest.mark.parametrize(
        ("answers", "kept"), [(["y"], True), (["n"], False), ([], False), (["show log"], False)]
    )
    def test_questions_are_answered_by_the_next_line_or_with_no(
        self, router: Router, answers: list[str], kept: bool
    ) -> None:
        run_lines(router, ["ip filter 1 pass * *", "restart", *answers])
        assert link_of(router).told[-1] == "rebooted"
        assert ("ip filter 1 pass * *" in router.running().lines()) is kept


class TestConsoleInfo:
    def test_log_lines_come_between_and_the_prompt_comes_again(self, tmp_path: Path) -> None:
        router = make_router(tmp_path)
        terminal = administrator(router)
        terminal.line("console info on")
        terminal.raw("show env")
        router.note("IP Tunnel[1] Up")
        shown = terminal.raw("")
        assert shown == "\r\n2026/03/17 12:00:00: IP Tunnel[1] Up\r\n# show env"
        assert "RTX1220 Rev.15.04.03" in terminal.raw("ironment\r")

    def test_in_the_middle_of_an_answer(self, tmp_path: Path) -> None:
        router = make_router(tmp_path)
        terminal = administrator(router)
        terminal.line("console info on")
        terminal.raw("ping -c 2 192.168.2.9\r")
        router.note("IP Tunnel[1] Down")
        router.clock.wait(2)
        lines = terminal.raw("").split("\r\n")
        assert "2026/03/17 12:00:00: IP Tunnel[1] Down" in lines

    def test_before_the_prompt_of_what_logs(self, tmp_path: Path) -> None:
        router = make_router(tmp_path, ENGLISH + "console info on\n")
        terminal = Terminal(router.console("ops"))
        terminal.raw("\radministrator\r")
        shown = terminal.raw(f"{ADMINISTRATOR_PASSWORD}\r").split("\r\n")
        assert shown == ["", "2026/03/17 12:00:00: 'administrator' succeeded for SSH:  ops", "# "]

    def test_by_default_there_are_none(self, tmp_path: Path) -> None:
        router = make_router(tmp_path)
        terminal = administrator(router)
        router.note("IP Tunnel[1] Up")
        assert terminal.raw("") == ""
