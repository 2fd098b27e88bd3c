"""What a router asks for, as changes of the site file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..office.filters import Filter
from ..office.needs import Needs
from ..office.render import NatStatic
from . import Site
from .edit import Edit, Step

_TAKEN = "the number that the site has is somebody else's on this router"


def edits(site: Site, found: Needs) -> list[Edit]:
    """The changes that make the site file say what was found, in the order of the file."""
    return [
        Edit(("office", *edit.path), edit.value, edit.reason)
        for part in (_release, _identity, _numbers, _way, _nat, _filters)
        for edit in part(site, found)
    ]


def _release(site: Site, found: Needs) -> Iterator[Edit]:
    router = site.office.router
    for name, given in (("model", router.model), ("revision", router.revision)):
        value = getattr(found.site, name)
        if value != given:
            yield Edit(("router", name), value, "as the router says")


def _identity(site: Site, found: Needs) -> Iterator[Edit]:
    identity = found.agreement.office_identity
    if identity != site.office.identity:
        reason = f"no NAT on {site.office.wan.interface} leads from the office address to another"
        yield Edit(("local_address",), str(identity), reason)


def _numbers(site: Site, found: Needs) -> Iterator[Edit]:
    """What follows the tunnel's number unless given is left to follow it."""
    office, want = site.office, found.site
    if want.tunnel != office.tunnel:
        yield Edit(("tunnel",), want.tunnel, _TAKEN)
    for name, given, follows in (
        ("policy", office.policy, 100 + want.tunnel),
        ("gateway", office.gateway, want.tunnel),
        ("keepalive", office.keepalive, want.tunnel),
    ):
        value = want.watchdog and want.watchdog.id if name == "keepalive" else getattr(want, name)
        if value is not None and value != (given or follows):
            yield Edit((name,), value, _TAKEN)


def _way(site: Site, found: Needs) -> Iterator[Edit]:
    way = found.site.peer_gateway
    if way and way != site.office.wan.peer_gateway:
        reason = f"the route to the VPC router does not leave by {site.office.wan.interface}"
        yield Edit(("wan", "peer_gateway"), way, reason)


def _nat(site: Site, found: Needs) -> Iterator[Edit]:
    given = [each.id for each in site.office.nat_static]
    yield from _entries("nat_static", "id", given, found.site.nat_static, _nat_entry)


def _nat_entry(entry: NatStatic) -> dict[str, Any]:
    port = {} if entry.port is None else {"port": entry.port}
    head = {"descriptor": entry.descriptor, "id": entry.id, "protocol": entry.protocol}
    return head | port | {"reason": entry.reason}


def _filters(site: Site, found: Needs) -> Iterator[Edit]:
    given = [each.number for each in site.office.filters]
    yield from _entries("filters", "number", given, found.site.filters, _filter_entry)
    lists = dict(site.office.secure_filter.given)
    for way, listed in found.site.lists:
        if listed != lists.get(way):
            reason = "the whole list as it is to stand, our numbers in it"
            yield Edit(("secure_filter", way), listed, reason)


def _filter_entry(entry: Filter) -> dict[str, Any]:
    return {
        "number": entry.number,
        "direction": entry.direction,
        "protocol": entry.protocol,
        "reason": entry.reason,
    }


def _entries(
    name: str,
    number: str,
    given: Sequence[int],
    entries: Sequence[Any],
    written: Callable[[Any], dict[str, Any]],
) -> Iterator[Edit]:
    """Numbers of entries that changed, then the entries that are new."""
    for index, entry in enumerate(entries):
        path: tuple[Step, ...] = (name, index)
        if index >= len(given):
            yield Edit(path, written(entry), entry.reason)
        elif getattr(entry, number) != given[index]:
            yield Edit((*path, number), getattr(entry, number), _TAKEN)
