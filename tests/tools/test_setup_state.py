"""Locks and pending creates in a Pulumi backend of files."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.backend import PROJECT, Backend, Lock, backend_of, is_dead, runs_pulumi

HERE = "office-pc"


def lock(pid: int = 4711, host: str = HERE) -> Lock:
    return Lock("ops", host, pid, "2026-11-25T04:40:22Z", Path("x.json"))


def write_lock(backend: Path, stack: str, name: str, content: str) -> Path:
    folder = backend / ".pulumi" / "locks" / "organization" / PROJECT / stack
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(content)
    (folder / f"{name}.json.attrs").write_text("{}")
    return folder / f"{name}.json"


def write_stack(backend: Path, stack: str, latest: Any) -> None:
    folder = backend / ".pulumi" / "stacks" / PROJECT
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"version": 3, "checkpoint": {"stack": stack, "latest": latest}})
    (folder / f"{stack}.json").write_text(text)


@pytest.mark.parametrize(
    ("held", "living", "dead"),
    [
        (lock(), set(), True),
        (lock(), {4711}, False),
        (lock(host="another-pc"), set(), False),
        (lock(pid=0), set(), False),
    ],
    ids=["dead here", "alive here", "another host", "unreadable"],
)
def test_only_a_dead_process_of_this_host_gives_its_lock_up(
    held: Lock, living: set[int], dead: bool
) -> None:
    assert is_dead(held, host=HERE, alive=living.__contains__) is dead


def test_this_host_is_named_as_the_cli_names_it() -> None:
    assert is_dead(lock(host=socket.gethostname()), alive=lambda pid: False)


def test_locks_are_read_as_the_cli_writes_them(tmp_path: Path) -> None:
    text = '{"pid":15390,"username":"root","hostname":"vm","timestamp":"2026-11-25T04:40:22.2Z"}'
    file = write_lock(tmp_path, "tokyo", "b0ebe901", text)
    assert Backend(tmp_path).locks("tokyo") == [
        Lock("root", "vm", 15390, "2026-11-25T04:40:22.2Z", file)
    ]
    assert Backend(tmp_path).locks("osaka") == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid":1}', '{"pid":null,"username":"a"}'])
def test_a_lock_that_cannot_be_read_is_somebodys(tmp_path: Path, text: str) -> None:
    file = write_lock(tmp_path, "tokyo", "half", text)
    (held,) = Backend(tmp_path).locks("tokyo")
    assert not is_dead(held, host="", alive=lambda pid: False)
    assert str(file) in str(held)


def test_a_holder_is_named_in_full() -> None:
    text = str(lock())
    assert text == "ops on office-pc, process 4711, since 2026-11-25T04:40:22Z"


def test_a_process_that_ended_does_not_run_pulumi() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait(timeout=20)
    assert not runs_pulumi(child.pid)


def test_a_number_that_another_program_has_got_is_not_pulumi() -> None:
    # Without /proc there is only the number to go by, and that is in use.
    assert runs_pulumi(os.getpid()) is not Path("/proc/self/status").exists()


def test_a_living_pulumi_is_seen(tmp_path: Path) -> None:
    # A process has the name of the file that was started, a script too.
    program = tmp_path / "pulumi"
    program.write_text("#!/bin/sh\necho ready\nread line\n")
    program.chmod(0o755)
    pipe = subprocess.PIPE
    with subprocess.Popen([str(program)], stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        assert runs_pulumi(child.pid)


def test_pending_creates_are_named(tmp_path: Path) -> None:
    urn = "urn:pulumi:tokyo::sakura-rtx-vpn::a:b:C$sakurartx:index:VpcRouter::{}"
    operations = [
        {"resource": {"urn": urn.format("tokyo-router")}, "type": "creating"},
        {"resource": {"urn": urn.format("tokyo-tunnel")}, "type": "updating"},
    ]
    write_stack(tmp_path, "tokyo", {"pending_operations": operations})
    write_stack(tmp_path, "osaka", {"resources": []})
    write_stack(tmp_path, "nara", None)
    found = {name: Backend(tmp_path).pending_creates(name) for name in ("tokyo", "osaka", "nara")}
    assert found == {"tokyo": ["tokyo-router"], "osaka": [], "nara": []}
    assert Backend(tmp_path).pending_creates("no-such-stack") == []


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("file:///srv/state", "/srv/state"),
        ("file:///srv/state?metadata=skip", "/srv/state"),
        ("file:///srv/my%20state", "/srv/my state"),
        ("file://~/state", str(Path.home() / "state")),
        ("https://app.pulumi.com/ops", None),
        ("s3://bucket", None),
    ],
)
def test_only_file_backends_are_looked_into(url: str, root: str | None) -> None:
    assert backend_of(url) == (Backend(Path(root)) if root else None)
