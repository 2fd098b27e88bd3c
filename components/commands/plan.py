"""`sakura-rtx plan --site S`: what would be typed on this router, and what its site file lacks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

from ..errors import SpecError, VpnError
from ..office import inband, others, syntax
from ..office.config import Config, parse, scope_of
from ..office.needs import Needs, needs
from ..office.plan import Plan, plan
from ..office.render import ADDRESS_PLACEHOLDER, render
from ..office.session import Session
from ..office.settled import settled
from ..site import Site
from ..site.complete import edits
from ..site.edit import Edit, edited
from . import writing
from .lines import add_site, file_of, site_in, text_of

ROOT: Final = ("config", "sakura-rtx-vpn:site")
NOTHING, ROUTER_FAILED, SITE_FILE, SOMETHING = 0, 1, 2, 3


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    text = "read the router: what would be typed, what would undo it, what the site file lacks"
    parser = subparsers.add_parser(
        "plan",
        help=text,
        description=f"{text}.  Changes nothing on the router.  Exit codes: 0 nothing to type and "
        "the site file is complete, 3 something to type, to write or to decide, 1 the router "
        "could not be read, 2 bad usage or a site file that is missing or wrong.",
    )
    add_site(parser)
    parser.add_argument(
        "--address", type=IPv4Address, metavar="VIP", help="the VPC router's address, if known"
    )
    parser.add_argument(
        "--write", action="store_true", help="write what is lacking into the site file"
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    parser.set_defaults(run=run)


@dataclass(frozen=True)
class Router:
    """What was read: the configuration, where our own session comes from, what is not saved."""

    running: Config
    source: IPv4Address | None
    unsaved: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """Everything that the command says."""

    file: Path
    router: Router
    found: Needs
    edits: tuple[Edit, ...]
    planned: Plan
    in_band: tuple[str, ...]
    foreign_unsaved: tuple[str, ...]
    written: bool

    @property
    def exit_code(self) -> int:
        """3 as long as anything is left to type, to write or to decide."""
        left = self.edits and not self.written
        return SOMETHING if self.planned.commands or left or self.found.obstacles else NOTHING


def run(args: Any) -> int:
    """Read, say, and write if asked to."""
    file = file_of(args.site)
    try:
        text = text_of(file)
        site = site_in(text, file)
    except VpnError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return SITE_FILE
    try:
        router = read(site)
        agreement = replace(site.agreement, cloud_address=args.address or site.vip)
        found = needs(router.running, agreement, site.office_end, site.accept)
    except VpnError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return ROUTER_FAILED
    changes = tuple(edits(site, found))
    try:
        complete = edited(text, changes, ROOT)
        site_in(complete, file)
    except SpecError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return SITE_FILE
    written = bool(args.write and changes)
    if written:
        writing.replace(file, complete)
    report = _report(file, router, found, changes, written)
    print(_json(report) if args.json else "\n".join(_said(report)))
    return report.exit_code


def read(site: Site) -> Router:
    """Log in to the site's router and read it; raises `VpnError`."""
    from ..clock import SystemClock
    from .access import office_login

    def say(text: str) -> None:
        print(f"sakura-rtx: {text}", file=sys.stderr)

    with Session.open(office_login(site), clock=SystemClock(), say=say) as session:
        running, unsaved = settled(session, "plan")
        source = inband.source_of(session.command("show status user"))
    return Router(running, source, unsaved)


def _report(
    file: Path, router: Router, found: Needs, changes: tuple[Edit, ...], written: bool
) -> Report:
    text = render(found.agreement, found.site)
    scope, running = scope_of(text), router.running
    planned = plan(running, parse(text), scope)
    ours, theirs = others.of_unsaved(router.unsaved, running, scope)
    foreign = theirs if found.ours else (*ours, *theirs)
    return Report(
        file=file,
        router=router,
        found=found,
        edits=changes,
        planned=planned,
        in_band=inband.reasons(router.source, planned.commands, text, running),
        foreign_unsaved=tuple(syntax.masked(command) for command, _ in foreign),
        written=written,
    )


# --- what is said ---------------------------------------------------------------------------------


def _json(report: Report) -> str:
    running, found = report.router.running, report.found
    data = {
        "router": {"model": running.model, "revision": running.revision},
        "site_file": str(report.file),
        "ours": found.ours,
        "commands": report.planned.commands,
        "undo": report.planned.undo,
        "needs": [
            {"path": edit.name, "value": edit.value, "reason": edit.reason} for edit in report.edits
        ],
        "written": report.written,
        "obstacles": found.obstacles,
        "in_band": report.in_band,
        "unsaved": report.foreign_unsaved,
    }
    return json.dumps(data, ensure_ascii=False, indent=2)


def _said(report: Report) -> Iterator[str]:
    running, found, planned = report.router.running, report.found, report.planned
    yield f"# {running.model or 'RTX'} Rev.{running.revision}: its running configuration was read"
    if not report.edits and not planned.commands and not found.obstacles:
        yield "# nothing to type; the site file is complete"
    if planned.commands:
        more = ", with the site file as completed below" if report.edits else ""
        yield f"\n# would be typed{more}"
        yield from planned.commands
        yield "\n# would undo it"
        yield from planned.undo
        yield from _legend(planned)
    if report.edits:
        written = "written to" if report.written else "not in"
        yield f"\n# {written} {report.file}{'' if report.written else ' (--write puts it there)'}"
        for edit in report.edits:
            yield f"{edit.name}: {_value(edit.value)}"
            yield f"  # {edit.reason}"
    yield from _listed("to be decided by hand: with this nothing will work", found.obstacles)
    yield from _listed(
        "not saved by somebody else: apply refuses (office.allow_unsaved: true consents); these "
        "lines would take it back",
        report.foreign_unsaved,
    )
    if report.in_band:
        yield from _listed(
            f"we come from {report.router.source}, through what would be changed: apply refuses "
            "(office.in_band: true consents)",
            report.in_band,
        )


def _legend(planned: Plan) -> Iterator[str]:
    typed = "\n".join([*planned.commands, *planned.undo])
    if syntax.PSK_PLACEHOLDER in typed:
        yield f"\n# {syntax.PSK_PLACEHOLDER} is the pre-shared key; a new one is typed besides"
    if ADDRESS_PLACEHOLDER in typed:
        yield f"# {ADDRESS_PLACEHOLDER}: give it by --address to see the line as it would be"


def _listed(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"\n# {title}"
        yield from found


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
