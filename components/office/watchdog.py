"""The RTX's own watchdog: `ip keepalive ... ipsec-refresh-down` (command reference 8.5.8).

What it does: it pings through the tunnel and, when the pings have failed, renews the gateway's
SAs.  A renewal drops this end's SAs, and the peer is not told (15.48.3).

What it cannot do: with `ipsec auto refresh GW off` nobody at this end starts a new exchange, so
after a renewal the tunnel is down until the far end's DPD has missed its answers (30 s) and the
VPC router starts again.  Therefore it only helps where this end holds SAs that the far end no
longer has and DPD has not noticed, and it does harm where the target alone is dead: the tunnel is
dropped again each time the pings fail.  Its effect together with a VPC router is unverified (so is
whether a renewal starts an exchange in spite of `auto refresh off`).  That is why it is off unless
the user asks for it, and slower than DPD, which gets its chance first.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from ..ipsec import DeadPeerDetection

_FEWEST: Final = 3
_SLOWER_THAN_DPD: Final = 2


@dataclass(frozen=True)
class Watchdog:
    """`id` is the number of the `ip keepalive` line (1 to 100), `target` what must answer."""

    id: int
    target: IPv4Address

    def line(self, source: IPv4Address, gateway: int, dpd: DeadPeerDetection) -> str:
        """The line: twice as long as DPD before anything happens, from `source`."""
        count = max(_FEWEST, _SLOWER_THAN_DPD * dpd.count)
        return (
            f"ip keepalive {self.id} icmp-echo {dpd.interval} {count} {self.target}"
            f" local-address={source} ipsec-refresh-down={gateway}"
        )
