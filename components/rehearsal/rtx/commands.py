"""The commands of one firmware, and the row that a typed line belongs to.

Lines that a configuration holds and no row describes are kept as they are; typed, they are an
invalid command name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from . import tables
from .firmware import Firmware
from .grammar import Pattern, Refusal, Word, same_network, split

if TYPE_CHECKING:
    from collections.abc import Callable

    from .console import Console
    from .dialogue import Job

    Handler = Callable[[Console, "Found"], Job]

Scope = Literal["", "tunnel", "pp"]
Kind = Literal["line", "enable", "disable", "action"]


@dataclass(frozen=True)
class Command:
    """One row: where the command may be typed, by whom, and what it does.

    `scope` is the kind of block that must be selected ("" = anywhere).  A `line` becomes part of
    the configuration; `enable` writes one line for each number given and `disable` takes those
    lines away; an `action` does what its handler says, and it has a `no` form only if it is
    `negatable`.
    """

    pattern: Pattern
    scope: Scope = ""
    kind: Kind = "line"
    administrator: bool = True
    negatable: bool = False
    handler: Handler | None = None


class Action(NamedTuple):
    """A command that does something: its row as `tables` writes them, and its handler."""

    row: str
    handler: Handler
    administrator: bool = True
    negatable: bool = False


_CONDITION: Final = re.compile(r"([+-])(\S.*?)\s*$")


def rows(table: str, firmware: Firmware, **columns: Any) -> Iterator[Command]:
    """The commands of one table that this firmware has."""
    for line in table.strip().splitlines():
        pattern, _, notes = line.partition(";")
        condition = _CONDITION.search(notes)
        if condition is None or firmware.has(condition[2]) is (condition[1] == "+"):
            yield Command(Pattern(firmware.pattern(pattern.strip())), **columns)


class Found(NamedTuple):
    """The row that a line belongs to, and its words as the router writes them.

    `refusal` says what is wrong with the words, if anything is.
    """

    row: Command
    identity: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    refusal: Refusal | None = None

    @property
    def key(self) -> str:
        """What a line has in common with the one it replaces."""
        words = [ALIASES.get(word, word) for word in self.identity]
        if words[:2] == ["ip", "route"]:
            words[2] = same_network(words[2])
        return " ".join(words)

    @property
    def text(self) -> str:
        """The line as `show config` prints it."""
        return " ".join((*self.identity, *self.values))


# Two names of one thing (15.48.1); the line keeps the name that was typed.
ALIASES: Final = {"child-sa": "ipsec-sa", "ike-sa": "isakmp-sa"}

# Where several rows fail at the same word, the most telling complaint is made (unverified).
_TELLING: Final = ("address", "range", "keyword", "integer", "count", "command")


class Table:
    """Commands by their first word."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self.rows: tuple[Command, ...] = tuple(commands)
        self._by_word: dict[str, list[Command]] = {}
        for row in self.rows:
            self._by_word.setdefault(row.pattern.head[0], []).append(row)

    def lookup(
        self, words: Sequence[Word], *, negated: bool = False, abbreviated: bool = False
    ) -> Found:
        """The row for a line (for `negated`: the words after `no`); raises `Refusal` if none.

        `abbreviated`: keywords may be cut short where only one is meant.
        """
        failures: list[tuple[int, int, Found]] = []
        lower = tuple(word.value.lower() for word in words)
        for row in self._by_word.get(lower[0], ()):
            if not row.pattern.begins(lower):
                continue
            try:
                return _fitted(row, words, negated=negated)
            except Refusal as refusal:
                failure = Found(row, refusal=refusal)
                failures.append((-refusal.position, _TELLING.index(refusal.code), failure))
        if abbreviated and (found := self._abbreviated(words, negated=negated)):
            return found
        if not failures:
            raise Refusal("command")
        return min(failures, key=lambda failure: failure[:2])[2]

    def _abbreviated(self, words: Sequence[Word], *, negated: bool) -> Found | None:
        """The only line that the words can stand for; raises `Refusal` if there are several."""
        meant: dict[str, Found] = {}
        for row in self.rows:
            with suppress(Refusal):
                found = _fitted(row, words, negated=negated, loose=True)
                meant.setdefault(found.text, found)
        if len(meant) > 1:
            raise Refusal("keyword")
        return next(iter(meant.values()), None)


def _fitted(row: Command, words: Sequence[Word], *, negated: bool, loose: bool = False) -> Found:
    if negated and row.kind != "enable":
        return Found(row, row.pattern.match_identity(words, loose=loose))
    return Found(row, *row.pattern.match(words, loose=loose))


@cache
def configuration(firmware: Firmware) -> tuple[Command, ...]:
    """The commands that become lines of the configuration."""
    return (
        *rows(tables.ROUTES, firmware),
        *rows(tables.GLOBAL, firmware),
        *rows(tables.CONSOLE, firmware, administrator=False),  # of some it is stated (4.22, 4.23)
        *rows(tables.IPSEC, firmware),
        *rows(tables.SCHEDULE, firmware),
        *rows(tables.TUNNEL, firmware, scope="tunnel"),
        *rows(tables.PP, firmware, scope="pp"),
        *rows(tables.ENABLE, firmware, kind="enable"),
        *rows(tables.DISABLE, firmware, kind="disable"),
    )


def actions(firmware: Firmware, known: Iterable[Action]) -> Iterator[Command]:
    """The rows of commands that do something."""
    for each in known:
        yield from rows(
            each.row,
            firmware,
            kind="action",
            administrator=each.administrator,
            negatable=each.negatable,
            handler=each.handler,
        )


@cache
def _file(firmware: Firmware) -> Table:
    return Table((*rows(tables.STORED, firmware), *configuration(firmware)))


def line(text: str, firmware: Firmware) -> Found | None:
    """The row of a configuration line that was typed before or read from a file, if it has one."""
    words = split(text)
    if not words:
        return None
    try:
        found = _file(firmware).lookup(words)
    except Refusal:
        return None
    return None if found.refusal else found
