"""Findings on one tunnel before anything is reached: both ends as they would be written.

Pure.  The RTX's lines are read and the body of the VPC router is made as an `up` would do it; then
the audit compares the two.  So whatever the renderers did, and whatever further lines the user has
added, a preview judges what would really stand at both ends.  What only the rest of the router can
tell is left to `sakura-rtx plan`, to the creation and to `doctor`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, Final

from .cloud.router import vpn_values, with_peer
from .office.audit import FarEnd, Finding, audit, far_end
from .office.codes import BY_PREVIEW
from .office.config import Config, parse
from .office.plan import with_key
from .office.render import ADDRESS_PLACEHOLDER, render

if TYPE_CHECKING:
    from .site import Site

UNKNOWN_ADDRESS: Final = "255.255.255.254"
"""Stands for a VPC router that is not made yet: it is in nobody's prefix."""
UNKNOWN_KEY: Final = "K" * 40
"""Stands for a key that is not made yet: of the form that we make."""


def judge(
    lines: str,
    values: Mapping[str, Any],
    tunnel: int,
    *,
    address: str | None,
    key: str | None,
    model: str = "",
    revision: str = "",
) -> tuple[Finding, ...]:
    """What is wrong with tunnel `tunnel`, the worst first; it names no key.

    `lines` and `values` are both ends as a `Tunnel` resource has them.  `address` of the VPC router
    and `key` are None while they are not known; nothing is said about them then.
    """
    peer, psk = address or UNKNOWN_ADDRESS, key or UNKNOWN_KEY
    router = replace(_office(lines, peer, psk), model=model, revision=revision)
    found = audit(router, far=_cloud(values, peer, psk), tunnel=tunnel)
    said = (each for each in found if each.code in BY_PREVIEW)
    return tuple(said if address else map(_unknown, said))


def judge_site(site: Site, *, address: IPv4Address | None = None) -> tuple[Finding, ...]:
    """The same of a site, with whatever key; `address` of the VPC router, if it is known.

    Raises `SpecError` as the rendering does.
    """
    agreement, office = site.agreement, site.office_end
    return judge(
        render(agreement, office),
        vpn_values(agreement),
        office.tunnel,
        address=str(address) if address else None,
        key=None,
        model=office.model,
        revision=office.revision,
    )


def _office(lines: str, address: str, key: str) -> Config:
    typed = lines.replace(ADDRESS_PLACEHOLDER, address)
    config = parse(typed)
    keyed = tuple(s._replace(text=with_key(s.text, key)) for s in config.statements)
    return replace(config, statements=keyed)


def _cloud(values: Mapping[str, Any], address: str, key: str) -> FarEnd:
    outside = {"VirtualIPAddress": address}
    settings = with_peer({"Router": {"Interfaces": [outside]}}, values, key)
    return far_end({"Appliance": {"Settings": settings}})


def _unknown(found: Finding) -> Finding:
    """The finding with the words for an address that is not known."""
    where, why, remedy = (
        text.replace(UNKNOWN_ADDRESS, ADDRESS_PLACEHOLDER)
        for text in (found.where, found.why, found.remedy)
    )
    return replace(found, where=where, why=why, remedy=remedy)
