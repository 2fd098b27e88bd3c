"""Changes of a stack file: the values change, the user's text does not."""

from __future__ import annotations

import difflib
import random
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from components.errors import SpecError
from components.site.edit import Edit, edited

TEXT = """\
# head

office:   # the office
  router: {model: RTX1220, revision: 15.04.03}  # as bought
  tunnel: 2   # ours
  note: "two \\"quoted\\" words"
  empty:
  none: {}
  nat_static:
    # why
    - id: 1   # first
      protocol: esp

    - {id: 2}   # second
    # after the list
  extra_lines: |
    description tunnel sakura

  # the end of the office
verify:
- a
-   b # deep
last: 1"""


def changed(*edits: Edit) -> list[str]:
    """The lines that are taken away (-) and come (+)."""
    lines = difflib.ndiff(TEXT.splitlines(), edited(TEXT, edits).splitlines())
    return [line for line in lines if line[0] in "+-"]


@pytest.mark.parametrize(
    ("path", "value", "lines"),
    [
        (
            ("office", "tunnel"),
            3,
            ["-   tunnel: 2   # ours", "+   tunnel: 3   # ours"],
        ),
        (
            ("office", "router", "revision"),
            "15.04.06",
            [
                "-   router: {model: RTX1220, revision: 15.04.03}  # as bought",
                "+   router: {model: RTX1220, revision: 15.04.06}  # as bought",
            ],
        ),
        (
            ("office", "router", "port"),
            22,
            [
                "-   router: {model: RTX1220, revision: 15.04.03}  # as bought",
                "+   router: {model: RTX1220, revision: 15.04.03, port: 22}  # as bought",
            ],
        ),
        (("office", "none", "a"), 1, ["-   none: {}", "+   none: {a: 1}"]),
        (("office", "empty", "a"), 1, ["-   empty:", "+   empty: {a: 1}"]),
        (("office", "empty"), "1 2", ["-   empty:", "+   empty: 1 2"]),
        (("office", "note"), "x: y", [r'-   note: "two \"quoted\" words"', "+   note: 'x: y'"]),
        (
            ("office", "nat_static", 0, "id"),
            7,
            ["-     - id: 1   # first", "+     - id: 7   # first"],
        ),
        (
            ("office", "nat_static", 1, "id"),
            7,
            ["-     - {id: 2}   # second", "+     - {id: 7}   # second"],
        ),
        (("office", "nat_static", 2), {"id": 3}, ["+     - {id: 3}"]),
        (("office", "policy"), 9, ["+   policy: 9"]),
        (("office", "filters", 0), {"n": 1}, ["+   filters:", "+     - {n: 1}"]),
        (("office", "wan", "peer_gateway"), "pp 1", ["+   wan: {peer_gateway: pp 1}"]),
        (("verify", 2), "c", ["+ - c"]),
        (("new", "deep", "er"), 1, ["+ new: {deep: {er: 1}}"]),
        (("last",), 2, ["- last: 1", "+ last: 2"]),
    ],
)  # fmt: skip
def test_only_the_value_changes(path: tuple[str | int, ...], value: Any, lines: list[str]) -> None:
    assert [line for line in changed(Edit(path, value)) if line not in lines] == []
    assert len(changed(Edit(path, value))) == len(lines)


def test_line_ends_stay_what_they_are() -> None:
    edits = [Edit(("office", "policy"), 9), Edit(("office", "filters", 0), {"n": 1})]
    text = edited(TEXT.replace("\n", "\r\n"), edits)
    assert text.replace("\r\n", "\n") == edited(TEXT, edits)
    assert "\n" not in text.replace("\r\n", "")


def test_what_is_shared_is_refused_and_what_is_merged_in_is_overridden() -> None:
    with pytest.raises(SpecError, match=r"office\.tunnel: .*by hand"):
        edited("office: &a\n  tunnel: 2\nother: *a\n", [Edit(("office", "tunnel"), 3, "taken")])
    merged = "base: &a {tunnel: 2}\noffice:\n  <<: *a\n  router: {}\n"
    assert edited(merged, [Edit(("office", "tunnel"), 3)]) == f"{merged}  tunnel: 3\n"


# --- property -------------------------------------------------------------------------------------

_SCALARS = st.one_of(
    st.integers(0, 9),
    st.sampled_from(
        ["a", "1 2 3", "x: y", "# no comment", "", "15.04", "yes", "日本", "pp 1", "'"]
    ),
)
_KEYS = st.sampled_from(["a", "b", "c", "in", "out"])
_DATA = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.dictionaries(_KEYS, inner, max_size=3), st.lists(inner, max_size=3)),
    max_leaves=8,
)


def written(data: Any, seed: int) -> str:
    """As a person might write it: braces here and there, comments at the ends of lines."""
    dice = random.Random(seed)

    class Dumper(yaml.SafeDumper):
        pass

    def style(dumper: yaml.SafeDumper, value: Any) -> yaml.Node:
        braces = dice.random() < 0.4
        if isinstance(value, dict):
            return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=braces)
        return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=braces)

    Dumper.add_representer(dict, style)
    Dumper.add_representer(list, style)
    text: str = yaml.dump({"top": data}, Dumper=Dumper, sort_keys=False, width=10**6)
    lines = text.splitlines()
    return "".join(f"{line}{'  # said' if dice.random() < 0.5 else ''}\n" for line in lines)


@given(st.dictionaries(_KEYS, _DATA, max_size=3), _KEYS, _KEYS, _SCALARS, st.integers(0, 10**6))
def test_any_layout_keeps_its_comments(
    data: dict[str, Any], key: str, inner: str, value: Any, seed: int
) -> None:
    text = written(data, seed)
    path = ("top", key, inner) if isinstance(data.get(key), dict) else ("top", key)
    old = data[key].get(inner) if len(path) == 3 else data.get(key)
    assume(not isinstance(old, (dict, list)))
    after = edited(text, [Edit(path, value)])
    found: Any = yaml.safe_load(after)
    for step in path:
        found = found[step]
    assert found == value
    assert after.count("# said") == text.count("# said")
