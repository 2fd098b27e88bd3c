"""What every operation of the cloud is given and answers, and the checks that all of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ..ends import LinkSide
from .errors import Refused
from .store import Json, Options, State, Zone

NAME_LENGTH: Final = 64
DESCRIPTION_LENGTH: Final = 512


@dataclass(frozen=True)
class Request:
    """One request without its transport: `path` is what follows the API version.

    `fails`: what it makes will not come to be (a fault on request).
    """

    method: str
    zone: str
    path: str
    query: str = ""
    body: Any = None
    token: str = ""
    secret: str = ""
    fails: bool = False


@dataclass(frozen=True)
class Reply:
    """An answer.  `ask` completes the body with what only the link knows."""

    status: int
    body: Json
    ask: Callable[[LinkSide], Json] | None = None


@dataclass(frozen=True)
class Context:
    """What an operation works on: one zone, under the cloud's lock.

    The link may ask the cloud while it is told something, from another thread too.  So an operation
    only notes what the link is to be told; it is told after the lock was given back.
    """

    state: State
    zone_name: str
    options: Options
    now: str
    method: str
    params: dict[str, str]
    body: Json
    query: Json
    notices: list[Callable[[LinkSide], None]] = field(default_factory=list)
    fails: bool = False

    @property
    def zone(self) -> Zone:
        """The objects of the zone that was asked."""
        return self.state.zones[self.zone_name]

    def number(self, param: str = "id") -> int:
        """A number in the path; 404 `invalid_uri_argument` if it is none."""
        text = self.params[param]
        if not (text.isascii() and text.isdigit()):
            raise Refused("invalid_uri_argument", text)
        return int(text)

    def part(self, envelope: str) -> Json:
        """The object in the body's envelope."""
        part: Json = require(self.body, envelope, dict, "")
        return part


ACCEPTED: Final = {"Success": "Accepted", "is_ok": True}
DONE: Final = {"Success": True, "is_ok": True}


def require(holder: Json, key: str, kind: type, where: str) -> Any:
    """The value at `key`, which must be there and of this JSON type (a boolean is no number)."""
    place = f"{where}.{key}" if where else key
    value = holder.get(key)
    if value is None:
        raise Refused("missing_param", place)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Refused("invalid_format", place)
    return value


def as_id(value: Any, where: str) -> int:
    """An id, which clients send as a number or as a numeric text."""
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()):
        raise Refused("invalid_format", where)
    return int(text)


def labels(wanted: Json) -> Json:
    """Name, description, tags and icon in a body, as far as they are sent.

    An icon is any id; null or 0, which the official Go client sends in creates, is none.

    The limits 64 and 512 are those of clients and of the server document: unverified here.
    """
    found: Json = {}
    if "Name" in wanted:
        name = require(wanted, "Name", str, "")
        if not 1 <= len(name) <= NAME_LENGTH:
            raise Refused("invalid_range", "Name")
        found["name"] = name
    if "Description" in wanted:
        description = require(wanted, "Description", str, "")
        if len(description) > DESCRIPTION_LENGTH:
            raise Refused("invalid_range", "Description")
        found["description"] = description
    if "Tags" in wanted:
        tags = require(wanted, "Tags", list, "")
        if not all(isinstance(tag, str) for tag in tags):
            raise Refused("invalid_format", "Tags")
        found["tags"] = tags
    if "Icon" in wanted:
        icon = wanted["Icon"] or {}
        if not isinstance(icon, dict):
            raise Refused("invalid_format", "Icon")
        found["icon"] = as_id(icon.get("ID") or 0, "Icon.ID") or None
    return found


def new_labels(wanted: Json) -> Json:
    """The same for a new object, which must have a name."""
    require(wanted, "Name", str, "")
    return {"description": "", "tags": [], **labels(wanted)}


def icon_body(icon: int | None) -> Json | None:
    """An icon as it is read in what wears it; only its id means anything here."""
    return None if icon is None else {"ID": icon, "Name": "icon", "Scope": "shared"}


def relabel(thing: Any, wanted: Json) -> None:
    """Write the labels that were sent to an object; the others stay."""
    for name, value in labels(wanted).items():
        setattr(thing, name, value)
