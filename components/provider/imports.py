"""Ids as `pulumi import` is given them: where an object is, because its own id does not say it.

How the RTX is reached cannot be part of an id: the environment says it, else the site file of the
stack that imports.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import Problem, SpecError
from .values import Props

if TYPE_CHECKING:
    from ..site import Site
    from .handler import Context

REHEARSAL = "rehearsal"
_ROUTER: Final = {
    "host": "SAKURA_RTX_HOST",
    "user": "SAKURA_RTX_USER",
    "hostKey": "SAKURA_RTX_HOST_KEY",
}


def place_of(text: str, what: str, shape: str = "ZONE/ID") -> tuple[list[str], Props]:
    """The parts of an id of this shape after its zone, and the inputs that say where it is.

    `rehearsal/` in front is the rehearsal of this machine.  Raises `SpecError`.
    """
    parts, where = text.split("/"), Props()
    if parts[0] == REHEARSAL:
        parts, where = parts[1:], {"rehearsal": True}
    if len(parts) != shape.count("/") + 1 or not all(parts) or not parts[1].isdecimal():
        problem = Problem("id", text, f"{shape}, with ZONE such as is1b and ID as the API's")
        raise SpecError([problem], source=f"import of a {what}")
    return parts[1:], {"zone": parts[0], **where}


def router_of(where: Props, ctx: Context) -> Props:
    """The RTX and the way to it, as in `office.router`; nothing in a rehearsal.

    Raises `SpecError` if neither the environment nor the site file says it.
    """
    if where.get("rehearsal"):
        return {}
    given = {key: value for key, name in _ROUTER.items() if (value := os.environ.get(name))}
    site = site_of_stack(ctx) if "host" not in given else None
    if site and site.office.router.host:
        return dict(site.office.router.given)
    missing = [name for key, name in _ROUTER.items() if key not in given]
    if missing:
        where_else = "where the RTX is; left out, the stack's site file says it"
        raise SpecError([Problem(n, "nothing", where_else) for n in missing], source="environment")
    return given


def site_of_stack(ctx: Context) -> Site | None:
    """The site in the stack's own file: the engine runs us in the project's folder.

    None, if there is no such file, or a program of another kind reads it.
    """
    import yaml

    from ..site import site_of

    project = next(
        (each for each in (Path.cwd(), *Path.cwd().parents) if (each / "Pulumi.yaml").is_file()),
        None,
    )
    if project is None:
        return None
    try:
        settings = yaml.safe_load((project / "Pulumi.yaml").read_text("utf-8"))
        folder = project / str(settings.get("stackConfigDir") or ".")
        text = (folder / f"Pulumi.{ctx.stack}.yaml").read_text("utf-8")
        return site_of(yaml.safe_load(text)["config"], ctx.project)
    except (OSError, AttributeError, KeyError, TypeError, ValueError, yaml.YAMLError, SpecError):
        return None
