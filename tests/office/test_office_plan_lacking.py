"""A creation that would carry nothing is refused, and the line that is needed is said."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest
from office_rig import AGREEMENT, KEY, LOGIN, SITE, WANTED, Rig, rig

from components.errors import DeviceError
from components.office import lacking
from components.office.apply import GuardedChange
from components.office.codes import ACCEPTABLE, BY_CREATION, CODES
from components.office.config import scope_of
from components.office.render import render
from components.rehearsal.rtx.device import run_lines

BARE = render(AGREEMENT, replace(SITE, nat_static=()))


def change(
    office: Rig, wanted: str, expected: str = "", accept: Collection[str] = ()
) -> GuardedChange:
    return GuardedChange(
        LOGIN,
        scope_of(wanted, *([expected] if expected else [])),
        wanted,
        KEY,
        expected_text=expected,
        old_key=KEY if expected else None,
        clock=office.clock,
        progress=office.log.append,
        connect=office.connect,
        accept=accept,
    )


@pytest.mark.parametrize(
    ("typed", "wanted", "code", "line"),
    [
        ((), BARE, "nat-static-missing", "nat descriptor masquerade static 1"),
        (
            ("ip filter 1033 reject * 192.168.1.1 esp * *",),
            WANTED,
            "filter-blocks-esp",
            "pass 192.0.2.1 192.168.1.1 esp",
        ),
        (
            ("ip lan2 secure filter in 1010 1099",),
            WANTED,
            "filter-blocks-ike",
            "pass 192.0.2.1 192.168.1.1 udp",
        ),
        (
            ("ip route default gateway tunnel 9",),
            WANTED,
            "peer-route-not-pinned",
            "ip route 192.0.2.1",
        ),
    ],
)
def test_what_is_needed_besides_is_said_before_anything_is_typed(
    tmp_path: Path, typed: tuple[str, ...], wanted: str, code: str, line: str
) -> None:
    office = rig(tmp_path)
    run_lines(office.router, [*typed, "save"])
    before = office.lines()
    with (
        change(office, wanted) as made,
        pytest.raises(DeviceError, match="that the preview did not show") as refused,
    ):
        made.start()
    assert "plan --site S --write" in refused.value.remedy
    assert code in refused.value.remedy
    assert line in refused.value.remedy
    assert KEY not in str(refused.value)
    assert office.lines() == before
    assert not any(each.startswith("rollback") for each in office.typed)


@pytest.mark.parametrize(
    ("typed", "code", "line"),
    [
        (
            ("ip filter 5 reject 192.168.1.0/24 *", "ip lan1 secure filter in 5"),
            "filter-blocks-tunnel",
            "192.168.1.0/24 192.168.2.0/24",
        ),
        (
            ("pp select 1", "pp always-on on", "pppoe use lan3", "pp select none",
             "ip route default gateway pp 1"),
            "wan-not-enabled",
            "pp enable 1",
        ),
    ],
)  # fmt: skip
def test_what_no_line_of_the_site_file_can_mend_is_refused_too(
    tmp_path: Path, typed: tuple[str, ...], code: str, line: str
) -> None:
    office = rig(tmp_path)
    run_lines(office.router, [*typed, "save"])
    with change(office, WANTED) as made, pytest.raises(DeviceError) as refused:
        made.start()
    assert "mend this on the router, or accept" in refused.value.remedy
    assert f"({code}: " in refused.value.remedy
    assert line in refused.value.remedy
    assert "plan --site S --write" not in refused.value.remedy
    with change(office, WANTED, accept=(code,)) as made:
        made.start()
        made.keep()


def test_who_accepts_the_finding_gets_the_change(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with change(office, BARE, accept=("nat-static-missing",)) as made:
        made.start()
        made.keep()
    assert "tunnel select 2" in office.saved()


def test_a_change_of_what_stands_is_judged_by_its_traffic(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with change(office, WANTED) as made:
        made.start()
        made.keep()
    run_lines(office.router, ["ip lan2 secure filter in 1010 1099", "save"])
    with change(office, WANTED.replace("pfs 2 on", "pfs 2 off"), WANTED) as made:
        assert made.start().commands == ("ipsec ike pfs 2 off",)
        made.keep()


def test_a_change_that_takes_away_what_the_tunnel_needs_is_refused(tmp_path: Path) -> None:
    office = rig(tmp_path)
    with change(office, WANTED) as made:
        made.start()
        made.keep()
    before = office.lines()
    with (
        change(office, BARE, WANTED) as made,
        pytest.raises(DeviceError, match="would take away what the tunnel needs") as refused,
    ):
        made.start()
    assert "office.nat_static" in refused.value.remedy
    assert "nat-static-missing" in refused.value.remedy
    assert office.lines() == before
    with change(office, BARE, WANTED, accept=("nat-static-missing",)) as made:
        made.start()
        made.keep()
    # What was lacking already is no doing of a later change.
    with change(office, BARE.replace("pfs 2 on", "pfs 2 off"), BARE) as made:
        assert made.start().commands == ("ipsec ike pfs 2 off",)
        made.keep()


def test_the_codes_are_those_of_the_audit_and_of_the_site_file() -> None:
    assert set(lacking.CODES) <= CODES.keys()
    assert set(lacking.CODES) <= set(BY_CREATION) <= set(ACCEPTABLE)
