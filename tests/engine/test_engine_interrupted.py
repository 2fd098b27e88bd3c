"""What interrupts a site: a killed engine, a reboot of this machine, a lost rehearsal."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from .conftest import Clone, kill, session, wait_for

pytestmark = pytest.mark.engine


def test_killed_while_the_router_is_made(clone: Clone, tmp_path: Path) -> None:
    run = clone.start_up()
    try:
        wait_for(lambda: (clone.folder / "api.json").exists() and bool(clone.cloud()["routers"]))
        # The process list, meanwhile, holds no secret.
        clone.seen += "\n".join(session(run.pid).values())
        engines = [pid for pid, command in session(run.pid).items() if "pulumi up" in command]
        assert len(engines) == 1
        kill(engines)
        output, _ = run.communicate(timeout=60)
        clone.seen += output
    finally:
        kill(list(session(run.pid)))
    clone.remember_canaries()
    assert clone.folder.is_dir()

    output = clone.up()
    assert "Took away the lock of a run that is gone" in output
    clone.remember_canaries()
    assert len(clone.cloud()["routers"]) == 1
    assert len(clone.cloud()["internets"]) == 1
    assert clone.passes()
    assert "interrupted" not in clone.up("--expect-no-changes")

    # A reboot of this machine: both servers are gone, new ports, and no difference.
    ports = json.loads((clone.folder / "endpoints.json").read_text())["ports"]
    kill([daemon_of(clone)])
    wait_for(lambda: "false" in clone.rehearsal("status", "--json", rc=None))
    output = clone.up("--expect-no-changes")
    assert "no rehearsal answered" in output
    assert json.loads((clone.folder / "endpoints.json").read_text())["ports"] != ports
    assert clone.passes()

    # Both halves of the rehearsal live and die together.
    clone.remember_canaries()
    pid = daemon_of(clone)
    shutil.rmtree(clone.folder)
    wait_for(lambda: not Path(f"/proc/{pid}").exists())
    assert "router" in clone.make("preview", "--color=never")
    assert not clone.cloud()["routers"]


def daemon_of(clone: Clone) -> int:
    """The process that serves the clone's rehearsal."""
    for folder in Path("/proc").iterdir():
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"components.rehearsal.daemon" in command and str(clone.folder).encode() in command:
            return int(folder.name)
    raise AssertionError("no daemon")


def test_ctrl_c_while_the_router_is_made(clone: Clone) -> None:
    run = clone.start_up()
    try:
        wait_for(lambda: (clone.folder / "api.json").exists() and bool(clone.cloud()["routers"]))
        os.killpg(run.pid, signal.SIGINT)
        output, _ = run.communicate(timeout=60)
        clone.seen += output
        assert run.returncode != 0
        wait_for(lambda: not session(run.pid), seconds=10)
    finally:
        kill(list(session(run.pid)))
    assert "stopped on request" in output
    assert json.loads(clone.pulumi("stack", "export"))["deployment"]["resources"]
    clone.up()
    clone.remember_canaries()
    assert len(clone.cloud()["routers"]) == 1
    assert clone.passes()
