"""The picture of a site: what it says, that its frames close, and that no text covers another."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from datetime import UTC, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from components import ipsec
from components.picture import Picture, picture, svg, text
from components.picture.terminal import columns
from components.site import Site, site_of

ROOT = Path(__file__).resolve().parents[2]
DEMO = yaml.safe_load((ROOT / "stacks" / "Pulumi.demo.yaml").read_text("utf-8"))["config"]
KEY = "sakura-rtx-vpn:site"
VIP = "203.0.113.4"
LONG = "\u718a\u672c\u652f\u5e97-" * 30
SVG = "{http://www.w3.org/2000/svg}"


def site(**office: Any) -> Site:
    data = copy.deepcopy(DEMO)
    data[KEY]["office"] |= office
    return site_of(data)


def outputs(**more: Any) -> dict[str, Any]:
    return {
        "vpc_router_address": VIP,
        "vpc_router_addresses": ["203.0.113.5", "203.0.113.6"],
        "router_id": "113400000003",
        "agreement": ipsec.rows(site().agreement, VIP),
        "verified": {"at": "2026-11-25T17:15:04+00:00", "roundTripMs": 2.1, "outageSeconds": 4},
    } | more


def drawn(given: dict[str, Any] | None, name: str = "tokyo", **office: Any) -> Picture:
    return picture(name, site(**office), given, unseen="no Pulumi CLI on PATH", zone=UTC)


def test_addresses_numbers_and_the_proof_are_shown() -> None:
    shown = text(drawn(outputs()))
    for said in (
        "tokyo  [+] proved",
        "traffic proved 2026-11-25 17:15 UTC, round trip 2.1 ms, outage of that change 4 s",
        "tunnel 2, gateway 2, policy 102",
        "aes128 sha1 modp1024",
        VIP,
        "203.0.113.5 203.0.113.6",
        "198.51.100.20",
        "192.168.1.0/24",
        "192.168.2.0/24",
    ):
        assert said in shown


def test_the_time_is_that_of_the_reader() -> None:
    tokyo = timezone(timedelta(hours=9))
    seen = picture("tokyo", site(), outputs(), zone=tokyo)
    assert "2026-11-26 02:15 UTC+0900" in seen.proof


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        (None, "not known", "from the site file alone: no Pulumi CLI on PATH"),
        ({}, "not made", "the stack holds no tunnel yet"),
        (outputs(verified={"at": "", "how": "not proved yet"}), "not proved", "never been proved"),
        (outputs(verified={"at": "yesterday"}), "proved", "traffic proved yesterday"),
    ],
)
def test_what_the_status_rests_on_is_said(given: Any, status: str, said: str) -> None:
    seen = drawn(given)
    assert seen.status == status
    assert said in seen.proof
    assert said in svg([seen])


def test_what_the_site_file_says_and_up_has_not_done_is_named() -> None:
    data = copy.deepcopy(DEMO)
    data[KEY]["ipsec"]["hash"] = "sha256"
    seen = picture("tokyo", site_of(data), outputs(), zone=UTC)
    assert seen.notes == ("not applied yet: hash sha1 becomes sha256",)
    assert seen.notes[0] in text(seen)
    assert drawn(outputs()).notes == ()


def test_no_secret_is_taken_from_the_outputs() -> None:
    seen = drawn(outputs(psk="Canary_0123456789"))
    assert "Canary" not in text(seen) + svg([seen]) + repr(seen)


@pytest.mark.parametrize("name", ["tokyo", LONG])
def test_frames_close_on_a_terminal_of_any_kind(name: str) -> None:
    long = {"router": {"model": "RTX1220", "host": "h" * 90, "user": "ops"}}
    for seen in (drawn(outputs(), name), drawn(None, name, **long)):
        shown = text(seen)
        assert shown.replace(name, "").isascii()  # nothing whose width depends on the terminal
        framed = [line for line in shown.splitlines() if line.startswith(("  |", "  +"))]
        assert len({columns(line) for line in framed}) == 1


def test_wide_characters_count_twice() -> None:
    assert columns("\u718a\u672c") == 4
    assert columns("e\u0301") == 1


def spans(document: str) -> Iterator[tuple[float, float, float]]:
    """Of every text: its line, where it begins and where it ends."""
    for each in ET.fromstring(document).iter(f"{SVG}text"):
        size = 17 if each.get("class") == "name" else 12
        width = columns(each.text or "") * 0.602 * size  # of the fonts that are named
        x, y = float(each.get("x", 0)), float(each.get("y", 0))
        if each.get("text-anchor") == "middle":
            x -= width / 2
        yield y, x, x + width


def test_no_text_covers_another_or_leaves_the_picture() -> None:
    long = {"router": {"model": "RTX1220", "host": "h" * 90, "user": "ops", "via": "a@" + "b" * 60}}
    pictures = [
        drawn(outputs()),
        drawn(None, LONG, **long),
        picture("osaka", site(), {}, unseen=LONG),
        picture("nagoya", site(), None, unseen=LONG),
    ]
    document = svg(pictures)
    root = ET.fromstring(document)
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    found = sorted(spans(document))
    assert len(found) > 80
    for y, begin, end in found:
        assert 0 < y < height
        assert begin >= 0
        assert end <= width
    for (y, _, end), (next_y, begin, _) in pairwise(found):
        assert next_y != y or begin >= end
    # Lines of one column keep their distance.
    lines = sorted({y for y, begin, _ in found if begin == 34})
    assert min(b - a for a, b in pairwise(lines)) >= 14


def test_a_text_that_is_cut_is_whole_in_its_tooltip() -> None:
    document = svg([drawn(None, LONG)])
    tips = [each.text for each in ET.fromstring(document).iter(f"{SVG}title")]
    assert LONG in tips
    assert re.search("\u2026<title>", document)


def test_foreign_text_is_no_markup() -> None:
    document = svg([picture('<a b="&">', site(), None, unseen="<script>")])
    assert "<script>" not in document
    ET.fromstring(document)


def test_no_site_is_a_picture_too() -> None:
    ET.fromstring(svg([]))
