"""`sakura-rtx doctor --site S`: what is broken between the two live ends, and what mends it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import VpnError
from .lines import add_site, file_of, site_in, text_of

if TYPE_CHECKING:
    from ..doctor import Layer, Reach, Seen
    from ..site import Site

WELL, UNREADABLE, SITE_FILE, BROKEN = 0, 1, 2, 3
_MARKS: Final = {"ok": "ok", "broken": "BROKEN", "not looked at": "?"}


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    text = "read both live ends: what is broken first, and the command or click that mends it"
    parser = subparsers.add_parser(
        "doctor",
        help=text,
        description=f"{text}.  Changes nothing at either end.  A VPC router of somebody else "
        "(cloud.elsewhere) is not looked at; what its owner has to compare is told, and what the "
        "office end is compared with is what was agreed on.  Exit codes: 0 all is well, "
        "3 something is broken, 1 an end cannot be read (what is known is shown), 2 bad usage or "
        "a site file that is missing or wrong.",
    )
    add_site(parser)
    parser.add_argument(
        "--router-id", metavar="ID", default="", help="the VPC router, if it is not the stack's own"
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    parser.set_defaults(run=run)


def run(args: Any) -> int:
    """Read, judge, say."""
    from ..clock import SystemClock
    from ..doctor import diagnose, look
    from ..office.render import render

    file = file_of(args.site)
    try:
        site = site_in(text_of(file), file)
        render(site.agreement, site.office_end)
        name, reach = _reach(site, file, args.router_id)
    except VpnError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return SITE_FILE
    seen = look(name, site, reach, clock=SystemClock(), say=_say)
    layers = diagnose(seen)
    print(_json(name, layers) if args.json else "\n".join(_text(name, layers)))
    return exit_code(seen, layers)


def exit_code(seen: Seen, layers: Sequence[Layer]) -> int:
    """An end that cannot be read is worse than anything that is broken: not all is known."""
    if any(isinstance(end, VpnError) for end in (seen.office, seen.cloud)):
        return UNREADABLE
    return BROKEN if any(layer.state == "broken" for layer in layers) else WELL


def _say(text: str) -> None:
    print(f"sakura-rtx: {text}", file=sys.stderr)


def _reach(site: Site, file: Path, router_id: str) -> tuple[str, Reach]:
    """The site's name, and how to reach its ends; the router's tag is that of the stack's own."""
    from ..cloud.objects import owner_tag
    from ..doctor import Reach
    from . import access

    stack = file.name.removeprefix("Pulumi.").removesuffix(".yaml")
    if site.cloud.elsewhere:
        if router_id:
            access.refuse_elsewhere(site)
        return stack, Reach(login=lambda: access.office_login(site), client=None)
    attach = site.cloud.attach
    router_id = router_id or (attach.router_id if attach else "")
    tag = ""
    if not router_id:
        stack = access.stack_of(file)
        tag = owner_tag(access.project_of(file), stack, f"{stack}-router")
    return stack, Reach(
        login=lambda: access.office_login(site),
        client=lambda: access.api_client(site),
        tag=tag,
        router_id=router_id,
        peer=str(site.agreement.office_address),
    )


def _json(name: str, layers: Sequence[Layer]) -> str:
    from ..doctor import first_broken

    first = first_broken(layers)
    data = {
        "site": name,
        "first_broken": first.name if first else None,
        "layers": [layer.as_json() for layer in layers],
    }
    return json.dumps(data, ensure_ascii=False, indent=2)


def _text(name: str, layers: Sequence[Layer]) -> Iterator[str]:
    from ..doctor import first_broken

    first = first_broken(layers)
    if first is None:
        unseen = [layer.title for layer in layers if layer.state != "ok"]
        yield f"{name}: nothing is broken" + (
            f"; not looked at: {', '.join(unseen)}" * bool(unseen)
        )
    else:
        yield f"{name}: broken first: {first.title}"
        yield f"  what: {first.cause}"
        yield f"  do:   {first.cure}"
    yield ""
    for layer in layers:
        yield f"{_MARKS[layer.state]:6}  {layer.title}" + (f": {layer.cause}" * bool(layer.cause))
        if layer.cure and layer is not first:
            yield f"          do: {layer.cure}"
        yield from (f"          {line}" for line in layer.evidence)
