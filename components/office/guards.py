"""What brings the router back if we fail, by model and revision.

Guards stand beside each other, the next one `SPARE` seconds behind the one before.  The rollback
timer (command reference 56.7.31) is exact, but belongs to a session: whether it outlives a dead
connection is unverified (rtx-cli 6.2).  `schedule at` lines (37.1) belong to the configuration and
need no session: without them nothing is changed.  The first restores the saved configuration where
the revision may `load` in a schedule; that this works though nobody is there to type the passwords
of the saved configuration is unverified, so the last one restarts the router, which does the same
for certain.  They are armed first and fire last: what the timer restores still holds them, so they
also tell the next run that somebody was here.  The saved configuration never holds them, so the
first that works takes the others away.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from . import syntax
from .config import Config, Statement

SPARE: Final = 60
"""Seconds between one guard and the next, so that they never meet."""

# Without `no-key-generate` a load may make a new host key (56.7.30), and nobody would know it.
_LOAD, _RESTART = "load config {} silent no-key-generate", "restart"
_IDS: Final = range(65500, 65536)
_SOON_MOST: Final = 3600
_MODERN: Final = (0,)
_NEVER: Final = (10**9,)
_OURS: Final = re.compile(
    r"schedule at (\d+) (?:\+\d+|\d+/\d+ \d+:\d+:\d+) \* "
    rf"(?:load config [0-4] silent(?: no-key-generate)?|{_RESTART})"
)
_GONE: Final = re.compile(r"no schedule at (\d+)(?: .*)?")


@dataclass(frozen=True)
class Abilities:
    """What a router can do: the timer, `+SEC` in a schedule, `load` in a schedule."""

    timer: bool
    soon: bool
    load: bool


# First revision with: rollback timer, `schedule at +SEC`, `load` in a schedule (rtx-cli 6.2).
# That the newest models have all three in every revision is unverified, but for RTX1300's timer.
_SINCE: Final = {
    "RTX1210": ((14, 1, 26), (14, 1, 41), (14, 1, 28)),
    "RTX830": ((15, 2, 3), (15, 2, 3), (15, 2, 3)),
    "RTX1220": (_MODERN, (15, 4, 4), _MODERN),
    "RTX840": (_MODERN, _MODERN, _MODERN),
    "RTX1300": (_MODERN, _MODERN, _MODERN),
    "RTX3510": (_MODERN, _MODERN, _MODERN),
}
_UNKNOWN: Final = (_MODERN, _NEVER, _NEVER)


def abilities(model: str, revision: str) -> Abilities:
    """What this model can do at this revision ("15.04.03").

    An unknown model or revision is taken for one with a timer (it refuses if it has none), dated
    schedules and no `load` in them: the words of a schedule are only checked when it runs.
    """
    known = bool(re.fullmatch(r"\d+(?:\.\d+)*", revision))
    since = _SINCE.get(model, _UNKNOWN) if known else _UNKNOWN
    now = tuple(map(int, revision.split("."))) if known else _MODERN
    return Abilities(*(now >= first for first in since))


def schedules(
    able: Abilities, seconds: int, now: datetime | None, running: Config, saved: int = 0
) -> tuple[str, ...]:
    """The lines that restore the saved configuration after `seconds`, the last one first.

    `saved` is its number (`saved.number_of`).  `now` is the router's own clock: a dated line is
    reckoned from it, so it need not be right, only run; if it is set meanwhile, the line may never
    fire, which harms nothing.  None at all if it could not be read and the router knows no `+SEC`,
    or if too few ids are free.
    """
    used = {s.named("id") for s in running.find("schedule at")}
    commands = (*([_LOAD.format(saved)] if able.load else []), _RESTART)
    free = [number for number in _IDS if number not in used]
    lines = [
        _schedule(able, number, seconds + SPARE * place, now, command)
        for place, (number, command) in enumerate(zip(free, commands, strict=False), start=1)
    ]
    found = [line for line in lines if line is not None]
    return tuple(reversed(found)) if len(found) == len(commands) else ()


def _schedule(
    able: Abilities, number: int, seconds: int, now: datetime | None, command: str
) -> str | None:
    if able.soon and seconds <= _SOON_MOST:
        return f"schedule at {number} +{seconds} * {command}"
    if now is None:
        return None
    # Its clock is read to the second and a little ago: never early.
    when = now + timedelta(seconds=seconds + 1)
    return f"schedule at {number} {when.month}/{when.day} {when:%H:%M:%S} * {command}"


def last(seconds: float) -> float:
    """When the last guard has acted, if the first does so in `seconds`."""
    return seconds + 2 * SPARE


def removal(line: str) -> str:
    """The command that takes a schedule away."""
    return syntax.no_form(line)


def is_ours(statement: Statement) -> bool:
    """Whether a line is a schedule of ours: this run's, or one that a killed run left."""
    found = _OURS.fullmatch(statement.text)
    return found is not None and int(found[1]) in _IDS


def without(running: Config) -> Config:
    """The configuration without our schedules."""
    return replace(running, statements=tuple(s for s in running.statements if not is_ours(s)))


def left_over(running: Config) -> tuple[str, ...]:
    """Our schedules that stand in the configuration."""
    return tuple(s.text for s in running.statements if is_ours(s))


def not_guards(commands: Iterable[str], running: Config) -> tuple[str, ...]:
    """Commands of `show config difference` without those about schedules of ours.

    One that would take a line away names its number only; `running` has the line.
    """
    theirs = {s.named("id") for s in running.find("schedule at") if not is_ours(s)}
    return tuple(command for command in commands if not _about_ours(command, theirs))


def _about_ours(command: str, theirs: Collection[int | None]) -> bool:
    if found := _GONE.fullmatch(command):
        return int(found[1]) in _IDS and int(found[1]) not in theirs
    return is_ours(Statement("", command))
