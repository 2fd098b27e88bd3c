from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from office_rig import KEY, LOGIN, SCOPE, WANTED, Rig, rig

from components.errors import DeviceError, Unreachable
from components.office import guards
from components.office.apply import GuardedChange
from components.office.config import Config, parse
from components.office.guards import Abilities

ALL = Abilities(timer=True, soon=True, load=True)
DATED = Abilities(timer=True, soon=False, load=True)
NOW = datetime(2026, 11, 25, 12, 0, 0)


@pytest.mark.parametrize(
    ("model", "revision", "timer", "soon", "load"),
    [
        ("RTX1220", "15.04.03", True, False, True),
        ("RTX1220", "15.04.04", True, True, True),
        ("RTX1210", "14.01.25", False, False, False),
        ("RTX1210", "14.01.26", True, False, False),
        ("RTX1210", "14.01.28", True, False, True),
        ("RTX1210", "14.01.40", True, False, True),
        ("RTX1210", "14.01.41", True, True, True),
        ("RTX830", "15.02.02", False, False, False),
        ("RTX830", "15.02.03", True, True, True),
        ("RTX1300", "23.00.05", True, True, True),
        ("NVR700W", "15.00.02", True, False, False),
        ("RTX1220", "", True, False, False),
    ],
)
def test_what_a_revision_can_do(
    model: str, revision: str, timer: bool, soon: bool, load: bool
) -> None:
    assert guards.abilities(model, revision) == Abilities(timer, soon, load)


LOAD = "load config 0 silent no-key-generate"


def test_seconds_are_used_where_the_router_knows_them() -> None:
    """The restart is typed first and acts last."""
    assert guards.schedules(ALL, 300, None, parse("")) == (
        "schedule at 65501 +420 * restart",
        f"schedule at 65500 +360 * {LOAD}",
    )
    assert guards.schedules(ALL, 3500, NOW, parse("")) == (
        "schedule at 65501 11/25 13:00:21 * restart",
        f"schedule at 65500 +3560 * {LOAD}",
    )


@pytest.mark.parametrize(
    ("now", "when"),
    [
        (NOW, "11/25 12:06:01"),
        (datetime(2026, 11, 25, 23, 58, 0), "11/26 00:04:01"),
        (datetime(2026, 12, 31, 23, 59, 59), "1/1 00:06:00"),
        (datetime(2028, 2, 28, 23, 59, 0), "2/29 00:05:01"),
        (datetime(1980, 1, 1, 0, 0, 5), "1/1 00:06:06"),
    ],
)
def test_a_dated_line_is_reckoned_from_the_routers_own_clock(now: datetime, when: str) -> None:
    restart, line = guards.schedules(DATED, 300, now, parse(""))
    assert line == f"schedule at 65500 {when} * {LOAD}"
    assert restart.endswith("* restart")


def test_a_clock_that_cannot_be_read_gives_no_dated_line() -> None:
    assert guards.schedules(DATED, 300, None, parse("")) == ()


def test_without_load_the_router_restarts() -> None:
    lines = guards.schedules(Abilities(timer=False, soon=False, load=False), 300, NOW, parse(""))
    assert lines == ("schedule at 65500 11/25 12:06:01 * restart",)


def test_a_free_id_is_taken_and_ours_is_known_again() -> None:
    foreign = "schedule at 1 */* 04:00 * restart\nschedule at 65500 */* 05:00:00 * restart\n"
    lines = guards.schedules(ALL, 300, NOW, parse(foreign))
    assert lines == (
        "schedule at 65502 +420 * restart",
        f"schedule at 65501 +360 * {LOAD}",
    )
    running = parse("\n".join((foreign, *lines)))
    assert guards.left_over(running) == lines
    assert guards.without(running).statements == parse(foreign).statements
    assert list(map(guards.removal, lines)) == ["no schedule at 65502", "no schedule at 65501"]


def test_our_ids_are_no_unsaved_work_of_others() -> None:
    commands = ("no schedule at 65501", "no schedule at 1", "ip route default gateway pp 1")
    assert guards.not_guards(commands, parse("")) == commands[1:]
    assert guards.not_guards(commands, parse("schedule at 65501 1/1 00:00 * restart")) == commands


def test_too_few_free_ids_are_no_schedule() -> None:
    full = "".join(f"schedule at {n} */* 04:00 * restart\n" for n in range(65500, 65535))
    assert guards.schedules(ALL, 300, NOW, parse(full)) == ()


# --- in a change ----------------------------------------------------------------------------------


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


def schedules(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("schedule at")]


def by_hand(office: Rig, line: str) -> None:
    console = office.router.console(administrator=True, script=True)
    console.feed(f"{line}\r".encode())
    office.router.end(console)


def test_the_schedule_is_never_saved_and_gone_after_the_change(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with change(office) as made:
        made.start()
        assert sorted(schedules(office.lines())) == sorted(made.result.guards[:2])
        made.keep()
    new = office.lines()
    assert schedules(new) == [] == schedules(office.saved())
    order = [line for line in office.typed if line.split(" ")[0] in ("confirm", "save", "no")]
    assert order.index("confirm") < order.index("no schedule at 65500") < order.index("save")
    office.pass_time(3600)
    assert office.lines() == office.saved() == new


@pytest.mark.parametrize("survive", [True, False])
def test_a_run_killed_between_arming_and_its_first_line_is_outwaited(
    tmp_path: Path, survive: bool
) -> None:
    """The timer of the dead session would otherwise take away what the next run saves."""
    office = rig(tmp_path, sessions_survive=survive)
    first = next(
        line for line in WANTED.splitlines() if line.strip().startswith("nat descriptor")
    ).strip()
    office.cut = lambda line: line == first
    with change(office) as made, pytest.raises(Unreachable):
        made.start()
    assert len(schedules(office.lines())) == 2
    office.cut = lambda _line: False
    start = office.clock.now()
    with change(office) as made:
        made.start()
        made.keep()
    assert (office.clock.now() - start > 200) is survive
    new = office.lines()
    office.pass_time(1000)
    assert office.lines() == office.saved() == new
    assert schedules(new) == []


def test_a_left_over_that_somebody_saved_is_taken_away(tmp_path: Path) -> None:
    office = rig(tmp_path, "schedule at 65500 1/1 00:00:00 * load config 0 silent\n")
    with change(office) as made:
        made.start()
        made.keep()
    assert schedules(office.saved()) == []


def test_a_schedule_of_somebody_else_stays(tmp_path: Path) -> None:
    theirs = "schedule at 1 */* 04:00 * ipsec refresh sa"
    office = rig(tmp_path, theirs + "\n")
    with change(office) as made:
        made.start()
        made.keep()
    assert schedules(office.saved()) == [theirs]


def test_unsaved_work_of_somebody_else_survives_our_failure(tmp_path: Path) -> None:
    """A schedule restores what is saved, so what was consented to is saved before it is armed."""
    office = rig(tmp_path)
    by_hand(office, "ip route 10.9.0.0/16 gateway null")
    before = office.lines()
    office.cut = lambda line: line == "tunnel enable 2"
    with change(office, allow_unsaved=True) as made, pytest.raises(Unreachable):
        made.start()
    assert len(made.result.guards) == 3
    office.pass_time(1000)
    assert office.lines() == office.saved() == before


@pytest.mark.parametrize("revision", ["14.01.26", "14.01.40"])
def test_without_a_guard_that_outlives_the_line_nothing_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    """A rollback timer alone may die with its session, and leave the router between."""
    office = rig(tmp_path, model="RTX1210", revision=revision)
    before = office.lines()
    monkeypatch.setattr(guards, "schedules", lambda *_: ())
    with change(office) as made, pytest.raises(DeviceError, match="bring it back"):
        made.start()
    assert office.lines() == office.saved() == before
    assert "rollback timer 300" not in office.typed


def test_nothing_is_confirmed_in_the_last_moments(tmp_path: Path) -> None:
    office = rig(tmp_path)
    before = office.lines()
    with change(office, guard_seconds=120) as made:
        made.start()
        assert made.remaining is not None
        office.pass_time(made.remaining - 9)
        with pytest.raises(DeviceError, match="about to go back"):
            made.keep()
    assert office.lines() == office.saved() == before


@pytest.mark.parametrize("revision", ["15.04.03", "15.04.04"])
def test_a_save_by_somebody_else_keeps_neither_our_lines_nor_our_guards(
    tmp_path: Path, revision: str
) -> None:
    """A colleague types `save` while our change waits for traffic; then the change goes back."""
    office = rig(tmp_path, revision=revision)
    before = office.lines()
    with change(office) as made:
        made.start()
        by_hand(office, "save")
        assert len(schedules(office.saved())) == 2
        made.back()
    assert office.lines() == office.saved() == before
    assert any("saved meanwhile" in said for said in office.log)


def test_going_back_saves_nothing_that_was_not_saved_before(tmp_path: Path) -> None:
    office = rig(tmp_path)
    by_hand(office, "ipsec ike hash 2 sha")
    saved, before = office.saved(), office.lines()
    with change(office, allow_taken=True) as made:
        made.start()
        made.back()
    assert office.lines() == before
    assert office.saved() == saved


THEIRS = "schedule at 65510 */* 04:00 * ipsec refresh sa"


def test_a_schedule_that_only_has_a_number_of_ours_is_somebody_elses_work(tmp_path: Path) -> None:
    office = rig(tmp_path)
    by_hand(office, THEIRS)
    with change(office) as made, pytest.raises(DeviceError) as caught:
        made.start()
    assert "no schedule at 65510" in caught.value.said
    assert schedules(office.lines()) == [THEIRS]
    with change(office, allow_unsaved=True) as made:
        made.start()
        made.keep()
    assert schedules(office.lines()) == schedules(office.saved()) == [THEIRS]


def test_one_that_is_typed_meanwhile_stays_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the last moment, when our lines have been looked at already."""
    office = rig(tmp_path)
    stop = GuardedChange._stop_guard

    def stop_late(made: GuardedChange) -> None:
        stop(made)
        by_hand(office, THEIRS)

    monkeypatch.setattr(GuardedChange, "_stop_guard", stop_late)
    with change(office) as made:
        made.start()
        made.keep()
    assert schedules(office.lines()) == schedules(office.saved()) == [THEIRS]


@pytest.mark.parametrize("survive", [True, False])
def test_the_guard_of_a_killed_run_stays_where_the_next_one_is_refused(
    tmp_path: Path, survive: bool
) -> None:
    """Its lines stand half typed: until somebody else guards them, only it takes them back."""
    office = rig(tmp_path, sessions_survive=survive)
    before = office.lines()
    office.cut = lambda line: line == "tunnel enable 2"
    with change(office) as made, pytest.raises(Unreachable):
        made.start()
    assert office.lines() != before
    office.cut = lambda _line: False

    def refuse(_running: Config) -> None:
        raise DeviceError("not this router")

    if survive:  # a timer that outlives its session has gone off by then
        office.router._agenda._rollbacks.clear()
        office.router.sessions.clear()
    with change(office, fits=refuse) as made, pytest.raises(DeviceError, match="not this router"):
        made.start()
    office.pass_time(1000)
    assert office.lines() == office.saved() == before


@pytest.mark.parametrize("survive", [True, False])
def test_the_half_of_a_killed_change_is_not_left_unguarded_by_going_back(
    tmp_path: Path, survive: bool
) -> None:
    """Back is where the killed run had left off: its guards are gone, so ours stay for it."""
    office = rig(tmp_path, sessions_survive=survive)
    before = office.lines()
    office.cut = lambda line: line == "tunnel enable 2"
    with change(office) as made, pytest.raises(Unreachable):
        made.start()
    half = [line for line in office.lines() if line not in schedules(office.lines())]
    assert half != before
    office.cut = lambda _line: False
    office.router._agenda._rollbacks.clear()
    office.router.sessions.clear()
    with change(office, allow_taken=True) as made:
        made.start()
        made.back()
        assert made.remaining is not None
    assert [line for line in office.lines() if line not in schedules(office.lines())] == half
    office.pass_time(1000)
    assert office.lines() == office.saved() == before
