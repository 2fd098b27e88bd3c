"""The change itself: the product's own transaction, on the copies of both ends."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from ... import tunnel
from ...cloud.router import vpn_values
from ...ipsec import generate_key
from ...office.config import Scope, parse
from ...office.render import ADDRESS_PLACEHOLDER, render

if TYPE_CHECKING:
    from ...clock import Progress
    from ...site import Site
    from .copies import Copies

_PATIENCE: Final = 60  # seconds: between copies a tunnel that comes comes soon


def apply(copies: Copies, site: Site, *, new_key: bool, progress: Progress) -> tunnel.Proof:
    """Bring both copies to what the site file says, with the key that stands or a new one.

    Raises `VpnError`: both ends are then as they were, or the error says what stands.
    """
    wish = _wish(copies, site, generate_key())
    live = tunnel.look(_ends(copies, site, wish), wish.lines, clock=copies.clock)
    before = None
    if not live.nowhere:
        peer = {"peer": wish.cloud["peer"]}
        before = tunnel.Wish(live.lines, live.cloud or peer, live.key or wish.key)
        if not new_key:
            wish = replace(wish, key=before.key)
    return tunnel.establish(
        _ends(copies, site, wish, *([before] if before else [])),
        wish,
        before,
        tunnel.Verification(
            target=_target(copies, site),
            source=site.office_end.lan_address,
            seconds=min(site.verify.seconds, _PATIENCE),
            mtu=site.office_end.mtu,
            on_failure=site.verify.on_failure or "",
        ),
        clock=copies.clock,
        progress=progress,
    )


def _wish(copies: Copies, site: Site, key: str) -> tunnel.Wish:
    text = render(site.agreement, site.office_end)
    lines = text.replace(ADDRESS_PLACEHOLDER, copies.vpc.address)
    return tunnel.Wish(lines, vpn_values(site.agreement), key)


def _ends(copies: Copies, site: Site, *wishes: tunnel.Wish) -> tunnel.Ends:
    end, cloud = site.office_end, site.cloud
    keys = frozenset(s.key for wish in wishes for s in parse(wish.lines).statements)
    ends = tunnel.Ends(
        client=copies.client,
        calm=copies.client,
        router_id=copies.vpc.id,
        peer=str(site.agreement.office_address),
        login=copies.login,
        scope=Scope(end.tunnel, end.policy, end.gateway, keys),
        in_band=site.office.in_band,
        allow_unsaved=site.office.allow_unsaved,
        accept=tuple(site.accept),
        omitted_secrets=cloud.omitted_secrets,
    )
    if cloud.shared_parameters == "change":
        return replace(ends, parameters="change")
    return replace(ends, parameters="shared" if cloud.attach else "own")


def _target(copies: Copies, site: Site) -> IPv4Address:
    """Only the VPC router itself is there to answer: a server in the cloud LAN has no copy."""
    own = copies.vpc.lan_addresses
    if site.target in own:
        return site.target
    return next((address for address in own if address in site.cloud.lan), site.target)
