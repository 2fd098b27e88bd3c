"""`sakura-rtx audit FILE`: what is wrong with a configuration, alone or with its cloud end."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..errors import VpnError
from ..office.audit import CODES, FarEnd, Finding, audit, far_end
from .lines import site_named
from .parse import add_file, configuration

_EXITS = (
    "Exit codes: 0 nothing or information only, 1 errors, 3 warnings, 2 unreadable file.  What the "
    "site file accepts does not count."
)


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    text = "judge the tunnels of a configuration that lead to a VPC router"
    parser = subparsers.add_parser("audit", help=text, description=f"{text}.  {_EXITS}")
    add_file(parser)
    parser.add_argument("--tunnel", type=int, metavar="N", help="judge this tunnel, whatever it is")
    parser.add_argument(
        "--cloud",
        metavar="BODY",
        help="the body of `GET appliance/ID` as a file: the gateway that calls it is compared",
    )
    parser.add_argument(
        "--site",
        metavar="S",
        help="judge the tunnel of this site; what its site file accepts is said with the reason",
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    parser.add_argument("--codes", action=_Codes, nargs=0, help="list what an audit can say")
    parser.set_defaults(run=run)


class _Codes(argparse.Action):
    """Prints the table of codes and ends, as `--help` does."""

    def __call__(self, parser: argparse.ArgumentParser, *_rest: object) -> NoReturn:
        """One paragraph a code."""
        for code, row in CODES.items():
            print(f"{code} ({row.severity})\n  {row.meaning}\n  {row.basis}: {row.source}")
        parser.exit()


def run(args: Any) -> int:
    """Print the findings."""
    try:
        config = configuration(args.file)
        site = site_named(args.site) if args.site else None
        tunnel = site.office.tunnel if site and args.tunnel is None else args.tunnel
        found = audit(config, far=_far(args.cloud), tunnel=tunnel)
    except VpnError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return 2
    accepted = dict(site.accept) if site else {}
    print(_json(found, accepted) if args.json else _text(found, accepted))
    return exit_code([each for each in found if each.code not in accepted])


def exit_code(found: Sequence[Finding]) -> int:
    """The worst of the findings as an exit code."""
    severities = {finding.severity for finding in found}
    return 1 if "error" in severities else 3 if "warn" in severities else 0


def _far(file: str | None) -> FarEnd | None:
    if file is None:
        return None
    try:
        body = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise VpnError(f"{file} cannot be read as JSON: {error}") from None
    return far_end(body)


def _json(found: Sequence[Finding], accepted: Mapping[str, str]) -> str:
    findings = [
        each.as_json() | ({"accepted": accepted[each.code]} if each.code in accepted else {})
        for each in found
    ]
    return json.dumps({"findings": findings}, ensure_ascii=False, indent=2)


def _text(found: Sequence[Finding], accepted: Mapping[str, str]) -> str:
    blocks = []
    for f in found:
        reason = accepted.get(f.code)
        blocks.append(
            f"{f.severity.upper()} {f.code}\n"
            + (f"  accepted: {reason}\n" if reason else "")
            + f"  where:  {f.where}\n  why:    {f.why}\n  remedy: {f.remedy}\n"
            f"  basis:  {f.basis} ({CODES[f.code].source})"
        )
    return "\n\n".join(blocks) or "Nothing to say."
