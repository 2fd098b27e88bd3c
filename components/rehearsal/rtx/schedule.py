"""Pure: when a `schedule at` line is due (command reference 37.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Commands that must not be scheduled.
FORBIDDEN: Final = (
    "administrator", "save", "show", "ping", "confirm", "rollback", "copy", "delete", "date",
    "time", "login", "telnet", "ssh", "schedule", "quit", "exit", "macro", "user",
    "tunnel template", "sshd host key", "console character", "console columns", "console lines",
)  # fmt: skip


class Entry(NamedTuple):
    """One line: `when` is a time or an event, `context` what is selected ("" = nothing)."""

    number: int
    date: str
    when: str
    context: str
    command: str

    def at_startup(self) -> bool:
        """Whether it runs when the router has booted."""
        return self.when == "startup"

    def due(self, moment: datetime) -> bool:
        """Whether it runs in this second."""
        if ":" not in self.when:
            return False
        hour, minute, second = (*self.when.split(":"), "00")[:3]
        month, _, day = self.date.partition("/")
        return (
            _fits(hour, moment.hour)
            and _fits(minute, moment.minute)
            and _fits(second, moment.second)
            and _fits(month, moment.month)
            and (_day_of_week(day, moment) if day[:1].isalpha() else _fits(day, moment.day))
        )

    def allowed(self) -> bool:
        """Whether the command may be scheduled at all."""
        return not re.match(rf"(?:{'|'.join(FORBIDDEN)})(?: |$)", self.command)


def entry(words: Sequence[str]) -> Entry:
    """Read the words after `schedule at`."""
    number, *rest = words
    date = rest.pop(0) if "/" in rest[0] else "*/*"
    when, where, *rest = rest
    context = "" if where == "*" else f"{where} {rest.pop(0)}"
    return Entry(int(number), date, when, context, " ".join(rest))


def _fits(spec: str, value: int) -> bool:
    for part in spec.split(","):
        first, dash, last = part.partition("-")
        if part == "*" or int(first) <= value <= int(last if dash else first):
            return True
    return False


def _day_of_week(spec: str, moment: datetime) -> bool:
    today = moment.weekday()
    for part in spec.split(","):
        first, _, last = part.partition("-")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        if (today - begin) % 7 <= (end - begin) % 7:
            return True
    return False
