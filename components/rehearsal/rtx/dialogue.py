"""What a running command says to its terminal, one step after the other.

A command is a generator of steps: a text is a line of output, the others wait for something and
are answered with what was typed.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple


class Pause(NamedTuple):
    """Nothing happens for so many seconds."""

    seconds: float


class Ask(NamedTuple):
    """A question that is answered with one key, without a line end."""

    text: str


class Secret(NamedTuple):
    """A line that is not echoed."""

    prompt: str


class Line(NamedTuple):
    """A line that is echoed, as everything that is typed."""

    prompt: str


class Interrupted(Exception):
    """Ctrl-C was typed while the command paused."""


Step = str | Pause | Ask | Secret | Line
Job = Generator[Step, str, None]
