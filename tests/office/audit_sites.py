"""Whole routers, written by hand: what a senior engineer says about them, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

SITES = Path(__file__).resolve().parent / "sites"


class Site(NamedTuple):
    """Code -> severity of what is to be said about a text; nothing else may be."""

    file: str
    said: dict[str, str]


STALL = {"stall-after-sa-loss": "warn"}
OLD = {"weak-dh-group": "info", "weak-hash": "info"}
ALL = (
    Site("pppoe-in-order", {"wan-address-dynamic": "info"}),
    Site("pppoe-esp-filtered", {"filter-blocks-esp": "error", "wan-address-dynamic": "info"}),
    # The branch's main-mode tunnel, the other cloud's and those of L2TP are none of ours.
    Site("three-kinds-of-tunnels", {**STALL, **OLD, "not-judged": "info"}),
    Site("map-e-only", {"wan-address-shared": "error"}),
    Site(
        "behind-home-gateway",
        {
            **STALL,
            "nat-traversal-not-offered-by-vpc-router": "warn",
            "wan-address-private": "warn",
            "byte-lifetime-proposed": "info",
        },
    ),
    Site(
        "open-to-the-world",
        {"management-open": "warn", "no-administrator-password": "info"},
    ),
    # Strict, it takes no other lifetime; the schedules touch neither of its tunnels.
    Site("two-routers-of-ours", {"lifetime-mismatch": "error"}),
    Site(
        "lease-and-old-firmware",
        {
            **OLD,
            "option-not-in-revision": "error",
            "mss-limit-missing": "error",
            "wan-address-dynamic": "warn",
        },
    ),
    # VRRP, quotes, filters that pass one host and one port only: all as it should be.
    Site("two-routers-one-address", {}),
    Site("policy-says-the-prefixes", {"phase2-id-too-small": "warn"}),
    Site(
        "half-a-second-tunnel",
        {
            "wan-not-enabled": "error",
            "wan-on-demand": "warn",
            "half-configured": "error",
            "orphan": "info",
            "route-into-dead-tunnel": "info",
        },
    ),
    # The first tunnel's host route is missing; what follows from that is not said beside it.
    Site(
        "by-the-wrong-session",
        {"peer-route-not-pinned": "error", "tunnel-mtu-too-large": "error"},
    ),
    # NAT takes the address of the group, not the router's own: SSH is open there.
    Site("vip-of-a-vrrp-group", {"management-open": "warn", "not-judged": "info"}),
    Site("address-block-with-servers", {}),
    # The session's address is the one that NAT has outside; SSH is off, whoever may call it.
    Site("fixed-by-contract", {"no-ssh-service": "info"}),
    # The private network of the other line is none of the office's.
    Site("a-second-line", {}),
    Site("between-two-yamahas", {"not-judged": "info"}),
    Site(
        "seed-on-another-line",
        {**OLD, "peer-route-not-pinned": "error", "wan-address-dynamic": "warn"},
    ),
    Site(
        "numbers-of-a-template",
        {
            "algorithm-not-on-model": "error",
            "hash-mismatch": "warn",
            "esp-hash-mismatch": "warn",
            "number-reserved-by-template": "warn",
        },
    ),
    Site(
        "everything-goes-to-the-server",
        {"nat-static-given-away": "error", "schedule-touches-tunnel": "warn"},
    ),
)
