"""`sakura-rtx prove-recovery --site S`: whether traffic comes back after a loss."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ..recovery import OurTunnel, Recovery, prove
from ..site import Site
from . import proving
from .proving import NO_TRAFFIC, PASSED, Said

LONGEST: Final = 3600


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = proving.add_parser(
        subparsers,
        "prove-recovery",
        "delete our gateway's SAs at the office and measure until traffic is back",
        "INTERRUPTS the tunnel; other gateways' SAs are not touched, and without traffic nothing "
        "is.  Exit codes: 0 traffic came back, 3 it did not, or there was none before, 1 the "
        "router could not be asked or the tunnel is not the site's, 2 bad usage or a site file "
        "that is missing or wrong.",
    )
    parser.add_argument(
        "--seconds",
        type=_seconds,
        metavar="N",
        help="wait for so long (default: the DPD time of the site file plus two intervals)",
    )
    parser.set_defaults(run=run)


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LONGEST):
        raise argparse.ArgumentTypeError(f"{text}: a whole number, 1 to {LONGEST}")
    return int(text)


def run(args: Any) -> int:
    """Try, and say."""

    def act(site: Site, _file: Path) -> Said:
        tunnel = proving.tunnel_of(site)
        with proving.session(site) as session:
            found = prove(
                session,
                tunnel,
                seconds=args.seconds,
                way_in=proving.way_in(site),
                clock=proving.clock(),
                progress=proving.say,
            )
        code = PASSED if found.proof else NO_TRAFFIC
        way_out = f"sakura-rtx reconnect --site {shlex.quote(args.site)}"
        return Said(code, _json(tunnel, found, way_out), tuple(_lines(tunnel, found, way_out)))

    return proving.run(args, act)


def _json(tunnel: OurTunnel, found: Recovery, way_out: str) -> dict[str, Any]:
    return {
        "back": found.proof is not None,
        "seconds": found.seconds if found.deleted else None,
        "expected_s": tunnel.expected,
        "round_trip_ms": found.proof.round_trip_ms if found.proof else None,
        "deleted": [sa.id for sa in found.deleted],
        "before": proving.evidence(tunnel, found.before),
        "state": "" if found.proof else str(found.outcome or ""),
        "findings": [each.as_json() for each in found.findings],
        "way_out": "" if found.proof else way_out,
    }


def _lines(tunnel: OurTunnel, found: Recovery, way_out: str) -> Iterator[str]:
    yield from proving.traffic_lines(tunnel, found.before)
    limit = f"{tunnel.expected} s (the DPD time plus one interval)"
    if found.proof:
        yield (
            f"traffic is back {found.seconds:g} s after {len(found.deleted)} SAs were deleted at "
            f"the office; expected within {limit}"
        )
        if found.findings:
            yield "it came back this time; the running configuration does not promise it:"
            yield from proving.finding_lines(found.findings)
        return
    if found.deleted:
        yield (
            f"NO TRAFFIC {found.seconds:g} s after {len(found.deleted)} SAs were deleted at the "
            f"office; expected within {limit}"
        )
        yield f"  {found.outcome}"
    else:
        yield "there was no traffic to begin with: nothing was deleted"
    yield from proving.finding_lines(found.findings)
    yield f"the way out: {way_out}"
