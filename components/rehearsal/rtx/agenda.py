"""What the router does by its clock: rollback and login timers, `schedule at`, `ip keepalive`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from . import messages
from .configuration import Configuration, Statement
from .grammar import split
from .schedule import Entry, entry
from .script import run_lines
from .watch import Watches

if TYPE_CHECKING:
    from .console import Console
    from .device import Router

_SECOND: Final = timedelta(seconds=1)
_SCHEDULE: Final = re.compile(r"schedule at \d+")

Event = tuple[float, Callable[[], None]]


@dataclass(frozen=True)
class _Rollback:
    """An armed `rollback timer`: what comes back, and when."""

    deadline: float
    configuration: Configuration


class Agenda:
    """Everything that is due some time, in the order in which it is due.

    A `+SEC` line counts from when it was typed.  That it stays in the configuration when it has
    run, and counts again from a boot, is unverified.
    """

    def __init__(self, router: Router) -> None:
        self._router = router
        self._rollbacks: dict[Console, _Rollback] = {}
        self._entries: list[Entry] = []
        self._countdowns: dict[Entry, float] = {}
        self._seen = self._second(router.clock.now())
        self._watches = Watches(router)
        self._starts_at: float | None = None
        self._busy = False

    # --- rollback timers ------------------------------------------------------------------------

    def arm(self, console: Console, seconds: int) -> None:
        """What is in force now comes back in `seconds`."""
        deadline = self._router.clock.now() + seconds
        self._rollbacks[console] = _Rollback(deadline, self._router.running())

    def disarm(self, console: Console) -> bool:
        """Stop the timer; whether one was running."""
        return self._rollbacks.pop(console, None) is not None

    # --- schedules ------------------------------------------------------------------------------

    def boot(self, running: Configuration, up_at: float) -> None:
        """The router starts with this configuration, and has started at `up_at`."""
        self._rollbacks.clear()
        self._entries, self._countdowns = [], {}
        self._watches.restart()
        self._starts_at = up_at
        self.follow(running)

    def follow(self, running: Configuration, typed: Collection[Statement] = ()) -> None:
        """This is in force now; the lines `typed` were typed just now."""
        self._watches.follow(running, self._router.clock.now())
        entries = _entries(running.statements)
        again = set(_entries(typed))
        if entries == self._entries and not again:
            return
        now, before, new = self._router.clock.now(), set(self._entries), {}
        for each in entries:
            if each.seconds is not None and (each in again or each not in before):
                new[each] = now + each.seconds
            elif each in self._countdowns:
                new[each] = self._countdowns[each]
        self._entries, self._countdowns = entries, new

    # --- time passes ----------------------------------------------------------------------------

    def tick(self) -> None:
        """Let everything happen that is due; what happens may call this again."""
        if self._busy:
            return
        self._busy = True
        try:
            now = self._router.clock.now()
            while due := min(self._due(now), key=lambda event: event[0], default=None):
                due[1]()
            self._seen = max(self._seen, self._second(now))
        finally:
            self._busy = False

    def _due(self, now: float) -> Iterator[Event]:
        """What is due, since when, and what then happens; of equal times the first comes first."""
        router = self._router
        for console, rollback in self._rollbacks.items():
            if rollback.deadline <= now:
                yield rollback.deadline, partial(self._restore, console)
        for console in router.sessions:
            logout = console.last_input + router.login_seconds(console)
            if not console.script and logout <= now:
                yield logout, partial(self._log_out, console)
        if self._starts_at is not None and self._starts_at <= now:
            yield self._starts_at, self._started
        for each in self._entries:
            for moment in each.moments(self._seen, router.date(now)):
                yield router.moment(moment), partial(self._dated, moment)
                break
        for each, at in self._countdowns.items():
            if at <= now:
                yield at, partial(self._run, each)
        for at, text in self._watches.due(now):
            yield at, partial(self._watches.ping, text)

    def _second(self, moment: float) -> datetime:
        return self._router.date(moment).replace(microsecond=0)

    def _restore(self, console: Console) -> None:
        rollback = self._rollbacks.pop(console)
        self._router.note("Rollback timer expired, configuration restored")
        self._router.change(rollback.configuration)

    def _log_out(self, console: Console) -> None:
        """The login timer fires the rollback timer too (56.7.31)."""
        if console in self._rollbacks:
            self._restore(console)
        self._router.end(console)

    def _started(self) -> None:
        self._starts_at = None
        for each in list(self._entries):
            if each.at_startup():
                self._run(each)

    def _dated(self, moment: datetime) -> None:
        """Run all of this second in the order of their numbers, unless one takes another away."""
        self._seen = moment
        for each in list(self._entries):
            if each in self._entries and any(each.moments(moment - _SECOND, moment)):
                self._run(each)

    def _run(self, scheduled: Entry) -> None:
        """What it was about is logged (37.1); how a failure is logged is unverified."""
        router = self._router
        self._countdowns.pop(scheduled, None)
        router.note(f"[SCHEDULE] {scheduled.command}")
        if refusal := self._refusal(scheduled):
            router.note(f"[SCHEDULE] {messages.error(refusal, 0)}")
            return
        select = [scheduled.context.replace(" ", " select ", 1)] if scheduled.context else []
        for line in run_lines(router, [*select, scheduled.command]).splitlines():
            if messages.is_error(line):
                router.note(f"[SCHEDULE] {line}")

    def _refusal(self, scheduled: Entry) -> str:
        """Why the command does not even begin ("" = it does)."""
        router = self._router
        if not scheduled.allowed(router.firmware):
            return "schedule"
        loads = scheduled.command.startswith("load ")
        return "password" if loads and not router.behaviour.scheduled_load else ""


def _entries(lines: Collection[Statement]) -> list[Entry]:
    found = [each for each in lines if each.known and _SCHEDULE.fullmatch(each.key)]
    return sorted(entry([word.raw for word in split(each.text)][2:]) for each in found)
