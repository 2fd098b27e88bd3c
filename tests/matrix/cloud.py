"""The cloud end under every fault at every call: the next `up` finishes; nothing twice, or lost."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import requests

from components.clock import ManualClock
from components.cloud.api import Client
from components.cloud.limits import Limits
from components.errors import Cancelled, VpnError
from components.rehearsal.sakura import Fault

from .table import Case

sys.path.append(str(Path(__file__).resolve().parents[1] / "cloud"))

from cloud_world import QUICK, Killed, Watched, World, world
from lives import KINDS, Before, judge

Json = dict[str, Any]

CLOUD = Path(__file__).resolve().parents[1] / "cloud"
PATIENCE = 0.25  # seconds that a client waits for an answer here
LONGEST = 4 * 3600.0  # seconds of the test's clock that one `up` may take under any fault


# --- what goes wrong


@dataclass(frozen=True)
class _Trouble:
    """`fault` comes from the cloud; `ends` is how our process ends at that call: it is gone, killed
    as a process of its own, or stops on request.

    `lasting`: at every call of this sort until the next `up`.  `only`: at this call alone.
    """

    fault: Fault | None = None
    ends: str = ""
    lasting: bool = False
    only: str = ""


def _fault(kind: str, **more: Any) -> Fault:
    return Fault("*", (), kind, **more)


_PASSING = {
    "423": _fault("locked"),
    "503": _fault("busy"),
    "503 with Retry-After": _fault("busy", retry_after=30),
    "429": _fault("too_many_request", status=429),
    "409 still_creating": _fault("still_creating"),
    "reset before it acted": _fault("reset_before"),
    "reset after it acted": _fault("reset_after"),
    "not JSON": _fault("not_json"),
}
_TROUBLES = {
    **{name: _Trouble(fault) for name, fault in _PASSING.items()},
    "timeout before it acted": _Trouble(_fault("reset_before", seconds=8 * PATIENCE)),
    "timeout after it acted": _Trouble(_fault("reset_after", seconds=8 * PATIENCE)),
    **{f"{name}, lasting": _Trouble(fault, lasting=True) for name, fault in _PASSING.items()},
    "creation fails": _Trouble(_fault("failed_creation"), only="POST /appliance"),
    "creation fails, lasting": _Trouble(
        _fault("failed_creation"), lasting=True, only="POST /appliance"
    ),
    "gone before the call": _Trouble(ends="before"),
    "gone after the call": _Trouble(ends="after"),
    "kill -9 before it acted": _Trouble(_fault("reset_before"), ends="kill -9"),
    "kill -9 after it acted": _Trouble(ends="kill -9"),
    "Ctrl-C at the call": _Trouble(ends="stop"),
}


class _Clock(ManualClock):
    """A clock on which the user may ask to stop."""

    stopped = False

    def wait(self, seconds: float) -> None:
        if self.stopped:
            raise Cancelled("stopped on request")
        super().wait(seconds)


class _Troubled(Watched):
    """The faults of a cloud that has one trouble, at its n-th call."""

    def __init__(self, at: int, trouble: _Trouble, clock: _Clock) -> None:
        super().__init__()
        self.at, self.trouble, self.clock, self.over = at, trouble, clock, False
        self.process: subprocess.Popen[bytes] | None = None

    def take(self, method: str, path: str) -> Fault | None:
        super().take(method, path)
        if self.over:
            return None
        now = len(self.asked)
        self.clock.stopped = self.trouble.ends == "stop" and now >= self.at
        if self.process and now == self.at:
            self.process.kill()
        again = self.trouble.lasting and now > self.at and self.asked[-1] == self.asked[self.at - 1]
        return self.trouble.fault if now == self.at or again else None


@dataclass
class _Deaths:
    """When our process is killed: before or after its n-th call."""

    at: int
    how: str
    calls: int = field(default=0)


class _Mortal(Client):
    deaths = _Deaths(0, "")

    def _send(self, method: str, path: str, body: Json | None) -> requests.Response:
        self.deaths.calls += 1
        now = self.deaths.calls == self.deaths.at
        if now and self.deaths.how == "before":
            raise Killed
        response = super()._send(method, path, body)
        if now and self.deaths.how == "after":
            raise Killed
        return response


def _client(here: World, deaths: _Deaths | None = None) -> Client:
    credentials = replace(here.credentials, limits=Limits(timeout=PATIENCE))
    client = _Mortal(credentials, "is1b", clock=here.clock, root_url=here.root)
    client.deaths = deaths or _Deaths(0, "")
    return client


@contextmanager
def _copy(before: Before) -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(before.folder / "api.json", folder)
        with world(Path(folder), **QUICK) as here:
            here.clock = _Clock()
            yield here


@cache
def _calls(name: str) -> tuple[str, ...]:
    """The calls of an undisturbed run, which itself ends well."""
    kind = KINDS[name]
    before = kind.before
    with _copy(before) as here:
        kind.act(here, _client(here), before.ids)
        calls = tuple(here.calls())
        judge(here, kind)
    return calls


def _killed(here: World, name: str, troubled: _Troubled) -> None:
    """Do it in a process of its own, which gets a SIGKILL in the middle of its n-th call."""
    ids = json.dumps(asdict(KINDS[name].before.ids))
    command = [sys.executable, str(CLOUD / "lives.py"), here.root, name, ids]
    environment = {**os.environ, "PYTHONPATH": str(CLOUD.parents[1])}
    with subprocess.Popen(command, env=environment) as process:
        troubled.process = process
        assert process.wait(60) == -signal.SIGKILL, "it was not killed"
    raise Killed


def _case(name: str, trouble: _Trouble, at: int) -> str:
    kind = KINDS[name]
    before = kind.before
    with _copy(before) as here:
        assert isinstance(here.clock, _Clock)
        troubled = here.sakura.faults = _Troubled(at, trouble, here.clock)
        outcome = "first up"
        try:
            if trouble.ends == "kill -9":
                _killed(here, name, troubled)
            kind.act(here, _client(here, _Deaths(at, trouble.ends)), before.ids)
        except (VpnError, Killed):
            outcome = "next up"
        assert len(troubled.asked) >= at - 1, "the call was never reached"
        assert here.clock.now() < LONGEST, f"it took {here.clock.now():.0f} s"
        troubled.over, here.clock.stopped = True, False
        kind.act(here, _client(here), before.ids)
        judge(here, kind)
    return outcome


def cases() -> list[Case]:
    """Every call of everything that is done, under every trouble; those of one trouble in an order
    of chance, always the same, so that a small sample meets many calls."""
    found = []
    for title, trouble in _TROUBLES.items():
        group = [
            Case(title, f"{name}, call {at}: {call}", partial(_case, name, trouble, at))
            for name in KINDS
            for at, call in enumerate(_calls(name), 1)
            if trouble.only in ("", call)
        ]
        random.Random(title).shuffle(group)
        found += group
    return found
