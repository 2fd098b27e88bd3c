"""A VPC router at work: apply, power, interfaces, status, ping, VPN reconnect.

Source: sakura-vpcrouter-api 2.6, 2.7 and 5.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Final

from ..ends import LinkSide
from .appliance import created, instance, interface, present, step
from .errors import Refused
from .request import DONE, Context, Reply
from .sections import STANDARD
from .store import SLOTS, Json, Router

_QUIET: Final[Json] = {
    "SessionCount": 0,
    "FirewallReceiveLogs": [],
    "FirewallSendLogs": [],
    "VPNLogs": [],
    "DHCPServerLeases": [],
    "L2TPIPsecServerSessions": [],
    "PPTPServerSessions": [],
    "SessionAnalysis": {
        "SourceAndDestination": [],
        "DestinationAddress": [],
        "DestinationPort": [],
        "SourceAddress": [],
    },
}


def apply(ctx: Context) -> Reply:
    """`PUT /appliance/{id}/config`: what was stored takes effect, at any power state."""
    router = created(ctx)
    router.applied = deepcopy(router.settings)
    if router.power == "up":
        blank = [{"SessionCount": 0}] * ctx.options.status_blank_reads
        router.status_first = router.status_first or blank
        ctx.notices.append(lambda link: link.settings_applied(str(router.id)))
    return Reply(200, dict(DONE))


def boot(ctx: Context) -> Reply:
    """`PUT /appliance/{id}/power`.

    Whether a boot also applies stored settings is unverified.  It does not here: official clients
    call `config` before every boot, so the stricter reading cannot surprise them.
    """
    router = created(ctx)
    if router.power in ("up", "booting"):
        raise Refused("conflict")
    if router.power == "cleaning":
        raise Refused("server_is_cleaning")
    if router.refused_boots:
        router.refused_boots -= 1
        raise Refused("still_creating")
    router.power, router.reads_left = "booting", ctx.options.boot_reads
    return Reply(200, dict(DONE))


def shut_down(ctx: Context) -> Reply:
    """`DELETE /appliance/{id}/power`, graceful or with `Force`: `cleaning` for a while."""
    router = created(ctx)
    if not isinstance(ctx.body.get("Force", False), bool):
        raise Refused("invalid_format", "Force")
    if router.power != "up":
        raise Refused("conflict")
    if router.ignored_stops:
        router.ignored_stops -= 1
        return Reply(200, dict(DONE))
    _stop(ctx, router)
    router.power, router.reads_left = "cleaning", ctx.options.cleaning_reads
    return Reply(200, dict(DONE))


def reset(ctx: Context) -> Reply:
    """`PUT /appliance/{id}/reset`: power off and on."""
    router = created(ctx)
    if router.power != "up":
        raise Refused("conflict")
    _stop(ctx, router)
    router.power, router.reads_left = "booting", ctx.options.boot_reads
    return Reply(200, dict(DONE))


def read_power(ctx: Context) -> Reply:
    """`GET /appliance/{id}/power` (its answer is unverified)."""
    router = present(ctx)
    step(ctx, router)
    return Reply(200, {"Instance": instance(ctx, router), "is_ok": True})


def connect(ctx: Context) -> Reply:
    """`PUT /appliance/{id}/interface/{n}/to/switch/{switch}`: eth1 to eth7, powered off."""
    router, index = created(ctx), _index(ctx)
    switch = ctx.zone.switches.get(ctx.number("switch"))
    if switch is None or switch.hidden_reads:
        raise Refused("not_found", "switch")
    _must_be_down(router)
    if router.nics[index] is not None:
        raise Refused("res_already_connected")
    if switch.id in router.nics:
        raise Refused("connect_to_same_switch")
    router.nics[index] = switch.id
    return Reply(200, dict(DONE))


def disconnect(ctx: Context) -> Reply:
    """`DELETE /appliance/{id}/interface/{n}/to/switch`."""
    router, index = created(ctx), _index(ctx)
    _must_be_down(router)
    if router.nics[index] is None:
        raise Refused("res_already_disconnected")
    router.nics[index] = None
    return Reply(200, dict(DONE))


def read_interface(ctx: Context) -> Reply:
    """`GET /appliance/{id}/interface/{n}` (its answer is unverified)."""
    router, index = created(ctx), _index(ctx, lowest=0)
    return Reply(200, {"Interface": interface(ctx, router, index), "is_ok": True})


def status(ctx: Context) -> Reply:
    """`GET /appliance/{id}/status`: empty while it is not up and some reads after that.

    The peers are those of the applied settings; only the link knows whether they are up.
    """
    router = created(ctx)
    if router.power != "up":
        if ctx.options.status_off == "refused":
            raise Refused("server_power_must_be_up")
        return Reply(200, {"Router": {}, **DONE})
    if router.status_first:
        return Reply(200, {"Router": router.status_first.pop(0), **DONE})
    vpn = (router.applied.get("Router") or {}).get("SiteToSiteIPsecVPN") or {}
    peers = [entry["Peer"] for entry in vpn.get("Config") or [] if vpn.get("Enabled") == "True"]
    nodes = 1 if router.plan == STANDARD else 2
    known = {**_QUIET, "PercentageOfMemoryFree": ["81", "80"][:nodes]}

    def ask(link: LinkSide) -> Json:
        words = {True: "UP", False: "DOWN"}
        states = [
            {"Status": words[link.peer_up(str(router.id), peer)], "Peer": peer} for peer in peers
        ]
        return {"Router": {**known, "SiteToSiteIPsecVPNPeers": states}}

    return Reply(200, dict(DONE), ask)


def ping(ctx: Context) -> Reply:
    """`POST /appliance/{id}/vpcrouter/ping/{destination}`; router up (unverified)."""
    router, destination = _must_be_up(created(ctx)), ctx.params["destination"]
    return Reply(
        200,
        {"is_ok": True},
        lambda link: {"Result": link.ping_from_cloud(str(router.id), destination)},
    )


def restart_vpn(ctx: Context) -> Reply:
    """`PUT /appliance/{id}/vpcrouter/restartvpn`: router up; see `Options.restart_vpn`."""
    if ctx.options.restart_vpn == "missing":
        raise Refused("resource_path_not_found")
    router = _must_be_up(created(ctx))
    if ctx.options.restart_vpn == "all_peers":
        ctx.notices.append(lambda link: link.restart_vpn(str(router.id)))
    return Reply(200, dict(DONE))


def vpn_log(ctx: Context) -> Reply:
    """`GET /appliance/{id}/download/log/VPNLogs`: nothing, for the log's format is unverified."""
    created(ctx)
    return Reply(200, {"Log": "", "is_ok": True})


def monitor(ctx: Context) -> Reply:
    """The graphs (`.../monitor`): no measured values."""
    created(ctx)
    return Reply(200, {"Data": {}, "is_ok": True})


def _stop(ctx: Context, router: Router) -> None:
    router.status_first, router.power_changed = [], ctx.now
    ctx.notices.append(lambda link: link.router_stopped(str(router.id)))


def _must_be_down(router: Router) -> None:
    if router.power != "down":
        raise Refused("server_power_must_be_down")


def _must_be_up(router: Router) -> Router:
    if router.power != "up":
        raise Refused("server_power_must_be_up")
    return router


def _index(ctx: Context, lowest: int = 1) -> int:
    index = ctx.number("n")
    if not lowest <= index < SLOTS:
        raise Refused("not_found", f"interface {index}")
    return index
