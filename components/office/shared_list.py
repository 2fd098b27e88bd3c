"""A line that several own: the list of filters on an interface (command reference 8.1.25).

Typing `ip lan2 secure filter in A B dynamic C` replaces the whole list, so nobody can add a filter
without typing everybody else's numbers too.  We own the numbers of our own `ip filter` lines in it
and nothing else: the line is written as it was previewed or not at all, and what we take away are
our numbers, never the list.

Pure.  The lists inside our own tunnel's block are ours as a whole and none of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from ..errors import DeviceError
from .config import Config, Scope, Statement
from .syntax import Key

LONGEST: Final = 129
"""The most filters that a list may name."""

_LIST: Final = re.compile(r"ip (?!tunnel )\S+ secure filter (?:in|out)")
_FILTER: Final = re.compile(r"ip filter (\d+)")


class Numbers(NamedTuple):
    """What a list names: static filters, in the order in which they are tried, and dynamic ones."""

    static: tuple[str, ...]
    dynamic: tuple[str, ...] = ()

    @classmethod
    def read(cls, value: str) -> Numbers:
        """The numbers of what follows `in` or `out`."""
        words = value.split()
        at = words.index("dynamic") if "dynamic" in words else len(words)
        return cls(tuple(words[:at]), tuple(words[at + 1 :]))

    def __str__(self) -> str:
        return " ".join([*self.static, *(["dynamic", *self.dynamic] if self.dynamic else [])])

    def without(self, numbers: Iterable[str]) -> Numbers:
        """The list without these static filters."""
        gone = set(numbers)
        return self._replace(static=tuple(n for n in self.static if n not in gone))


def is_list(key: Key) -> bool:
    """Whether this is the key of a list that others share with us."""
    return _LIST.fullmatch(key.words) is not None


def numbers(statement: Statement) -> Numbers:
    """What this list names."""
    return Numbers.read(" ".join(statement.text.split()[len(statement.key.words.split()) :]))


def our_filters(keys: Iterable[Key]) -> frozenset[str]:
    """The numbers of the static filters among the keys of a scope."""
    found = (_FILTER.fullmatch(key.words) for key in keys)
    return frozenset(line[1] for line in found if line)


def names_ours(statement: Statement, scope: Scope) -> bool:
    """Whether a filter of ours stands in this list."""
    return not our_filters(scope.keys).isdisjoint(numbers(statement).static)


def without_ours(statement: Statement, scope: Scope) -> Statement | None:
    """The list as it is without us; None if nobody else has a filter in it."""
    others = numbers(statement).without(our_filters(scope.keys))
    if not others.static:
        return None
    return Statement(statement.context, f"{statement.key.words} {others}")


def owned(config: Config, scope: Scope) -> tuple[Statement, ...]:
    """Our statements; a list is one of them as long as it names a filter of ours."""
    return tuple(s for s in config.owned(scope) if not is_list(s.key) or names_ours(s, scope))


def foreign(config: Config, scope: Scope) -> tuple[Statement, ...]:
    """Everybody else's statements, with their part of the lists that they share with us."""
    return tuple(_foreign(config.statements, scope))


def _foreign(statements: Sequence[Statement], scope: Scope) -> Iterator[Statement]:
    for statement in statements:
        if not scope.owns(statement):
            yield statement
        elif is_list(statement.key) and (others := without_ours(statement, scope)):
            yield others


def left_behind(
    have: Sequence[Statement], want: Sequence[Statement], scope: Scope
) -> Iterator[Statement]:
    """The lists that are not wanted any more, as they are to stand without our filters.

    Raises `DeviceError` if nothing would be left of one: an interface without a list is open.
    """
    wanted = {s.key for s in want}
    for statement in have:
        if is_list(statement.key) and statement.key not in wanted:
            others = without_ours(statement, scope)
            if others is None:
                raise DeviceError(
                    f"`{statement.text}` names our filters only",
                    attempted="take our filters out of the list",
                    state="nothing was changed",
                    remedy="decide by hand what shall pass there: without the list everything does",
                )
            yield others


def surprises(running: Config, wanted: Config, scope: Scope) -> tuple[str, ...]:
    """The lists whose foreign part is not what was previewed, as they stand in the router.

    Typing the previewed line would undo what somebody else has done to the list meanwhile.
    """
    return tuple(
        standing.text if (standing := _standing(s.key, running)) else f"no {s.key.words}"
        for s in wanted.statements
        if moved(s, running, scope)
    )


def refuse_surprises(running: Config, wanted: Config, scope: Scope) -> None:
    """Raise `DeviceError` if a list that we share is not what the preview showed, ours aside."""
    if found := surprises(running, wanted, scope):
        raise DeviceError(
            "a list of filters is not the one that was previewed",
            said="\n".join(found),
            attempted="compare other people's part of the lists that our filters stand in",
            state="nothing was changed",
            remedy="run `sakura-rtx plan --site S --write`, look at the preview and run up again",
        )


def _standing(key: Key, running: Config) -> Statement | None:
    return next((s for s in running.statements if s.key == key), None)


def moved(statement: Statement, running: Config, scope: Scope) -> bool:
    """Whether this is a list, and somebody else's part of it another one in `running`."""
    if not is_list(statement.key):
        return False
    standing, ours = _standing(statement.key, running), our_filters(scope.keys)
    return standing is None or numbers(standing).without(ours) != numbers(statement).without(ours)
