"""The demo's office behind a gateway: its lines, and its site file."""

from __future__ import annotations

from typing import Final

import yaml
from tunnel_world import DEMO, World

from components.site import Site

OUTER, INNER = "203.0.113.9", "192.168.100.2"
_OFFICE: Final = (
    f"ip lan2 address {INNER}/24",
    "ip route default gateway 192.168.100.1",
    # The demo's filters and NAT are for its own address outside.
    "no ip lan2 secure filter in",
    "no ip lan2 secure filter out",
    "no ip lan2 nat descriptor",
    "save",
)


def behind_nat(world: World) -> World:
    """The world with the RTX's line behind a gateway."""
    world.type(*_OFFICE)
    return world


def site(outer: str = OUTER) -> Site:
    """Its site file."""
    data = yaml.safe_load(DEMO.read_text())["config"]["sakura-rtx-vpn:site"]
    wan = {"kind": "behind-nat", "interface": "lan2", "address": outer}
    data["office"] |= {"wan": {**wan, "inner_address": INNER, "forwards": True}}
    return Site.parse(
        data | {"office": data["office"] | {"local_address": INNER, "nat_static": []}}
    )
