"""The guards of one change on one router: armed, counted down, disarmed (see `guards`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..clock import Clock
from ..errors import DeviceError, Unreachable
from . import guards
from .config import Config
from .session import Session

_LAST_MOMENTS: Final = 10.0


class Armed:
    """What brings the router back from now on; `lines` are the guards as they were typed."""

    def __init__(self, session: Session, clock: Clock, seconds: int, running: Config) -> None:
        """Arm what this router has, the schedule first: the timer after `seconds`.

        The timer is a help where there is one; the schedule is a must, as a timer may die with
        its session.  Raises `DeviceError` if there is none.
        """
        self._session, self._clock = session, clock
        router = session.environment()
        able = guards.abilities(router.model, router.revision)
        self._schedule = guards.schedule(able, seconds + guards.SPARE, router.now, running)
        said = session.answer(self._schedule).error if self._schedule else None
        if self._schedule is None or said is not None:
            raise DeviceError(
                "the router has nothing that would bring it back if the line dies",
                said=said or "",
                attempted="arm a schedule that restores the saved configuration",
                state="nothing was changed",
                remedy="see that `show environment` tells the router's time (set it by `date` and "
                "`time`) and that one of the schedules 65500 to 65535 is free",
            )
        self._deadline: float | None = clock.now() + seconds
        timer = able.timer and self._timer(seconds)
        self.lines = (self._schedule, *([f"rollback timer {seconds}"] if timer else []))

    def _timer(self, seconds: int) -> bool:
        try:
            self._session.rollback_timer(seconds)
        except Unreachable:
            raise
        except DeviceError:
            return False
        return True

    @property
    def remaining(self) -> float | None:
        """Seconds until the router may go back by itself; None if disarmed."""
        return None if self._deadline is None else max(self._deadline - self._clock.now(), 0.0)

    @property
    def latest(self) -> float | None:
        """Seconds until it has gone back even if its timer died with our session."""
        left = self.remaining
        return None if left is None else left + guards.SPARE

    def disarm(self) -> None:
        """Let what stands now stay; a guard that has run out cannot be stopped, and need not be.

        The timer first: a run killed in between leaves the schedule, which restores what is saved.
        """
        if self._deadline is None:
            return
        if self._session.armed:
            self._stop(self._session.confirm, self._deadline)
        if self._schedule is not None:
            line = guards.removal(self._schedule)
            self._stop(lambda: self._session.command(line), self._deadline + guards.SPARE)
        self._deadline = self._schedule = None

    def _stop(self, stop: Callable[[], object], deadline: float) -> None:
        try:
            stop()
        except Unreachable:
            raise
        except DeviceError:
            if self._clock.now() < deadline:
                raise

    def check_time(self) -> None:
        """What is confirmed in the guard's last moments may be gone before it is saved."""
        if self.remaining is not None and self.remaining < _LAST_MOMENTS:
            raise DeviceError(
                "the router is about to go back by itself",
                attempted="confirm the change",
                remedy="give it more time (`verify.seconds`)",
            )
