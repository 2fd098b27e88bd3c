from __future__ import annotations

from pathlib import Path

import pytest
from office_rig import KEY, LOGIN, SCOPE, WANTED, Rig, rig

from components.errors import DeviceError
from components.office import second_login
from components.office.apply import GuardedChange
from components.office.config import parse


def change(office: Rig) -> GuardedChange:
    return GuardedChange(
        LOGIN,
        SCOPE,
        WANTED,
        KEY,
        clock=office.clock,
        progress=office.log.append,
        connect=office.connect,
    )


@pytest.mark.parametrize(
    "line",
    [
        "user attribute ops multi-session=off",
        "user attribute ops connection=ssh,sftp multi-session=off login-timer=600",
        "user attribute * multi-session=off",
        "sshd session 1",
    ],
)
def test_a_router_of_one_session_is_left_alone(tmp_path: Path, line: str) -> None:
    """The login that proves a change could not succeed: it would be typed and taken back."""
    office = rig(tmp_path, f"{line}\n")
    before = office.lines()
    with change(office) as made, pytest.raises(DeviceError) as caught:
        made.start()
    assert line in caught.value.said
    assert office.lines() == before
    assert not any(typed.startswith(("schedule", "rollback")) for typed in office.typed)


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "user attribute ops multi-session=on\nuser attribute * multi-session=off",
        "user attribute guest multi-session=off",
        "user attribute ops administrator=2\nsshd session 2",
    ],
)
def test_others_are_not(lines: str) -> None:
    second_login.refuse(parse(lines), "ops")


def test_one_attribute_of_the_user_leaves_the_others_to_everybodys() -> None:
    lines = "user attribute ops login-timer=600\nuser attribute * multi-session=off"
    with pytest.raises(DeviceError):
        second_login.refuse(parse(lines), "ops")
