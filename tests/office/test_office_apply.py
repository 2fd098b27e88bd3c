from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from office_rig import KEY, LOGIN, OLD_KEY, SCOPE, WANTED, Rig, Wire, rig

from components.errors import DeviceError, Unreachable
from components.office.apply import Change, GuardedChange
from components.office.config import scope_of
from components.office.session import Refused

SEED_LINES = {
    line.strip().replace("<psk>", KEY)
    for line in WANTED.splitlines()
    if not line.startswith("#") and " select " not in line
}
STRONGER = WANTED.replace("encryption 2 aes-cbc", "encryption 2 aes256-cbc")


def change(office: Rig, wanted: str = WANTED, key: str | None = KEY, **more: Any) -> GuardedChange:
    return GuardedChange(
        LOGIN,
        SCOPE,
        wanted,
        key,
        clock=office.clock,
        progress=office.log.append,
        log=office.log.append,
        connect=office.connect,
        **more,
    )


def created(folder: Path, key: str = KEY) -> Rig:
    office = rig(folder)
    with change(office, key=key) as made:
        made.start()
        made.keep()
    office.typed.clear()
    return office


def words(lines: list[str]) -> set[str]:
    return {line.strip() for line in lines}


# --- what is done ---------------------------------------------------------------------------------


def test_a_creation_types_and_saves_our_lines_and_nothing_else(tmp_path: Path) -> None:
    office = rig(tmp_path)
    before = office.lines()
    with change(office) as made:
        result = made.start()
        assert office.saved() == before
        made.keep()
    added = Counter(office.lines()) - Counter(before)
    assert words([*added]) == SEED_LINES | {"tunnel select 2"}
    assert Counter(office.lines()) - added == Counter(before)
    assert office.saved() == office.lines()
    assert result.guards[-1] == "rollback timer 300"
    assert result.guards[0].endswith("* restart")
    assert result.guards[1].endswith("* load config 0 silent no-key-generate")
    assert "ipsec ike pre-shared-key 2 text <psk>" in result.commands
    assert result.undo[:2] == ("no ip route 192.168.2.0/24", "tunnel disable 2")
    assert "CANARY" not in " ".join([*office.log, repr(result)])


def test_a_second_time_nothing_is_typed_and_nothing_armed(tmp_path: Path) -> None:
    office = created(tmp_path)
    with change(office, expected_text=WANTED, old_key=KEY) as made:
        assert made.start() == Change()
        made.keep()
    assert not [line for line in office.typed if line.startswith(("rollback", "save", "tunnel"))]


def test_a_changed_value_is_one_line(tmp_path: Path) -> None:
    office = created(tmp_path)
    with change(office, STRONGER, expected_text=WANTED, old_key=KEY) as made:
        assert made.start().commands == ("ipsec ike encryption 2 aes256-cbc",)
        made.keep()
    assert "  ipsec ike encryption 2 aes256-cbc" in office.saved()


def test_a_new_key_is_typed(tmp_path: Path) -> None:
    office = created(tmp_path, OLD_KEY)
    with change(office, expected_text=WANTED, old_key=OLD_KEY) as made:
        assert made.start().commands == ("ipsec ike pre-shared-key 2 text <psk>",)
        made.keep()
    assert f"  ipsec ike pre-shared-key 2 text {KEY}" in office.saved()


def test_a_removal_leaves_the_router_as_it_was_before_us(tmp_path: Path) -> None:
    before = rig(tmp_path / "other").lines()
    office = created(tmp_path)
    with change(office, "", None, expected_text=WANTED, old_key=KEY) as made:
        made.start()
        made.keep()
    assert office.lines() == office.saved()
    # Passwords are masked in both, so the texts may be compared.
    assert office.lines() == before


def test_lines_that_drifted_are_put_right(tmp_path: Path) -> None:
    office = created(tmp_path)
    desk = office.router
    for line in ("ipsec auto refresh 2 on", "no ipsec ike pfs 2", "ipsec ike log 2 key-info"):
        console = desk.console(administrator=True, script=True)
        console.feed(f"{line}\r".encode())
        desk.end(console)
    desk.save()
    with change(office, expected_text=WANTED, old_key=KEY) as made:
        assert set(made.start().commands) == {
            "ipsec auto refresh 2 off",
            "ipsec ike pfs 2 on",
            "no ipsec ike log 2",
        }
        made.keep()
    assert words(office.saved()) >= SEED_LINES


def test_back_restores_what_stood_with_its_key(tmp_path: Path) -> None:
    office = created(tmp_path, OLD_KEY)
    before, saved = office.lines(), office.saved()
    with change(office, STRONGER, expected_text=WANTED, old_key=OLD_KEY) as made:
        made.start()
        assert office.lines() != before
        made.back()
        assert made.remaining is None
    office.pass_time(1000)
    assert office.lines() == before
    assert office.saved() == saved


def test_back_restores_a_key_that_somebody_typed_by_hand(tmp_path: Path) -> None:
    office = created(tmp_path, "BY_HAND")
    before = office.lines()
    with change(office, expected_text=WANTED, old_key=OLD_KEY) as made:
        made.start()
        assert office.lines() != before
        made.back()
    assert office.lines() == before


def test_back_of_a_creation_leaves_nothing(tmp_path: Path) -> None:
    office = rig(tmp_path)
    before = office.lines()
    with change(office) as made:
        made.start()
        made.back()
    assert office.lines() == office.saved() == before


def test_waiting_breathes_so_that_the_login_timer_does_not_fire(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with change(office, guard_seconds=2000) as made:
        made.start()
        office.typed.clear()
        for _ in range(60):
            office.pass_time(10)
            made.breathe()
        assert made.remaining == pytest.approx(1400, abs=5)
        assert 8 <= office.typed.count("") == len(office.typed) <= 25
        made.keep()
    assert words(office.saved()) >= SEED_LINES


# --- what is refused ------------------------------------------------------------------------------


def test_numbers_of_somebody_else_are_refused_with_free_ones(tmp_path: Path) -> None:
    taken = "tunnel select 2\n ipsec tunnel 7\n  ipsec ike pre-shared-key 2 text THEIR_CANARY\n"
    office = rig(tmp_path, taken)
    before = office.lines()
    with change(office) as made, pytest.raises(DeviceError, match="taken") as refused:
        made.start()
    assert "ipsec tunnel 7" in refused.value.said
    assert "tunnel 3, policy 103, gateway 3" in refused.value.remedy
    assert "NAT static 4 of descriptor 1" in refused.value.remedy
    assert "CANARY" not in str(refused.value)
    assert office.lines() == office.saved() == before
    assert "rollback timer 300" not in office.typed


def test_a_route_or_nat_static_of_somebody_else_is_refused_too(tmp_path: Path) -> None:
    office = rig(tmp_path, "ip route 192.168.2.0/24 gateway 192.168.1.254\n")
    with change(office) as made, pytest.raises(DeviceError, match="taken") as refused:
        made.start()
    assert refused.value.said == "ip route 192.168.2.0/24 gateway 192.168.1.254"


def test_a_new_route_of_a_change_may_be_taken_as_well(tmp_path: Path) -> None:
    office = created(tmp_path)
    router = office.router
    console = router.console(administrator=True, script=True)
    console.feed(b"nat descriptor masquerade static 1 5 192.168.1.9 tcp 80\r")
    router.end(console)
    router.save()
    more = WANTED + "nat descriptor masquerade static 1 5 192.168.1.1 udp 500\n"
    made = change(office, more, expected_text=WANTED, old_key=KEY)
    made._scope = scope_of(more, WANTED)
    with made, pytest.raises(DeviceError, match="taken"):
        made.start()


@pytest.mark.parametrize("survive", [True, False])
def test_a_creation_that_was_cut_off_is_begun_anew(tmp_path: Path, survive: bool) -> None:
    """With the dead session's timer running it is waited for: it would undo what we save."""
    office = rig(tmp_path, sessions_survive=survive)
    office.cut = lambda line: line == "ipsec ike pfs 2 on"
    with change(office) as made, pytest.raises(Unreachable):
        made.start()
    office.cut = lambda _line: False
    start = office.clock.now()
    with change(office) as made:
        made.start()
        made.keep()
    assert (office.clock.now() - start > 200) is survive
    office.pass_time(1000)
    assert words(office.lines()) >= SEED_LINES
    assert office.lines() == office.saved()


def test_a_creation_that_nobody_was_told_of_is_taken_over(tmp_path: Path) -> None:
    office = created(tmp_path)
    with change(office, old_key=KEY) as made:
        assert made.start() == Change()
        made.keep()


def test_a_saved_part_of_our_lines_is_somebody_elses(tmp_path: Path) -> None:
    office = rig(tmp_path, "nat descriptor masquerade static 1 4 192.168.1.1 esp\n")
    with change(office) as made, pytest.raises(DeviceError, match="taken"):
        made.start()
    with change(office, allow_taken=True) as made:
        made.start()
        made.keep()
    assert words(office.saved()) >= SEED_LINES


def test_our_unsaved_lines_do_not_make_us_wait_when_nobody_is_logged_in(tmp_path: Path) -> None:
    office = created(tmp_path)
    console = office.router.console(administrator=True, script=True)
    console.feed(b"ipsec auto refresh 2 on\r")
    office.router.end(console)
    start = office.clock.now()
    with change(office, expected_text=WANTED, old_key=KEY) as made:
        assert made.start().commands == ("ipsec auto refresh 2 off",)
        made.keep()
    assert office.clock.now() - start < 30


def test_unsaved_work_of_somebody_else_is_refused_or_saved_on_request(tmp_path: Path) -> None:
    office = rig(tmp_path)
    saved = office.saved()
    console = office.router.console(administrator=True, script=True)
    console.feed(b"ip route 10.9.0.0/16 gateway null\r")
    with change(office) as made, pytest.raises(DeviceError, match="not saved") as refused:
        made.start()
    assert refused.value.said == "no ip route 10.9.0.0/16"
    assert office.saved() == saved
    with change(office, allow_unsaved=True) as made:
        made.start()
        made.keep()
    assert "ip route 10.9.0.0/16 gateway null" in office.saved()


def test_our_own_unsaved_lines_are_no_reason_to_refuse_and_get_saved(tmp_path: Path) -> None:
    office = rig(tmp_path)
    made = change(office)
    made.start()
    made.session.confirm()
    made.close()
    assert not words(office.saved()) >= SEED_LINES
    with change(office, expected_text=WANTED, old_key=KEY) as again:
        assert again.start() == Change()
        again.keep()
    assert words(office.saved()) >= SEED_LINES


def test_a_change_that_could_not_be_undone_is_not_begun(tmp_path: Path) -> None:
    """A router that shows the key as `*`, and nobody who knows it."""
    office = created(tmp_path, OLD_KEY)
    before = office.lines()
    feed = Wire.feed
    with change(office, expected_text=WANTED) as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Wire, "feed", lambda w, d: feed(w, d).replace(OLD_KEY.encode(), b"*"))
        with pytest.raises(DeviceError, match="could not be undone"):
            made.start()
    assert office.lines() == before
    assert "rollback timer 300" not in office.typed


@pytest.mark.parametrize("bad", ["ipsec ike group 2 modp3072", "ip tunnel mtu 9", "nonsense 1"])
def test_a_refused_line_is_undone(tmp_path: Path, bad: str) -> None:
    office = rig(tmp_path)
    before = office.lines()
    key = " ".join(bad.split()[:-1])
    kept = [line for line in WANTED.splitlines() if not line.strip().startswith(key)]
    kept.insert(-3, f" {bad}")
    with change(office, "\n".join(kept) + "\n") as made, pytest.raises(Refused) as refused:
        made.start()
    assert refused.value.line == bad
    assert "as it was before" in refused.value.state
    assert office.lines() == office.saved() == before
    office.pass_time(1000)
    assert office.lines() == before


def test_somebody_elses_change_in_the_middle_is_noticed(tmp_path: Path) -> None:
    office = rig(tmp_path)

    def meanwhile(line: str) -> bool:
        if line == "tunnel enable 2":
            console = office.router.console(administrator=True, script=True)
            console.feed(b"no ip filter 1020\r")
            office.router.end(console)
        return False

    office.cut = meanwhile
    with change(office) as made, pytest.raises(DeviceError) as refused:
        made.start()
    assert "- ip filter 1020" in refused.value.said


# --- what breaks ----------------------------------------------------------------------------------


def at(number: int) -> Callable[[str], bool]:
    """Cut before the n-th line from now on."""
    count = iter(range(10_000))
    return lambda _line: next(count) >= number


@pytest.mark.parametrize(("survive", "step"), [(True, 2), (False, 7)])
def test_cut_anywhere_the_router_is_old_or_new_and_saved_is_whole(
    tmp_path: Path, survive: bool, step: int
) -> None:
    """Cut before a line of a whole change; `survive`: what the router does when TCP dies."""
    reference = created(tmp_path / "reference")
    new = reference.lines()
    number = 0
    while True:
        office = rig(tmp_path / f"{number}", sessions_survive=survive)
        old = office.lines()
        office.cut = at(number)
        try:
            with change(office) as made:
                made.start()
                made.keep()
            break
        except Unreachable:
            pass
        assert office.saved() in (old, new), number
        office.pass_time(700)
        console_lines = [line for line in office.lines() if not line.startswith("console ")]
        assert console_lines in (old, new), number
        number += step
    assert number > 40
    assert office.lines() == office.saved() == new


def test_a_new_login_that_fails_means_going_back(tmp_path: Path) -> None:
    office = rig(tmp_path)
    before = office.lines()

    def restricted(login: object) -> Any:
        raise Unreachable("no connection")

    with change(office) as made:
        made.start()
        made._connect = restricted
        with pytest.raises(Unreachable, match="no connection"):
            made.keep()
    assert office.lines() == office.saved() == before


def test_a_guard_that_ran_out_is_noticed_before_anything_is_saved(tmp_path: Path) -> None:
    office = rig(tmp_path)
    before = office.lines()
    with change(office, guard_seconds=120) as made:
        made.start()
        office.pass_time(121)
        assert made.remaining == 0
        with pytest.raises(DeviceError, match="does not hold"):
            made.keep()
    assert office.lines() == office.saved() == before


def test_ctrl_c_while_typing_goes_back(tmp_path: Path) -> None:
    office = rig(tmp_path)
    before = office.lines()

    def stop(line: str) -> bool:
        if line == "ipsec ike pfs 2 on":
            raise KeyboardInterrupt
        return False

    office.cut = stop
    with change(office) as made, pytest.raises(KeyboardInterrupt):
        made.start()
    assert office.lines() == office.saved() == before


def test_going_back_without_a_connection_says_when_the_router_does(tmp_path: Path) -> None:
    office = rig(tmp_path)
    before = office.lines()
    with change(office) as made:
        made.start()
        office.cut = lambda _line: True
        with pytest.raises(Unreachable) as lost:
            made.back()
    assert "goes back by itself in" in lost.value.state
    office.pass_time(301)
    assert [line for line in office.lines() if not line.startswith("schedule at 655")] == before
    office.pass_time(61)
    assert office.lines() == before


def test_console_lines_of_a_reading_that_was_cut_off_are_put_back_the_next_time(
    tmp_path: Path,
) -> None:
    office = rig(tmp_path)
    before = office.lines()
    office.cut = lambda line: line == "no console lines"
    with change(office) as made, pytest.raises(Unreachable):
        made.start()
    assert {"console columns 4096", "console lines infinity"} <= set(office.lines())
    office.cut = lambda _line: False
    with change(office) as made:
        made.start()
        made.back()
    assert office.lines() == office.saved() == before
