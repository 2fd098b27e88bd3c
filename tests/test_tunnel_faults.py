"""A few cases of the matrix of both ends: one of each kind of fault.

All of them: `make matrix`, or `python -m tests.matrix tunnel`.
"""

from __future__ import annotations

import importlib
import random
from functools import cache
from typing import Any

import pytest

# By name: mypy knows the folder as `matrix`, `python -m` as `tests.matrix`.
matrix = importlib.import_module("tests.matrix.tunnel")

KINDS = (
    "line refused",
    "line lost",
    "line unanswered",
    "killed; up after the guard",
    "killed; up at once",
    "PUT settings",
    "PUT config",
    "no traffic: ",
    "no traffic: ",
    "no traffic, kept",
)


@cache
def cases() -> list[Any]:
    found: list[Any] = matrix.cases()
    random.Random("always the same").shuffle(found)
    return found


@pytest.mark.parametrize("kind", range(len(KINDS)), ids=lambda at: f"{KINDS[at]} {at}")
def test_both_ends_are_old_or_new_and_the_cause_is_named(kind: int) -> None:
    matching = [case for case in cases() if case.group.startswith(KINDS[kind])]
    matching[kind].run()


def test_every_kind_of_fault_meets_every_operation() -> None:
    met = {(case.group.partition(",")[0], case.name.partition(",")[0]) for case in cases()}
    for name in matrix.OPERATIONS:
        for kind in ("line refused", "line lost", "killed; up at once", "PUT config is refused"):
            assert (kind, name) in met
