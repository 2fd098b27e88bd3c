"""Starting and stopping a VPC router.

Sources: sakura-vpcrouter-api 1.5, 2.7; pitfalls 4, 7 and 9.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ..clock import Clock, Progress
from ..errors import ApiError
from .api import Client
from .objects import power
from .owned import ROUTER, read
from .tree import Json
from .waiting import MINUTE, Poll, wait_for


class Power(NamedTuple):
    """A change of power: the call that asks for it, from which state, to which."""

    poll: Poll
    method: str
    body: Json | None
    before: str
    after: str


_STOPPING: Final = Poll("VPC router stopping", 20 * MINUTE, 30)
START: Final = Power(Poll("VPC router starting", 20 * MINUTE, 30), "PUT", None, "down", "up")
STOP: Final = Power(_STOPPING, "DELETE", {}, "up", "down")
KILL: Final = Power(_STOPPING, "DELETE", {"Force": True}, "up", "down")

_ASK_AGAIN: Final = 20.0  # seconds; a request right after a start may be ignored (pitfall 7)
# The request was taken already; asked again it is refused so (pitfall 4).
_TAKEN: Final = ("conflict", "server_power_must_be_down", "server_power_must_be_up")


def set_power(
    client: Client, router_id: str, change: Power, clock: Clock, progress: Progress
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


def _ask(client: Client, path: str, change: Power) -> None:
    if change.method == "PUT":
        client.put(path, change.body)
    else:
        client.delete(path, change.body)
