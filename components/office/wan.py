"""How an office can be connected, and which of it can carry the tunnel.

Pure.  The VPC router calls one address from outside, speaks main mode only and offers no NAT
traversal (sakura-vpcrouter-api 2.9, rtx-cli 7): udp 500 and ESP itself have to reach the RTX under
a global address that stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final, Literal

WanKind = Literal["fixed", "pppoe", "block", "behind-nat"]


@dataclass(frozen=True)
class Kind:
    """One kind: which interfaces it can be on, and which keys of the site file it needs.

    `interfaces` is a pattern, `said` the same in words; all other kinds refuse the keys in `needs`.
    """

    interfaces: str
    said: str
    needs: tuple[str, ...] = ()


_LAN, _PP = r"lan[1-9]", r"pp [1-9]\d{0,2}"

KINDS: Final[dict[WanKind, Kind]] = {
    # A global address on the interface itself.
    "fixed": Kind(_LAN, "lan1 to lan9"),
    # PPPoE: NAT and filters stand in the block of the `pp`; the address is fixed by contract.
    "pppoe": Kind(_PP, "pp and its number, such as pp 1"),
    # Several global addresses; the office address is the one that the RTX itself has or translates.
    "block": Kind(f"{_LAN}|{_PP}", "lan1 to lan9, or pp and its number", ("prefix",)),
    # A gateway in front has the global address and hands udp 500 and ESP on to the RTX.
    "behind-nat": Kind(_LAN, "lan1 to lan9", ("inner_address", "forwards")),
}

NO_WAY: Final = {
    "map-e": "MAP-E shares one global address among many customers by port: neither udp 500 nor "
    "ESP comes in from outside; order a fixed address (PPPoE beside the IPoE line will do)",
    "ds-lite": "DS-Lite translates at the provider's end: nothing comes in from outside; order a "
    "fixed address (PPPoE beside the IPoE line will do)",
}
"""Kinds that are known and cannot work, with the reason."""

FORWARDS: Final = (
    "true, which states that the gateway in front hands udp 500 and protocol 50 (ESP) that come to "
    "`address` on to `inner_address` (as DMZ host, say): the VPC router offers no NAT traversal, "
    "so nothing less can work (that this does is unverified)"
)
"""What the user states about a gateway in front of the RTX."""

SHARED: Final = IPv4Network("100.64.0.0/10")
"""The addresses between a provider's NAT and its customers (RFC 6598)."""

_NOT_GLOBAL: Final = tuple(
    (IPv4Network(prefix), what)
    for prefix, what in (
        ("0.0.0.0/8", "no host's address"),
        ("10.0.0.0/8", "private"),
        (SHARED, "shared behind the provider's NAT"),
        ("127.0.0.0/8", "the loopback's"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for tests inside a network (RFC 2544)"),
        ("224.0.0.0/3", "no host's address"),
    )
)


def not_global(address: IPv4Address) -> str | None:
    """Why an address cannot be called from outside, or None."""
    return next((what for prefix, what in _NOT_GLOBAL if address in prefix), None)


def lines_of(interface: str) -> tuple[str, str]:
    """Where an interface's `ip` lines stand and how they begin: ("pp 1", "ip pp")."""
    if interface.startswith("pp "):
        return interface, "ip pp"
    return "", f"ip {interface}"
