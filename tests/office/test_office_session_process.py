"""A process of its own that is interrupted, over real SSH: SIGINT while it types."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.clock import SystemClock
from components.rehearsal.rtx.device import Router
from components.rehearsal.rtx.server import RtxServer

SCRIPT = """\
import signal, sys
sys.path[:0] = sys.argv[4:]
from office_rig import KEY, SCOPE, WANTED
from components.clock import SystemClock
from components.office.apply import GuardedChange
from components.office.login import Login

port, host_key, where = int(sys.argv[1]), sys.argv[2], sys.argv[3]
login = Login("127.0.0.1", port, "ops", "login-CANARY", "admin-CANARY", host_key, timeout=10.0)

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell runs us behind

def log(line):
    if line.endswith(where):
        signal.raise_signal(signal.SIGINT)

change = GuardedChange(
    login, SCOPE, WANTED, KEY, clock=SystemClock(), progress=print, log=log
)
try:
    with change:
        change.start()
        change.keep()
except KeyboardInterrupt:
    sys.exit(130)
"""
PATIENCE = 20.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RtxServer]:
    router = Router(tmp_path, clock=SystemClock())
    router.set_password("ops", "login-CANARY")
    router.set_administrator_password("admin-CANARY")
    server = RtxServer(router)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("where", ["administrator", "tunnel select 2", "tunnel enable 2"])
def test_an_interrupted_process_leaves_the_router_as_it_was(server: RtxServer, where: str) -> None:
    before = server.router.running().lines()
    paths = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(server.port), server.host_key, where, *paths],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 130, ended.stderr
    assert ended.stderr == ""
    assert server.router.running().lines() == before
    assert server.router.saved().lines() == before
    deadline = time.monotonic() + PATIENCE
    while server.router.sessions:
        assert time.monotonic() < deadline, "a session was left behind"
        time.sleep(0.02)


CONNECTING = """\
import signal, sys
sys.path.insert(0, sys.argv[2])
from components.office.login import Login
from components.office.transport import SshTransport

signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.3)
try:
    SshTransport(Login("127.0.0.1", int(sys.argv[1]), "ops", "pw", "", "", timeout=30.0))
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_connecting_can_be_interrupted() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = str(silent.getsockname()[1])
        begin = time.monotonic()
        ended = subprocess.run(
            [sys.executable, "-c", CONNECTING, port, str(Path(__file__).parents[2])],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (130, "")
    assert time.monotonic() - begin < 25.0
