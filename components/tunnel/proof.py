"""The proof by traffic: a ping through the tunnel, over SAs that were not there before.

No status is believed: `Online`, `UP` and an SA prove nothing (seed article).  A lost ping takes
the router 2 s, and as many pass before the next one: so well are times known here, and never too
short.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any, Final, NamedTuple

from ..clock import Clock, Progress
from ..office.answers import Ping, SecurityAssociation
from ..office.session import Session

# Seconds.
NEW_SAS_WITHIN: Final = 10  # then the old SAs of our gateway are deleted, with notice
BETWEEN_PINGS: Final = 2
_DELETIONS: Final = 3  # what stood, what came while it went, and once more
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
class Proof:
    """Traffic that passed: when, to where, round trip (ms), and how long there was none.

    `outage_s` is from the last ping that passed to the next that did, summed up; 0 if none was
    lost.  It is known as well as the pings are close, some 2 s.  `others` are the addresses of the
    VPC router's other peers, `interrupted` what is to be said about those that did not come back.
    """

    at: str
    target: str
    round_trip_ms: float
    outage_s: float
    others: tuple[str, ...] = ()
    interrupted: tuple[str, ...] = ()

    def as_output(self) -> dict[str, Any]:
        """The `verified` output of a stack."""
        return {
            "at": self.at,
            "how": f"ping from the RTX to {self.target}, small and at tunnel MTU, over new SAs",
            "roundTripMs": self.round_trip_ms,
            "outageSeconds": self.outage_s,
        }


class Silence(NamedTuple):
    """No proof: how many new SAs stand, whether small pings passed, how long it was tried (s)."""

    new: int
    answered: bool
    waited: float

    def __str__(self) -> str:
        some = f"the RTX has {self.new} new SAs" if self.new else "the RTX has no new SAs"
        small = "; small pings pass, full-size ones or new SAs do not" if self.answered else ""
        return some + small


def is_both_ways(sas: Sequence[SecurityAssociation]) -> bool:
    """Whether there is an IPsec SA for each direction."""
    return {"send", "recv"} <= {sa.direction for sa in sas}


def is_whole(sas: Sequence[SecurityAssociation]) -> bool:
    """Whether these alone are a tunnel: an IKE SA, and an IPsec SA for each direction.

    Each kind is renewed without the other: new IPsec SAs under an old IKE SA say nothing of a
    changed key, and a new IKE SA may have taken old IPsec SAs over.
    """
    return any(sa.kind == "ike" for sa in sas) and is_both_ways(sas)


def delete(session: Session, gateway: int, standing: Sequence[SecurityAssociation]) -> None:
    """Delete these SAs of our gateway at the office by their ids, with notice to the peer.

    The IPsec SAs first: their notice travels in the IKE SA.  It may make the peer renew them at
    once, in the very IKE SA that goes next; these go too, else no new key exchange would come.
    """
    for _ in range(_DELETIONS):
        for sa in sorted(standing, key=lambda sa: sa.kind == "ike"):
            # One deletion may take others along, and new SAs may have their numbers by now.
            if sa.spi in {each.spi for each in session.associations(gateway)}:
                session.delete_associations([sa.id], gateway)
        standing = _orphans(session.associations(gateway))
        if not standing:
            return


def _orphans(standing: Sequence[SecurityAssociation]) -> Sequence[SecurityAssociation]:
    """IPsec SAs whose IKE SA is gone."""
    return () if any(sa.kind == "ike" for sa in standing) else standing


class Watch:
    """Waits for traffic over SAs that are not among `old_spis`; measures how long there is none.

    `breathe` is called between the pings, for whoever has to keep something alive meanwhile.
    With `retire` old SAs that are not replaced are deleted after a while.
    `since` is when traffic was last known not to be interrupted by us (now, if it is not given).
    """

    def __init__(
        self,
        session: Session,
        gateway: int,
        asked: Verification,
        old_spis: Collection[str],
        *,
        clock: Clock,
        progress: Progress,
        breathe: Callable[[], None] = lambda: None,
        retire: bool = True,
        since: float | None = None,
    ) -> None:
        self._session, self._gateway, self._asked = session, gateway, asked
        self._old, self._clock, self._progress = frozenset(old_spis), clock, progress
        self._breathe = breathe
        self._start = clock.now()
        self._last_passed = self._start if since is None else since
        self._outage, self._lost = 0.0, False
        self._may_retire = retire
        self._said = 0.0

    def until(self, end: float) -> Proof | Silence:
        """The proof, or what is known if there is none at `end` (the clock's seconds)."""
        while True:
            self._breathe()
            standing = self._session.associations(self._gateway)
            new = [sa for sa in standing if sa.spi not in self._old]
            answer = self._ping()
            now = self._clock.now()
            if not answer.received:
                self._lost = True
            else:
                if self._lost:
                    self._outage += now - self._last_passed
                self._last_passed, self._lost = now, False
            full = self._asked.mtu - IP_AND_ICMP
            if answer.received and is_whole(new) and self._ping(full).received:
                return Proof(
                    at=datetime.now(UTC).isoformat(timespec="seconds"),
                    target=str(self._asked.target),
                    round_trip_ms=answer.average_ms or 0.0,
                    outage_s=round(self._outage, 1),
                )
            if not is_whole(new):
                self._retire([sa for sa in standing if sa.spi in self._old])
            if self._clock.now() >= end:
                return Silence(len(new), answer.received > 0, self._clock.now() - self._start)
            self._say()
            self._clock.wait(BETWEEN_PINGS)

    def _ping(self, size: int = 64) -> Ping:
        return self._session.ping(self._asked.target, self._asked.source, count=1, size=size)

    def _retire(self, standing: Sequence[SecurityAssociation]) -> None:
        """SAs that stand survive a changed key and changed parameters: they would prove the old
        agreement, not the new one.  So after a while ours are deleted, with notice."""
        waited = self._clock.now() - self._start
        if standing and self._may_retire and waited >= NEW_SAS_WITHIN:
            self._progress("office end: deleting the old SAs of our gateway")
            delete(self._session, self._gateway, standing)
            self._may_retire = False

    def _say(self) -> None:
        waited = self._clock.now() - self._start
        if waited - self._said >= SAY_EVERY:
            self._said = waited
            self._progress(f"waiting for traffic, {waited:.0f} s")
