"""Nothing of a lab outlives the process that made it; what a machine lacks is named."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from components.rehearsal.ike import host, lab
from components.rehearsal.ike.host import Host, children

HOLD = """
import sys, time
from components.rehearsal.ike.host import Host
with Host("held") as held:
    print(held.pid, flush=True)
    held.run("sh", "-c", "sleep 600 >/dev/null 2>&1 &")
    print("up", flush=True)
    time.sleep(600)
"""


def alive(pid: int) -> bool:
    """Whether it still runs: a dead one that nobody has waited for yet does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_killed_process_takes_its_machines_along() -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    holder = int(process.stdout.readline())
    assert process.stdout.readline() == "up\n"
    inside = [holder, *children(holder)]
    assert len(inside) > 1
    assert all(map(alive, inside))
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    end = time.monotonic() + 10
    while any(map(alive, inside)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(alive, inside))


def test_folders_of_the_dead_are_swept_and_those_of_the_living_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead, mine = tmp_path / "sakura-rtx-ike-4194999-a", tmp_path / f"sakura-rtx-ike-{os.getpid()}-b"
    for folder in (dead, mine):
        folder.mkdir()
    lab._sweep()
    assert not dead.exists()
    assert mine.exists()


def test_every_missing_thing_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    reason = host.unavailable()
    assert reason is not None
    assert "no charon-systemd (Debian package charon-systemd)" in reason
    assert "no ping (Debian package iputils-ping)" in reason
    assert "not root" in reason


def test_a_command_that_fails_says_what_it_said() -> None:
    with Host("one") as one, pytest.raises(Exception, match="Cannot find device"):
        one.run("ip", "link", "set", "nowhere", "up")
