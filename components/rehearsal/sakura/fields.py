"""What one field of a body may hold: a check raises `Refused`, with the place and not the value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any, Final, NamedTuple

from .errors import Refused
from .store import Json

Check = Callable[[Any, str], object]

_PORTS: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_NIC: Final = re.compile(r"eth[1-7]")
_MAC: Final = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
HIGHEST_PORT: Final = 65535


class Field(NamedTuple):
    """A field's check; one that is not `needed` may also be left out, null or empty."""

    check: Check
    needed: bool = True


def check_fields(holder: Json, fields: Mapping[str, Field], where: str) -> None:
    """Check the fields of one object; others are stored as sent."""
    for name, field in fields.items():
        value, place = holder.get(name), f"{where}.{name}"
        if value in (None, "", []):
            if field.needed:
                raise Refused("missing_param", place)
        else:
            field.check(value, place)


def address(text: Any, where: str) -> IPv4Address:
    """An IPv4 address."""
    try:
        return IPv4Address(text if isinstance(text, str) else "")
    except ValueError:
        raise Refused("invalid_format", where) from None


def prefix(text: Any, where: str) -> IPv4Network:
    """A prefix in CIDR notation, without bits of a host."""
    if not isinstance(text, str) or "/" not in text:
        raise Refused("invalid_format", where)
    try:
        network = IPv4Network(text)
    except ValueError:
        raise Refused("invalid_format", where) from None
    if not text.endswith(f"/{network.prefixlen}"):
        raise Refused("invalid_format", where)
    return network


def address_or_prefix(text: Any, where: str) -> None:
    """An IPv4 address or a prefix."""
    (prefix if "/" in str(text) else address)(text, where)


def host_in_prefix(text: Any, where: str) -> None:
    """An address with the length of its prefix: `a.b.c.d/nn`."""
    try:
        IPv4Interface(text if isinstance(text, str) and "/" in text else "")
    except ValueError:
        raise Refused("invalid_format", where) from None


def addresses(value: Any, where: str) -> None:
    """A list of IPv4 addresses."""
    if not isinstance(value, list):
        raise Refused("invalid_format", where)
    for each in value:
        address(each, where)


def port(text: Any, where: str) -> None:
    """One port, a number as text."""
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()):
        raise Refused("invalid_format", where)
    if not 1 <= int(text) <= HIGHEST_PORT:
        raise Refused("invalid_range", where)


def ports(text: Any, where: str) -> None:
    """One port or a range `1024-2048`, as text."""
    match = _PORTS.fullmatch(text) if isinstance(text, str) and text.isascii() else None
    if match is None:
        raise Refused("invalid_format", where)
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last <= HIGHEST_PORT:
        raise Refused("invalid_range", where)


def nic(text: Any, where: str) -> None:
    """A private interface: `eth1` to `eth7`."""
    if not isinstance(text, str) or not _NIC.fullmatch(text):
        raise Refused("invalid_format", where)


def mac(text: Any, where: str) -> None:
    """A MAC address in lower case."""
    if not isinstance(text, str) or not _MAC.fullmatch(text):
        raise Refused("invalid_format", where)


def one_of(*words: str) -> Check:
    """One of these words."""

    def check(text: Any, where: str) -> None:
        if text not in words:
            raise Refused("invalid_format", where)

    return check


def number(lowest: int, highest: int) -> Check:
    """A JSON number in a range."""

    def check(value: Any, where: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refused("invalid_format", where)
        if not lowest <= value <= highest:
            raise Refused("invalid_range", where)

    return check


def text(longest: int) -> Check:
    """A text of at most so many characters."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, str):
            raise Refused("invalid_format", where)
        if len(value) > longest:
            raise Refused("invalid_range", where)

    return check
