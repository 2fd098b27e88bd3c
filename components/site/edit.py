"""Changes of a stack file that leave the user's comments and layout alone.

Pure: text in, text out.  YAML's own reader says where each value stands in the text; only that
span is replaced, and what is new stands on a line of its own (or inside the braces where the user
writes braces).  The result is read back: it holds the same values plus the changes, or it is
refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final, NamedTuple

import yaml

from ..errors import Problem, SpecError

Step = str | int
_WIDE: Final = 10**6
_NOTHING: Final = yaml.ScalarNode("tag:yaml.org,2002:null", "")


class Edit(NamedTuple):
    """One value to set: where it stands, what it becomes, and why.  Only scalars are replaced.

    A step of `path` is a key or the index of an element; the index one past the last appends.
    """

    path: tuple[Step, ...]
    value: Any
    reason: str = ""

    @property
    def name(self) -> str:
        """The path as errors write it: `office.nat_static.0.id`."""
        return ".".join(map(str, self.path))


def edited(text: str, edits: Iterable[Edit], root: tuple[str, ...] = ()) -> str:
    """The text with the edits made below `root`.

    Raises `SpecError` if the text cannot be edited so: a value that stands under an anchor, say.
    """
    want = _unshared(yaml.safe_load(text))
    for edit in edits:
        path = (*root, *edit.path)
        text = _edited_once(text, path, edit.value)
        _set(want, path, edit.value)
        try:
            found = yaml.safe_load(text)
        except yaml.YAMLError:
            found = None
        if found != want:
            allowed = f"{_flow(edit.value)}: write it there by hand"
            raise SpecError([Problem(edit.name, "a layout that cannot be edited here", allowed)])
    return text


def _unshared(data: Any) -> Any:
    """A copy in which what an alias stands for is a value of its own."""
    if isinstance(data, dict):
        return {key: _unshared(value) for key, value in data.items()}
    return [_unshared(value) for value in data] if isinstance(data, list) else data


def _set(data: Any, path: tuple[Step, ...], value: Any) -> None:
    for step, following in pairwise(path):
        if isinstance(data, dict) and data.get(step) is None:
            data[step] = [] if isinstance(following, int) else {}
        data = data[step]
    if isinstance(data, list) and path[-1] == len(data):
        data.append(value)
    else:
        data[path[-1]] = value


def _flow(value: Any) -> str:
    """A value on one line."""
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, width=_WIDE, allow_unicode=True
    )
    return text.strip().removesuffix("...").strip()


def _edited_once(text: str, path: tuple[Step, ...], value: Any) -> str:
    """Replace what stands at the path, or add it to the last part of the path that is there."""
    node: yaml.Node = yaml.compose(text, Loader=yaml.SafeLoader) or _NOTHING
    for at, step in enumerate(path):
        child = _child(node, step)
        if child is None:
            return _added(text, node, path[at], _nested(path[at + 1 :], value))
        node = child
    start, end = node.start_mark.index, _end(text, node)
    blank = " " if text[start - 1 : start] == ":" else ""
    return text[:start] + blank + _flow(value) + text[max(start, end) :]


def _child(node: yaml.Node, step: Step) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found: yaml.Node = node.value[step]
        return found
    return None


def _nested(path: tuple[Step, ...], value: Any) -> Any:
    """The value inside of what is missing around it."""
    for step in reversed(path):
        value = [value] if isinstance(step, int) else {step: value}
    return value


def _end(text: str, node: yaml.Node) -> int:
    """Where the node's own text ends: without the blank lines and comments that follow it."""
    if isinstance(node, yaml.ScalarNode):
        end = node.end_mark.index
        return len(text[:end].rstrip()) if node.style in ("|", ">") else end
    last = None if _in_braces(node) else _last(node)
    return _end(text, last) if last else node.end_mark.index


def _in_braces(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _last(node: yaml.Node) -> yaml.Node | None:
    """The last element, or the value of the last key."""
    last: Any = node.value[-1] if node.value else None
    found: yaml.Node | None = last[1] if isinstance(last, tuple) else last
    return found


def _added(text: str, node: yaml.Node, step: Step, value: Any) -> str:
    """The text with one more element or key in this node, after those that it has."""
    item = f"{step}: {_flow(value)}" if isinstance(step, str) else _flow(value)
    if not isinstance(node, yaml.CollectionNode):
        # A key without a value.
        opened = f"{{{item}}}" if isinstance(step, str) else f"[{item}]"
        return f"{text[: node.start_mark.index]} {opened}{text[node.end_mark.index :]}"
    if _in_braces(node):
        last = _last(node)
        at = _end(text, last) if last else node.end_mark.index - 1
        return f"{text[:at]}{', ' if last else ''}{item}{text[at:]}"
    end = text.find("\n", _end(text, node))
    at = end if end >= 0 else len(text)
    newline = "\r\n" if text[at - 1 : at] == "\r" else "\n"
    at -= len(newline) - 1
    indent = " " * node.start_mark.column
    if isinstance(step, int):
        item = f"- {item}"
    elif isinstance(value, list):
        item = newline.join([f"{step}:", *(f"{indent}  - {_flow(each)}" for each in value)])
    return f"{text[:at]}{newline}{indent}{item}{text[at:]}"
