"""A generated site through the real CLI; ten of them in `make matrix`."""

from __future__ import annotations

import importlib

import pytest

from .conftest import Clone

pytestmark = pytest.mark.engine

# By name: mypy knows the folder as `matrix`, `python -m` as `tests.matrix`.
matrix = importlib.import_module("tests.matrix.sites")


def test_a_generated_site_is_made_once_and_stays_as_it_was_asked_for(clone: Clone) -> None:
    # Drawn only here: it takes seconds, and every worker of a run imports this file.
    [(_, site)] = matrix.for_the_cli(1)
    matrix.lives_in(clone, site)
