"""`sakura-rtx schema`: the JSON Schema of the site file, for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    text = "the JSON Schema of the site file: completion and hover in an editor"
    parser = subparsers.add_parser(
        "schema",
        help=text,
        description=f"{text}.  An editor with yaml-language-server reads it from the line "
        "`# yaml-language-server: $schema=PATH` in Pulumi.S.yaml, which `init` writes.  "
        "Exit codes: 0 shown.",
    )
    parser.add_argument("--output", metavar="FILE", type=Path, help="write it there")
    parser.add_argument("--json", action="store_true", help="it is JSON already")
    parser.set_defaults(run=run)


def run(args: Any) -> int:
    """Print or write it."""
    from ..site.schema import text

    if args.output:
        args.output.parent.mkdir(parents=True, exist_ok=True)
        args.output.write_text(text(), encoding="utf-8")
    else:
        print(text(), end="")
    return 0
