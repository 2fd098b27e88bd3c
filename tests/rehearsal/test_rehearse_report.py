"""What a rehearsal shows: as text, as JSON, as a picture; steps made by hand, no daemon needed."""

from __future__ import annotations

import xml.dom.minidom
from dataclasses import replace
from itertools import pairwise

from components.rehearsal.ike.said import Saying
from components.rehearsal.ike.traffic import Gap
from components.rehearsal.rehearse.course import Step
from components.rehearsal.rehearse.report import Report, as_json, text
from components.rehearsal.rehearse.timeline import svg

GOOD = Step(
    name="made",
    what="the tunnel as the site file says",
    begin=1000.0,
    end=1003.0,
    since=1000.0,
    traffic=True,
    outages=(Gap(1000.0, 1000.7, 0), Gap(1001.0, 1001.5, 4)),
    pings=20,
    recovered_s=1.5,
    said=(
        Saying(1000.1, "you", "office end: 26 lines to type"),
        Saying(1000.5, "cloud", "starts the key exchange"),
        Saying(1000.6, "office", "phase 1 stands: IKE SA"),
        Saying(1000.6, "office", "asks again", 3),
    ),
)
BAD = replace(
    GOOD,
    name="office reboots",
    begin=1003.0,
    end=1020.0,
    since=1003.0,
    traffic=False,
    outages=(Gap(1003.2, 1020.0, 168),),
    recovered_s=None,
    said=(Saying(1004.0, "cloud", "cannot decrypt: another key"),),
    cause="psk-mismatch",
    why="phase 1: the pre-shared keys differ",
    played="5 times faster: dead peer detection of 15/30 s as 3/6 s",
)


def report(*steps: Step, **others: object) -> Report:
    made = Report("body.json and <config>", "gateway 2, 198.51.100.20", "203.0.113.4", steps)
    return replace(made, **others)  # type: ignore[arg-type]


def texts_of(picture: str) -> list[str]:
    document = xml.dom.minidom.parseString(picture)
    return [own_text(element) for element in document.getElementsByTagName("text")]


def own_text(element: xml.dom.minidom.Element) -> str:
    """Without the tooltip."""
    return "".join(n.data for n in element.childNodes if isinstance(n, xml.dom.minidom.Text))


def bars(picture: str, kind: str) -> list[tuple[float, float]]:
    """Top and height of every bar of a kind."""
    document = xml.dom.minidom.parseString(picture)
    return [
        (float(r.getAttribute("y")), float(r.getAttribute("height")))
        for r in document.getElementsByTagName("rect")
        if r.getAttribute("class") == kind
    ]


def test_all_is_well_only_if_every_step_is() -> None:
    assert report(GOOD).ok
    assert not report(GOOD, BAD).ok
    assert not report(replace(GOOD, error="the change was refused")).ok
    assert not report(GOOD, skipped=("recovery",)).ok
    assert not report().ok


def test_a_step_counts_what_was_lost_and_not_what_never_was() -> None:
    assert GOOD.outage_s == 0.5
    assert GOOD.lost == 4


def test_the_text_names_steps_causes_and_what_is_not_shown() -> None:
    shown = text(report(GOOD, BAD, notes=("a note",), not_shown=("raw ESP",), skipped=("later",)))
    lines = shown.splitlines()
    rows = [" ".join(line.split()) for line in lines]
    assert "made passes 0.5 s 1.5 s 4" in rows
    assert "office reboots NONE 16.8 s - 168" in rows
    assert "  cause: psk-mismatch: phase 1: the pre-shared keys differ" in lines
    assert "    0.60 s  office  asks again (3 times)" in lines
    assert "later                     not tried: no traffic before" in lines
    assert [line for line in lines if line.startswith("  - ")] == ["  - a note", "  - raw ESP"]
    assert lines[-1] == "NOT every step carries traffic."
    assert text(report(GOOD)).splitlines()[-1] == "Traffic passes at every step."
    warned = text(report(GOOD, warnings=("seen to stall",))).splitlines()
    assert "  - seen to stall" in warned
    assert warned[-1].startswith("Traffic passes at every step here; real devices")


def test_json_has_traffic_at_every_step_and_times_from_the_beginning() -> None:
    data = as_json(report(GOOD, BAD))
    assert [step["traffic"] for step in data["steps"]] == [True, False]
    assert [step["at"] for step in data["steps"]] == [0.0, 3.0]
    assert data["steps"][1]["recovered_s"] is None
    assert data["steps"][1]["cause"] == "psk-mismatch"
    said = {"at": 4.0, "who": "cloud", "text": "cannot decrypt: another key", "times": 1}
    assert data["steps"][1]["said"] == [said]
    assert as_json(report())["steps"] == []


def test_the_picture_is_valid_and_says_who_did_what() -> None:
    words = texts_of(svg(report(GOOD, BAD)))
    assert "Rehearsed on copies of body.json and <config>" in words
    for lane in ("what is done", "office end (RTX)", "cloud end (VPC router)", "seconds"):
        assert lane in words
    assert "MADE" in words
    assert "OFFICE REBOOTS: PSK-MISMATCH" in words
    assert "asks again (3 times)" in words
    assert {"0", "5", "10", "15", "20"} <= set(words)


def test_red_is_where_no_traffic_passed() -> None:
    picture = svg(report(GOOD, BAD))
    ((top, height),) = bars(picture, "passes")
    red = bars(picture, "none")
    scale = height / 20  # 20 seconds in all
    spans = [((y - top) / scale, (y - top + h) / scale) for y, h in red]
    expected = [(0.0, 0.7), (1.0, 1.5), (3.2, 20.0)]
    for (begin, end), (wanted_begin, wanted_end) in zip(spans, expected, strict=True):
        assert abs(begin - wanted_begin) < 0.02
        assert abs(end - wanted_end) < 0.02


def test_no_label_covers_another_one() -> None:
    crowd = tuple(Saying(1000.5 + i / 100, "cloud", f"says {i}") for i in range(30))
    document = xml.dom.minidom.parseString(svg(report(replace(GOOD, said=crowd))))
    said = [
        float(element.getAttribute("y"))
        for element in document.getElementsByTagName("text")
        if own_text(element).startswith("says ")
    ]
    assert len(said) == 30
    assert min(low - high for high, low in pairwise(said)) >= 14
    (whole,) = document.getElementsByTagName("svg")
    assert max(said) < float(whole.getAttribute("height"))


def test_nothing_rehearsed_is_a_picture_too() -> None:
    assert "Nothing was rehearsed." in texts_of(svg(report()))
