"""`sakura-rtx adopt`: a live pair that was made by hand becomes a site file and an import plan."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import pydantic

from ..adopt import Adoption, Asked, adopt, imports, look, text
from ..errors import ApiError, HostKeyRefused, Problem, SpecError, VpnError
from ..site.cloud import Cloud
from ..site.office import Router
from ..site.problems import problem
from . import access, writing
from .lines import file_of, text_of

ADOPTED, AN_END_FAILED, USAGE, DIFFERS = 0, 1, 2, 3
_ZONES: Final = get_args(Cloud.model_fields["zone"].annotation)
# Options that stand in the site file as `office.router.NAME`.
_ROUTER: Final = ("host", "user", "port", "key", "via", "via_host_key", "host_key")


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    what = "make a site file and an import plan from a pair that was set up by hand"
    parser = subparsers.add_parser(
        "adopt",
        help=what,
        description=f"{what}.  Reads both ends and changes nothing at either.  Exit codes: "
        "0 the first preview will be empty, 3 it will not, or something is to be decided (all is "
        "listed), 1 an end cannot be read, 2 bad usage, or it cannot be told what is meant, or no "
        "site file can describe the pair.",
    )
    add = parser.add_argument
    add("--site", required=True, metavar="NAME", help="name of the new site and its stack")
    add("--router-id", required=True, metavar="ID", help="the VPC router, as in the control panel")
    add("--zone", choices=_ZONES, help="its zone (left out: looked for in all)")
    add("--host", metavar="ADDRESS", help="where the RTX's SSH listens")
    add("--user", metavar="NAME", help="a named user of the RTX")
    add("--port", type=int, metavar="N", help="22 unless given")
    add("--host-key", metavar="LINE", help="the RTX's public key, `ssh-rsa AAAA...`")
    add(
        "--accept",
        metavar="FINGERPRINT",
        action="append",
        default=[],
        help="take the host key with this fingerprint (compared by you) and write it down",
    )
    add("--key", metavar="PATH", help="private key to log in with")
    add("--via", metavar="USER@HOST", help="bastion; --via-host-key pins it")
    add("--via-host-key", metavar="LINE", help="the bastion's public key")
    add("--tunnel", type=int, metavar="N", help="the RTX's tunnel, if several call the router")
    add("--peer", metavar="ADDRESS", help="the router's peer entry, if that cannot be told")
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument(
        "--own", action="store_true", help="the stack takes the VPC router over, whatever it serves"
    )
    whose.add_argument(
        "--attach", action="store_true", help="the stack owns its peer at the router, no more"
    )
    add(
        "--sections",
        action="store_true",
        help="the site names the VPC router's other settings too (firewall, NAT, DHCP ...)",
    )
    add("--rehearsal", action="store_true", help="the stand-ins of this machine")
    add("--write", action="store_true", help="write the files; else they are only shown")
    add("--json", action="store_true", help="as one JSON object")
    parser.set_defaults(run=run)


@dataclass(frozen=True)
class Report:
    """Everything that the command says."""

    asked: Asked
    file: Path
    site_text: str
    import_file: Path
    plan: dict[str, Any]
    found: Adoption
    written: bool

    @property
    def exit_code(self) -> int:
        """Whether the first preview will be empty."""
        return ADOPTED if self.found.clean else DIFFERS

    @property
    def next(self) -> list[str]:
        """What to run."""
        site, empty = f"SITE={self.asked.name}", " ARGS=--expect-no-changes" * self.found.clean
        return [f"make import {site}", f"make preview {site}{empty}"]


def run(args: Any) -> int:
    """Read both ends, say what becomes of them, and write it if asked to."""
    file = file_of(args.site)
    try:
        name, project = access.stack_of(file), access.project_of(file)
        before = text_of(file) if file.exists() else None
        router = _router(args)
        if before is not None:
            text.refuse_a_site(before)
    except VpnError as error:
        return _failed(error, USAGE)
    try:
        report = _adopted(args, file, name, project, before, router)
    except SpecError as error:
        return _failed(error, USAGE)
    except VpnError as error:
        return _failed(error, AN_END_FAILED)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        return _failed(_not_understood(error), AN_END_FAILED)
    shown = json.dumps(_json(report), ensure_ascii=False, indent=2)
    print(shown if args.json else "\n".join(_said(report)))
    return report.exit_code


def _failed(error: VpnError, code: int) -> int:
    print(f"sakura-rtx: {error}", file=sys.stderr)
    if isinstance(error, HostKeyRefused) and error.fingerprint:
        print(f"  or, compared: adopt again with --accept {error.fingerprint}", file=sys.stderr)
    return code


def _not_understood(error: Exception) -> VpnError:
    """For a body or a line that no document describes: where it was read, and nothing of it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return VpnError(
        f"what one of the ends says is not understood ({type(error).__name__} in "
        f"{Path(place.filename).name}, line {place.lineno})",
        attempted="make a site of what stands there",
        state="nothing was written, and nothing was changed at either end",
        remedy="report it with the version of the VPC router and the revision of the RTX",
    )


def _say(said: str) -> None:
    print(f"sakura-rtx: {said}", file=sys.stderr)


def _router(args: Any) -> dict[str, Any]:
    """What the options say of the RTX, in the keys of the site file; raises `SpecError`."""
    given = {name: value for name in _ROUTER if (value := getattr(args, name)) is not None}
    missing = [n for n in ("host", "user") if n not in given and not args.rehearsal]
    if missing:
        raise SpecError(
            [Problem(f"--{name}", "nothing", "how the RTX is reached") for name in missing],
            source="adopt",
        )
    try:
        Router.model_validate(given)
    except pydantic.ValidationError as error:
        raise SpecError([problem(e, Router) for e in error.errors()], source="adopt") from None
    return given


def _adopted(
    args: Any, file: Path, name: str, project: str, before: str | None, router: dict[str, Any]
) -> Report:
    client, appliance = _cloud(args)
    running, unsaved = _office(args, router)
    ends = look.around(client, appliance, running, unsaved)
    asked = Asked(
        name=name,
        zone=client.zone,
        router=router,
        rehearsal=args.rehearsal,
        tunnel=args.tunnel,
        peer=args.peer,
        own=True if args.own else False if args.attach else None,
        sections=args.sections,
    )
    found = adopt(ends, asked)
    values, notes = found.draft.values, found.draft.notes
    whole = (
        text.stack_file(values, notes, [f"{name}: adopted from what stood at both ends."])
        if before is None
        else text.added(before, values, notes)
    )
    report = Report(
        asked=asked,
        file=file,
        site_text=whole,
        import_file=file.with_name(f"import.{name}.json"),
        plan=imports.plan(ends, asked, found, project),
        found=found,
        written=bool(args.write),
    )
    if args.write:
        _write(report)
    return report


def _cloud(args: Any) -> tuple[Any, dict[str, Any]]:
    """The API of the zone that has the router, and the router.  Raises `VpnError`."""
    zones = [args.zone] if args.zone else _ZONES
    for zone in zones:
        client = access.client_in(zone, args.rehearsal)
        appliance = look.cloud(client, args.router_id)
        if appliance is not None:
            return client, appliance
    raise ApiError(
        f"there is no VPC router {args.router_id} in {', '.join(zones)}",
        remedy="give the id that the control panel shows, and the API key of its account",
    )


def _office(args: Any, router: dict[str, Any]) -> tuple[Any, tuple[str, ...]]:
    """The RTX's configuration; an accepted host key is put into `router`.  Raises `VpnError`."""
    from ..clock import SystemClock

    _say("reading the RTX")
    while True:
        login = access.login_to(
            Router.model_validate(router).given if router else {}, args.rehearsal
        )
        try:
            return look.office(login, SystemClock(), _say)
        except HostKeyRefused as error:
            pin = error.pin.rpartition(".")[2]
            if error.fingerprint not in args.accept or pin in router:
                raise
            router[pin] = error.shown


def _write(report: Report) -> None:
    plan = json.dumps(report.plan, indent=2)
    writing.replace(report.import_file, f"{plan}\n")
    # Last: with a site file that stands, this could not be run again.
    writing.replace(report.file, report.site_text)


# --- what is said ---------------------------------------------------------------------------------


def _json(report: Report) -> dict[str, Any]:
    found = report.found
    return {
        "site_file": str(report.file),
        "import_file": str(report.import_file),
        "written": report.written,
        "site": found.draft.values,
        "own": found.own,
        "shared": list(found.shared),
        "imports": report.plan,
        "differences": {
            "office": list(found.differences.office),
            "cloud": list(found.differences.cloud),
            "key": found.differences.key,
        },
        "to_decide": found.draft.doubts,
        "left": found.draft.left,
        "unsaved": list(found.unsaved),
        "key_shown_by": list(found.key),
        "findings": [finding.as_json() for finding in found.findings],
        "next": report.next,
    }


def _said(report: Report) -> Iterator[str]:
    found, differs = report.found, report.found.differences
    written = "" if report.written else "  (not written: --write does)"
    yield f"# --- {report.file}{written}"
    yield report.site_text.rstrip()
    yield f"# --- {report.import_file}{written}"
    for each in report.plan["resources"]:
        yield f"#   {each['name']}: {each['id']}"
    yield ""
    yield from _whose(found)
    yield from _listed("left as they are, not the site's", found.draft.left)
    yield from _listed("to be decided by you", found.draft.doubts)
    yield from _listed("the first `up` would change at the RTX", differs.office)
    yield from _listed("the first `up` would change at the VPC router", differs.cloud)
    yield from _listed("the pre-shared key", [each for each in (differs.key, _seen(found)) if each])
    yield from _listed("not saved: a restart of the RTX would do", found.unsaved)
    for finding in found.findings:
        yield f"{finding.severity} {finding.code}: {finding.where}"
        yield f"  why: {finding.why}"
        yield f"  do:  {finding.remedy}"
    empty = "will be empty" if found.clean else "will show what is listed above"
    yield f"nothing was changed at either end; the first preview {empty}.  Next:"
    if not found.key:
        yield "  neither end shows the pre-shared key: export SAKURA_RTX_PSK=... first"
    yield from (f"  {command}" for command in report.next)
    if differs:
        name = report.asked.name
        yield (
            f"then, in a quiet hour: `make up SITE={name}` changes what is listed above and proves "
            f"traffic; `sakura-rtx prove-recovery --site {name}` shows that it comes back by itself"
        )


def _seen(found: Adoption) -> str:
    """Which end's key could not be compared."""
    if len(found.key) != 1 or found.differences.key:
        return ""
    end, other = ("VPC router", "RTX") if found.key == ("cloud",) else ("RTX", "VPC router")
    return f"only the {end} shows it: whether the {other} has the same, nothing but traffic tells"


def _whose(found: Adoption) -> Iterator[str]:
    if found.own:
        yield "the VPC router becomes this stack's own: `make down` would delete it"
    else:
        yield "the VPC router stays its owner's; this stack owns its peer and the RTX's lines"
    yield from _listed("it serves more than this pair", found.shared)


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)
