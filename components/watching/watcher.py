"""One turn of watching a site: a look, what is said of it, and a reconnect where that is due."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol

from ..clock import Clock
from ..errors import Cancelled, VpnError
from .course import Course, Limits, Phase, Seen, Tried
from .metrics import Board, Record

Event = Literal["passes", "back", "lost", "blind", "held", "waits", "spent", "reconnect", "tried"]


class Look(Protocol):
    """A look at a site that is being taken, over one session on its router at most."""

    def seen(self) -> Seen:
        """What there is to see; raises `VpnError` where the router cannot be asked."""
        ...

    def reconnect(self) -> Tried | Seen:
        """Bring traffic back; `Seen` ("held") if by now a change is being made.

        Raises `VpnError` where an end cannot be asked.
        """
        ...


class Eye(Protocol):
    """How a site is looked at."""

    def look(self) -> AbstractContextManager[Look]:
        """A look; raises `VpnError` where there can be none."""
        ...


@dataclass(frozen=True)
class Decision:
    """Something that was seen, decided or done: when (Unix time), at which site, in words.

    `data` is for machines.
    """

    at: float
    site: str
    event: Event
    text: str
    data: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """One line for people."""
        when = datetime.fromtimestamp(self.at).astimezone().isoformat(timespec="seconds")
        return f"{when} {self.site}: {self.event}: {self.text}"

    def as_json(self) -> dict[str, Any]:
        """One object for machines."""
        when = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="seconds")
        return {
            "at": when,
            "site": self.site,
            "event": self.event,
            "text": self.text,
            **self.data,
        }


# What is said when a look sees something else than the one before.
_SAID: Final[dict[Phase, Event]] = {
    "passed": "passes",
    "lost": "lost",
    "blind": "blind",
    "held": "held",
}
_TEXTS: Final[dict[Event, str]] = {
    "passes": "traffic passes",
    "lost": "NO TRAFFIC",
    "blind": "the router cannot be asked",
    "held": "nothing is done, a change is being made",
}


class Watcher:
    """Watches one site: `turn` again and again, each time after the seconds that it answered.

    `wall` gives the Unix time, `chance` a number from 0 to 1, `say` takes every decision.  Nothing
    that goes wrong at a site ends the watch.
    """

    def __init__(
        self,
        site: str,
        eye: Eye,
        limits: Limits,
        *,
        clock: Clock,
        wall: Callable[[], float],
        chance: Callable[[], float],
        say: Callable[[Decision], None],
        board: Board | None = None,
    ) -> None:
        self.site, self._eye, self.limits = site, eye, limits
        self._clock, self._wall, self._chance, self._say = clock, wall, chance, say
        self._board = board or Board()
        self.record = Record(Course(clock.now()))
        self._board.add(site, self.record)
        self._told: Event | None = None  # of an outage: said once, until something else is true

    @property
    def course(self) -> Course:
        """Where the site stands."""
        return self.record.course

    def turn(self) -> float:
        """Look, say what is new, reconnect if it is time; seconds until the next look.

        Raises `Cancelled` when the watch is to end.
        """
        try:
            with self._eye.look() as look:
                self._see(look.seen())
                if self.course.wait_for(self._clock.now(), self.limits) == 0.0:
                    self._reconnect(look)
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - of one site; others are watched, too
            self._see(Seen("blind", _said(error)))
        self._account(lambda course: course.until(self._clock.now()))
        return self.course.next_look(self._clock.now(), self.limits)

    # --- what is seen

    def _see(self, seen: Seen) -> None:
        before, now = self.course, self._clock.now()
        self._account(lambda course: course.saw(seen, now))
        with self._board.lock:
            self.record.looks[seen.kind] += 1
            if seen.kind == "passed":
                self.record.last_traffic = self._wall()
                self.record.round_trip_ms = seen.round_trip_ms
        if before.lost_since is not None and seen.kind == "passed":
            seconds = round(now - before.lost_since)
            self._tell(
                "back", f"traffic passes again, {seconds} s after its loss was seen", seconds
            )
        elif before.phase != seen.kind:
            event = _SAID[seen.kind]
            self._tell(event, ": ".join(filter(None, (_TEXTS[event], seen.why))))
        if seen.kind == "lost":
            self._explain(now)

    def _explain(self, now: float) -> None:
        """Why nothing is done yet, once for each reason."""
        course, limits = self.course, self.limits
        wait = course.wait_for(now, limits)
        if not wait:
            return
        if course.is_spent(now, limits):
            self._tell_once(
                "spent",
                f"{limits.tries} tries in {limits.window / 60:.0f} min were not enough: no other "
                f"for {wait:.0f} s; sakura-rtx doctor --site {self.site}",
                wait,
            )
        elif not course.failed:
            self._tell_once("waits", f"{wait:.0f} s for the tunnel to come back by itself", wait)

    # --- what is done

    def _reconnect(self, look: Look) -> None:
        number = self.course.failed + 1
        self._account(lambda course: course.trying(self._clock.now(), self.limits))
        self._tell("reconnect", f"try {number} of this outage")
        try:
            found = look.reconnect()
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - the next try may do better
            found = Tried("error", _said(error))
        if isinstance(found, Seen):
            self._account(lambda course: replace(course, begun=course.begun[:-1]))
            self._see(found)
            return
        now, chance = self._clock.now(), self._chance()
        self._account(lambda course: course.tried(found, now, self.limits, chance))
        with self._board.lock:
            self.record.reconnects[found.result] += 1
            if found.result == "restored":
                self.record.last_traffic = self._wall()
        wait = self.course.wait_for(now, self.limits)
        after = f"; the next try is due in {wait:.0f} s" if wait else ""
        text = f"{found.result}{': ' * bool(found.how)}{found.how}{after}"
        self._say(self._decision("tried", text, result=found.result, next_try_s=wait))
        self._told = None

    # --- words

    def _account(self, change: Callable[[Course], Course]) -> None:
        with self._board.lock:
            self.record.course = change(self.record.course)

    def _tell_once(self, event: Event, text: str, seconds: float) -> None:
        if self._told != event:
            self._tell(event, text, seconds)
            self._told = event

    def _tell(self, event: Event, text: str, seconds: float | None = None) -> None:
        self._told = None
        data = {} if seconds is None else {"seconds": round(seconds)}
        self._say(self._decision(event, text, **data))

    def _decision(self, event: Event, text: str, **data: Any) -> Decision:
        return Decision(self._wall(), self.site, event, " ".join(text.split()), data)


def _said(error: Exception) -> str:
    """What went wrong; of a fault that nobody thought of not even the text is known to be
    harmless."""
    if isinstance(error, VpnError):
        return "; ".join(filter(None, (error.what, error.state)))
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else ""
    return f"a fault of this program: {type(error).__name__}{place}"
