"""The interfaces of a VPC router in its settings: eth0 outside, eth1 to eth7 inside.  Pure.

The place in the list is the interface's number: holes are null, never closed
(sakura-vpcrouter-api 2.4, 2.8).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

from .tree import Json, as_list, as_object, router_of
from .writable import OmittedSecrets, writable


def lan_of(settings: object, index: int) -> Json | None:
    """What the settings say about interface ethN (0 is the public side); None if it is unused."""
    interfaces = as_list(router_of(settings).get("Interfaces"))
    interface = interfaces[index] if index < len(interfaces) else None
    return copy.deepcopy(interface) if isinstance(interface, dict) else None


def with_lan(
    settings: object,
    index: int,
    *,
    vip: str,
    addresses: Sequence[str],
    prefix_length: int,
    omitted_secrets: OmittedSecrets = "refuse",
) -> Json:
    """The settings with private interface `index` (1 to 7) addressed so.

    `addresses` are those of the two nodes; the standard plan has one node and no VIP ("").
    Raises `ApiError` if a secret is missing (see `writable`).
    """
    changed = writable(settings, omitted_secrets=omitted_secrets)
    interface = _slot(changed["Router"], index)
    interface["IPAddress"] = list(addresses)
    if vip:
        interface["VirtualIPAddress"] = vip
    interface["NetworkMaskLen"] = prefix_length
    return changed


def without_lan(
    settings: object, index: int, *, omitted_secrets: OmittedSecrets = "refuse"
) -> Json:
    """The settings without private interface `index`; the others keep their places."""
    changed = writable(settings, omitted_secrets=omitted_secrets)
    interfaces = as_list(changed["Router"].get("Interfaces"))
    if index < len(interfaces):
        interfaces[index] = None
    while interfaces and interfaces[-1] is None:
        interfaces.pop()
    return changed


def aliases_of(settings: object) -> list[str]:
    """The further public addresses on eth0."""
    return [str(each) for each in as_list((lan_of(settings, 0) or {}).get("IPAliases"))]


def with_aliases(
    settings: object, aliases: Sequence[str], *, omitted_secrets: OmittedSecrets = "refuse"
) -> Json:
    """The settings with these further public addresses on eth0 (at most 19, none on standard).

    That the API changes them in place is unverified: one official tool does so, a newer one makes
    the router anew (sakura-vpcrouter-api 2.5).
    """
    changed = writable(settings, omitted_secrets=omitted_secrets)
    if aliases or aliases_of(changed):
        _slot(changed["Router"], 0)["IPAliases"] = list(aliases)
    return changed


def _slot(router: Json, index: int) -> Json:
    """The interface's own object, put into the list where it was missing."""
    interfaces = router["Interfaces"] = as_list(router.get("Interfaces"))
    interfaces += [None] * (index + 1 - len(interfaces))
    interfaces[index] = as_object(interfaces[index])
    slot: Json = interfaces[index]
    return slot
