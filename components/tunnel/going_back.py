"""Both ends back to what they were, after a change that failed.

Back is not enough: an office end that was told to give its SAs up, or that called with settings
which do not come back by themselves (the seed's stall), may carry nothing over the old agreement
either.  So that is tried, too, and what it came to is said.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Final

from ..clock import Clock, Progress, SystemClock
from ..cloud.settings import rival_of
from ..errors import ApiError, VpnError
from ..office import guards
from ..office.apply import GuardedChange
from ..office.config import scope_of
from ..office.session import Session
from .ends import Ends, Wish
from .proof import Proof, Verification, Watch

CLOUD_BACK: Final = "cloud end as before"
_OFFICE_BACK: Final = "office end as before"
_AS_BEFORE: Final = "traffic passes as before"
_FOR_THE_OFFICE: Final = 30
"""Seconds of the guard's time that the API may not have: the office end needs them to go back."""
_BY_DEFAULT: Final = 60  # seconds; the DPD time plus two intervals of the default agreement


def put_back(
    change: GuardedChange,
    ends: Ends,
    wish: Wish,
    before: Wish | None,
    because: Exception,
    asked: Verification | None = None,
    *,
    clock: Clock,
    progress: Progress,
) -> list[str]:
    """Put both ends back to what they were; what is true then, for the error.

    The cloud end first, as long as the office end's guard leaves time for both: the guard's last
    act is a restart of the router, and an API that does not answer is no reason for that.  Where
    there is no guard any more, because the change was confirmed before something failed, the office
    end goes first: one that cannot be told to go back stays new, and the cloud end with it.
    Where `because` says that nothing was written there, the cloud end is not asked at all.
    With `asked` it is tried whether traffic passes again.
    """
    confirmed = bool(change.result.commands) and change.remaining is None
    cloud = CLOUD_BACK if isinstance(because, ApiError) and because.nothing_written else ""
    if not confirmed and not cloud:
        if change.remaining is not None:
            ends.calm.deadline = clock.now() + change.remaining - _FOR_THE_OFFICE
        cloud = _cloud_back(ends, wish, before)
    office, back = _office_back(change)
    ends.calm.deadline = None
    if confirmed and not back:
        return [f"{office}; the cloud end was left as new as the office end, run up again"]
    if not cloud.startswith(CLOUD_BACK):
        cloud = _cloud_back(ends, wish, before)
    if not (before and asked and back and cloud == CLOUD_BACK):
        return [cloud, office]
    return [cloud, office, _carries(change.session, ends, before, asked, clock, progress)]


def _cloud_back(ends: Ends, wish: Wish, before: Wish | None) -> str:
    clock = SystemClock()
    try:
        if before and before.has_peer:
            ends.write_peer(ends.calm, before, clock, replaces=wish)
            return f"{CLOUD_BACK}{_beside(ends, before)}"
        ends.remove_peer(ends.calm, wish, clock)
    except VpnError as err:
        return f"CLOUD END NOT BACK ({err.what})"
    return CLOUD_BACK


def _beside(ends: Ends, before: Wish) -> str:
    """What stands beside our peer and takes its traffic: somebody gave our entry another address
    while we waited, so it was no longer known as ours."""
    try:
        rival = rival_of(ends.calm, ends.router_id, before.cloud)
    except VpnError:
        return ""
    if not rival:
        return ""
    return (
        f", BUT A SECOND PEER {rival} HAS THE SAME PREFIXES: if it was made from ours, take it "
        "away in the control panel"
    )


def _office_back(change: GuardedChange) -> tuple[str, bool]:
    """What is true of the office end, and whether it is back."""
    try:
        change.back()
    except VpnError as err:
        return f"office end: {err.what} {err.state}".strip(), False
    if change.remaining is None:
        return _OFFICE_BACK, True
    return (
        f"{_OFFICE_BACK}: with the half of a change that was killed, which the router takes back "
        f"by itself in {guards.last(change.remaining):.0f} s",
        True,
    )


def _carries(
    session: Session,
    ends: Ends,
    before: Wish,
    asked: Verification,
    clock: Clock,
    progress: Progress,
) -> str:
    """Whether traffic passes as before; SAs of ours that stand and carry nothing are deleted."""
    try:
        gateway = scope_of(before.lines).gateway
        inside = [IPv4Network(each) for each in before.cloud.get("localPrefixes", ())]
    except ValueError:  # somebody changed what stood before: there was no tunnel to speak of
        return "whether traffic passes again was not tried: what stood before was no whole tunnel"
    if before.has_peer and not any(asked.target in each for each in inside):
        return f"whether traffic passes again was not tried: {asked.target} was not behind it"
    progress("both ends are back: waiting for traffic over the old agreement")
    timing = before.cloud.get("dpdTimeout"), before.cloud.get("dpdInterval")
    enough = timing[0] + 2 * timing[1] if timing[0] and timing[1] else _BY_DEFAULT
    try:
        old = {sa.spi for sa in session.associations(gateway)}
        if session.ping(asked.target, asked.source, count=1).received:
            return _AS_BEFORE
        watch = Watch(session, gateway, asked, old, clock=clock, progress=progress)
        found = watch.until(clock.now() + min(enough, asked.seconds))
    except VpnError as err:
        return f"whether traffic passes again is not known ({err.what})"
    if isinstance(found, Proof):
        return _AS_BEFORE
    return (
        f"NO TRAFFIC OVER THE OLD AGREEMENT EITHER within {found.waited:.0f} s ({found}); if it "
        f"carried traffic before: sakura-rtx reconnect{f' --site {ends.site}' if ends.site else ''}"
    )
