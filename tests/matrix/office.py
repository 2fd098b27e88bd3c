"""The office end under every fault at every line: old or new in the end, never between."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

sys.path.append(str(Path(__file__).parents[1] / "office"))

from office_rig import AGREEMENT, KEY, LOGIN, OLD_KEY, SCOPE, SITE, WANTED, Rig, Wire, rig

from components.errors import VpnError
from components.office import guards
from components.office.apply import GuardedChange
from components.office.config import Scope, scope_of
from components.office.filters import Filter
from components.office.render import render
from components.rehearsal.rtx.behaviour import Behaviour

from .table import Case

_STRONGER = WANTED.replace("encryption 2 aes-cbc", "encryption 2 aes256-cbc")
# With filters of ours in a list of others, which must be back in the end as it was.
_LISTED = render(
    AGREEMENT,
    replace(
        SITE,
        filters=(Filter(2001, "in", "udp"), Filter(2002, "in", "esp")),
        lists=(("in", "1010 1020 1021 2001 2002 1030 1031 1032 1033 1040 1099"),),
    ),
)
_SILENT = frozenset({"", LOGIN.password, LOGIN.administrator_password})


class _Killed(BaseException):
    """Our process is gone: nothing of ours runs any more."""


@dataclass(frozen=True)
class _Kind:
    """A change: what stood before (None: nothing), what is wanted."""

    before: str | None
    old_key: str | None
    wanted: str
    key: str | None
    scope: Scope = SCOPE


_KINDS = {
    "create": _Kind(None, None, WANTED, KEY),
    "change": _Kind(WANTED, KEY, _STRONGER, KEY),
    "key": _Kind(WANTED, OLD_KEY, WANTED, KEY),
    "delete": _Kind(WANTED, KEY, "", None),
    "list": _Kind(None, None, _LISTED, KEY, scope_of(_LISTED)),
    "unlist": _Kind(_LISTED, KEY, "", None, scope_of(_LISTED)),
}


@dataclass(frozen=True)
class _Guards:
    """A router by what it can do.

    `timer` False: it knows no rollback timer; `loads` False: a `load` in a schedule does nothing.
    """

    model: str = "RTX1220"
    revision: str = "15.04.03"
    timer: bool = True
    loads: bool = True


_GUARDS = {
    "timer + dated load": _Guards(),
    "timer + load in +SEC": _Guards(revision="15.04.04"),
    "dated load": _Guards(timer=False),
    "dated load that does nothing": _Guards(timer=False, loads=False),
    "dated restart": _Guards("RTX1210", "14.01.27", timer=False),
}


@dataclass
class _Fault:
    """What happens at the n-th line that is typed; n < 0: nothing."""

    name: str
    line: int
    seen: int = -1
    over: bool = False
    office: Rig = field(init=False)

    def feed(self, original: Callable[[Wire, bytes], bytes], wire: Wire, data: bytes) -> bytes:
        if self.over:
            raise _Killed
        if not data.endswith(b"\r"):
            return original(wire, data)
        self.seen += 1
        if self.seen != self.line:
            return original(wire, data)
        if self.name == "refused":
            return _refused(original, wire, data)
        if self.name == "reboot":
            self.office.router.reboot()
            return b""
        shown = original(wire, data)
        self.over = self.name == "killed"
        if self.over:
            raise _Killed
        return shown

    def cut(self, _line: str) -> bool:
        """Whether the line is lost, with all that would follow."""
        return self.name == "cut" and 0 <= self.line <= self.seen + 1


def _refused(original: Callable[[Wire, bytes], bytes], wire: Wire, data: bytes) -> bytes:
    """The router shows what was typed and does not take it."""
    echo, prompt = original(wire, data[:-1]), original(wire, b"\x03")
    return echo + b"\r\nError: refused by the rehearsal\r\n" + prompt.rsplit(b"\n", 1)[-1]


def _change(office: Rig, kind: _Kind) -> None:
    with GuardedChange(
        LOGIN,
        kind.scope,
        kind.wanted,
        kind.key,
        expected_text=kind.before or "",
        old_key=kind.old_key,
        clock=office.clock,
        progress=office.log.append,
        connect=office.connect,
    ) as made:
        made.start()
        made.keep()


@contextmanager
def _prepared(kind: _Kind, router: _Guards, *, survive: bool) -> Iterator[Rig]:
    with tempfile.TemporaryDirectory() as folder:
        office = rig(
            Path(folder),
            model=router.model,
            revision=router.revision,
            sessions_survive=survive,
            behaviour=Behaviour(scheduled_load=router.loads),
        )
        with patch.object(guards, "abilities", partial(_abilities, router)):
            if kind.before is not None:
                _change(office, _Kind(None, None, kind.before, kind.old_key, kind.scope))
            yield office


_ABILITIES = guards.abilities


def _abilities(router: _Guards, *known: str) -> guards.Abilities:
    return replace(_ABILITIES(*known), **({} if router.timer else {"timer": False}))


def _run(kind: _Kind, router: _Guards, fault: _Fault, *, survive: bool) -> tuple[Rig, list[str]]:
    """The router after the fault and after its guards have run out, and what stood before."""
    original = Wire.feed
    with _prepared(kind, router, survive=survive) as office:
        old = office.lines()
        fault.office, office.cut = office, fault.cut
        with (
            patch.object(Wire, "feed", lambda wire, data: fault.feed(original, wire, data)),
            suppress(VpnError, _Killed),
        ):
            _change(office, kind)
        for wire in office.wires:
            wire.close()
        for _ in range(10):
            office.pass_time(60)
        return office, old


@cache
def _finished(kind: _Kind, router: _Guards) -> tuple[list[str], int]:
    """The new state, and how many lines are typed on the way there."""
    fault = _Fault("none", -1)
    office, old = _run(kind, router, fault, survive=True)
    assert office.lines() == office.saved() != old
    return office.lines(), fault.seen + 1


def _plain(lines: list[str]) -> list[str]:
    """Without what a reading leaves for the next one to put back: it is never saved."""
    return [line for line in lines if not line.startswith(("console columns", "console lines"))]


def _case(kind: _Kind, router: _Guards, fault: str, line: int, survive: bool) -> str:
    new, _ = _finished(kind, router)
    office, old = _run(kind, router, _Fault(fault, line), survive=survive)
    names = {tuple(old): "old", tuple(new): "new"}
    saved = names.get(tuple(office.saved()))
    assert saved, f"saved is neither old nor new: {set(office.saved()) ^ set(old)}"
    running = names.get(tuple(_plain(office.lines())))
    assert running, f"running is neither old nor new: {set(office.lines()) ^ set(old)}"
    return running if running == saved else f"{running}, saved {saved}"


def cases() -> list[Case]:
    """Every line of every change, under every fault, guard, and end of a dead connection."""
    return [
        Case(
            f"{fault}; {guard}; session {'lives on' if survive else 'ends'}",
            f"{name}, line {line}",
            partial(_case, kind, router, fault, line, survive),
        )
        for guard, router in _GUARDS.items()
        for fault in ("cut", "killed", "refused", "reboot")
        for survive in ((True, False) if fault in ("cut", "killed") else (True,))
        for name, kind in _KINDS.items()
        for line in range(_finished(kind, router)[1])
    ]
