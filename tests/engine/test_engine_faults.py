"""The API in trouble, through the real CLI: one `up` makes good what can be made good."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest

from components.rehearsal import instance

from .conftest import Clone, kill, session, wait_for

pytestmark = pytest.mark.engine

BUILDING: list[dict[str, Any]] = [
    {"method": "GET", "path": "/internet", "kind": "busy", "retry_after": 1},
    {"method": "POST", "path": "/internet", "kind": "reset_after"},
    {"method": "POST", "path": "/switch", "kind": "too_many_request", "status": 429},
    {"method": "POST", "path": "/appliance", "kind": "failed_creation"},
    {"method": "PUT", "path": "/appliance/*/interface/*/to/switch/*", "kind": "reset_after"},
    {"method": "PUT", "path": "/appliance/*", "kind": "locked", "times": 2},
    {"method": "PUT", "path": "/appliance/*/config", "kind": "not_json"},
    {"method": "PUT", "path": "/appliance/*/power", "kind": "delay", "seconds": 1},
]
GOING: list[dict[str, Any]] = [
    {"method": "DELETE", "path": "/appliance/*", "kind": "reset_after"},
    {"method": "DELETE", "path": "/switch/*", "kind": "reset_before"},
    {"method": "DELETE", "path": "/internet/*", "kind": "locked"},
]


def order(clone: Clone, faults: list[dict[str, Any]]) -> None:
    for fault in faults:
        instance.ask(clone.folder, "POST", "/fault", fault)


def met(clone: Clone) -> list[int]:
    """How the API has answered writes so far; 0: not at all."""
    calls = instance.ask(clone.folder, "GET", "/calls")["calls"]
    return [status for method, _, status in calls if method != "GET"]


def test_a_site_is_made_and_destroyed_through_trouble(clone: Clone) -> None:
    clone.rehearsal("start")
    order(clone, BUILDING)
    output = clone.up()
    clone.remember_canaries()
    assert "its creation failed; it is deleted" in output
    assert {0, 423, 429, 502} <= set(met(clone))
    there = clone.cloud()
    assert [len(there[kind]) for kind in ("internets", "switches", "routers")] == [1, 2, 1]
    assert clone.passes()

    order(clone, GOING)
    clone.make("down", "--skip-preview", "--color=never", "--suppress-progress")
    there = clone.cloud()
    assert [there[kind] for kind in ("internets", "switches", "routers")] == [{}, {}, {}]


def test_ctrl_c_while_the_api_is_silent(clone: Clone) -> None:
    clone.rehearsal("start")
    silence = {"method": "POST", "path": "/appliance", "kind": "reset_after", "seconds": 120}
    order(clone, [silence])
    run = clone.start_up()
    try:
        wait_for(lambda: bool(clone.cloud()["routers"]))  # made, and nobody is told
        os.killpg(run.pid, signal.SIGINT)
        before = time.monotonic()
        output, _ = run.communicate(timeout=60)
        clone.seen += output
        assert time.monotonic() - before < 20  # the engine's own end included
    finally:
        kill(list(session(run.pid)))
    assert run.returncode != 0
    assert "stopped on request" in output
    assert "the request may or may not have taken effect" in output
    clone.remember_canaries()
