"""Pure: when a `schedule at` line is due, and what it may run (command reference 37.1)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from .firmware import Firmware

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FORBIDDEN: Final = (
    # what must not be scheduled, and the feature that allows it ("" = none)
    *((words, "") for words in (
        "administrator", "auth user", "bgp configure refresh", "cold start", "confirm",
        "console character", "console columns", "console lines", "copy", "date", "delete", "echo",
        "embedded file", "exit", "help", "import", "interface reset", "less", "login password",
        "login timer", "login user", "luac", "macro", "make directory", "nslookup",
        "ospf configure refresh", "packetdump", "ping", "ping6", "quit", "remote setup", "rename",
        "rollback timer", "rtfs", "save", "schedule at", "scp", "show", "ssh",
        "sshd host key generate", "sshd session", "telnet", "telnetd session", "time", "timezone",
        "traceroute", "traceroute6", "tunnel template", "user attribute",
    )),
    ("load", "load scheduled"),
    ("pp select", "select scheduled"),
    ("tunnel select", "select scheduled"),
)  # fmt: skip


class Entry(NamedTuple):
    """One line: `when` is a time, `+SEC` or an event, `context` what is selected ("" = nothing)."""

    number: int
    date: str
    when: str
    context: str
    command: str

    def at_startup(self) -> bool:
        """Whether it runs when the router has booted."""
        return self.when == "startup"

    @property
    def seconds(self) -> int | None:
        """How long after it was typed it runs, if it has no time of day."""
        return int(self.when) if self.when.startswith("+") else None

    def moments(self, after: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
        """Every second of the span (without its beginning) in which it runs."""
        if ":" not in self.when:
            return
        hour, minute, second = (*self.when.split(":"), "00")[:3]
        day = after.date()
        while day <= until.date():
            if self._on(day):
                for at in _times(hour, minute, second):
                    moment = dt.datetime.combine(day, at, after.tzinfo)
                    if after < moment <= until:
                        yield moment
            day += dt.timedelta(days=1)

    def _on(self, day: dt.date) -> bool:
        month, _, days = self.date.partition("/")
        by_name = re.search("[a-z]", days) is not None
        fits = _day_of_week(days, day) if by_name else _fits(days, day.day)
        return fits and _fits(month, day.month)

    def allowed(self, firmware: Firmware) -> bool:
        """Whether this command may be scheduled at all."""
        return not any(
            re.match(rf"{words}(?: |$)", self.command) and not (need and firmware.has(need))
            for words, need in FORBIDDEN
        )


def entry(words: Sequence[str]) -> Entry:
    """Read the words after `schedule at`."""
    number, *rest = words
    dated = rest.pop(0) if "/" in rest[0] else "*/*"
    when, where, *rest = rest
    context = "" if where == "*" else f"{where} {rest.pop(0)}"
    return Entry(int(number), dated, when, context, " ".join(rest))


def _times(hour: str, minute: str, second: str) -> Iterator[dt.time]:
    for h in range(24):
        if _fits(hour, h):
            yield from (dt.time(h, m, int(second)) for m in range(60) if _fits(minute, m))


def _fits(spec: str, value: int) -> bool:
    """Whether `1`, `1,2`, `2-7`, `2-`, `-7` or `*` holds a number."""
    for part in spec.split(","):
        first, dash, last = part.partition("-")
        if part == "*" or int(first or 0) <= value <= int((last or 99) if dash else first):
            return True
    return False


def _day_of_week(spec: str, day: dt.date) -> bool:
    """Whether `mon`, `sat,sun`, `mon-fri` or `-fri` (from Sunday on) holds a day."""
    for part in spec.split(","):
        first, dash, last = part.partition("-")
        begin = _DAYS.index(first or "sun")
        end = _DAYS.index(last or "sat") if dash else begin
        if (day.weekday() - begin) % 7 <= (end - begin) % 7:
            return True
    return False
