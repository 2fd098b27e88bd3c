"""`sakura-rtx lines --site S`: the office end's lines, for people who type themselves."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

import yaml

from ..errors import Problem, SpecError, VpnError
from ..office import shared_list
from ..office.config import parse, scope_of
from ..office.plan import plan
from ..office.render import ADDRESS_PLACEHOLDER, render
from ..office.syntax import PSK_PLACEHOLDER
from ..site import Site, site_of
from ..stack_file import loaded, unreadable

STACKS: Final = Path("stacks")


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    text = "the lines of the office end, in the order in which they are to be typed"
    parser = subparsers.add_parser(
        "lines",
        help=text,
        description=f"{text}, and those that undo them; what is wrong with them goes to stderr.  "
        "Reaches no router.  "
        "Exit codes: 0 shown, 2 the site file is missing or wrong.",
    )
    add_site(parser)
    parser.add_argument(
        "--address", type=IPv4Address, metavar="VIP", help="the VPC router's address, if known"
    )
    parser.add_argument(
        "--json", action="store_true", help="as JSON: lines, commands, undo, findings"
    )
    parser.set_defaults(run=run)


def add_site(parser: Any) -> None:
    """Add `--site` to a parser."""
    parser.add_argument(
        "--site", required=True, metavar="S", help="a site's name (stacks/Pulumi.S.yaml) or a file"
    )


def file_of(name: str) -> Path:
    """The stack file of a site's name, or the file itself if a file is named."""
    return Path(name) if "/" in name or name.endswith(".yaml") else STACKS / f"Pulumi.{name}.yaml"


def text_of(file: Path) -> str:
    """What stands in a site file; raises `SpecError` if it cannot be read."""
    try:
        return file.read_bytes().decode("utf-8")
    except OSError as error:
        known = sorted(f.name.split(".")[1] for f in file.parent.glob("Pulumi.*.yaml"))
        allowed = f"one of: {', '.join(known)}" if known else "a site file"
        raise SpecError([Problem("--site", f"{file}: {error.strerror}", allowed)]) from None
    except UnicodeDecodeError:
        raise SpecError([Problem("--site", f"{file}: not UTF-8", "a YAML file in UTF-8")]) from None


def site_in(text: str, file: Path) -> Site:
    """The site in the text of a file; raises `SpecError` for what is no YAML, or no site."""
    try:
        data = loaded(text)
    except yaml.YAMLError as error:
        raise SpecError([Problem("--site", f"{file}, {unreadable(error)}", "YAML")]) from None
    if isinstance(data, dict) and {"cloud", "office"} <= data.keys():  # alone, as in `Site.load`
        return Site.parse(data, source=str(file))
    config = data.get("config") if isinstance(data, dict) else None
    return site_of(config if isinstance(config, dict) else {}, source=str(file))


def site_named(name: str) -> Site:
    """The site of a name or a file.

    Raises `SpecError` for a file that is missing, no YAML, or no site.
    """
    file = file_of(name)
    return site_in(text_of(file), file)


def run(args: Any) -> int:
    """Print the lines."""
    from ..judge import judge_site

    try:
        site = site_named(args.site)
        text = render(site.agreement, site.office_end)
    except VpnError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return 2
    vip = args.address or site.vip
    if vip:
        text = text.replace(ADDRESS_PLACEHOLDER, str(vip))
    found = judge_site(site, address=vip)
    wanted, scope = parse(text), scope_of(text)
    # A router on which nothing of ours stands, with the lists that others share with us.
    bare = replace(parse(""), statements=shared_list.foreign(wanted, scope))
    planned = plan(bare, wanted, scope)
    if args.json:
        shown = {
            "lines": text,
            "commands": planned.commands,
            "undo": planned.undo,
            "findings": [each.as_json() for each in found],
        }
        print(json.dumps(shown, ensure_ascii=False, indent=2))
        return 0
    for each in found:
        reason = site.accept.get(each.code)
        said = f"accepted: {reason}" if reason else f"remedy: {each.remedy}"
        print(f"sakura-rtx: {each.code}: {each.where}: {each.why}; {said}", file=sys.stderr)
    legend = [f"{PSK_PLACEHOLDER} is the pre-shared key (stack output `psk`)"]
    if ADDRESS_PLACEHOLDER in text:
        legend.append(f"{ADDRESS_PLACEHOLDER} is the stack output `vpc_router_address`")
    print("\n".join(f"# {line}" for line in legend))
    print("\n".join(planned.commands))
    print("\n# to undo them")
    print("\n".join(planned.undo))
    return 0
