"""What a terminal does to the text that a router prints."""

from __future__ import annotations

import unicodedata


def cut(text: str, columns: int = 80) -> str:
    """As a console of this width prints it; a wide character is not cut."""
    out: list[str] = []
    for line in text.split("\n"):
        piece, width = "", 0
        for char in line:
            wide = 2 if unicodedata.east_asian_width(char) in "WF" else 1
            if width + wide > columns - 1:
                out.append(piece)
                piece, width = "", 0
            piece, width = piece + char, width + wide
        out.append(piece)
    return "\n".join(out)


def paged(text: str, mark: str) -> str:
    """With something between the pages."""
    lines = text.split("\n")
    return "\n".join(mark * (n % 23 == 0 and n > 0) + line for n, line in enumerate(lines))


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()
