"""A changed configuration as text again: what was not changed comes back as it was read.

Pure.  Comments, blanks, order, spelling and line ends belong to whoever keeps the file; only lines
that were changed, added or taken away differ.  A changed line stands in its place, with its
indentation; an added one below the line that is most like it, in its own block.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Final, NamedTuple

from . import config, syntax
from .config import Config, Statement

END: Final = r"(?:\r\r\n|\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])"
"""All that ends a line where a text is split into lines."""

_LAST_END: Final = re.compile(rf"{END}\Z")
_LAST: Final = ("tunnel enable", "pp enable")
"""Lines that stand at the end of a block: what is added comes before them."""


class Piece(NamedTuple):
    """One line of what is written: line `number` of the source, or a new one (0).

    `text` stands in place of that line, without its end; None: the line is as it was.
    """

    number: int
    text: str | None = None

    def __repr__(self) -> str:
        return f"Piece({self.number})"


@dataclass(frozen=True)
class _Line:
    """A line on the way; `block` is the context that an unknown line in its place would have."""

    piece: Piece
    block: str
    indent: str
    text: str = field(repr=False)
    statement: Statement | None = None


def text_of(after: Config) -> str:
    """The source of `after` with the changes of its statements in it.

    Without a change it is the source itself.  Read again, it has the statements of `after`.
    """
    lines = after.source.splitlines(keepends=True)
    usual = most_usual(map(line_end, lines))
    out, ended = "", True
    for number, text in pieces(after):
        end = line_end(lines[number - 1]) if number else usual
        out += lines[number - 1] if text is None else usual * (not ended) + text + end
        ended = bool(end)
    return out


def line_end(line: str) -> str:
    """What ends a line, of all that may; "": nothing."""
    found = _LAST_END.search(line, max(0, len(line) - 3))
    return found[0] if found else ""


def most_usual(ends: Iterable[str]) -> str:
    """The end that a new line gets, with CR and LF only."""
    found = Counter(end for end in ends if end and not end.strip("\r\n"))
    return found.most_common(1)[0][0] if found else "\n"


def pieces(after: Config) -> list[Piece]:
    """What to write, line by line."""
    lines = _standing(after)
    placed = -1
    for statement in _added(after):
        placed = _place(lines, statement, placed)
    if not _indented(lines):
        lines = list(_closed(lines))
    return [line.piece for line in lines]


def _indented(lines: Iterable[_Line]) -> bool:
    return any(line.indent[:1] == " " and line.text for line in lines)


def _closed(lines: Iterable[_Line]) -> Iterator[_Line]:
    """Where nothing is indented (any more), only a select line ends a block."""
    current = ""
    for line in lines:
        select = config.selected(line.text)
        current = current if select is None else select
        known = line.statement is None or syntax.command_of(line.text) is not None
        if current and not known and not line.block:
            text = f"{current.split()[0]} select none"
            yield _Line(Piece(0, text), "", "", text)
            current = ""
        yield line


def _source_lines(source: str) -> Iterator[_Line]:
    """The lines of the text that was read, each with the statement that it is."""
    raws = source.splitlines()
    indented = config.has_indentation(raws)
    standing = {s.number: s for s in config.parse(source).statements}
    current = ""
    for number, raw in enumerate(raws, start=1):
        text = raw.strip()
        select = config.selected(text)
        current = current if select is None else select
        statement = standing.get(number)
        outside = indented and bool(text) and not raw[0].isspace() and select is None
        block = (statement.context if statement else "") or ("" if outside else current)
        indent = raw[: len(raw) - len(raw.lstrip())]
        yield _Line(Piece(number), block, indent, text, statement)


def _standing(after: Config) -> list[_Line]:
    """The lines of the source that stay, changed or not.

    Where several have one key, the last one is what the router took.
    """
    wanted = {s.key: s for s in after.statements}
    lines = list(_source_lines(after.source))
    last = {line.statement.key: line.piece.number for line in lines if line.statement}
    kept: list[_Line] = []
    for line in lines:
        if line.statement is None:
            kept.append(line)
            continue
        want = wanted.get(line.statement.key)
        if want is None:
            continue
        if want.text != line.statement.text and last[want.key] == line.piece.number:
            piece = Piece(line.piece.number, line.indent + want.text)
            line = replace(line, piece=piece, text=want.text, statement=want)  # noqa: PLW2901
        kept.append(line)
    return kept


def _added(after: Config) -> Iterable[Statement]:
    known = {s.key for s in config.parse(after.source).statements}
    return (s for s in after.statements if s.key not in known)


def _home(statement: Statement) -> str:
    """The block that a line belongs into; "": the router's own."""
    tunnel = statement.named("tunnel")
    return statement.context or ("" if tunnel is None else f"tunnel {tunnel}")


def _place(lines: list[_Line], new: Statement, before: int) -> int:
    """Put a line where it belongs; its index.  `before` is that of the one put in before it."""
    home = _home(new)
    at = _below(lines, new, home, before)
    if at is None and home:
        kind, _, name = home.partition(" ")
        select = f"{kind} select {name}"
        lines.append(_Line(Piece(0, select), home, "", select))
        at = len(lines) - 1
    like = _Line(Piece(0), "", "", "") if at is None else lines[at]
    indent = like.indent
    if home and not indent:
        standing = [line for line in lines if line.statement]
        indent = " " if not standing or any(line.indent[:1] == " " for line in standing) else ""
    if at is None:
        at = len(lines) - 1 if syntax.command_of(new.text) else -1
    lines.insert(at + 1, _Line(Piece(0, indent + new.text), like.block, indent, new.text, new))
    return at + 1


def _below(lines: Sequence[_Line], new: Statement, home: str, before: int) -> int | None:
    """The index of the line that `new` comes below; None: no line is like it."""
    if home:
        return _most_like(new, {at: line for at, line in enumerate(lines) if line.block == home})
    owner = _owner(new)
    global_lines = {
        at: line
        for at, line in enumerate(lines)
        if line.statement and not line.statement.context and _owner(line.statement) == owner
    }
    if not syntax.command_of(new.text):
        # What the table does not know is told by its place alone.
        global_lines = {at: line for at, line in global_lines.items() if not line.block}
    if owner and not global_lines and before >= 0 and lines[before].block:
        # The lines of one gateway follow each other, in the block that they came with.
        return before
    return _most_like(new, global_lines)


def _owner(statement: Statement) -> tuple[str, int | None] | None:
    command = syntax.command_of(statement.text)
    return (command.owner, statement.named(command.owner)) if command and command.owner else None


def _most_like(new: Statement, lines: Mapping[int, _Line]) -> int | None:
    """The last of the lines that have most of the first words of the new one."""
    return max(lines, key=lambda at: (_common(lines[at].statement, new), at), default=None)


def _common(standing: Statement | None, new: Statement) -> int:
    if standing is None or standing.key.words.startswith(_LAST):
        return -1
    both = zip(standing.key.words.split(), new.key.words.split(), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], both))
