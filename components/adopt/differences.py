"""What the first `up` would change of a pair that was adopted.  Pure.

The office end is judged as a preview judges it: the live lines in the words of the site's own text.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from ..cloud.router import key_of, peer_of, vpn_values
from ..office import syntax
from ..office.audit.link import Link
from ..office.config import Config, Scope, Statement, parse
from ..office.plan import align
from ..office.render import ADDRESS_PLACEHOLDER, render
from ..office.syntax import Key
from ..site import Site
from .draft import Draft


@dataclass(frozen=True)
class Differences:
    """`office` are lines of the RTX, each with `- ` or `+ ` in front; `cloud` values of the peer
    entry and `key` what is to be said of the pre-shared key, in words without it."""

    office: tuple[str, ...]
    cloud: tuple[str, ...]
    key: str = ""

    def __bool__(self) -> bool:
        return bool(self.office or self.cloud or self.key)


def between(
    running: Config, settings: object, site: Site, vip: IPv4Address, link: Link
) -> Differences:
    """What is not as the site says, at both ends."""
    peer = str(site.agreement.office_address)
    return Differences(
        office=tuple(_lines(running, _text(site, vip), _scope(site, _text(site, vip)))),
        cloud=tuple(_values(peer_of(settings, peer) or {}, vpn_values(site.agreement))),
        key=_key(link, key_of(settings, peer)),
    )


def extra_lines(running: Config, site: Site, vip: IPv4Address, draft: Draft) -> str:
    """The lines in the tunnel's block that nothing else in the site file decides."""
    text = _text(site, vip)
    scope = _scope(site, "")
    rendered = {s.key: s for s in parse(text).statements}
    kept = [s for s in _own(running, scope, draft) if _is_extra(s, rendered, running)]
    context = f"tunnel {site.office.tunnel}"
    for line in ("ip tunnel mtu", "ip tunnel tcp mss limit"):
        kept += _unsaid(line, context, rendered, running)
    return "".join(f"{s.text}\n" for s in kept)


def _text(site: Site, vip: IPv4Address) -> str:
    return render(site.agreement, site.office_end).replace(ADDRESS_PLACEHOLDER, str(vip))


def _scope(site: Site, text: str) -> Scope:
    end = site.office_end
    keys = frozenset(s.key for s in parse(text).statements)
    return Scope(end.tunnel, end.policy, end.gateway, keys)


# --- extra lines ----------------------------------------------------------------------------------

_REPLACEABLE = ("ip tunnel mtu", "ip tunnel tcp mss limit")
"""The lines of ours that the user's own may stand for."""


def _own(running: Config, scope: Scope, draft: Draft) -> Iterator[Statement]:
    for statement in running.owned(scope):
        if syntax.masked(statement.text) == statement.text:
            yield statement
        elif not statement.text.startswith("ipsec ike pre-shared-key "):
            draft.doubts.append(
                f"`{syntax.masked(statement.text)}` holds a secret, which no site file may: the "
                "first `up` would take the line away"
            )


def _is_extra(one: Statement, rendered: Mapping[Key, Statement], running: Config) -> bool:
    ours = rendered.get(one.key)
    if ours is None:
        return not syntax.is_default(one.text, running.model, running.revision)
    replaceable = ours.text.startswith(_REPLACEABLE)
    return replaceable and not syntax.equal(one.text, ours.text, running.model, running.revision)


def _unsaid(
    line: str, context: str, rendered: Mapping[Key, Statement], running: Config
) -> Iterator[Statement]:
    """A value that the router has by leaving the line out, where ours would be another."""
    ours = rendered[syntax.key_of(f"{line} auto", context)]
    if any(s.key == ours.key for s in running.statements):
        return
    if syntax.is_default(ours.text, running.model, running.revision):
        return
    command = syntax.command_of(ours.text)
    value = syntax.default_of(command, running.model, running.revision) if command else None
    if value is not None:
        yield Statement(context, f"{line} {value}")


# --- what differs ---------------------------------------------------------------------------------


def _lines(running: Config, text: str, scope: Scope) -> Iterator[str]:
    live = align(running, text, scope).text
    if live == text:
        return
    before, after = (
        [line for line in each.splitlines() if line[:1] != "#"] for each in (live, text)
    )
    for line in difflib.ndiff(before, after):
        if line.startswith(("- ", "+ ")):
            yield f"{line[0]} {line[2:].strip()}"


def _values(have: Mapping[str, Any], want: Mapping[str, Any]) -> Iterator[str]:
    for name, value in want.items():
        if have.get(name) != value:
            yield f"{name}: {_shown(have.get(name))} => {_shown(value)}"


def _shown(value: Any) -> str:
    shown = ", ".join(map(str, value)) if isinstance(value, list) else value
    return str("nothing" if shown in (None, "") else shown)


def _key(link: Link, cloud: str) -> str:
    """Whether the first `up` would type another key; the one of the VPC router counts."""
    psk = link.gateway.psk
    if psk is None:
        return "the RTX has no pre-shared key for this gateway"
    if psk.form == "hex":
        return "the RTX has the key in hexadecimal: it would be typed anew as text"
    if psk.value is not None and cloud and psk.value != cloud:
        return "the two ends have different keys: that of the VPC router would be typed at the RTX"
    return ""
