"""`sakura-rtx verify --site S`: whether traffic passes now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..recovery import traffic
from ..site import Site
from . import proving
from .proving import NO_TRAFFIC, PASSED, Said


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = proving.add_parser(
        subparsers,
        "verify",
        "ping through the tunnel, small and at its MTU; no status is believed",
        "The RTX pings `verify.target` from its LAN address; nothing is changed.  Exit codes: 0 "
        "traffic passed, 3 it did not, 1 the router could not be asked, 2 bad usage or a site "
        "file that is missing or wrong.",
    )
    parser.set_defaults(run=run)


def run(args: Any) -> int:
    """Ask, and say."""
    return proving.run(args, _verify)


def _verify(site: Site, _file: Path) -> Said:
    tunnel = proving.tunnel_of(site)
    with proving.session(site) as session:
        found = traffic(session, tunnel)
    return Said(
        PASSED if found.passed else NO_TRAFFIC,
        proving.evidence(tunnel, found),
        tuple(proving.traffic_lines(tunnel, found)),
    )
