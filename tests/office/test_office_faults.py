"""A guarded change on a router that goes wrong at a line: the old state or the new one, saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from office_rig import KEY, LOGIN, SCOPE, WANTED, Rig, rig

from components.errors import DeviceError, Unreachable
from components.office.apply import GuardedChange
from components.office.login import Login

LINES = range(2, 57, 9)


def change(office: Rig, login: Login = LOGIN) -> None:
    with GuardedChange(
        login,
        SCOPE,
        WANTED,
        KEY,
        clock=office.clock,
        progress=office.log.append,
        connect=office.connect,
    ) as made:
        made.start()
        made.keep()


def plain(lines: list[str]) -> list[str]:
    """Without what a reading that was cut off leaves for the next one to put back."""
    return [line for line in lines if not line.startswith(("console columns", "console lines"))]


@pytest.fixture(name="new", scope="module")
def new_fixture(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    office = rig(tmp_path_factory.mktemp("new"))
    change(office)
    return office.lines()


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("kind", ["mute", "drop after", "reboot after"])
def test_old_or_new_and_never_between(tmp_path: Path, new: list[str], kind: str, line: int) -> None:
    office = rig(tmp_path)
    old = office.lines()
    office.router.faults.add(kind, after=line)
    with pytest.raises(Unreachable):
        change(office)
    for wire in office.wires:
        wire.close()
    for _ in range(10):
        office.pass_time(60)
    assert office.saved() in (old, new)
    assert plain(office.lines()) in (old, new)


def test_slow_answers_are_waited_for(tmp_path: Path, new: list[str]) -> None:
    office = rig(tmp_path)
    office.router.faults.add("slow", times=0, seconds=2)
    change(office)
    assert office.lines() == office.saved() == new


@pytest.mark.parametrize("line", ["^save", "^show config difference"])
def test_flash_takes_its_time(tmp_path: Path, new: list[str], line: str) -> None:
    """Longer than a router that says nothing is waited for: what is written must be known."""
    office = rig(tmp_path)
    office.router.faults.add("slow", matching=line, times=0, seconds=3 * LOGIN.timeout - 1)
    change(office)
    assert office.lines() == office.saved() == new


@pytest.mark.parametrize("kind", ["save fails", "save lies"])
def test_a_save_that_fails_is_said(tmp_path: Path, new: list[str], kind: str) -> None:
    office = rig(tmp_path)
    old = office.lines()
    office.router.faults.add(kind)
    with pytest.raises(DeviceError, match="save"):
        change(office)
    assert office.saved() == old
    for _ in range(10):
        office.pass_time(60)
    assert office.lines() == new


@pytest.mark.parametrize("lost", ["no schedule at", "show config difference", "confirm", "save"])
def test_a_lost_line_is_noticed_or_made_good(tmp_path: Path, new: list[str], lost: str) -> None:
    """The router echoed the line and did nothing: no guard is saved, nothing is left unsaved."""
    office = rig(tmp_path)
    old = office.lines()
    first = 1 if lost == "show config difference" else 0
    office.router.faults.add("lose", matching=lost, after=first)
    try:
        change(office)
    except DeviceError:
        for _ in range(10):
            office.pass_time(60)
        assert office.saved() in (old, new)
        assert plain(office.lines()) in (old, new)
    else:
        for _ in range(10):
            office.pass_time(60)
        assert office.saved() == office.lines() == new


def test_the_saved_configuration_may_ask_for_its_passwords(tmp_path: Path) -> None:
    """Whoever set `login password` has to say it; nothing is changed until then."""
    office = rig(tmp_path, "login password anonymous-CANARY\n")
    before = office.lines()
    with pytest.raises(DeviceError, match="rtxAnonymousPassword") as refused:
        change(office)
    assert "CANARY" not in str(refused.value)
    assert office.lines() == office.saved() == before
    change(office, replace(LOGIN, anonymous_password="anonymous-CANARY"))
    assert office.lines() == office.saved() != before
