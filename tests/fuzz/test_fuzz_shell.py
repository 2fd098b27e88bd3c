"""A little of what `python -m tests.fuzz shell` does at length."""

from __future__ import annotations

from . import shell


def test_terminals_cut_anywhere_are_understood() -> None:
    shell.run(5000, seed=3)
