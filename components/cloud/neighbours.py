"""The other peers of a VPC router, around a change that may interrupt them.

Whether `PUT .../config` drops tunnels that stand is unverified (sakura-vpcrouter-api 2.6); so who
was up before is looked at again afterwards, and what is not as before is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..clock import Clock, Progress
from .api import Client
from .settings import Status, peer_statuses
from .waiting import pauses

# Seconds.  After a change the router names no peer for a minute or two (pitfall 6), and an
# initiator whose SAs were dropped comes back within its DPD time.
PATIENCE: Final = 180.0


class Neighbours:
    """The peers that are not ours, by address, and what the router called them before."""

    def __init__(self, client: Client, router_id: str, others: Sequence[str]) -> None:
        self.others = tuple(others)
        self._client, self._router_id = client, router_id
        # A router that serves nobody else is not asked.
        said = peer_statuses(client, router_id) if others else {}
        self.before: dict[str, Status | None] = {other: said.get(other) for other in others}

    def interrupted(
        self, client: Client, clock: Clock, progress: Progress, patience: float = PATIENCE
    ) -> tuple[str, ...]:
        """Sentences about those that were up and are not up again within `patience` seconds."""
        waited_for = [other for other in self.others if self.before[other] == "UP"]
        if not waited_for:
            return ()
        start = clock.now()
        for pause in pauses():
            said = peer_statuses(client, self._router_id)
            missing = [other for other in waited_for if said.get(other) != "UP"]
            if not missing:
                return ()
            if clock.now() - start + pause > patience:
                return tuple(
                    f"the peer {other} was UP before the change and is {said.get(other, 'unknown')}"
                    for other in missing
                )
            progress(f"other peers of the VPC router: not up again yet: {', '.join(missing)}")
            clock.wait(pause)
        raise AssertionError("the pauses do not end")
