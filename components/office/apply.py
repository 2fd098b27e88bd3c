"""The guarded change of a router: never worse than before (command reference 56.7.31).

The router's own guards (`guards`: a schedule, and the rollback timer) are armed before the first
line is typed.  Whatever happens to us then, the router is in the old state or in the new one once
they have run out.  Only `keep` disarms them and saves; `back` types what undoes the change.  While
the timer runs nobody may leave by `exit`, and somebody has to `breathe`: it also fires when the
login timer ends an idle session.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from ..clock import Clock, Progress
from ..errors import DeviceError, Unreachable, following
from . import guards, inband, lacking, others, plan, second_login, shared_list, syntax
from .armed import Armed
from .config import Config, Scope, parse
from .login import Login
from .session import Log, Session, Transport
from .syntax import Key

_BREATH: Final = 60.0
_OUTWAIT_EVERY: Final = 10.0
_TELL_EVERY: Final = 60.0


def any_router(_running: Config) -> None:
    """Every router may be typed at."""


@dataclass(frozen=True)
class Change:
    """What was typed (key masked), what undoes it, and what guarded it.

    All empty: the router had everything already, and nothing was typed.
    """

    commands: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()


class GuardedChange:
    """One change of our lines, from reading the router to keeping the change or going back.

    `expected_text` is what we left there the last time ("" on a creation), `old_key` the key of
    then.  `allow_taken` takes over lines that stand in our scope without being expected (a creation
    that was cut off), `allow_unsaved` saves other people's unsaved lines, before ours.
    `in_band` consents to a change of the very way that our session comes in by, `accept` to what a
    creation lacks (`lacking.CODES`).
    `new_router`: another box stands in the place of the one that `expected_text` was written to.
    `fits` is shown the router as it is before anything is typed, and raises if nothing may be.
    `guard_seconds` is how long the router waits for us (it stays below the login timer's default);
    the schedules follow, `guards.SPARE` seconds apart.

        with GuardedChange(...) as change:
            change.start()
            ...                 # the other end; pings through change.session; change.breathe()
            change.keep()       # or change.back()
    """

    def __init__(
        self,
        login: Login,
        scope: Scope,
        wanted_text: str,
        key: str | None,
        *,
        expected_text: str = "",
        old_key: str | None = None,
        clock: Clock,
        progress: Progress,
        guard_seconds: int = 300,
        allow_taken: bool = False,
        allow_unsaved: bool = False,
        in_band: bool = False,
        accept: Collection[str] = (),
        new_router: bool = False,
        fits: Callable[[Config], None] = any_router,
        log: Log | None = None,
        connect: Callable[[Login], Transport] | None = None,
    ) -> None:
        self._login, self._scope, self._key, self._old_key = login, scope, key, old_key
        self._wanted_text, self._expected_text = wanted_text, expected_text
        self._clock, self._progress, self._log, self._connect = clock, progress, log, connect
        self._guard_seconds = guard_seconds
        self._allow_taken, self._allow_unsaved = allow_taken, allow_unsaved
        self._in_band, self._accept, self._new_router = in_band, accept, new_router
        self._fits = fits
        self._session: Session | None = None
        self._before = parse("")
        self._wanted = parse(wanted_text)
        self._rekey = False
        self._armed: Armed | None = None
        self._foreign_unsaved = False
        self._unsaved: frozenset[str] = frozenset()
        self._left_over: tuple[str, ...] = ()
        self._half_made = False
        self.result = Change()

    # --- who holds it ----------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self, say: Log | None = None) -> Session:
        return Session.open(
            self._login, clock=self._clock, log=self._log, say=say, connect=self._connect
        )

    @property
    def session(self) -> Session:
        """The session that the change is made in, for pings and SAs."""
        if self._session is None:
            raise ValueError("the change has not been started")
        return self._session

    @property
    def remaining(self) -> float | None:
        """Seconds until the router goes back by itself; None if no guard runs."""
        return self._armed.remaining if self._armed else None

    def breathe(self) -> None:
        """Call it often while waiting: sends an empty line at least every 60 s."""
        if self._session and self._clock.now() - self._session.last_heard >= _BREATH / 2:
            self._session.keep_alive()

    def close(self) -> None:
        """Leave; an armed router is left by dropping the connection, and goes back by itself."""
        if self._session is not None:
            self._session.close()
            self._session = None

    # --- the change ------------------------------------------------------------------------------

    def start(self) -> Change:
        """Read, check, arm, type, read back.  On any failure the router is as it was before.

        Raises `DeviceError`: numbers taken by others, other people's unsaved work, a line refused
        (`Refused`), lines that do not stand afterwards.
        """
        self._session = self._open(self._progress)
        running, unsaved = self._look()
        if (unsaved or guards.left_over(running)) and self._session.others():
            running, unsaved = self._outwait_guard()
        self._left_over = guards.left_over(running)
        self._half_made = bool(self._left_over and unsaved)
        self._before = guards.without(running)
        if not self._allow_taken:
            others.refuse_taken(
                self._before,
                self._scope,
                expected=self._expected_text,
                wanted=self._wanted_text,
                unsaved=unsaved,
                new_router=self._new_router,
            )
        shared_list.refuse_surprises(self._before, self._wanted, self._scope)
        live = plan.align(self._before, self._expected_text, self._scope)
        # What another box hides is not the key that this one had.
        self._old_key = live.key or (None if self._new_router else self._old_key)
        self._rekey = self._key is not None and self._key != self._old_key
        planned = plan.plan(self._before, self._wanted, self._scope, rekey=self._rekey)
        if planned.commands:
            self._fits(self._before)
            second_login.refuse(self._before, self._login.user)
            if self._old_key is None:
                others.refuse_unknown_key(planned.undo, self._scope)
            self.session.refuse_untypable([*planned.commands, *planned.undo])
            self._check_way_in(planned)
            self._check_lacking(plan.apply_to(self._before, planned.commands))
            self._type(planned)
        else:
            self._replace_guards(())
        return self.result

    def _read(self) -> Config:
        """The running configuration as if nobody guarded it."""
        return guards.without(self.session.configuration())

    def _replace_guards(self, ours: Collection[str]) -> None:
        """Take away what a killed run left, now that `ours` stand or there is nothing to guard.

        Not before: whatever stops us, somebody brings back what that run has half typed.
        """
        standing = {guards.removal(line) for line in ours}
        for line in self._left_over:
            if guards.removal(line) not in standing:
                self.session.command(guards.removal(line))
        self._left_over = ()

    def _type(self, planned: plan.Plan) -> None:
        session = self.session
        self._progress(f"office end: lines to type: {len(planned.commands)}")
        if self._foreign_unsaved:
            # The schedule restores what is saved: it must not take away work that was consented to.
            self._replace_guards(())
            self._save()
        self._armed = Armed(session, self._clock, self._guard_seconds, self._before)
        self.result = Change(planned.commands, planned.undo, self._armed.lines)
        if (latest := self._armed.latest) is not None:
            self._progress(
                f"office end: guard set: goes back by itself in {latest:.0f} s, "
                "unless confirmed before"
            )
        try:
            self._replace_guards(self._armed.lines)
            session.type(planned.commands, self._key)
            self._check_stands(session)
        except Unreachable as error:
            error.state = self._self_help()
            raise
        except BaseException as error:
            with following(error):
                self.back()
            if isinstance(error, DeviceError):
                error.state = "the router is as it was before; nothing is saved"
            raise

    def keep(self) -> None:
        """Prove that a new login works and that the lines stand; confirm; save.

        If either fails, the change is undone and the reason raised.
        """
        if self.result.commands:
            try:
                self._prove_way_in()
                self._check_stands(self.session)
                if self._armed is not None:
                    self._armed.check_time()
            except BaseException as error:
                with following(error):
                    self.back()
                raise
            self._stop_guard()
        unsaved = self.session.unsaved()
        if any(line.startswith("no schedule at ") for line in unsaved):
            # The line that took a guard away was lost; saved, it would act for ever.
            for line in guards.left_over(self.session.configuration()):
                self.session.command(guards.removal(line))
        if self.result.commands or unsaved:
            self._save()

    def _prove_way_in(self) -> None:
        self._progress("office end: logging in once more")
        with self._open():
            pass

    def _save(self) -> None:
        self.session.save()
        if left := self.session.unsaved():
            raise DeviceError(
                "the router did not save its configuration",
                said="\n".join(syntax.masked(line) for line in left),
                attempted="save",
                state="the change stands in the running configuration and is lost by a restart",
                remedy="type `save` on the router and read what it says",
            )

    def back(self) -> None:
        """Type what undoes the change, stop the timer, and compare with what stood before.

        The saved configuration is what it was, too, even if somebody else has typed `save` in
        between.  If what stood before was half of a change that was killed, the guards stay and
        restore what is saved (`remaining` tells when).  Raises `Unreachable` if the connection is
        gone: then the router goes back by itself.
        """
        if not self.result.commands:
            return
        session = self.session
        self._progress("office end: going back")
        try:
            session.leave_context()
            now = self._read()
            undo = plan.undo_of(self._before, now, self._scope, rekey=self._rekey)
            session.type(undo, self._old_key)
            left = others.moved(self._before.statements, self._read().statements)
            if not left and not self._half_made:
                self._stop_guard()
        except Unreachable as error:
            error.state = self._self_help()
            raise
        if left:
            raise DeviceError(
                "the router is not as it was before",
                said="\n".join(left),
                attempted="undo the change",
                state=self._self_help(),
                remedy="compare `show config` with the saved configuration",
            )
        if not self._half_made:
            self._take_out_of_saved()

    def _take_out_of_saved(self) -> None:
        """Somebody's `save` took our lines along, and our guards, which would act after a boot."""
        try:
            if set(self.session.unsaved()) - self._unsaved:
                self._progress("office end: somebody has saved meanwhile; saving what was before")
                self._save()
        except Unreachable as error:
            error.state = "the router is as it was before; whether what it saved is, was not seen"
            raise

    def _stop_guard(self) -> None:
        if self._armed is not None:
            self._armed.disarm()

    def _self_help(self) -> str:
        latest = self._armed.latest if self._armed else None
        if latest is None:
            return "the change stands in the router"
        back = f"the router goes back by itself in {latest:.0f} s at the latest"
        if self._armed and self._armed.in_doubt:
            back += (
                ", unless it has got the last line that we sent: then it keeps the change, unsaved"
            )
        return back

    # --- checks ----------------------------------------------------------------------------------

    def _outwait_guard(self) -> tuple[Config, frozenset[Key]]:
        """Lines of ours stand unsaved, and a session of ours is left: a change that was cut off.

        Its rollback timer would take away what we save meanwhile, so it has to run out first.
        """
        end = self._clock.now() + guards.last(self._guard_seconds)
        told = math.inf
        while True:
            running, unsaved = self._look()
            waits = (unsaved or guards.left_over(running)) and self.session.others()
            if not waits or (left := end - self._clock.now()) <= 0:
                return running, unsaved
            if told - left >= _TELL_EVERY:
                self._progress(
                    "office end: waiting for the guard of a change that was cut off, at most "
                    f"{left:.0f} s"
                )
                told = left
            self._clock.wait(_OUTWAIT_EVERY)

    def _look(self) -> tuple[Config, frozenset[Key]]:
        """The running configuration, and the keys of our own lines in it that are not saved.

        Nobody else's work may wait to be saved: we would save it with ours.
        """
        unsaved = self.session.unsaved()  # puts back what a reading that was cut off has left
        self._unsaved = frozenset(unsaved)
        running = self.session.configuration()
        return running, self._check_saved(unsaved, running)

    def _check_saved(self, unsaved: Sequence[str], running: Config) -> frozenset[Key]:
        lines = guards.not_guards(unsaved, running)
        ours, foreign = others.of_unsaved(lines, running, self._scope)
        self._foreign_unsaved = bool(foreign)
        if not self._allow_unsaved:
            others.refuse_unsaved([command for command, _ in foreign])
        return frozenset(line.key for _, line in (*ours, *foreign) if self._scope.owns(line))

    def _check_way_in(self, planned: plan.Plan) -> None:
        """Our own session does not run through what is changed, or somebody agreed to that."""
        if self._in_band:
            return
        source = inband.source_of(self.session.users())
        if source is None and self._login.via is None:
            source = inband.source_towards(self._login.host)
        ours = f"{self._expected_text}\n{self._wanted_text}"
        inband.refuse(source, planned.commands, ours, self._before)

    def _check_lacking(self, after: Config) -> None:
        tunnel = self._scope.tunnel
        if self._new_router or not self._expected_text:
            lacking.refuse(after, tunnel, self._accept)
        elif self._wanted_text:
            lacking.refuse_taken_away(self._before, after, tunnel, self._accept)

    def _check_stands(self, session: Session) -> None:
        """The router holds our lines and nothing else has moved."""
        after = guards.without(session.configuration())
        live = plan.align(after, self._wanted_text, self._scope)
        if live.text != self._wanted_text or (live.key or self._key) != self._key:
            raise DeviceError(
                "the router does not hold what was typed",
                said=live.text,
                attempted="read the lines back",
                remedy="somebody else may have typed at the same time; try again",
            )
        theirs = (shared_list.foreign(config, self._scope) for config in (self._before, after))
        if moved := others.moved(*theirs):
            raise DeviceError(
                "somebody else's lines changed during our change",
                said="\n".join(moved),
                attempted="read the lines back",
                remedy="see who is logged in (`show status user`); try again",
            )
