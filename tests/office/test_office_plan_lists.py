"""Filters of ours in lists of others: never a moment without them, never a list without others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from office_rig import AGREEMENT, KEY, LOGIN, SITE, Rig, rig

from components.errors import DeviceError
from components.office import config, plan, shared_list
from components.office.apply import GuardedChange
from components.office.config import Config, Statement
from components.office.filters import Filter
from components.office.render import OfficeSite, render
from components.rehearsal.rtx.device import run_lines

# The demo's router passes both already; these are as good as any to carry a list of ours.
THEIRS = "1010 1020 1021 1030 1031 1032 1033 1040 1099"
IKE, ESP = Filter(2001, "in", "udp", "IKE of the VPC router"), Filter(2002, "in", "esp")
WITH = replace(SITE, filters=(IKE, ESP), lists=(("in", f"{THEIRS[:-5]} 2001 2002 {THEIRS[-4:]}"),))
ON_PP = replace(WITH, wan_interface="pp 1")


def text_of(site: OfficeSite) -> str:
    return render(AGREEMENT, site)


def test_filters_and_list_stand_behind_the_block() -> None:
    assert text_of(WITH).splitlines()[-4:] == [
        "# IKE of the VPC router",
        "ip filter 2001 pass 192.0.2.1 192.168.1.1 udp 500 500",
        "ip filter 2002 pass 192.0.2.1 192.168.1.1 esp * *",
        "ip lan2 secure filter in 1010 1020 1021 1030 1031 1032 1033 1040 2001 2002 1099",
    ]


def test_on_pppoe_the_list_stands_in_the_pps_block() -> None:
    text = text_of(ON_PP)
    assert text.splitlines()[-2:] == [
        "pp select 1",
        " ip pp secure filter in 1010 1020 1021 1030 1031 1032 1033 1040 2001 2002 1099",
    ]
    assert config.scope_of(text).tunnel == 2
    assert config.parse(text).statements[-1].context == "pp 1"


def test_out_filters_go_the_other_way() -> None:
    line = Filter(2003, "out", "udp").line("192.0.2.1", "192.168.1.1")
    assert line == "ip filter 2003 pass 192.168.1.1 192.0.2.1 udp 500 500"


def standing(numbers: str, more: str = "") -> Config:
    listed = f"ip lan2 secure filter in {numbers}\n"
    return config.parse(f"{listed}ip filter 1010 reject 10.0.0.0/8 *\n{more}")


def test_a_filter_comes_before_the_list_that_names_it() -> None:
    text = text_of(WITH)
    commands = plan.plan(standing(THEIRS), config.parse(text), config.scope_of(text)).commands
    assert commands.index("ip filter 2002 pass 192.0.2.1 192.168.1.1 esp * *") < commands.index(
        "ip lan2 secure filter in 1010 1020 1021 1030 1031 1032 1033 1040 2001 2002 1099"
    )
    assert commands[-1] == "tunnel enable 2"


def test_a_removal_shortens_the_list_and_never_takes_it_away() -> None:
    text = text_of(WITH)
    scope = config.scope_of(text)
    running = config.parse(text.replace(THEIRS[-4:], f"{THEIRS[-4:]} dynamic 7"))
    commands = plan.plan(running, config.parse(""), scope).commands
    assert commands[-4:] == (
        f"ip lan2 secure filter in {THEIRS} dynamic 7",
        "no ip filter 2002",
        "no ip filter 2001",
        "no nat descriptor masquerade static 1 4",
    )
    # What others added meanwhile stays, wherever it stands.
    running = standing("2001 5 2002 6", "ip filter 2001 pass * *\n")
    commands = plan.plan(running, config.parse(""), scope).commands
    assert "ip lan2 secure filter in 5 6" in commands


def test_a_list_that_names_ours_only_is_nobodys_to_take_away() -> None:
    scope = config.scope_of(text_of(WITH))
    with pytest.raises(DeviceError, match="names our filters only"):
        plan.plan(standing("2001 2002"), config.parse(""), scope)


def test_pp_is_selected_once_and_left_by_its_own_word() -> None:
    both = replace(
        ON_PP,
        filters=(*WITH.filters, Filter(2003, "out", "esp")),
        lists=(*WITH.lists, ("out", "2003 1098 dynamic 1100")),
    )
    text = text_of(both)
    running = config.parse(
        f"pp select 1\n ip pp secure filter in {THEIRS}\n"
        " ip pp secure filter out 1098 dynamic 1100\n"
    )
    commands = plan.plan(running, config.parse(text), config.scope_of(text)).commands
    at = commands.index("pp select 1")
    assert commands[at + 1].startswith("ip pp secure filter in")
    assert commands[at + 2] == "ip pp secure filter out 2003 1098 dynamic 1100"
    assert commands[at + 3] == "pp select none"


# --- properties -----------------------------------------------------------------------------------

_OURS, _OTHERS = ("2001", "2002", "2003"), ("1010", "1020", "1099")


@st.composite
def ends(draw: st.DrawFn) -> tuple[str, str]:
    """What we wrote and what we want, in which the others' part of each list is one."""
    others = {way: draw(st.permutations(_OTHERS)) for way in ("in", "out")}
    return draw(_texts(others)), draw(_texts(others))


@st.composite
def _texts(draw: st.DrawFn, others: dict[str, list[str]]) -> str:
    lines = ["tunnel select 2", *(" ip tunnel mtu 1400",) * draw(st.booleans()), "tunnel enable 2"]
    for way, theirs in others.items():
        ours = draw(st.lists(st.sampled_from(_OURS), unique=True))
        numbers = list(theirs)
        for number in ours:
            numbers.insert(draw(st.integers(0, len(numbers))), number)
            lines.append(f"ip filter {number} pass {draw(st.sampled_from('*1'))} * esp")
        if ours:
            dynamic = " dynamic 2001" if way == "out" else ""
            lines.append(f"ip lan2 secure filter {way} {' '.join(numbers)}{dynamic}")
    unique = {config.parse(line).statements[0].key: line for line in lines if "select" not in line}
    return "\n".join(["tunnel select 2", *unique.values()]) + "\n"


def running_with(text: str) -> Config:
    """A router that holds the text, its foreign filters defined and its lists where there are any.

    Where the text has no list, the others' list stands without us.
    """
    theirs = "".join(f"ip filter {number} reject * *\n" for number in _OTHERS)
    plain = f"ip lan2 secure filter in {' '.join(_OTHERS)}\n"
    plain += f"ip lan2 secure filter out {' '.join(_OTHERS)} dynamic 2001\n"
    merged = plan.apply_to(config.parse(theirs + plain), [])
    lines = [(s.context, s.text) for s in config.parse(text).statements]
    keys = {s.key: s for s in merged.statements}
    keys |= {s.key: s for s in (Statement(context, text) for context, text in lines)}
    return replace(merged, statements=tuple(keys.values()), contexts=("tunnel 2",))


SCOPE = config.scope_of(
    "tunnel select 2\nipsec sa policy 102 2 esp aes-cbc\n"
    + "".join(f"ip filter {n} pass * *\n" for n in _OURS)
    + "ip lan2 secure filter in 1\nip lan2 secure filter out 1\n"
)


def undefined(router: Config) -> set[str]:
    """What a list names and nobody has defined."""
    defined = {s.text.split()[2] for s in router.find("ip filter")}
    lists = [shared_list.numbers(s) for s in router.statements if shared_list.is_list(s.key)]
    return {number for each in lists for number in each.static} - defined


@given(ends())
def test_no_list_ever_names_a_filter_that_does_not_exist(both: tuple[str, str]) -> None:
    old, new = both
    running, wanted = running_with(old), config.parse(new)
    planned = plan.plan(running, wanted, SCOPE)
    after = plan.apply_to(running, planned.commands)
    for start, commands in ((running, planned.commands), (after, planned.undo)):
        for count in range(len(commands) + 1):
            assert undefined(plan.apply_to(start, commands[:count])) == set()
    assert not any(line.startswith("no ip lan2 secure") for line in planned.commands)


@given(ends())
def test_lists_come_as_wanted_go_back_as_they_were_and_keep_what_is_others(
    both: tuple[str, str],
) -> None:
    old, new = both
    running, wanted = running_with(old), config.parse(new)
    planned = plan.plan(running, wanted, SCOPE)
    after = plan.apply_to(running, planned.commands)
    want = {s.key: s.text for s in wanted.statements}
    have = {s.key: s.text for s in after.owned(SCOPE)}
    assert {key: text for key, text in have.items() if key in want} == want
    for key in have.keys() - want.keys():
        assert shared_list.is_list(key)
        assert not set(have[key].split("dynamic")[0].split()) & set(_OURS)
    assert plan.plan(after, wanted, SCOPE).commands == ()
    assert set(plan.apply_to(after, planned.undo).statements) == set(running.statements)
    kept = [s for s in shared_list.foreign(after, SCOPE) if not shared_list.is_list(s.key)]
    assert kept == [
        s for s in shared_list.foreign(running, SCOPE) if not shared_list.is_list(s.key)
    ]


# --- what drifted, and what apply refuses ---------------------------------------------------------


def test_align_shows_a_list_only_as_long_as_it_names_us() -> None:
    text = text_of(WITH)
    scope = config.scope_of(text)
    assert plan.align(config.parse(text), text, scope).text == text
    drifted = text.replace(" 1040 ", " 1040 1041 ")
    assert plan.align(config.parse(drifted), text, scope).text == drifted
    assert plan.align(standing(THEIRS), text, scope).text == ""
    on_pp = text_of(ON_PP)
    scope = config.scope_of(on_pp)
    assert plan.align(config.parse(on_pp), on_pp, scope).text == on_pp
    left = plan.align(config.parse("pp select 1\n ip pp secure filter in 2001 1\n"), "", scope)
    assert left.text == "pp select 1\n ip pp secure filter in 2001 1\n"


def test_only_the_others_part_of_a_list_is_a_surprise() -> None:
    wanted = config.parse(text_of(WITH))
    scope = config.scope_of(text_of(WITH))
    for as_previewed in (THEIRS, f"2002 {THEIRS}"):
        assert shared_list.surprises(standing(as_previewed), wanted, scope) == ()
    for changed in (f"5 {THEIRS}", THEIRS[5:], f"{THEIRS} dynamic 9"):
        found = shared_list.surprises(standing(changed), wanted, scope)
        assert found == (f"ip lan2 secure filter in {changed}",)
    assert shared_list.surprises(config.parse(""), wanted, scope) == (
        "no ip lan2 secure filter in",
    )


def change(office: Rig, wanted: str, expected: str = "") -> GuardedChange:
    scope = config.scope_of(wanted or expected, *([expected] if expected else []))
    return GuardedChange(
        LOGIN,
        scope,
        wanted,
        KEY,
        expected_text=expected,
        old_key=KEY if expected else None,
        clock=office.clock,
        progress=office.log.append,
        connect=office.connect,
    )


def applied(office: Rig, wanted: str, expected: str = "") -> None:
    with change(office, wanted, expected) as made:
        made.start()
        made.keep()


def test_a_whole_life_leaves_the_list_as_it_was(tmp_path: Path) -> None:
    office = rig(tmp_path)
    before = office.lines()
    text = text_of(WITH)
    applied(office, text)
    assert "ip filter 2001 pass 192.0.2.1 192.168.1.1 udp 500 500" in office.saved()
    line = "ip lan2 secure filter in 1010 1020 1021 1030 1031 1032 1033 1040 2001 2002 1099"
    assert line in office.saved()
    moved = text_of(replace(WITH, filters=(IKE,), lists=(("in", f"2001 {THEIRS}"),)))
    applied(office, moved, text)
    assert f"ip lan2 secure filter in 2001 {THEIRS}" in office.saved()
    assert not any(each.startswith("ip filter 2002") for each in office.saved())
    applied(office, "", moved)
    assert office.lines() == before == office.saved()


@pytest.mark.parametrize("expected", [False, True])
def test_a_list_that_somebody_changed_is_not_typed_over(tmp_path: Path, expected: bool) -> None:
    office = rig(tmp_path)
    text = text_of(WITH)
    old = text_of(replace(WITH, lists=(("in", f"2001 2002 {THEIRS}"),)))
    if expected:
        applied(office, old)
        run_lines(office.router, [f"ip lan2 secure filter in 2001 2002 1020 {THEIRS[5:]}", "save"])
    else:
        run_lines(office.router, [f"ip lan2 secure filter in {THEIRS[5:]}", "save"])
    before = office.lines()
    with (
        change(office, text, old if expected else "") as made,
        pytest.raises(DeviceError, match="not the one that was previewed") as refused,
    ):
        made.start()
    assert "plan --site S --write" in refused.value.remedy
    assert refused.value.said.startswith("ip lan2 secure filter in")
    assert office.lines() == before


def test_somebodys_unsaved_change_of_the_list_is_not_saved_with_ours(tmp_path: Path) -> None:
    office = rig(tmp_path)
    run_lines(office.router, [f"ip lan2 secure filter in {THEIRS[5:]}"])
    text = text_of(replace(WITH, lists=(("in", f"2001 2002 {THEIRS[5:]}"),)))
    with (
        change(office, text) as made,
        pytest.raises(DeviceError, match="somebody else that are not saved"),
    ):
        made.start()
