"""What the sections of the site file have in common."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from typing import Any, Final

import pydantic

Prefix = IPv4Network
Address = IPv4Address


MEANT: Final[dict[str, str]] = {}
"""What the patterns of the site file mean, for the user."""


def written_as(pattern: str, meaning: str, **field: Any) -> Any:
    """A field whose text has to match `pattern`; a user who errs is told what it means."""
    MEANT[pattern] = meaning
    return pydantic.Field(pattern=pattern, **field)


class Part(pydantic.BaseModel):
    """A section of the site file: no unknown keys, immutable once read."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


def hosts(prefix: Prefix, count: int) -> list[Address]:
    """The first `count` addresses of hosts in `prefix`."""
    return list(islice(prefix.hosts(), count))


def is_host(address: Address, prefix: Prefix) -> bool:
    """Whether a host in `prefix` may have this address."""
    if prefix.prefixlen >= 31:
        return address in prefix
    return address in prefix and address not in (prefix.network_address, prefix.broadcast_address)
