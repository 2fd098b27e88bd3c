"""Whether traffic comes back after the office end has lost its SAs, and why it does not.

Sources: command reference 15.48.6 (`ipsec sa delete`), seed article (the stall, its cure).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from ..clock import Clock, Progress
from ..errors import DeviceError
from ..office import guards, inband
from ..office.answers import SecurityAssociation
from ..office.audit import Finding, audit
from ..office.audit.agreed import as_agreed
from ..office.config import Config
from ..office.needs import needs
from ..office.render import render
from ..office.session import Session
from ..tunnel.proof import Proof, Silence, Watch, delete
from .passing import OurTunnel, Traffic, traffic

# Findings that explain why a tunnel that works does not come back, whatever their severity.
NO_WAY_BACK: Final = ("stall-after-sa-loss", "delete-notice-off")


@dataclass(frozen=True)
class Recovery:
    """What became of traffic after the office end lost its SAs.

    `seconds` is from the deletion to the proof or to the end of the wait.  `outcome` is None if
    nothing passed to begin with (then nothing was deleted).  `findings` are what the running
    configuration has to say; beside a proof only what may yet keep it from coming back.
    """

    before: Traffic
    deleted: tuple[SecurityAssociation, ...] = ()
    seconds: float = 0.0
    outcome: Proof | Silence | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def proof(self) -> Proof | None:
        """The proof that traffic is back, None if it is not."""
        return self.outcome if isinstance(self.outcome, Proof) else None


def prove(
    session: Session,
    tunnel: OurTunnel,
    *,
    seconds: float | None = None,
    way_in: IPv4Address | None = None,
    clock: Clock,
    progress: Progress,
) -> Recovery:
    """Delete our SAs at the office and measure until traffic is back, for `seconds` at most.

    `way_in` is our own address on the way to the router, for routers that do not show it.  Without
    traffic nothing is deleted.  Raises `DeviceError` if what stands under our numbers is not ours,
    or if we come in through the tunnel ourselves.
    """
    running = ours(session, tunnel, way_in)
    before = traffic(session, tunnel)
    if not before.passed:
        return Recovery(before, findings=explanations(running, tunnel))
    start, watch = clock.now(), watch_of(session, tunnel, before, clock, progress)
    lose(session, tunnel, before, progress)
    outcome = watch.until(start + (tunnel.patience if seconds is None else seconds))
    took = round(clock.now() - start, 1)
    found = explanations(running, tunnel)
    if isinstance(outcome, Proof):
        found = no_way_back(found)
    return Recovery(before, before.sas, took, outcome, found)


def explanations(running: Config, tunnel: OurTunnel) -> tuple[Finding, ...]:
    """The findings that explain a dead tunnel: no way back after a loss, then what is an error."""
    agreement = needs(running, tunnel.agreement, tunnel.office).agreement
    found = audit(running, far=as_agreed(agreement), tunnel=tunnel.office.tunnel)
    back = no_way_back(found)
    return (*back, *(each for each in found if each.severity == "error" and each not in back))


def no_way_back(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Of findings those that explain why a tunnel that works does not come back."""
    return tuple(each for each in found if each.code in NO_WAY_BACK)


def ours(session: Session, tunnel: OurTunnel, way_in: IPv4Address | None) -> Config:
    """The running configuration; raises unless its SAs may be deleted."""
    untouched = "nothing was changed at either end"
    running = session.configuration()
    if guarded := guards.left_over(running):
        raise DeviceError(
            "a change of this router is under way, or was cut off",
            said="\n".join(guarded),
            attempted="see whether its SAs may be deleted",
            state=untouched,
            remedy="again when its guard has run out, after some minutes; if it stays, run up",
        )
    if not needs(running, tunnel.agreement, tunnel.office).ours:
        raise DeviceError(
            f"tunnel {tunnel.office.tunnel} with gateway {tunnel.gateway} is not the site's tunnel",
            attempted="see whose SAs would be deleted",
            state=untouched,
            remedy="compare the site file with the router: sakura-rtx plan",
        )
    source = inband.source_of(session.users()) or way_in
    lines = render(tunnel.agreement, tunnel.office)
    if inband.reasons(source, (), lines, running):
        raise DeviceError(
            f"we come from {source}, through this tunnel: deleting its SAs would cut us off",
            state=untouched,
            remedy="run it from the office LAN, or by another way to the router",
        )
    return running


def watch_of(
    session: Session, tunnel: OurTunnel, before: Traffic, clock: Clock, progress: Progress
) -> Watch:
    """The watch for SAs that are not among those of `before`."""
    return Watch(
        session,
        tunnel.gateway,
        tunnel.asked,
        {sa.spi for sa in before.sas},
        clock=clock,
        progress=progress,
        retire=False,
    )


def lose(session: Session, tunnel: OurTunnel, before: Traffic, progress: Progress) -> None:
    """Delete our SAs, with notice."""
    if before.sas:
        progress(f"office end: deleting the {len(before.sas)} SAs of gateway {tunnel.gateway}")
        delete(session, tunnel.gateway, before.sas)
