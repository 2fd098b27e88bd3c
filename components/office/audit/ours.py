"""Which tunnels lead to a VPC router: somebody else's follow other rules.

Pure.  With the cloud end at hand its address decides.  Without it a tunnel has to look like one:
IKEv1 main mode to a global address with both prefixes named.  Tunnels to other vendors look the
same at times; what tells them apart are values that no VPC router ever had, or that its owner
says so.  Sources: sakura-vpcrouter-api 6.1 (published values by time).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .far import ENCRYPTION, GROUPS, HASH, FarEnd
from .findings import Finding, finding
from .link import Link
from .texts import EVERYTHING, is_public
from .view import RouterView

# What a description says about the far end.
_SAKURA: Final = re.compile(r"sakura|さくら|vp[cn] ?(?:router|ルータ)", re.IGNORECASE)
_OTHERS: Final = re.compile(
    r"(?<![a-z0-9])(?:aws|amazon|azure|gcp|google|oracle|oci|ibm|nifcloud|forti(?:gate)?|cisco|asa|"
    r"juniper|srx|ssg|palo ?alto|sonicwall|check ?point|watchguard|sophos|meraki|mikrotik|nec|"
    r"ix\d{4}|univerge|fitelnet|si-?r|seil)(?![a-z0-9])",
    re.IGNORECASE,
)
# Unlike values that make a stranger: alone, and beside a tunnel that is as published in all.
ALONE: Final = 5
BESIDE_OURS: Final = 2


def links(router: RouterView) -> Iterator[Link]:
    """Every tunnel that leads by its policy to a gateway with lines of its own."""
    policies = {policy.number: policy for policy in router.facts.policies}
    for tunnel in router.facts.tunnels:
        policy = policies.get(tunnel.policy) if tunnel.policy is not None else None
        gateway = router.facts.gateway(policy.gateway) if policy else None
        if policy and gateway and tunnel.encapsulation == "ipsec":
            yield Link(router, tunnel, gateway, policy)


def chosen(found: list[Link], far: FarEnd | None, tunnel: int | None) -> list[Link]:
    """The tunnels to judge."""
    if tunnel is not None:
        return [link for link in found if link.tunnel.number == tunnel]
    if far is not None:
        return [link for link in found if link.remote == far.address]
    alike = [link for link in found if _could_be(link)]
    strange = strangers(alike)
    return [link for link in alike if link.tunnel.number not in strange]


def left_out(found: list[Link]) -> Iterator[Finding]:
    """The tunnels that have the form of one of ours and were taken for somebody else's."""
    for number, why in strangers([link for link in found if _could_be(link)]).items():
        yield finding(
            "not-judged",
            f"tunnel {number}",
            f"if it does lead to one: sakura-rtx audit --tunnel {number}, or --cloud",
            why=f"taken for another vendor's because of {why}",
        )


def _could_be(link: Link) -> bool:
    """IKEv1 main mode to a fixed global address with prefixes named in phase 2.

    Other clouds take 0.0.0.0/0 there, or want addresses at both ends of the tunnel; a tunnel
    between two routers of the vendor names no prefixes as a rule.
    """
    return (
        link.remote is not None
        and is_public(link.remote)
        and link.ike("version", "1") == "1"
        and not link.ike("local_name")
        and not link.ike("remote_name")
        and not {"address", "remote_address"} <= link.tunnel.values.keys()
        and (link.local_id or link.remote_id) is not None
        and EVERYTHING not in (link.local_id, link.remote_id)
    )


def strangers(alike: list[Link]) -> dict[int, str]:
    """Of tunnels that look like ours those that are somebody else's: number -> what says so."""
    ours = any(_as_published(link) for link in alike)
    found = {link.tunnel.number: _strange(link, BESIDE_OURS if ours else ALONE) for link in alike}
    return {number: why for number, why in found.items() if why}


def _strange(link: Link, limit: int) -> str:
    said = link.tunnel.values.get("description", "")
    if _SAKURA.search(said):
        return ""
    if _OTHERS.search(said):
        return f"its description {said}"
    unlike = list(_unlike(link))
    return "; ".join(unlike) if len(unlike) >= limit else ""


def _as_published(link: Link) -> bool:
    """Whether it has the published values, none left to a default that is another."""
    short = link.lifetime("ipsec-sa", "child-sa") == 1800
    return short and link.ike("pfs") == "on" and not list(_unlike(link))


def _unlike(link: Link) -> Iterator[str]:
    """The lines with values that no VPC router has had as its own; a missing line says nothing."""
    esp = (*link.policy.algorithms, "", "")[:2]
    rows = (
        ("encryption", link.ike("encryption"), ENCRYPTION.values()),
        ("hash", link.ike("hash"), HASH.values()),
        ("group", link.ike("group").split(" ")[0], GROUPS),
    )
    for name, value, known in rows:
        if value and value not in known:
            yield f"{link.line(name)} {value}"
    for value, known in (
        (esp[0], ENCRYPTION.values()),
        (esp[1].removesuffix("-hmac"), HASH.values()),
    ):
        if value and value not in known:
            yield f"ipsec sa policy {link.policy.number} {value}"
    times = ((("isakmp-sa", "ike-sa"), "28800"), (("ipsec-sa", "child-sa"), "1800"))
    for names, published in times:
        name, words = link.duration(*names)
        if words and words.split(" ")[0] != published:
            yield f"{link.line(f'duration {name}')} {words}"
    kind = link.ike("keepalive_use").split()
    if "heartbeat" in kind:
        yield f"{link.line('keepalive use')} {' '.join(kind)}"
