"""Bodies of the API as trees of plain data: reading them without tripping.  Pure.

The API gives null, nothing or `[]` for "nothing", and flags in several spellings
(sakura-vpcrouter-api 2.4, 2.8).
"""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from ..errors import ApiError

Json = dict[str, Any]


def as_object(value: object) -> Json:
    """`value` itself if it is an object; null and the API's `[]` for "nothing" read as empty."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """`value` itself if it is a list; anything else reads as an empty one."""
    return value if isinstance(value, list) else []


def section(tree: Json, name: str) -> Json:
    """The object under `name`, put there if there is none."""
    found = tree[name] = as_object(tree.get(name))
    return found


def objects(value: object) -> list[Json]:
    """The objects in a list; null and whatever else stands between them is passed over."""
    return [each for each in as_list(value) if isinstance(each, dict)]


def entries(holder: object) -> list[Json]:
    """The objects in the list `Config` of a section."""
    return objects(as_object(holder).get("Config"))


def is_on(flag: object) -> bool:
    """Whether a flag is on, in any spelling."""
    return str(flag).lower() in ("true", "on", "1")


def get(tree: Json, path: tuple[str, ...]) -> Any:
    """What stands under the path; None if anything on the way is missing."""
    value: object = tree
    for name in path:
        value = as_object(value).get(name)
    return value


def put(tree: Json, path: tuple[str, ...], value: object) -> None:
    """Set what stands under the path."""
    for name in path[:-1]:
        tree = section(tree, name)
    tree[path[-1]] = value


def router_of(settings: object) -> Json:
    """`Settings.Router`.  Raises `ApiError` while there are no settings at all.

    While a router is being made its settings are null; that is not an empty configuration.
    """
    if not isinstance(settings, dict) or not settings:
        raise ApiError(
            "the VPC router has no settings yet",
            state="it is still being made, or its creation failed",
        )
    return as_object(settings.get("Router"))


def same_address(a: object, b: object) -> bool:
    """Whether two texts are one IPv4 address."""
    try:
        return IPv4Address(str(a).strip()) == IPv4Address(str(b).strip())
    except ValueError:
        return a == b
