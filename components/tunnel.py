"""Both ends of the tunnel as one transaction, and the proof by traffic.

Order (design: the office end first, as the responder; the cloud end at once after it, which starts
the exchange; then traffic over new SAs; only then is anything saved).  If traffic does not come,
both ends go back to what they were, or, for a first creation unless the user says otherwise, both
stay and the error says what stands.  No status is believed: only a ping through the tunnel counts,
and only while SAs stand that were not there before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any, Final

from .clock import Clock, Progress, SystemClock
from .cloud import lifecycle
from .cloud.api import Client
from .cloud.router import OmittedSecrets
from .errors import ApiError, VerifyError, VpnError
from .office.answers import Ping, SecurityAssociation
from .office.apply import GuardedChange
from .office.config import Scope, parse
from .office.login import Login
from .office.plan import align
from .office.session import Session

# Seconds.  The guard outlives the whole transaction; what waits for the API or for traffic ends a
# minute before it does, so that going back is still possible.
GUARD_MARGIN: Final = 180
BEFORE_THE_GUARD: Final = 60
NEW_SAS_WITHIN: Final = 10  # then the old SAs of our gateway are deleted, with notice
BETWEEN_PINGS: Final = 2
SAY_EVERY: Final = 5
IP_AND_ICMP: Final = 28  # bytes of header in front of a ping's data


@dataclass(frozen=True)
class Verification:
    """Which proof is asked for: `target` must answer pings from `source` within `seconds`.

    `mtu` is the tunnel's: one ping of that size must pass too (it may be fragmented outside of the
    tunnel; an RTX cannot forbid that).
    """

    target: IPv4Address
    source: IPv4Address
    seconds: int = 120
    mtu: int = 1280
    on_failure: str = ""


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
    `in_band` and `allow_unsaved` are the user's consent, see `GuardedChange`; `omitted_secrets`
    says what the user states about the API, see `cloud.router.writable`.
    """

    client: Client
    calm: Client
    router_id: str
    peer: str
    login: Login
    scope: Scope
    in_band: bool = False
    allow_unsaved: bool = False
    omitted_secrets: OmittedSecrets = "refuse"


@dataclass(frozen=True)
class Proof:
    """Traffic that passed: when, to where, round trip (ms), and how long there was none.

    `outage_s` is from the last ping that passed to the next that did, summed up; 0 if none was
    lost.  It is known as well as the pings are close, some 2 s.
    """

    at: str
    target: str
    round_trip_ms: float
    outage_s: float

    def as_output(self) -> dict[str, Any]:
        """The `verified` output of a stack."""
        return {
            "at": self.at,
            "how": f"ping from the RTX to {self.target}, small and at tunnel MTU, over new SAs",
            "roundTripMs": self.round_trip_ms,
            "outageSeconds": self.outage_s,
        }


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
    _preflight(ends)
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
    )
    with change:
        change.start()
        old = {sa.spi for sa in change.session.associations(ends.scope.gateway)}
        try:
            progress("VPC router: writing the peer and applying the settings")
            _write_peer(ends, ends.client, wish, clock)
            _retire_renamed_peer(ends, wish, before, clock)
            watch = _Watch(change, ends, verification, old, clock, progress)
            outcome = watch.until(min(clock.now() + verification.seconds, deadline))
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
    return outcome


def _preflight(ends: Ends) -> None:
    """Look at the cloud end before the office end is touched: most errors show right here."""
    router = lifecycle.read_router(ends.client, ends.router_id)
    if router is None:
        raise ApiError(
            f"there is no VPC router {ends.router_id} in zone {ends.client.zone}",
            state="nothing was changed at either end",
            remedy="refresh the stack, then run up again",
        )
    if router.power != "up":
        raise ApiError(
            f"the VPC router {ends.router_id} is not running ({router.power})",
            state="nothing was changed at either end",
            remedy="start it, or refresh the stack and run up again",
        )


def _write_peer(ends: Ends, client: Client, wish: Wish, clock: Clock) -> None:
    lifecycle.write_peer(
        client,
        ends.router_id,
        wish.cloud,
        wish.key,
        clock,
        omitted_secrets=ends.omitted_secrets,
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


class _Watch:
    """Waits for traffic over SAs that are not among `old_spis`; measures how long there is none."""

    def __init__(
        self,
        change: GuardedChange,
        ends: Ends,
        verification: Verification,
        old_spis: set[str],
        clock: Clock,
        progress: Progress,
    ) -> None:
        self._change, self._session, self._ends = change, change.session, ends
        self._asked, self._old, self._clock = verification, old_spis, clock
        self._progress = progress
        self._start = self._last_passed = clock.now()
        self._outage, self._lost = 0.0, False
        self._old_deleted = False
        self._said = 0.0

    def until(self, end: float) -> Proof | VerifyError:
        """The proof, or what is known if there is none at `end` (the clock's seconds)."""
        while True:
            self._change.breathe()
            standing = self._session.associations(self._ends.scope.gateway)
            new = [sa for sa in standing if sa.spi not in self._old]
            answer = self._ping()
            now = self._clock.now()
            if not answer.received:
                self._lost = True
            else:
                if self._lost:
                    self._outage += now - self._last_passed
                self._last_passed, self._lost = now, False
            both = {"send", "recv"} <= {sa.direction for sa in new}
            if answer.received and both and self._ping(self._asked.mtu - IP_AND_ICMP).received:
                return Proof(
                    at=datetime.now(UTC).isoformat(timespec="seconds"),
                    target=str(self._asked.target),
                    round_trip_ms=answer.average_ms or 0.0,
                    outage_s=round(self._outage, 1),
                )
            if not new:
                self._retire(standing)
            if self._clock.now() >= end:
                return self._nothing(new, answer.received > 0)
            self._say()
            self._clock.wait(BETWEEN_PINGS)

    def _ping(self, size: int = 64) -> Ping:
        return self._session.ping(self._asked.target, self._asked.source, count=1, size=size)

    def _retire(self, standing: Sequence[SecurityAssociation]) -> None:
        """SAs that stand survive a changed key and changed parameters: they would prove the old
        agreement, not the new one.  So after a while ours are deleted, with notice."""
        waited = self._clock.now() - self._start
        if standing and not self._old_deleted and waited >= NEW_SAS_WITHIN:
            self._progress("office end: deleting the old SAs of our gateway")
            self._session.delete_associations([sa.id for sa in standing])
            self._old_deleted = True

    def _say(self) -> None:
        waited = self._clock.now() - self._start
        if waited - self._said >= SAY_EVERY:
            self._said = waited
            self._progress(f"waiting for traffic, {waited:.0f} s")

    def _nothing(self, new: Sequence[SecurityAssociation], answered: bool) -> VerifyError:
        """What each end says of itself goes into the error, believed or not."""
        office = f"the RTX has {len(new)} new SAs" if new else "the RTX has no new SAs"
        if answered:
            office += "; small pings pass, full-size ones or new SAs do not"
        peer = self._ends.peer
        try:
            status = lifecycle.peer_status(self._ends.client, self._ends.router_id, peer)
        except VpnError:
            status = None
        return VerifyError(
            f"no traffic from {self._asked.source} (RTX) to {self._asked.target} within "
            f"{self._clock.now() - self._start:.0f} s",
            attempted="ping through the tunnel, over new SAs",
            state=f"{office}; the VPC router calls the peer {status or 'nothing'}",
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
