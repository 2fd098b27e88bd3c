"""`sakura-rtx rehearse`: tomorrow's change on copies of both ends, between real IKE daemons."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import VpnError
from ..rehearsal.ike.host import unavailable
from .rehearsal import CANNOT

if TYPE_CHECKING:
    from ..rehearsal.rehearse.sources import Source
    from ..site import Site

_EXITS: Final = (
    "Exit codes: 0 traffic passed at every step, 1 a step did not bring it (back), 2 bad usage or "
    "unusable files, 4 this machine cannot run it (root, network namespaces and strongSwan needed)."
)


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    text = "rehearse a change on copies of both ends, with real IKE daemons and real traffic"
    parser = subparsers.add_parser("rehearse", help=text, description=f"{text}.  {_EXITS}")
    site = "a site's name (stacks/Pulumi.S.yaml) or a file"
    parser.add_argument("--site", metavar="S", help=f"the site as it is: {site}")
    parser.add_argument(
        "--api", metavar="BODY", help="the cloud end as it is: the answer of `GET appliance/ID`"
    )
    parser.add_argument(
        "--config", metavar="FILE", help="the office end as it is: what `show config` prints"
    )
    parser.add_argument("--change", metavar="SITEFILE", help=f"the site as it is to be: {site}")
    parser.add_argument(
        "--real-time",
        action="store_true",
        help="dead peer detection and the cut take the time they take (default: 5 times faster)",
    )
    parser.add_argument("--json", action="store_true", help="the report as one JSON object")
    parser.add_argument("--svg", metavar="FILE", type=Path, help="write the timeline as a picture")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Rehearse and report."""
    try:
        site, changed, source = _inputs(args)
    except VpnError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return 2
    if reason := unavailable():
        print(f"sakura-rtx: no rehearsal with real IKE here: {reason}", file=sys.stderr)
        return CANNOT
    from ..rehearsal.rehearse import report, timeline
    from ..rehearsal.rehearse.course import SPEED
    from ..rehearsal.rehearse.run import rehearse

    speed = 1 if args.real_time else SPEED
    found = rehearse(source, site, changed, speed=speed, progress=_progress)
    if args.svg:
        try:
            args.svg.write_text(timeline.svg(found), encoding="utf-8")
        except OSError as error:
            raise VpnError(f"{args.svg} cannot be written: {error.strerror}") from None
    if args.json:
        print(json.dumps(report.as_json(found), ensure_ascii=False, indent=2))
    else:
        print(report.text(found))
    return 0 if found.ok else 1


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _inputs(args: argparse.Namespace) -> tuple[Site | None, Site | None, Source]:
    """The site as it is, as it is to be, and what the copies are made of."""
    from ..rehearsal.rehearse import sources
    from .lines import site_named

    if (args.api is None) != (args.config is None):
        raise VpnError("--api and --config go together: one end of a tunnel is none")
    site = site_named(args.site) if args.site else None
    changed = site_named(args.change) if args.change else None
    if args.api is not None:
        return site, changed, sources.from_files(args.api, args.config)
    if site is None:
        raise VpnError("nothing to rehearse: give --site, or --api with --config")
    live = sources.from_rehearsal(site.cloud.zone) if site.rehearsal else None
    return site, changed, live or sources.from_site(site)
