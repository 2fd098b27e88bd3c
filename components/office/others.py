"""Other people's lines and keys: what of them is in our way, and what of them has moved.  Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

from ..errors import DeviceError
from . import free, plan, shared_list, syntax
from .config import Config, Scope, Statement, parse, scope_of
from .syntax import Key

Touched: TypeAlias = tuple[str, Statement]
"""A command, and the line that it is about."""


def refuse_taken(
    running: Config,
    scope: Scope,
    *,
    expected: str,
    wanted: str,
    unsaved: Collection[Key],
    new_router: bool = False,
) -> None:
    """Raise `DeviceError` if lines of somebody else stand where ours go.

    Not somebody else's: what we wrote the last time (`expected`); what is as we want it and was
    never saved, or everything as we want it (a creation or a change that was cut off).  On a
    `new_router` nothing is ours by its number: only what is as we wrote it into the one before, or
    as we want it (somebody restored its configuration).
    """
    mine = shared_list.owned(running, scope)
    wants, wrote = _lines(wanted), _lines(expected)
    if new_router:
        taken = [s for s in mine if all(_differs(s, t.get(s.key)) for t in (wants, wrote))]
    elif plan.align(running, wanted, scope).text == wanted:
        taken = []
    else:
        ours = _scope_then(expected) if expected else None
        new = [s for s in mine if not (ours and ours.owns(s))]
        taken = [s for s in new if s.key not in unsaved or _differs(s, wants.get(s.key))]
    if taken:
        raise DeviceError(
            "what this site wants to write is taken by somebody else",
            said="\n".join(map(_shown, taken)),
            attempted=f"write {numbers(scope)}",
            state="nothing was changed",
            remedy=free.in_words(running, scope),
        )


def refuse_unsaved(commands: Sequence[str]) -> None:
    """Raise `DeviceError` if there are any: what would take unsaved work of somebody else back."""
    if commands:
        raise DeviceError(
            "the router holds changes of somebody else that are not saved",
            said="\n".join(map(syntax.masked, commands)),
            attempted="compare the running with the saved configuration",
            state="nothing was changed; the lines below would take those changes back",
            remedy="let them be saved or taken back first, or save them with ours: "
            "office.allow_unsaved: true",
        )


def of_unsaved(
    commands: Iterable[str], running: Config, scope: Scope
) -> tuple[tuple[Touched, ...], tuple[Touched, ...]]:
    """Commands that would take unsaved lines back, with the line each is about: about lines of
    ours, about others'; a list that both have a part in is theirs if their part of it moved."""
    ours: list[Touched] = []
    theirs: list[Touched] = []
    for command, line in plan.touched(commands):
        mine = scope.owns(line) and not shared_list.moved(line, running, scope)
        (ours if mine else theirs).append((command, line))
    return tuple(ours), tuple(theirs)


def refuse_unknown_key(undo: Sequence[str], scope: Scope) -> None:
    """Raise `DeviceError` if a key that the router hides would have to be put back."""
    if any(syntax.PSK_PLACEHOLDER in line for line in undo):
        raise DeviceError(
            "the key that stands in the router is not known, so the change could not be undone",
            attempted=f"plan the change of {numbers(scope)}",
            state="nothing was changed",
            remedy="give the old key, or take the key line out of the router by hand",
        )


def _lines(text: str) -> dict[Key, str]:
    return {s.key: s.text for s in parse(text).statements}


def _scope_then(expected: str) -> Scope:
    """What was ours the last time; a text that names no numbers owns only its own lines."""
    try:
        return scope_of(expected)
    except ValueError:
        return Scope(0, 0, 0, frozenset(s.key for s in parse(expected).statements))


def numbers(scope: Scope) -> str:
    """The three numbers of a tunnel, in words."""
    return f"tunnel {scope.tunnel}, policy {scope.policy}, gateway {scope.gateway}"


def moved(before: Sequence[Statement], after: Sequence[Statement]) -> list[str]:
    """What was lost (-) and what came (+), whatever the order; secrets masked."""
    had, has = Counter(before), Counter(after)
    lost, came = (had - has).elements(), (has - had).elements()
    return [*(f"- {_shown(s)}" for s in lost), *(f"+ {_shown(s)}" for s in came)]


def _differs(statement: Statement, wanted: str | None) -> bool:
    """Whether a line is not as we want it, the key aside."""
    return wanted is None or not syntax.equal(syntax.masked(statement.text), wanted)


def _shown(statement: Statement) -> str:
    text = syntax.masked(statement.text)
    return f"{statement.context}: {text}" if statement.context else text
