"""Real IKE daemons: skipped with the reason where the machine cannot, a failure in CI."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tunnel_world import World

from components.rehearsal.ike.host import unavailable


@pytest.fixture(scope="session", autouse=True)
def able() -> None:
    if reason := unavailable():
        if os.environ.get("CI", "").lower() not in ("", "0", "false", "no"):
            pytest.fail(f"real IKE: {reason}")
        pytest.skip(f"real IKE: {reason}")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Both stand-ins, from which both ends are read."""
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.close()
