"""What a watched site goes through, and when something is done about it.  Pure.

A look at a site sees one of four things.  What is seen is the phase that the site is in:

    seen      it means                                            an outage    reconnect?
    passed    traffic passes through the tunnel                   ends         no
    lost      the router says that none does                      begins       when it is time
    blind     the router cannot be asked                          goes on      no: nothing is known
    held      a change is being made, here or by somebody else    goes on      never

When it is time: first the tunnel gets its own chance (with the defaults the VPC router's DPD
brings it back, seed article); then tries follow each other at times that double, each shifted by
chance so that many sites do not try at once; and within a window there are no more than so many,
however often traffic comes and goes: a tunnel that is reconnected for ever is broken otherwise.
Where the configuration explains why nothing passes, the next try has the longest time to wait.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

Kind = Literal["passed", "lost", "blind", "held"]
Phase = Literal["new", "passed", "lost", "blind", "held"]
Result = Literal["restored", "failed", "refused", "error"]

RESULTS: Final[tuple[Result, ...]] = ("restored", "failed", "refused", "error")
"""What may come of a try: traffic passes; it does not; only a restart would help and other peers
forbid it; an end could not be asked."""

_SHIFT: Final = 0.25
_DOUBLINGS: Final = 16  # a power beyond which every limit is long reached


@dataclass(frozen=True)
class Seen:
    """What a look has seen, and why, in words; `round_trip_ms` where traffic passed."""

    kind: Kind
    why: str = ""
    round_trip_ms: float | None = None


@dataclass(frozen=True)
class Tried:
    """What came of a reconnect; `how` is for people.

    `explained` says that the configuration tells why there is no traffic, as for a tunnel that
    somebody has disabled: another try soon is of no use.
    """

    result: Result
    how: str = ""
    explained: bool = False


@dataclass(frozen=True)
class Limits:
    """When to look and when to act; seconds, but for `tries`.

    `interval` between looks where traffic passes, `soon` where it does not, at most `blind_most`
    where the router cannot be asked.  `patience` is the time that the tunnel gets to come back by
    itself, `first` the time after a try that failed, doubled each time up to `most`.  No more than
    `tries` tries begin in any `window`; 0: it is only looked.
    """

    interval: float = 60.0
    soon: float = 15.0
    blind_most: float = 300.0
    patience: float = 60.0
    first: float = 60.0
    most: float = 900.0
    tries: int = 6
    window: float = 3600.0


@dataclass(frozen=True)
class Course:
    """Where a site stands.  Times are a clock's seconds, `at` the last one that is accounted for.

    `lost_since` is when the outage began that is not over, None without one.  `begun` are the tries
    of the last window, `failed` how many of this outage failed, `not_before` when the next one may
    begin.  Every second since the start is in one of `passing_s`, `outage_s` and `unknown_s`
    (neither traffic nor its loss was seen last): as well known as looks are close.
    """

    at: float
    phase: Phase = "new"
    why: str = ""
    lost_since: float | None = None
    begun: tuple[float, ...] = ()
    failed: int = 0
    not_before: float = 0.0
    blind_looks: int = 0
    passing_s: float = 0.0
    outage_s: float = 0.0
    unknown_s: float = 0.0

    def until(self, now: float) -> Course:
        """The same at `now`: the time since then is accounted for."""
        passed = max(now - self.at, 0.0)
        bucket = "outage_s" if self.lost_since is not None else "unknown_s"
        if self.lost_since is None and self.phase == "passed":
            bucket = "passing_s"
        return replace(self, at=max(now, self.at), **{bucket: getattr(self, bucket) + passed})

    def saw(self, seen: Seen, now: float) -> Course:
        """After a look that ended at `now`."""
        course = replace(
            self.until(now),
            phase=seen.kind,
            why=seen.why,
            blind_looks=self.blind_looks + 1 if seen.kind == "blind" else 0,
        )
        if seen.kind == "passed":
            return replace(course, lost_since=None, failed=0, not_before=0.0)
        if seen.kind == "lost" and self.lost_since is None:
            return replace(course, lost_since=now)
        return course

    def wait_for(self, now: float, limits: Limits) -> float | None:
        """Seconds until a reconnect is due; 0 for now, None where none is to be thought of."""
        if self.phase != "lost" or self.lost_since is None or not limits.tries:
            return None
        recent = _recent(self.begun, now, limits)
        due = max(self.lost_since + limits.patience, self.not_before)
        if len(recent) >= limits.tries:
            due = max(due, recent[-limits.tries] + limits.window)
        return max(due - now, 0.0)

    def is_spent(self, now: float, limits: Limits) -> bool:
        """Whether the tries of this window are used up."""
        return len(_recent(self.begun, now, limits)) >= limits.tries

    def trying(self, now: float, limits: Limits) -> Course:
        """As a try begins."""
        return replace(self.until(now), begun=(*_recent(self.begun, now, limits), now))

    def tried(self, found: Tried, now: float, limits: Limits, chance: float) -> Course:
        """After a try that ended at `now`; `chance` (0 to 1) shifts the next one."""
        if found.result == "restored":
            return self.saw(Seen("passed"), now)
        failed = self.failed + 1
        doubled = limits.first * 2.0 ** min(failed - 1, _DOUBLINGS)
        wait = limits.most if found.explained else min(doubled, limits.most)
        shifted = wait * (1 + _SHIFT * (2 * chance - 1))
        return replace(self.until(now), failed=failed, not_before=now + shifted)

    def next_look(self, now: float, limits: Limits) -> float:
        """Seconds until the next look."""
        if self.phase == "blind":
            doubled = limits.interval * 2.0 ** min(self.blind_looks - 1, _DOUBLINGS)
            return max(min(doubled, limits.blind_most), limits.interval)
        if self.lost_since is None:
            return limits.interval
        soon = min(limits.soon, limits.interval)
        due = self.wait_for(now, limits)
        return soon if not due else min(soon, due)


def _recent(begun: tuple[float, ...], now: float, limits: Limits) -> tuple[float, ...]:
    return tuple(at for at in begun if at > now - limits.window)
