"""The guards of one change on one router: armed, counted down, disarmed (see `guards`)."""

from __future__ import annotations

from functools import partial
from typing import Final

from ..clock import Clock
from ..errors import DeviceError, Unreachable
from . import guards, saved
from .config import Config
from .session import Session

_LAST_MOMENTS: Final = 10.0


class Armed:
    """What brings the router back from now on; `lines` are the guards as they were typed."""

    def __init__(self, session: Session, clock: Clock, seconds: int, running: Config) -> None:
        """Arm what this router has, the schedules first: the timer after `seconds`.

        The timer is a help where there is one; schedules are a must, as a timer may die with its
        session.  Raises `DeviceError` if there can be none.
        """
        self._session, self._clock = session, clock
        self._schedules: list[str] = []
        self._ending = False
        self._deadline: float | None = clock.now() + seconds
        try:
            self.lines = self._arm(seconds, running)
        except Unreachable:
            raise
        except BaseException:
            # Nothing was typed yet: a guard that stays would act for nothing.
            self.disarm()
            raise

    def _arm(self, seconds: int, running: Config) -> tuple[str, ...]:
        router = self._session.environment()
        able = guards.abilities(router.model, router.revision)
        lines = guards.schedules(able, seconds, router.now, running, saved.number_of(router))
        if not lines:
            raise _unguarded("")
        for line in lines:
            self._schedules.append(line)
            if said := self._session.answer(line).error:
                self._schedules.pop()
                raise _unguarded(said)
        timer = able.timer and self._timer(seconds)
        return (*lines, *([f"rollback timer {seconds}"] if timer else []))

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
        return None if left is None else guards.last(left)

    @property
    def in_doubt(self) -> bool:
        """Whether the last guard was told to go and nothing was heard of it since."""
        return self._ending and len(self._schedules) == 1

    def disarm(self) -> None:
        """Let what stands now stay; a guard that has run out cannot be stopped, and need not be.

        The timer first: a run killed in between leaves schedules, which restore what is saved.
        """
        if self._deadline is None:
            return
        self._ending = True
        if self._session.armed:
            self._stop("confirm", self._deadline)
        while self._schedules:
            self._stop(guards.removal(self._schedules[-1]), self._deadline + guards.SPARE)
            self._schedules.pop()
        self._deadline = None

    def _stop(self, line: str, deadline: float) -> None:
        stop = self._session.confirm if line == "confirm" else partial(self._session.command, line)
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


def _unguarded(said: str) -> DeviceError:
    return DeviceError(
        "the router has nothing that would bring it back if the line dies",
        said=said,
        attempted="arm schedules that restore the saved configuration",
        state="nothing was changed",
        remedy="see that `show environment` tells the router's time (set it by `date` and `time`) "
        "and that two of the schedules 65500 to 65535 are free",
    )
