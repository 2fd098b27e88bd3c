"""VPC routers: created, found, read, changed and deleted (sakura-vpcrouter-api 2.2 to 2.5, 2.7)."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from ipaddress import IPv4Network
from typing import Any, Final

from . import query, settings
from .errors import Refused
from .network import FIRST_USABLE, ready_switch
from .request import (
    ACCEPTED,
    DONE,
    Context,
    Reply,
    as_id,
    icon_body,
    labels,
    new_labels,
    relabel,
    require,
)
from .sections import STANDARD
from .settings import Shape
from .store import SLOTS, ZONES, Json, Router, Zone

PLANS: Final = (1, 2, 3, 4)
"""Standard, premium, highspec, highspec4000."""
VERSIONS: Final = (1, 2)
SHARED: Final = IPv4Network("198.51.100.192/26")
"""The segment that standard routers share, a documentation range."""
SHARED_SWITCH: Final = 112600000555
_UNWIRED: Final = {"IPAddress": None, "UserIPAddress": None, "HostName": None}


def create(ctx: Context) -> Reply:
    """`POST /appliance`: 202, powered off, `migrating` for a while."""
    wanted = ctx.part("Appliance")
    if require(wanted, "Class", str, "") != "vpcrouter":
        raise Refused("invalid_format", "Class")
    names = new_labels(wanted)
    plan = require(require(wanted, "Plan", dict, ""), "ID", int, "Plan")
    if plan not in PLANS:
        raise Refused("invalid_range", "Plan.ID")
    remark = require(wanted, "Remark", dict, "")
    version = _version(remark)
    stored = deepcopy(require(wanted, "Settings", dict, ""))
    router = require(stored, "Router", dict, "Settings")
    switch_id = _upstream(ctx, remark, plan)
    shape = Shape(plan, version, _block(ctx.zone, switch_id), frozenset())
    servers = _servers(remark, plan)
    settings.check(router, shape)
    settings.trim_interfaces(router)
    if switch_id is not None:
        _check_neighbours(ctx.zone, switch_id, router, servers)
    options, state = ctx.options, ctx.state
    fails_by_option = state.failed_creations < options.fail_creations
    made = Router(
        id=state.new_id(),
        plan=plan,
        version=version,
        servers=servers,
        shared_address="" if switch_id else _free_shared(ctx),
        nics=[switch_id] + [None] * (SLOTS - 1),
        settings=stored,
        created=ctx.now,
        modified=ctx.now,
        will_fail=ctx.fails or fails_by_option,
        hidden_reads=options.appliance_404_reads,
        unlisted_reads=options.unlisted_reads,
        reads_left=options.migrating_reads,
        refused_boots=options.still_creating_boots,
        **names,
    )
    state.failed_creations += fails_by_option
    ctx.zone.routers[made.id] = made
    return Reply(202, {"Appliance": body(ctx, made), **ACCEPTED})


def find(ctx: Context) -> Reply:
    """`GET /appliance`.  When accepted ones are listed is unverified: see `Options`."""
    bodies = [body(ctx, router) for router in ctx.zone.listed(ctx.zone.routers)]
    return Reply(200, query.find(bodies, ctx.query, "Appliances"))


def find_on_switch(ctx: Context) -> Reply:
    """`GET /switch/{id}/appliance`."""
    bodies = [body(ctx, router) for router in ctx.zone.routers_on(ready_switch(ctx).id)]
    return Reply(200, query.find(bodies, ctx.query, "Appliances"))


def read(ctx: Context) -> Reply:
    """`GET /appliance/{id}`; each read lets what is under way go one step on."""
    router = present(ctx)
    step(ctx, router)
    return Reply(200, {"Appliance": body(ctx, router), "is_ok": True})


def update(ctx: Context) -> Reply:
    """`PUT /appliance/{id}`: stores and applies nothing.  Settings are replaced as a whole.

    That sections beside `Settings.Router` go when they are left out, and that plan, version and
    switch in the body are ignored, is unverified.
    """
    router, wanted = created(ctx), ctx.part("Appliance")
    labels(wanted)
    given = wanted.get("SettingsHash")
    if given and ctx.options.hash_enforced and given != settings.settings_hash(router.settings):
        raise Refused("original_hash_mismatch")
    if "Settings" in wanted:
        router.settings = _replaced(ctx, router, require(wanted, "Settings", dict, ""))
    relabel(router, wanted)
    router.modified = ctx.now
    return Reply(200, {"Appliance": body(ctx, router), **DONE})


def delete(ctx: Context) -> Reply:
    """`DELETE /appliance/{id}`: powered off only; its switches may count it for a while longer."""
    router = present(ctx)
    if router.availability == "migrating":
        raise Refused("still_creating")
    if router.power != "down":
        raise Refused("server_power_must_be_down")
    del ctx.zone.routers[router.id]
    for switch_id in filter(None, router.nics):
        ctx.zone.switches[switch_id].lingering_reads = ctx.options.lingering_reads
    ctx.notices.append(lambda link: link.router_stopped(str(router.id)))
    return Reply(200, dict(DONE))


def present(ctx: Context) -> Router:
    """The router in the path; 404 while it is hidden, and each read brings it nearer."""
    router = ctx.zone.routers.get(ctx.number())
    if router is None:
        raise Refused("not_found")
    if router.hidden_reads:
        router.hidden_reads -= ctx.method == "GET"
        raise Refused("not_found")
    return router


def created(ctx: Context) -> Router:
    """The router in the path, which must be available."""
    router = present(ctx)
    if router.availability == "migrating":
        raise Refused("still_creating")
    if router.availability == "failed":
        raise Refused("conflict")
    return router


def step(ctx: Context, router: Router) -> None:
    """A read was made: one step nearer to the end of what is under way."""
    under_way = router.availability == "migrating" or router.power in ("booting", "cleaning")
    if not under_way:
        return
    if router.reads_left:
        router.reads_left -= 1
    elif router.availability == "migrating":
        router.availability = "failed" if router.will_fail else "available"
        router.power_changed = ctx.now
    elif router.power == "booting":
        router.power, router.power_changed = "up", ctx.now
        router.ignored_stops = ctx.options.ignored_stops
        router.status_first = [{} for _ in range(ctx.options.status_empty_reads)]
        ctx.notices.append(lambda link: link.settings_applied(str(router.id)))
    else:
        router.power, router.power_changed = "down", ctx.now


def instance(ctx: Context, router: Router) -> Json | None:
    """`Instance`: the power state in the API's words (`down` until the boot is over)."""
    if router.availability == "failed":
        return None
    if router.availability == "migrating":
        return {"Status": None, "Host": None}
    return {
        "Status": "down" if router.power == "booting" else router.power,
        "StatusChangedAt": router.power_changed,
        "Host": {"Name": f"sac-{ctx.zone_name}-sv042", "InfoURL": ""},
    }


def body(ctx: Context, router: Router) -> Json:
    """A router as it is read: the stored settings, applied or not."""
    making = router.availability == "migrating"
    stored = router.settings
    shown = stored if ctx.options.secrets_returned else settings.without_secrets(stored)
    upstream = router.nics[0]
    block = _block(ctx.zone, upstream)
    mask = {"NetworkMaskLen": block.prefixlen} if block else []
    return {
        "Index": 0,
        "ID": router.id,
        "Class": "vpcrouter",
        "Name": router.name,
        "Description": router.description,
        "Tags": router.tags,
        "Plan": {"ID": router.plan},
        "Settings": None if making else shown,
        **({} if making else {"SettingsHash": settings.settings_hash(stored)}),
        "Remark": {
            # These two ids are texts whatever the client asks for.
            "Zone": {"ID": str(ZONES[ctx.zone_name])},
            "Switch": {"ID": str(upstream)} if upstream else {"Scope": "shared"},
            "Network": mask,
            "Servers": [{"IPAddress": each} for each in router.servers] or [[]],
            "Router": {"VPCRouterVersion": router.version},
            "Plan": {"ID": router.plan},
        },
        "Availability": router.availability,
        "Instance": instance(ctx, router),
        "ServiceClass": f"cloud/appliance/vpc/{router.plan}",
        "CreatedAt": router.created,
        "ModifiedAt": router.modified,
        "Icon": icon_body(router.icon),
        "Switch": _wired(ctx.zone, upstream, None) if upstream else None,
        "Interfaces": [None if making else interface(ctx, router, index) for index in range(SLOTS)],
    }


def interface(ctx: Context, router: Router, index: int) -> Json | None:
    """One of the eight slots; `IPAddress` is null on all but a standard router's eth0.

    (What a premium router really shows there is unverified.)
    """
    switch_id = router.nics[index]
    if switch_id is not None:
        block = _outer_block(ctx.zone, switch_id)
        return {**_UNWIRED, "Switch": _wired(ctx.zone, switch_id, block)}
    if index == 0:
        gateway = {"DefaultRoute": str(SHARED[1]), "NetworkMaskLen": SHARED.prefixlen}
        subnet = {
            "NetworkAddress": str(SHARED.network_address),
            **gateway,
            "Internet": {"BandWidthMbps": 100},
        }
        shared = {"ID": SHARED_SWITCH, "Name": "shared", "Scope": "shared"}
        switch = {**shared, "Subnet": subnet, "UserSubnet": gateway}
        return {**_UNWIRED, "IPAddress": router.shared_address, "Switch": switch}
    return None


def shape_of(ctx: Context, router: Router) -> Shape:
    """What new settings of this router must fit."""
    return Shape(
        plan=router.plan,
        version=router.version,
        network=_block(ctx.zone, router.nics[0]),
        connected=frozenset(index for index, nic in enumerate(router.nics) if nic),
        fixed=router.settings["Router"],
        blank_keys=not ctx.options.secrets_returned and ctx.options.omitted_secrets == "erased",
    )


def _replaced(ctx: Context, router: Router, wanted: Json) -> Json:
    new = deepcopy(wanted)
    part, old = require(new, "Router", dict, "Settings"), router.settings["Router"]
    settings.check_sections(part)
    settings.keep_flags(part, old)
    if not ctx.options.secrets_returned:
        settings.fill_secrets(part, old, kept=ctx.options.omitted_secrets == "kept")
    settings.check(part, shape_of(ctx, router))
    if upstream := router.nics[0]:
        _check_vrid(part, (each for each in ctx.zone.routers_on(upstream) if each is not router))
    settings.trim_interfaces(part)
    return new


def _version(remark: Json) -> int:
    """Left out, it is 2 (as in all official clients; the server's own default is unverified)."""
    version = require({"Router": {}, **remark}, "Router", dict, "Remark").get("VPCRouterVersion", 2)
    if isinstance(version, bool) or version not in VERSIONS:
        raise Refused("invalid_range", "Remark.Router.VPCRouterVersion")
    return int(version)


def _upstream(ctx: Context, remark: Json, plan: int) -> int | None:
    """The switch that eth0 stands on: the one inside a router+switch, or none when shared."""
    switch = require(remark, "Switch", dict, "Remark")
    if plan == STANDARD:
        if switch.get("Scope") != "shared":
            raise Refused("invalid_param_comb", "Remark.Switch")
        return None
    switch_id = as_id(require(switch, "ID", object, "Remark.Switch"), "Remark.Switch.ID")
    found = ctx.zone.switches.get(switch_id)
    if found is None or found.hidden_reads:
        raise Refused("param_res_not_found", "Remark.Switch.ID")
    if found.internet_id is None:
        raise Refused("param_ip_not_found", "Remark.Switch.ID")
    return switch_id


def _servers(remark: Json, plan: int) -> list[str]:
    servers = require(remark, "Servers", list, "Remark")
    if plan == STANDARD:
        if len(servers) != 1:
            raise Refused("invalid_param_comb", "Remark.Servers")
        return []
    if len(servers) != 2 or not all(isinstance(each, dict) for each in servers):
        raise Refused("missing_param", "Remark.Servers")
    return [require(each, "IPAddress", str, "Remark.Servers") for each in servers]


def _check_neighbours(zone: Zone, switch_id: int, router: Json, servers: list[str]) -> None:
    """eth0 repeats `Remark.Servers`; addresses and VRID are not another router's."""
    outside = router["Interfaces"][0]
    if outside["IPAddress"] != servers:
        raise Refused("invalid_param_comb", "Remark.Servers")
    others = zone.routers_on(switch_id)
    if any(_claims(each.settings["Router"]["Interfaces"][0]) & _claims(outside) for each in others):
        raise Refused("invalid_range", "Interfaces[0]")
    _check_vrid(router, others)


def _check_vrid(router: Json, others: Iterable[Router]) -> None:
    if any(each.settings["Router"]["VRID"] == router["VRID"] for each in others):
        raise Refused("conflict", "VRID")


def _claims(outside: Json) -> set[str]:
    return {*settings.addresses(outside), *(outside.get("IPAliases") or [])}


def _free_shared(ctx: Context) -> str:
    taken = {router.shared_address for router in ctx.state.all_routers()}
    usable = (str(each) for each in list(SHARED)[FIRST_USABLE:-1])
    for address in usable:
        if address not in taken:
            return address
    raise Refused("run_out_of_ipaddress")


def _block(zone: Zone, switch_id: int | None) -> IPv4Network | None:
    """The address block of the router+switch that this switch belongs to."""
    internet_id = zone.switches[switch_id].internet_id if switch_id else None
    return IPv4Network(zone.internets[internet_id].network) if internet_id else None


def _outer_block(zone: Zone, switch_id: int) -> Json | None:
    internet_id, block = zone.switches[switch_id].internet_id, _block(zone, switch_id)
    if internet_id is None or block is None:
        return None
    return {
        "NetworkAddress": str(block.network_address),
        "NetworkMaskLen": block.prefixlen,
        "DefaultRoute": str(block[1]),
        "Internet": {"BandWidthMbps": zone.internets[internet_id].bandwidth_mbps},
    }


def _wired(zone: Zone, switch_id: int, subnet: Any) -> Json:
    switch = zone.switches[switch_id]
    return {
        "ID": switch.id,
        "Name": switch.name,
        "Scope": "user",
        "Subnet": subnet,
        "UserSubnet": switch.user_subnet,
    }
