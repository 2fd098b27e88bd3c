"""A little of what `python -m tests.fuzz config` does at length."""

from __future__ import annotations

from . import config


def test_damaged_configurations_are_read_and_judged() -> None:
    config.run(2000, seed=3)
