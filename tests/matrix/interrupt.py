"""Ctrl-C at every step of a change: what is on its way is finished or undone, never left between.

A step is everything that may take time: a line that goes out, an answer that is waited for.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

sys.path.append(str(Path(__file__).parents[1] / "office"))

from office_rig import KEY, Wire

from . import office as at
from .table import Case

_SURVIVES = {True: "lives on", False: "ends"}


@dataclass
class _CtrlC:
    """Raises KeyboardInterrupt once, at the n-th step; n < 0: never.

    `steps` are the lines that were typed last at each step.
    """

    step: int
    steps: list[str] = field(default_factory=list)
    line: str = ""

    def tick(self) -> None:
        self.steps.append(self.line)
        if len(self.steps) - 1 == self.step:
            raise KeyboardInterrupt


class _Wire(Wire):
    """Every write and every read is a step; a line that was interrupted is on its way already."""

    ctrl_c: _CtrlC

    def write(self, text: str) -> None:
        super().write(text)
        self.ctrl_c.line = text.strip()
        self.ctrl_c.tick()

    def read(self, timeout: float) -> str:
        self.ctrl_c.tick()
        return super().read(timeout)


@dataclass(frozen=True)
class _Outcome:
    """What stood before, when our process had ended, and when the router's guards had run out."""

    old: list[str]
    at_once: list[str]
    running: list[str]
    saved: list[str]
    steps: list[str]


def _run(name: str, guard: str, step: int, *, survive: bool) -> _Outcome:
    kind, ctrl_c = at._KINDS[name], _CtrlC(step)
    with at._prepared(kind, at._GUARDS[guard], survive=survive) as office:
        old = office.lines()
        with (
            patch("office_rig.Wire", type("Wire", (_Wire,), {"ctrl_c": ctrl_c})),
            suppress(KeyboardInterrupt),
        ):
            at._change(office, kind)
        assert all(wire.gone for wire in office.wires), "a connection was left open"
        at_once = office.lines()
        for _ in range(10):
            office.pass_time(60)
        return _Outcome(old, at_once, office.lines(), office.saved(), ctrl_c.steps)


@cache
def _finished(name: str, guard: str) -> _Outcome:
    return _run(name, guard, -1, survive=True)


def _typing(name: str, step: str) -> bool:
    """Whether a line of the change itself was typed last."""
    kind = at._KINDS[name]
    texts = (kind.wanted, kind.before or "")
    lines = {line.strip().replace("<psk>", KEY) for text in texts for line in text.splitlines()}
    return step.removeprefix("no ") in lines - {""}


def _case(name: str, guard: str, step: int, survive: bool) -> str:
    whole = _finished(name, guard)
    found = _run(name, guard, step, survive=survive)
    names = {tuple(found.old): "old", tuple(whole.running): "new"}
    saved, running, at_once = (
        names.get(tuple(lines)) for lines in (found.saved, found.running, found.at_once)
    )
    assert saved, f"saved is neither old nor new: {set(found.saved) ^ set(found.old)}"
    assert running, f"running is neither old nor new: {set(found.running) ^ set(found.old)}"
    assert at_once == "old" or not _typing(name, whole.steps[step]), "it was not undone at once"
    if running != saved:
        return f"{running}, saved {saved}"
    return f"{running} at once" if at_once == running else f"{running} by the guards"


def cases() -> list[Case]:
    """Every step of every change, for two kinds of routers and both ends of a dead connection."""
    return [
        Case(
            f"Ctrl-C; {guard}; session {_SURVIVES[survive]}",
            f"{name}, step {step}",
            partial(_case, name, guard, step, survive),
        )
        for guard in ("timer + dated load", "dated restart")
        for survive in _SURVIVES
        for name in at._KINDS
        for step in range(len(_finished(name, guard).steps))
    ]
