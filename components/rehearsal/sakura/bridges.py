"""Bridges, which join switches of different zones; here one zone sees its own side only.

The paths are in sakura-vpcrouter-api 4; the bodies are what the official Go client reads, and what
is refused is unverified.
"""

from __future__ import annotations

from . import query
from .errors import Refused
from .network import ready_switch
from .request import DONE, Context, Reply, labels, new_labels
from .store import Bridge, Json, Switch


def create(ctx: Context) -> Reply:
    """`POST /bridge`: 201, at once."""
    names = new_labels(ctx.part("Bridge"))
    bridge = Bridge(ctx.state.new_id(), names["name"], names["description"], ctx.now)
    ctx.zone.bridges[bridge.id] = bridge
    return Reply(201, {"Bridge": _body(ctx, bridge), **DONE})


def find(ctx: Context) -> Reply:
    """`GET /bridge`."""
    bodies = [_body(ctx, bridge) for bridge in ctx.zone.bridges.values()]
    return Reply(200, query.find(bodies, ctx.query, "Bridges"))


def read(ctx: Context) -> Reply:
    """`GET /bridge/{id}`."""
    return Reply(200, {"Bridge": _body(ctx, _bridge(ctx)), "is_ok": True})


def update(ctx: Context) -> Reply:
    """`PUT /bridge/{id}`: name and description; what is left out stays."""
    bridge = _bridge(ctx)
    names = labels(ctx.part("Bridge"))
    bridge.name = names.get("name", bridge.name)
    bridge.description = names.get("description", bridge.description)
    return Reply(200, {"Bridge": _body(ctx, bridge), **DONE})


def delete(ctx: Context) -> Reply:
    """`DELETE /bridge/{id}`: not while a switch is on it."""
    bridge = _bridge(ctx)
    if _joined(ctx, bridge):
        raise Refused("disconnect_b4_delete")
    del ctx.zone.bridges[bridge.id]
    return Reply(200, dict(DONE))


def connect(ctx: Context) -> Reply:
    """`PUT /switch/{id}/to/bridge/{bridge}`: one switch a zone."""
    switch, bridge = ready_switch(ctx), _bridge(ctx, "bridge")
    if switch.bridge_id is not None or _joined(ctx, bridge):
        raise Refused("res_already_connected")
    switch.bridge_id = bridge.id
    return Reply(200, dict(DONE))


def disconnect(ctx: Context) -> Reply:
    """`DELETE /switch/{id}/to/bridge`."""
    switch = ready_switch(ctx)
    if switch.bridge_id is None:
        raise Refused("res_already_disconnected")
    switch.bridge_id = None
    return Reply(200, dict(DONE))


def _bridge(ctx: Context, param: str = "id") -> Bridge:
    bridge = ctx.zone.bridges.get(ctx.number(param))
    if bridge is None:
        raise Refused("not_found")
    return bridge


def _joined(ctx: Context, bridge: Bridge) -> Switch | None:
    switches = ctx.zone.switches.values()
    return next((switch for switch in switches if switch.bridge_id == bridge.id), None)


def _body(ctx: Context, bridge: Bridge) -> Json:
    switch = _joined(ctx, bridge)
    return {
        "Index": 0,
        "ID": bridge.id,
        "Name": bridge.name,
        "Description": bridge.description,
        "CreatedAt": bridge.created,
        "ServiceClass": "cloud/bridge/default",
        "Info": {"Switches": []},  # those of other zones
        "SwitchInZone": switch
        and {
            "ID": switch.id,
            "Name": switch.name,
            "Scope": "user",
            "ServerCount": 0,
            "ApplianceCount": len(ctx.zone.routers_on(switch.id)),
        },
    }
