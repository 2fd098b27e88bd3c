"""Taking a tunnel away: the cloud end alone where the router is dead or gone, and what stays.

The consent travels with the provider's configuration of this run: a delete is given the tunnel as
it stood, so what the site file says today does not reach it any other way.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ..clock import SystemClock
from ..errors import DeviceError, HostKeyRefused, LoginRefused, Unreachable
from ..office import shared_list
from ..office.config import Config, Scope, parse
from ..office.plan import plan
from . import access
from .handler import Context
from .values import Props, reveal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..cloud.router import OmittedSecrets

KEY: Final = "abandonOffice"
"""The name of the consent in the provider's configuration."""

WAY_OUT: Final = (
    "if the router is dead or gone for good: office.abandon: true in the site file, then make down "
    "again (plain CLI: pulumi destroy --run-program); only the cloud end is taken away then"
)
STANDING: Final = (
    "office.abandon: true: a destroy would not log in to the RTX, and our lines would stay there; "
    "take it out of the site file unless the router is dead or gone"
)
_FILTER: Final = "ip filter "


def is_abandoned(ctx: Context) -> bool:
    """Whether the office end is given up, by the provider's configuration of this run."""
    return str(reveal(ctx.config).get(KEY, "")).lower() == "true"


def remove_peer(props: Props, consent: Props, ctx: Context) -> None:
    """Take the peer of `props` away at its VPC router; gone is gone.  Raises `ApiError`."""
    from ..cloud.settings import remove_peer

    omitted: OmittedSecrets = "kept" if consent.get("omittedSecrets") == "kept" else "refuse"
    client, clock = access.client(props, ctx), SystemClock(ctx.cancelled)
    peer = props["cloud"]["peer"]
    remove_peer(client, props["routerId"], peer, clock, omitted_secrets=omitted)


def leave_office(state: Props, scope: Scope, ctx: Context) -> None:
    """Take the cloud end away alone, and print what stays at the office and what undoes it."""
    remove_peer(state, state.get("consent") or {}, ctx)
    router = state.get("router") or {}
    where = router.get("host") or router.get("model") or "the RTX"
    ctx.warning(
        f"the office end ({where}) was given up: nothing was asked of it.  If it ever runs again, "
        f"these lines stand there:\n{_lines(state['lines'])}\n{undone(state['lines'], scope)}"
    )


def _lines(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def undone(text: str, scope: Scope) -> str:
    """In words: what to type to take the lines away.

    A list that others share is theirs to change: what stands there today nobody has seen.
    """
    standing = parse(text)
    lists = [s for s in standing.statements if shared_list.is_list(s.key)]
    kept = tuple(
        s
        for s in standing.statements
        if not lists or not (s in lists or s.text.startswith(_FILTER))
    )
    ours = Config("", "", kept, standing.contexts)
    typed = "\n".join(f"  {line}" for line in plan(ours, parse(""), scope).commands)
    found = f"To take them away, type there, then `save`:\n{typed}"
    if not lists:
        return found
    numbers = " ".join(sorted(shared_list.our_filters(scope.keys), key=int))
    names = ", ".join(f"`{s.key.words}`" for s in lists)
    return f"{found}\nand take the filters {numbers} out of {names} by hand"


@contextmanager
def naming_the_way_out() -> Iterator[None]:
    """Add the way out to an error that says that nobody gets into the router."""
    try:
        yield
    except (Unreachable, HostKeyRefused, LoginRefused) as err:
        _add(err)
        raise


def _add(err: DeviceError) -> None:
    err.remedy = "; ".join(filter(None, (err.remedy, WAY_OUT)))
