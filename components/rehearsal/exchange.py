"""The key exchange between the two ends as a model in time: SAs at each end, and what befalls them.

Each end holds its own SAs; they are shared where both hold the same.  Nothing here reads a clock:
`run_until` lets happen, in order, whatever was due.

The stall (`_stall`) is a model of an observation, not of a protocol.  The seed article saw an
RTX1220 whose SAs had been lost at its end (reboot, `ipsec sa delete`, `ipsec refresh sa`) stay
Online without traffic until the VPC router's "VPN reconnect", unless three settings were right
(`negotiation.recovers`).  What the ends really send each other then is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from ipaddress import IPv4Address
from operator import itemgetter
from typing import Final

from . import negotiation
from .ends import CloudPeer
from .held import Cloud, Office, Sa, new_esp, new_ike
from .rtx.office import OfficeGateway

REACTION: Final = 1.0
"""Seconds between a cause (settings applied, a deletion, a boot) and the key exchange."""

Event = tuple[float, Callable[[float], None]]
CloudName = tuple[str, IPv4Address, IPv4Address]


class Exchange:
    """Both ends of all peers, and the course of time between them."""

    def __init__(self) -> None:
        self.clouds: dict[CloudName, Cloud] = {}
        self.offices: dict[int, Office] = {}

    # What is asked

    def office_of(self, cloud: Cloud) -> Office | None:
        """The gateway that this peer and the RTX call each other with."""
        meets = (
            office
            for office in self.offices.values()
            if negotiation.usable(office.gateway) and _address_each_other(cloud.peer, office)
        )
        return next(meets, None)

    def cloud_of(self, office: Office) -> Cloud | None:
        """The peer on the other side of a gateway, usable or not."""
        meets = (each for each in self.clouds.values() if _address_each_other(each.peer, office))
        return next(meets, None)

    def partner(self, cloud: Cloud) -> Office | None:
        """The gateway that shares SAs with this peer, or would."""
        holders = (
            office
            for office in self.offices.values()
            if any(sa and sa in (office.ike, office.esp) for sa in (cloud.ike, cloud.esp))
        )
        return next(holders, None) or self.office_of(cloud)

    def shared(self, office: Office) -> bool:
        """Whether the cloud end holds the gateway's IPsec SA too."""
        return office.esp is not None and any(
            cloud.esp is office.esp for cloud in self.clouds.values()
        )

    def watched(self, office: Office) -> bool:
        """Whether the gateway's DPD is answered: its IKE SA is shared, or it is in the stall.  A
        heartbeat never is.
        """
        if office.ike is None or office.gateway.heartbeat:
            return False
        return office.stalled or any(cloud.ike is office.ike for cloud in self.clouds.values())

    # What happens

    def run_until(self, now: float) -> None:
        """Let everything happen that was due by `now`, in order."""
        while (event := min(self._events(), key=itemgetter(0), default=None)) and event[0] <= now:
            at, happen = event
            happen(at)

    def take_in(
        self, gateways: Iterable[OfficeGateway], peers: Iterable[CloudPeer], now: float
    ) -> None:
        """Go by these settings from now on.

        A change of parameters does no harm to SAs that stand.  A peer that is gone or has another
        address, and a gateway that is gone, disabled or calls another address, lose theirs; that
        nobody is told of it is unverified (both ends).
        """
        in_force = {(peer.router_id, peer.address, peer.peer): peer for peer in peers}
        for name in self.clouds.keys() - in_force.keys():
            self._forget_cloud(self.clouds.pop(name), now)
        for name, peer in in_force.items():
            if name in self.clouds:
                self.clouds[name].peer = peer
            else:
                self.clouds[name] = Cloud(peer=peer, next_try=now + REACTION)
        present = {gateway.gateway: gateway for gateway in gateways}
        for number in self.offices.keys() - present.keys():
            self._lose_untold(self.offices.pop(number), now)
        for number, gateway in present.items():
            office = self.offices.setdefault(number, Office(gateway=gateway))
            if not negotiation.usable(gateway) or _calls_elsewhere(office.gateway, gateway):
                self._lose_untold(office, now)
            if office.lost_at is not None and not negotiation.usable(office.gateway):
                office.lost_at = now  # the reaction to the loss begins when it can
            office.gateway = gateway
            office.listens(now)
            self._plan_office_start(office, now)

    def lose_at_office(self, now: float, gateway: int | None = None) -> None:
        """The RTX has lost its SAs, all or a gateway's (reboot, renewal); nobody was told."""
        for number, office in self.offices.items():
            if gateway in (None, number):
                self._lose_untold(office, now)

    def delete_at_office(self, spis: Collection[bytes] | None, now: float) -> None:
        """`ipsec sa delete` of these SAs (None: all).  The VPC router is told and drops them."""
        for office in self.offices.values():
            gone = [
                sa
                for sa in (office.ike, office.esp)
                if sa and (spis is None or {sa.cloud_spi, sa.office_spi} & set(spis))
            ]
            if gone:
                self._delete(office, gone, now)

    def restart_at_cloud(self, router_id: str, now: float) -> None:
        """ "VPN reconnect": the VPC router drops its SAs with notice and starts anew."""
        for cloud in self._clouds_of(router_id):
            office = self.partner(cloud)
            cloud.drop()
            cloud.start_at(now + REACTION)
            if office:
                office.drop()
                office.stalled, office.lost_at = False, None

    def start_at_cloud(self, router_id: str, now: float) -> None:
        """Settings were applied.  SAs that stand stay (unverified); else the exchange starts."""
        for cloud in self._clouds_of(router_id):
            if cloud.esp is None:
                cloud.start_at(now + REACTION)

    def lose_at_cloud(self, router_id: str, now: float) -> None:
        """The VPC router is down: its SAs are gone and nobody was told."""
        for name, cloud in list(self.clouds.items()):
            if cloud.peer.router_id == router_id:
                self._forget_cloud(self.clouds.pop(name), now)

    def _clouds_of(self, router_id: str) -> list[Cloud]:
        return [each for each in self.clouds.values() if each.peer.router_id == router_id]

    def _events(self) -> Iterator[Event]:
        # The office's own reaction to a loss comes first: it decides whether the cloud tries.
        for office in self.offices.values():
            if office.lost_at is not None and negotiation.usable(office.gateway):
                yield office.lost_at + REACTION, _bind(self._after_loss, office)
        for cloud in self.clouds.values():
            if cloud.next_try is not None:
                yield cloud.next_try, _bind(self._try_from_cloud, cloud)
            if cloud.deaf_since is not None:
                yield cloud.deaf_since + cloud.peer.dpd_timeout, _bind(self._cloud_dpd, cloud)
            if (ends := cloud.expiry()) is not None:
                yield ends, _bind(self._cloud_expiry, cloud)
        for office in self.offices.values():
            if office.next_try is not None:
                yield office.next_try, _bind(self._try_from_office, office)
            if office.deaf_since is not None and (wait := _dpd_seconds(office.gateway)):
                yield office.deaf_since + wait, _bind(self._office_dpd, office)
            if office.unheard_since is not None and office.gateway.heartbeat:
                interval, count = office.gateway.heartbeat
                yield office.unheard_since + interval * count, _bind(self._give_up, office)
            if (ends := office.expiry()) is not None:
                yield ends, _bind(self._office_expiry, office)

    def _after_loss(self, office: Office, at: float) -> None:
        """The office is at work again after it lost its SAs: will it recover?"""
        office.lost_at = None
        cloud = self.cloud_of(office)
        if cloud and not negotiation.recovers(office.gateway):
            self._stall(cloud, office, at)
        self._plan_office_start(office, at)

    def _stall(self, cloud: Cloud, office: Office, at: float) -> None:
        """Each end holds SAs that the other does not know, and no DPD notices (see above)."""
        for end in (cloud, office):
            end.drop()
            end.next_try = None
            end.ike, end.esp = (
                new_ike(cloud.peer.ike_lifetime, at),
                new_esp(cloud.peer.esp_lifetime, None, at),
            )
        office.stalled = True

    def _try_from_cloud(self, cloud: Cloud, at: float) -> None:
        office = self.office_of(cloud)
        if office is None or not self._negotiate(cloud, office, at, by_office=False):
            cloud.back_off(at)

    def _try_from_office(self, office: Office, at: float) -> None:
        cloud = self.cloud_of(office)
        if cloud is None or not self._negotiate(cloud, office, at, by_office=True):
            office.back_off(at)

    def _negotiate(self, cloud: Cloud, office: Office, at: float, *, by_office: bool) -> bool:
        """Phase 1 unless an IKE SA is shared, then phase 2; whether an IPsec SA came of it.

        The initiator's lifetimes hold at both ends.
        """
        peer, gateway = cloud.peer, office.gateway
        ike_life = gateway.ike_lifetime if by_office else peer.ike_lifetime
        esp_life = gateway.esp_lifetime if by_office else peer.esp_lifetime
        if cloud.ike is None or cloud.ike is not office.ike:
            if negotiation.phase_1_problem(peer, gateway, by_office=by_office):
                return False
            # A first contact replaces what either end still held.
            for end in (cloud, office):
                end.drop()
            office.stalled, office.lost_at = False, None
            cloud.ike = office.ike = new_ike(ike_life, at)
        if negotiation.phase_2_problem(peer, gateway, by_office=by_office):
            return False
        between = negotiation.prefixes(peer, gateway)
        cloud.esp = office.esp = new_esp(esp_life, between, at)
        for end in (cloud, office):
            end.deaf_since, end.next_try, end.tries = None, None, 0
        office.listens(at)
        return True

    def _cloud_dpd(self, cloud: Cloud, at: float) -> None:
        cloud.drop()
        cloud.start_at(at)

    def _office_dpd(self, office: Office, at: float) -> None:
        office.drop()
        self._plan_office_start(office, at)

    def _give_up(self, office: Office, at: float) -> None:
        """No heartbeat was answered: the RTX takes the tunnel for dead (15.20).  That it drops its
        SAs then, and tells nobody, is unverified."""
        office.unheard_since = None
        self._lose_untold(office, at)

    def _cloud_expiry(self, cloud: Cloud, at: float) -> None:
        """Renew what has ended, with the parameters of now (the renewal before the end is left
        out: it comes to the same).
        """
        office = self.partner(cloud)
        if office and office.stalled:
            self._stall(cloud, office, at)
            return
        had_esp = cloud.esp is not None
        for end in (cloud, office):
            if end:
                end.expire(at)
        if cloud.esp is None:
            if had_esp:
                cloud.start_at(at)
        elif (
            office
            and office.esp is cloud.esp
            and not negotiation.phase_1_problem(cloud.peer, office.gateway, by_office=False)
        ):
            cloud.ike = office.ike = new_ike(cloud.peer.ike_lifetime, at)

    def _office_expiry(self, office: Office, at: float) -> None:
        office.expire(at)
        self._plan_office_start(office, at)

    def _delete(self, office: Office, gone: Collection[Sa], now: float) -> None:
        for cloud in self.clouds.values():
            if cloud.esp in gone:
                cloud.esp = None
                cloud.start_at(now + REACTION)
            if cloud.ike in gone:
                cloud.ike = None
        if office.esp in gone:
            if office.stalled and (stranger := self.cloud_of(office)):
                stranger.deaf_from(now)  # it was told of SAs that it does not know
            office.esp, office.lost_at, office.stalled = None, now, False
        if office.ike in gone:
            office.ike = None

    def _lose_untold(self, office: Office, now: float) -> None:
        """This end holds nothing any more, and the other end does not know."""
        if office.ike is None and office.esp is None:
            return
        for cloud in self.clouds.values():
            shares = any(sa and sa in (office.ike, office.esp) for sa in (cloud.ike, cloud.esp))
            if shares or (office.stalled and cloud is self.cloud_of(office)):
                cloud.deaf_from(now)
        office.drop()
        office.lost_at, office.stalled, office.next_try = now, False, None

    def _forget_cloud(self, cloud: Cloud, now: float) -> None:
        office = self.partner(cloud)
        if office:
            office.stalled = False
            office.deaf_from(now)

    def _plan_office_start(self, office: Office, now: float) -> None:
        if not office.may_start():
            office.next_try = None
        elif office.esp is None and office.lost_at is None and office.next_try is None:
            office.start_at(now + REACTION)


def _address_each_other(peer: CloudPeer, office: Office) -> bool:
    gateway = office.gateway
    return (gateway.remote_address, gateway.wan_address) == (peer.address, peer.peer)


def _calls_elsewhere(old: OfficeGateway, new: OfficeGateway) -> bool:
    return (old.remote_address, old.wan_address, old.policy, old.tunnel) != (
        new.remote_address,
        new.wan_address,
        new.policy,
        new.tunnel,
    )


def _dpd_seconds(gateway: OfficeGateway) -> int | None:
    """After which silence the RTX gives its peer up; with release 1 it never notices (seed)."""
    if gateway.dpd is None or gateway.exchange_release != 2:
        return None
    interval, count = gateway.dpd
    return interval * count


def _bind(method: Callable[..., None], end: Cloud | Office) -> Callable[[float], None]:
    return lambda at: method(end, at)
