"""Both ends of the tunnel as one transaction, and the proof by traffic.

Order (design: the office end first, as the responder; the cloud end at once after it, which starts
the exchange; then traffic over new SAs; only then is anything saved).  If traffic does not come,
both ends go back to what they were, or, for a first creation unless the user says otherwise, both
stay and the error says what stands.  No status is believed: only a ping through the tunnel counts,
and only while SAs stand that were not there before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ..clock import Clock, Progress
from ..cloud import lifecycle
from ..cloud.neighbours import Neighbours
from ..cloud.settings import foresee_removal
from ..errors import Cancelled, VerifyError, VpnError, add_state, following
from ..office.apply import GuardedChange
from ..office.config import parse
from ..office.session import Session
from .breathing import Breathing
from .ends import Ends, Wish
from .going_back import CLOUD_BACK, put_back
from .office_end import OfficeEnd
from .proof import Proof, Silence, Verification, Watch

__all__ = [
    "Ends",
    "NotProved",
    "Proof",
    "Standing",
    "Verification",
    "Wish",
    "establish",
    "look",
    "remove",
]

# Seconds.  The guard outlives the whole transaction; what waits for the API or for traffic ends a
# minute before it does, so that going back is still possible.
GUARD_MARGIN: Final = 180
BEFORE_THE_GUARD: Final = 60


class NotProved(VerifyError):
    """No traffic came, and both ends were kept as they were asked for."""


def establish(
    ends: Ends,
    wish: Wish,
    before: Wish | None,
    verification: Verification,
    *,
    clock: Clock,
    progress: Progress,
) -> Proof:
    """Bring both ends to `wish` and prove it; `before` is what stood until now (None: nothing).

    Raises `NotProved` when both ends were configured, kept, and carry no traffic; any other error
    means that both ends are as they were before (or the error's `state` says what is
    not).
    """
    keep = (verification.on_failure or ("back" if before else "keep")) == "keep"
    guard = verification.seconds + GUARD_MARGIN
    with _nothing_changed():
        neighbours = _preflight(ends, wish, before)
    change = GuardedChange(
        ends.login,
        ends.scope,
        wish.lines,
        wish.key,
        expected_text=before.lines if before else "",
        old_key=before.key if before else None,
        clock=clock,
        progress=progress,
        guard_seconds=guard,
        in_band=ends.in_band,
        allow_unsaved=ends.allow_unsaved,
        accept=ends.accept,
        new_router=ends.new_router,
        fits=ends.fits,
    )
    with change:
        with _cloud_untouched(change):
            change.start()
        ends.client.deadline = deadline = _deadline(change, guard, clock)
        old = {sa.spi for sa in change.session.associations(ends.scope.gateway)}
        began = clock.now()
        try:
            progress("VPC router: writing the peer and applying the settings")
            breathing = Breathing(clock, change.breathe)
            with ends.client.waiting_by(breathing):
                ends.write_peer(ends.client, wish, breathing, replaces=before)
            watch = Watch(
                change.session,
                ends.scope.gateway,
                verification,
                old,
                clock=clock,
                progress=progress,
                breathe=change.breathe,
                since=began,
            )
            outcome: Proof | VerifyError
            found = watch.until(min(clock.now() + verification.seconds, deadline))
            if isinstance(found, Proof):
                outcome = found
            else:
                progress("no traffic: asking both ends for the cause")
                outcome = _no_traffic(
                    ends, wish, verification, found, change.session, clock, stays=keep
                )
            if isinstance(outcome, VerifyError) and not keep:
                raise outcome
            with following(outcome if isinstance(outcome, Exception) else None):
                change.keep()
        except Exception as err:
            asked = None if isinstance(err, Cancelled) else verification
            state = put_back(change, ends, wish, before, err, asked, clock=clock, progress=progress)
            add_state(err, *state)
            raise
    if isinstance(outcome, VerifyError):
        raise NotProved(
            outcome.what,
            attempted=outcome.attempted,
            state="both ends are configured and saved",
            remedy=outcome.remedy,
        )
    progress(f"traffic passes, round trip {outcome.round_trip_ms:g} ms; the office end is saved")
    return replace(
        outcome,
        others=neighbours.others,
        interrupted=_interrupted(neighbours, ends, clock, progress),
    )


@contextmanager
def _nothing_changed() -> Iterator[None]:
    """An error in here came before anything was touched, and says so."""
    try:
        yield
    except VpnError as err:
        _add(err, "nothing was changed at either end")
        raise


@contextmanager
def _cloud_untouched(change: GuardedChange) -> Iterator[None]:
    """An error in here came before the cloud end was touched, and says so."""
    try:
        yield
    except VpnError as err:
        _add(err, "cloud end as before" if change.result.commands else "nothing was changed")
        raise


def _add(err: VpnError, state: str) -> None:
    if "nothing was changed" not in err.state:
        add_state(err, state)


def _deadline(change: GuardedChange, guard: int, clock: Clock) -> float:
    """When the API and the traffic have had their time, in the clock's seconds.

    Reckoned from the guard that runs: before it is armed an older one may have had to run out.
    """
    left = guard if change.remaining is None else change.remaining
    return clock.now() + left - BEFORE_THE_GUARD


def _preflight(ends: Ends, wish: Wish, before: Wish | None) -> Neighbours:
    """Look at the cloud end before the office end is touched: most errors show right here."""
    others = lifecycle.foresee_peer(
        ends.client,
        ends.router_id,
        wish.cloud,
        wish.key,
        omitted_secrets=ends.omitted_secrets,
        parameters=ends.parameters,
        address=ends.address,
        replaces=str(before.cloud["peer"]) if before else "",
    )
    return Neighbours(ends.client, ends.router_id, others)


def _interrupted(
    neighbours: Neighbours, ends: Ends, clock: Clock, progress: Progress
) -> tuple[str, ...]:
    """What became of the other peers; our own tunnel stands, so no trouble here undoes it."""
    ends.client.deadline = None  # the guard is gone, and its time with it
    try:
        return neighbours.interrupted(ends.client, clock, progress)
    except VpnError as err:
        return (f"what became of the router's other peers is not known: {err.what}",)


def _no_traffic(
    ends: Ends,
    wish: Wish,
    asked: Verification,
    silence: Silence,
    session: Session,
    clock: Clock,
    *,
    stays: bool,
) -> VerifyError:
    """That nothing passes, with the cause: both ends are asked while they still hold the change."""
    # Only needed here: a change that works does not pay for an audit.
    from ..doctor.aim import Aim
    from .diagnosis import cause

    aim = Aim(
        name=ends.site,
        lines=wish.lines,
        cloud=wish.cloud,
        gateway=ends.scope.gateway,
        tunnel=ends.scope.tunnel,
        source=asked.source,
        target=asked.target,
        mtu=asked.mtu,
        seconds=asked.seconds,
        zone=ends.client.zone,
    )
    silent = f"no traffic from {asked.source} (RTX) to {asked.target} within {silence.waited:.0f} s"
    tried = "ping through the tunnel, over new SAs"
    with following(VerifyError(silent, attempted=f"{tried} ({silence})")):
        why = cause(aim, session, ends.client, ends.router_id, clock, stays=stays)
    return VerifyError(
        f"{silent}; cause: {why.what}",
        attempted=f"{tried} ({silence}; {why.evidence})",
        remedy=why.cure,
    )


def remove(ends: Ends, stood: Wish, *, clock: Clock, progress: Progress) -> None:
    """Take the tunnel away at both ends: the office end under its guard, then the cloud end.

    What is gone already is no error; a VPC router that no longer exists is none either.
    """
    with _nothing_changed():
        omitted, peer = ends.omitted_secrets, str(stood.cloud["peer"])
        foresee_removal(ends.client, ends.router_id, peer, omitted_secrets=omitted)
    with GuardedChange(
        ends.login,
        ends.scope,
        "",
        stood.key,
        expected_text=stood.lines,
        old_key=stood.key,
        clock=clock,
        progress=progress,
        guard_seconds=GUARD_MARGIN,
        in_band=ends.in_band,
        allow_unsaved=ends.allow_unsaved,
    ) as change:
        with _cloud_untouched(change):
            change.start()
        ends.client.deadline = _deadline(change, GUARD_MARGIN, clock)
        try:
            breathing = Breathing(clock, change.breathe)
            with ends.client.waiting_by(breathing):
                ends.remove_peer(ends.client, stood, breathing)
            change.keep()
        except Exception as err:
            state = put_back(change, ends, stood, stood, err, clock=clock, progress=progress)
            left = (
                []
                if any(each.startswith(CLOUD_BACK) for each in state)
                else [_cloud_after_removal(ends, stood)]
            )
            add_state(err, *state, *left)
            raise


def _cloud_after_removal(ends: Ends, stood: Wish) -> str:
    """What the cloud end has stored after a removal that failed, in words for the error."""
    try:
        peer = lifecycle.read_peer(ends.calm, ends.router_id, stood.cloud["peer"])
    except VpnError:
        return "whether the cloud end still has the peer is not known; run destroy again"
    if peer is None:
        return "the cloud end has stored its settings without the peer; run destroy again"
    return "cloud end still has the peer"


@dataclass(frozen=True)
class Standing:
    """What really stands at both ends; `key` is None where the router does not show it.

    The rest as in `office_end.Lines`.
    """

    lines: str
    cloud: Mapping[str, Any] | None
    key: str | None = field(repr=False)
    model: str = ""
    revision: str = ""
    unsaved: tuple[str, ...] = ()
    not_compared: str = ""

    @property
    def nowhere(self) -> bool:
        """Whether neither end has anything of the tunnel."""
        return self.cloud is None and not parse(self.lines).statements


def look(ends: Ends, reference: str, *, clock: Clock) -> Standing:
    """Read both ends; `reference` are the lines that should stand.

    An end that cannot be read is an error, never "no drift".
    """
    cloud = lifecycle.read_peer(ends.client, ends.router_id, ends.peer)
    office = OfficeEnd(ends.login, ends.scope).look(reference, clock=clock)
    return Standing(
        office.text,
        cloud,
        office.key,
        office.model,
        office.revision,
        office.unsaved,
        office.not_compared,
    )
