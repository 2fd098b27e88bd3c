"""`sakura-rtx reconnect --site S`: bring the tunnel back, by the mildest means that does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ..recovery import OurTunnel, Reconnection, reconnect, refusal
from ..site import Site
from . import access, proving
from .proving import NO_TRAFFIC, PASSED, Said

_MEANS: Final = {
    "office": "deleting our SAs at the office was enough",
    "cloud": "it took `restartvpn` at the VPC router",
}


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = proving.add_parser(
        subparsers,
        "reconnect",
        "bring the tunnel back: our SAs are deleted at the office, then the VPC router is told to "
        "start its key exchanges anew",
        "The second step (`restartvpn`, the control panel's VPN reconnect) is taken only if the "
        "first is not enough; it interrupts all peers of the VPC router.  Exit codes: 0 traffic "
        "passes, 3 it does not, 1 an end could not be asked, 2 bad usage, a site file that is "
        "missing or wrong, no API credentials, or other peers that only --all-peers may interrupt.",
    )
    parser.add_argument(
        "--all-peers",
        action="store_true",
        help="restart the VPN although the VPC router has other peers",
    )
    parser.add_argument(
        "--router-id",
        metavar="ID",
        help="the VPC router (default: the site's `cloud.attach`, else that of its stack)",
    )
    parser.set_defaults(run=run)


def run(args: Any) -> int:
    """Bring it back, and say how."""

    def act(site: Site, file: Path) -> Said:
        tunnel, client = proving.tunnel_of(site), access.api_client(site)
        router = args.router_id or access.router_id(site, file, client)
        with proving.session(site) as session:
            found = reconnect(
                session,
                tunnel,
                client,
                router,
                all_peers=args.all_peers,
                way_in=proving.way_in(site),
                clock=proving.clock(),
                progress=proving.say,
            )
        code = PASSED if found.proof else NO_TRAFFIC
        return Said(code, _json(tunnel, found, router), tuple(_lines(found, router)))

    return proving.run(args, act)


def _json(tunnel: OurTunnel, found: Reconnection, router: str) -> dict[str, Any]:
    return {
        "back": found.proof is not None,
        "by": found.by,
        "seconds": found.seconds,
        "round_trip_ms": found.proof.round_trip_ms if found.proof else None,
        "router_id": router,
        "before": proving.evidence(tunnel, found.before),
        "other_peers": found.others,
        "refused": found.refused,
        "interrupted": found.interrupted,
        "state": "" if found.proof else str(found.outcome or ""),
        "findings": [each.as_json() for each in found.findings],
    }


def _lines(found: Reconnection, router: str) -> Iterator[str]:
    yield f"before: {'traffic passed' if found.before.passed else found.before.why}"
    if found.proof:
        yield (
            f"traffic passes, {found.seconds:g} s later: {_MEANS[found.by]}; round trip "
            f"{found.proof.round_trip_ms:g} ms"
        )
    else:
        yield f"NO TRAFFIC after {found.seconds:g} s: {found.outcome}"
        if found.refused:
            yield str(refusal(router, found.others, "our SAs were deleted at the office"))
        yield from proving.finding_lines(found.findings)
    yield from found.interrupted
