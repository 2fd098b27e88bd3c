"""Importing a tunnel: both ends as they stand, found by the id that the user gives.

The id is `ZONE/ROUTER/PEER/TUNNEL`: the VPC router, the office address and the RTX's tunnel number.
Which RTX it is, `imports.router_of` says; the password comes as for any other call.  Where neither
end shows the pre-shared key, SAKURA_RTX_PSK has to say it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any, Final

from ..errors import Problem, SpecError, VpnError
from ..office import shared_list, syntax
from ..office.config import Config, Scope, Statement, parse
from ..office.plan import align
from ..office.syntax import Key
from . import access
from .handler import Context, Live
from .imports import place_of, router_of, site_of_stack
from .values import Props, Secret, Unknown, contains, reveal

if TYPE_CHECKING:
    from ..clock import Clock
    from ..site import Site

PSK_VARIABLE: Final = "SAKURA_RTX_PSK"
_SHAPE: Final = "ZONE/ID/PEER/TUNNEL"
# How the ends are reached and the proof is asked for: no import can know, and nothing stands by it.
_NOT_FOUND: Final = ("verify", "router", "attached", "unclaimed")
# Lines that carry no sign of whose they are: they are the tunnel's if the site file names them.
_UNCLAIMED: Final = re.compile(
    r"nat descriptor masquerade static |ip filter \d+ |ip \S+ secure filter (?:in|out) "
    r"|ip keepalive \d+ .*ipsec-refresh"
)
_ROUTE: Final = re.compile(r"ip route (\S+) gateway ")
IMPORTED: Final = {"at": "", "how": "imported; traffic was not asked for"}


def tunnel_id(router_id: str, peer: str) -> str:
    """The id of a tunnel."""
    return f"{router_id}/{peer}"


def found(id: str, ctx: Context, clock: Clock) -> Live | None:
    """The tunnel of this id as it stands at both ends; None if the cloud end has no such peer."""
    from ..cloud.objects import router_state
    from ..cloud.router import key_of, other_peers, peer_of
    from ..office.standing import scope_standing

    (router_id, peer, _), where = _place(id)
    appliance = _appliance(router_id, where, ctx)
    settings = appliance and appliance.get("Settings")
    cloud = peer_of(settings, peer) if settings else None
    if appliance is None or cloud is None:
        return None
    running, number = _running(id, where, ctx, clock)
    vip = router_state(appliance).vip
    scope = _with_its_routes(scope_standing(running, number), cloud["localPrefixes"])
    written = _written(site_of_stack(ctx), scope, peer, vip)
    scope = replace(scope, keys=scope.keys | {s.key for s in parse(written).statements})
    live = align(running, written, scope)
    inputs = where | {
        "routerId": router_id,
        "address": vip,
        "lines": live.text,
        "unclaimed": _unclaimed(running, scope, vip),
        "cloud": cloud,
        "pskVersion": 1,
        "numbers": {key: value for key, value in asdict(scope).items() if key != "keys"},
        "router": router_of(where, ctx),
    }
    if psk := live.key or key_of(settings, peer) or os.environ.get(PSK_VARIABLE):
        inputs["psk"] = Secret(psk)
        ctx.hidden.add(psk)
    state = {"verified": IMPORTED, "otherPeers": other_peers(settings, peer)}
    return tunnel_id(router_id, peer), inputs | state, inputs


def key_found(id: str, ctx: Context, clock: Clock) -> str | None:
    """The pre-shared key of the tunnel of this id: the VPC router's, else the RTX's, else as the
    environment says; None if the cloud end has no such peer.  Raises `VpnError` if none shows it.
    """
    from ..cloud.router import key_of, peer_of
    from ..office.standing import scope_standing

    (router_id, peer, _), where = _place(id)
    appliance = _appliance(router_id, where, ctx)
    settings = appliance and appliance.get("Settings")
    if not settings or peer_of(settings, peer) is None:
        return None
    key = key_of(settings, peer)
    if not key:
        with suppress(VpnError):  # an RTX that cannot be reached: its tunnel's import says why
            running, number = _running(id, where, ctx, clock)
            key = align(running, "", scope_standing(running, number)).key or ""
        if key.lower().startswith("0x"):  # in hexadecimal, which no site has: known, and of no use
            key = ""
    key = key or os.environ.get(PSK_VARIABLE, "")
    if not key:
        raise VpnError(
            "neither end shows the pre-shared key",
            attempted="import it",
            state="nothing was changed",
            remedy=f"set {PSK_VARIABLE} to the key that both ends have, and import again",
        )
    ctx.hidden.add(key)
    return key


def known_key(props: Props, ctx: Context) -> str:
    """The key of a tunnel as its state has it; of one that was imported without it, as the
    environment says.  Raises `VpnError` if that does not either."""
    key: str = reveal(props.get("psk")) or os.environ.get(PSK_VARIABLE, "")
    if not key:
        raise VpnError(
            "the key that stands is not known: neither end showed it when the tunnel was imported",
            attempted="prepare the way back",
            state="nothing was changed",
            remedy=f"set {PSK_VARIABLE} to the key that both ends have, and run it again",
        )
    ctx.hidden.add(key)
    return key


def _place(id: str) -> tuple[list[str], Props]:
    parts, where = place_of(id, "tunnel", _SHAPE)
    if not parts[-1].isdecimal():
        problem = Problem("id", id, f"{_SHAPE}, with TUNNEL a number of the RTX")
        raise SpecError([problem], source="import of a tunnel")
    return parts, where


def _appliance(router_id: str, where: Props, ctx: Context) -> dict[str, Any] | None:
    from ..cloud.owned import ROUTER, read

    return read(access.client(where, ctx), ROUTER, router_id)


def _running(id: str, where: Props, ctx: Context, clock: Clock) -> tuple[Config, int]:
    """The RTX's configuration and the number of the tunnel in it."""
    from ..office.session import Session

    login = access.login(router_of(where, ctx), bool(where.get("rehearsal")), ctx)
    with Session.open(login, clock=clock) as rtx:
        return rtx.configuration(), int(id.rpartition("/")[2])


def _with_its_routes(scope: Scope, prefixes: Iterable[str]) -> Scope:
    """Without the routes into the tunnel that lead to other prefixes than the peer's."""
    wanted = {IPv4Network(each, strict=False) for each in prefixes}
    keys = {
        key
        for key in scope.keys
        if not (route := _ROUTE.match(f"{key.words} gateway ")) or _network(route[1]) in wanted
    }
    return replace(scope, keys=frozenset(keys))


def _network(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        return None


def _written(site: Site | None, scope: Scope, peer: str, vip: str) -> str:
    """The lines in the words of the stack's site file, if that is about this tunnel; else none.

    So the first preview shows the lines that differ, and not another order of all.
    """
    from ..office.render import ADDRESS_PLACEHOLDER, render

    if site is None or str(site.agreement.office_address) != peer:
        return ""
    end = site.office_end
    if (end.tunnel, end.policy, end.gateway) != (scope.tunnel, scope.policy, scope.gateway):
        return ""
    with suppress(SpecError):  # what is wrong with the file, the program says
        return render(site.agreement, end).replace(ADDRESS_PLACEHOLDER, vip)
    return ""


def _unclaimed(running: Config, scope: Scope, vip: str) -> str:
    """The lines that may be the tunnel's or somebody else's, in the shape of `show config`."""
    return _text(
        statement
        for statement in running.statements
        if not scope.owns(statement)
        and (_UNCLAIMED.match(statement.text) or _leads_to(statement.text, vip))
    )


def _leads_to(text: str, vip: str) -> bool:
    route = _ROUTE.match(text)
    return bool(route) and _network(route[1] if route else "") == IPv4Network(vip)


def _text(statements: Iterable[Statement]) -> str:
    """Lines with the select line that each needs, the router's own first."""
    return "".join(f"{line}\n" for line in _lines(sorted(statements, key=lambda s: s.context)))


def _lines(statements: Iterable[Statement]) -> Iterator[str]:
    selected = ""
    for statement in statements:
        if statement.context != selected:
            selected = statement.context
            yield selected.replace(" ", " select ", 1)
        yield (" " if selected else "") + statement.text


def not_changed(old: Props, new: Props) -> set[str]:
    """The inputs of an imported tunnel that differ from the program's without meaning a change."""
    if "verify" in old or contains(new, Unknown):
        return set()
    return {*_NOT_FOUND, *(["lines"] if _same_lines(old, new) else [])}


def _same_lines(old: Props, new: Props) -> bool:
    """An import knows the lines, not their order, spelling and comments in the site's own text;
    nor whose the router's NAT entries and filters are."""
    if old["numbers"] != new["numbers"]:
        return False
    standing = parse(_claimed(old, new["lines"]))
    keys = {s.key for config in (standing, parse(new["lines"])) for s in config.statements}
    ours = align(standing, new["lines"], Scope(**new["numbers"], keys=frozenset(keys)))
    return bool(ours.text == new["lines"])


def _claimed(old: Mapping[str, Any], wanted: str) -> str:
    """The lines of an import with those beside them that the site's lines are to stand for."""
    wants = {s.key: s.text for s in parse(wanted).statements}
    more = [s for s in parse(old.get("unclaimed", "")).statements if _is_claimed(s, wants)]
    return _text(more) + str(old["lines"])


def _is_claimed(standing: Statement, wants: Mapping[Key, str]) -> bool:
    """Whether a line that stands is one of the site's: the same line, not the same number with
    somebody else's text, which no preview has shown.  A list is compared as `shared_list` does."""
    wanted = wants.get(standing.key)
    if wanted is None:
        return False
    return shared_list.is_list(standing.key) or syntax.equal(standing.text, wanted)


def claimed(old: Props, new: Props) -> Props:
    """The state before an update; of one that was imported, with what the site file claims."""
    if old.get("verified") != IMPORTED:
        return old
    return old | {"lines": _claimed(old, new["lines"])}
