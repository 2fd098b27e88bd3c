"""Both ends of a tunnel under every fault: both new with traffic, or both old, and the cause named.

Between the ends stands the model of the link, not a real key exchange; what stands is read by a
witness of its own (`tunnel_operations`).  After a loss or a kill the guards run out before anything
is judged.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))

from tunnel_causes import CAUSES, Cause
from tunnel_faults import CALLS, REFUSALS, AtACall, AtALine, Killed, Refusal, clients_of, impatient
from tunnel_operations import OPERATIONS, Stage, staged
from tunnel_world import Wire, demo

from components import tunnel
from components.doctor import Reach, diagnose, first_broken, look
from components.errors import VpnError

from .table import Case

_REPEATED = 2  # of a line that is typed again and again, as while traffic is waited for
_AT_A_LINE = ("refused", "lost", "unanswered")
# The doctor's words for a change that was killed between the ends.
_HALF = (
    "a change is half made",
    "a rotation that was killed between the ends leaves this",
    "peer-address-mismatch",  # the ISP's new address, and not yet at the cloud end
)
_DOUBT = "unless it has got the last line that we sent"
_UNSAVED = "the cloud end was left as new as the office end"


@contextmanager
def _set(name: str) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory() as folder, staged(OPERATIONS[name], Path(folder)) as stage:
        yield stage


@dataclass(frozen=True)
class _Finished:
    """An undisturbed run: the router's lines before and after it, what was typed and called."""

    old: list[str]
    new: list[str]
    typed: tuple[str, ...]
    calls: tuple[str, ...]


@cache
def _finished(name: str) -> _Finished:
    line, call = AtALine(), AtACall()
    with _set(name) as stage:
        old, _ = stage.lines()
        stage.world.wire = line.wire
        stage.run(**clients_of(stage, call))
        assert (found := stage.read()) == stage.new, f"{name} undisturbed: {found}"
        running, saved = stage.lines()
        assert running == saved
        return _Finished(old, running, tuple(line.lines), tuple(call.calls))


def _state(stage: Stage, old: list[str]) -> str:
    """Which of the two both ends are in: the values in force, traffic, and every line."""
    found, (running, saved) = stage.read(), stage.lines()
    new = _finished(stage.operation.name).new
    if found == stage.new and running == saved == new:
        return "new"
    if found == stage.old and running == saved == old:
        return "old"
    named = [{tuple(old): "old", tuple(new): "new"}.get(tuple(t)) for t in (running, saved)]
    raise AssertionError(f"neither old nor new: running, saved {named}; {found}")


def _attempt(stage: Stage, **options: Any) -> str:
    """Do it; what the error says, "" without one.  No key is in it."""
    said = ""
    try:
        stage.run(**options)
    except VpnError as error:
        said = f"{type(error).__name__}: {error}"
    keys = {wish.key for wish in (stage.wish, stage.before) if wish}
    assert not [key for key in keys if key in said], "a key is shown"
    return said


# --- at a line, at a call -------------------------------------------------------------------------


def _line(name: str, kind: str, at: int, survive: bool) -> str:
    """The router refuses a line, or is gone from a line on."""
    with _set(name) as stage:
        old, _ = stage.lines()
        stage.world.router.sessions_survive = survive
        stage.world.wire = AtALine(kind, at).wire
        said = _attempt(stage)
        stage.guards_run_out()
        came_out = _left(stage, old, said) or _state(stage, old)
        if came_out not in ("old", "new"):
            stage.world.wire = Wire
            stage.run()
            assert _state(stage, old) == "new", "the next up did not make it whole"
    assert said or came_out == "new", "nothing was said"
    return f"{came_out}, said so" if said else came_out


def _left(stage: Stage, old: Sequence[str], said: str) -> str:
    """What may be left where the line was lost once the router had been told to keep the change,
    and nobody can tell it anything any more; "" if that is not it."""
    running, saved = stage.lines()
    if running != _finished(stage.operation.name).new or saved != old:
        return ""
    if _UNSAVED in said and stage.read() == stage.new:
        return "new, not saved"
    return "in doubt" if _DOUBT in said else ""


def _call(name: str, path: str, refusal: Refusal) -> str:
    """The API refuses, does not answer, or its answer is lost."""
    with _set(name) as stage:
        old, _ = stage.lines()
        refusal.at(stage, path)
        said = _attempt(stage, client=impatient(stage), calm=stage.world.recovering())
        stage.guards_run_out()
        came_out = _state(stage, old)
    if came_out == "old":
        assert "office end as before" in said, said
    return f"{came_out}, said so" if said else came_out


# --- no traffic -----------------------------------------------------------------------------------


def _silent(name: str, cause: Cause, on_failure: str) -> str:
    with _set(name) as stage:
        with cause.brought_about(stage):
            old = stage.lines()
            said = _attempt(stage, on_failure=on_failure)
            assert said, "traffic came all the same"
            assert not cause.key or cause.key not in said, "the other key is shown"
            missing = [word for word in cause.says if word not in said]
            assert not missing, f"{missing} not in: {said}"
            if on_failure == "keep":
                assert said.startswith(tunnel.NotProved.__name__), said
                assert stage.world.look(stage.wish).lines == stage.wish.lines
                return "kept, cause named"
            assert "cloud end as before; office end as before" in said, said
            assert stage.lines() == old, "the office end is not as before"
        # What was in the way is gone: the old pair carries traffic as it did.
        stage.guards_run_out()
        assert (found := stage.read()) == stage.old, f"not as before: {found}"
    return "old, cause named"


# --- killed ---------------------------------------------------------------------------------------


def _killed(name: str, at_line: int, at_call: int, after: bool, at_once: bool) -> str:
    """Our process is gone; the doctor looks, and the next `up` makes both ends new.

    `at_once`: the next `up` comes while the guard still stands.
    """
    line = AtALine("killed", at_line)
    call = AtACall(at_call, after, line)
    with _set(name) as stage:
        old, _ = stage.lines()
        new = _finished(name).new
        stage.world.wire = line.wire
        with suppress(Killed, VpnError):
            stage.run(**clients_of(stage, call))
        assert line.over, "it was not killed"
        stage.world.wire = Wire
        between = "at once"
        if not at_once:
            stage.guards_run_out()
            between = _between(stage, old, new)
        stage.run()
        stage.guards_run_out()
        assert (found := stage.read()) == stage.new, f"the next up left {found}"
        running, saved = stage.lines()
        assert running == saved == new, f"the next up left lines: {set(running) ^ set(new)}"
    return f"{between}, then new"


def _between(stage: Stage, old: Sequence[str], new: Sequence[str]) -> str:
    """What the kill has left when the guard has run out, and whether the doctor sees it."""
    running, saved = stage.lines()
    office = {tuple(old): "old", tuple(new): "new"}.get(tuple(running))
    assert office, f"the office end is neither old nor new: {set(running) ^ set(old)}"
    assert saved in (old, new), "what is saved is neither"
    found = stage.read()
    if found in (stage.old, stage.new):
        return f"both {office}"
    reach = Reach(lambda: stage.world.login, lambda: stage.world.client, "", stage.router_id)
    site = stage.operation.site or demo()
    seen = look("demo", site, reach, clock=stage.world.clock, say=stage.world.say)
    first = first_broken(diagnose(seen))
    assert first, f"the doctor sees nothing; office {office}, {found}"
    assert any(words in first.cause for words in _HALF), f"the doctor says: {first.cause}"
    return f"office {office}, cloud not: named"


# --- all of them ----------------------------------------------------------------------------------


def _lines(name: str) -> Iterator[tuple[int, str]]:
    """Every line of an undisturbed run, those that repeat only a few times."""
    seen: Counter[str] = Counter()
    for at, line in enumerate(_finished(name).typed):
        seen[line] += 1
        if seen[line] <= _REPEATED:
            yield at, line


def cases() -> list[Case]:
    """Every operation under every fault at every place."""
    found = []
    for name, operation in OPERATIONS.items():
        for at, line in _lines(name):
            for kind in _AT_A_LINE:
                for survive in (True, False) if kind == "unanswered" else (True,):
                    ends = "" if survive else "; session ends"
                    run = partial(_line, name, kind, at, survive)
                    found.append(Case(f"line {kind}{ends}", f"{name}, line {at}: {line}", run))
            for at_once in (False, True):
                when = "at once" if at_once else "after the guard"
                run = partial(_killed, name, at, -1, False, at_once)
                found.append(Case(f"killed; up {when}", f"{name}, line {at}: {line}", run))
        for at, call in enumerate(_finished(name).calls):
            for after in (False, True):
                run = partial(_killed, name, -1, at, after, False)
                where = f"{name}, {'after' if after else 'before'} {call}"
                found.append(Case("killed; up after the guard", where, run))
        for call, path in CALLS.items():
            for refusal in REFUSALS:
                run = partial(_call, name, path, refusal)
                found.append(Case(f"{call} {refusal.name}", name, run))
        if operation.site:
            found += _silences(name)
    return found


def _silences(name: str) -> Iterator[Case]:
    for cause in CAUSES:
        if not cause.only or name in cause.only:
            run = partial(_silent, name, cause, "back")
            yield Case(f"no traffic: {cause.name.partition(' (')[0]}", f"{name}: {cause.name}", run)
        if name == "create" and not cause.only:
            yield Case(
                "no traffic, kept", f"{name}: {cause.name}", partial(_silent, name, cause, "keep")
            )
