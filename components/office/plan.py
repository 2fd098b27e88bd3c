"""From a running configuration to a wanted one: the commands to type, and those that undo them.

The order never lets traffic fall between two states that are both good: what opens a way (NAT
statics, filters) comes first, routes go away before the tunnel does and come after its lines, and
`tunnel enable` is last.  A line whose key stands already is replaced by typing it again, so a
changed value costs one command and the tunnel stays up meanwhile.

Commands hold the key as a placeholder until the moment they are typed (`with_key`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from . import config, syntax
from .config import Config, Scope, Statement
from .syntax import PSK_PLACEHOLDER, Key

_PSK: Final = "ipsec ike pre-shared-key "
_SELECT: Final = re.compile(r"(tunnel|pp) select (\S+)")
_DISABLE: Final = re.compile(r"(tunnel|pp) disable (\S+)")


@dataclass(frozen=True)
class Plan:
    """`commands` bring the wanted state; `undo`, typed after all of them, the old one."""

    commands: tuple[str, ...]
    undo: tuple[str, ...]


class _Step(IntEnum):
    """When a command is typed."""

    OPEN = 0
    ROUTE_AWAY = 1
    DISABLE = 2
    AWAY = 3
    BLOCK = 4
    ROUTE = 5
    ENABLE = 6
    CLOSE = 7


# By the first words of a line: when it is set, when it is taken away.
_STEPS: Final = (
    ("ip route", _Step.ROUTE, _Step.ROUTE_AWAY),
    ("tunnel enable", _Step.ENABLE, _Step.DISABLE),
    ("nat descriptor", _Step.OPEN, _Step.CLOSE),
    ("ip filter", _Step.OPEN, _Step.CLOSE),
    ("", _Step.BLOCK, _Step.AWAY),
)


def _steps(statement: Statement) -> tuple[_Step, _Step]:
    text = statement.key.words
    return next((on, off) for start, on, off in _STEPS if text.startswith(start))


@dataclass(frozen=True)
class _Change:
    step: _Step
    context: str
    command: str


def _is_psk(statement: Statement) -> bool:
    return statement.key.words.startswith(_PSK.strip())


def _differs(one: Statement, other: Statement | None, *, rekey: bool) -> bool:
    if other is None:
        return True
    if _is_psk(one):
        return rekey
    return not syntax.equal(one.text, other.text)


def _changes(
    have: Sequence[Statement], want: Sequence[Statement], *, rekey: bool, spare: bool
) -> list[_Change]:
    """What to type, in order.  With `spare`, lines that only say the default may stay."""
    had, wanted = {s.key: s for s in have}, {s.key: s for s in want}
    gone = [
        _Change(_steps(s)[1], s.context, syntax.no_form(s.text))
        for s in reversed(had.values())
        if s.key not in wanted and not (spare and wanted and syntax.is_default(s.text))
    ]
    new = [
        _Change(_steps(s)[0], s.context, syntax.masked(s.text) if _is_psk(s) else s.text)
        for s in wanted.values()
        if _differs(s, had.get(s.key), rekey=rekey)
    ]
    return sorted([*gone, *new], key=lambda change: change.step)


def _with_selects(changes: Iterable[_Change]) -> Iterator[str]:
    """Put the select lines where they are needed.

    IKE and policy lines are global, but stand inside a block all the same: no reason to leave it.
    """
    selected = ""
    for change in changes:
        inside = change.step in (_Step.BLOCK, _Step.AWAY)
        if selected and (not inside or change.context not in ("", selected)):
            selected = ""
            yield "tunnel select none"
        if change.context not in ("", selected):
            selected = change.context
            yield selected.replace(" ", " select ")
        yield change.command
    if selected:
        yield "tunnel select none"


def _commands(
    have: Sequence[Statement], want: Sequence[Statement], *, rekey: bool, spare: bool
) -> tuple[str, ...]:
    return tuple(_with_selects(_changes(have, want, rekey=rekey, spare=spare)))


def plan(running: Config, wanted: Config, scope: Scope, *, rekey: bool = False) -> Plan:
    """The fewest commands that turn our lines in `running` into those of `wanted`.

    `rekey`: the pre-shared key is another one although its line looks the same.  A line that is
    equal to its default and is not wanted may stay where the block stays; `undo` is exact.
    """
    have, want = running.owned(scope), wanted.owned(scope)
    commands = _commands(have, want, rekey=rekey, spare=True)
    # Nobody else's lines are touched, so what ours become is seen among ours.
    ours = replace(running, statements=have)
    return Plan(commands, undo_of(ours, apply_to(ours, commands), scope, rekey=rekey))


def undo_of(before: Config, now: Config, scope: Scope, *, rekey: bool = False) -> tuple[str, ...]:
    """What brings our lines back exactly as they were, from wherever a change has come to."""
    return _commands(now.owned(scope), before.owned(scope), rekey=rekey, spare=False)


def with_key(command: str, key: str) -> str:
    """The command as it is typed: the only place where the key enters it."""
    return command.replace(PSK_PLACEHOLDER, key) if command.startswith(_PSK) else command


def _typed(commands: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Each command as verb ("select", "set", "no"), context, and the line that it is about."""
    context = ""
    for command in commands:
        if select := _SELECT.fullmatch(command):
            context = "" if select[2] == "none" else f"{select[1]} {select[2]}"
            yield "select", context, ""
        elif disable := _DISABLE.fullmatch(command):
            yield "no", "", f"{disable[1]} enable {disable[2]}"
        elif command.startswith("no "):
            yield "no", context, command[3:]
        else:
            yield "set", context, command


def apply_to(running: Config, commands: Iterable[str]) -> Config:
    """What the router would hold after these commands: a model of the command reference 1.4."""
    lines: dict[Key, Statement] = {s.key: s for s in running.statements}
    contexts = dict.fromkeys(running.contexts)
    for verb, context, text in _typed(commands):
        key = syntax.key_of(text, context)
        if verb == "no":
            lines.pop(key, None)
        elif verb == "set":
            lines[key] = Statement(key.context, text)
            contexts |= {context: None} if context else {}
    standing = {s.context for s in lines.values()}
    left = tuple(c for c in contexts if c in standing or c in running.contexts)
    return replace(running, statements=tuple(lines.values()), contexts=left)


def touched(commands: Iterable[str]) -> tuple[tuple[str, Statement], ...]:
    """Each command that changes something, with the line that it is about."""
    found = list(commands)
    return tuple(
        (command, Statement(syntax.key_of(text, context).context, text))
        for command, (verb, context, text) in zip(found, _typed(found), strict=True)
        if verb != "select"
    )


# --- the live lines in the words of the text that we wrote ---------------------------------------


@dataclass(frozen=True)
class Live:
    """Our lines as they stand in the router; `key` is None if it is not shown or not there."""

    text: str
    key: str | None

    def __repr__(self) -> str:
        return f"Live({self.text!r}, key={'<hidden>' if self.key else None})"


def align(live: Config, reference_text: str, scope: Scope) -> Live:
    """Our live lines in the order, spelling and comments of the text that we wrote.

    Without drift this is the reference text itself.  A changed line stands in its place, a missing
    one is left out, an additional one comes at the end of its block.  A line that only says what
    its absence means is no difference as long as the block stands.
    """
    owned = {s.key: s for s in live.owned(scope)}
    reference = {s.number: s for s in config.parse(reference_text).statements}
    inside = replace(scope, keys=frozenset())
    alive = any(inside.owns(s) for s in owned.values())
    known = {s.key for s in reference.values()}
    extra = [
        s
        for s in owned.values()
        if s.key not in known and not (reference and syntax.is_default(s.text))
    ]
    block = [_as_printed(s) for s in extra if inside.owns(s)]
    block_end = max((n for n, s in reference.items() if inside.owns(s)), default=0)
    out: list[str] = []
    comments: list[str] = []
    for number, raw in enumerate(reference_text.splitlines(), start=1):
        statement = reference.get(number)
        if statement is None and not _SELECT.fullmatch(raw.strip()):
            comments.append(raw)
            continue
        if statement is None:
            shown = raw if alive else None
        else:
            shown = _as_written(statement, owned.get(statement.key), alive=alive)
        out += [] if shown is None else [*comments, shown]
        comments = []
        out += block if number == block_end else []
    out += comments
    if block and not block_end:
        out += [f"tunnel select {scope.tunnel}", *block]
    out += [syntax.masked(s.text) for s in extra if not inside.owns(s)]
    keys = [key for s in owned.values() if _is_psk(s) and (key := _shown_key(s))]
    return Live("".join(f"{line}\n" for line in out), keys[-1] if keys else None)


def _as_written(written: Statement, live: Statement | None, *, alive: bool) -> str | None:
    """The live line in the words of ours; None if the router does not have it."""
    if live is None:
        return written.raw if alive and syntax.is_default(written.text) else None
    mine, theirs = syntax.masked(written.text), syntax.masked(live.text)
    if syntax.equal(mine, theirs) or (_is_psk(live) and _shown_key(live) is None):
        return written.raw
    return written.raw[: len(written.raw) - len(written.raw.lstrip())] + theirs


def _as_printed(statement: Statement) -> str:
    """A line of our block with the blanks that `show config` puts before it."""
    in_block = statement.context or statement.key.words.startswith("tunnel enable")
    return (" " if in_block else "  ") + syntax.masked(statement.text)


def _shown_key(statement: Statement) -> str | None:
    """The key as it would have to be typed, if the router shows it."""
    found = syntax.match(statement.text)
    last = found.value[-1] if found and found.value else "*"
    return None if last in ("*", PSK_PLACEHOLDER) else last
