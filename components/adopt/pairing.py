"""Which tunnel of the RTX and which entry of the VPC router belong together.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from typing import Final

from ..errors import Problem, SpecError
from ..office.audit.far import Entry, FarEnd
from ..office.audit.link import Link
from ..office.audit.ours import links
from ..office.audit.view import RouterView

_SOURCE: Final = "adopt"


def tunnel_of(router: RouterView, vip: IPv4Address, number: int | None) -> Link:
    """The tunnel with this number, else the only one that calls the VPC router.

    Raises `SpecError` if there is none, or several call it.
    """
    there = list(links(router))
    found = [
        link
        for link in there
        if (link.tunnel.number == number if number is not None else link.remote == vip)
    ]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{link.tunnel.number} (calls {link.remote})" for link in there)
    allowed = f"one of the RTX's IPsec tunnels: {known or 'it has none'}"
    if number is not None:
        what = str(number)
    elif found:
        what = f"several that call {vip}"
    else:
        what = f"none that calls the VPC router's address {vip}"
    raise SpecError([Problem("--tunnel", what, allowed)], source=_SOURCE)


def beside(chosen: Link, vip: IPv4Address) -> Iterator[str]:
    """What is to be said of other tunnels of the RTX that call the same VPC router.

    They share its one entry for this office, and a site has one prefix on each side: what the entry
    says for them would go.
    """
    for link in links(chosen.router):
        if link.tunnel.number != chosen.tunnel.number and link.remote == vip:
            yield (
                f"tunnel {link.tunnel.number} ({link.local_id} to {link.remote_id}) calls this VPC "
                "router too: the site would leave its lines alone, but keep one prefix on each "
                f"side in the peer, so that it carries nothing after the first `up`; if it is to "
                "stay, let one supernet cover both (office.lan, cloud.lan) before you adopt"
            )


def entry_of(link: Link, far: FarEnd, peer: str | None) -> Entry:
    """The entry of the VPC router that means this office: by address, identity, key and prefix.

    Raises `SpecError` if there is none, or it cannot be told which.
    """
    there = ", ".join(entry.peer for entry in far.entries) or "it has none"
    allowed = f"one of the VPC router's site-to-site peers: {there}"
    if peer is not None:
        found = [entry for entry in far.entries if entry.peer == peer]
    else:
        found = _best(link, far.entries)
    if len(found) == 1:
        return found[0]
    what = peer or ("several that may mean this office" if found else "none for this office")
    raise SpecError([Problem("--peer", what, allowed)], source=_SOURCE)


def _best(link: Link, entries: Iterable[Entry]) -> list[Entry]:
    """The entries that have most in common with the tunnel; of a single one that may be nothing."""
    own = {str(a.ip) for _, a in link.router.outer}
    psk = link.gateway.psk

    def alike(entry: Entry) -> int:
        return sum(
            (
                4 * (entry.peer in own),
                2 * (entry.remote_id == str(link.local)),
                2 * (link.local_id in entry.office_prefixes),
                1 * (psk is not None and entry.key is not None and psk.value == entry.key),
            )
        )

    all_ = list(entries)
    if len(all_) == 1:
        return all_
    most = max(map(alike, all_), default=0)
    return [entry for entry in all_ if alike(entry) == most > 0]
