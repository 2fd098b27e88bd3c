"""Bringing the tunnel back, by the mildest means that does it.

Source: sakura-vpcrouter-api 5.4 (`restartvpn`, all of it unverified).
"""

from __future__ import annotations

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
from ..errors import ApiError, VpnError
from ..office.audit import Finding
from ..office.session import Session
from ..watch import Proof, Silence
from .loss import explanations, lose, no_way_back, ours, watch_of
from .passing import OurTunnel, Traffic, traffic

OFFICE_ALONE: Final = 10.0
"""Seconds that the office end's own means get.  A VPC router that is told of a deletion is back in
under one (ike-lab, measured with strongSwan at both ends)."""


class OtherPeers(VpnError):
    """A restart would interrupt peers that are not ours, and nobody consented."""


@dataclass(frozen=True)
class Reconnection:
    """What became of traffic after a reconnect.

    `restarted` says whether the VPC router's key exchanges were started anew, after what the office
    end could do by itself; `others` are its other peers, `interrupted` sentences about those that
    were up and did not come back.  `findings` are what the running configuration has to say where
    there is no proof.
    """

    before: Traffic
    restarted: bool
    seconds: float
    outcome: Proof | Silence | None
    others: tuple[str, ...]
    interrupted: tuple[str, ...]
    findings: tuple[Finding, ...]

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
        return not (self.proof or self.restarted)


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
    """Bring traffic back: by the office end's own means, and if that is not enough by `restartvpn`.

    The mildest first: deleted SAs of ours harm nobody else, a restart interrupts every peer of the
    VPC router (that it takes all of them is unverified, sakura-vpcrouter-api 5.4).  So with other
    peers there it is not restarted unless `all_peers`; and a tunnel that works and has no way back
    after a loss is not made to lose its SAs first.

    Raises `OtherPeers` if traffic passes and other peers forbid the restart that might be needed;
    `ApiError` if there is nothing to restart, `DeviceError` as `prove` does.  Then nothing was
    touched.  A restart that the API refuses is an `ApiError`, too: its state says what was done.
    """
    others = _restartable(client, router_id, str(tunnel.agreement.office_address))
    running = ours(session, tunnel, way_in)
    before = traffic(session, tunnel)
    may_restart = all_peers or not others
    if before.passed and not may_restart:
        raise refusal(router_id, others, "traffic passes; nothing was changed at either end")
    neighbours = Neighbours(client, router_id, others)
    findings = explanations(running, tunnel)
    start, watch = clock.now(), watch_of(session, tunnel, before, clock, progress)
    outcome: Proof | Silence | None = None
    deletes = not (before.passed and no_way_back(findings))
    if deletes:
        lose(session, tunnel, before, progress)
        outcome = watch.until(start + (OFFICE_ALONE if may_restart else tunnel.patience))
    restarts = may_restart and not isinstance(outcome, Proof)
    if restarts:
        progress("VPC router: starting its key exchanges anew (restartvpn)")
        _restart(client, router_id, deletes)
        outcome = watch.until(clock.now() + tunnel.asked.seconds)
    seconds = round(clock.now() - start, 1)
    return Reconnection(
        before=before,
        restarted=restarts,
        seconds=seconds,
        outcome=outcome,
        others=others,
        interrupted=_interrupted(neighbours, client, clock, progress) if restarts else (),
        findings=() if isinstance(outcome, Proof) else findings,
    )


def _restart(client: Client, router_id: str, deleted: bool) -> None:
    try:
        restart_vpn(client, router_id)
    except ApiError as error:
        done = f"our SAs were {'' if deleted else 'not '}deleted at the office"
        error.state = "; ".join(filter(None, (error.state, done)))
        error.remedy = error.remedy or "press VPN reconnect (VPN再接続) in the control panel"
        raise


def _interrupted(
    neighbours: Neighbours, client: Client, clock: Clock, progress: Progress
) -> tuple[str, ...]:
    """What became of the other peers; not knowing it makes our own tunnel no worse."""
    try:
        return neighbours.interrupted(client, clock, progress)
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
    untouched = "nothing was changed at either end"
    appliance = existing(client, ROUTER, router_id)
    if power(appliance) != "up":
        raise ApiError(
            f"the VPC router {router_id} is not running ({power(appliance)})",
            state=untouched,
            remedy="start it in the control panel, or run up",
        )
    settings = appliance.get("Settings")
    if peer_of(settings, ours) is None:
        raise ApiError(
            f"the VPC router {router_id} has no site-to-site peer {ours}: there is nothing to "
            "reconnect",
            state=untouched,
            remedy="run up, which writes it",
        )
    return tuple(other_peers(settings, ours))
