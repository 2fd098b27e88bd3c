"""Findings on a router's configuration, alone or together with its cloud end.

Pure.  Only tunnels that belong to a VPC router are judged: somebody else's tunnels follow other
rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..config import Config
from . import life, path, terms
from .far import PUBLISHED, FarEnd, far_end
from .findings import ORDER, Finding
from .view import EVERYTHING, Link, RouterView, network

__all__ = ["FarEnd", "Finding", "audit", "far_end"]

CHECKS: Final = (*life.CHECKS, *terms.CHECKS, *path.CHECKS)


def audit(
    config: Config, *, far: FarEnd | None = None, tunnel: int | None = None
) -> tuple[Finding, ...]:
    """What is wrong, doubtful or worth knowing, the worst first.

    `far` is the cloud end: then the gateway whose remote address it is, is judged against it.
    `tunnel` judges that tunnel.  With neither, the tunnels that can only be meant for a VPC router
    are judged against its published values.
    """
    router = RouterView(config)
    found: dict[Finding, None] = {}
    links = list(_links(router))
    chosen = _chosen(links, far, tunnel)
    for link in chosen:
        for check in CHECKS:
            found |= dict.fromkeys(check(link, far or PUBLISHED))
    if not chosen and (far or tunnel is not None):
        found[_nothing(far, tunnel)] = None
    if far is None and tunnel is None:
        found |= dict.fromkeys(_halves(router, links))
    return tuple(sorted(found, key=lambda each: ORDER[each.severity]))


def _links(router: RouterView) -> Iterator[Link]:
    """Every tunnel that leads by its policy to a gateway with lines of its own."""
    policies = {policy.number: policy for policy in router.facts.policies}
    for tunnel in router.facts.tunnels:
        policy = policies.get(tunnel.policy) if tunnel.policy is not None else None
        gateway = router.facts.gateway(policy.gateway) if policy else None
        if policy and gateway and tunnel.encapsulation == "ipsec":
            yield Link(router, tunnel, gateway, policy)


def _chosen(links: list[Link], far: FarEnd | None, tunnel: int | None) -> list[Link]:
    if tunnel is not None:
        return [link for link in links if link.tunnel.number == tunnel]
    if far is not None:
        return [link for link in links if link.remote == far.address]
    return [link for link in links if _is_for_a_vpc_router(link)]


def _is_for_a_vpc_router(link: Link) -> bool:
    """IKEv1 main mode to a fixed address with prefixes named in phase 2.

    Other clouds take 0.0.0.0/0 there, or want an address on the tunnel; a tunnel between two
    routers of the vendor names no prefixes as a rule.
    """
    return (
        link.remote is not None
        and link.ike("version", "1") == "1"
        and not link.ike("local_name")
        and not link.ike("remote_name")
        and not {"address", "remote_address"} & link.tunnel.values.keys()
        and (link.local_id or link.remote_id) is not None
        and EVERYTHING not in (link.local_id, link.remote_id)
    )


def _halves(router: RouterView, links: list[Link]) -> Iterator[Finding]:
    """Gateways that have prefixes for phase 2 and lack what would make a tunnel of them."""
    linked = {link.gateway.number for link in links}
    policies = {policy.gateway: policy for policy in router.facts.policies}
    for gateway in router.facts.gateways:
        values, number = gateway.values, gateway.number
        ids = (network(values.get("local_id", "")), network(values.get("remote_id", "")))
        foreign = {"local_name", "remote_name", "version"} & values.keys() or EVERYTHING in ids
        if None in ids or foreign:
            continue
        policy = policies.get(number)
        wanted = (
            (policy, f"ipsec sa policy POLICY {number} esp ..."),
            (policy is None or number in linked or None, "ipsec tunnel POLICY in a tunnel's block"),
            (values.get("remote_address"), f"ipsec ike remote address {number}"),
        )
        missing = [line for there, line in wanted if there is None]
        if missing:
            yield Finding(
                "half-configured",
                "error",
                f"gateway {number}: no {'; no '.join(missing)}",
                "the gateway has prefixes for phase 2, and no tunnel can come of it as it is",
                f"complete it, or take the lines of gateway {number} away",
                "logic",
            )


def _nothing(far: FarEnd | None, tunnel: int | None) -> Finding:
    if tunnel is not None:
        where = f"tunnel {tunnel}"
        why = "there is no such tunnel, or no policy leads it to a gateway with IKE lines"
    else:
        where = f"cloud end {far.address if far else ''}"
        why = "no gateway that a tunnel leads to has this address as its remote address"
    remedy = "complete the block: ipsec tunnel, ipsec sa policy, ipsec ike remote address"
    return Finding("half-configured", "error", where, why, remedy, "logic")
