"""The text of a stack file: the site as people write it, with a word where a value came from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from ..errors import Problem, SpecError
from ..stack_file import loaded, unreadable

KEY: Final = "sakura-rtx-vpn:site"
_INDENT: Final = "  "
_FLOW: Final = 90  # columns that a section may have on one line
_LONG: Final = ("cloud", "office")
_WIDE: Final = 10**6
_CONFIG: Final = re.compile(r"^config:[ \t]*(?:\{\}|null)?[ \t]*\r?$", re.MULTILINE)


def stack_file(values: Mapping[str, Any], notes: Mapping[str, str], head: Sequence[str]) -> str:
    """The whole text of a new stack file; `head` are the sentences on top of it."""
    lines = [f"# {line}" for line in head] + ["config:"]
    return "".join(f"{line}\n" for line in [*lines, *site_lines(values, notes)])


def site_lines(values: Mapping[str, Any], notes: Mapping[str, str]) -> Iterator[str]:
    """The key `site` and all in it, as lines of the section `config`."""
    yield f"{_INDENT}{KEY}:"
    yield from _mapping(values, notes, "", 2)


def refuse_a_site(text: str) -> None:
    """Raise `SpecError` if a stack file holds a site already, which is somebody's work, or if it is
    none."""
    try:
        data = loaded(text)
    except yaml.YAMLError as error:
        raise _refused("the file", unreadable(error), "YAML") from None
    config = data.get("config") if isinstance(data, dict) else data
    if not isinstance(config, dict | None):
        raise _refused("config", "no mapping", "keys with values, or nothing")
    if KEY in _config_of(data):
        raise _refused(
            KEY, "a site", "a file without one: remove it, or give the new site another name"
        )


def added(text: str, values: Mapping[str, Any], notes: Mapping[str, str]) -> str:
    """A stack file that holds no site yet, such as one with secrets only, with this one in it.

    Raises `SpecError` if it is laid out in a way that cannot be added to.
    """
    before = yaml.safe_load(text) or {}
    lines = "".join(f"{line}\n" for line in site_lines(values, notes))
    if _CONFIG.search(text):
        new = _CONFIG.sub(lambda _: f"config:\n{lines.rstrip()}", text, count=1)
    else:
        new = text + "\n" * bool(text and not text.endswith("\n")) + f"config:\n{lines}"
    wanted = {**before, "config": {**_config_of(before), KEY: dict(values)}}
    if yaml.safe_load(new) != wanted:
        raise _refused("config", "a layout that cannot be added to", "a section `config:`")
    return new


def _refused(place: str, found: str, allowed: str) -> SpecError:
    return SpecError([Problem(place, found, allowed)], source="stack file")


def _config_of(data: Any) -> Mapping[str, Any]:
    return (data.get("config") if isinstance(data, dict) else None) or {}


# --- the lines ------------------------------------------------------------------------------------


def _mapping(
    values: Mapping[str, Any], notes: Mapping[str, str], path: str, depth: int
) -> Iterator[str]:
    for name, value in values.items():
        place = f"{path}.{name}" if path else name
        if note := notes.get(place):
            yield f"{_INDENT * depth}# {note}"
        yield from _entry(f"{_INDENT * depth}{name}:", value, notes, place, depth)


def _entry(
    head: str, value: Any, notes: Mapping[str, str], place: str, depth: int
) -> Iterator[str]:
    if isinstance(value, str) and "\n" in value:
        yield f"{head} |"
        yield from (f"{_INDENT * (depth + 1)}{line}" for line in value.splitlines())
    elif isinstance(value, dict) and not _is_short(head, value, notes, place):
        yield head
        yield from _mapping(value, notes, place, depth + 1)
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        yield head
        yield from (f"{_INDENT * (depth + 1)}- {_flow(each)}" for each in value)
    else:
        yield f"{head} {_flow(value)}"


def _is_short(head: str, value: Mapping[str, Any], notes: Mapping[str, str], place: str) -> bool:
    """Whether a section fits on one line: nothing to say about its parts, none a section itself."""
    plain = not any(isinstance(each, dict | list) for each in value.values())
    told = any(note.startswith(f"{place}.") for note in notes)
    fits = len(head) + len(_flow(value)) < _FLOW
    return place not in _LONG and plain and fits and not told


def _flow(value: Any) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, width=_WIDE, allow_unicode=True
    )
    return text.strip().removesuffix("...").strip()
