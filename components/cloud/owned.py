"""Objects that are found again by their tag: find, make once, read, describe, delete.

A `POST` whose answer was lost may have made something, and a killed process leaves what it made:
so nothing is made before looking for the tag, and nothing is made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from ..clock import Clock, Progress
from ..errors import ApiError
from .api import Client, Unclear, is_missing
from .objects import OWNER, as_id, part, tag_of_text, text
from .router import Json
from .waiting import Poll, wait_for

_POSTS: Final = 4
# Seconds before each look for what a POST without a good answer may have made.  Where the API said
# nothing at all it may well have done it, and when it lists what it makes is unverified.
_REFUSED: Final = (1.0, 2.0, 4.0, 5.0, 5.0)
_SILENT: Final = (*_REFUSED, *(10.0,) * 10)


@dataclass(frozen=True)
class Kind:
    """A resource of the API: its path, the key around one object, the word for users."""

    resource: str
    key: str
    what: str
    where: Mapping[str, object] = field(default_factory=dict, hash=False)


INTERNET: Final = Kind("internet", "Internet", "router+switch")
SWITCH: Final = Kind("switch", "Switch", "switch")
ROUTER: Final = Kind("appliance", "Appliance", "VPC router", {"Class": ["vpcrouter"]})


class Described(Protocol):
    """What every spec has."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def tag(self) -> str: ...  # noqa: D102
    @property
    def description(self) -> str: ...  # noqa: D102


def all_own(client: Client, kind: Kind, tag: str) -> list[Json]:
    """All objects that carry the tag (more than one only where a step makes a second)."""
    found = client.find(kind.resource, {**kind.where, "Tags.Name": [[tag]]})
    # A filter that the API does not understand narrows nothing; never take what is not ours.
    return [thing for thing in found if tag in (thing.get("Tags") or [])]


def find_own(client: Client, kind: Kind, tag: str) -> Json | None:
    """The object that carries the tag, None if there is none.  Raises `ApiError` for several."""
    found = all_own(client, kind, tag)
    if len(found) > 1:
        ids = ", ".join(as_id(thing["ID"]) for thing in found)
        raise ApiError(
            f"several objects of kind {kind.what} carry the tag {tag}: {ids}",
            state="which of them belongs to the stack cannot be told; none was touched",
            remedy="in the control panel, delete or untag those that are not in use",
        )
    return found[0] if found else None


def make(client: Client, kind: Kind, tag: str, body: Json, clock: Clock, progress: Progress) -> str:
    """The id of the object with this tag: the one that is there, else a new one."""
    for post in range(1, _POSTS + 1):
        if found := find_own(client, kind, tag):
            found_id = as_id(found["ID"])
            progress(f"{kind.what} {found_id}: there already with this stack's tag, and taken over")
            return found_id
        progress(f"{kind.what}: asked for")
        try:
            return as_id(inner(client.post(kind.resource, {kind.key: body}), kind)["ID"])
        except Unclear as error:
            progress(f"{kind.what}: no clear answer; looking whether it was made")
            if found := _made_after_all(client, kind, tag, clock, error):
                return as_id(found["ID"])
            if post == _POSTS:
                raise
    raise AssertionError("the last round returns or raises")


def _made_after_all(
    client: Client, kind: Kind, tag: str, clock: Clock, error: Unclear
) -> Json | None:
    clock.wait(error.retry_after)
    for pause in _REFUSED if error.status else _SILENT:
        clock.wait(pause)
        if found := find_own(client, kind, tag):
            return found
    return None


def read(client: Client, kind: Kind, object_id: str) -> Json | None:
    """The object, None if the API does not know it (or not yet)."""
    try:
        return inner(client.get(f"{kind.resource}/{object_id}"), kind)
    except ApiError as error:
        if not is_missing(error):
            raise
        return None


def read_or_listed(client: Client, kind: Kind, object_id: str) -> Json | None:
    """As `read`, but tells what is gone ({}) from what is listed and cannot be read yet (None)."""
    found = read(client, kind, object_id)
    if found is not None:
        return found
    listed = [as_id(thing["ID"]) for thing in client.find(kind.resource, kind.where)]
    return None if object_id in listed else {}


def existing(client: Client, kind: Kind, object_id: str) -> Json:
    """The object; raises `ApiError` if it is gone."""
    found = read(client, kind, object_id)
    if found is None:
        raise gone(kind, object_id)
    return found


def gone(kind: Kind, object_id: str) -> ApiError:
    """The error about an object that should be there."""
    return ApiError(
        f"the {kind.what} {object_id} does not exist",
        status=404,
        state="it was deleted outside of this stack, or lies in another zone",
        remedy="refresh the stack; it will then be made again",
    )


def other_than_wanted(
    kind: Kind, object_id: str, differing: Mapping[str, tuple[object, object]]
) -> ApiError:
    """The error about an object of ours whose fixed values (name -> found, wanted) are others."""
    pairs = "; ".join(f"{name} is {has}, wanted {want}" for name, (has, want) in differing.items())
    return ApiError(
        f"the {kind.what} {object_id} carries this stack's tag but cannot be changed to: {pairs}",
        state="it was left as it is",
        remedy="delete it, or put the site file back to what it is",
    )


def inner(answer: Json, kind: Kind) -> Json:
    """The object in an answer's envelope."""
    found = part(answer, kind.key)
    if not as_id(found.get("ID")):
        raise Unclear(f"the API's answer holds no {kind.what}")
    return found


def describe(client: Client, kind: Kind, found: Json, spec: Described) -> bool:
    """Name and tag as wanted; tags and a description that people gave it stay.  Whether it had to
    change.

    The tag of another stack goes, and its text with it: after a rename of ours, a new stack of the
    old name would find the object as its own.
    """
    tags, said = list(found.get("Tags") or []), text(found, "Description")
    others = [tag for tag in tags if str(tag).startswith(OWNER) and tag != spec.tag]
    kept = [tag for tag in tags if tag not in others]
    wanted = {
        "Name": spec.name,
        "Description": spec.description if not said or tag_of_text(said) in others else said,
        "Tags": kept if spec.tag in kept else [*kept, spec.tag],
    }
    there = {"Name": text(found, "Name"), "Description": said, "Tags": tags}
    if wanted != there:
        client.put(f"{kind.resource}/{as_id(found['ID'])}", {kind.key: wanted})
    return wanted != there


def remove(
    client: Client,
    kind: Kind,
    object_id: str,
    passing: Callable[[ApiError], bool],
    poll: Poll,
    clock: Clock,
    progress: Progress,
) -> None:
    """Delete an object and wait until it is gone; one that is gone already is no error.

    `passing` says of a refusal whether it will pass by itself; it may raise a better error.
    """
    accepted = False

    def step() -> str:
        nonlocal accepted
        if not accepted:
            try:
                client.delete(f"{kind.resource}/{object_id}")
            except ApiError as error:
                if is_missing(error):
                    return "gone"
                if not passing(error):
                    raise
                return "still in use"
            accepted = True
        return "gone" if read(client, kind, object_id) is None else "being deleted"

    wait_for(poll, step, str, lambda state: state == "gone", clock=clock, progress=progress)
