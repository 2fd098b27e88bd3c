"""Values of resources that change, one by one, with their paths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from .preview import KEY, MASK, UNKNOWN, Step, is_secret

LATER: Final = "known after creation"
# Shown elsewhere, or of no interest to somebody who reviews a change.
_ELSEWHERE: Final = frozenset(
    {"lines", "psk", "pskVersion", "consent", "ownPeer", "omittedSecrets", "rehearsal", "routerId"}
)
_OF_ONE_TYPE: Final = (
    (KEY, "value"),
    ("sakurartx:index:Tunnel", "address"),
    ("sakurartx:index:OfficeEnd", "address"),
)


class Value(NamedTuple):
    """A value that changes: of what, its path, now and after ("" is none)."""

    of: str
    path: str
    before: str
    after: str


def values(step: Step, of: str) -> Iterator[Value]:
    """What changes about a resource; of one that goes only that it goes."""
    if step.after is None:
        yield Value(of, "", "there", "deleted")
        return
    before, after = dict(_leaves(step.before or {})), dict(_leaves(step.after))
    for path in sorted(before | after, key=_natural):
        old, new = before.get(path), after.get(path)
        elsewhere = top(path) in _ELSEWHERE or (step.type, path) in _OF_ONE_TYPE
        if old == new or elsewhere:
            continue
        last = path.rpartition(".")[2]
        shown = (MASK, MASK) if is_secret(last) else (_text(old), _text(new))
        yield Value(of, path, *shown)


def top(path: str) -> str:
    """The property that a path starts with."""
    return re.split(r"[.\[]", path)[0]


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every scalar with its path; a missing key equals null."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _leaves(each, f"{path}[{index}]")
    elif value is not None:
        yield path, value


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return LATER if value == UNKNOWN else str(value)


def _natural(path: str) -> list[tuple[int, str]]:
    """So that the tenth of a list does not come after the first."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path)]
