"""What a peer must not do to the other sites of a VPC router: take an entry over, or share a
prefix.  Pure.

An entry is known by the address of its office alone, so a site file that was copied from another
site's, its address unchanged, would write over that site's peer and its key.

Source: sakura-vpcrouter-api 2.9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Network
from typing import Any, Final

from ..errors import ApiError
from .router import peer_of
from .tree import as_list, entries, router_of, same_address

_UNTOUCHED: Final = "nothing was changed at either end"
_PREFIXES: Final = ("routes", "localPrefixes")


def refuse_clash(settings: object, values: Mapping[str, Any], *, first: bool) -> None:
    """Raise `ApiError` if the peer in `values` would take another site's place on the router.

    `first`: this stack has no peer there yet.  One with our address and other prefixes
    is then somebody else's; the same ones are what a killed run of ours has left.
    A prefix that another peer has as well is no news where our entry shares it already.
    """
    stands = peer_of(settings, str(values["peer"]))
    if first and stands:
        _refuse_other_entry(stands, values)
    shared, rival = clash(settings, values, known=stands)
    if shared:
        raise ApiError(
            f"the VPC router sends {shared} to its peer {rival} already",
            attempted=f"write the site-to-site peer {values['peer']}",
            state=_UNTOUCHED,
            remedy="give each office of a router a prefix of its own (office.lan); if that "
            "peer is an old one of this office, remove it in the control panel",
        )


def clash(
    settings: object, values: Mapping[str, Any], *, known: Mapping[str, Any] | None = None
) -> tuple[str, str]:
    """A prefix of the peer in `values` that another peer has too, and that peer; "" if none.

    What the peer in `known` shares already does not count.
    """
    for entry in entries(router_of(settings).get("SiteToSiteIPsecVPN")):
        if same_address(entry.get("Peer"), values["peer"]):
            continue
        theirs = as_list(entry.get("Routes")), as_list(entry.get("LocalPrefix"))
        shared = _shared(values, *theirs)
        if shared and not (known and _shared(known, *theirs)):
            return shared, str(entry.get("Peer"))
    return "", ""


def _refuse_other_entry(stands: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    differing = [
        f"{name} {_text(stands[name])}, here {_text(values[name])}"
        for name in _PREFIXES
        if _text(stands[name]) != _text(values[name])
    ]
    if differing:
        raise ApiError(
            f"the VPC router already has a peer {values['peer']} with other prefixes: "
            + "; ".join(differing),
            attempted=f"write the site-to-site peer {values['peer']}",
            state=_UNTOUCHED,
            remedy="correct office.wan.address, if that peer is another site's; adopt it, if it is "
            "this one's (sakura-rtx adopt); else remove it in the control panel",
        )


def _text(value: object) -> str:
    return " ".join(sorted(map(str, value))) if isinstance(value, list | tuple) else str(value)


def _shared(values: Mapping[str, Any], routes: Sequence[Any], local: Sequence[Any]) -> str:
    """The office prefix of `values` that overlaps, if the cloud prefixes overlap too."""
    return _overlap(values["localPrefixes"], local) and _overlap(values["routes"], routes)


def _overlap(ours: Sequence[Any], theirs: Sequence[Any]) -> str:
    for one in ours:
        for other in theirs:
            with suppress(ValueError):  # what is no prefix is somebody else's affair
                if IPv4Network(one).overlaps(IPv4Network(other)):
                    return str(one)
    return ""
