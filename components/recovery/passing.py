"""What passes through the tunnel now; changes nothing on the router."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ..ipsec import Agreement
from ..office.answers import Ping, SecurityAssociation
from ..office.render import OfficeSite
from ..office.session import Session
from ..tunnel.proof import IP_AND_ICMP, Verification, is_both_ways

PINGS: Final = 3


@dataclass(frozen=True)
class OurTunnel:
    """What the site file says of the tunnel: what both ends share, the RTX's numbers, the proof."""

    agreement: Agreement
    office: OfficeSite
    asked: Verification

    @property
    def gateway(self) -> int:
        """The number that its `ipsec ike` lines carry."""
        return self.office.gateway

    @property
    def expected(self) -> int:
        """Seconds after which traffic is back at the latest: the DPD time plus one interval."""
        return self.agreement.dpd.timeout + self.agreement.dpd.interval

    @property
    def patience(self) -> int:
        """Seconds to wait before saying that it does not come: one interval more than that."""
        return self.expected + self.agreement.dpd.interval


@dataclass(frozen=True)
class Traffic:
    """What passes now: `small` and `full` pings (of tunnel MTU), and the SAs that stand."""

    at: str
    small: Ping
    full: Ping
    sas: tuple[SecurityAssociation, ...]

    @property
    def why(self) -> str:
        """Why this is no proof; "" if it is one."""
        if not self.small.received:
            return "no ping comes back"
        if not self.full.received:
            return "small pings come back, those of the tunnel's MTU do not"
        if not is_both_ways(self.sas):
            return "the target answers, but our gateway has no IPsec SA for each direction"
        return ""

    @property
    def passed(self) -> bool:
        """Whether traffic passes through the tunnel."""
        return not self.why


def traffic(session: Session, tunnel: OurTunnel) -> Traffic:
    """Ping through the tunnel, small and at its MTU; changes nothing on the router."""
    asked = tunnel.asked
    small = session.ping(asked.target, asked.source, count=PINGS)
    full = Ping(0, 0, None)
    if small.received:
        full = session.ping(asked.target, asked.source, PINGS, asked.mtu - IP_AND_ICMP)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Traffic(now, small, full, session.associations(tunnel.gateway))
