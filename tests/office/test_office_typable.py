"""Lines that the console would not take as they are: help, completion, a character it lacks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from office_rig import AGREEMENT, KEY, LOGIN, SCOPE, SITE, WANTED, Rig, rig

from components.errors import DeviceError, SpecError
from components.office import typable
from components.office.apply import GuardedChange
from components.office.render import render
from components.office.session import Session

BLOCK_END = " tunnel enable 2\n"


def change(office: Rig, line: str) -> GuardedChange:
    """A change to our lines and one more line of the block."""
    return GuardedChange(
        LOGIN,
        SCOPE,
        WANTED.replace(BLOCK_END, f" {line}\n{BLOCK_END}"),
        KEY,
        clock=office.clock,
        progress=office.log.append,
        connect=office.connect,
    )


@pytest.mark.parametrize(
    "line",
    [
        "description tunnel Tokyo?",
        "description tunnel 'Tokyo' ?",
        "description\ttunnel Tokyo",
        "description tunnel Tokyo\x03",
        "description tunnel Tokyo\x7f",
        "description tunnel a\\\\?",
        "ip route 10.0.0.0/8 gateway tunnel 2" + " hide" * 900,
        "description tunnel " + "東" * 2040,
    ],
)
def test_the_console_would_do_something_else(line: str) -> None:
    assert typable.obstacle(line, "utf-8")


@pytest.mark.parametrize(
    "line",
    [
        "description tunnel Tokyo",
        'description tunnel "Tokyo?"',
        "description tunnel 'Tokyo ?'",
        r"description tunnel Tokyo\?",
        "description tunnel 東京\u301c大阪",
        "description tunnel " + "a" * 4000,
    ],
)
def test_the_console_takes_it(line: str) -> None:
    assert typable.obstacle(line, "utf-8") == ""


def test_a_character_that_the_console_lacks() -> None:
    """Python would send `?` in its place, or another one, which is not what we wait to see."""
    assert "only '\uff5e'" in typable.obstacle("description tunnel 東京\u301c大阪", "cp932")
    assert typable.obstacle("description tunnel 東京\uff5e大阪", "cp932") == ""
    assert "'☎'" in typable.obstacle("description tunnel ☎", "euc_jp")
    assert "'東'" in typable.obstacle("description tunnel 東京", "ascii")
    assert typable.obstacle("description tunnel 東京", "cp932") == ""


@pytest.mark.parametrize(
    ("character", "line"),
    [
        ("ja.utf8", "description tunnel Tokyo?"),
        ("ja.sjis", "description tunnel 東京\u301c大阪"),
        ("ja.euc", "description tunnel ☎"),
        ("en.ascii", "description tunnel 東京"),
    ],
)
def test_such_a_line_is_refused_before_anything_is_typed(
    tmp_path: Path, character: str, line: str
) -> None:
    office = rig(tmp_path, f"console character {character}\n")
    before = office.lines()
    with change(office, line) as made, pytest.raises(DeviceError) as caught:
        made.start()
    assert "nothing was changed" in caught.value.state
    assert line in caught.value.said
    assert office.lines() == before
    assert not any(typed.startswith(("schedule", "rollback")) for typed in office.typed)


@pytest.mark.parametrize("character", ["ja.utf8", "ja.sjis", "ja.euc"])
def test_japanese_that_the_console_has_is_typed(tmp_path: Path, character: str) -> None:
    office = rig(tmp_path, f"console character {character}\n")
    with change(office, "description tunnel 東京大阪") as made:
        made.start()
        made.keep()
    assert " description tunnel 東京大阪" in office.lines()
    assert office.saved() == office.lines()


def test_nothing_that_cannot_be_put_back_is_taken_away(tmp_path: Path) -> None:
    """A line that the router holds and we could not type again: no change begins."""
    office = rig(tmp_path)
    with change(office, 'description tunnel "Tokyo"') as made:
        made.start()
        made.keep()
    broken = office.router.running().text().replace('"Tokyo"', "Tokyo?")
    office.router.change(office.router.flash.parse(broken))
    office.router.save()
    before = office.lines()
    assert " description tunnel Tokyo?" in before
    expected = WANTED.replace(BLOCK_END, f" description tunnel Tokyo?\n{BLOCK_END}")
    with (
        GuardedChange(
            LOGIN,
            SCOPE,
            WANTED,
            KEY,
            expected_text=expected,
            old_key=KEY,
            clock=office.clock,
            progress=office.log.append,
            connect=office.connect,
        ) as made,
        pytest.raises(DeviceError, match="type"),
    ):
        made.start()
    assert office.lines() == before


def test_a_session_types_no_such_line(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with (
        Session.open(LOGIN, clock=office.clock, connect=office.connect) as session,
        pytest.raises(DeviceError),
    ):
        session.type(["ip route 10.0.0.0/8 gateway null", "description lan1 what?"], None)
    assert not any("10.0.0.0/8" in line for line in office.typed)


def test_no_key_is_shown(tmp_path: Path) -> None:
    office = rig(tmp_path)
    line = "ipsec ike pre-shared-key 2 text <psk>"
    with (
        Session.open(LOGIN, clock=office.clock, connect=office.connect) as session,
        pytest.raises(DeviceError) as caught,
    ):
        session.type([line], "KEY_CANARY?")
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("line", ["description tunnel Tokyo?", "description\ttunnel a", "x" * 4096])
def test_the_site_file_is_told_at_once(line: str) -> None:
    with pytest.raises(SpecError) as caught:
        render(AGREEMENT, replace(SITE, extra_lines=(line,)))
    assert "office.extra_lines" in str(caught.value)
