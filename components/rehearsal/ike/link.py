"""The link between the stand-ins as a real key exchange, beside the model (`rehearsal.link`).

Each end's daemon follows what its stand-in has in force.  One pair of ends is played; a router that
is down has no daemon, and one that loses its SAs loses its daemon's.  Time here is real.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from ipaddress import AddressValueError, IPv4Address
from typing import Any, Final, Self

from ...errors import SpecError, VpnError
from .. import negotiation
from ..ends import CloudPeer, CloudSide
from ..front import Front
from ..rtx.office import OfficeGateway, OfficeSa
from ..shown import PINGS_FROM_CLOUD, Numbers, SaKey, ping_report
from .cause import Cause
from .cloud import cloud_peer
from .daemon import IkeHost
from .lab import Lab, Name
from .office import office_peer
from .pairing import Pair, Wanted, choose
from .peer import IkePeer

_LOOK_SECONDS: Final = 0.2


class IkeLink:
    """Joins both ends by real daemons; a context manager, safe to use from any thread.

    `gateways` reads what the RTX has in force, `office_up` whether it has booted.  `speed` divides
    the times of dead peer detection; `front` is as in the model.  Both ends are read before the
    link's own lock is taken, so they may call the link while they hold theirs.
    """

    front = Front()

    def __init__(
        self,
        cloud: CloudSide,
        gateways: Callable[[], Sequence[OfficeGateway]],
        office_up: Callable[[], bool],
        *,
        wanted: Wanted = Wanted(),  # noqa: B008 - it cannot be changed
        speed: int = 1,
    ) -> None:
        self._cloud, self._gateways, self._office_up = cloud, gateways, office_up
        self._wanted, self._speed = wanted, speed
        self.lab = Lab()
        self.pair = Pair()
        self._peers: Sequence[CloudPeer] = ()
        self._seen: tuple[object, ...] | None = None
        self._missing = ""
        self._since: dict[Name, str] = {}
        self._is_cut = False
        self._numbers = Numbers()
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True, name="ike-link")

    def __enter__(self) -> Self:
        self.lab.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.set()
        self._thread.join(30)
        with self._lock:
            self.lab.__exit__(None, None, None)

    # --- the daemons follow the ends --------------------------------------------------------------

    def _look(self) -> None:
        """A router that has booted tells nobody."""
        while not self._closing.wait(_LOOK_SECONDS):
            with contextlib.suppress(VpnError):  # whoever asks next is told
                self.settle()

    def settle(self) -> None:
        """Let the daemons do what both ends say now."""
        with self._settled():
            pass

    @contextlib.contextmanager
    def _settled(self) -> Iterator[None]:
        peers = tuple(self._cloud.vpn_peers())
        gateways = self.front.seen(self._gateways() if self._office_up() else (), peers)
        with self._lock:
            if self._closing.is_set():
                raise VpnError("the link is closed")
            if self._seen != (gateways, peers):
                self._follow(peers, gateways)
                self._seen = (gateways, peers)
            yield

    def _follow(self, peers: Sequence[CloudPeer], gateways: Sequence[OfficeGateway]) -> None:
        self._peers, self._missing, self._since = peers, "", self.lab.logs()
        self.pair = peer, gateway = choose(peers, gateways, self._wanted)
        self._put("office", self._office(gateway) if gateway else None)
        self._put("cloud", self._slowed(cloud_peer(peer)) if peer else None)
        self._reach()

    def _office(self, gateway: OfficeGateway) -> IkePeer | None:
        try:
            return self._slowed(office_peer(gateway))
        except SpecError as error:
            self._missing = ", ".join(problem.allowed for problem in error.problems)
            return None

    def _slowed(self, peer: IkePeer) -> IkePeer:
        if peer.dpd is None or self._speed == 1:
            return peer
        delay, timeout = (max(seconds // self._speed, 1) for seconds in peer.dpd)
        return replace(peer, dpd=(delay, max(timeout, delay + 1)))

    def _put(self, name: Name, peer: IkePeer | None) -> None:
        if peer is None:
            self.lab.take(name)
        else:
            self.lab.put(name, peer)

    def _lose(self, name: Name) -> None:
        """An end's SAs are gone and nobody was told."""
        with self._lock:
            self.lab.take(name)
            self._seen = None

    def cut(self, *, silent: bool) -> None:
        """Let the internet swallow everything, or (`silent` false) forward again."""
        with self._lock:
            self._is_cut = silent
            self._reach()

    def _reach(self) -> None:
        """What keeps IKE or ESP of the peer out, or is no answer to it, is a cut of both."""
        if self._is_cut or self._obstacle():
            self.lab.cut()
        else:
            self.lab.mend()

    def _obstacle(self) -> str | None:
        peer, gateway = self.pair
        if peer is None or gateway is None:
            return None
        conditions = (*negotiation.CARRIES, *negotiation.FOREIGN)
        return negotiation.first_broken(conditions, peer, gateway)

    # --- the cloud end asks and tells (ends.LinkSide) ---------------------------------------------

    def peer_up(self, router_id: str, peer: str) -> bool:
        """Whether the cloud end holds an IPsec SA for this peer; false for one not played."""
        with self._settled():
            host = self.lab.host("cloud")
            return self._plays(router_id, peer) and host is not None and host.established()

    def settings_applied(self, router_id: str) -> None:
        """The daemon takes the new settings and starts the key exchange."""
        self.settle()

    def router_stopped(self, router_id: str) -> None:
        """The cloud end's SAs are gone; the office is not told."""
        if self._plays(router_id):
            self._lose("cloud")
        self.settle()

    def restart_vpn(self, router_id: str) -> None:
        """The cloud end drops its SAs with notice and starts anew."""
        with self._settled():
            if self._plays(router_id) and (host := self.lab.host("cloud")):
                host.delete()
                host.begin()

    def ping_from_cloud(self, router_id: str, destination: str) -> list[str]:
        """A ping by the VPC router from its first LAN address (the real source is unverified)."""
        with self._settled():
            host = self.lab.host("cloud") if self._plays(router_id) else None
        answers: list[float] = []
        with contextlib.suppress(AddressValueError):
            target = str(IPv4Address(destination))
            for _ in range(PINGS_FROM_CLOUD if host else 0):
                assert host is not None
                time = host.ping(str(host.peer.lan_address), target)
                answers += [] if time is None else [time]
        return ping_report(destination, answers)

    def _plays(self, router_id: str, peer: str | None = None) -> bool:
        played = self.pair.peer
        return (
            played is not None
            and played.router_id == router_id
            and peer in (None, str(played.peer))
        )

    # --- the office end asks and tells (rtx.office.OfficeLink) ------------------------------------

    def configuration_changed(self) -> None:
        """The RTX's running configuration is another one now."""
        self.settle()

    def rebooted(self) -> None:
        """The RTX lost its SAs; its daemon comes back when the RTX has booted."""
        self._lose("office")

    def refresh_sas(self, gateway: int | None = None) -> None:
        """`ipsec refresh sa`: like a reboot, nobody is told (command reference 15.48.3)."""
        played = self.pair.gateway
        if gateway is None or (played is not None and played.gateway == gateway):
            self._lose("office")
            self.settle()

    def delete_sas(self, ids: Sequence[int] | None) -> None:
        """`ipsec sa delete`: the peer is told.  One direction's id takes the pair with it."""
        with self._settled():
            host = self.lab.host("office")
            if host is None:
                return
            if ids is None:
                host.delete()
                return
            for number, esp, own in self._standing(host):
                if set(own) & set(ids):
                    host.delete_one(number, esp=esp)

    def sas(self) -> list[OfficeSa]:
        """The SAs that the office end holds, in the order of their ids."""
        with self._settled():
            host, gateway = self.lab.host("office"), self.pair.gateway
            if host is None or gateway is None:
                return []
            found = list(self._office_sas(host.associations(), gateway))
            return sorted(found, key=lambda sa: sa.id)

    def tunnel_online(self, tunnel: int) -> bool:
        """What `show status tunnel` says: an IPsec SA stands here.  It proves no traffic."""
        with self._settled():
            host, gateway = self.lab.host("office"), self.pair.gateway
            mine = gateway is not None and gateway.tunnel == tunnel
            return mine and host is not None and host.established()

    def keepalive_ok(self, gateway: int) -> bool:
        """Whether the gateway holds an IKE SA: the daemon drops it when DPD is not answered."""
        with self._settled():
            host, played = self.lab.host("office"), self.pair.gateway
            if host is None or played is None or played.gateway != gateway:
                return False
            return any(sa["state"] == "ESTABLISHED" for sa in host.associations())

    def ping(self, source: IPv4Address | None, destination: IPv4Address, size: int) -> float | None:
        """Milliseconds of a real ping of `size` data bytes through the tunnel, None without one.

        Without a source the RTX's WAN address is taken (unverified), which no prefix holds.
        """
        if self.front.too_large(size):
            return None
        with self._settled():
            host, gateway = self.lab.host("office"), self.pair.gateway
        if host is None or gateway is None:
            return None
        if not any(destination in prefix for prefix in gateway.routed):
            return None
        return host.ping(str(source or gateway.wan_address), str(destination), size=size)

    # --- SAs as the RTX numbers them --------------------------------------------------------------

    def _standing(self, host: IkeHost) -> list[tuple[str, bool, list[int]]]:
        """Each SA of the daemon: its number there, whether it is for ESP, its ids at the RTX."""
        associations = host.associations()
        ids = self._numbers.of(_keys(associations))
        found = []
        for sa in associations:
            children = [
                (child["uniqueid"], True, [ids[key] for key in _child_keys(child)])
                for child in _installed(sa)
            ]
            own = [ids[_own_cookie(sa), ""]] if _is_up(sa) else []
            found += [*children, (sa["uniqueid"], False, own)]
        return found

    def _office_sas(
        self, associations: Sequence[dict[str, Any]], gateway: OfficeGateway
    ) -> Iterator[OfficeSa]:
        ids = self._numbers.of(_keys(associations))
        remote = gateway.remote_address or IPv4Address(0)
        for sa in filter(_is_up, associations):
            isakmp = ids[_own_cookie(sa), ""]
            yield OfficeSa(
                id=isakmp,
                gateway=gateway.gateway,
                kind="isakmp",
                direction="",
                life=max(gateway.ike_lifetime - int(sa["established"]), 0),
                remote=remote,
                spi=_own_cookie(sa),
            )
            for child in _installed(sa):
                for spi, direction in _child_keys(child):
                    yield OfficeSa(
                        id=ids[spi, direction],
                        gateway=gateway.gateway,
                        kind="esp",
                        direction=direction,
                        life=int(child["life-time"]),
                        remote=remote,
                        spi=spi,
                        isakmp=isakmp,
                        policy=gateway.policy,
                        tunnel=gateway.tunnel,
                    )

    # --- for people -------------------------------------------------------------------------------

    def cause(self, since: dict[Name, str] | None = None) -> Cause | str | None:
        """Why no traffic passes, as far as it is known: our name for it, or words."""
        peer, gateway = self.pair
        if peer is None:
            return "no VPC router that is up has a site-to-site peer in force"
        if gateway is None:
            booting = "the RTX has not booted yet"
            return negotiation.meeting_problem(peer, ()) if self._office_up() else booting
        if self._missing:
            return f"the RTX lacks {self._missing}"
        if obstacle := self._obstacle():
            return obstacle
        if (host := self.lab.host("office")) and not host.peer.routed:
            return f"the RTX has no route to {host.peer.remote_prefix} through the tunnel"
        return self.lab.cause(since)

    def reason(self) -> str:
        """One line a peer: that traffic passes, or why it does not."""
        with self._settled():
            played = self.pair.peer
            lines = [
                f"{peer.peer} - {peer.address}: "
                + (self._state() if peer == played else "not played: real daemons play one pair")
                for peer in self._peers
            ]
            return "\n".join(lines) or "no VPC router that is up has a site-to-site peer in force"

    def _state(self) -> str:
        if self.lab.ping(wait=0.5) is not None:
            return "traffic passes (real IKE)"
        found = self.cause(self._since)
        text = f"{found.text} ({found.code})" if isinstance(found, Cause) else found
        return text or "no IPsec SA yet"


def _is_up(sa: dict[str, Any]) -> bool:
    return bool(sa["state"] in ("ESTABLISHED", "REKEYING", "REKEYED"))


def _installed(sa: dict[str, Any]) -> list[dict[str, Any]]:
    return [child for child in sa["children"] if child["state"] == "INSTALLED"]


def _own_cookie(sa: dict[str, Any]) -> bytes:
    side = "initiator" if sa.get("initiator") == "yes" else "responder"
    return bytes.fromhex(sa[f"{side}-spi"])


def _child_keys(child: dict[str, Any]) -> tuple[SaKey, SaKey]:
    out, in_ = (bytes.fromhex(child[name].zfill(8)) for name in ("spi-out", "spi-in"))
    return (out, "send"), (in_, "recv")


def _keys(associations: Sequence[dict[str, Any]]) -> list[SaKey]:
    up = [sa for sa in associations if _is_up(sa)]
    cookies: list[SaKey] = [(_own_cookie(sa), "") for sa in up]
    return cookies + [key for sa in up for child in _installed(sa) for key in _child_keys(child)]
