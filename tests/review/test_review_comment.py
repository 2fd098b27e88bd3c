"""What the comment says of real previews, in which order, and within which size."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from previews_made import captured, failing, renamed, sites, tunnel_of, unchanged, with_lines
from pulumi.runtime import rpc

from components.review import LIMIT, MARKER, comment, verdict
from components.review.preview import UNKNOWN


def test_a_changed_line_stands_in_its_block_and_the_agreement_marks_its_row() -> None:
    text = comment(sites(captured("change")))
    assert text.startswith(MARKER)
    diff = text.split("```diff\n")[1].split("\n```")[0].splitlines()
    assert [line for line in diff if line[0] in "+-"] == [
        "-  ipsec sa policy 102 2 esp aes-cbc sha-hmac",
        "+  ipsec sa policy 102 2 esp aes-cbc sha256-hmac",
        "-  ipsec ike hash 2 sha",
        "+  ipsec ike hash 2 sha256",
    ]
    assert "| tunnel demo-tunnel | `cloud.hash` | `sha1` | `sha256` |" in text
    assert "| **hash** | `sha1` \u2192 **`sha256`** |" in text
    assert "| encryption | `aes128` |" in text
    assert text.splitlines()[-1] == "**1 site changes; no stop, same addresses.**"


def test_a_new_site_shows_every_line_that_will_be_typed() -> None:
    (site,) = sites(captured("new"))
    lines = tunnel_of(captured("new"))["newState"]["inputs"]["lines"].splitlines()
    assert list(site.lines) == [f"+{line}" for line in lines]
    text = comment([site])
    # The message that repeats them for the terminal is left out.
    assert text.count("ipsec auto refresh 2 off") == 1
    assert "known after creation" in text
    assert verdict([site]) == "1 new site."


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("stop", "1 site changes; VPC router stopped: demo; same addresses; 1 warning."),
        ("replace", "1 site changes; replaced: demo; new address: demo; 2 warnings."),
    ],
)
def test_the_verdict_names_what_costs_most(name: str, said: str) -> None:
    text = comment(sites(captured(name)))
    assert text.splitlines()[-1] == f"**{said}**"


def test_what_a_stop_or_another_address_means_is_said() -> None:
    stop, replace = sites(captured("stop")), sites(captured("replace"))
    assert stop[0].stops == ("connect eth2",)
    assert "VPC router stopped: connect eth2" in comment(stop)
    assert replace[0].addresses == ("VPC router 203.0.113.4 to known after creation",)
    assert not replace[0].stops  # another router is made; none is stopped
    assert "VPC router demo-router" in " ".join(replace[0].replaced)


def test_an_interface_of_an_imported_router_that_is_not_ours_is_no_stop() -> None:
    data = captured("stop")
    router = next(s for s in data["steps"] if s["urn"].endswith("::demo-router"))
    router["oldState"]["inputs"]["interfaces"] = [{"nic": 5, "switchId": "1"}]
    assert sites(data)[0].stops == ("connect eth2", "disconnect eth5")
    router["oldState"]["outputs"]["imported"] = True
    assert sites(data)[0].stops == ("connect eth2",)


def test_a_new_key_is_told_by_its_version_only() -> None:
    data = captured("change")
    step = tunnel_of(data)
    step["newState"]["inputs"] = copy.deepcopy(step["oldState"]["inputs"]) | {"pskVersion": 2}
    (site,) = sites(data)
    assert site.key == "version 1 to 2"
    assert not site.lines
    assert verdict([site]) == "1 site changes; no stop, same addresses; new key: demo."
    step["newState"]["inputs"]["pskVersion"] = 1
    step["detailedDiff"] = {"psk": {"kind": "update"}}
    assert sites(data)[0].key == "another key is given"


def test_what_is_deleted_imported_or_consented_to_is_named() -> None:
    data = captured("change")
    tunnel_of(data)["newState"]["inputs"]["consent"]["inBand"] = True
    tunnel_of(data)["newState"]["inputs"]["consent"]["accept"] = {"weak-hash": "until 2027"}
    text = comment(sites(data))
    assert "office.in&#95;band" in text
    assert "- accept: weak-hash, because: until 2027" in text
    step = tunnel_of(data)
    step["op"] = "delete"
    (site,) = sites(data)
    assert site.deleted == ("tunnel demo-tunnel",)
    assert {line[0] for line in site.lines} == {"-"}
    step["op"] = "import"
    assert sites(data)[0].imported == ("tunnel demo-tunnel",)


def test_what_the_last_up_left_half_done_is_named() -> None:
    data = captured("change")
    assert not sites(data)[0].unfinished
    tunnel_of(data)["oldState"]["initErrors"] = ["no traffic"]
    assert "unfinished: tunnel demo-tunnel" in comment(sites(data))


def test_an_end_that_the_agreement_cannot_be_read_from_costs_only_the_table() -> None:
    data = captured("change")
    tunnel_of(data)["oldState"]["inputs"]["cloud"] = {"peer": "198.51.100.20"}
    text = comment(sites(data))
    assert "ipsec ike hash 2 sha256" in text
    tunnel_of(data)["newState"]["inputs"]["cloud"]["hash"] = "sha3"
    assert "both ends share" not in comment(sites(data))


def test_a_failed_preview_says_why() -> None:
    text = comment(sites(failing("osaka", "site file of osaka is not usable:\n  x: y")))
    assert "### osaka: preview failed" in text
    assert "  x: y" in text
    assert text.splitlines()[-1] == "**preview FAILED: osaka; 1 error.**"


def test_nothing_to_do_is_said_in_one_line() -> None:
    text = comment(sites(unchanged("tokyo"), unchanged("osaka")))
    assert text.splitlines()[-1] == "**nothing changes in 2 sites.**"
    assert "Unchanged: osaka, tokyo" in text


def test_the_order_is_that_of_the_names_whatever_order_they_come_in() -> None:
    data = [renamed(captured("change"), name) for name in ("tokyo", "osaka", "aomori")]
    text = comment(sites(*data))
    assert text == comment(sites(*reversed(data)))
    places = [text.index(f"### {name}") for name in ("aomori", "osaka", "tokyo")]
    assert places == sorted(places)


def test_the_sites_of_one_program_have_a_section_each() -> None:
    data = captured("change")
    other = renamed(captured("change"), "osaka")["steps"][1]
    for state in ("oldState", "newState"):
        other[state]["parent"] = other[state]["parent"].replace(":demo::", ":osaka::")
    step = copy.deepcopy(other)
    step["urn"] = step["urn"].replace("urn:pulumi:osaka", "urn:pulumi:demo")
    for state in ("oldState", "newState"):
        step[state]["parent"] = step[state]["parent"].rpartition("::")[0] + "::osaka"
    data["steps"].append(step)
    data["diagnostics"] = [
        {"severity": "warning", "message": "about osaka", "urn": step["urn"]},
        # What stays the same has no step: its name tells whose it is.
        {"severity": "warning", "message": "about demo", "urn": "urn:pulumi:demo::p::t::demo-lan"},
    ]
    assert [(s.name, [d.text for d in s.findings]) for s in sites(data)] == [
        ("demo/demo", ["about demo"]),
        ("demo/osaka", ["about osaka"]),
    ]


@pytest.mark.parametrize(("number", "limit"), [(1, LIMIT), (4, LIMIT), (60, LIMIT), (900, 15_000)])
def test_the_comment_fits_whatever_the_number_of_sites(number: int, limit: int) -> None:
    lines = [f" ip tunnel description {n} \u65e5\u672c\u8a9e" for n in range(400)]
    (one,) = sites(with_lines(captured("change"), *lines))
    many = [replace(one, name=f"s{n:04}") for n in range(number - 1)]
    text = comment([*many, *sites(renamed(captured("stop"), "zz-stop"))], limit)
    assert len(text.encode()) <= limit
    assert text.splitlines()[-1].startswith(f"**{number} site")
    # What costs most is the last to go, although it is the last by its name.
    assert "VPC router stopped: connect eth2" in text
    if number == 900:
        assert "more sites here without room" in text
    elif number == 60:
        assert text.count("<summary><b>") + text.count("\n- `s0") == number


def test_where_room_is_short_every_site_loses_what_does_not_change_first() -> None:
    (one,) = sites(captured("change"))
    many = [replace(one, name=f"s{n:02}") for n in range(60)]
    text = comment(many)
    assert text.count("+  ipsec ike hash 2 sha256") == 60
    assert text.count("| **hash** |") == 60
    assert "| encryption |" not in text


@given(st.integers(1, 40), st.integers(2_000, 70_000))
@settings(max_examples=30, deadline=None)
def test_the_comment_keeps_any_limit_and_its_blocks_are_whole(number: int, limit: int) -> None:
    (one,) = sites(captured("change"))
    text = comment([replace(one, name=f"s{n:02}") for n in range(number)], limit)
    assert len(text.encode()) <= limit
    assert text.startswith(MARKER)
    assert text.splitlines()[-1].startswith(f"**{number} site")
    assert text.count("<details") == text.count("</details>")
    assert text.count("```") % 2 == 0


def test_notes_are_folded_and_no_finding() -> None:
    data = captured("change")
    data["diagnostics"] = [{"severity": "info", "message": "may interrupt others\n  for a moment"}]
    text = comment(sites(data))
    assert "<summary>1 note</summary>\n\n**Note**: may interrupt others" in text
    assert text.splitlines()[-1] == "**1 site changes; no stop, same addresses.**"


def test_a_site_that_is_longer_than_the_comment_is_cut_with_a_count() -> None:
    lines = [f" ip tunnel description {n} {'x' * 100}" for n in range(3000)]
    text = comment(sites(with_lines(captured("change"), *lines)))
    assert len(text.encode()) <= LIMIT
    assert "more lines" in text
    assert text.count("```") == 2


def test_the_engine_writes_unknown_values_as_we_read_them() -> None:
    assert UNKNOWN == rpc.UNKNOWN
