from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from office_rig import LOGIN, Rig, rig

from components.errors import DeviceError, LoginRefused, Unreachable
from components.office.conversation import Conversation
from components.office.login import Login
from components.office.session import Refused, Session

LAN = IPv4Address("192.168.1.1")


def begin(office: Rig, login: Login = LOGIN) -> Session:
    return Session.open(login, clock=office.clock, log=office.log.append, connect=office.connect)


@pytest.mark.parametrize("prompt", ["", "rtx1", "[office] ", "tunnel", "a#b> "])
def test_any_prompt_is_learnt(tmp_path: Path, prompt: str) -> None:
    office = rig(tmp_path, f'console prompt "{prompt}"\n' if prompt else "")
    with begin(office) as session:
        assert session.environment().model == "RTX1220"
        session.type(["tunnel select 1", "ip tunnel mtu 1300", "tunnel select none"], None)
    assert " ip tunnel mtu 1300" in office.lines()


@pytest.mark.parametrize("character", ["", "ja.sjis", "ja.utf8", "ja.euc"])
def test_japanese_is_read_and_written_in_every_encoding(tmp_path: Path, character: str) -> None:
    extra = 'description 7 "福岡支店の回線"\n'
    office = rig(tmp_path, extra + (f"console character {character}\n" if character else ""))
    before = office.lines()
    with begin(office) as session:
        assert session.configuration().find("description 7")[0].text == extra.strip()
        with pytest.raises(DeviceError) as refused:
            session.command("no such command")
        session.command('description 8 "大阪"')
    assert refused.value.said == "エラー: コマンド名を確認してください"
    assert 'description 8 "大阪"' in office.lines()
    assert [line for line in office.lines() if line != 'description 8 "大阪"'] == before


def test_english_is_understood(tmp_path: Path) -> None:
    office = rig(tmp_path, "console character en.ascii\n")
    with begin(office) as session, pytest.raises(DeviceError) as refused:
        session.command("no such command")
    assert refused.value.said == "Error: Invalid command name"


def test_a_wrong_administrator_password_is_tried_once(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with pytest.raises(LoginRefused) as refused:
        begin(office, replace(LOGIN, administrator_password="wrong-CANARY"))
    assert "パスワードが間違っています" in refused.value.said
    assert office.typed.count("administrator") == 1
    assert "CANARY" not in str(refused.value)
    assert office.wires[0].gone
    assert office.router.sessions == []


def test_no_administrator_password_is_asked_for_when_there_is_none(tmp_path: Path) -> None:
    office = rig(tmp_path)
    running = office.router.running().without("", "administrator password")
    office.router.change(running)
    with begin(office, replace(LOGIN, administrator_password="")) as session:
        assert session.configuration().find("ip lan1 address")


def test_no_password_stands_in_the_log_or_the_login(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with begin(office) as session:
        session.type(["ipsec ike pre-shared-key 7 text <psk>"], "KEY_CANARY")
    assert "  ".join(office.log).count("ipsec ike pre-shared-key 7 text <psk>") == 1
    assert "CANARY" not in " ".join(office.log)
    assert "CANARY" not in repr(LOGIN)
    assert "ipsec ike pre-shared-key 7 text KEY_CANARY" in office.typed


@pytest.mark.parametrize(
    "console", ["", "console columns 132\nconsole lines 50\n", "console lines infinity\n"]
)
def test_reading_leaves_no_console_line_behind(tmp_path: Path, console: str) -> None:
    office = rig(tmp_path, console)
    before = office.lines()
    with begin(office) as session:
        read = session.configuration()
        assert office.lines() == before
        assert session.unsaved() == ()
    assert office.lines() == before
    assert [s.text for s in read.find("console")] == console.splitlines()
    assert not office.router.unsaved()


def test_a_failure_in_the_middle_of_a_reading_puts_the_console_back(tmp_path: Path) -> None:
    office = rig(tmp_path, "console columns 132\n")
    before = office.lines()

    def fails(session: Session) -> None:
        with session._wide():
            assert office.lines() != before
            session.command("no such command")

    with begin(office) as session, pytest.raises(DeviceError):
        fails(session)
    assert office.lines() == before


def test_the_first_line_is_an_empty_one(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with begin(office):
        assert office.typed[:2] == ["", "administrator"]


def test_nobody_pays_for_ssh_before_a_session_is_opened() -> None:
    code = "import sys, components.office.apply; sys.exit('asyncssh' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_other_sessions_of_our_user_are_counted(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with begin(office) as session:
        assert session.others() == 0
        with begin(office):
            assert session.others() == 1
        office.router.console("somebody")
        assert session.others() == 0


def test_the_configuration_is_what_the_router_holds(tmp_path: Path) -> None:
    long = "ip filter 5000 pass " + ",".join(f"10.0.{i}.0/24" for i in range(20)) + " * * * *"
    office = rig(tmp_path, long + "\n")
    with begin(office) as session:
        read = session.configuration()
    assert (read.model, read.revision) == ("RTX1220", "15.04.03")
    expected = [line.strip() for line in office.lines() if " select " not in line]
    assert [s.text for s in read.statements] == expected
    assert long in expected


def test_a_width_the_router_does_not_take_is_made_smaller(tmp_path: Path) -> None:
    """An older revision takes 200 columns at most: here 4096 arrives as a number out of range."""
    office = rig(tmp_path)
    with begin(office) as session:
        console = office.wires[0].console
        feed = console.feed
        console.feed = lambda data: feed(data.replace(b"4096", b"4097")).replace(b"4097", b"4096")  # type: ignore[method-assign]
        assert session.configuration().find("ip lan1 address")
    assert "console columns 200" in office.typed
    assert office.typed.count("no console columns") == 1
    assert not office.router.unsaved()


def test_the_pager_is_answered(tmp_path: Path) -> None:
    office = rig(tmp_path, "console lines 10\n")
    with begin(office) as session:
        text = session.command("show config")
    lines = [line.strip() for line in office.lines()]
    assert [line.strip() for line in text.splitlines()][-10:] == lines[-10:]
    assert "つづく" not in text


def test_typing_stops_at_the_first_refusal(tmp_path: Path) -> None:
    office = rig(tmp_path)
    lines = ["ipsec ike hash 7 sha", "ipsec ike pre-shared-key 7 text <psk>", "ipsec ike group 7 x"]
    with begin(office) as session:
        with pytest.raises(Refused) as refused:
            session.type([*lines, "tunnel select 2", "tunnel enable 2"], "KEY_CANARY")
        assert "tunnel select 2" not in office.typed
    assert refused.value.typed == (lines[0], lines[1])
    assert refused.value.line == lines[2]
    assert "キーワード" in refused.value.said
    assert "CANARY" not in str(refused.value)


def test_what_was_sent_behind_a_refused_line_is_among_what_the_router_took(tmp_path: Path) -> None:
    office = rig(tmp_path)
    behind = [f"ip filter {number} pass * * esp" for number in range(9000, 9040)]
    with begin(office) as session, pytest.raises(Refused) as refused:
        session.type(["ipsec ike group 7 x", *behind], None)
    taken = [line for line in office.lines() if line in behind]
    assert list(refused.value.typed) == taken == behind[: len(taken)]
    assert 0 < len(taken) < 12
    assert refused.value.line == "ipsec ike group 7 x"


def test_nothing_is_sent_past_a_select_line_before_its_answer(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with begin(office) as session, pytest.raises(Refused) as refused:
        session.type(["ipsec ike hash 7 sha", "tunnel select 999", "ip tunnel mtu 1300"], None)
    assert refused.value.line == "tunnel select 999"
    assert refused.value.typed == ("ipsec ike hash 7 sha",)
    assert "ip tunnel mtu 1300" not in office.typed


def test_a_cut_among_lines_on_their_way_says_how_many_were_answered(tmp_path: Path) -> None:
    office = rig(tmp_path)
    lines = [f"ip filter {number} pass * * esp" for number in range(9000, 9010)]
    office.cut = lambda line: line == lines[3]
    with pytest.raises(Unreachable) as lost, begin(office) as session:
        session.type(lines, None)
    assert "(at least 2 lines answered, 10 sent)" in str(lost.value)


def window(lines: list[str], done: int = 0, sent: int = 0) -> int:
    return Conversation._window([(line, line) for line in lines], done, sent)


@pytest.mark.parametrize(
    "alone",
    ["tunnel select 2", "no tunnel select 2", "pp select 1", "save", "confirm", "administrator",
     "login password", "sshd host key generate", "ip lan2 secure filter in 1", "tunnel enable 2",
     "ip route default gateway pp 1", "ipsec sa delete 1", "ip tunnel secure filter in 1"],
)  # fmt: skip
def test_lines_that_are_never_sent_ahead(alone: str) -> None:
    plain = ["ip filter 1 pass * * esp", "ip filter 2 pass * * esp"]
    assert window([*plain, alone, *plain]) == 2
    assert window([alone, *plain]) == 1
    assert window([*plain, alone], done=2, sent=2) == 3


def test_a_context_is_left_behind_harmless_lines_and_nothing_goes_past_that() -> None:
    plain, leave = "ip filter 1 pass * * esp", "tunnel select none"
    assert window([plain, leave, plain]) == 2
    assert window(["tunnel enable 2", leave, plain]) == 2
    assert window([plain, "tunnel enable 2", leave]) == 1
    assert window(["ip route default gateway pp 1", leave]) == 1
    assert window(["tunnel select 2", leave]) == 1


def test_what_comes_back_whole_lets_more_go() -> None:
    lines = ["ip filter 1 pass * * esp"] * 200
    assert [window(lines, done, done) - done for done in (0, 11, 12, 24, 100)] == [
        12, 12, 24, 36, 36
    ]  # fmt: skip
    long = ["ipsec ike pre-shared-key 1 text " + "k" * 300] * 100
    assert window(long, 50, 50) == 59


def test_the_window_is_bounded_by_lines_and_by_bytes() -> None:
    assert window(["ip filter 1 pass * * esp"] * 100) == 12
    assert window(["ipsec ike pre-shared-key 1 text " + "k" * 300] * 100) == 3
    assert window(["description 1 " + "k" * 5000] * 2) == 1


def test_a_key_line_is_not_typed_without_a_key(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with begin(office) as session, pytest.raises(ValueError, match="without the key"):
        session.type(["ipsec ike hash 7 sha", "ipsec ike pre-shared-key 7 text <psk>"], None)
    assert "ipsec ike hash 7 sha" not in office.typed


def test_unsaved_and_save(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with begin(office) as session:
        session.command("ip route 10.9.0.0/16 gateway null")
        assert session.unsaved() == ("no ip route 10.9.0.0/16",)
        session.save()
        assert session.unsaved() == ()
    assert "ip route 10.9.0.0/16 gateway null" in office.saved()


def test_leaving_never_saves(tmp_path: Path) -> None:
    office = rig(tmp_path)
    saved = office.saved()
    with begin(office) as session:
        session.command("ip route 10.9.0.0/16 gateway null")
        session.command("tunnel select 1")
    assert office.saved() == saved
    assert "ip route 10.9.0.0/16 gateway null" in office.lines()
    assert office.router.sessions == []


def test_an_armed_router_is_left_without_exit_and_goes_back(tmp_path: Path) -> None:
    office = rig(tmp_path)
    before = office.lines()
    with begin(office) as session:
        session.rollback_timer(200)
        session.command("ip route 10.9.0.0/16 gateway null")
    assert "exit" not in office.typed
    assert office.lines() != before
    office.pass_time(201)
    assert office.lines() == before


def test_confirm_keeps_what_was_typed(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with begin(office) as session:
        session.rollback_timer(200)
        session.command("ip route 10.9.0.0/16 gateway null")
        session.confirm()
        with pytest.raises(DeviceError):
            session.confirm()
    office.pass_time(400)
    assert "ip route 10.9.0.0/16 gateway null" in office.lines()
    assert office.typed[-1] == "exit"


def test_keep_alive_begins_the_login_timer_anew(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with begin(office) as session:
        for _ in range(4):
            office.pass_time(200)
            session.keep_alive()
        office.pass_time(301)
        with pytest.raises(Unreachable, match="ended the connection"):
            session.keep_alive()


def test_a_lost_connection_says_what_is_true_now(tmp_path: Path) -> None:
    office = rig(tmp_path)
    session = begin(office)
    session.rollback_timer(200)
    office.cut = lambda line: line.startswith("ip route")
    with pytest.raises(Unreachable) as lost:
        session.command("ip route 10.9.0.0/16 gateway null")
    assert "goes back by itself" in lost.value.state
    session.close()


def test_silence_is_not_waited_for_without_end(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with begin(office) as session:
        start = office.clock.now()
        with pytest.raises(Unreachable, match="says nothing"):
            session.command("ping 192.168.2.1", timeout=5.0)
        assert office.clock.now() - start < 10


def test_a_question_is_answered_with_no(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with begin(office) as session:
        session.command("ip route 10.9.0.0/16 gateway null")
        with pytest.raises(DeviceError) as asked:
            session.command("exit")
    assert "(Y/N)" in asked.value.said
    assert "ip route 10.9.0.0/16 gateway null" not in office.saved()


def test_a_password_that_is_asked_for_is_not_given(tmp_path: Path) -> None:
    office = rig(tmp_path)
    before = office.lines()
    with begin(office) as session, pytest.raises(DeviceError, match="not expected"):
        session.command("administrator password")
    assert office.lines() == before


def test_ping(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with begin(office) as session:
        assert session.ping(LAN, LAN).received == 3
        lost = session.ping(IPv4Address("192.168.2.1"), LAN, count=2, size=1280)
    assert (lost.sent, lost.received, lost.average_ms) == (2, 0, None)


def test_deleting_an_sa_that_is_gone_is_no_error(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with begin(office) as session:
        assert session.associations(2) == ()
        session.delete_associations([5])
    assert "ipsec sa delete 5" in office.typed
