"""One end of the tunnel as an IKEv1 daemon can play it, and the message that tells the daemon.

Pure.  Source: ike-lab (settings that matter, lifetimes over IKEv1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final, Literal

CONNECTION: Final = "site"
CHILD: Final = "lan"

Action = Literal["none", "start", "restart", "clear"]

# charon asks again after 4, 11, 24, 47, 89 s and gives up after 165 s; so, every half second.
QUICK: Final[Mapping[str, str]] = {
    "retransmit_timeout": "0.5",
    "retransmit_base": "1.0",
    "retransmit_tries": "20",
}


@dataclass(frozen=True)
class IkePeer:
    """What one end offers, takes and does.  Times are seconds.

    `local` and `remote` are the WAN addresses, `local_id` and `remote_id` the phase 1 identities.
    `ike_proposals` and `esp_proposals` are in the daemon's words (`aes128-sha1-modp1024`), the own
    one first; a proposal for ESP with a group means PFS.  `dpd` is (delay, timeout), None without.
    `starts`: begins the key exchange by itself; `persists`: goes on trying whatever was answered,
    which no daemon does by itself.  `not_shown` names what of this end the daemon cannot play.
    `routed`: what is meant for the other end's prefix finds its way into the tunnel.  `address` and
    `others` are the addresses in the LAN that answer.
    """

    local: IPv4Address
    remote: IPv4Address
    local_id: str
    remote_id: str
    local_prefix: IPv4Network
    remote_prefix: IPv4Network
    key: str = field(repr=False)
    ike_proposals: tuple[str, ...]
    esp_proposals: tuple[str, ...]
    ike_lifetime: int
    esp_lifetime: int
    dpd: tuple[int, int] | None
    starts: bool
    persists: bool = False
    address: IPv4Address | None = None
    not_shown: tuple[str, ...] = ()
    routed: bool = True
    others: tuple[IPv4Address, ...] = ()

    @property
    def lan_address(self) -> IPv4Address:
        """The address inside the own prefix that answers to a ping (default: the first)."""
        return self.address or next(iter(self.local_prefix.hosts()))

    @property
    def place(self) -> tuple[object, ...]:
        """What of it belongs to the machine and not to the daemon."""
        return self.local, self.lan_address, self.others, self.remote_prefix, self.routed

    @property
    def dpd_action(self) -> Action:
        """What happens when the peer is given up: an end that starts, starts anew."""
        return "restart" if self.starts else "clear"


def connection(peer: IkePeer) -> dict[str, Any]:
    """The daemon's configuration of this peer.

    Over IKEv1 the daemon offers rekey time + over time for phase 1.  Without some jitter both ends
    rekey in the same second, and two SAs stand instead of one.
    """
    ike, esp = peer.ike_lifetime, peer.esp_lifetime
    dpd = {} if peer.dpd is None else _dpd(*peer.dpd)
    return {
        "version": "1",
        "local_addrs": [str(peer.local)],
        "remote_addrs": [str(peer.remote)],
        "proposals": list(peer.ike_proposals),
        "rekey_time": f"{ike * 9 // 10}s",
        "over_time": f"{ike - ike * 9 // 10}s",
        "rand_time": f"{ike // 10}s",
        "keyingtries": "0",
        "unique": "replace",
        **dpd,
        "local": {"auth": "psk", "id": peer.local_id},
        "remote": {"auth": "psk", "id": peer.remote_id},
        "children": {
            CHILD: {
                "mode": "tunnel",
                "local_ts": [str(peer.local_prefix)],
                "remote_ts": [str(peer.remote_prefix)],
                "esp_proposals": list(peer.esp_proposals),
                "life_time": f"{esp}s",
                "rekey_time": f"{esp * 9 // 10}s",
                "rand_time": f"{esp // 10}s",
                "dpd_action": peer.dpd_action,
                "start_action": "start" if peer.starts else "none",
                "close_action": "start" if peer.starts else "none",
            }
        },
    }


def _dpd(delay: int, timeout: int) -> dict[str, str]:
    return {"dpd_delay": f"{delay}s", "dpd_timeout": f"{timeout}s"}


def shared_key(peer: IkePeer) -> dict[str, Any]:
    """The daemon's message that holds the key."""
    owners = [peer.local_id, peer.remote_id]
    return {"id": "psk", "type": "IKE", "data": peer.key, "owners": owners}
