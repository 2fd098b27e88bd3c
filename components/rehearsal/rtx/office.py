"""What the RTX and the link between the two ends tell each other.

The link reads the gateways as the *running* configuration has them (`Router.gateways`), and is
told what happens at the router; the router asks it for the SAs and for traffic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Literal, Protocol


@dataclass(frozen=True)
class OfficeSa:
    """One SA that stands at the office end.

    `life` is the remaining life in seconds, `direction` is empty for an ISAKMP SA, `isakmp` the id
    of the ISAKMP SA that an ESP SA came from, `policy` its `ipsec sa policy` id, `tunnel` the
    tunnel interface it serves (None for an ISAKMP SA).
    """

    id: int
    gateway: int
    kind: Literal["isakmp", "esp"]
    direction: Literal["", "send", "recv"]
    life: int
    remote: IPv4Address
    spi: bytes
    isakmp: int | None = None
    policy: int | None = None
    tunnel: int | None = None


@dataclass(frozen=True)
class OfficeGateway:
    """One security gateway (`GW` of `ipsec ike ...`) as the running configuration has it.

    Algorithms are in the RTX's own words (`aes-cbc`, `sha`, `modp1024`, `sha-hmac`; "" = none),
    with the documented defaults where the configuration is silent; lifetimes in seconds.

    `policy` and `tunnel` are None where no policy or no tunnel leads to the gateway; `enabled`
    says `tunnel enable` for that tunnel.  `initiates`: the router starts the key exchange itself
    (global `ipsec auto refresh on` and not `ipsec auto refresh GW off`; command reference 15.10).
    `exchange_release` is `ipsec ike backward-compatibility`.  `dpd` is (interval, count), None
    where another kind of keepalive or none is used.  `nat_static_ok`: IKE (UDP 500) and ESP reach
    `local_address` through the WAN interface's NAT descriptor, or there is none.  `filters_pass`:
    the WAN interface's inbound `secure filter` lets both in from `remote_address`.  `wan_address`
    is the router's address on the WAN interface.  `routed` are the prefixes routed to the tunnel.
    `strict` is `ipsec ike negotiate-strictly`: off, a responding router takes any proposal that it
    supports and follows the peer's PFS and lifetimes (15.11).  `esp_kilobytes` is the byte lifetime
    that an initiating router proposes for ESP SAs (None: none), `mss` the tunnel's `tcp mss limit`
    (auto, off or bytes), both with the firmware's default where no line stands (15.48.1, 8.1.21).
    `inside`: the router has no address that could be called from outside, so something stands in
    front of it.  `ike_handed_on` and `esp_handed_on`: that hands udp 500 and ESP on to it, and
    neither is dropped on the way; no configuration says so (`front.Front`).

    `ike_version` is 1 or 2.  `named`: a local or remote name makes it aggressive mode (15.14,
    15.17).  `pfs_group` is the second word of `ipsec ike group`, for phase 2 ("" = that of phase
    1; 15.24).  `wrapped`: `esp-encapsulation`, the vendor's own (15.43).  `heartbeat` is (interval,
    count) where the keepalive is one that the router sends heartbeats for (15.20).
    """

    gateway: int
    policy: int | None
    tunnel: int | None
    enabled: bool
    local_address: IPv4Address | None
    remote_address: IPv4Address | None
    local_id: IPv4Network | None
    remote_id: IPv4Network | None
    key: str | None = field(repr=False)
    ike_encryption: str
    ike_hash: str
    ike_group: str
    esp_encryption: str
    esp_hash: str
    pfs: bool
    ike_lifetime: int
    esp_lifetime: int
    initiates: bool
    exchange_release: int
    dpd: tuple[int, int] | None
    nat_static_ok: bool
    filters_pass: bool
    wan_address: IPv4Address | None
    routed: tuple[IPv4Network, ...]
    mtu: int
    strict: bool = False
    esp_kilobytes: int | None = None
    mss: str = "off"
    inside: bool = False
    ike_handed_on: bool = True
    esp_handed_on: bool = True
    ike_version: int = 1
    named: bool = False
    pfs_group: str = ""
    wrapped: bool = False
    heartbeat: tuple[int, int] | None = None


class OfficeLink(Protocol):
    """What the router asks of, and tells, the link."""

    def configuration_changed(self) -> None:
        """The running configuration changed."""
        ...

    def rebooted(self) -> None:
        """All SAs are lost; the peer was not told."""
        ...

    def delete_sas(self, ids: Sequence[int] | None) -> None:
        """`ipsec sa delete`: these SAs (None: all) go, and the peer is told."""
        ...

    def refresh_sas(self, gateway: int | None = None) -> None:
        """`ipsec refresh sa`: SAs (of one gateway, or all) are dropped, the peer is not told."""
        ...

    def sas(self) -> Sequence[OfficeSa]:
        """The SAs that stand at the office end."""
        ...

    def tunnel_online(self, tunnel: int) -> bool:
        """What `show status tunnel` says: only that SAs exist on this side."""
        ...

    def keepalive_ok(self, gateway: int) -> bool:
        """Whether the gateway's keepalive is answered."""
        ...

    def ping(self, source: IPv4Address | None, destination: IPv4Address, size: int) -> float | None:
        """Milliseconds until the answer to an echo request of `size` data bytes, or no answer."""
        ...
