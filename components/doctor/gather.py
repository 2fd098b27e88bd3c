"""Reading both live ends, changing nothing: one SSH connection, at most three GETs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from ..clock import Clock, Progress
from ..cloud.api import Client
from ..cloud.found import router_of_stack
from ..cloud.objects import as_id
from ..cloud.owned import ROUTER, read
from ..cloud.settings import peer_statuses
from ..errors import ApiError, DeviceError, Unreachable, VpnError
from ..office import guards
from ..office.answers import Ping
from ..office.login import Login
from ..office.session import Session
from ..office.settled import compared
from ..site import Site
from ..tunnel.proof import IP_AND_ICMP
from .aim import Aim
from .seen import NO_PING, CloudEnd, NotOurs, OfficeEnd, Seen

_API_SECONDS: Final = 30.0  # for all its answers; a patient client would wait for half an hour
# The line of `show status tunnel`; its Japanese word for a tunnel that is down is unverified.
_WORD: Final = re.compile(r"(?m)^\s*(.*(?:Online|Offline|接続されて|切断).*?)\s*$")

_End = TypeVar("_End")


@dataclass(frozen=True)
class Reach:
    """How to reach both ends; opening either may raise `VpnError`.  There is no `client` where the
    VPC router belongs to somebody else.

    `router_id` is the VPC router's, "" if it has to be looked for by the `tag` of its owner, or by
    its `peer` with the office's address (`router_of_stack`).
    """

    login: Callable[[], Login]
    client: Callable[[], Client] | None
    tag: str = ""
    router_id: str = ""
    peer: str = ""


def look(name: str, site: Site, reach: Reach, *, clock: Clock, say: Progress) -> Seen:
    """Read both ends of the site called `name`; an end that cannot be read is its error."""
    cloud = _cloud(reach, site, clock, say)
    say("reading the RTX, and pinging through the tunnel")
    aim = Aim.of(name, site)
    return Seen(name, site, or_error(lambda: _office(aim, reach, clock, say)), cloud)


def or_error(read: Callable[[], _End]) -> _End | VpnError:
    """What was read, or the error that stands in its place."""
    try:
        return read()
    except VpnError as error:
        return error


def _cloud(reach: Reach, site: Site, clock: Clock, say: Progress) -> CloudEnd | NotOurs | VpnError:
    open_client = reach.client
    if open_client is None:
        return NotOurs(replace(site.agreement, cloud_address=site.vip))
    say("reading the VPC router")
    return or_error(lambda: _router(open_client(), reach, clock))


def _router(client: Client, reach: Reach, clock: Clock) -> CloudEnd:
    client.deadline = clock.now() + _API_SECONDS
    router_id = reach.router_id
    if not router_id:
        found = router_of_stack(client, reach.tag, reach.peer)
        router_id = as_id(found["ID"]) if found else ""
    return cloud_end(client, router_id)


def cloud_end(client: Client, router_id: str) -> CloudEnd:
    """The VPC router as the API has it ("" is none): two GETs."""
    appliance = read(client, ROUTER, router_id) if router_id else None
    if appliance is None:
        return CloudEnd(None)
    try:
        return CloudEnd(appliance, peer_statuses(client, router_id))
    except ApiError as error:
        return CloudEnd(appliance, status_error=error.what)


def _office(aim: Aim, reach: Reach, clock: Clock, say: Progress) -> OfficeEnd:
    with Session.open(reach.login(), clock=clock, say=say) as session:
        unsaved, why = compared(session)
        found = office_end(session, aim)
        mine = guards.not_guards(unsaved, found.running)
        return replace(found, unsaved=mine, not_compared=why)


def office_end(session: Session, aim: Aim) -> OfficeEnd:
    """The RTX as it runs now; what of it is not saved is not looked at."""
    running = session.configuration()
    sas = session.associations(aim.gateway)
    word = _WORD.search(session.answer(f"show status tunnel {aim.tunnel}").text)
    small, full, refused = _pings(session, aim)
    return OfficeEnd(
        running=guards.without(running),
        guards=guards.left_over(running),
        sas=sas,
        small=small,
        full=full,
        word=word[1] if word else "",
        refused=refused,
    )


def _pings(session: Session, aim: Aim) -> tuple[Ping, Ping | None, str]:
    """A small ping and, if that passes, one of the tunnel's MTU; why the router refused to."""
    full = None
    try:
        small = session.ping(aim.target, aim.source)
        if small.received:
            full = session.ping(aim.target, aim.source, size=aim.mtu - IP_AND_ICMP)
    except Unreachable:
        raise
    except DeviceError as error:
        return NO_PING, None, error.said or error.what
    return small, full, ""
