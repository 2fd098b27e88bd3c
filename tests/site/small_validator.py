"""As much of JSON Schema (draft 7) as the schema of the site file uses; anything else raises."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
}
SAID_ONLY = {"$schema", "title", "description", "default", "definitions", "then"}


def errors(value: Any, schema: dict[str, Any], whole: dict[str, Any], at: str = "") -> list[str]:
    """Where `value` breaks the schema."""
    if "$ref" in schema:
        return errors(value, whole["definitions"][schema["$ref"].rpartition("/")[2]], whole, at)
    return [
        f"{at or '.'}: {said}" if not said.startswith(".") else said
        for keyword, want in schema.items()
        if keyword not in SAID_ONLY
        for said in CHECKS[keyword](value, want, schema, whole, at)
    ]


def _type(value: Any, want: Any, *_: Any) -> Iterator[str]:
    wanted = [want] if isinstance(want, str) else want
    if not any(
        isinstance(value, TYPES[one]) and (one == "boolean") == isinstance(value, bool)
        for one in wanted
    ):
        yield f"no {want}"


def _properties(value: Any, want: Any, schema: Any, whole: Any, at: str) -> Iterator[str]:
    for key in value.keys() & want.keys() if isinstance(value, dict) else ():
        yield from errors(value[key], want[key], whole, f"{at}.{key}")


def _additional(value: Any, want: Any, schema: Any, whole: Any, at: str) -> Iterator[str]:
    patterns = schema.get("patternProperties", {})
    for key in (
        value.keys() - schema.get("properties", {}).keys() if isinstance(value, dict) else ()
    ):
        matching = [part for pattern, part in patterns.items() if re.search(pattern, key)]
        if not matching and want is False:
            yield f"no key {key} here"
        for part in matching or ([want] if isinstance(want, dict) else []):
            yield from errors(value[key], part, whole, f"{at}.{key}")


def _required(value: Any, want: Any, *_: Any) -> Iterator[str]:
    yield from (f"{key} is missing" for key in want if isinstance(value, dict) and key not in value)


def _items(value: Any, want: Any, schema: Any, whole: Any, at: str) -> Iterator[str]:
    for index, one in enumerate(value if isinstance(value, list) else ()):
        yield from errors(one, want, whole, f"{at}.{index}")


def _any_of(value: Any, want: Any, schema: Any, whole: Any, at: str) -> Iterator[str]:
    if all(errors(value, one, whole, at) for one in want):
        yield "none of the forms"


def _names(value: Any, want: Any, *_: Any) -> Iterator[str]:
    yield from (f"no name {key}" for key in value if key not in want["enum"])


def _format(value: Any, want: Any, *_: Any) -> Iterator[str]:
    assert want == "ipv4"
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        yield "no IPv4 address"


def _holds(test: Any) -> Any:
    def check(value: Any, want: Any, *_: Any) -> Iterator[str]:
        if not test(value, want):
            yield f"{value!r} against {want!r}"

    return check


def _number(test: Any) -> Any:
    return _holds(lambda value, want: not isinstance(value, int) or test(value, want))


def _string(test: Any) -> Any:
    return _holds(lambda value, want: not isinstance(value, str) or test(value, want))


CHECKS: dict[str, Any] = {
    "type": _type,
    "properties": _properties,
    "additionalProperties": _additional,
    "patternProperties": lambda *_: (),  # in `_additional`
    "required": _required,
    "items": _items,
    "anyOf": _any_of,
    "propertyNames": _names,
    "format": _format,
    "enum": _holds(lambda value, want: value in want),
    "const": _holds(lambda value, want: value == want),
    "minimum": _number(lambda value, want: value >= want),
    "maximum": _number(lambda value, want: value <= want),
    "multipleOf": _number(lambda value, want: value % want == 0),
    "pattern": _string(lambda value, want: re.search(want, value)),
    "minLength": _string(lambda value, want: len(value) >= want),
    "maxLength": _string(lambda value, want: len(value) <= want),
    "minItems": _holds(lambda value, want: not isinstance(value, list) or len(value) >= want),
    "maxItems": _holds(lambda value, want: not isinstance(value, list) or len(value) <= want),
}
