"""A sample of the cloud end's fault matrix; `python -m tests.matrix cloud` runs all of it."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

# By name: mypy knows the folder as `matrix`, `python -m` as `tests.matrix`.
matrix, table = (importlib.import_module(f"tests.matrix.{name}") for name in ("cloud", "table"))

PARTS = 4


@pytest.fixture(scope="module")
def cases() -> Any:
    """Listed only here: it takes seconds, and every worker of a run imports this file."""
    return table.sample(matrix.cases(), 12)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_fault_at_any_call_is_made_good_by_the_next_up(cases: Any, part: int) -> None:
    table.run_here(cases[part::PARTS])
