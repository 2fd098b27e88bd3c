"""What is half done, or left over: lines that nothing stands behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .far import FarEnd
from .findings import Finding, finding
from .link import Link
from .texts import EVERYTHING, network
from .view import RouterView

_REFRESH: Final = re.compile(r"ipsec-refresh(?:-up|-down)?=([\d,]+)")


def halves(router: RouterView, links: list[Link]) -> Iterator[Finding]:
    """Gateways that have prefixes for phase 2 and lack what would make a tunnel of them."""
    linked = {link.gateway.number for link in links}
    policies = {policy.gateway: policy for policy in router.facts.policies}
    for number in _with_prefixes(router):
        gateway = router.facts.gateway(number)
        address = gateway.values.get("remote_address") if gateway else None
        policy = policies.get(number)
        wanted = (
            (policy, f"ipsec sa policy POLICY {number} esp ..."),
            (policy is None or number in linked or None, "ipsec tunnel POLICY in a tunnel's block"),
            (address, f"ipsec ike remote address {number}"),
        )
        missing = [line for there, line in wanted if there is None]
        if missing:
            where = f"gateway {number}: no {'; no '.join(missing)}"
            remedy = f"complete it, or take the lines of gateway {number} away"
            yield finding("half-configured", where, remedy)


def _with_prefixes(router: RouterView) -> Iterator[int]:
    """The gateways that can only be meant for a tunnel of ours."""
    for gateway in router.facts.gateways:
        values = gateway.values
        ids = [network(values.get(name, "")) for name in ("local_id", "remote_id")]
        named = {"local_name", "remote_name"} & values.keys()
        if not (named or {None, EVERYTHING} & {*ids}) and values.get("version", "1") == "1":
            yield gateway.number


def nothing(far: FarEnd | None, tunnel: int | None) -> Finding:
    """That there is nothing to judge where something was asked for."""
    if tunnel is not None:
        where = f"tunnel {tunnel}"
        why = "there is no such tunnel, or no policy leads it to a gateway with IKE lines"
    else:
        where = f"cloud end {far.address if far else ''}"
        why = "no gateway that a tunnel leads to has this address as its remote address"
    remedy = "complete the block: ipsec tunnel, ipsec sa policy, ipsec ike remote address"
    return finding("half-configured", where, remedy, why=why)


def orphans(router: RouterView) -> Iterator[Finding]:
    """Numbers that a line names and nothing stands behind, gateways of `halves` left out.

    What a tunnel template makes counts as being there (15.49.6).
    """
    facts = router.facts
    reserved = {*facts.reserved}
    tunnels = {t.number for t in facts.tunnels} | reserved
    policies = {p.number for p in facts.policies} | reserved
    gateways = {g.number for g in facts.gateways} | reserved
    half = {*_with_prefixes(router)}
    bound = {t.policy for t in facts.tunnels} | {int(w[2]) for w in _transports(router)}
    for policy in facts.policies:
        if policy.gateway not in gateways:
            yield _orphan(f"ipsec sa policy {policy.number}", f"gateway {policy.gateway}")
        elif policy.number not in bound | reserved and policy.gateway not in half:
            where = f"ipsec sa policy {policy.number} {policy.gateway}"
            yield finding("orphan", where, "bind it to a tunnel, or take it away", why=_UNBOUND)
    led_to = {p.gateway for p in facts.policies} | reserved | half
    for gateway in facts.gateways:
        if gateway.number not in led_to:
            where, remedy = f"gateway {gateway.number}", "name it in a policy, or take it away"
            yield finding("orphan", where, remedy, why="no policy leads to this gateway's lines")
    complete = all(any(p.gateway == number for p in facts.policies) for number in half)
    for tunnel in facts.tunnels:
        # A gateway that has lost its policy has been named for it.
        if complete and tunnel.policy is not None and tunnel.policy not in policies:
            yield _orphan(f"tunnel {tunnel.number}", f"ipsec sa policy {tunnel.policy}")
    for statement in router.find("ipsec auto refresh"):
        words = statement.text.split()
        if len(words) > 3 and words[3].isdecimal() and int(words[3]) not in gateways:
            yield _orphan(" ".join(words), f"gateway {words[3]}")
    for statement in router.find("ip keepalive"):
        numbers = {int(n) for g in _REFRESH.findall(statement.text) for n in g.split(",") if n}
        for number in sorted(numbers - gateways):
            yield _orphan(" ".join(statement.text.split()[:3]), f"gateway {number}")
    for route in router.routes:
        for number in _tunnels_of(route.gateways):
            if number not in tunnels:
                yield _orphan(route.text, f"tunnel {number}")


_UNBOUND: Final = "no tunnel and no transport is bound to this policy"


def _orphan(where: str, missing: str) -> Finding:
    why = f"it names {missing}, and there is none"
    return finding("orphan", where, "complete what it names, or take it away", why=why)


def _transports(router: RouterView) -> Iterator[list[str]]:
    for line in router.facts.transport:
        words = line.split()[1:]
        if len(words) > 2 and words[2].isdecimal():
            yield words


def _tunnels_of(gateways: tuple[str, ...]) -> Iterator[int]:
    for way in gateways:
        kind, _, number = way.partition(" ")
        if kind == "tunnel" and number.isdecimal():
            yield int(number)


def dead_ways(router: RouterView, links: list[Link]) -> Iterator[Finding]:
    """Routes into tunnels that are not enabled; that of a judged tunnel is said once, there."""
    judged = {link.tunnel.number for link in links}
    for route in router.routes:
        for number in _tunnels_of(route.gateways):
            tunnel = router.facts.tunnel(number)
            if tunnel and not tunnel.enabled and number not in judged:
                remedy = f"tunnel enable {number}, or another way"
                yield finding("route-into-dead-tunnel", route.text, remedy)
