"""Whether traffic passes now, whether it comes back after a loss, and how to bring it back.

A tunnel can be up and dead: after the office end has lost its SAs it may read Online and carry
nothing until somebody reconnects it by hand (seed article).  So recovery is not believed either;
it is tried: our gateway's SAs are deleted at the office, with notice, and what is measured is the
time until pings pass over new ones.  Other gateways' SAs are never touched.
"""

from .loss import NO_WAY_BACK, Recovery, explanations, prove
from .passing import OurTunnel, Traffic, traffic
from .reconnection import (
    OFFICE_ALONE,
    Cloud,
    OtherPeers,
    Reconnection,
    bring_back,
    reconnect,
    refusal,
)

__all__ = [
    "NO_WAY_BACK",
    "OFFICE_ALONE",
    "Cloud",
    "OtherPeers",
    "OurTunnel",
    "Reconnection",
    "Recovery",
    "Traffic",
    "bring_back",
    "explanations",
    "prove",
    "reconnect",
    "refusal",
    "traffic",
]
