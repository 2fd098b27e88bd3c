"""Foreign text stays text, and a secret stays secret, whatever a preview holds."""

from __future__ import annotations

import copy
import html
import json
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from previews_made import captured, sites, tunnel_of, with_lines

from components.resources import Access
from components.review import MARKER, Unreadable, changes_of, comment, previews_in
from components.review.markdown import code, fenced, table, words
from components.review.preview import UNKNOWN

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


@pytest.mark.parametrize("bad", ["@team", "me@example.jp", "#12", "a/b#12", "GH-7", "gh-7"])
def test_nobody_is_called_and_no_issue_is_named(bad: str) -> None:
    # What GitHub searches for names is the finished page, where an entity is the character again.
    shown = html.unescape(words(f"ask {bad} today"))
    assert not re.search(r"@\w|#\w|gh-\d", shown, re.IGNORECASE)
    assert shown.replace("\u200b", "") == f"ask {bad} today"


@pytest.mark.parametrize("bad", ["https://x.example/a", "www.x.example", "WWW.x.example"])
def test_no_address_becomes_a_link(bad: str) -> None:
    assert not re.search(r"://|www\.", words(f"see {bad}"), re.IGNORECASE)


# A value in a place where the CLI never put one; what is unknown in a preview is a text anywhere.
ODD: list[Any] = [None, True, 7, "", UNKNOWN, [], {}, ["x", None, {}], {"a": [{}]}]


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_an_odd_preview_is_a_comment_or_no_preview(data: st.DataObject) -> None:
    preview = captured(data.draw(st.sampled_from(["change", "stop"])))
    place: Any = preview
    path: list[Any] = []
    while isinstance(place, dict | list) and place and (not path or data.draw(st.booleans())):
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        path.append(data.draw(st.sampled_from(keys)))
        holder, place = place, place[path[-1]]
    holder[path[-1]] = data.draw(st.sampled_from(ODD))
    with suppress(Unreadable):
        assert comment(sites(preview)).startswith(MARKER)


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


def test_a_preview_whose_program_did_not_start_says_why() -> None:
    # As CLI 3.274 writes it where the Python of the project is missing: no steps at all.
    said = "error: an unhandled error occurred: runtime option 'virtualenv' is '.venv': no python\n"
    data = {
        "config": {"sakura-rtx-vpn:rtxPassword": CANARY},
        "diagnostics": [
            {"message": said, "severity": "error"},
            {"message": f"error: tried {CANARY}\n", "severity": "error"},
        ],
        "duration": 2869076,
    }
    (preview,) = previews_in(json.dumps(data), "tokyo")
    text = comment(changes_of([preview]))
    assert "### tokyo: preview failed" in text
    assert "no python" in text
    assert CANARY not in text
    assert text.splitlines()[-1] == "**preview FAILED: tokyo; 2 errors.**"


def test_of_a_program_that_broke_the_last_words_come_first() -> None:
    trace = (
        "Program failed with an unhandled exception:\nTraceback (most recent call last):\n"
        '  File "/w/__main__.py", line 1, in <module>\n    import gone\n'
        "ModuleNotFoundError: No module named 'gone'\n\n"
    )
    data = {"diagnostics": [{"message": f"error: {trace}", "severity": "error"}]}
    text = comment(sites(data))
    first = next(line for line in text.splitlines() if line.startswith("**Error**"))
    assert html.unescape(first).endswith("ModuleNotFoundError: No module named 'gone'")
    assert "import gone" in text


def test_several_previews_and_what_was_printed_before_them_are_read() -> None:
    text = "warning: a new version is available\n" + 2 * json.dumps(captured("new"), indent=1)
    assert [preview.stack for preview in previews_in(text, "x")] == ["tokyo", "tokyo"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        # What the CLI writes if it fails before the engine starts; the reason is on stderr.
        ("{}\n", r"it is empty(.|\n)*stderr"),
        ("error: no folder at path '/x'\n{}\n", "no folder at path '/x'"),
        ("error: no stack named 'x' found", "no stack named 'x' found"),
        ('{"steps": [', "Expecting"),
        ('{"version": 3, "deployment": {}}', "no preview"),
    ],
)
def test_what_is_no_preview_is_refused_with_what_it_says(text: str, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        previews_in(text, "tokyo.json")
