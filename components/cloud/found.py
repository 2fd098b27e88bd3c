"""The VPC router of a stack, found in its zone."""

from __future__ import annotations

from .api import Client
from .objects import OWNER
from .owned import ROUTER, find_own
from .router import peer_of
from .tree import Json, as_list


def router_of_stack(client: Client, tag: str, peer: str) -> Json | None:
    """The router with the stack's tag; None if there is none.

    One that was adopted carries no stack's tag until it is first changed: of those it is the only
    one that has a peer with the office's address.  Raises `ApiError` for several with the tag.
    """
    if (found := find_own(client, ROUTER, tag)) or not peer:
        return found
    named = [
        router
        for router in client.find(ROUTER.resource, ROUTER.where)
        if not any(str(each).startswith(OWNER) for each in as_list(router.get("Tags")))
        and router.get("Settings")
        and peer_of(router["Settings"], peer)
    ]
    return named[0] if len(named) == 1 else None
