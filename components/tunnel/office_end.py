"""The office end alone: a tunnel whose VPC router belongs to somebody else.

No API is touched.  What is left of the transaction of both ends is its half at the RTX: lines under
the guard, traffic over new SAs, then saved, else undone.  The values of the far end are what its
owner has to be told, and to be compared with if nothing passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..clock import Clock, Progress
from ..errors import VerifyError, VpnError, add_state, following
from ..office import guards, others, syntax
from ..office.apply import GuardedChange, any_router
from ..office.config import Config, Scope
from ..office.login import Login
from ..office.plan import align
from ..office.session import Session
from ..office.settled import compared
from .proof import Proof, Silence, Verification, Watch

# Seconds: the guard outlives the wait for traffic, so that going back is still possible.
GUARD_MARGIN: Final = 180


class NotProved(VerifyError):
    """No traffic came, and the office end was kept as it was asked for."""


@dataclass(frozen=True)
class Lines:
    """The RTX's lines (key masked) and the key; None where the router does not show it.

    `model` and `revision` are what the RTX calls itself, where it was asked; `unsaved` what a
    restart would do to the lines, key masked, or `not_compared` why that is not known.
    """

    text: str
    key: str | None = field(repr=False)
    model: str = ""
    revision: str = ""
    unsaved: tuple[str, ...] = ()
    not_compared: str = ""


@dataclass(frozen=True)
class OfficeEnd:
    """How to reach the RTX, which part of it is ours, and what the user consents to.

    See `GuardedChange` for the consents, `new_router` and `fits`.
    """

    login: Login
    scope: Scope
    in_band: bool = False
    allow_unsaved: bool = False
    accept: tuple[str, ...] = ()
    new_router: bool = False
    fits: Callable[[Config], None] = any_router

    def _change(
        self, wanted: Lines, before: Lines, seconds: int, clock: Clock, progress: Progress
    ) -> GuardedChange:
        return GuardedChange(
            self.login,
            self.scope,
            wanted.text,
            wanted.key,
            expected_text=before.text,
            old_key=before.key,
            clock=clock,
            progress=progress,
            guard_seconds=seconds + GUARD_MARGIN,
            in_band=self.in_band,
            allow_unsaved=self.allow_unsaved,
            accept=self.accept,
            new_router=self.new_router,
            fits=self.fits if wanted.text else any_router,
        )

    def establish(
        self,
        wanted: Lines,
        before: Lines | None,
        far_end: Mapping[str, Any],
        asked: Verification,
        *,
        clock: Clock,
        progress: Progress,
    ) -> Proof:
        """Bring the RTX to `wanted` and prove it; `before` is what stood until now.

        Raises `NotProved` when the lines were kept and nothing passes; after any other error the
        RTX is as it was before, or the error's `state` says what is not.
        """
        keep = (asked.on_failure or ("back" if before else "keep")) == "keep"
        with self._change(
            wanted, before or Lines("", None), asked.seconds, clock, progress
        ) as change:
            change.start()
            try:
                found = self._watch(change, asked, clock, progress)
                silent = _silence(asked, found, far_end) if isinstance(found, Silence) else None
                if silent and not keep:
                    raise silent
                with following(silent):
                    change.keep()
            except Exception as err:
                _back(change, err)
                raise
        if isinstance(found, Silence):
            state = "the office end is configured and saved"
            raise _silence(asked, found, far_end, NotProved, state)
        return found

    def _watch(
        self, change: GuardedChange, asked: Verification, clock: Clock, progress: Progress
    ) -> Proof | Silence:
        gateway = self.scope.gateway
        old = {sa.spi for sa in change.session.associations(gateway)}
        watch = Watch(
            change.session,
            gateway,
            asked,
            old,
            clock=clock,
            progress=progress,
            breathe=change.breathe,
        )
        return watch.until(clock.now() + asked.seconds)

    def remove(self, stood: Lines, *, clock: Clock, progress: Progress) -> None:
        """Take the lines away, under the guard; what is gone already is no error."""
        with self._change(Lines("", stood.key), stood, 0, clock, progress) as change:
            change.start()
            try:
                change.keep()
            except Exception as err:
                _back(change, err)
                raise

    def look(self, reference: str, *, clock: Clock) -> Lines:
        """What stands of ours; `reference` are the lines that should."""
        with Session.open(self.login, clock=clock) as session:
            commands, why = compared(session)
            running = session.configuration()
        live = align(running, reference, self.scope)
        ours, _ = others.of_unsaved(guards.not_guards(commands, running), running, self.scope)
        unsaved = tuple(syntax.masked(command) for command, _ in ours)
        return Lines(live.text, live.key, running.model, running.revision, unsaved, why)


def _silence(
    asked: Verification,
    found: Silence,
    far_end: Mapping[str, Any],
    kind: type[VerifyError] = VerifyError,
    state: str = "",
) -> VerifyError:
    """That nothing passes, and what only the owner of the far end can compare."""
    values = "\n".join(f"  {name}: {value}" for name, value in sorted(far_end.items()))
    return kind(
        f"no traffic from {asked.source} (RTX) to {asked.target} within {found.waited:.0f} s",
        attempted=f"ping through the tunnel, over new SAs ({found})",
        state=state,
        remedy="let the owner of the VPC router compare the key and these values of the "
        f"site-to-site peer with his; then run up again:\n{values}",
    )


def _back(change: GuardedChange, err: Exception) -> None:
    """Undo; what is true then goes into the error."""
    try:
        change.back()
        state = "office end as before"
    except VpnError as failed:
        state = f"office end: {failed.what} {failed.state}".strip()
    add_state(err, state)
