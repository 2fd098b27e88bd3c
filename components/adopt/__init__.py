"""A pair that was made by hand becomes a site: from both ends as they were read to its site file.

Pure.  Each end knows itself: the office's prefix and identity are the RTX's, the cloud's prefix,
the office address that is called and what all peers share are the VPC router's.  Where the ends
differ that is said (`Adoption.differences`), and it is what the first `up` would change.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ..cloud.objects import router_state
from ..cloud.router import key_of, peer_of
from ..errors import Problem, SpecError
from ..judge import judge_site
from ..office import syntax
from ..office.audit import Finding, audit, far_end
from ..office.audit.far import Entry, FarEnd
from ..office.audit.link import Link
from ..office.audit.view import RouterView
from ..office.codes import ACCEPTABLE
from ..site import Site
from . import cloud, differences, line, office, pairing
from .differences import Differences
from .draft import Draft
from .ends import Asked, LivePair

__all__ = ["Adoption", "Asked", "Differences", "LivePair", "adopt"]

_AS_IT_STOOD = "as it stood when the pair was adopted"


@dataclass(frozen=True)
class Adoption:
    """What became of the pair.

    `draft` holds what the site file says, `site` the same validated; `own` whether the VPC router
    becomes the stack's own, `shared` why it better does not.  `key` says which ends show the
    pre-shared key ("cloud", "office").  `unsaved` are the RTX's lines that a restart would lose.
    """

    draft: Draft
    site: Site
    own: bool
    shared: tuple[str, ...]
    differences: Differences
    findings: tuple[Finding, ...]
    key: tuple[str, ...]
    unsaved: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether the first preview will be empty."""
        return not self.differences and not self.draft.doubts


def adopt(ends: LivePair, asked: Asked) -> Adoption:
    """The site of this pair.

    Raises `SpecError` if it cannot be told which tunnel or entry is meant, or no site file can
    describe the pair.
    """
    vip, far = cloud.vip_of(ends), _far_end(ends)
    link = pairing.tunnel_of(RouterView(ends.running), vip, asked.tunnel)
    entry = pairing.entry_of(link, far, asked.peer)
    prefix = _one(link.remote_id, entry.cloud_prefixes, theirs_first=True)
    shared = cloud.shared_by(ends, entry.peer, prefix)
    own = not shared if asked.own is None else asked.own
    draft = Draft()
    if (power := router_state(ends.appliance).power) != "up":
        draft.doubts.append(f"the VPC router is not running ({power}): start it before `up`")
    draft.doubts.extend(pairing.beside(link, vip))
    draft.put("rehearsal", asked.rehearsal or None)
    if own:
        cloud.own(draft, ends, asked, prefix)
    else:
        cloud.attached(draft, ends, asked, prefix, entry.peer)
    _office(draft, asked, link, entry, vip)
    values = peer_of(ends.appliance.get("Settings"), entry.peer) or {}
    cloud.ipsec(draft, values, office.terms(link))
    _later(draft, link)
    _with_extra_lines(draft, ends, vip)
    site = _accepting(draft, vip)
    settings, psk = ends.appliance.get("Settings"), link.gateway.psk
    return Adoption(
        draft=draft,
        site=site,
        own=own,
        shared=shared,
        differences=differences.between(ends.running, settings, site, vip, link),
        findings=audit(ends.running, far=far, tunnel=link.tunnel.number),
        key=tuple(
            end
            for end, shown in (
                ("cloud", key_of(settings, entry.peer)),
                ("office", psk and psk.form == "text"),
            )
            if shown
        ),
        unsaved=tuple(map(syntax.masked, ends.unsaved)),
    )


def _one(
    own: IPv4Network | None, theirs: tuple[IPv4Network, ...], *, theirs_first: bool
) -> IPv4Network:
    """The prefix that both ends name, else that of the end that it belongs to."""
    if own in theirs or not theirs:
        chosen = own
    else:
        chosen = theirs[0] if theirs_first or own is None else own
    if chosen is None:
        problem = Problem(
            "prefixes", "none at either end", "one of the office and one of the cloud"
        )
        raise SpecError([problem], source="adopt")
    return chosen


def _office(draft: Draft, asked: Asked, link: Link, entry: Entry, vip: IPv4Address) -> None:
    office.router(draft, link, dict(asked.router))
    prefix = _one(link.local_id, entry.office_prefixes, theirs_first=False)
    way = line.line_of(link, entry.peer)
    identity = line.identity(draft, link, way, entry.remote_id)
    lan = office.lan(draft, link, prefix, identity)
    line.put(draft, link, way)
    office.peer_gateway(draft, link, vip)
    draft.put("office.local_address", str(identity), unless=str(lan))
    office.numbers(draft, link)
    office.mtu(draft, link)
    office.lifetime(draft, link)
    office.nat_static(draft, link, way.interface, identity)
    office.filters(draft, link, way.interface, vip, identity)


def _later(draft: Draft, link: Link) -> None:
    """What can only be told once the rest is known."""
    site = _site(draft)
    end, agreement = site.office_end, site.agreement
    target = office.watchdog(draft, link, end.lan_address, agreement.cloud_prefix, agreement.dpd)
    if target is not None:
        draft.put("verify.target", str(target), unless=str(site.target))


def _with_extra_lines(draft: Draft, ends: LivePair, vip: IPv4Address) -> None:
    lines = differences.extra_lines(ends.running, _site(draft), vip, draft)
    draft.put("office.extra_lines", lines, unless="")


def _accepting(draft: Draft, vip: IPv4Address) -> Site:
    """The site; what would stop its every preview stands already, so it is accepted by name."""
    for found in judge_site(_site(draft), address=vip):
        if found.severity == "error" and found.code in ACCEPTABLE:
            draft.put(f"accept.{found.code}", _AS_IT_STOOD, note=f"known to fail: {found.remedy}")
    return _site(draft)


def _site(draft: Draft) -> Site:
    values: dict[str, Any] = draft.values
    try:
        return Site.parse(values, source="the pair as it stands")
    except SpecError as error:
        error.state = "nothing was written, and nothing was changed at either end"
        error.remedy = "change at the ends what no site file can say, then adopt again"
        raise


def _far_end(ends: LivePair) -> FarEnd:
    try:
        return far_end({"Appliance": ends.appliance})
    except SpecError:
        found = f"VPC router {ends.appliance.get('ID')}, without site-to-site VPN"
        problem = Problem("--router-id", found, "one that has a peer for this office")
        raise SpecError([problem], source="adopt") from None
