"""Both ends of the tunnel as one transaction, and the proof by traffic.

Order (design: the office end first, as the responder; the cloud end at once after it, which starts
the exchange; then traffic over new SAs; only then is anything saved).  If traffic does not come,
both ends go back to what they were, or, for a first creation unless the user says otherwise, both
stay and the error says what stands.  No status is believed: only a ping through the tunnel counts,
and only while SAs stand that were not there before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from .clock import Clock, Progress
from .cloud import lifecycle
from .cloud.api import Client
from .errors import DeviceError, VerifyError, VpnError
from .office.apply import GuardedChange
from .office.config import Scope
from .office.session import Login, Session

# Seconds.  The guard outlives the whole transaction; what waits for the API or for traffic ends a
# minute before it does, so that going back is still possible.
GUARD_MARGIN: Final = 180
BEFORE_THE_GUARD: Final = 60
NEW_SAS_WITHIN: Final = 10  # then the old SAs of our gateway are deleted, with notice
BETWEEN_PINGS: Final = 2
IP_AND_ICMP: Final = 28  # bytes of header in front of a ping's data


@dataclass(frozen=True)
class Verification:
    """Which proof is asked for: `target` must answer pings from `source` within `seconds`.

    `mtu` is the tunnel's: one ping of that size must pass too (it may be fragmented outside of the
    tunnel; an RTX cannot forbid that).
    """

    target: str
    source: str
    seconds: int = 120
    mtu: int = 1280
    on_failure: str = ""


@dataclass(frozen=True)
class Wish:
    """What one operation wants: the RTX's lines (key masked), the peer's values, the key."""

    lines: str
    cloud: Mapping[str, Any]
    key: str = field(repr=False)


@dataclass(frozen=True)
class Ends:
    """How to reach both ends, and which part of each is ours."""

    client: Client
    router_id: str
    login: Login
    scope: Scope


@dataclass(frozen=True)
class Proof:
    """Traffic that passed: when, to where, round trip (ms), and how long there was none (s)."""

    at: str
    target: str
    round_trip_ms: float
    outage_s: float
    new_sas: bool

    def as_output(self) -> dict[str, Any]:
        """The `verified` output of a stack."""
        return {
            "at": self.at,
            "how": f"ping from the RTX to {self.target}, small and at tunnel MTU, over new SAs"
            if self.new_sas
            else f"ping from the RTX to {self.target}, small and at tunnel MTU",
            "roundTripMs": self.round_trip_ms,
            "outageSeconds": self.outage_s,
        }


class NotProved(VerifyError):
    """No traffic came; both ends were kept as they were asked for."""


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

    Raises `NotProved` when both ends were configured, kept, and carry no traffic; any other
    `VpnError` means that both ends are as they were before (or the error's `state` says what is
    not).
    """
    keep = (verification.on_failure or ("back" if before else "keep")) == "keep"
    guard = verification.seconds + GUARD_MARGIN
    deadline = clock.now() + guard - BEFORE_THE_GUARD
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
    )
    with change:
        change.start()
        old = change.session.associations(ends.scope.gateway)
        try:
            progress("VPC router: writing the peer and applying the settings")
            lifecycle.write_peer(ends.client, ends.router_id, wish.cloud, wish.key, clock)
            _retire_renamed_peer(ends, wish, before, clock)
            proof = _prove(change, ends, verification, {sa.spi for sa in old}, deadline, clock)
        except NotProved as err:
            if keep:
                change.keep()
                err.state = "both ends are configured and saved, and carry no traffic"
                raise
            raise _went_back(change, ends, wish, before, clock, err) from err
        except VpnError as err:
            raise _went_back(change, ends, wish, before, clock, err) from err
        change.keep()
    return proof


def _retire_renamed_peer(ends: Ends, wish: Wish, before: Wish | None, clock: Clock) -> None:
    """A changed office address is a new peer entry: the old one must not stay beside it."""
    if before and before.cloud["peer"] != wish.cloud["peer"]:
        lifecycle.remove_peer(ends.client, ends.router_id, before.cloud["peer"], clock)


def _went_back(
    change: GuardedChange,
    ends: Ends,
    wish: Wish,
    before: Wish | None,
    clock: Clock,
    cause: VpnError,
) -> VpnError:
    """Put both ends back; the error to raise, with what is true now."""
    state = []
    try:
        if before:
            lifecycle.write_peer(ends.client, ends.router_id, before.cloud, before.key, clock)
        if not before or before.cloud["peer"] != wish.cloud["peer"]:
            lifecycle.remove_peer(ends.client, ends.router_id, wish.cloud["peer"], clock)
        state.append("cloud end as before")
    except VpnError as err:
        state.append(f"CLOUD END NOT BACK ({err.what})")
    try:
        change.back()
        state.append("office end as before")
    except VpnError as err:
        state.append(f"office end: {err.what} {err.state}".strip())
    cause.state = "; ".join(filter(None, (cause.state, *state)))
    return cause


def _prove(
    change: GuardedChange,
    ends: Ends,
    verification: Verification,
    old_spis: set[str],
    deadline: float,
    clock: Clock,
) -> Proof:
    """Wait, `verification.seconds` at most, for traffic over SAs that are not among `old_spis`."""
    session, gateway = change.session, ends.scope.gateway
    start = clock.now()
    end = min(start + verification.seconds, deadline)
    last_passed, outage = start, 0.0
    old_deleted = False
    while True:
        change.breathe()
        standing = session.associations(gateway)
        new = [sa for sa in standing if sa.spi not in old_spis]
        answer = session.ping(verification.target, verification.source, count=1)
        if answer.received:
            outage = max(outage, clock.now() - last_passed - BETWEEN_PINGS)
            last_passed = clock.now()
            if {"send", "recv"} <= {sa.direction for sa in new} and _full_size(
                session, verification
            ):
                return Proof(
                    at=datetime.now(UTC).isoformat(timespec="seconds"),
                    target=verification.target,
                    round_trip_ms=answer.average_ms or 0.0,
                    outage_s=round(max(outage, 0.0), 1),
                    new_sas=True,
                )
        if not old_deleted and not new and standing and clock.now() - start >= NEW_SAS_WITHIN:
            # SAs that stand survive a changed key and changed parameters: they would prove the
            # old agreement, not the new one.
            session.delete_associations([sa.id for sa in standing])
            old_deleted = True
        if clock.now() >= end:
            raise NotProved(
                f"no traffic from {verification.source} (RTX) to {verification.target} within "
                f"{verification.seconds} s",
                attempted="ping through the tunnel, over new SAs",
                state=_what_stands(ends, new, answer.received > 0),
                remedy="compare both ends (agreement output), then filters, NAT and routes",
            )
        change.progress(f"waiting for traffic, {clock.now() - start:.0f} s")
        clock.wait(BETWEEN_PINGS)


def _full_size(session: Session, verification: Verification) -> bool:
    size = verification.mtu - IP_AND_ICMP
    return session.ping(verification.target, verification.source, count=1, size=size).received > 0


def _what_stands(ends: Ends, new: list[Any], answered: bool) -> str:
    """The evidence, for an error: what each end says of itself, believed or not."""
    kinds = sorted({sa.kind for sa in new})
    office = f"RTX has new SAs: {', '.join(kinds)}" if kinds else "RTX has no new SAs"
    if answered:
        office += "; small pings pass, full-size ones or new SAs do not"
    try:
        peers = lifecycle.peer_status(ends.client, ends.router_id, str(ends.login.host))
    except VpnError:
        peers = None
    return office if peers is None else f"{office}; the VPC router calls the peer {peers}"


def remove(ends: Ends, stood: Wish, *, clock: Clock, progress: Progress) -> None:
    """Take the tunnel away at both ends: cloud end first, so that nobody calls an RTX half undone.

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
    ) as change:
        change.start()
        try:
            lifecycle.remove_peer(ends.client, ends.router_id, stood.cloud["peer"], clock)
        except VpnError as err:
            change.back()
            err.state = "; ".join(filter(None, (err.state, "office end as before")))
            raise
        change.keep()


@dataclass(frozen=True)
class Standing:
    """What really stands at both ends; `key` is None where the router does not show it."""

    lines: str
    cloud: Mapping[str, Any] | None
    key: str | None = field(repr=False)


def look(ends: Ends, reference: str, peer: str, *, clock: Clock) -> Standing:
    """Read both ends.  An end that cannot be read is an error, never "no drift"."""
    cloud = lifecycle.read_peer(ends.client, ends.router_id, peer)
    with Session.open(ends.login, clock=clock) as session:
        live = session.configuration()
    from .office.plan import align

    shown = align(live, reference, ends.scope)
    return Standing(shown.text, cloud, shown.key)


__all__ = [
    "DeviceError",
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
