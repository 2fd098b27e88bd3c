"""The import plan: what `pulumi import --file` takes over, with the ids as both ends have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ..cloud.objects import router_state
from . import Adoption, cloud
from .ends import Asked, LivePair

_TYPES: Final = "sakurartx:index:"
_COMPONENT: Final = f"{_TYPES}SiteToSiteVpn"


@dataclass(frozen=True)
class Urns:
    """The component and its provider in the stack: parents of everything that is imported."""

    site: str
    access: str


def urns(project: str, stack: str) -> Urns:
    """Their URNs; the component is named like the stack, as in this project's program."""
    head = f"urn:pulumi:{stack}::{project}::{_COMPONENT}"
    return Urns(f"{head}::{stack}", f"{head}$pulumi:providers:sakurartx::{stack}-access")


def plan(ends: LivePair, asked: Asked, found: Adoption, project: str) -> dict[str, Any]:
    """The text of an import file as data.  No key stands in it."""
    stack, known = asked.name, urns(project, asked.name)
    return {
        "nameTable": {"site": known.site, "access": known.access},
        "resources": [
            {
                "type": _TYPES + kind,
                "name": f"{stack}-{name}",
                "id": f"{'rehearsal/' * asked.rehearsal}{asked.zone}/{id}",
                "parent": "site",
                "provider": "access",
            }
            for kind, name, id in _resources(ends, found)
        ],
    }


def _resources(ends: LivePair, found: Adoption) -> list[tuple[str, str, str]]:
    """Type, the end of the name, and the id without its zone."""
    site = found.site
    router = router_state(ends.appliance)
    both = f"{router.id}/{site.agreement.office_address}/{site.office.tunnel}"
    own: list[tuple[str, str, str]] = []
    if found.own:
        lan = cloud.nic_of(ends, site.cloud.lan)
        assert lan is not None
        internet = ends.internet
        own += [("Internet", "internet", internet.id)] if internet else []
        own += [("Switch", "lan", lan.switch_id)]
    kind = "VpcRouter" if found.own else "AttachedRouter"
    return [
        ("PreSharedKey", "psk", both),
        *own,
        (kind, "router", router.id),
        ("Tunnel", "tunnel", both),
    ]
