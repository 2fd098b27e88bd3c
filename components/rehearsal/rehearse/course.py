"""The course of a rehearsal: what is done to both ends, and whether traffic comes through it.

Every step is measured by the same ten pings a second from the office LAN to the cloud LAN.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...cloud import lifecycle
from ...disagreements import NO_ANSWER
from ...errors import VpnError
from ..ike.cause import Cause
from ..ike.said import Saying, sayings
from ..ike.traffic import Gap, Pinger, gaps
from ..rtx import run_lines
from . import change

if TYPE_CHECKING:
    from ...clock import Progress
    from ...site import Site
    from ..ike.lab import Name
    from .copies import Copies

REAL: Final = "real time"
CUT_SECONDS: Final = 60
SPEED: Final = 5
"""How much faster than real the times of dead peer detection are, unless asked otherwise."""

_STEADY: Final = 1.5  # seconds without a loss: traffic is back
_FRESH: Final = 0.6
_LOOK: Final = 0.1
_FIRST: Final = 20.0
_HOPELESS: Final = 3.0  # with a cause that our table names; ends that are left alone keep it
_BEYOND_DPD: Final = 15.0


@dataclass(frozen=True)
class Step:
    """One thing that was done, and what came of it.

    Times are seconds since 1970; `recovered_s` counts from `since`, when the ends were free to
    recover, to the first ping that passed for good (None: none did).  `played` says in which time.
    `cause` is our name for what is wrong ("" where it has none), `why` says it in words.
    """

    name: str
    what: str
    begin: float
    end: float
    since: float
    traffic: bool
    outages: tuple[Gap, ...]
    pings: int
    recovered_s: float | None
    said: tuple[Saying, ...]
    played: str = REAL
    cause: str = ""
    why: str = ""
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether it did what it was to do, and traffic passes."""
        return self.traffic and not self.error

    @property
    def outage_s(self) -> float:
        """How long there was no traffic any more, all times together."""
        return sum(gap.seconds for gap in self.outages if gap.lost)

    @property
    def lost(self) -> int:
        """How many pings were lost."""
        return sum(gap.lost for gap in self.outages)


class Course:
    """Does steps to `copies` and measures them.  `speed` is that of the copies."""

    def __init__(self, copies: Copies, pinger: Pinger, speed: int, progress: Progress) -> None:
        self._copies, self._pinger, self._speed = copies, pinger, speed
        self._progress = progress
        self._operator: list[Saying] = []

    # --- the steps --------------------------------------------------------------------------------

    def as_they_are(self) -> Step:
        """Both ends, as the source has them, and nothing done to them."""
        what = "both ends come up with what they have"
        return self._step("as they are", what, _FIRST, hopeless=_HOPELESS)

    def changed(self, name: str, what: str, site: Site, *, new_key: bool = False) -> Step:
        """The product's own change, proof by traffic included."""

        def event() -> None:
            change.apply(self._copies, site, new_key=new_key, progress=self._say)

        return self._step(name, what, _FIRST, event)

    def recoveries(self) -> Iterator[Step]:
        """What a tunnel has to come back from, one after the other."""
        for name, what, event, cut in (
            ("office deletes its SAs", "`ipsec sa delete all` at the RTX", self._delete, 0),
            ("office reboots", "the RTX restarts; nobody is told", self._reboot_office, 0),
            (
                "cloud reboots",
                "the VPC router goes off and on; nobody is told",
                self._reboot_cloud,
                0,
            ),
            (f"cut of {CUT_SECONDS} s", "the internet swallows everything", self._cut, CUT_SECONDS),
        ):
            yield self._step(name, what, self._dpd_seconds + _BEYOND_DPD, event, self._played(cut))

    # --- what happens -----------------------------------------------------------------------------

    def _delete(self) -> None:
        run_lines(self._copies.router, ["ipsec sa delete all"])

    def _reboot_office(self) -> None:
        self._copies.router.reboot()

    def _reboot_cloud(self) -> None:
        client, router_id = self._copies.client, self._copies.vpc.id
        client.put(f"appliance/{router_id}/reset")
        while (state := lifecycle.read_router(client, router_id)) and state.power != "up":
            self._copies.clock.wait(_LOOK)

    def _cut(self) -> float:
        self._copies.link.cut(silent=True)
        self._copies.clock.wait(CUT_SECONDS / self._speed)
        self._copies.link.cut(silent=False)
        return time.time()

    # --- how it is measured -----------------------------------------------------------------------

    def _step(
        self,
        name: str,
        what: str,
        patience: float,
        event: Callable[[], float | None] = lambda: None,
        played: str = REAL,
        hopeless: float = math.inf,
    ) -> Step:
        self._progress(f"{name}: {what}")
        link, error = self._copies.link, ""
        begin, logs = time.time(), link.lab.logs()
        self._operator = []
        try:
            since = event() or begin
        except VpnError as problem:
            since, error = begin, str(problem)
        # What nobody changes will not come to terms later.
        traffic = self._comes(since, min(hopeless, patience)) or (
            not self._is_named(logs) and self._comes(since, patience)
        )
        end = time.time()
        answers = self._pinger.answers()
        outages = tuple(gaps(answers, begin, end))
        cause = None if traffic else link.cause(logs)
        last = max((gap.end for gap in outages), default=since)
        return Step(
            name=name,
            what=what,
            begin=begin,
            end=end,
            since=since,
            traffic=traffic,
            outages=outages,
            pings=sum(begin <= answer.at <= end for answer in answers),
            recovered_s=max(last - since, 0.0) if traffic else None,
            said=tuple(self._said(logs)),
            played=played,
            cause=cause.code if isinstance(cause, Cause) else "",
            why=cause.text if isinstance(cause, Cause) else cause or "",
            error=error,
        )

    def _comes(self, since: float, patience: float) -> bool:
        """Whether traffic passes, and goes on passing, within `patience` seconds."""
        while (now := time.time()) < since + patience:
            answers = self._pinger.answers()
            fresh = bool(answers) and answers[-1].at > max(since, now - _FRESH)
            if fresh and now - since > _STEADY and not gaps(answers, now - _STEADY, now):
                return True
            self._copies.clock.wait(_LOOK)
        return False

    def _is_named(self, since: dict[Name, str]) -> bool:
        """Whether it is known why no tunnel stands."""
        found = self._copies.link.cause(since)
        return found is not None and not (isinstance(found, Cause) and found.code == NO_ANSWER)

    def _said(self, before: dict[Name, str]) -> Sequence[Saying]:
        after = self._copies.link.lab.logs()
        said = [s for name, log in after.items() for s in sayings(name, log[len(before[name]) :])]
        return sorted([*said, *self._operator], key=lambda saying: saying.at)

    def _say(self, text: str) -> None:
        if text.startswith(self._copies.login.host):
            return  # about the way to the copy, which is not the way to the router
        self._operator.append(Saying(time.time(), "you", text))
        self._progress(f"  {text}")

    @property
    def _dpd_seconds(self) -> float:
        """What the slower end takes until it gives the other up, as played."""
        ends = [self._copies.link.lab.host(name) for name in self._copies.link.lab.logs()]
        return max((sum(h.peer.dpd) for h in ends if h and h.peer.dpd), default=0.0)

    def _played(self, cut: int) -> str:
        """What of a step is faster than real."""
        peer = self._copies.link.pair.peer
        if self._speed == 1 or peer is None:
            return REAL
        times = [f"the cut of {cut} s as {cut / self._speed:g} s"] if cut else []
        interval, timeout = peer.dpd_interval, peer.dpd_timeout
        times.append(
            f"dead peer detection of {interval}/{timeout} s as "
            f"{interval // self._speed}/{timeout // self._speed} s"
        )
        return f"{self._speed} times faster: {', '.join(times)}"
