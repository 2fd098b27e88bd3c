"""What goes wrong while a tunnel is made, changed or taken away: at the lines, and at the calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import requests
from tunnel_operations import Stage
from tunnel_world import CREDENTIALS, Wire

from components.clock import ManualClock
from components.cloud.api import Client
from components.cloud.limits import Limits
from components.errors import Unreachable
from components.rehearsal.rtx import Router

PATIENCE: Final = 0.2  # seconds that a client waits for an answer here; they are real


class Killed(BaseException):
    """Our process is gone: nothing of ours runs any more."""


@dataclass
class AtALine:
    """What happens at the n-th line that goes to the RTX; n < 0: nothing.

    `refused`: the router does not take it.  `lost`: it does not arrive, and nobody gets through any
    more.  `unanswered`: it arrives, but no answer comes and nobody gets through any more.
    `killed`: it arrives, and our process is gone.
    """

    kind: str = ""
    at: int = -1
    lines: list[str] = field(default_factory=list)
    over: bool = False

    def wire(self, router: Router, clock: ManualClock, user: str) -> Wire:
        """In the place of `tunnel_world.Wire`."""
        if self.over:
            raise Unreachable("the router does not answer")
        return _Wire(self, router, clock, user)

    @property
    def here(self) -> bool:
        """Whether the line that goes out now is the one."""
        return len(self.lines) - 1 == self.at


class _Wire(Wire):
    def __init__(self, trouble: AtALine, *rest: Any) -> None:
        super().__init__(*rest)
        self._trouble = trouble

    def write(self, text: str) -> None:
        trouble = self._trouble
        if trouble.over:
            return
        if not text.endswith("\r"):
            super().write(text)
            return
        trouble.lines.append(text.strip())
        if not trouble.here:
            super().write(text)
        elif trouble.kind == "refused":
            self._refuse(text)
        else:
            trouble.over = True
            if trouble.kind != "lost":
                super().write(text)
            if trouble.kind == "killed":
                raise Killed

    def _refuse(self, text: str) -> None:
        """The router shows what was typed and does not take it."""
        super().write(text[:-1])
        echo, self._shown = self._shown, b""
        super().write("\x03")
        prompt = self._shown.rsplit(b"\n", 1)[-1]
        self._shown = echo + b"\r\nError: refused by the rehearsal\r\n" + prompt

    def read(self, timeout: float) -> str:
        if self._trouble.over:
            raise ConnectionError("gone")
        return super().read(timeout)

    def close(self) -> None:
        if not self._trouble.over:  # else the router learns of it by itself, or not at all
            super().close()


@dataclass
class AtACall:
    """Our process is gone before or after its n-th call of the API; n < 0: never.

    It is gone, too, once it was killed `at_line`; and what is gone types nothing any more.
    """

    at: int = -1
    after: bool = False
    at_line: AtALine = field(default_factory=AtALine)
    calls: list[str] = field(default_factory=list)

    def end(self) -> None:
        """Our process is gone."""
        self.at_line.over = True
        raise Killed


class _Client(Client):
    trouble: AtACall

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> requests.Response:
        trouble = self.trouble
        trouble.calls.append(f"{method} {path}")
        here = len(trouble.calls) - 1 == trouble.at
        if trouble.at_line.over or (here and not trouble.after):
            trouble.end()
        answer = super()._send(method, path, body)
        if here:
            trouble.end()
        return answer


def clients_of(stage: Stage, trouble: AtACall) -> dict[str, Any]:
    """The clients of the change, which go with our process."""
    client = _Client(CREDENTIALS, "is1b", root_url=stage.world.api.root, clock=stage.world.user)
    client.trouble = trouble
    return {"client": client, "calm": client}


def impatient(stage: Stage) -> Client:
    """A client that takes a late answer for none."""
    credentials = replace(CREDENTIALS, limits=Limits(timeout=PATIENCE))
    return stage.world.client_of(credentials, stage.world.user)


@dataclass(frozen=True)
class Refusal:
    """What the API does at one of the two calls, once or until we go back."""

    name: str
    kind: str
    seconds: float = 0.0
    lasting: bool = True

    def at(self, stage: Stage, path: str) -> None:
        """Arm it."""
        times = 1000 if self.lasting else 1
        stage.world.sakura.faults.add("PUT", path, self.kind, times, seconds=self.seconds)


REFUSALS: Final = tuple(
    replace(each, name=f"{each.name}{', lasting' if lasting else ', once'}", lasting=lasting)
    for each in (
        Refusal("is refused", "conflict"),
        Refusal("is refused as busy", "service_unavailable"),
        Refusal("times out", "reset_before", 3 * PATIENCE),
        Refusal("loses its answer", "reset_after"),
    )
    for lasting in (False, True)
)
CALLS: Final = {"PUT settings": "appliance/*", "PUT config": "appliance/*/config"}

Happening = Callable[[Stage], object]
