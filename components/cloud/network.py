"""Router+switch and switch: make, read, update, delete.

Sources: sakura-vpcrouter-api 1.5, 3, 4; pitfalls 2, 8 and 12.
"""

from __future__ import annotations

from typing import Final

from ..clock import Clock, Progress
from ..errors import ApiError
from .api import Client, Unclear, is_missing
from .objects import (
    InternetSpec,
    InternetState,
    SwitchSpec,
    SwitchState,
    as_id,
    has_addresses,
    internet_state,
    nic_switch,
    part,
    switch_state,
    text,
)
from .owned import (
    INTERNET,
    SWITCH,
    Kind,
    all_own,
    describe,
    existing,
    find_own,
    gone,
    inner,
    make,
    other_than_wanted,
    read,
    read_or_listed,
    remove,
)
from .router import Json
from .waiting import MINUTE, Poll, wait_for

# Limits and tolerated "not found" answers of the official clients (sakura-vpcrouter-api 1.5).
_INTERNET: Final = Poll("router+switch", 30 * MINUTE, missing=360)
_ADDRESSES: Final = Poll("addresses of the router+switch", 30 * MINUTE, missing=360)
_BANDWIDTH: Final = Poll("bandwidth of the router+switch", 30 * MINUTE, missing=360)
_STILL_THE_OLD: Final = 30.0  # seconds after which an old id that stands was not changed
_DELETED: Final = {
    kind: Poll(f"deletion of the {kind.what}", 30 * MINUTE) for kind in (INTERNET, SWITCH)
}

# --- router+switch


def ensure_internet(
    client: Client, spec: InternetSpec, clock: Clock, progress: Progress
) -> InternetState:
    """The router+switch of this tag, ready, made if there is none."""
    body = {
        "Name": spec.name,
        "Description": spec.description,
        "Tags": [spec.tag],
        "NetworkMaskLen": spec.prefix_length,
        "BandWidthMbps": spec.bandwidth_mbps,
    }
    internet_id = make(client, INTERNET, spec.tag, body, clock, progress)
    state = _ready_internet(client, internet_id, clock, progress)
    if state.prefix_length != spec.prefix_length:
        raise other_than_wanted(
            INTERNET, state.id, {"prefix length": (state.prefix_length, spec.prefix_length)}
        )
    there = (state.name, state.description, state.bandwidth_mbps)
    if there != (spec.name, spec.description, spec.bandwidth_mbps):
        return update_internet(client, state.id, spec, clock, progress)
    return state


def read_internet(client: Client, internet_id: str, *, tag: str = "") -> InternetState | None:
    """The router+switch, None if it is gone.

    A change of bandwidth gives it a new id (pitfall 12); with `tag` it is found under that, too.
    """
    internet = _current_internet(client, internet_id, tag)
    switch_id = _switch_of(internet or {})
    switch = read(client, SWITCH, switch_id) if switch_id else None
    if internet is None or switch is None or not has_addresses(switch):
        return None
    return internet_state(internet, switch)


def update_internet(
    client: Client, internet_id: str, spec: InternetSpec, clock: Clock, progress: Progress
) -> InternetState:
    """Name, description and bandwidth as wanted.  A new bandwidth gives a new id in the answer;
    the switch and the addresses stay."""
    internet = _current_internet(client, internet_id, spec.tag)
    if internet is None:
        raise gone(INTERNET, internet_id)
    current_id = as_id(internet["ID"])
    internet = _readable(client, current_id, clock, progress)
    describe(client, INTERNET, internet, spec)
    if int(internet["BandWidthMbps"]) != spec.bandwidth_mbps:
        current_id = _change_bandwidth(client, current_id, spec, clock, progress)
    return _ready_internet(client, current_id, clock, progress)


def delete_internet(
    client: Client, internet_id: str, clock: Clock, progress: Progress, *, tag: str = ""
) -> None:
    """Delete the router+switch with its switch and wait until it is gone.

    What others still have on it is named in the `ApiError`, and not touched.
    """
    current = _current_internet(client, internet_id, tag)
    current_id = as_id(current["ID"]) if current else internet_id
    internet = wait_for(  # one that is still being made cannot be deleted yet
        _INTERNET,
        lambda: read_or_listed(client, INTERNET, current_id),
        lambda _: "being made",
        lambda found: not found or bool(_switch_of(found)),
        clock=clock,
        progress=progress,
    )
    if internet:
        _remove_network(client, INTERNET, current_id, _switch_of(internet), clock, progress)


def _switch_of(internet: Json) -> str:
    return as_id(part(internet, "Switch").get("ID"))


def _current_internet(client: Client, internet_id: str, tag: str) -> Json | None:
    internet = read(client, INTERNET, internet_id)
    if internet is None and tag:
        return find_own(client, INTERNET, tag)
    return internet


def _readable(client: Client, internet_id: str, clock: Clock, progress: Progress) -> Json:
    # "Not found" is its only sign of being made (pitfall 2).
    return wait_for(
        _INTERNET,
        lambda: read(client, INTERNET, internet_id),
        lambda _: "being made",
        lambda found: bool(_switch_of(found)),
        clock=clock,
        progress=progress,
    )


def _ready_internet(
    client: Client, internet_id: str, clock: Clock, progress: Progress
) -> InternetState:
    internet = _readable(client, internet_id, clock, progress)
    switch_id = _switch_of(internet)
    switch = wait_for(  # its switch comes later still
        _ADDRESSES,
        lambda: read(client, SWITCH, switch_id),
        lambda _: "being assigned",
        has_addresses,
        clock=clock,
        progress=progress,
    )
    return internet_state(internet, switch)


def _change_bandwidth(
    client: Client, internet_id: str, spec: InternetSpec, clock: Clock, progress: Progress
) -> str:
    body = {"Internet": {"BandWidthMbps": spec.bandwidth_mbps}}
    try:
        return as_id(inner(client.put(f"internet/{internet_id}/bandwidth", body), INTERNET)["ID"])
    except ApiError as error:
        # The old id vanishes with success, so a repeat after a lost answer finds nothing.
        if not (isinstance(error, Unclear) or is_missing(error)):
            raise
        refusal = error
    start = clock.now()

    def changed() -> Json | None:
        own = all_own(client, INTERNET, spec.tag)
        found = next((i for i in own if int(i["BandWidthMbps"]) == spec.bandwidth_mbps), None)
        late = clock.now() - start > _STILL_THE_OLD
        if found is None and late and read(client, INTERNET, internet_id) is not None:
            raise refusal
        return found

    found = wait_for(_BANDWIDTH, changed, str, lambda _: True, clock=clock, progress=progress)
    return as_id(found["ID"])


# --- switch


def ensure_switch(
    client: Client, spec: SwitchSpec, clock: Clock, progress: Progress
) -> SwitchState:
    """The switch of this tag, made if there is none."""
    body = {"Name": spec.name, "Description": spec.description, "Tags": [spec.tag]}
    return update_switch(
        client, make(client, SWITCH, spec.tag, body, clock, progress), spec, clock, progress
    )


def read_switch(client: Client, switch_id: str) -> SwitchState | None:
    """The switch, None if it is gone."""
    switch = read(client, SWITCH, switch_id)
    return None if switch is None else switch_state(switch)


def update_switch(
    client: Client,
    switch_id: str,
    spec: SwitchSpec,
    clock: Clock,  # noqa: ARG001 - the shape of the other updates
    progress: Progress,  # noqa: ARG001
) -> SwitchState:
    """Name and description as wanted."""
    describe(client, SWITCH, existing(client, SWITCH, switch_id), spec)
    return SwitchState(switch_id, spec.name, spec.description)


def delete_switch(client: Client, switch_id: str, clock: Clock, progress: Progress) -> None:
    """Delete the switch and wait until it is gone.

    What others still have on it is named in the `ApiError`, and not touched.
    """
    if read(client, SWITCH, switch_id) is not None:
        _remove_network(client, SWITCH, switch_id, switch_id, clock, progress)


# --- common


def _remove_network(
    client: Client,
    kind: Kind,
    object_id: str,
    switch_id: str,
    clock: Clock,
    progress: Progress,
) -> None:
    def passing(error: ApiError) -> bool:
        if error.code != "disconnect_b4_delete":
            return False
        # A router that was just deleted may count for a while; what is listed stays (pitfall 8).
        if users := users_of(client, switch_id):
            raise ApiError(
                f"the {kind.what} {object_id} is still in use by {', '.join(users)}",
                status=error.status,
                code=error.code,
                attempted=error.attempted,
                state=f"the {kind.what} stays; what is connected to it was not touched",
                remedy="disconnect or delete that first, if it may go",
            )
        return True

    remove(client, kind, object_id, passing, _DELETED[kind], clock, progress)


def internet_of(client: Client, switch_id: str) -> InternetState | None:
    """The router+switch that a switch is inside of; None if it is inside of none."""
    switch = read(client, SWITCH, switch_id) if switch_id else None
    internet_id = as_id(part(switch or {}, "Internet").get("ID"))
    return read_internet(client, internet_id) if internet_id else None


def users_of(client: Client, switch_id: str, *, but: str = "") -> list[str]:
    """Names of what is connected to a switch, as far as the API lists it, the appliance `but` left
    out."""
    appliances = [
        f"appliance {text(a, 'Name')} ({as_id(a['ID'])})"
        for a in client.find("appliance", {})
        if as_id(a["ID"]) != but and switch_id in (nic_switch(a, index) for index in range(8))
    ]
    try:
        servers = client.get(f"switch/{switch_id}/server").get("Servers") or []
    except ApiError as error:
        if not is_missing(error):
            raise
        servers = []
    return appliances + [f"server {text(s, 'Name')} ({as_id(s['ID'])})" for s in servers]
