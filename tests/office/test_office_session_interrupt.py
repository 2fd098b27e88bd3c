"""Ctrl-C: the router is as it was, or as it was asked to be."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

# By name: mypy knows the folder as `matrix`, `python -m` as `tests.matrix`.
interrupt, table = (
    importlib.import_module(f"tests.matrix.{name}") for name in ("interrupt", "table")
)


@pytest.mark.parametrize("case", table.sample(interrupt.cases(), 16), ids=str)
def test_ctrl_c_at_any_step_leaves_the_old_state_or_the_new_one(case: Any) -> None:
    case.run()
