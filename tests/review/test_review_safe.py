"""Foreign text stays text, and a secret stays secret, whatever a preview holds."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from previews_made import captured, sites, tunnel_of, with_lines

from components.resources import Access
from components.review import MARKER, Unreadable, comment, previews_in
from components.review.markdown import code, fenced, table, words

CANARY = "Canary_0123456789"
HOSTILE = ("```", "````diff", "| a | b |", "</details>", "<!-- x -->", "@someone", "![x](http://y)")
OWN_HTML = ("<details", "</details>", MARKER)


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def test_no_line_closes_its_block_or_becomes_markup() -> None:
    text = comment(sites(with_lines(captured("change"), *HOSTILE)))
    tokens = parsed(text)
    (diff,) = [token for token in tokens if token.type == "fence"]
    for line in HOSTILE:
        assert f"+{line}\n" in diff.content
    for token in tokens:
        if token.type == "html_block":
            assert token.content.strip().startswith(OWN_HTML)


@pytest.mark.parametrize("bad", ["a|b", "`", "\\|", "<b>x</b>", "@team", "a\nb", "[x](y)", "*x*"])
def test_a_value_is_one_cell(bad: str) -> None:
    for cell in (code(bad), words(bad)):
        tokens = parsed(table(("a", "b"), [[cell, "end"]]))
        cells = [t for t in tokens if t.type == "inline"][2:]
        assert len(cells) == 2
        assert cells[1].content == "end"
        children = [child.type for child in cells[0].children or ()]
        assert not {"link_open", "em_open", "strong_open", "image"} & set(children)
        assert all(
            child.content in ("<code>", "</code>")
            for child in cells[0].children or ()
            if child.type == "html_inline"
        )


@given(st.lists(st.text(max_size=30), max_size=5))
def test_every_text_stays_inside_its_block(lines: list[str]) -> None:
    tokens = parsed(f"{fenced(lines, 'diff')}\n\nafter\n")
    assert [token.type for token in tokens] == [
        "fence",
        "paragraph_open",
        "inline",
        "paragraph_close",
    ]


def test_what_turns_the_writing_direction_is_made_visible() -> None:
    text = comment(sites(with_lines(captured("change"), "ip route \u202e1.2.3.4", "\x1b[31mred")))
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "\\u{202e}" in text


def test_a_secret_is_shown_nowhere_even_if_the_preview_holds_it() -> None:
    data = with_lines(captured("change"), f" pp auth myname me {CANARY}")
    data["config"]["sakura-rtx-vpn:rtxPassword"] = CANARY
    step = tunnel_of(data)
    step["oldState"]["inputs"]["psk"] = CANARY + "_old"
    step["newState"]["inputs"]["psk"] = CANARY + "_new"
    key = copy.deepcopy(step)
    key["oldState"] |= {"type": "sakurartx:index:PreSharedKey", "inputs": {"value": f"{CANARY}1"}}
    key["newState"] = copy.deepcopy(key["oldState"]) | {"inputs": {"value": f"{CANARY}2"}}
    data["steps"].append(key)
    data["diagnostics"] = [{"severity": "warning", "message": f"key {CANARY}_new is short"}]
    text = comment(sites(data))
    assert CANARY not in text
    assert "key &#91;secret&#93; is short" in text


@pytest.mark.parametrize("name", sorted(Access.__annotations__))
def test_what_opens_both_ends_is_shown_nowhere(name: str) -> None:
    # `--show-secrets`, and a value that somebody put into the stack file in plain.
    data = captured("change")
    data["config"][f"sakura-rtx-vpn:{name}"] = CANARY
    access = copy.deepcopy(tunnel_of(data))
    access["urn"] = access["urn"].rpartition("$")[0] + "$pulumi:providers:sakurartx::tokyo-access"
    for state, value in (("oldState", f"{CANARY}1"), ("newState", f"{CANARY}2")):
        access[state] |= {"type": "pulumi:providers:sakurartx", "inputs": {name: value}}
    data["steps"].append(access)
    data["diagnostics"] = [{"severity": "warning", "message": f"what is {CANARY} for?"}]
    assert CANARY not in comment(sites(data))


def test_a_key_in_a_line_of_the_router_is_masked() -> None:
    # Not known as a secret of Pulumi's: the command says where the secret stands.
    line = f"  ipsec ike pre-shared-key 3 text {CANARY}"
    assert CANARY not in comment(sites(with_lines(captured("change"), line)))
    data = captured("change")
    data["diagnostics"] = [{"severity": "warning", "message": f"strange line: {line}"}]
    assert CANARY not in comment(sites(data))


def test_several_previews_and_what_was_printed_before_them_are_read() -> None:
    text = "warning: a new version is available\n" + 2 * json.dumps(captured("new"), indent=1)
    assert [preview.stack for preview in previews_in(text, "x")] == ["tokyo", "tokyo"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("error: no stack named 'x' found", "no stack named 'x' found"),
        ('{"steps": [', "Expecting"),
        ('{"version": 3, "deployment": {}}', "no preview"),
    ],
)
def test_what_is_no_preview_is_refused_with_what_it_says(text: str, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        previews_in(text, "tokyo.json")
