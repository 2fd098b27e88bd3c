"""`sakura-rtx review`: what a pull request changes, as one comment."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import VpnError

if TYPE_CHECKING:
    from ..review import Preview, SiteChange

SAME, FAILED, UNREADABLE, CHANGES = 0, 1, 2, 3


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    text = "one Markdown comment from `pulumi preview --json` of one or many stacks"
    parser = subparsers.add_parser(
        "review",
        help=text,
        description=f"{text}: the RTX's lines as a diff, values, the agreement, findings, what it "
        "costs (a stop of the VPC router, a replacement, a new address), the verdict last.  It "
        "stays below the size that GitHub takes.  Reaches nothing.  Exit codes: 0 nothing "
        "changes, 3 something does, 1 a preview failed (the comment says which), 2 a file that "
        "is no preview, or that cannot be written.",
    )
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="output of `pulumi preview --json`; - is stdin"
    )
    parser.add_argument(
        "--stack",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="the same, naming the stack of a preview that may have failed before its first step",
    )
    parser.add_argument("--output", metavar="FILE", help="write the comment there, not to stdout")
    parser.add_argument("--json", action="store_true", help="as one JSON object instead")
    parser.set_defaults(run=run)


def run(args: Any) -> int:
    """Read, judge, write."""
    from ..review import changes_of, comment

    try:
        previews = _previews(args.files, args.stack)
    except VpnError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return UNREADABLE
    changes = changes_of(previews)
    text = _json(changes) if args.json else comment(changes)
    if args.output:
        try:
            Path(args.output).write_text(text, encoding="utf-8")
        except OSError as error:
            print(f"sakura-rtx: {args.output}: {error.strerror}", file=sys.stderr)
            return UNREADABLE
    else:
        print(text, end="" if text.endswith("\n") else "\n")
    return exit_code(changes)


def exit_code(changes: Sequence[SiteChange]) -> int:
    """A failed preview is worse than any change: not all is known."""
    if any(site.failed for site in changes):
        return FAILED
    return CHANGES if any(site.changed for site in changes) else SAME


def _previews(files: Sequence[str], named: Sequence[str]) -> list[Preview]:
    from ..review import Unreadable, previews_in

    given = [("", file) for file in files]
    for each in named:
        name, equals, file = each.partition("=")
        if not (name and equals and file):
            raise Unreadable(f"--stack {each}: found no NAME=FILE", remedy="--stack tokyo=t.json")
        given.append((name, file))
    if not given:
        raise Unreadable("no FILE is given", remedy="name files of previews, or - for stdin")
    return [
        preview for name, file in given for preview in previews_in(_text(file), _source(file), name)
    ]


def _text(file: str) -> str:
    from ..review import Unreadable

    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise Unreadable(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unreadable(f"{file} is no UTF-8") from None


def _source(file: str) -> str:
    return "stdin" if file == "-" else Path(file).stem


def _json(changes: Sequence[SiteChange]) -> str:
    from ..review import verdict

    sites = [{**asdict(site), "changed": site.changed} for site in changes]
    data = _masked({"verdict": verdict(changes), "sites": sites})
    text = json.dumps(data, ensure_ascii=False, indent=2)
    # Half a character, which JSON can hold and no file can, stays the escape that it came as.
    return text.encode(errors="backslashreplace").decode()


def _masked(data: Any) -> Any:
    """The same without the secrets that stand in lines of the router."""
    from ..office.syntax import masked

    if isinstance(data, dict):
        return {key: _masked(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_masked(value) for value in data]
    return masked(data) if isinstance(data, str) else data
