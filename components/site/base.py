"""What the sections of the site file have in common."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from typing import Any, Final, get_args

import pydantic
from pydantic_core import PydanticCustomError

Prefix = IPv4Network
Address = IPv4Address


MEANT: Final[dict[str, str]] = {}
"""What the patterns of the site file mean, for the user."""


def written_as(pattern: str, meaning: str, **field: Any) -> Any:
    """A field whose text has to match `pattern`; a user who errs is told what it means."""
    MEANT[pattern] = meaning
    return pydantic.Field(pattern=pattern, **field)


class Part(pydantic.BaseModel):
    """A section of the site file: no unknown keys, immutable once read.

    YAML makes something of every slip (`yes` is true, and true is 1; 24 is the address 0.0.0.24; a
    prefix without its length is one address), so what could not be meant is refused.
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    @pydantic.field_validator("*", mode="before")
    @classmethod
    def _meant(cls, value: object, info: pydantic.ValidationInfo) -> object:
        kinds = _kinds(cls, info.field_name or "")
        return _refuse_slip(value, kinds)


@functools.cache
def _kinds(part: type[Part], name: str) -> frozenset[Any]:
    """The types in the annotation of a field, however it wraps them."""

    def inside(annotation: Any) -> Iterator[Any]:
        yield annotation
        for each in get_args(annotation):
            yield from inside(each)

    return frozenset(
        kind
        for kind in inside(part.model_fields[name].annotation)
        if kind in (bool, int, Address, Prefix)
    )


def _refuse_slip(value: Any, kinds: frozenset[Any]) -> Any:
    if isinstance(value, bool) and int in kinds and kinds.isdisjoint({bool, Address}):
        raise PydanticCustomError("int_type", "")
    each = value if isinstance(value, list) else [value]
    number = int not in kinds and any(isinstance(one, int | float) for one in each)
    if number and Address in kinds:
        raise PydanticCustomError("ip_v4_address", "")
    if Prefix in kinds and (number or (isinstance(value, str) and "/" not in value)):
        raise PydanticCustomError("ip_v4_network", "")
    return value


def nowhere(where: Address | Prefix) -> bool:
    """Whether no host can have this address, or one in this prefix: loopback, multicast, 0/8."""
    first, last = (where[0], where[-1]) if isinstance(where, Prefix) else (where, where)
    return any(first <= each[-1] and each[0] <= last for each in _NOWHERE)


_NOWHERE: Final = tuple(map(Prefix, ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3")))


def hosts(prefix: Prefix, count: int) -> list[Address]:
    """The first `count` addresses of hosts in `prefix`."""
    return list(islice(prefix.hosts(), count))


def is_host(address: Address, prefix: Prefix) -> bool:
    """Whether a host in `prefix` may have this address."""
    if prefix.prefixlen >= 31:
        return address in prefix
    return address in prefix and address not in (prefix.network_address, prefix.broadcast_address)
