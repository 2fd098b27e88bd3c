"""The two ends of a tunnel: how to reach them, and what one operation wants of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..clock import Clock
from ..cloud import lifecycle
from ..cloud.api import Client
from ..cloud.router import OmittedSecrets, Parameters
from ..office.apply import any_router
from ..office.config import Config, Scope
from ..office.login import Login


@dataclass(frozen=True)
class Wish:
    """What one operation wants: the RTX's lines (key masked), the peer's values, the key."""

    lines: str
    cloud: Mapping[str, Any]
    key: str = field(repr=False)

    @property
    def has_peer(self) -> bool:
        """Whether there is more of the peer than its address: a refresh may have found it gone."""
        return len(self.cloud) > 1


@dataclass(frozen=True)
class Ends:
    """How to reach both ends, and which part of each is ours.

    `calm` is a second client that no Ctrl-C interrupts: going back must come to its end.
    `in_band`, `allow_unsaved` and `accept` are the user's consent, see `GuardedChange`;
    `omitted_secrets` says what the user states about the API, see `cloud.writable`, and
    `parameters` whose those are that all peers of the router share, see `cloud.router.Parameters`.
    `address` is the VIP that the lines call; another one at the router is an error ("" is not
    compared).  `site` is the site's name, for the commands that an error tells to run.
    `new_router`: another RTX stands in the place of the one that was written to before; `fits`
    raises if what is wanted must not be typed at this one, see `GuardedChange`.
    """

    client: Client
    calm: Client
    router_id: str
    peer: str
    login: Login
    scope: Scope
    in_band: bool = False
    allow_unsaved: bool = False
    accept: tuple[str, ...] = ()
    omitted_secrets: OmittedSecrets = "refuse"
    parameters: Parameters = "own"
    address: str = ""
    site: str = ""
    new_router: bool = False
    fits: Callable[[Config], None] = any_router

    def write_peer(
        self, client: Client, wish: Wish, clock: Clock, *, replaces: Wish | None = None
    ) -> None:
        """Store and apply the peer of `wish`, in the place of that of `replaces`.

        A changed address of the office is another name of the same entry: two of them would be two
        peers with one prefix.
        """
        lifecycle.write_peer(
            client,
            self.router_id,
            wish.cloud,
            wish.key,
            clock,
            omitted_secrets=self.omitted_secrets,
            parameters=self.parameters,
            replaces=str(replaces.cloud["peer"]) if replaces else "",
        )

    def remove_peer(self, client: Client, wish: Wish, clock: Clock) -> None:
        """Take the peer of `wish` away; gone is gone."""
        peer, omitted = wish.cloud["peer"], self.omitted_secrets
        lifecycle.remove_peer(client, self.router_id, peer, clock, omitted_secrets=omitted)
