"""What each end of a tunnel holds in the model: SAs, and when it does something next.

Nothing here reads a clock: the moments are those of whoever calls.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from . import negotiation
from .ends import CloudPeer
from .negotiation import Prefixes
from .rtx.office import OfficeGateway

BACK_OFF: Final = (4.0, 7.0, 13.0, 23.0, 42.0, 76.0)
"""Seconds from a failed attempt to the next (gaps measured with an IKE pair); the last repeats."""
_COOKIE_BYTES: Final = 8
_SPI_BYTES: Final = 4


@dataclass(frozen=True, eq=False)
class Sa:
    """One SA (for ESP the pair of both directions) as the ends agreed on it.

    Two ends share it if both hold this same object.  `cloud_spi` and `office_spi` were chosen by
    the end that receives with them; it lives until the moment `ends` of the clock.
    """

    cloud_spi: bytes
    office_spi: bytes
    ends: float
    prefixes: Prefixes | None = None


@dataclass(kw_only=True)
class End:
    """What one end holds for one peer.

    `deaf_since`: since when the other end has not known our SAs without our having been told;
    `next_try`: when this end starts the key exchange, None if it will not.
    """

    ike: Sa | None = None
    esp: Sa | None = None
    deaf_since: float | None = None
    next_try: float | None = None
    tries: int = 0

    def drop(self) -> None:
        """Hold nothing any more."""
        self.ike = self.esp = self.deaf_since = None

    def expiry(self) -> float | None:
        """When the first of its SAs ends."""
        return min((sa.ends for sa in (self.ike, self.esp) if sa), default=None)

    def expire(self, at: float) -> None:
        """Let go of what has ended."""
        self.ike = self.ike if self.ike and self.ike.ends > at else None
        self.esp = self.esp if self.esp and self.esp.ends > at else None

    def start_at(self, at: float) -> None:
        """Start the key exchange then, with fresh patience."""
        self.next_try, self.tries = at, 0

    def back_off(self, at: float) -> None:
        """Try again later: the last attempt failed."""
        self.next_try = at + BACK_OFF[min(self.tries, len(BACK_OFF) - 1)]
        self.tries += 1

    def deaf_from(self, at: float) -> None:
        """The other end no longer knows our SAs."""
        if (self.ike or self.esp) and self.deaf_since is None:
            self.deaf_since = at


@dataclass(kw_only=True)
class Cloud(End):
    """The cloud end of one peer: an initiator with DPD."""

    peer: CloudPeer


@dataclass(kw_only=True)
class Office(End):
    """The office end of one gateway.  `lost_at`: its SAs were lost and what follows is still open;
    `stalled`: it holds SAs that the cloud does not know, and neither end notices; `unheard_since`:
    since when its heartbeats have been without an answer.
    """

    gateway: OfficeGateway
    lost_at: float | None = None
    stalled: bool = False
    unheard_since: float | None = None

    def drop(self) -> None:
        """Hold nothing any more."""
        super().drop()
        self.unheard_since = None

    def listens(self, at: float) -> None:
        """The VPC router answers no heartbeat; where none is sent, nobody waits for it."""
        sends = self.gateway.heartbeat and self.ike and not self.stalled
        begun = at if self.unheard_since is None else self.unheard_since
        self.unheard_since = begun if sends else None

    def may_start(self) -> bool:
        """Whether the RTX starts the exchange for this gateway."""
        return negotiation.usable(self.gateway) and self.gateway.initiates


def new_ike(lifetime: int, at: float) -> Sa:
    """An IKE SA that begins now; `lifetime` in seconds."""
    return _new_sa(_COOKIE_BYTES, lifetime, at)


def new_esp(lifetime: int, prefixes: Prefixes | None, at: float) -> Sa:
    """An IPsec SA that begins now; `lifetime` in seconds."""
    return _new_sa(_SPI_BYTES, lifetime, at, prefixes)


def _new_sa(size: int, lifetime: int, at: float, prefixes: Prefixes | None = None) -> Sa:
    ends = at + max(lifetime, 1)  # time has to go on from one renewal to the next
    return Sa(secrets.token_bytes(size), secrets.token_bytes(size), ends, prefixes)
