"""Router+switch and switch, with their address blocks (sakura-vpcrouter-api 3 and 4)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Final, TypeVar

from . import query
from .errors import Refused
from .request import (
    ACCEPTED,
    DONE,
    Context,
    Reply,
    icon_body,
    labels,
    new_labels,
    relabel,
    require,
)
from .store import ZONES, Internet, Json, State, Switch, Zone

POOL: Final = (IPv4Network("203.0.113.0/24"), IPv4Network("192.0.2.0/24"))
"""Where address blocks come from: documentation ranges."""
PREFIX_LENGTHS: Final = (28, 27, 26)
BANDWIDTHS: Final = (100, 250, 500, *range(1000, 10001, 500))
FIRST_USABLE: Final = 4
"""Offsets 1 to 3 are SAKURA's gateway and its two real routers."""

Thing = TypeVar("Thing", Internet, Switch)


def usable(network: IPv4Network) -> tuple[IPv4Address, IPv4Address]:
    """The first and the last address of a block that the customer may use."""
    return network[FIRST_USABLE], network[-2]


def create_internet(ctx: Context) -> Reply:
    """`POST /internet`: 202; it answers 404 for a while."""
    wanted = ctx.part("Internet")
    names = new_labels(wanted)
    prefix_length = require(wanted, "NetworkMaskLen", int, "")
    if prefix_length not in PREFIX_LENGTHS:
        raise Refused("invalid_range", "NetworkMaskLen")
    bandwidth = _bandwidth(wanted)
    network = free_block(ctx.state, prefix_length)
    wait, state = ctx.options.internet_404_reads, ctx.state
    internet = Internet(
        id=state.new_id(),
        switch_id=state.new_id(),
        subnet_id=state.new_subnet_id(),
        network=str(network),
        bandwidth_mbps=bandwidth,
        created=ctx.now,
        hidden_reads=wait,
        unlisted_reads=ctx.options.unlisted_reads,
        **names,
    )
    switch = Switch(
        id=internet.switch_id,
        name=internet.name,
        description="",
        tags=[],
        created=ctx.now,
        modified=ctx.now,
        internet_id=internet.id,
        hidden_reads=wait,
    )
    ctx.zone.internets[internet.id], ctx.zone.switches[switch.id] = internet, switch
    return Reply(202, {"Internet": internet_body(internet, switch), **ACCEPTED})


def find_internet(ctx: Context) -> Reply:
    """`GET /internet`.  When accepted ones are listed is unverified: see `Options`."""
    bodies = [_internet(ctx, each) for each in ctx.zone.listed(ctx.zone.internets)]
    return Reply(200, query.find(bodies, ctx.query, "Internet"))


def read_internet(ctx: Context) -> Reply:
    """`GET /internet/{id}`: an answer means that it is ready."""
    return Reply(200, {"Internet": _internet(ctx, ready_internet(ctx)), "is_ok": True})


def update_internet(ctx: Context) -> Reply:
    """`PUT /internet/{id}`: name, description and tags only."""
    internet = ready_internet(ctx)
    relabel(internet, ctx.part("Internet"))
    ctx.zone.switches[internet.switch_id].name = internet.name
    return Reply(200, {"Internet": _internet(ctx, internet), **DONE})


def change_bandwidth(ctx: Context) -> Reply:
    """`PUT /internet/{id}/bandwidth`: a new id; switch and addresses stay."""
    internet = ready_internet(ctx)
    internet.bandwidth_mbps = _bandwidth(ctx.part("Internet"))
    del ctx.zone.internets[internet.id]
    internet.id = ctx.state.new_id()
    ctx.zone.internets[internet.id] = internet
    ctx.zone.switches[internet.switch_id].internet_id = internet.id
    return Reply(200, {"Internet": _internet(ctx, internet), **DONE})


def delete_internet(ctx: Context) -> Reply:
    """`DELETE /internet/{id}`: its switch goes with it."""
    internet = ready_internet(ctx)
    if internet.blocks:
        raise Refused("delete_static_route_first")
    _refuse_connected(ctx.zone, ctx.zone.switches[internet.switch_id])
    del ctx.zone.internets[internet.id], ctx.zone.switches[internet.switch_id]
    return Reply(200, dict(DONE))


def list_plans(ctx: Context) -> Reply:
    """`GET /product/internet`.  Plan ids equal to the bandwidth are unverified."""
    plans = [
        {"ID": mbps, "Name": f"{mbps}Mbps共有", "BandWidthMbps": mbps, "Availability": "available"}
        for mbps in BANDWIDTHS
    ]
    return Reply(200, query.find(plans, ctx.query, "InternetPlans"))


def create_switch(ctx: Context) -> Reply:
    """`POST /switch`: 201, at once."""
    wanted = ctx.part("Switch")
    switch = Switch(
        **new_labels(wanted),
        user_subnet=_user_subnet(wanted),
        id=ctx.state.new_id(),
        created=ctx.now,
        modified=ctx.now,
    )
    ctx.zone.switches[switch.id] = switch
    return Reply(201, {"Switch": switch_body(ctx, switch), **DONE})


def find_switch(ctx: Context) -> Reply:
    """`GET /switch`, the switches of router+switches among them."""
    bodies = [switch_body(ctx, switch) for switch in ctx.zone.switches.values()]
    return Reply(200, query.find(bodies, ctx.query, "Switches"))


def read_switch(ctx: Context) -> Reply:
    """`GET /switch/{id}`."""
    switch = ready_switch(ctx)
    body = switch_body(ctx, switch)
    switch.lingering_reads = max(switch.lingering_reads - 1, 0)
    return Reply(200, {"Switch": body, "is_ok": True})


def update_switch(ctx: Context) -> Reply:
    """`PUT /switch/{id}`: what is left out stays."""
    switch, wanted = ready_switch(ctx), ctx.part("Switch")
    labels(wanted)
    if "UserSubnet" in wanted:
        switch.user_subnet = _user_subnet(wanted)
    relabel(switch, wanted)
    switch.modified = ctx.now
    return Reply(200, {"Switch": switch_body(ctx, switch), **DONE})


def delete_switch(ctx: Context) -> Reply:
    """`DELETE /switch/{id}`."""
    switch = ready_switch(ctx)
    if switch.internet_id is not None:
        raise Refused("delete_router_b4_switch")
    _refuse_connected(ctx.zone, switch)
    del ctx.zone.switches[switch.id]
    return Reply(200, dict(DONE))


def list_servers(ctx: Context) -> Reply:
    """`GET /switch/{id}/server`: this cloud has none."""
    ready_switch(ctx)
    return Reply(200, query.find([], ctx.query, "Servers"))


def ready_switch(ctx: Context) -> Switch:
    """The switch in the path; 404 while it is being made."""
    return _seen(ctx, ctx.zone.switches.get(ctx.number()))


def internet_body(internet: Internet, switch: Switch) -> Json:
    """A router+switch as it is read."""
    return {
        "Index": 0,
        "ID": internet.id,
        "Name": internet.name,
        "Description": internet.description,
        "Tags": internet.tags,
        "BandWidthMbps": internet.bandwidth_mbps,
        "NetworkMaskLen": IPv4Network(internet.network).prefixlen,
        "Scope": "user",
        "ServiceClass": _service_class(internet),
        "CreatedAt": internet.created,
        "Icon": icon_body(internet.icon),
        "Switch": {
            "ID": switch.id,
            "Name": switch.name,
            "Scope": "user",
            "UserSubnet": switch.user_subnet,
            "HybridConnection": None,
            "Bridge": None,
            "Subnets": [_block(internet), *(block.body for block in internet.blocks)],
            "IPv6Nets": [],
        },
    }


def switch_body(ctx: Context, switch: Switch) -> Json:
    """A switch as it is read; the only place where usable addresses stand."""
    zone, internet = ctx.zone, None
    if switch.internet_id is not None:
        internet = zone.internets[switch.internet_id]
    return {
        "Index": 0,
        "ID": switch.id,
        "Name": switch.name,
        "Description": switch.description,
        "Tags": switch.tags,
        "Scope": "user",
        "ServerCount": 0,
        "ApplianceCount": len(zone.routers_on(switch.id)) + bool(switch.lingering_reads),
        "ServiceClass": "cloud/switch/default",
        "CreatedAt": switch.created,
        "ModifiedAt": switch.modified,
        "Icon": icon_body(switch.icon),
        "UserSubnet": switch.user_subnet,
        "Subnets": _full_blocks(internet) if internet else [],
        "IPv6Nets": [],
        "Internet": _short(internet, scope=True) if internet else None,
        "Bridge": {"ID": switch.bridge_id} if switch.bridge_id else None,
        "HybridConnection": None,
        "Zone": {"ID": ZONES[ctx.zone_name], "Name": ctx.zone_name},
    }


def _internet(ctx: Context, internet: Internet) -> Json:
    return internet_body(internet, ctx.zone.switches[internet.switch_id])


def ready_internet(ctx: Context) -> Internet:
    """The router+switch in the path; 404 while it is being made."""
    internet = _seen(ctx, ctx.zone.internets.get(ctx.number()))
    # The official client's own tests read the switch once, straight after this.
    ctx.zone.switches[internet.switch_id].hidden_reads = 0
    return internet


def _seen(ctx: Context, thing: Thing | None) -> Thing:
    """The object, unless it is still hidden; each read brings its appearance nearer."""
    if thing is None:
        raise Refused("not_found")
    if thing.hidden_reads:
        thing.hidden_reads -= ctx.method == "GET"
        raise Refused("not_found")
    return thing


def _bandwidth(wanted: Json) -> int:
    mbps: int = require(wanted, "BandWidthMbps", int, "")
    if mbps not in BANDWIDTHS:
        raise Refused("invalid_range", "BandWidthMbps")
    return mbps


def free_block(state: State, prefix_length: int) -> IPv4Network:
    """An address block that nobody has, in any zone."""
    taken = [
        IPv4Network(network)
        for zone in state.zones.values()
        for internet in zone.internets.values()
        for network in (internet.network, *(block.network for block in internet.blocks))
    ]
    for pool in POOL:
        for block in pool.subnets(new_prefix=prefix_length):
            if not any(block.overlaps(other) for other in taken):
                return block
    raise Refused("run_out_of_ipaddress")


def _user_subnet(wanted: Json) -> Json | None:
    """Informational only; an empty gateway comes back as 0.0.0.0."""
    if wanted.get("UserSubnet") is None:
        return None
    subnet: Json = require(wanted, "UserSubnet", dict, "")
    nowhere = str(IPv4Address(0))
    return {**subnet, "DefaultRoute": subnet.get("DefaultRoute") or nowhere}


def _refuse_connected(zone: Zone, switch: Switch) -> None:
    """A deleted router's reference may linger (official clients poll for its end)."""
    if zone.routers_on(switch.id) or switch.bridge_id:
        raise Refused("disconnect_b4_delete")
    if switch.lingering_reads:
        switch.lingering_reads -= 1
        raise Refused("disconnect_b4_delete")


def _service_class(internet: Internet) -> str:
    return f"cloud/internet/router/{internet.bandwidth_mbps}m"


def _block(internet: Internet) -> Json:
    network = IPv4Network(internet.network)
    return {
        "ID": internet.subnet_id,
        "NetworkAddress": str(network.network_address),
        "NetworkMaskLen": network.prefixlen,
        "DefaultRoute": str(network[1]),
        "NextHop": None,
        "StaticRoute": None,
    }


def _full_blocks(internet: Internet) -> list[Json]:
    """The first block, and further ones, of which every address may be used."""
    owner = {**_short(internet), "ServiceClass": _service_class(internet)}
    first = IPv4Network(internet.network)
    full = [(_block(internet), first, *usable(first))]
    for each in internet.blocks:
        network = IPv4Network(each.network)
        full.append((each.body, network, network[0], network[-1]))
    return [
        {
            **body,
            "ServiceClass": f"cloud/global-ipaddress-v4/{network.prefixlen}",
            "IPAddresses": {"Min": str(low), "Max": str(high)},
            "Internet": owner,
        }
        for body, network, low, high in full
    ]


def _short(internet: Internet, *, scope: bool = False) -> Json:
    return {
        "ID": internet.id,
        "Name": internet.name,
        "BandWidthMbps": internet.bandwidth_mbps,
        **({"Scope": "user"} if scope else {}),
    }
