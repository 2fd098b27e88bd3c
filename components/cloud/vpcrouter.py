"""The VPC router: make, connect, address, apply, start, update, delete.

Sources: sakura-vpcrouter-api 1.5, 2.3 to 2.7; pitfalls 3 to 7 and 9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Final

from ..clock import Clock, Progress
from ..errors import ApiError
from .api import Client
from .interfaces import aliases_of, lan_of, with_aliases, with_lan, without_lan
from .objects import LanSpec, RouterSpec, RouterState, as_id, nic_switch, router_state, text
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
from .power import KILL, START, set_power
from .sections import SECTIONS, same, with_sections
from .settings import apply_settings, change_settings
from .tree import Json, router_of
from .waiting import MINUTE, Poll, wait_for
from .wiring import planned, rewire

# Limits and tolerated "not found" answers of the official clients (sakura-vpcrouter-api 1.5).
_MADE: Final = Poll("VPC router", 20 * MINUTE, missing=30)
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
            return _finish(client, appliance, spec, (), clock, progress)
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
    client: Client,
    router_id: str,
    spec: RouterSpec,
    clock: Clock,
    progress: Progress,
    *,
    before: Sequence[LanSpec] = (),
) -> RouterState:
    """Everything that may change as wanted; a creation that was interrupted is brought to its end.

    `before` are the private interfaces that the stack had: what of them is not wanted any longer is
    taken away.  The router is stopped if interfaces are connected, moved or disconnected, and only
    then; if the API refuses something meanwhile, it is started again.
    """
    appliance = _settled(client, router_id, clock, progress)
    if not appliance:
        raise gone(ROUTER, router_id)
    if text(appliance, "Availability") != "available":
        raise ApiError(
            f"the creation of the VPC router {router_id} failed",
            remedy="delete it, then run the same command again",
        )
    return _finish(client, appliance, spec, before, clock, progress)


def delete_router(client: Client, router_id: str, clock: Clock, progress: Progress) -> None:
    """Stop and delete the router, wait until it is gone and its switches know it."""
    router = _settled(client, router_id, clock, progress)
    if not router:
        return
    set_power(client, router_id, KILL, clock, progress)

    def passing(error: ApiError) -> bool:
        # A start that was under way showed as "down", and ends as "up".
        if error.status == 409:
            set_power(client, router_id, KILL, clock, progress)
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
    client: Client,
    appliance: Json,
    spec: RouterSpec,
    before: Sequence[LanSpec],
    clock: Clock,
    progress: Progress,
) -> RouterState:
    """Every step after the creation, each only if it is missing; a stop only for interfaces."""
    there = router_state(appliance, spec.lan.index)
    differing = {
        name: (there.fixed.get(name), wanted)
        for name, wanted in spec.fixed.items()
        if there.fixed.get(name) != wanted
    }
    if differing:
        raise other_than_wanted(ROUTER, there.id, differing)
    changes = planned(appliance, spec.private, before)
    described = describe(client, ROUTER, appliance, spec)
    stopped = bool(changes) and there.power == "up"
    guard = _started_again(client, there.id, clock, progress) if stopped else nullcontext()
    with guard:
        if changes:
            rewire(client, there.id, changes, clock, progress)
        patience = _AFTER_CONNECT if changes else 0.0
        stored = _store(client, there.id, spec, before, clock, patience)
    # Applying may interrupt tunnels, so a mere new name does not.  With nothing else to do we are
    # here because an earlier run was interrupted, maybe just before it applied.
    if changes or stored or there.power != "up" or not described:
        apply_settings(client, there.id)
    return router_state(set_power(client, there.id, START, clock, progress), spec.lan.index)


@contextmanager
def _started_again(
    client: Client, router_id: str, clock: Clock, progress: Progress
) -> Iterator[None]:
    """Around work on a router that was stopped for it: if the API refuses, it is not left off."""
    try:
        yield
    except ApiError as error:
        with suppress(ApiError):
            set_power(client, router_id, START, clock, progress)
            error.state = "; ".join(filter(None, [error.state, "the router was started again"]))
        raise


def _store(
    client: Client,
    router_id: str,
    spec: RouterSpec,
    before: Sequence[LanSpec],
    clock: Clock,
    patience: float,
) -> bool:
    """Store what the stack owns of the settings; whether that was necessary."""
    appliance = existing(client, ROUTER, router_id)
    unused = _unused(appliance, spec, before)
    if not _differing(appliance.get("Settings"), spec, unused):
        return False
    change_settings(
        client, router_id, lambda now: _changed(now, spec, unused), clock, patience=patience
    )
    return True


def _unused(appliance: Json, spec: RouterSpec, before: Sequence[LanSpec]) -> list[int]:
    """The interfaces that the stack had, that it has no longer, and that nobody uses."""
    wanted = {lan.index for lan in spec.private}
    had = (lan.index for lan in before)
    return [i for i in had if i not in wanted and not nic_switch(appliance, i)]


def _differing(settings: object, spec: RouterSpec, unused: Sequence[int]) -> bool:
    """Whether anything that the stack owns is not as wanted; needs no secret."""
    router = router_of(settings)
    return (
        any(not _as_wanted(settings, lan) for lan in spec.private)
        or any(lan_of(settings, index) for index in unused)
        or (_has_vrid(spec) and router.get("VRID") != spec.vrid)
        or (spec.aliases is not None and aliases_of(settings) != list(spec.aliases))
        or any(
            not same(name, value, SECTIONS[name].read(router))
            for name, value in spec.sections.items()
        )
    )


def _has_vrid(spec: RouterSpec) -> bool:
    return spec.plan != "standard"


def _as_wanted(settings: object, lan: LanSpec) -> bool:
    there = lan_of(settings, lan.index) or {}
    return (
        list(there.get("IPAddress") or []) == list(lan.addresses)
        and text(there, "VirtualIPAddress") == lan.vip
        and there.get("NetworkMaskLen") == lan.prefix_length
    )


def _changed(settings: object, spec: RouterSpec, unused: Sequence[int]) -> Json:
    """The settings with everything that the stack owns as wanted.

    The VRID is among it: the official client's own acceptance test changes it in place, though
    other official tools make the router anew (sakura-vpcrouter-api 2.5).
    """
    omitted = spec.omitted_secrets
    changed = with_sections(settings, spec.sections, omitted_secrets=omitted)
    for lan in spec.private:
        changed = with_lan(
            changed,
            lan.index,
            vip=lan.vip,
            addresses=lan.addresses,
            prefix_length=lan.prefix_length,
            omitted_secrets=omitted,
        )
    for index in unused:
        changed = without_lan(changed, index, omitted_secrets=omitted)
    if spec.aliases is not None:
        changed = with_aliases(changed, spec.aliases, omitted_secrets=omitted)
    if _has_vrid(spec):
        changed["Router"]["VRID"] = spec.vrid
    return changed
