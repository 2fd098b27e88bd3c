"""The VPC router: make, connect, address, apply, start, update, delete.

Sources: sakura-vpcrouter-api 1.5, 2.3 to 2.7; pitfalls 3 to 7 and 9.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ..clock import Clock, Progress
from ..errors import ApiError
from .api import Client
from .objects import (
    LanSpec,
    RouterSpec,
    RouterState,
    as_id,
    nic_switch,
    power,
    router_state,
    text,
)
from .owned import (
    ROUTER,
    describe,
    existing,
    gone,
    make,
    other_than_wanted,
    read,
    read_or_listed,
    remove,
)
from .router import Json, lan_of, with_lan
from .settings import apply_settings, change_settings
from .waiting import MINUTE, Poll, wait_for

# Limits and tolerated "not found" answers of the official clients (sakura-vpcrouter-api 1.5).
_MADE: Final = Poll("VPC router", 20 * MINUTE, missing=30)
_CONNECTED: Final = Poll("LAN of the VPC router", 5 * MINUTE)
_DELETED: Final = Poll("deletion of the VPC router", 20 * MINUTE)

_CREATIONS: Final = 4  # the first, and three more if it fails
_AFTER_CONNECT: Final = 20.0  # seconds that settings may be refused after a NIC was connected


def ensure_router(
    client: Client, spec: RouterSpec, clock: Clock, progress: Progress
) -> RouterState:
    """The VPC router of this tag: made, its LAN connected and addressed, applied, running.

    A creation that fails is deleted and tried again, three times.  Raises `ApiError` if a router
    with the tag is there whose plan, version or public side is another: those never change.
    """
    for _ in range(_CREATIONS):
        router_id = make(client, ROUTER, spec.tag, spec.body, clock, progress)
        appliance = _made(client, router_id, clock, progress)
        if text(appliance, "Availability") == "available":
            return _finish(client, appliance, spec, clock, progress)
        progress(f"VPC router {router_id}: its creation failed; it is deleted")
        delete_router(client, router_id, clock, progress)
    raise ApiError(
        f"the creation of the VPC router failed {_CREATIONS} times",
        state="each failed router was deleted again",
        remedy="look for trouble in the zone, then run the same command again",
    )


def read_router(client: Client, router_id: str, lan_index: int = 1) -> RouterState | None:
    """The VPC router with its LAN on eth`lan_index`, None if it is gone."""
    appliance = read(client, ROUTER, router_id)
    return None if appliance is None else router_state(appliance, lan_index)


def update_router(
    client: Client, router_id: str, spec: RouterSpec, clock: Clock, progress: Progress
) -> RouterState:
    """Name, description and LAN addresses as wanted, without a stop; a creation that was
    interrupted is brought to its end."""
    appliance = _settled(client, router_id, clock, progress)
    if not appliance:
        raise gone(ROUTER, router_id)
    if text(appliance, "Availability") != "available":
        raise ApiError(
            f"the creation of the VPC router {router_id} failed",
            remedy="delete it, then run the same command again",
        )
    return _finish(client, appliance, spec, clock, progress)


def delete_router(client: Client, router_id: str, clock: Clock, progress: Progress) -> None:
    """Stop and delete the router, wait until it is gone and its switches know it."""
    router = _settled(client, router_id, clock, progress)
    if not router:
        return
    _set_power(client, router_id, _STOP, clock, progress)

    def passing(error: ApiError) -> bool:
        # A start that was under way showed as "down", and ends as "up".
        if error.status == 409:
            _set_power(client, router_id, _STOP, clock, progress)
        return error.status == 409

    remove(client, ROUTER, router_id, passing, _DELETED, clock, progress)
    wait_for(  # a switch is not free while a list still shows the router (section 4)
        _DELETED,
        lambda: [as_id(a["ID"]) for a in client.find("appliance", {})],
        lambda _: "still listed",
        lambda listed: router_id not in listed,
        clock=clock,
        progress=progress,
    )


def _settled(client: Client, router_id: str, clock: Clock, progress: Progress) -> Json:
    """The router once it is made, or {} if it is gone: one that is still being made can neither
    be changed nor deleted, and may not even be readable."""
    return wait_for(
        _MADE,
        lambda: read_or_listed(client, ROUTER, router_id),
        lambda found: text(found, "Availability"),
        lambda found: not found or _is_made(found),
        clock=clock,
        progress=progress,
    )


def _made(client: Client, router_id: str, clock: Clock, progress: Progress) -> Json:
    return wait_for(
        _MADE,
        lambda: read(client, ROUTER, router_id),
        lambda found: text(found, "Availability"),
        _is_made,
        clock=clock,
        progress=progress,
    )


def _is_made(router: Json) -> bool:
    return text(router, "Availability") not in ("", "migrating")


def _finish(
    client: Client, appliance: Json, spec: RouterSpec, clock: Clock, progress: Progress
) -> RouterState:
    """Every step after the creation, each only if it is missing."""
    there = router_state(appliance, spec.lan.index)
    differing = {
        name: (there.fixed.get(name), wanted)
        for name, wanted in spec.fixed.items()
        if there.fixed.get(name) != wanted
    }
    if differing:
        raise other_than_wanted(ROUTER, there.id, differing)
    described = describe(client, ROUTER, appliance, spec)
    connected = _connect(client, appliance, spec.lan, clock, progress)
    addressed = _address(client, there.id, spec.lan, clock, _AFTER_CONNECT if connected else 0.0)
    # Applying may interrupt tunnels, so a mere new name does not.  With nothing else to do we are
    # here because an earlier run was interrupted, maybe just before it applied.
    if connected or addressed or there.power != "up" or not described:
        apply_settings(client, there.id)
    return router_state(_set_power(client, there.id, _START, clock, progress), spec.lan.index)


def _connect(
    client: Client, appliance: Json, lan: LanSpec, clock: Clock, progress: Progress
) -> bool:
    """Connect the LAN's interface to its switch; whether that was necessary."""
    router_id, there = as_id(appliance["ID"]), nic_switch(appliance, lan.index)
    if there == lan.switch_id:
        return False
    if there:
        raise other_than_wanted(
            ROUTER, router_id, {f"switch on eth{lan.index}": (there, lan.switch_id)}
        )
    try:
        client.put(f"appliance/{router_id}/interface/{lan.index}/to/switch/{lan.switch_id}")
    except ApiError as error:
        # A repeat after a lost answer meets its own effect.
        now = existing(client, ROUTER, router_id)
        if error.status != 409 or nic_switch(now, lan.index) != lan.switch_id:
            raise
    wait_for(
        _CONNECTED,
        lambda: read(client, ROUTER, router_id),
        lambda _: "being connected",
        lambda found: nic_switch(found, lan.index) == lan.switch_id,
        clock=clock,
        progress=progress,
    )
    return True


def _address(client: Client, router_id: str, lan: LanSpec, clock: Clock, patience: float) -> bool:
    """Store the LAN's addresses; whether that was necessary."""

    def change(settings: object) -> Json:
        return with_lan(
            settings,
            lan.index,
            vip=lan.vip,
            addresses=lan.addresses,
            prefix_length=lan.prefix_length,
        )

    stored = existing(client, ROUTER, router_id).get("Settings")
    there = lan_of(stored, lan.index)
    if there == lan_of(change(stored), lan.index):
        return False
    change_settings(client, router_id, change, clock, patience=patience)
    return True


class _Power(NamedTuple):
    """A change of power: the call that asks for it, from which state, to which."""

    poll: Poll
    method: str
    body: Json | None
    before: str
    after: str


_START: Final = _Power(Poll("VPC router starting", 20 * MINUTE, 30), "PUT", None, "down", "up")
_STOP: Final = _Power(
    Poll("VPC router stopping", 20 * MINUTE, 30), "DELETE", {"Force": True}, "up", "down"
)
_ASK_AGAIN: Final = 20.0  # seconds; a request right after a start may be ignored (pitfall 7)
# The request was taken already; asked again it is refused so (pitfall 4).
_TAKEN: Final = ("conflict", "server_power_must_be_down", "server_power_must_be_up")


def _set_power(
    client: Client, router_id: str, change: _Power, clock: Clock, progress: Progress
) -> Json:
    """Start or stop the router, wait until it is so, and give it as it then is."""
    ask_at = clock.now()

    def step() -> Json | None:
        nonlocal ask_at
        found = read(client, ROUTER, router_id)
        if found is not None and power(found) == change.before and clock.now() >= ask_at:
            ask_at = clock.now() + _ASK_AGAIN
            try:
                _ask(client, f"appliance/{router_id}/power", change)
            except ApiError as error:
                if error.code not in _TAKEN:
                    raise
                ask_at = float("inf")
        return found

    return wait_for(
        change.poll,
        step,
        power,
        lambda found: power(found) == change.after,
        clock=clock,
        progress=progress,
    )


def _ask(client: Client, path: str, change: _Power) -> None:
    if change.method == "PUT":
        client.put(path, change.body)
    else:
        client.delete(path, change.body)
