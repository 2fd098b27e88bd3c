"""`sakura-rtx reconnect --site S`: bring the tunnel back, by the mildest means that does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ..recovery import Cloud, OurTunnel, Reconnection, bring_back, refusal
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
        "first is not enough, which alone needs no API; it interrupts all peers of the VPC router, "
        "and belongs to its owner where that is somebody else.  Exit codes: 0 traffic passes, 3 it "
        "does not, 1 an end could not be asked, 2 bad usage, a site file that is missing or wrong, "
        "no API credentials, or other peers that only --all-peers may interrupt.",
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
        tunnel, cloud = proving.tunnel_of(site), _cloud(site, file, args.router_id)
        with proving.session(site) as session:
            found = bring_back(
                session,
                tunnel,
                cloud,
                all_peers=args.all_peers,
                way_in=proving.way_in(site),
                clock=proving.clock(),
                progress=proving.say,
            )
        code = PASSED if found.proof or found.untouched else NO_TRAFFIC
        return Said(code, _json(tunnel, found), tuple(_lines(tunnel, found)))

    return proving.run(args, act)


def _cloud(site: Site, file: Path, router_id: str | None) -> Cloud | None:
    """Where the restart goes, asked for when it is needed; None where it is not ours.

    Raises `SpecError` for what can be known to be wrong before anything is touched.
    """
    if site.cloud.elsewhere:
        if router_id:
            access.refuse_elsewhere(site)
        return None
    if not router_id:
        access.refuse_unnamed(site, file)

    return Cloud(
        client=lambda: access.api_client(site),
        router_id=lambda client: router_id or access.router_id(site, file, client),
    )


def _json(tunnel: OurTunnel, found: Reconnection) -> dict[str, Any]:
    passes = found.proof is not None or found.untouched
    return {
        "back": passes,
        "by": found.by,
        "untouched": found.untouched,
        "seconds": found.seconds,
        "round_trip_ms": found.proof.round_trip_ms if found.proof else None,
        "router_id": found.router_id or None,
        "before": proving.evidence(tunnel, found.before),
        "other_peers": found.others,
        "refused": found.refused,
        "left_to_owner": found.theirs and not passes,
        "interrupted": found.interrupted,
        "state": "" if passes else str(found.outcome or ""),
        "findings": [each.as_json() for each in found.findings],
    }


def _lines(tunnel: OurTunnel, found: Reconnection) -> Iterator[str]:
    yield f"before: {'traffic passed' if found.before.passed else found.before.why}"
    if found.untouched:
        yield (
            "traffic passes: nothing was touched, because what might be needed afterwards, VPN "
            "reconnect (VPN再接続), is only for the owner of the VPC router"
        )
    elif found.proof:
        yield (
            f"traffic passes, {found.seconds:g} s later: {_MEANS[found.by]}; round trip "
            f"{found.proof.round_trip_ms:g} ms"
        )
    else:
        yield f"NO TRAFFIC after {found.seconds:g} s: {found.outcome}"
        if found.refused:
            deleted = "our SAs were deleted at the office"
            yield str(refusal(found.router_id, found.others, deleted))
        if found.theirs:
            yield (
                "the office end's means are used up; the rest is for the owner of the VPC router "
                f"{tunnel.agreement.cloud_address}: VPN reconnect (VPN再接続), "
                f"for the peer {tunnel.agreement.office_address}"
            )
        yield from proving.finding_lines(found.findings)
    yield from found.interrupted
