"""YAML as a tired engineer writes it: the place, and what is most likely meant."""

from __future__ import annotations

import pytest
import yaml

from components.stack_file import loaded, slip, unreadable

# What is written -> the place, and what the message has to say.
SLIPS = {
    "a:\n\tb: 1\n": ("line 2, column 1", "spaces"),
    "a: 1\nb:2\nc: 3\n": ("line 2, column 1", "a colon and a space"),
    "a: 1\n  b: 2\n": ("line 2, column 4", "neighbours"),
    "a:\n  b: 1\n c: 2\n": ("line 3, column 2", "neighbours"),
    "a: 1\nb: 2\na: 3\n": ("line 3, column 1", "`a` stands there a second time, first in line 1"),
    "a: {b: 1, b: 1}\n": ("line 1, column 11", "`b` stands there a second time"),
    "a:\n  b: 1\n\u3000\u3000c: 2\n": ("line 3, column 1", "full-width space"),
    "a: 1\nb\uff1a 2\nc: 3\n": ("line 2, column 1", "full-width \uff1a"),
    "a: {b: 1}\n\u3000c: 2\n d: 3\n": ("line 3, column 3", "full-width space"),
    "a: {b: 1\uff0c c: 2}\n": ("line 1, column 12", "full-width \uff0c"),
}


@pytest.mark.parametrize("text", SLIPS)
def test_a_slip_is_named_with_its_place(text: str) -> None:
    with pytest.raises(yaml.YAMLError) as caught:
        loaded(text)
    place, said = SLIPS[text]
    assert unreadable(caught.value).startswith(place)
    assert said in unreadable(caught.value)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("sakura-rtx-vpn:rtxpassword", "rtxPassword"),
        ("sakura-rtx-vpn:apiTokn", "apiToken"),
        ("sakura-rtx-vpn:Site", "site"),
        ("sakura-rtx-vpn:rtxPassword", ""),
        ("sakura-rtx-vpn:monitoringHost", ""),
        ("other:rtxPasword", ""),
        ("pulumi:tags", ""),
    ],
)
def test_a_key_that_is_spelt_nearly_as_one_of_ours_is_named(key: str, meant: str) -> None:
    said = slip({"config": {"sakura-rtx-vpn:site": {}, key: {"secure": "Canary"}}})
    assert said.endswith(f"is `sakura-rtx-vpn:{meant}` meant?" if meant else "")
    assert bool(said) == bool(meant)
    assert "Canary" not in said


@pytest.mark.parametrize("values", [None, [], "text", {}, {"config": None}, {"config": [1]}])
def test_what_has_no_keys_has_no_slip(values: object) -> None:
    assert slip(values) == ""


def test_a_line_with_a_secret_is_not_shown() -> None:
    with pytest.raises(yaml.YAMLError) as caught:
        loaded("config:\n  psk: Canary_0123456789\n\t b: 2\n")
    assert "Canary" not in unreadable(caught.value)


def test_a_comment_in_ones_own_language_is_not_blamed() -> None:
    with pytest.raises(yaml.YAMLError) as caught:
        loaded("a: 1 # \u6771\uff1a\n  b: 2\n")
    assert "full-width" not in unreadable(caught.value)


def test_what_yaml_allows_is_read() -> None:
    """Keys that a merge brings in may stand there again; values are the user's own language."""
    text = "a: &x {k: 1}\nb: &y {<<: *x, k: 2}\nc: {<<: *y}\nd: \u6771\uff1a\u3000\u672c # \uff03\n"
    assert loaded(text) == yaml.safe_load(text)


@pytest.mark.parametrize("text", ["a: \x01", "? [a]\n: 1\n", "a: [1\n"])
def test_what_yaml_refuses_is_refused_and_can_be_said(text: str) -> None:
    with pytest.raises(yaml.YAMLError) as caught:
        loaded(text)
    assert unreadable(caught.value)
