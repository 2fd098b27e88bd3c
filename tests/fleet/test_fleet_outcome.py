"""What became of a site: in words, as exit code, on disk, as a table."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from components.errors import SpecError, VpnError
from components.fleet import outcome, record, show
from components.fleet.outcome import ACTIONS, DONE, Action, Outcome, Result

LOCKED = "site naha is locked by ops\n  now: nothing was changed\n  next: wait\n  and\n  more"
ALL = [
    Outcome("kobe", "same", seconds=7.2),
    Outcome("naha", "failed", errors=(LOCKED,), seconds=3),
    Outcome("osaka", "changed", {"same": 7, "update": 1, "create": 2}, seconds=26),
    Outcome("tokyo", "waiting"),
]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("bad", sorted(set(get_args(Result)) - DONE))
def test_what_is_not_done_is_the_first_thing_to_know(action: Action, bad: Result) -> None:
    found = [Outcome("a", "changed"), Outcome("b", bad), Outcome("c", "same")]
    assert outcome.exit_code(action, found) == 1


@pytest.mark.parametrize(
    ("action", "result", "code"),
    [
        ("preview", "same", 0),
        ("preview", "changed", 3),
        ("up", "changed", 0),
        ("refresh", "changed", 3),
        ("doctor", "same", 0),
        ("doctor", "broken", 3),
    ],
)
def test_then_what_there_is_to_see(action: Action, result: Result, code: int) -> None:
    assert outcome.exit_code(action, [Outcome("a", "same"), Outcome("b", result)]) == code


def test_the_table_in_plain_lines() -> None:
    text = "\n".join(show.lines("up", ALL))
    assert text == (
        "site   result          s  what\n"
        "kobe   nothing to do   7\n"
        "naha   failed          3  site naha is locked by ops\n"
        "osaka  done           26  1 updated, 2 created\n"
        "tokyo  waiting\n"
        "\n"
        "naha: failed\n"
        "  site naha is locked by ops\n"
        "    now: nothing was changed\n"
        "    next: wait\n"
        "    and\n"
        "\n"
        "tokyo: waiting\n"
        "  not come to\n"
        "\n"
        "to go on where this run ended: sakura-rtx fleet up --resume"
    )


def test_a_preview_speaks_of_what_is_to_come_and_a_heading_of_what_it_heads() -> None:
    assert outcome.what("preview", ALL[2]) == "1 to update, 2 to create"
    bad = Outcome("a", "failed", errors=("site file is not usable:\n  office.tunnel: 200",))
    assert outcome.what("preview", bad) == "site file is not usable: office.tunnel: 200"


def test_plain_progress_says_each_thing_once() -> None:
    stream = io.StringIO()
    with show.plain("up", stream) as shown:
        for found in (ALL[3], replace(ALL[3], result="running"), ALL[3]):
            shown([found])
        shown([replace(ALL[3], result="running", note="update Tunnel")])
        shown([replace(ALL[3], result="changed", changes={"update": 1}, seconds=9)])
        shown([replace(ALL[3], result="changed", changes={"update": 1}, seconds=9)])
    assert stream.getvalue() == "tokyo: running\ntokyo: done: 1 updated (9 s)\n"


def test_the_live_table_stays_when_it_ends() -> None:
    stream = io.StringIO()
    with show.live("doctor", stream) as shown:
        shown([replace(ALL[3], result="running", note="looking [at] both ends")])
        shown([Outcome("tokyo", "broken", note="traffic", errors=("traffic: none",))])
    assert stream.getvalue().splitlines()[0].split() == ["site", "result", "s", "what"]
    assert stream.getvalue().splitlines()[1].split() == ["tokyo", "BROKEN", "traffic"]


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = record.place(tmp_path, "up")
    record.write(file, "up", "2026-11-25T17:00:00+00:00", ALL)
    data = json.loads(file.read_text())
    assert (data["exit_code"], data["failed"]) == (1, ["naha", "tokyo"])
    found = record.read(file, "up")
    assert [each.site for each in found] == ["kobe", "naha", "osaka", "tokyo"]
    assert [each.result for each in found] == [each.result for each in ALL]
    assert found[2].changes == ALL[2].changes
    assert record.left_over(found) == ["naha", "tokyo"]
    assert [each.name for each in file.parent.iterdir()] == ["up.json"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"action": "preview", "sites": {}}', '{"action": "up", "sites": [1]}']
)
def test_what_is_no_result_of_this_action_is_refused(text: str, tmp_path: Path) -> None:
    file = record.place(tmp_path, "up")
    with pytest.raises(SpecError, match="--resume"):
        record.read(file, "up")
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(SpecError, match="no result of fleet up"):
        record.read(file, "up")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / ".fleet").write_text("a file")
    with pytest.raises(VpnError, match="cannot be written"):
        record.write(record.place(tmp_path, "up"), "up", "", ALL)
