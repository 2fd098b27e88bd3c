from __future__ import annotations

import importlib
from typing import Any

import pytest

# By name: mypy knows the folder as `matrix`, `python -m` as `tests.matrix`.
office, table = (importlib.import_module(f"tests.matrix.{name}") for name in ("office", "table"))


@pytest.mark.parametrize("case", table.sample(office.cases(), 40), ids=str)
def test_a_fault_at_any_line_leaves_the_old_state_or_the_new_one(case: Any) -> None:
    case.run()
