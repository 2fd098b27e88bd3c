"""Reading both live ends, changing nothing: one SSH connection, at most three GETs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from ..clock import Clock, Progress
from ..cloud.api import Client
from ..cloud.objects import as_id
from ..cloud.owned import ROUTER, find_own, read
from ..cloud.settings import peer_statuses
from ..errors import ApiError, DeviceError, Unreachable, VpnError
from ..office import guards
from ..office.answers import Ping
from ..office.login import Login
from ..office.session import Session
from ..site import Site
from ..watch import IP_AND_ICMP
from .seen import NO_PING, CloudEnd, OfficeEnd, Seen

_API_SECONDS: Final = 30.0  # for all its answers; a patient client would wait for half an hour
# The line of `show status tunnel`; its Japanese word for a tunnel that is down is unverified.
_WORD: Final = re.compile(r"(?m)^\s*(.*(?:Online|Offline|接続されて|切断).*?)\s*$")

_End = TypeVar("_End")


@dataclass(frozen=True)
class Reach:
    """How to reach both ends; opening either may raise `VpnError`.

    `router_id` is the VPC router's, "" if it has to be looked for by the `tag` of its owner.
    """

    login: Callable[[], Login]
    client: Callable[[], Client]
    tag: str
    router_id: str = ""


def look(name: str, site: Site, reach: Reach, *, clock: Clock, say: Progress) -> Seen:
    """Read both ends of the site called `name`; an end that cannot be read is its error."""
    say("reading the VPC router")
    cloud = _or_error(lambda: _cloud(reach, clock))
    say("reading the RTX, and pinging through the tunnel")
    return Seen(name, site, _or_error(lambda: _office(site, reach, clock, say)), cloud)


def _or_error(read: Callable[[], _End]) -> _End | VpnError:
    try:
        return read()
    except VpnError as error:
        return error


def _cloud(reach: Reach, clock: Clock) -> CloudEnd:
    client = reach.client()
    client.deadline = clock.now() + _API_SECONDS
    router_id = reach.router_id
    if not router_id:
        found = find_own(client, ROUTER, reach.tag)
        router_id = as_id(found["ID"]) if found else ""
    appliance = read(client, ROUTER, router_id) if router_id else None
    if appliance is None:
        return CloudEnd(None)
    try:
        return CloudEnd(appliance, peer_statuses(client, router_id))
    except ApiError as error:
        return CloudEnd(appliance, status_error=error.what)


def _office(site: Site, reach: Reach, clock: Clock, say: Progress) -> OfficeEnd:
    end = site.office_end
    with Session.open(reach.login(), clock=clock, say=say) as session:
        unsaved = guards.not_guards(session.unsaved())
        running = session.configuration()
        sas = session.associations(end.gateway)
        word = _WORD.search(session.answer(f"show status tunnel {end.tunnel}").text)
        small, full, refused = _pings(session, site)
    return OfficeEnd(
        running=guards.without(running),
        guards=guards.left_over(running),
        unsaved=unsaved,
        sas=sas,
        small=small,
        full=full,
        word=word[1] if word else "",
        refused=refused,
    )


def _pings(session: Session, site: Site) -> tuple[Ping, Ping | None, str]:
    """A small ping and, if that passes, one of the tunnel's MTU; why the router refused to."""
    target, source, mtu = site.target, site.office_end.lan_address, site.office_end.mtu
    full = None
    try:
        small = session.ping(target, source)
        if small.received:
            full = session.ping(target, source, size=mtu - IP_AND_ICMP)
    except Unreachable:
        raise
    except DeviceError as error:
        return NO_PING, None, error.said or error.what
    return small, full, ""
