"""Text from routers, people and the API as Markdown that stays text.

A description may hold a fence, a pipe, a mention or a mark that turns the writing direction: none
of it may become markup, notify anybody or hide a line from a reviewer.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from ..office.syntax import masked

_LONGEST_CELL: Final = 160
# Controls, and format characters: among them those that reorder what is shown, or show nothing.
_UNSEEN: Final = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
# A colon is left alone where no address of a page and no emoji can begin or end at it.
_MARKUP: Final = re.compile(r"[&<>`*_\[\]~#@!|\\$]|:(?=\S)|(?<=www)\.", re.IGNORECASE)
# GitHub looks for people and issues in the page that was made of the Markdown: an entity is the
# character again there, so something that nobody sees stands behind it (github/markup issue 1168).
_NAMES_FOLLOW: Final = re.compile(r"[@#](?=\S)|(?<=\bGH)-(?=\d)", re.IGNORECASE)
_NOTHING: Final = "\u200b"


def clean(text: str) -> str:
    """`text` without secrets of router lines, and with what cannot be seen made visible."""
    if text.isprintable():  # nearly every line is, and there are many
        return masked(text)
    return "".join(
        char if char == "\n" or unicodedata.category(char) not in _UNSEEN else _named(char)
        for char in masked(text).replace("\r\n", "\n").replace("\t", "    ")
    )


def _named(char: str) -> str:
    return f"\\u{{{ord(char):x}}}"


def words(text: str, most: int = _LONGEST_CELL) -> str:
    """`text` as running text of at most `most` characters: no markup, no mention, one line."""
    short = _cut(" ".join(clean(text).split()), most)
    apart = _NAMES_FOLLOW.sub(lambda found: f"{found[0]}{_NOTHING}", short)
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", apart)


def code(text: str) -> str:
    """`text` as code within a line, also within a cell of a table."""
    short = _cut("\u23ce".join(clean(text).split("\n")))
    if not short.strip():
        return ""
    if set(short) & set("`|\\"):
        return f"<code>{_entities(short)}</code>"
    return f"`{short}`"


def _entities(text: str) -> str:
    escaped = html.escape(text, quote=False)
    return re.sub(r"[`|\\*_~\[\]]", lambda found: f"&#{ord(found[0])};", escaped)


def _cut(text: str, most: int = _LONGEST_CELL) -> str:
    return text if len(text) <= most else text[: most - 1] + "\u2026"


def fenced(lines: Iterable[str], language: str = "") -> str:
    """A block of code around `lines`, with a fence that nothing inside can close."""
    body = "\n".join(clean(line) for line in lines)
    longest = max((len(run) for run in re.findall("`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def folded(summary: str, body: str, *, is_open: bool = False) -> str:
    """`body` under a line that opens it; `summary` is Markdown without block structure."""
    start = "<details open>" if is_open else "<details>"
    return f"{start}<summary>{summary}</summary>\n\n{body}\n\n</details>"
