"""Both ends of the tunnel as one transaction, and the proof by traffic.

Order (design: the office end first, as the responder; the cloud end at once after it, which starts
the exchange; then traffic over new SAs; only then is anything saved).  If traffic does not come,
both ends go back to what they were, or, for a first creation unless the user says otherwise, both
stay and the error says what stands.  No status is believed: only a ping through the tunnel counts,
and only while SAs stand that were not there before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from .clock import Clock, Progress, SystemClock
from .cloud import lifecycle
from .cloud.api import Client
from .cloud.neighbours import Neighbours
from .cloud.router import OmittedSecrets, Parameters
from .errors import VerifyError, VpnError
from .office.apply import GuardedChange
from .office.config import Scope, parse
from .office.login import Login
from .office.plan import align
from .office.session import Session
from .watch import Proof, Silence, Verification, Watch

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


@dataclass(frozen=True)
class Wish:
    """What one operation wants: the RTX's lines (key masked), the peer's values, the key."""

    lines: str
    cloud: Mapping[str, Any]
    key: str = field(repr=False)

    @property
    def has_peer(self) -> bool:
        """Whether there is more of the peer than its address: a refresh may have found it gone."""
        return len(self.cloud) > 1


@dataclass(frozen=True)
class Ends:
    """How to reach both ends, and which part of each is ours.

    `calm` is a second client that no Ctrl-C interrupts: going back must come to its end.
    `in_band`, `allow_unsaved` and `accept` are the user's consent, see `GuardedChange`;
    `omitted_secrets` says what the user states about the API, see `cloud.writable`, and
    `parameters` whose those are that all peers of the router share, see `cloud.router.Parameters`.
    `address` is the VIP that the lines call; another one at the router is an error ("" is not
    compared).
    """

    client: Client
    calm: Client
    router_id: str
    peer: str
    login: Login
    scope: Scope
    in_band: bool = False
    allow_unsaved: bool = False
    accept: tuple[str, ...] = ()
    omitted_secrets: OmittedSecrets = "refuse"
    parameters: Parameters = "own"
    address: str = ""


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
    neighbours = _preflight(ends, wish)
    ends.client.deadline = deadline = clock.now() + guard - BEFORE_THE_GUARD
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
    )
    with change:
        change.start()
        old = {sa.spi for sa in change.session.associations(ends.scope.gateway)}
        try:
            progress("VPC router: writing the peer and applying the settings")
            _write_peer(ends, ends.client, wish, clock)
            _retire_renamed_peer(ends, wish, before, clock)
            watch = Watch(
                change.session,
                ends.scope.gateway,
                verification,
                old,
                clock=clock,
                progress=progress,
                breathe=change.breathe,
            )
            found = watch.until(min(clock.now() + verification.seconds, deadline))
            outcome = found if isinstance(found, Proof) else _no_traffic(ends, verification, found)
            if isinstance(outcome, VerifyError) and not keep:
                raise outcome
            change.keep()
        except Exception as err:
            state = _put_back(change, ends, wish, before)
            if isinstance(err, VpnError):
                err.state = "; ".join(filter(None, (err.state, *state)))
            raise
    if isinstance(outcome, VerifyError):
        raise NotProved(
            outcome.what,
            attempted=outcome.attempted,
            state=f"both ends are configured and saved; {outcome.state}",
            remedy=outcome.remedy,
        )
    return replace(
        outcome,
        others=neighbours.others,
        interrupted=_interrupted(neighbours, ends, clock, progress),
    )


def _preflight(ends: Ends, wish: Wish) -> Neighbours:
    """Look at the cloud end before the office end is touched: most errors show right here."""
    others = lifecycle.foresee_peer(
        ends.client,
        ends.router_id,
        wish.cloud,
        wish.key,
        omitted_secrets=ends.omitted_secrets,
        parameters=ends.parameters,
        address=ends.address,
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


def _write_peer(ends: Ends, client: Client, wish: Wish, clock: Clock) -> None:
    lifecycle.write_peer(
        client,
        ends.router_id,
        wish.cloud,
        wish.key,
        clock,
        omitted_secrets=ends.omitted_secrets,
        parameters=ends.parameters,
    )


def _remove_peer(ends: Ends, client: Client, wish: Wish, clock: Clock) -> None:
    peer, omitted = wish.cloud["peer"], ends.omitted_secrets
    lifecycle.remove_peer(client, ends.router_id, peer, clock, omitted_secrets=omitted)


def _retire_renamed_peer(ends: Ends, wish: Wish, before: Wish | None, clock: Clock) -> None:
    """A changed office address is a new peer entry: the old one must not stay beside it."""
    if before and before.cloud["peer"] != wish.cloud["peer"]:
        _remove_peer(ends, ends.client, before, clock)


def _put_back(change: GuardedChange, ends: Ends, wish: Wish, before: Wish | None) -> list[str]:
    """Put both ends back to what they were; what is true then, for the error."""
    state, clock = [], SystemClock()
    same_peer = before and before.has_peer and before.cloud["peer"] == wish.cloud["peer"]
    try:
        if before and before.has_peer:
            _write_peer(ends, ends.calm, before, clock)
        if not same_peer:
            _remove_peer(ends, ends.calm, wish, clock)
        state.append("cloud end as before")
    except VpnError as err:
        state.append(f"CLOUD END NOT BACK ({err.what})")
    try:
        change.back()
        state.append("office end as before")
    except VpnError as err:
        state.append(f"office end: {err.what} {err.state}".strip())
    return state


def _no_traffic(ends: Ends, asked: Verification, silence: Silence) -> VerifyError:
    """What each end says of itself goes into the error, believed or not."""
    try:
        status = lifecycle.peer_status(ends.client, ends.router_id, ends.peer)
    except VpnError:
        status = None
    return VerifyError(
        f"no traffic from {asked.source} (RTX) to {asked.target} within {silence.waited:.0f} s",
        attempted="ping through the tunnel, over new SAs",
        state=f"{silence}; the VPC router calls the peer {status or 'nothing'}",
        remedy="compare both ends (output `agreement`), then filters, NAT and routes",
    )


def remove(ends: Ends, stood: Wish, *, clock: Clock, progress: Progress) -> None:
    """Take the tunnel away at both ends: the office end under its guard, then the cloud end.

    What is gone already is no error; a VPC router that no longer exists is none either.
    """
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
        change.start()
        try:
            _remove_peer(ends, ends.client, stood, clock)
        except VpnError as err:
            state = [*filter(None, [err.state]), _cloud_after_removal(ends, stood)]
            try:
                change.back()
                state.append("office end as before")
            except VpnError as other:
                state.append(f"office end: {other.what} {other.state}".strip())
            err.state = "; ".join(state)
            raise
        change.keep()


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
    """What really stands at both ends; `key` is None where the router does not show it."""

    lines: str
    cloud: Mapping[str, Any] | None
    key: str | None = field(repr=False)

    @property
    def nowhere(self) -> bool:
        """Whether neither end has anything of the tunnel."""
        return self.cloud is None and not parse(self.lines).statements


def look(ends: Ends, reference: str, *, clock: Clock) -> Standing:
    """Read both ends; `reference` are the lines that should stand.

    An end that cannot be read is an error, never "no drift".
    """
    cloud = lifecycle.read_peer(ends.client, ends.router_id, ends.peer)
    with Session.open(ends.login, clock=clock) as session:
        live = align(session.configuration(), reference, ends.scope)
    return Standing(live.text, cloud, live.key)
