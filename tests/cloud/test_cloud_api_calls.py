"""The number of calls to the API is a promise: the bench's own rows, held to their goals."""

from __future__ import annotations

import importlib

# By name: mypy does not know the folder.
bench = importlib.import_module("bench.cloud")


def test_goals_are_met() -> None:
    rows = bench.rows()
    assert len(rows) == 4
    assert [f"{row.goal}: {row.ours} {row.note}" for row in rows if not row.met] == []
