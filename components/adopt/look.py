"""Reading both ends of a pair, changing nothing: GETs, and one SSH connection."""

from __future__ import annotations

from ..clock import Clock, Progress
from ..cloud.api import Client
from ..cloud.network import internet_of, read_switch, users_of
from ..cloud.objects import router_state
from ..cloud.owned import ROUTER, read
from ..cloud.tree import Json
from ..errors import ApiError
from ..office.config import Config
from ..office.login import Login
from ..office.session import Session
from ..office.settled import settled
from .ends import LivePair


def cloud(client: Client, router_id: str) -> Json | None:
    """The VPC router of this id; None if there is none in the client's zone.

    Raises `ApiError` for one that is still being made.
    """
    appliance = read(client, ROUTER, router_id)
    if appliance is not None and not appliance.get("Settings"):
        raise ApiError(
            f"the VPC router {router_id} has no settings",
            attempted="read what stands there",
            state="it is still being made, or something else",
        )
    return appliance


def office(login: Login, clock: Clock, say: Progress) -> tuple[Config, tuple[str, ...]]:
    """The running configuration, and the commands that would turn it into the saved one.

    Raises `VpnError`; also while a change of the router is under way.
    """
    with Session.open(login, clock=clock, say=say) as session:
        return settled(session, "adopt")


def around(client: Client, appliance: Json, running: Config, unsaved: tuple[str, ...]) -> LivePair:
    """Both ends, with what the VPC router stands on and who else is connected to that."""
    state = router_state(appliance)
    upstream = state.upstream_switch_id if state.plan != "standard" else ""
    inside = [lan.switch_id for lan in state.private if lan.switch_id]
    found = {switch_id: read_switch(client, switch_id) for switch_id in inside}
    return LivePair(
        running=running,
        appliance=appliance,
        internet=internet_of(client, upstream) if upstream else None,
        switches={switch_id: switch for switch_id, switch in found.items() if switch},
        users={
            switch_id: tuple(users_of(client, switch_id, but=state.id))
            for switch_id in filter(None, (upstream, *inside))
        },
        unsaved=unsaved,
    )
