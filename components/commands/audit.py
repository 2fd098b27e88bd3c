"""`sakura-rtx audit FILE`: what is wrong with a configuration, alone or with its cloud end."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..errors import VpnError
from ..office.audit import CODES, FarEnd, Finding, audit, far_end
from .parse import add_file, configuration

_EXITS = "Exit codes: 0 nothing or information only, 1 errors, 3 warnings, 2 unreadable file."


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
        found = audit(config, far=_far(args.cloud), tunnel=args.tunnel)
    except VpnError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return 2
    if args.json:
        text = {"findings": [finding.as_json() for finding in found]}
        print(json.dumps(text, ensure_ascii=False, indent=2))
    else:
        print(_text(found))
    return exit_code(found)


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


def _text(found: Sequence[Finding]) -> str:
    blocks = [
        f"{f.severity.upper()} {f.code}\n  where:  {f.where}\n  why:    {f.why}\n"
        f"  remedy: {f.remedy}\n  basis:  {f.basis} ({CODES[f.code].source})"
        for f in found
    ]
    return "\n\n".join(blocks) or "Nothing to say."
