"""From a running configuration to a wanted one: the commands to type, and those that undo them.

The order never lets traffic fall between two states that are both good: what opens a way (NAT
statics, filters, the route to the VPC router itself) comes first and goes away last, routes into
the tunnel go away before it does and come after its lines, then comes `tunnel enable`.  A list
never names a filter that does not exist.  A line whose key stands already is replaced by typing it
again, so a changed value costs one command and the tunnel stays up meanwhile.

Commands hold the key as a placeholder until the moment they are typed (`with_key`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from . import config, shared_list, syntax
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

    UNWATCH = 0
    OPEN = 1
    LENGTHEN = 2
    ROUTE_AWAY = 3
    DISABLE = 4
    AWAY = 5
    BLOCK = 6
    ROUTE = 7
    ENABLE = 8
    SHORTEN = 9
    CLOSE = 10
    WATCH = 11


# By the beginning of a line: when it is set, when it is taken away.
_STEPS: Final = tuple(
    (re.compile(start), on, off)
    for start, on, off in (
        (r"ip route \S+ gateway tunnel ", _Step.ROUTE, _Step.ROUTE_AWAY),
        (r"ip route ", _Step.OPEN, _Step.CLOSE),
        (r"(?:tunnel|pp) enable ", _Step.ENABLE, _Step.DISABLE),
        (r"nat descriptor ", _Step.OPEN, _Step.CLOSE),
        (r"ip filter ", _Step.OPEN, _Step.CLOSE),
        (r"ip (?!tunnel )\S+ secure filter ", _Step.LENGTHEN, _Step.SHORTEN),
        # A watchdog that watches a tunnel in the making would act on it.
        (r"ip keepalive ", _Step.WATCH, _Step.UNWATCH),
        (r"", _Step.BLOCK, _Step.AWAY),
    )
)


def _steps(statement: Statement) -> tuple[_Step, _Step]:
    text = " ".join(statement.text.split())
    return next((on, off) for start, on, off in _STEPS if start.match(text))


def _when_set(statement: Statement, had: Statement | None) -> _Step:
    """When a line is typed that comes, or comes in place of another."""
    if had is not None and shared_list.is_list(statement.key):
        left = set(shared_list.numbers(statement).static)
        if left < set(shared_list.numbers(had).static):
            return _Step.SHORTEN
    return _steps(statement)[0]


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


def _is_default(statement: Statement, router: Config) -> bool:
    return syntax.is_default(statement.text, router.model, router.revision)


_Spared = Callable[[Statement], bool]
"""Whether a line may stay as it is, there or not: it only says its default, in a block that stays.
"""


def _changes(
    have: Sequence[Statement], want: Sequence[Statement], *, rekey: bool, spared: _Spared
) -> list[_Change]:
    """What to type, in order."""
    had, wanted = {s.key: s for s in have}, {s.key: s for s in want}
    enabled = any(key.words.startswith("tunnel enable ") for key in had.keys() & wanted.keys())
    gone = [
        _Change(_steps(s)[1], s.context, syntax.no_form(s.text))
        for s in reversed(had.values())
        if s.key not in wanted and not spared(s)
    ]
    new = [
        _Change(
            _when_set(s, had.get(s.key)),
            s.context,
            syntax.masked(s.text) if _is_psk(s) else s.text,
        )
        for s in wanted.values()
        if _differs(s, had.get(s.key), rekey=rekey)
        and not (enabled and s.key not in had and spared(s))
    ]
    return sorted([*gone, *new], key=lambda change: change.step)


def _with_selects(changes: Iterable[_Change]) -> Iterator[str]:
    """Put the select lines where they are needed.

    IKE and policy lines are global, but stand inside a block all the same: no reason to leave it.
    """
    selected = ""
    for change in changes:
        nested = change.context == "" and change.step in (_Step.BLOCK, _Step.AWAY)
        if selected and not nested and change.context != selected:
            yield _leave(selected)
            selected = ""
        if change.context not in ("", selected):
            selected = change.context
            yield selected.replace(" ", " select ")
        yield change.command
    if selected:
        yield _leave(selected)


def _leave(context: str) -> str:
    return f"{context.split()[0]} select none"


def _commands(
    have: Sequence[Statement], want: Sequence[Statement], *, rekey: bool, spared: _Spared
) -> tuple[str, ...]:
    return tuple(_with_selects(_changes(have, want, rekey=rekey, spared=spared)))


def plan(running: Config, wanted: Config, scope: Scope, *, rekey: bool = False) -> Plan:
    """The fewest commands that turn our lines in `running` into those of `wanted`.

    `rekey`: the pre-shared key is another one although its line looks the same.  Where a block is
    enabled and stays, a line that only says its default is neither typed nor taken away (one that
    was never enabled is half made, and gets every line); `undo` is exact.  A list of filters that
    is not wanted any more loses our filters and stays (`shared_list`).
    Raises `DeviceError` if it names ours only.
    """
    have, want = running.owned(scope), wanted.owned(scope)
    stays, block = bool(want), replace(scope, keys=frozenset())

    def spared(statement: Statement) -> bool:
        # Lines of a block that we move away from are ours by their keys alone: none of them stays.
        return stays and block.owns(statement) and _is_default(statement, running)

    want += tuple(shared_list.left_behind(have, want, scope))
    commands = _commands(have, want, rekey=rekey, spared=spared)
    # Nobody else's lines are touched, so what ours become is seen among ours.
    ours = replace(running, statements=have)
    return Plan(commands, undo_of(ours, apply_to(ours, commands), scope, rekey=rekey))


def undo_of(before: Config, now: Config, scope: Scope, *, rekey: bool = False) -> tuple[str, ...]:
    """What brings our lines back exactly as they were, from wherever a change has come to."""
    return _commands(now.owned(scope), before.owned(scope), rekey=rekey, spared=lambda _: False)


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
    owned = {s.key: s for s in shared_list.owned(live, scope)}
    reference = {s.number: s for s in config.parse(reference_text).statements}
    inside = replace(scope, keys=frozenset())
    alive = any(inside.owns(s) for s in owned.values())
    standing = {s.context for s in owned.values()}
    standing |= {f"tunnel {scope.tunnel}"} if alive else set()
    known = {s.key for s in reference.values()}
    extra = [
        s for s in owned.values() if s.key not in known and not (reference and _is_default(s, live))
    ]
    block = [_as_printed(s) for s in extra if inside.owns(s)]
    block_end = max((n for n, s in reference.items() if inside.owns(s)), default=0)
    out: list[str] = []
    comments: list[str] = []
    for number, raw in enumerate(reference_text.splitlines(), start=1):
        statement = reference.get(number)
        select = None if statement else _SELECT.fullmatch(raw.strip())
        if statement:
            there = owned.get(statement.key)
            silent = there is None and alive and _is_default(statement, live)
            shown = raw if silent else _as_written(raw, there)
        elif select:
            shown = raw if f"{select[1]} {select[2]}" in standing else None
        else:
            comments.append(raw)
            continue
        out += [] if shown is None else [*comments, shown]
        comments = []
        out += block if number == block_end else []
    out += comments
    if block and not block_end:
        out += [f"tunnel select {scope.tunnel}", *block]
    out += _outside([s for s in extra if not inside.owns(s)])
    keys = [key for s in owned.values() if _is_psk(s) and (key := _shown_key(s))]
    return Live("".join(f"{line}\n" for line in out), keys[-1] if keys else None)


def _as_written(raw: str, live: Statement | None) -> str | None:
    """The live line in the words of ours, which are `raw`; None if the router does not have it."""
    if live is None:
        return None
    mine, theirs = syntax.masked(raw.strip()), syntax.masked(live.text)
    if syntax.equal(mine, theirs) or (_is_psk(live) and _shown_key(live) is None):
        return raw
    return raw[: len(raw) - len(raw.lstrip())] + theirs


def _as_printed(statement: Statement) -> str:
    """A line of our block with the blanks that `show config` puts before it."""
    in_block = statement.context or statement.key.words.startswith("tunnel enable")
    return (" " if in_block else "  ") + syntax.masked(statement.text)


def _outside(statements: Iterable[Statement]) -> Iterator[str]:
    """Lines of ours outside of our block, the router's own first, others under their selects."""
    selected = ""
    for statement in sorted(statements, key=lambda each: each.context):
        if statement.context != selected:
            selected = statement.context
            yield selected.replace(" ", " select ")
        yield (" " if selected else "") + syntax.masked(statement.text)


def _shown_key(statement: Statement) -> str | None:
    """The key as it would have to be typed, if the router shows it."""
    found = syntax.match(statement.text)
    last = found.value[-1] if found and found.value else "*"
    if last in ("*", PSK_PLACEHOLDER):
        return None
    # Quotes that need not be there are the same key; others have to be typed with it.
    bare = syntax.plain(last)
    return bare if re.fullmatch(r"\w+", bare, re.ASCII) else last
