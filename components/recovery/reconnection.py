"""Bringing the tunnel back, by the mildest means that does it.

Source: sakura-vpcrouter-api 5.4 (`restartvpn`, all of it unverified).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final, Literal

from ..clock import Clock, Progress
from ..cloud.api import Client
from ..cloud.neighbours import Neighbours
from ..cloud.objects import power
from ..cloud.owned import ROUTER, existing
from ..cloud.router import other_peers, peer_of
from ..cloud.settings import restart_vpn
from ..errors import ApiError, Cancelled, VpnError
from ..office.audit import Finding
from ..office.session import Session
from ..tunnel.proof import Proof, Silence
from .loss import explanations, lose, no_way_back, ours, watch_of
from .passing import OurTunnel, Traffic, traffic

OFFICE_ALONE: Final = 10.0
"""Seconds that the office end's own means get.  A VPC router that is told of a deletion is back in
under one (ike-lab, measured with strongSwan at both ends)."""


API_SECONDS: Final = 30.0
"""Seconds after which an API that does not answer is given up: until then the RTX is not asked."""

_UNTOUCHED: Final = "nothing was changed at either end"
_PANEL: Final = "press VPN reconnect (VPN再接続) in the control panel"


class _NothingToRestart(ApiError):
    """The API was asked, and there is no router that runs and has our peer."""


class OtherPeers(VpnError):
    """A restart would interrupt peers that are not ours, and nobody consented."""


@dataclass(frozen=True)
class Reconnection:
    """What became of traffic after a reconnect.

    `restarted` says whether the VPC router's key exchanges were started anew, after what the office
    end could do by itself; `others` are its other peers, as far as it was asked for them,
    `interrupted` sentences about those that were up and did not come back.  `findings` are what the
    running configuration has to say where there is no proof.  `theirs`: the VPC router belongs to
    somebody else, and so does its restart.  `untouched`: traffic passed, and was left alone.
    `router_id` is "" if the VPC router was not needed.
    """

    before: Traffic
    restarted: bool
    seconds: float
    outcome: Proof | Silence | None
    others: tuple[str, ...]
    interrupted: tuple[str, ...]
    findings: tuple[Finding, ...]
    theirs: bool = False
    untouched: bool = False
    router_id: str = ""

    @property
    def proof(self) -> Proof | None:
        """The proof that traffic passes over new SAs, None if it does not."""
        return self.outcome if isinstance(self.outcome, Proof) else None

    @property
    def by(self) -> Literal["office", "cloud", ""]:
        """The end whose means brought it: our SAs deleted, or the restart; "" if nothing did."""
        if not self.proof:
            return ""
        return "cloud" if self.restarted else "office"

    @property
    def refused(self) -> bool:
        """Whether the restart was left out because of the other peers, and is needed."""
        return not (self.proof or self.restarted or self.theirs or self.untouched)


@dataclass(frozen=True)
class Cloud:
    """Where `restartvpn` goes: the API, and how it is asked for the id of the VPC router.

    Both are called when they are needed, and may raise `VpnError`.
    """

    client: Callable[[], Client]
    router_id: Callable[[Client], str]


@dataclass(frozen=True)
class _Router:
    """A VPC router that can be restarted, and what keeps us from it: other peers, unless all may be
    interrupted (then there are `neighbours`, to see what became of them)."""

    client: Client
    id: str
    others: tuple[str, ...]
    neighbours: Neighbours | None


def reconnect(
    session: Session,
    tunnel: OurTunnel,
    client: Client,
    router_id: str,
    *,
    all_peers: bool = False,
    way_in: IPv4Address | None = None,
    clock: Clock,
    progress: Progress,
) -> Reconnection:
    """`bring_back` where the API and the VPC router are known."""
    return bring_back(
        session,
        tunnel,
        Cloud(lambda: client, lambda _: router_id),
        all_peers=all_peers,
        way_in=way_in,
        clock=clock,
        progress=progress,
    )


def bring_back(
    session: Session,
    tunnel: OurTunnel,
    cloud: Cloud | None,
    *,
    all_peers: bool = False,
    spare: bool = False,
    way_in: IPv4Address | None = None,
    clock: Clock,
    progress: Progress,
) -> Reconnection:
    """Bring traffic back: by the office end's own means, and if that is not enough by `restartvpn`.

    The mildest first: deleted SAs of ours harm nobody else and need no API, a restart interrupts
    every peer of the VPC router (that it takes all of them is unverified, sakura-vpcrouter-api
    5.4).  So without traffic the API is asked only when the office end's means were not enough at
    once; with other peers there the router is not restarted unless `all_peers`; and a tunnel that
    works and has no way back after a loss is not made to lose its SAs first.  Where `cloud` is
    None (the VPC router belongs to somebody else) there is only the first step, and a tunnel that
    works is left alone, as it is everywhere if it is to be spared (`spare`).

    Raises `OtherPeers` if traffic passes and other peers forbid the restart that might be needed;
    `DeviceError` as `prove` does.  Then nothing was touched.  What keeps us from asking the API or
    from restarting (`ApiError`, or whatever `cloud` raises) is raised if traffic passes, or if the
    office end's means did not bring it back within the tunnel's patience: the error's state says
    what was done.
    """
    running = ours(session, tunnel, way_in)
    before = traffic(session, tunnel)
    asked: _Router | VpnError | None = None
    if before.passed:
        if cloud is None or spare:
            theirs = cloud is None
            return Reconnection(before, False, 0.0, None, (), (), (), theirs=theirs, untouched=True)
        asked = _consented(_asked(cloud, tunnel, all_peers, clock))
    findings = explanations(running, tunnel)
    start, watch = clock.now(), watch_of(session, tunnel, before, clock, progress)
    outcome: Proof | Silence | None = None
    deletes = not (before.passed and no_way_back(findings))
    if deletes:
        lose(session, tunnel, before, progress)
        outcome = watch.until(start + OFFICE_ALONE)
    if cloud and asked is None and not isinstance(outcome, Proof):
        asked = _asked(cloud, tunnel, all_peers, clock)
    neighbours = asked.neighbours if isinstance(asked, _Router) else None
    restarts = neighbours is not None and not isinstance(outcome, Proof)
    if isinstance(asked, _Router) and restarts:
        clock.wait(0)  # asking took a while: whoever stops us, or overtakes us, does it here
        progress("VPC router: starting its key exchanges anew (restartvpn)")
        _restart(asked.client, asked.id, deletes)
        outcome = watch.until(clock.now() + tunnel.asked.seconds)
    elif not isinstance(outcome, Proof):
        if isinstance(asked, VpnError):
            progress(f"the VPC router cannot be told: {asked.what}; waiting for the office end")
        outcome = watch.until(start + tunnel.patience)
    if isinstance(asked, VpnError) and isinstance(outcome, Silence):
        raise _not_enough(asked, outcome, findings)
    seconds = round(clock.now() - start, 1)
    router = asked if isinstance(asked, _Router) else None
    return Reconnection(
        before=before,
        restarted=restarts,
        seconds=seconds,
        outcome=outcome,
        others=router.others if router else (),
        interrupted=_interrupted(router, clock, progress) if router and restarts else (),
        findings=() if isinstance(outcome, Proof) else findings,
        theirs=cloud is None,
        router_id=router.id if router else "",
    )


def _asked(cloud: Cloud, tunnel: OurTunnel, all_peers: bool, clock: Clock) -> _Router | VpnError:
    """The router that can be restarted, or why it cannot be; asked for a short time only, because
    meanwhile nobody sees whether traffic is back."""
    try:
        client = cloud.client()
        before, end = client.deadline, clock.now() + API_SECONDS
        client.deadline = end if before is None else min(before, end)
        try:
            router_id = cloud.router_id(client)
            others = _restartable(client, router_id, str(tunnel.agreement.office_address))
            may = all_peers or not others
            neighbours = Neighbours(client, router_id, others) if may else None
        finally:
            client.deadline = before
    except Cancelled:
        raise
    except VpnError as error:
        return error
    return _Router(client, router_id, others, neighbours)


def _consented(asked: _Router | VpnError) -> _Router:
    """The same where it may be restarted; else raises, with nothing touched and traffic passing."""
    state = f"traffic passes; {_UNTOUCHED}"
    if isinstance(asked, VpnError):
        asked.state = _and(asked.state, state)
        raise asked
    if asked.neighbours is None:
        raise refusal(asked.id, asked.others, state)
    return asked


def _not_enough(error: VpnError, outcome: Silence, findings: tuple[Finding, ...]) -> VpnError:
    """The error with what was done before it was said, and what is left to do."""
    codes = ", ".join(each.code for each in findings)
    done = (
        "the office end's means did not bring traffic back: our SAs were deleted at the office, "
        f"and {outcome.waited:.0f} s later {outcome}"
    )
    error.state = _and(error.state, done, f"found on the RTX: {codes}" if codes else "")
    if not isinstance(error, _NothingToRestart):
        error.remedy = _and(error.remedy, _PANEL)
    return error


def _and(*texts: str) -> str:
    return "; ".join(filter(None, texts))


def _restart(client: Client, router_id: str, deleted: bool) -> None:
    try:
        restart_vpn(client, router_id)
    except ApiError as error:
        done = f"our SAs were {'' if deleted else 'not '}deleted at the office"
        error.state = _and(error.state, done)
        error.remedy = _and(error.remedy, _PANEL)
        raise


def _interrupted(router: _Router, clock: Clock, progress: Progress) -> tuple[str, ...]:
    """What became of the other peers; not knowing it makes our own tunnel no worse."""
    try:
        found = router.neighbours
        return found.interrupted(router.client, clock, progress) if found else ()
    except VpnError as error:
        return (f"what became of the router's other peers is not known: {error.what}",)


def refusal(router_id: str, others: tuple[str, ...], state: str) -> OtherPeers:
    """That the VPC router is not restarted, and because of whom."""
    return OtherPeers(
        f"the VPC router {router_id} has other peers, which a restart interrupts: "
        f"{', '.join(others)}",
        attempted="start its key exchanges anew (restartvpn)",
        state=state,
        remedy="--all-peers consents",
    )


def _restartable(client: Client, router_id: str, ours: str) -> tuple[str, ...]:
    """The other peers of a router that runs and has ours; raises `ApiError` for any other."""
    appliance = existing(client, ROUTER, router_id)
    if power(appliance) != "up":
        raise _NothingToRestart(
            f"the VPC router {router_id} is not running ({power(appliance)})",
            remedy="start it in the control panel, or run up",
        )
    settings = appliance.get("Settings")
    if peer_of(settings, ours) is None:
        raise _NothingToRestart(
            f"the VPC router {router_id} has no site-to-site peer {ours}: there is nothing to "
            "reconnect",
            remedy="run up, which writes it",
        )
    return tuple(other_peers(settings, ours))
