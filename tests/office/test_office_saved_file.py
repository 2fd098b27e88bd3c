"""A router that boots from another configuration than CONFIG0 (`set-default-config`, 56.3.8)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from office_rig import KEY, LOGIN, SCOPE, WANTED, Rig, rig

from components.errors import DeviceError, Unreachable
from components.office import answers, guards
from components.office.apply import GuardedChange
from components.office.config import parse
from components.rehearsal.rtx.behaviour import Behaviour

FACTORY = "ip lan1 address 192.168.100.1/24\n"


def change(office: Rig, **more: Any) -> GuardedChange:
    return GuardedChange(
        LOGIN,
        SCOPE,
        WANTED,
        KEY,
        clock=office.clock,
        progress=office.log.append,
        connect=office.connect,
        **more,
    )


def by_hand(office: Rig, *lines: str) -> None:
    console = office.router.console(administrator=True, script=True)
    for line in lines:
        console.feed(f"{line}\r".encode())
    office.router.end(console)


def on_config_1(folder: Path, **options: Any) -> Rig:
    """CONFIG0 is a configuration of long ago, as after a `cold start`: nobody gets in with it."""
    office = rig(folder, **options)
    by_hand(office, "save 1", "set-default-config 1")
    office.router.flash.save(parsed(office, FACTORY), 0)
    office.router.reboot()
    office.pass_time(10)
    return office


def parsed(office: Rig, text: str) -> Any:
    return office.router.flash.parse(text)


@pytest.mark.parametrize("character", ["en.ascii", "ja.sjis", "ja.utf8"])
def test_a_change_is_saved_where_the_router_boots_from(tmp_path: Path, character: str) -> None:
    office = on_config_1(tmp_path)
    by_hand(office, f"console character {character}", "save")
    with change(office) as made:
        made.start()
        made.keep()
    new = office.lines()
    office.router.reboot()
    assert office.lines() == new
    assert "tunnel select 2" in new
    assert office.router.flash.config(0) == parsed(office, FACTORY)


@pytest.mark.parametrize("scheduled_load", [True, False])
@pytest.mark.parametrize("survive", [True, False])
def test_the_guards_never_bring_another_configuration_into_force(
    tmp_path: Path, scheduled_load: bool, survive: bool
) -> None:
    behaviour = Behaviour(scheduled_load=scheduled_load)
    office = on_config_1(tmp_path, behaviour=behaviour, sessions_survive=survive)
    before = office.lines()
    office.cut = lambda line: line == "tunnel enable 2"
    with change(office) as made, pytest.raises(Unreachable):
        made.start()
    office.pass_time(1000)
    assert office.lines() == before


def test_a_guard_of_another_file_is_ours_too(tmp_path: Path) -> None:
    able = guards.abilities("RTX1220", "15.04.04")
    lines = guards.schedules(able, 300, None, parse(""), saved=3)
    assert lines[1].endswith("load config 3 silent no-key-generate")
    assert guards.left_over(parse("\n".join(lines))) == lines


def test_nothing_is_typed_where_a_restart_would_bring_another_configuration(
    tmp_path: Path,
) -> None:
    """`save` keeps what the router booted from, a restart would boot the other."""
    office = rig(tmp_path)
    by_hand(office, "save 1", "set-default-config 1")
    before = office.lines()
    with change(office) as made, pytest.raises(DeviceError) as caught:
        made.start()
    assert "config1" in str(caught.value)
    assert "config0" in str(caught.value)
    assert caught.value.state == "nothing was changed"
    assert "set-default-config 0" in caught.value.remedy
    assert office.lines() == office.saved() == before
    assert not any(line.startswith("schedule") for line in office.typed)


def environment(running: str, default: str) -> str:
    return (
        "RTX1220 Rev.15.04.07 (x)\n"
        f"Firmware: exec0  Config. file: {running}\n"
        f"Default firmware: exec0  Default config. file: {default}\n"
        "Current time: 2026/03/17 16:21:59 +09:00\n"
    )


@pytest.mark.parametrize(
    ("text", "running", "default"),
    [
        (environment("config0", "config0"), "config0", "config0"),
        (environment("config2", "config4"), "config2", "config4"),
        (environment("usb1:/config.txt", "config0"), "usb1:/config.txt", "config0"),
        (
            "実行ファイル: exec0  設定ファイル: config1\nデフォルト設定ファイル: config1\n",
            "config1",
            "config1",
        ),
        ("RTX1220 Rev.15.04.07\n", "", ""),
    ],
)
def test_the_files_are_read(text: str, running: str, default: str) -> None:
    found = answers.environment(text)
    assert (found.running_file, found.default_file) == (running, default)


def test_the_clock_is_still_read() -> None:
    now = answers.environment(environment("config0", "config0")).now
    assert now is not None
    assert now.replace(tzinfo=None) == datetime(2026, 3, 17, 16, 21, 59)


@pytest.mark.parametrize("file", ["usb1:/config.txt", "sd1:/rtx.cfg", "config0.1"])
def test_a_file_that_no_guard_could_load_is_refused(
    tmp_path: Path, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Booted from a memory stick: `save` writes there, and CONFIG0 is something else."""
    office = rig(tmp_path)
    read = answers.environment
    monkeypatch.setattr(
        answers,
        "environment",
        lambda text: read(text.replace("config0", file)),
    )
    before = office.lines()
    with change(office) as made, pytest.raises(DeviceError) as caught:
        made.start()
    assert file in str(caught.value)
    assert office.lines() == before
