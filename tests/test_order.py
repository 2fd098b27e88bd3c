"""The files that begin first are there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent


def test_what_begins_first_is_a_file() -> None:
    first = set(re.findall(r'"(test_\w+\.py)"', (TESTS / "conftest.py").read_text()))
    assert first
    assert not first - {file.name for file in TESTS.rglob("test_*.py")}
