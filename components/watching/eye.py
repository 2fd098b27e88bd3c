"""How a watched site is reached: one session on its router for each look, none while others work.

Whether a change is being made is known in two ways: the stack is locked (a Pulumi backend of files
on this machine tells), or the router holds the schedules that guard a change (see
`office.guards`), whoever makes it, and from where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address

from ..clock import Clock, Progress
from ..cloud.api import Client
from ..office import guards
from ..office.audit import Finding
from ..office.config import parse
from ..office.login import Login
from ..office.session import Session
from ..recovery import NO_WAY_BACK, Cloud, OurTunnel, bring_back, traffic
from .course import Result, Seen, Tried

_MEANS = {
    "office": "deleting our SAs at the office was enough",
    "cloud": "it took `restartvpn` at the VPC router",
}


@dataclass(frozen=True)
class SiteEye:
    """A site's two ends, asked for anew at every look: credentials and ports may change.

    `holders` says who makes a change of the stack now (empty: nobody that is known), `router_id`
    finds the VPC router; without a `client` (it belongs to somebody else) only the office end's own
    means are used.  `way_in` is as in `recovery.bring_back`, `all_peers` the consent to
    `restartvpn` where the VPC router has other peers.  `remark` takes what is to be known about the
    connection, the same at every look.
    """

    tunnel: OurTunnel
    login: Callable[[], Login]
    client: Callable[[], Client] | None
    router_id: Callable[[Client], str]
    holders: Callable[[], list[str]]
    clock: Clock
    progress: Progress
    way_in: Callable[[], IPv4Address | None] = lambda: None
    all_peers: bool = False
    remark: Progress = lambda _: None

    @contextmanager
    def look(self) -> Iterator[SiteLook]:
        """A look; its session is opened when it is needed and closed at its end."""
        look = SiteLook(self)
        try:
            yield look
        finally:
            look.close()


def _tried(result: Result, how: str, findings: Sequence[Finding]) -> Tried:
    """With what the configuration has to say; what has no way back after a loss explains it, too,
    but that is what a restart is for: what else is found it does not mend."""
    codes = ", ".join(each.code for each in findings)
    explained = any(each.code not in NO_WAY_BACK for each in findings)
    return Tried(result, "; ".join(filter(None, (how, codes))), explained=explained)


class _Overtaken(Exception):
    """A change has begun while a reconnect was going on."""

    def __init__(self, held: Seen) -> None:
        super().__init__(held.why)
        self.held = held


class _Yielding:
    """A clock whose every wait ends the reconnect that it is for, once a change has begun: new SAs
    of ours would pass for the proof of what somebody else is changing."""

    def __init__(self, clock: Clock, held: Callable[[], Seen | None]) -> None:
        self._clock, self._held = clock, held

    def now(self) -> float:
        return self._clock.now()

    def wait(self, seconds: float) -> None:
        self._clock.wait(seconds)
        if held := self._held():
            raise _Overtaken(held)


class SiteLook:
    """One look at a site."""

    def __init__(self, eye: SiteEye) -> None:
        self._eye = eye
        self._session: Session | None = None

    def seen(self) -> Seen:
        """Ping through the tunnel, unless a change is being made."""
        if held := self._held():
            return held
        found = traffic(self._opened(), self._eye.tunnel)
        return Seen("passed" if found.passed else "lost", found.why, found.small.average_ms)

    def reconnect(self) -> Tried | Seen:
        """Bring traffic back by the mildest means; not if a change has begun meanwhile."""
        if held := self._held():
            return held
        try:
            return self._brought_back()
        except _Overtaken as overtaken:
            return overtaken.held

    def _brought_back(self) -> Tried:
        eye = self._eye
        found = bring_back(
            self._opened(),
            eye.tunnel,
            Cloud(eye.client, eye.router_id) if eye.client else None,
            all_peers=eye.all_peers,
            spare=True,
            way_in=eye.way_in(),
            clock=_Yielding(eye.clock, self._held),
            progress=eye.progress,
        )
        result: Result = "failed"
        if found.untouched:
            return Tried("restored", "it passes again by itself")
        if found.proof:
            result, how = "restored", f"traffic after {found.seconds:g} s, {_MEANS[found.by]}"
        elif found.refused:
            result = "refused"
            others = ", ".join(found.others)
            how = f"only a restart is left, and it interrupts {others}: needs --all-peers"
        else:
            how = f"no traffic {found.seconds:g} s later; {found.outcome}"
        if found.theirs and not found.proof:
            how = f"{how}; the VPC router is not ours to restart: its owner presses VPN再接続"
        return _tried(result, "; ".join((how, *found.interrupted)), found.findings)

    def close(self) -> None:
        """Leave the router."""
        if self._session:
            self._session.close()

    def _held(self) -> Seen | None:
        # Whoever makes a change needs the router's few sessions: first what needs none.
        if holders := self._eye.holders():
            return Seen("held", "; ".join(holders))
        lines = self._opened().command("show config | grep schedule")
        if guarding := guards.left_over(parse(lines)):
            return Seen("held", f"the router is guarded by `{guarding[0]}`")
        return None

    def _opened(self) -> Session:
        if self._session is None:
            eye = self._eye
            self._session = Session.open(eye.login(), clock=eye.clock, say=eye.remark)
        return self._session
