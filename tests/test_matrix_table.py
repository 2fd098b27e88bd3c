"""The table that the matrices of faults print."""

from __future__ import annotations

from matrix.table import Case, run_all


def _wrong() -> str:
    raise AssertionError("left half")


def test_each_group_is_counted_and_timed_and_a_failure_is_named() -> None:
    table, failed = run_all(
        [
            Case("one at a time", "first", lambda: "old"),
            Case("one at a time", "second", lambda: "new"),
            Case("several", "of one pair", lambda: {"old": 3, "new": 2}),
            Case("broken", "here", _wrong),
        ]
    )
    head, _, *rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.split("\n")]
    assert head == ["case", "FAILED", "new", "old", "total", "seconds"]
    assert [row[:-1] for row in rows] == [
        ["one at a time", "", "1", "1", "2"],
        ["several", "", "2", "3", "5"],
        ["broken", "1", "", "", "1"],
    ]
    assert all(row[-1].isdigit() for row in rows)
    assert failed == ["broken: here: AssertionError: left half"]


def test_it_tells_how_far_it_is_and_each_failure_at_once() -> None:
    told: list[str] = []
    many = [Case("many", str(number), lambda: "old") for number in range(100)]
    run_all([*many[:30], Case("broken", "here", _wrong), *many[31:]], told.append)
    assert told[:8] == [
        *(f"{done} of 100, 0 failed" for done in (5, 10, 15, 20, 25, 30)),
        "FAILED broken: here: AssertionError: left half",
        "35 of 100, 1 failed",
    ]
    assert told[-1] == "100 of 100, 1 failed"
    assert len(told) == 21
