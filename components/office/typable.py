"""Whether the router's console takes a line as it is written.  Pure.

At the console a line is keys, not text: an unprotected `?` prints help and leaves the line standing
half typed, TAB completes, other control keys abort or erase (command reference 1.5, 2.4).  What is
typed after that is no longer what was meant.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 4095
"""The most columns of a line, full-width characters counted twice (command reference 1.5)."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# What is protected, by a backslash or in quotes, or one character that is not.
_PIECES: Final = re.compile(r"\\.|\"[^\"]*\"|'[^']*'|(?P<help>\?)|.", re.DOTALL)


def obstacle(line: str, encoding: str = "utf-8") -> str:
    """Why this line cannot be typed at a console of this encoding (a codec); "" if it can."""
    if found := _CONTROL.search(line):
        return f"the key {found[0]!r}, which acts at once"
    if any(piece["help"] for piece in _PIECES.finditer(line)):
        return 'a `?` that prints help: write it as `\\?` or in quotes ("...?")'
    if (length := sum(map(_columns, line))) > LONGEST:
        return f"{length} characters, and a line has {LONGEST} at most"
    missing = next((char for char in line if _echoed(char, encoding) != char), None)
    if missing is not None:
        other = _echoed(missing, encoding)
        instead = f", only {other!r}" if other else ""
        return f"{missing!r}, which its character set ({encoding}) does not have{instead}"
    return ""


def _columns(char: str) -> int:
    return 2 if not char.isascii() and unicodedata.east_asian_width(char) in "WF" else 1


def _echoed(char: str, encoding: str) -> str:
    """How a character comes back: Shift_JIS has one wave dash where Unicode has two."""
    try:
        return char.encode(encoding).decode(encoding)
    except UnicodeError:
        return ""
