"""How often we wait for the router: what a line to a far office costs (`bench/session.py`)."""

from __future__ import annotations

import importlib

import pytest

bench = importlib.import_module("bench.session")

# SSH itself takes nine of them, with the TCP connection and the terminal.
LOGIN = 12


@pytest.mark.parametrize(("count", "most"), [(14, LOGIN + 10), (26, LOGIN + 12)])
def test_a_change_takes_few_round_trips(count: int, most: int) -> None:
    measured = bench.measure(bench.ours, count, 0.02)
    assert LOGIN < measured.round_trips <= most


def test_the_slow_line_is_slow_in_both_directions() -> None:
    measured = bench.measure(bench.ours, 14, 0.02)
    assert measured.seconds > LOGIN * 2 * 0.02
