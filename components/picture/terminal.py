"""A site drawn in text, for terminals of any kind.

Frames are plain ASCII: the box-drawing characters of Unicode are of ambiguous width, two columns
in many a Japanese terminal, where they would tear every frame apart.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from .seen import End, Picture

_MARKS: Final = {"proved": "+", "not proved": "!", "not made": ".", "not known": "?"}
_LINK: Final = " " * 6
_LEAST: Final = 44


def text(picture: Picture) -> str:
    """The picture, the office below the cloud."""
    ends = (picture.cloud, picture.office)
    width = max(_LEAST, *(columns(line) for end in ends for line in _lines(end)))
    lines = [
        f"{picture.name}  [{_MARKS[picture.status]}] {picture.status}",
        f"  {picture.proof}",
        *(f"  {note}" for note in picture.notes),
        "",
        *_box(picture.cloud, width),
        f"{_LINK}|",
        *(f"{_LINK}|  {label:<11}{value}" for label, value in picture.link),
        f"{_LINK}|",
        *_box(picture.office, width),
    ]
    return "\n".join(lines) + "\n"


def columns(line: str) -> int:
    """How many columns a text takes; what is ambiguous counts as narrow."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in line
    )


def _lines(end: End) -> Sequence[str]:
    return [end.title, *(f"{label:<16}{value}" for label, value in end.rows)]


def _box(end: End, width: int) -> Iterator[str]:
    title, *rows = _lines(end)
    yield f"  +- {title} {'-' * (width - columns(title) - 1)}+"
    for row in rows:
        yield f"  | {row}{' ' * (width - columns(row))} |"
    yield f"  +-{'-' * width}-+"
