"""What holds for all tests: no deadline for an example, and the order where several files run."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from zlib import crc32

import pytest
from hypothesis import settings

# An example that takes its time says that the machine is busy, not that something is wrong.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# What would keep everybody waiting if it began last.
LONGEST: Final = (
    "test_engine_adopt.py",
    "test_engine_router_life.py",
    "test_engine_cloud.py",
    "test_engine_interrupted.py",
    "test_engine_docs.py",
    "test_engine_faults.py",
    "test_engine_sites.py",
    "test_engine_library.py",
    "test_engine_life.py",
    "test_engine_no_traffic.py",
    "test_ike_rehearse.py",
    "test_ike_recover.py",
    "test_cloud_interrupted.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several files run at a time: the longest first, then those that wait among the rest."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _turn(item.path))


def _turn(file: Path) -> tuple[int, int, str]:
    early = LONGEST.index(file.name) if file.name in LONGEST else len(LONGEST)
    return early, crc32(file.name.encode()), file.name
