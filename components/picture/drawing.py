"""Sites drawn as SVG: the office on the left, the cloud on the right, the tunnel between them.

Values are set in a font of fixed width, so that what fits is known: a longer text is cut, and whole
in its tooltip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from .seen import End, Picture
from .terminal import columns

_WIDTH: Final = 1120
_BOX: Final = 376  # width of an end
_MARGIN: Final = 20
_LINE: Final = 19
_HEAD: Final = 62  # name and proof, above the boxes
_GAP: Final = 34  # between two sites
_CHAR: Final = 7.3  # width of a character at 12 px in a font of fixed width
_LABEL: Final = 118
_COLOURS: Final = {
    "proved": "#2e9e4f",
    "not proved": "#d98200",
    "not made": "#8a8f98",
    "not known": "#8a8f98",
}
_STYLE: Final = (
    "text{font:12px 'DejaVu Sans Mono','Noto Sans Mono CJK JP',Menlo,Consolas,monospace;fill:#222}"
    ".name{font-size:17px;font-weight:bold}.title{font-weight:bold}.label{fill:#667}"
    ".end{fill:#f6f8fa;stroke:#c4c9d0}.note{fill:#b35900}"
)


def svg(pictures: Sequence[Picture]) -> str:
    """One document with every site, one below the other."""
    parts: list[str] = []
    y = _MARGIN
    for picture in pictures:
        parts += _site(picture, y)
        y += _height(picture) + _GAP
    height = max(y - _GAP + _MARGIN, 2 * _MARGIN + _LINE)
    names = ", ".join(picture.name for picture in pictures)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
            f'viewBox="0 0 {_WIDTH} {height}" role="img" aria-label={quoteattr(names)}>',
            f"<style>{_STYLE}</style>",
            f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
            *parts,
            "</svg>",
            "",
        )
    )


def _rows(picture: Picture) -> int:
    # One more in the middle, for the line itself.
    return max(len(picture.office.rows), len(picture.cloud.rows), len(picture.link) + 1)


def _top(picture: Picture) -> int:
    return _HEAD + len(picture.notes) * _LINE


def _height(picture: Picture) -> int:
    return _top(picture) + (_rows(picture) + 1) * _LINE + 22


def _site(picture: Picture, y: int) -> Iterator[str]:
    colour = _COLOURS[picture.status]
    yield f'<circle cx="{_MARGIN + 7}" cy="{y + 13}" r="7" fill="{colour}"/>'
    room = _WIDTH - 2 * _MARGIN - 24
    # The name is set larger, so less of it fits.
    yield _text("name", _MARGIN + 24, y + 19, picture.name, room * 12 / 17)
    yield _text("label", _MARGIN + 24, y + 40, picture.proof, room)
    for number, note in enumerate(picture.notes):
        yield _text("note", _MARGIN + 24, y + 40 + (number + 1) * _LINE, note, room)
    top = y + _top(picture)
    height = (_rows(picture) + 1) * _LINE + 22
    right = _WIDTH - _MARGIN - _BOX
    yield from _end(picture.office, _MARGIN, top, height)
    yield from _end(picture.cloud, right, top, height)
    yield from _tunnel(picture, _MARGIN + _BOX, right, top + height / 2, colour)


def _end(end: End, x: int, y: float, height: int) -> Iterator[str]:
    yield f'<rect class="end" x="{x}" y="{y}" width="{_BOX}" height="{height}" rx="6"/>'
    yield _text("title", x + 14, y + 24, end.title, _BOX - 28)
    for number, (label, value) in enumerate(end.rows):
        row = y + 24 + (number + 1) * _LINE + 4
        yield _text("label", x + 14, row, label, _LABEL - 8)
        yield _text("", x + 14 + _LABEL, row, value, _BOX - 28 - _LABEL)


def _tunnel(picture: Picture, left: int, right: int, middle: float, colour: str) -> Iterator[str]:
    """A line from end to end, what is agreed above and below it."""
    dash = "" if picture.status == "proved" else ' stroke-dasharray="9 6"'
    yield (
        f'<line x1="{left}" x2="{right}" y1="{middle}" y2="{middle}" stroke="{colour}" '
        f'stroke-width="5"{dash}/>'
    )
    above = (len(picture.link) + 1) // 2
    for number, (label, value) in enumerate(picture.link):
        lines_up = above - number
        y = middle - lines_up * _LINE + 6 if lines_up > 0 else middle + (1 - lines_up) * _LINE + 4
        said = value if label == "numbers" else f"{label} {value}"
        yield _text("", (left + right) / 2, y, said, right - left - 16, centred=True)


def _text(kind: str, x: float, y: float, said: str, room: float, *, centred: bool = False) -> str:
    """A text that takes no more than `room`."""
    most = int(room / _CHAR)
    shown = said if columns(said) <= most else _cut(said, most)
    attributes = (f' class="{kind}"' if kind else "") + (' text-anchor="middle"' if centred else "")
    tip = f"<title>{escape(said)}</title>" if shown != said else ""
    return f'<text x="{x:g}" y="{y:g}"{attributes}>{escape(shown)}{tip}</text>'


def _cut(said: str, most: int) -> str:
    while said and columns(said) > most - 1:
        said = said[:-1]
    return said + "\u2026"
