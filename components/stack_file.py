"""The YAML that people write: what it says, or at which place it cannot be read, and why.

Pure, and light: what runs before every `pulumi` command uses it too.
"""

from __future__ import annotations

import difflib
from typing import Any, Final

import yaml

PROJECT: Final = "sakura-rtx-vpn"
KEYS: Final = (
    "site", "name", "psk", "apiToken", "apiSecret", "rtxPassword", "rtxAdministratorPassword",
    "rtxAnonymousPassword", "rtxKey", "rtxKeyPassphrase", "rtxViaKey", "probeKey",
    "probeKeyPassphrase", "probePassword",
)  # fmt: skip
"""What the program reads of a stack's configuration."""
_SPELT: Final = {key.lower(): key for key in KEYS}

# A parser's words -> what an engineer has most likely typed.
_HINTS: Final = (
    ("'\\t'", "indent with spaces: YAML takes no tab there"),
    ("could not find expected ':'", "a key ends with a colon and a space: `tunnel: 2`"),
    ("mapping values are not allowed", "is it indented as its neighbours are?"),
    ("<block mapping start>", "is it indented as its neighbours are?"),
    ("<block sequence start>", "is it indented as its neighbours are?"),
)
# What a Japanese keyboard leaves behind, and looks like what YAML wants.
_FULL_WIDTH: Final = frozenset("\u3000\uff1a\uff03\uff0d\uff0c\uff5b\uff5d\uff3b\uff3d")


class _Strict(yaml.SafeLoader):
    """Takes no key twice: which of the two is meant cannot be told, and Pulumi refuses it too.

    Nor one that is indented by a full-width space, say: it would be a key of its own.
    """

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            name, mark = key.value, key.start_mark
            if name in seen:
                text = f"the key `{name}` stands there a second time, first in line {seen[name]}"
                raise yaml.MarkedYAMLError(problem=text, problem_mark=mark)
            if not _FULL_WIDTH.isdisjoint(name):
                raise yaml.MarkedYAMLError(problem="no key", problem_mark=mark)
            seen[name] = mark.line + 1
        return node


def loaded(text: str) -> Any:
    """What a text says; raises `yaml.YAMLError`, also for a key that stands there twice."""
    return yaml.load(text, _Strict)  # noqa: S506 - a SafeLoader


def slip(values: Any) -> str:
    """A key of the project in a stack file that is spelt nearly as one of ours, and would be
    passed over in silence; "" if there is none.  Any other is the user's own."""
    config = values.get("config") if isinstance(values, dict) else None
    for key in config if isinstance(config, dict) else ():
        project, _, name = str(key).partition(":")
        if project != PROJECT or name in KEYS:
            continue
        if near := difflib.get_close_matches(name.lower(), _SPELT, 1, cutoff=0.8):
            return f"config: found `{key}`; no such key, is `{PROJECT}:{_SPELT[near[0]]}` meant?"
    return ""


def unreadable(error: yaml.YAMLError) -> str:
    """What a parser says about a text that is no YAML: the place first, and no line of the text.

    A secret may stand in such a line.
    """
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    if not isinstance(error, yaml.MarkedYAMLError) or mark is None:
        return "not YAML: " + str(getattr(error, "reason", "it cannot be read"))
    said = str(error.problem)
    if "could not find expected ':'" in said and error.context_mark:
        mark = error.context_mark  # where the key begins, and not where the parser gave up
    hints = [hint for words, hint in _HINTS if words in said]
    if found := sorted(_FULL_WIDTH.intersection(_about(mark))):
        shown = " ".join("space" if each == "\u3000" else each for each in found)
        hints = [f"a full-width {shown} stands in this line or the one before it"]
    hint = f" ({hints[0]})" if hints else ""
    return f"line {mark.line + 1}, column {mark.column + 1}: {said}{hint}"


def _about(mark: Any) -> str:
    """The line that a mark points into and the one before it, where a parser may have gone astray,
    without comments; "" if the text is not known."""
    lines = (mark.buffer or "").split("\n")[max(mark.line - 1, 0) : mark.line + 1]
    return "".join(line.partition("#")[0] for line in lines)
