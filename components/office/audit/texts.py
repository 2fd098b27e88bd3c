"""Addresses and prefixes as they are written."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Final

from ..wan import not_global

EVERYTHING: Final = IPv4Network("0.0.0.0/0")
PRIVATE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


def network(text: str) -> IPv4Network | None:
    """A prefix or an address as a prefix; None for anything else."""
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        return None


def address(text: str) -> IPv4Address | None:
    """An IPv4 address; None for anything else."""
    try:
        return IPv4Address(text)
    except ValueError:
        return None


def interface(text: str) -> IPv4Interface | None:
    """An address with the length of its prefix; None for anything else."""
    try:
        return IPv4Interface(text)
    except ValueError:
        return None


def is_private(where: IPv4Address | IPv4Network) -> bool:
    """Whether it is of the private ranges (RFC 1918), all of it."""
    inside = IPv4Network(where)
    return any(inside.subnet_of(each) for each in PRIVATE)


def is_public(where: IPv4Address) -> bool:
    """Whether the internet can call it."""
    return not_global(where) is None
