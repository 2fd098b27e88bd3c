"""A log at the highest level of a whole apply holds no key and no password."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest
from office_rig import KEY, OLD_KEY, SCOPE, WANTED

from components.clock import ManualClock, SystemClock
from components.errors import DeviceError, LoginRefused
from components.office.apply import GuardedChange
from components.office.login import Login
from components.rehearsal.rtx.device import Router
from components.rehearsal.rtx.server import RtxServer

PRIVATE = asyncssh.generate_private_key("ssh-ed25519")
SECRETS = ("CANARY", "PRIVATE KEY", PRIVATE.export_private_key().decode().splitlines()[2])


class Everything(logging.Handler):
    """All that a record holds, not its message alone."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.said: list[str] = []
        self.loggers: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.loggers.add(record.name)
        self.said += [record.getMessage(), *map(repr, record.__dict__.values())]

    def holds(self, secret: str) -> list[str]:
        return [said for said in self.said if secret in said]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RtxServer]:
    router = Router(tmp_path, clock=ManualClock())
    router.set_password("ops", "login-CANARY")
    router.set_administrator_password("admin-CANARY")
    (router.folder / "authorized_keys").mkdir()
    known = PRIVATE.export_public_key().decode()
    (router.folder / "authorized_keys" / "ops").write_text(known, "ascii")
    server = RtxServer(router)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Everything]:
    """Every logger says all it can."""
    everything, root = Everything(), logging.getLogger()
    names = [name for name in logging.root.manager.loggerDict if not name.startswith("hypothesis")]
    levels = {name: logging.getLogger(name).level for name in ("", *names)}
    for name in levels:
        logging.getLogger(name).setLevel(1)
    root.addHandler(everything)
    asyncssh.set_debug_level(3)
    monkeypatch.setattr(asyncio.BaseEventLoop, "get_debug", lambda self: True)
    yield everything
    asyncssh.set_debug_level(1)
    root.removeHandler(everything)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def change(
    login: Login, log: Everything, wanted: str, key: str | None, expected: str, old: str | None
) -> None:
    made = GuardedChange(
        login,
        SCOPE,
        wanted,
        key,
        expected_text=expected,
        old_key=old,
        clock=SystemClock(),
        progress=log.said.append,
        log=log.said.append,
    )
    with made:
        made.start()
        made.keep()
    log.said.append(f"{made.result!r} {login!r}")


@pytest.mark.parametrize("by", ["password", "key"])
def test_a_log_of_everything_holds_no_secret(server: RtxServer, log: Everything, by: str) -> None:
    way = Login(
        "127.0.0.1", server.port, "ops", "login-CANARY", "admin-CANARY", server.host_key, 10.0
    )
    if by == "key":
        way = replace(way, password="", key=PRIVATE.export_private_key().decode())
    change(way, log, WANTED, OLD_KEY, "", None)
    change(way, log, WANTED, KEY, WANTED, OLD_KEY)
    assert f"  ipsec ike pre-shared-key 2 text {KEY}" in server.router.saved().lines()
    change(way, log, "", None, WANTED, KEY)
    for attempt in (replace(way, administrator_password="no-CANARY"), replace(way, key="x-CANARY")):
        with pytest.raises((LoginRefused, DeviceError)) as refused:
            change(attempt, log, WANTED, KEY, "", None)
        log.said.append(f"{refused.value} {refused.value!r}")
    assert "asyncssh" in log.loggers
    # It would be seen: the lines themselves are there, and so are the packets that carried them.
    assert log.holds("ipsec ike pre-shared-key 2 text <psk>")
    assert log.holds("MSG_USERAUTH_REQUEST")
    assert log.holds("MSG_CHANNEL_DATA")
    for secret in SECRETS:
        assert log.holds(secret) == []
