"""Finding: the JSON document behind the `?` of a list request (sakura-vpcrouter-api 1.8)."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import unquote

from .errors import Refused

Json = dict[str, Any]

_OPERATORS: Final[tuple[tuple[str, Callable[[str, str], bool]], ...]] = (
    ("<=", operator.le),
    (">=", operator.ge),
    ("<", operator.lt),
    (">", operator.gt),
)


def parse(raw: str) -> Json:
    """The document in a raw query string; one that is no JSON object is ignored, as documented.

    `+` is not a blank.  Strings inside a filter are decoded once more, for clients escape twice.
    """
    text = unquote(raw)
    if not text.startswith("{"):
        return {}
    try:
        query: Json = json.loads(text)
    except json.JSONDecodeError:
        raise Refused("bad_request", "query") from None
    if not isinstance(query.get("Filter", {}), dict):
        raise Refused("invalid_format", "Filter")
    query["Filter"] = {key: _decoded(value) for key, value in query.get("Filter", {}).items()}
    return query


def find(objects: Sequence[Json], query: Json, plural: str) -> Json:
    """The list answer: `From`, `Count` (of this page), `Total` (of all that match) and objects."""
    wanted = query.get("Filter", {})
    found = [each for each in objects if all(_matches(each, *item) for item in wanted.items())]
    for key in reversed(_texts(query.get("Sort"))):
        name = key.lstrip("-")
        found.sort(key=lambda each: _sortable(each, name), reverse=key.startswith("-"))
    start, count = (_whole(query.get(key), key) for key in ("From", "Count"))
    # The server's own page size (`Count` 0) is unverified: everything is returned.
    page = found[start : start + count if count else None]
    page = [{**each, "Index": number} for number, each in enumerate(page, start)]
    return {
        "From": start,
        "Count": len(page),
        "Total": len(found),
        plural: [_cut(each, query) for each in page],
        "is_ok": True,
    }


def _decoded(value: Any) -> Any:
    if isinstance(value, str):
        return unquote(value)
    return [_decoded(each) for each in value] if isinstance(value, list) else value


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _whole(value: Any, key: str) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Refused("invalid_format", key)
    return value


def _cut(each: Json, query: Json) -> Json:
    include, exclude = _texts(query.get("Include")), _texts(query.get("Exclude"))
    return {
        key: value
        for key, value in each.items()
        if (not include or key in include) and key not in exclude
    }


def _values(thing: Any, path: Sequence[str]) -> Iterator[str]:
    """The values at a dotted path, as texts; `Tags.Name` means the tags themselves."""
    if isinstance(thing, list):
        for each in thing:
            yield from _values(each, path)
    elif isinstance(thing, dict):
        if path:
            yield from _values(thing.get(path[0]), path[1:])
    elif thing is not None and (not path or list(path) == ["Name"]):
        yield str(thing)


def _sortable(each: Json, key: str) -> str:
    return next(_values(each, key.split(".")), "")


def _matches(each: Json, key: str, wanted: Any) -> bool:
    for suffix, compare in _OPERATORS:
        if key.endswith(suffix):
            name = key.removesuffix(suffix)
            return any(compare(value, str(wanted)) for value in _values(each, name.split(".")))
    values = set(_values(each, key.split(".")))
    if isinstance(wanted, list):
        return any(_all_in(choice, values) for choice in wanted)
    if isinstance(wanted, str):
        return any(all(word in value for word in wanted.split(" ")) for value in values)
    return str(wanted) in values


def _all_in(choice: Any, values: Iterable[str]) -> bool:
    return {str(each) for each in (choice if isinstance(choice, list) else [choice])} <= set(values)
