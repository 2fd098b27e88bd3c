"""The link between the two stand-ins: what each of them is told about the other, and what passes.

It joins `exchange.Exchange` (which SAs stand where, as a model) with the settings in force at both
ends, and answers both: the API as `ends.LinkSide`, the RTX as `rtx.office.OfficeLink`.  It is no
real IKE; what it models of the seed's stall is an observation (see `exchange`).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from ipaddress import AddressValueError, IPv4Address
from typing import Final, Literal

from ..clock import Clock
from . import negotiation
from .ends import CloudSide
from .exchange import Exchange
from .front import Front
from .held import Cloud, Office, Sa
from .rtx.office import OfficeGateway, OfficeSa
from .shown import PINGS_FROM_CLOUD, Numbers, SaKey, ping_report

ROUND_TRIP_MS: Final = 2.1
_MS_PER_BYTE: Final = 0.0005


class Link:
    """Joins the cloud end with the office end; safe to use from any thread.

    `gateways` reads what the RTX has in force; `front` is the gateway in front of an RTX that has
    an address inside only.  Both ends are read before the link's own lock is taken, so they may
    call the link while they hold theirs.
    """

    front = Front()

    def __init__(
        self, clock: Clock, cloud: CloudSide, gateways: Callable[[], Sequence[OfficeGateway]]
    ) -> None:
        self._clock, self._cloud, self._gateways = clock, cloud, gateways
        self._exchange = Exchange()
        self._ids = Numbers()
        self._lock = threading.RLock()

    @contextlib.contextmanager
    def _settled(self) -> Iterator[float]:
        """Hold the lock at the present moment, everything done that was due before it."""
        gateways, peers = tuple(self._gateways()), tuple(self._cloud.vpn_peers())
        gateways = self.front.seen(gateways, peers)
        with self._lock:
            now = self._clock.now()
            # What was due happened under the settings of then, the rest goes by those of now.
            self._exchange.run_until(now)
            self._exchange.take_in(gateways, peers, now)
            self._exchange.run_until(now)
            yield now

    def settle(self) -> None:
        """Let everything happen that is due by now."""
        with self._settled():
            pass

    # The cloud end asks and tells (ends.LinkSide)

    def peer_up(self, router_id: str, peer: str) -> bool:
        """Whether the cloud end holds an IPsec SA for this peer, shared with the office or not."""
        with self._settled():
            return any(
                cloud.esp is not None
                for cloud in self._exchange.clouds.values()
                if (cloud.peer.router_id, str(cloud.peer.peer)) == (router_id, peer)
            )

    def settings_applied(self, router_id: str) -> None:
        """The cloud end starts the key exchange for peers without an IPsec SA."""
        with self._settled() as now:
            self._exchange.start_at_cloud(router_id, now)

    def router_stopped(self, router_id: str) -> None:
        """The cloud end's SAs are gone; the office is not told."""
        with self._settled() as now:
            self._exchange.lose_at_cloud(router_id, now)

    def restart_vpn(self, router_id: str) -> None:
        """The cloud end drops its SAs with notice and starts anew: the cure for the stall."""
        with self._settled() as now:
            self._exchange.restart_at_cloud(router_id, now)

    def ping_from_cloud(self, router_id: str, destination: str) -> list[str]:
        """A ping of three packets by the VPC router, in the words of a common ping.

        The real wording and source address are unverified; here it comes from the router's first
        LAN address.  Names are not resolved: no answer.
        """
        with self._settled():
            passes = self._cloud_ping_passes(router_id, destination)
        return ping_report(destination, [ROUND_TRIP_MS] * PINGS_FROM_CLOUD if passes else [])

    # The office end asks and tells (rtx.office.OfficeLink)

    def configuration_changed(self) -> None:
        """The RTX's running configuration is another one now."""
        self.settle()

    def rebooted(self) -> None:
        """The RTX lost its SAs; the cloud end is not told."""
        with self._settled() as now:
            self._exchange.lose_at_office(now)

    def refresh_sas(self, gateway: int | None = None) -> None:
        """`ipsec refresh sa`: like a reboot, nobody is told (command reference 15.48.3)."""
        with self._settled() as now:
            self._exchange.lose_at_office(now, gateway)

    def delete_sas(self, ids: Sequence[int] | None) -> None:
        """`ipsec sa delete`: the cloud end is told.  One direction's id takes the pair with it."""
        with self._settled() as now:
            known = self._numbered()
            spis = None if ids is None else {spi for (spi, _), i in known.items() if i in ids}
            self._exchange.delete_at_office(spis, now)

    def sas(self) -> list[OfficeSa]:
        """The SAs that the office end holds, in the order of their ids."""
        with self._settled() as now:
            ids = self._numbered()
            offices = self._exchange.offices.values()
            found = [sa for office in offices for sa in _office_sas(office, ids, now)]
            return sorted(found, key=lambda sa: sa.id)

    def tunnel_online(self, tunnel: int) -> bool:
        """What `show status tunnel` says: an IPsec SA stands here.  It proves no traffic."""
        with self._settled():
            return any(
                office.esp is not None
                for office in self._exchange.offices.values()
                if office.gateway.tunnel == tunnel
            )

    def keepalive_ok(self, gateway: int) -> bool:
        """Whether the gateway's keepalive is answered (in the stall too: DPD does not notice)."""
        with self._settled():
            office = self._exchange.offices.get(gateway)
            return office is not None and self._exchange.watched(office)

    def ping(self, source: IPv4Address | None, destination: IPv4Address, size: int) -> float | None:
        """Milliseconds until the cloud LAN's answer to `size` data bytes, None without one.

        Without a source the RTX's WAN address is taken (unverified), which no prefix holds.  Large
        packets are fragmented and pass: the RTX's ping cannot forbid it.
        """
        if self.front.too_large(size):
            return None
        with self._settled():
            if self._office_ping_problem(source, destination):
                return None
            return round(ROUND_TRIP_MS + size * _MS_PER_BYTE, 3)

    # For people

    def reason(self) -> str:
        """One line a peer: that traffic passes, or the first cause why it does not."""
        with self._settled() as now:
            lines = [
                f"{cloud.peer.peer} - {cloud.peer.address}: {self._state_of(cloud, now)}"
                for cloud in self._exchange.clouds.values()
            ]
            return "\n".join(lines) or "no VPC router that is up has a site-to-site peer in force"

    def _state_of(self, cloud: Cloud, now: float) -> str:
        office = self._exchange.partner(cloud)
        if office is None:
            gateways = [each.gateway for each in self._exchange.offices.values()]
            return negotiation.meeting_problem(cloud.peer, gateways)
        peer, gateway = cloud.peer, office.gateway
        if office.stalled:
            return (
                "stalled: both ends hold SAs that the other does not know, until `restartvpn` "
                "(model of the seed article's observation)"
            )
        if not self._exchange.shared(office):
            problem = negotiation.phase_1_problem(peer, gateway, by_office=False)
            problem = problem or negotiation.phase_2_problem(peer, gateway, by_office=False)
            return problem or _waiting(cloud, now)
        if broken := negotiation.first_broken(negotiation.CARRIES, peer, gateway):
            return broken
        assert office.esp is not None
        assert office.esp.prefixes is not None
        inside = office.esp.prefixes.cloud
        answering = [address for address in peer.lan_addresses if address in inside]
        if not answering:
            return f"the VPC router has no address in {inside} that would answer"
        if not any(self._routed_to(address) is office for address in answering):
            return f"the RTX has no route to {inside} through the tunnel"
        return "traffic passes"

    def _office_ping_problem(self, source: IPv4Address | None, destination: IPv4Address) -> bool:
        office = self._routed_to(destination)
        if office is None or not self._carries(office):
            return True
        assert office.esp is not None
        assert office.esp.prefixes is not None
        prefixes = office.esp.prefixes
        cloud = next(each for each in self._exchange.clouds.values() if each.esp is office.esp)
        sender = source or office.gateway.wan_address
        return not (
            sender in prefixes.office
            and destination in prefixes.cloud
            and destination in cloud.peer.lan_addresses
        )

    def _cloud_ping_passes(self, router_id: str, destination: str) -> bool:
        try:
            target = IPv4Address(destination)
        except AddressValueError:
            return False
        own = [c for c in self._exchange.clouds.values() if c.peer.router_id == router_id]
        if any(target in cloud.peer.lan_addresses for cloud in own):
            return True
        for cloud in own:
            office = self._exchange.partner(cloud)
            if office is None or office.esp is None or not self._carries(office):
                continue
            prefixes, sender = office.esp.prefixes, next(iter(cloud.peer.lan_addresses), None)
            # The answer has to find its way back into the tunnel.
            if prefixes is None or sender is None or self._routed_to(sender) is not office:
                continue
            # Of the office LAN only the RTX itself is there to answer.
            if (
                sender in prefixes.cloud
                and target in prefixes.office
                and target == office.gateway.local_address
            ):
                return True
        return False

    def _routed_to(self, destination: IPv4Address) -> Office | None:
        """The gateway behind the most specific route to a tunnel."""
        routes = (
            (net.prefixlen, office)
            for office in self._exchange.offices.values()
            for net in office.gateway.routed
            if destination in net and negotiation.usable(office.gateway)
        )
        return max(routes, key=lambda route: route[0], default=(0, None))[1]

    def _carries(self, office: Office) -> bool:
        """Whether packets of the shared IPsec SA get through between the two routers."""
        cloud = next((c for c in self._exchange.clouds.values() if c.esp is office.esp), None)
        if office.esp is None or office.esp.prefixes is None or cloud is None:
            return False
        return not negotiation.first_broken(negotiation.CARRIES, cloud.peer, office.gateway)

    def _numbered(self) -> dict[SaKey, int]:
        """The router's numbers of the SAs that stand."""
        standing: list[SaKey] = []
        for office in self._exchange.offices.values():
            if office.ike:
                standing.append((office.ike.office_spi, ""))
            if office.esp:
                standing += [(office.esp.cloud_spi, "send"), (office.esp.office_spi, "recv")]
        return self._ids.of(standing)


def _office_sas(office: Office, ids: dict[SaKey, int], now: float) -> Iterator[OfficeSa]:
    gateway = office.gateway
    remote = gateway.remote_address or IPv4Address(0)
    isakmp = ids[office.ike.office_spi, ""] if office.ike else None
    if office.ike:
        yield OfficeSa(
            id=ids[office.ike.office_spi, ""],
            gateway=gateway.gateway,
            kind="isakmp",
            direction="",
            life=_life(office.ike, now),
            remote=remote,
            spi=office.ike.office_spi,
        )
    if office.esp:
        directions: tuple[tuple[bytes, Literal["send", "recv"]], ...] = (
            (office.esp.cloud_spi, "send"),
            (office.esp.office_spi, "recv"),
        )
        for spi, direction in directions:
            yield OfficeSa(
                id=ids[spi, direction],
                gateway=gateway.gateway,
                kind="esp",
                direction=direction,
                life=_life(office.esp, now),
                remote=remote,
                spi=spi,
                isakmp=isakmp,
                policy=gateway.policy,
                tunnel=gateway.tunnel,
            )


def _life(sa: Sa, now: float) -> int:
    return max(int(sa.ends - now), 0)


def _waiting(cloud: Cloud, now: float) -> str:
    """What is awaited when nothing is wrong and still no SA is shared."""
    if cloud.deaf_since is not None:
        left = max(cloud.deaf_since + cloud.peer.dpd_timeout - now, 0)
        return f"the VPC router has not noticed the loss yet (DPD in {left:.0f} s)"
    if cloud.next_try is not None:
        return f"the VPC router starts the key exchange in {max(cloud.next_try - now, 0):.0f} s"
    return "the VPC router holds SAs that the RTX does not know"
