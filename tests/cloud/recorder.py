"""What the tests of the pitfalls share: a client that notes what it sends, and a human's hand."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import requests
from cloud_world import KEY, VALUES, Json, Mortal, World

from components.cloud import lifecycle as cloud


class Recorder(Mortal):
    """A client that notes what it sends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sent: list[tuple[str, str, Json]] = []

    def _send(self, method: str, path: str, body: Json | None) -> requests.Response:
        self.sent.append((method, path, copy.deepcopy(body or {})))
        return super()._send(method, path, body)

    def bodies(self, method: str) -> list[Json]:
        return [body for verb, _, body in self.sent if verb == method and body]


def recorder(here: World) -> Recorder:
    return Recorder(here.credentials, "is1b", clock=here.clock, root_url=here.root)


def by_hand(here: World, router_id: str, change: Callable[[Json], object]) -> None:
    """Somebody changes the settings in the control panel."""
    settings = here.appliance(router_id)["Settings"]
    change(settings["Router"])
    here.client().put(f"appliance/{router_id}", {"Appliance": {"Settings": settings}})
    here.client().put(f"appliance/{router_id}/config")


def router_settings(here: World, router_id: str) -> Json:
    found: Json = here.appliance(router_id)["Settings"]["Router"]
    return found


def ready(here: World) -> str:
    """The id of a router with our peer."""
    _, router = here.build(here.client())
    cloud.write_peer(here.client(), router.id, VALUES, KEY, here.clock)
    return router.id
