"""Property values as handlers see them: plain Python plus `Secret` and `UNKNOWN`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import struct_pb2

from ..errors import VpnError

Props = dict[str, Any]
EXACT = 2**53  # whole numbers up to here survive the journey as floats
# How the engine marks a value (sdk/go/common/resource: sig.Key, sig.Secret) and sends one that is
# not known (plugin.UnknownStringValue).  The SDK has them too, and takes long to import.
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
NOT_KNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Unknown:
    """A value that a preview cannot know.  Testing it for truth is a mistake, so it raises."""

    def __bool__(self) -> bool:
        raise TypeError("this value is not known yet: test it with `is UNKNOWN` first")

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """Marks a value as secret for the engine: encrypted in state, masked on the console."""

    value: Any = field(repr=False)


def contains(value: Any, kind: type) -> bool:
    """Whether `value` is or holds, at any depth, a `kind`: `Secret` or `Unknown`."""
    if isinstance(value, dict):
        return any(contains(v, kind) for v in value.values())
    if isinstance(value, list):
        return any(contains(v, kind) for v in value)
    return isinstance(value, kind) or (isinstance(value, Secret) and contains(value.value, kind))


def reveal(value: Any) -> Any:
    """A copy of `value` without its `Secret` marks."""
    if isinstance(value, dict):
        return {k: reveal(v) for k, v in value.items()}
    if isinstance(value, list):
        return [reveal(v) for v in value]
    return reveal(value.value) if isinstance(value, Secret) else value


def secret_texts(value: Any, inside: bool = False) -> Iterator[str]:
    """Every text inside a `Secret`; very short ones are left out, they would match anything."""
    if isinstance(value, Secret):
        yield from secret_texts(value.value, True)
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from secret_texts(item, inside)
    elif inside and isinstance(value, str) and len(value) > 3:
        yield value


def changes(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, "ADD" | "DELETE" | "UPDATE") of each difference; a missing key equals None."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            step = f".{key}" if re.fullmatch(r"[A-Za-z_$][\w$]*", key) else f'["{key}"]'
            yield from changes(old.get(key), new.get(key), (path + step).removeprefix("."))
    elif isinstance(old, list) and isinstance(new, list):
        for i in range(max(len(old), len(new))):
            a, b = (side[i] if i < len(side) else None for side in (old, new))
            yield from changes(a, b, f"{path}[{i}]")
    else:
        old, new = reveal(old), reveal(new)
        if old != new or isinstance(old, bool) != isinstance(new, bool):  # 1 == True in Python
            yield path, "ADD" if old is None else "DELETE" if new is None else "UPDATE"


def top(path: str) -> str:
    """The property that a path starts with: `a` of `a.b[0]`."""
    return re.split(r"[.\[]", path)[0]


def encode(value: Any) -> Any:
    """What `struct_pb2.Struct.update` takes."""
    if isinstance(value, dict):
        return {k: encode(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [encode(v) for v in value]
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET, "value": encode(value.value)}
    if isinstance(value, int) and abs(value) > EXACT:
        raise ValueError("an integer beyond 2**53 loses digits in Pulumi: use a string")
    return NOT_KNOWN if value is UNKNOWN else value


def decode(value: struct_pb2.Value, path: str = "") -> Any:
    """The Python value; whole numbers, which Pulumi has as floats, become int."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return decode_map(value.struct_value, path)
    if kind == "list_value":
        return [decode(v, f"{path}[{i}]") for i, v in enumerate(value.list_value.values)]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) <= EXACT else number
    if kind == "string_value":
        return UNKNOWN if value.string_value == NOT_KNOWN else value.string_value
    return value.bool_value if kind == "bool_value" else None


def decode_map(props: struct_pb2.Struct, path: str = "") -> Any:
    """The same for a map, which may also be a secret in the engine's own packing."""
    if SIGNATURE not in props.fields:
        return {k: decode(v, f"{path}.{k}".removeprefix(".")) for k, v in props.fields.items()}
    if props.fields[SIGNATURE].string_value != SECRET:
        raise VpnError(f"{path}: an asset, archive or resource is not accepted: pass plain text")
    return Secret(decode(props.fields["value"], path))
