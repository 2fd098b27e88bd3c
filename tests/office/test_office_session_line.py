"""The conversation over lines of every kind: cut anywhere, joined, losing what was typed first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from office_rig import LOGIN, Rig, Wire, rig

from components.errors import LoginRefused, Unreachable
from components.office.login import Login
from components.office.session import Refused, Session

FILTERS = [f"ip filter {number} pass * * esp" for number in range(9000, 9040)]


class Line:
    """A wire that delivers `size` characters at a time, however the router sent them."""

    def __init__(self, wire: Wire, size: int) -> None:
        self._wire, self._size, self._came = wire, size, ""
        self.use_encoding, self.write, self.close = wire.use_encoding, wire.write, wire.close
        self.empty_reads = 0

    def read(self, timeout: float) -> str:
        while self._wire._shown and len(self._came) < self._size:
            self._came += self._wire.read(timeout)
        if not self._came:
            self.empty_reads += 1
            return self._wire.read(timeout)
        text, self._came = self._came[: self._size], self._came[self._size :]
        return text


def begin(office: Rig, size: int) -> tuple[Session, Line]:
    lines: list[Line] = []

    def connect(login: Login) -> Line:
        lines.append(Line(office.connect(login), size))
        return lines[-1]

    session = Session.open(LOGIN, clock=office.clock, log=office.log.append, connect=connect)
    return session, lines[0]


@pytest.mark.parametrize("prompt", ["", "console prompt rtx1\n"])
@pytest.mark.parametrize("size", [1, 3, 80, 10**6])
def test_however_the_text_arrives_everything_is_answered(
    tmp_path: Path, prompt: str, size: int
) -> None:
    """Answers to several lines may come in one piece, and a prompt may be cut in two."""
    office = rig(tmp_path, prompt)
    before = office.lines()
    session, _ = begin(office, size)
    with session:
        session.type(
            [*FILTERS, "tunnel select 2", "ip tunnel mtu 1300", "tunnel select none"], None
        )
        assert len(session.configuration().find("ip filter 90")) == 0
        assert len(session.unsaved()) == len(FILTERS) + 2
        with pytest.raises(Refused) as refused:
            session.type(["no ip filter 9001", "ip filter oops", *FILTERS], None)
        assert refused.value.line == "ip filter oops"
        session.save()
    stands = office.saved()
    assert set(stands) == {*before, *FILTERS, "tunnel select 2", " ip tunnel mtu 1300"}


@pytest.mark.parametrize("prompt", ["", "console prompt rtx1\n"])
def test_no_silence_is_waited_for(tmp_path: Path, prompt: str) -> None:
    """An empty line settles what a prompt is; silence is for routers that lose it."""
    office = rig(tmp_path, prompt)
    session, line = begin(office, 80)
    with session:
        session.configuration()
        session.unsaved()
        session.type(FILTERS[:3], None)
    assert line.empty_reads == 0


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize("prompt", ["", "console prompt rtx1\n"])
def test_the_first_line_may_be_lost(tmp_path: Path, prompt: str, drawn: bool) -> None:
    """Without a trace, or with a prompt for it: nothing that we mean is lost."""
    office = rig(tmp_path, prompt)

    def connect(login: Login) -> Wire:
        wire = office.connect(login)
        feed, typed = wire.feed, []

        def losing(data: bytes) -> bytes:
            typed.append(data)
            return feed(data) if drawn or len(typed) > 1 else b""

        wire.feed = losing  # type: ignore[method-assign]
        return wire

    with Session.open(LOGIN, clock=office.clock, connect=connect) as session:
        assert session.environment().model == "RTX1220"
    assert office.typed[: 2 if drawn else 3][-1] == "administrator"
    assert office.typed.count("administrator") == 1


def test_a_router_that_answers_no_empty_line_at_all_is_given_up(tmp_path: Path) -> None:
    office = rig(tmp_path)

    def connect(login: Login) -> Wire:
        wire = office.connect(login)
        wire.feed = lambda data: b""  # type: ignore[method-assign]
        return wire

    with pytest.raises(Unreachable, match="says nothing for 20 s"):
        Session.open(LOGIN, clock=office.clock, connect=connect)
    assert "administrator" not in office.typed


@pytest.mark.parametrize("prompt", ["", "console prompt rtx1\n"])
def test_who_is_administrator_already_asks_for_nothing(tmp_path: Path, prompt: str) -> None:
    office = rig(tmp_path, prompt)

    def connect(login: Login) -> Wire:
        wire = office.connect(login)
        wire.console.administrator = True
        wire._shown = [b"RTX1220\r\n", wire.feed(b"\r")]
        return wire

    with Session.open(LOGIN, clock=office.clock, connect=connect) as session:
        # Typed all the same, it is answered with a sentence and no question.
        assert "管理レベル" in session.command("administrator")
        assert session.environment().model == "RTX1220"
    assert office.typed.count("administrator") == 1
    assert LOGIN.administrator_password not in office.typed


def test_a_password_is_not_tried_twice_where_none_was_given(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with pytest.raises(LoginRefused, match="does not make ops administrator"):
        Session.open(
            replace(LOGIN, administrator_password=""), clock=office.clock, connect=office.connect
        )
    assert office.typed.count("administrator") == 1
    assert office.router.sessions == []


@pytest.mark.parametrize("columns", [80, 81, 100, 132, 200, 4095, 4096])
def test_the_echo_is_known_at_every_width(tmp_path: Path, columns: int) -> None:
    """From the narrowest terminal to the widest, with lines of up to 3500 characters."""
    office = rig(tmp_path, f"console columns {columns}\n")
    long = [
        f"ip filter {9000 + n} pass {','.join(f'10.{n}.{i}.0/24' for i in range(length))} * * * *"
        for n, length in enumerate((1, 5, 15, 250))
    ]
    session, _ = begin(office, 50)
    with session:
        session.type(long, None)
        for line in long:
            session.command(line)
    assert set(long) <= set(office.lines())


@pytest.mark.parametrize("character", ["ja.sjis", "ja.utf8", "ja.euc", "en.ascii"])
def test_pages_are_turned_in_every_language(tmp_path: Path, character: str) -> None:
    office = rig(tmp_path, f"console lines 10\nconsole character {character}\n")
    session, _ = begin(office, 7)
    with session:
        text = session.command("show config")
    lines = [line.strip() for line in office.lines()]
    assert [line.strip() for line in text.splitlines()][-len(lines) :] == lines


@pytest.mark.parametrize("character", ["ja.sjis", "ja.utf8", "ja.euc", "en.ascii"])
def test_a_refusal_is_known_before_the_console_is(tmp_path: Path, character: str) -> None:
    """Nothing was read yet, so the encoding is not known: the words tell."""
    office = rig(tmp_path, f"console character {character}\n")
    session, _ = begin(office, 10**6)
    with session, pytest.raises(Refused) as refused:
        session.type(["ip filter 9000 pass * * esp", "ip filter oops"], None)
    assert "show config | grep console" not in office.typed
    assert refused.value.said.startswith(("エラー: ", "Error: "))
    assert refused.value.typed == ("ip filter 9000 pass * * esp",)
