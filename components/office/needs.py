"""What a router asks for that the site does not hold yet: numbers, NAT statics, filters, routes.

Pure: running configuration + agreement + site -> the same, completed.  What is there and serves
stays as it is, so completing a complete site changes nothing.  What nobody can decide for the user
is an obstacle, in words.

Sources: command reference 1.6 (numbers), 8.1.7 (routes), 15.18 (local address), 15.49.6
(templates), and those of `gates`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from ..ipsec import Agreement
from . import gates, shared_list
from .audit.texts import EVERYTHING, address
from .audit.view import Route, RouterView
from .config import Config, lowest_free, scope_of
from .lacking import CODES
from .render import OfficeSite, render

_POLICY_BASE: Final = 100


@dataclass(frozen=True)
class Needs:
    """The agreement and the site as the router asks for them; what stands in the way.

    `ours` says whether the router holds the tunnel of this site already (its numbers, and its
    prefixes or its peer): then what stands under numbers of ours is nobody else's.
    """

    agreement: Agreement
    site: OfficeSite
    obstacles: tuple[str, ...]
    ours: bool


@dataclass(frozen=True)
class _Draft:
    """The site on its way; `others` is the router without our lines, `running` as it is."""

    running: RouterView
    others: RouterView
    ours: bool
    agreement: Agreement
    site: OfficeSite
    obstacles: tuple[str, ...] = ()

    def saying(self, *obstacles: str) -> _Draft:
        return replace(self, obstacles=(*self.obstacles, *obstacles))


def needs(
    running: Config, agreement: Agreement, site: OfficeSite, accepted: Collection[str] = ()
) -> Needs:
    """The site, completed for this router.

    `accepted` are findings (`lacking.CODES`) that the user has accepted: what would cure one of
    them is left to the user.

    The agreement's `cloud_address` may be None; then it is that of our tunnel if that stands, else
    what depends on it is judged for an address that only filters for every address let through.
    """
    view = RouterView(running)
    ours = _holds_ours(view, agreement, site)
    if ours and agreement.cloud_address is None:
        agreement = replace(agreement, cloud_address=_calls(view, site.gateway))
    others = RouterView(_without_ours(running, agreement, site)) if ours else view
    draft = _Draft(view, others, ours, agreement, site)
    for step in _STEPS:
        if _CURES.get(step, frozenset()).isdisjoint(accepted):
            draft = step(draft)
        if step is _twins and draft.obstacles:
            break  # its lines may be ours, and would be taken for somebody else's
    return Needs(draft.agreement, draft.site, draft.obstacles, ours)


# --- whose lines ----------------------------------------------------------------------------------


def _prefixes(view: RouterView, gateway: int | None) -> tuple[str | None, str | None]:
    found = view.facts.gateway(gateway) if gateway is not None else None
    values = found.values if found else {}
    return values.get("local_id"), values.get("remote_id")


def _calls(view: RouterView, gateway: int) -> IPv4Address | None:
    found = view.facts.gateway(gateway)
    return address(found.values.get("remote_address", "")) if found else None


def _holds_ours(view: RouterView, agreement: Agreement, site: OfficeSite) -> bool:
    """Whether the site's tunnel, policy and gateway stand there, tied to each other, for us.

    For us: between the site's two prefixes, or towards its VPC router.
    """
    tunnel = view.facts.tunnel(site.tunnel)
    if tunnel is None or (tunnel.policy, tunnel.gateway) != (site.policy, site.gateway):
        return False
    prefixes = (str(agreement.office_prefix), str(agreement.cloud_prefix))
    calls, peer = _calls(view, site.gateway), agreement.cloud_address
    return _prefixes(view, site.gateway) == prefixes or (peer is not None and calls == peer)


def _without_ours(running: Config, agreement: Agreement, site: OfficeSite) -> Config:
    """The router without our lines, and without our numbers in the lists that we share.

    A NAT static carries no sign of a tunnel: another one under a number of ours is not ours.
    """
    view = RouterView(running)
    statics = tuple(entry for entry in site.nat_static if not gates.is_another(view, entry))
    text = render(agreement, replace(site, extra_lines=(), nat_static=statics))
    scope = scope_of(text)
    context = f"tunnel {site.tunnel}"
    contexts = tuple(each for each in running.contexts if each != context)
    return replace(running, statements=shared_list.foreign(running, scope), contexts=contexts)


# --- the steps ------------------------------------------------------------------------------------


def _release(draft: _Draft) -> _Draft:
    """Model and revision decide which words the router knows."""
    found = draft.running.config
    site = replace(
        draft.site,
        model=found.model or draft.site.model,
        revision=found.revision or draft.site.revision,
    )
    return replace(draft, site=site)


def _numbers(draft: _Draft) -> _Draft:
    """Three number spaces; a number of ours that somebody else has is replaced by a free one.

    A tunnel that moves takes its policy and its gateway along: one number is easier to read.
    """
    if draft.ours:
        return draft
    facts, site = draft.others.facts, draft.site
    reserved = set(facts.reserved)
    tunnels, gateways = {*facts.used.tunnels} | reserved, {*facts.used.gateways} | reserved
    policies = {*facts.used.policies} | reserved
    both = tunnels | gateways | {policy - _POLICY_BASE for policy in policies}
    if site.tunnel in tunnels:
        number = lowest_free(both)
        site = replace(site, tunnel=number, gateway=number, policy=_POLICY_BASE + number)
    if site.gateway in gateways:
        site = replace(site, gateway=lowest_free(both))
    if site.policy in policies:
        above = _POLICY_BASE + site.tunnel - 1
        site = replace(site, policy=lowest_free(policies, above=above))
    return replace(draft, site=site)


def _watchdog(draft: _Draft) -> _Draft:
    used, site = draft.others.facts.used.keepalives, draft.site
    if site.watchdog and site.watchdog.id in used:
        site = replace(site, watchdog=replace(site.watchdog, id=lowest_free(used)))
    return replace(draft, site=site)


def _meant(draft: _Draft) -> str | None:
    """The interface that is meant where the site names another as its WAN: it has the office
    address, and the default route leaves by it.

    One on a LAN port alone is no slip: there stands a block of addresses.
    """
    view, site = draft.others, draft.site
    has = view.interface_of(site.wan_address or draft.agreement.office_address)
    default = view.route(EVERYTHING)
    return (
        has if has != site.wan_interface and default and _leaves_by(view, default) == has else None
    )


def _addresses(draft: _Draft) -> _Draft:
    """The RTX has the addresses that the site says, where the configuration shows them."""
    view, site = draft.others, draft.site
    outside = site.wan_address or draft.agreement.office_address
    wan = site.wan_interface
    if view.interface_of(site.lan_address) is None:
        draft = draft.saying(f"no interface of the RTX has the LAN address {site.lan_address}")
    if wan.startswith("pp ") and wan not in view.config.contexts:
        return draft.saying(f"there is no {wan} on the RTX")
    if meant := _meant(draft):
        return draft.saying(f"{outside} is on {meant} and not on {wan}: office.wan.interface")
    there = [str(each.ip) for each in view.addresses.get(wan, ())]
    shown = there or not wan.startswith("pp ")
    translated = any(
        view.value(f"nat descriptor address outer {number}") == str(outside)
        for number in (view.on(wan, "nat descriptor") or "").split()
    )
    if shown and not translated and view.interface_of(outside) is None:
        has = f"which has {', '.join(there)}" if there else "which has no fixed address"
        draft = draft.saying(f"{outside} is not on {wan}, {has}")
    return draft


def _identity(draft: _Draft) -> _Draft:
    """The RTX speaks from an address that the far end's packets reach.

    A private one is reached through NAT only; where nothing translates the office address, that
    address itself has to be the local one.
    """
    agreement, site = draft.agreement, draft.site
    outside = site.wan_address or agreement.office_address
    if _meant(draft):
        return draft
    if agreement.office_identity != outside and not gates.translating(draft.others, site, outside):
        agreement = replace(agreement, office_identity=outside)
    return replace(draft, agreement=agreement)


def _way_to_peer(draft: _Draft) -> _Draft:
    """The key exchange leaves by the WAN, whatever the default route is for."""
    if _meant(draft):
        return draft
    view, site, peer = draft.others, draft.site, draft.agreement.cloud_address
    to = IPv4Network(peer) if peer else EVERYTHING
    attached = (a.network for each in view.addresses.values() for a in each)
    if peer and any(peer in network for network in attached):
        return draft
    route = view.route(to)
    if site.peer_gateway:
        if peer and route and route.prefix == to:
            return draft.saying(
                f"`{route.text}` is somebody else's already: leave office.wan.peer_gateway out"
            )
        return draft
    if route and _leaves_by(view, route) == site.wan_interface:
        return draft
    way = _next_hop(view, site.wan_interface)
    if way is None:
        return draft.saying(
            f"no route to the VPC router leaves by {site.wan_interface}, and its next hop there is "
            "not known: set office.wan.peer_gateway"
        )
    return replace(draft, site=replace(site, peer_gateway=way))


def _leaves_by(view: RouterView, route: Route) -> str | None:
    """The interface of a route's first gateway."""
    return view.interface_towards(route.gateways[0]) if route.gateways else None


def _next_hop(view: RouterView, interface: str) -> str | None:
    """What stands behind `gateway` in a route out of an interface, where there is no doubt.

    Another route may say; on a line of two addresses it is the other one.
    """
    if interface.startswith("pp "):
        return interface
    said = [r.gateways[0] for r in view.routes if _leaves_by(view, r) == interface]
    pairs = [
        str(other)
        for own in view.addresses.get(interface, ())
        if own.network.prefixlen in (30, 31)
        for other in own.network.hosts()
        if other != own.ip
    ]
    return next(iter([*said, *pairs]), None)


def _routes(draft: _Draft) -> _Draft:
    """Nobody else leads the cloud prefix, or a part of it, elsewhere."""
    cloud = draft.agreement.cloud_prefix
    return draft.saying(
        *(
            f"`{route.text}` is somebody else's: a part of {cloud} would not go into the tunnel"
            if route.prefix != cloud
            else f"`{route.text}` is somebody else's: {cloud} can have one route only"
            for route in draft.others.routes
            if route.prefix.subnet_of(cloud)
        )
    )


def _twins(draft: _Draft) -> _Draft:
    """No other tunnel carries the same two prefixes already."""
    want = (str(draft.agreement.office_prefix), str(draft.agreement.cloud_prefix))
    return draft.saying(
        *(
            f"tunnel {tunnel.number} (policy {tunnel.policy}, gateway {tunnel.gateway}) carries "
            "these prefixes already: give the site its numbers, or take it away (if it is this "
            "site's, `up` moves it to the numbers in the site file; what else it needs is not "
            "judged)"
            for tunnel in draft.others.facts.tunnels
            if _prefixes(draft.others, tunnel.gateway) == want
        )
    )


def _nat(draft: _Draft) -> _Draft:
    found = gates.nat(draft.others, draft.agreement, draft.site, ours=draft.ours)
    return replace(draft, site=found.site).saying(*found.obstacles)


def _filters(draft: _Draft) -> _Draft:
    found = gates.filters(draft.others, draft.running, draft.agreement, draft.site)
    return replace(draft, site=found.site).saying(*found.obstacles)


_STEPS: Final[tuple[Callable[[_Draft], _Draft], ...]] = (
    _release, _twins, _numbers, _watchdog, _addresses, _identity,
    _routes, _way_to_peer, _nat, _filters,
)  # fmt: skip
# The findings that a step cures; accepted, they are left to the user, and so is the step.
_CURES: Final[dict[Callable[[_Draft], _Draft], frozenset[str]]] = {
    _way_to_peer: frozenset({"peer-route-not-pinned", "route-peer-inside-tunnel"}),
    _nat: frozenset({"nat-static-missing", "nat-static-given-away"}),
    _filters: frozenset(code for code in CODES if code.startswith("filter-blocks-")),
}
