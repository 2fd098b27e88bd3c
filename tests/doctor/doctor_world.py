"""Both stand-ins in one process, with a look at them that must never show a key."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import requests
from tunnel_world import CREDENTIALS, KEY, OTHER_KEY, World, demo

from components.cloud.api import Client
from components.commands import doctor as command
from components.doctor import Layer, Reach, diagnose, first_broken, look
from components.doctor.seen import Seen
from components.site import Site

SECRETS = (KEY, OTHER_KEY, "login-pw", "admin-pw", "rehearsal_l2tp_key", "CANARY")


class Counted(Client):
    """A client that notes what it sends."""

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> requests.Response:
        self.sent = [*getattr(self, "sent", []), method]
        return super()._send(method, path, body)


def counted(world: World, **others: Any) -> Counted:
    found = replace(CREDENTIALS, **others)
    return Counted(found, "is1b", root_url=world.api.root, clock=world.clock)


class Report:
    """What the doctor says about a world now."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.layers = diagnose(seen)
        self.text = "\n".join(command._text(seen.name, self.layers))
        self.json = json.loads(command._json(seen.name, self.layers))
        everything = f"{self.text}{self.json}{self.layers!r}{seen!r}"
        assert not [secret for secret in SECRETS if secret in everything]

    def __getitem__(self, name: str) -> Layer:
        return next(layer for layer in self.layers if layer.name == name)

    @property
    def first(self) -> str:
        found = first_broken(self.layers)
        return found.name if found else ""

    @property
    def broken(self) -> list[str]:
        return [layer.name for layer in self.layers if layer.state == "broken"]

    @property
    def code(self) -> int:
        return command.exit_code(self.seen, self.layers)


def seen_of(
    world: World,
    site: Site | None = None,
    *,
    client: Client | None = None,
    tag: str = "@t=3",
    **login: Any,
) -> Report:
    """One look at both ends; `login` in the place of what the world's has."""
    reach = Reach(
        login=lambda: replace(world.login, **login),
        client=lambda: client or counted(world),
        tag=tag,
    )
    return Report(look("demo", site or demo(), reach, clock=world.clock, say=world.say))


def settle(world: World) -> None:
    """After a start or a change the router names no peer for a while."""
    for _ in range(3):
        world.client.get(f"appliance/{world.made.id}/status")


def stored(world: World, change: Callable[[dict[str, Any]], Any], *, apply: bool = True) -> None:
    """Somebody's change of the VPC router's site-to-site settings."""
    settings = world.settings()
    change(settings["Router"]["SiteToSiteIPsecVPN"])
    path = f"appliance/{world.made.id}"
    world.client.put(path, {"Appliance": {"Settings": settings}})
    if apply:
        world.client.put(f"{path}/config")
        settle(world)


def lose_sas(world: World, *, after: float = 60) -> None:
    """The office end deletes its SAs, with notice, and time passes."""
    for sa in world.link.sas():
        world.type(f"ipsec sa delete {sa.id}")
    world.clock.advance(after)
