"""Sites of every kind through the provider's handlers; 500 of them in `make matrix`."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

# By name: mypy knows the folder as `matrix`, `python -m` as `tests.matrix`.
matrix, table = (importlib.import_module(f"tests.matrix.{name}") for name in ("sites", "table"))


@pytest.mark.parametrize("case", table.sample(matrix.in_process(60), 1), ids=str)
def test_a_site_is_made_once_and_stays_as_it_was_asked_for(case: Any) -> None:
    assert case.run() == "lived"
