"""A rehearsal as a picture: time runs down, one lane for each side, traffic between them (SVG)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from ..ike.said import Saying
from .course import Step
from .report import Report

_SCALE: Final = 20.0  # picture units a second
_LINE: Final = 15.0  # between two lines of text
_TOP: Final = 104.0
_BOTTOM: Final = 40.0
_WIDTH: Final = 1060
_AXIS: Final = 56
_TICKS: Final = (1, 2, 5, 10, 20, 30, 60)
_LEAST_TICK: Final = 60.0  # picture units between two
_BAR: Final = (664, 26)  # left edge and width of the traffic bar
_STYLE: Final = (
    "text{font:12px sans-serif;fill:#222}.title{font-size:18px;font-weight:bold}"
    ".lane{font-weight:bold;font-size:13px}.step{font-weight:bold}.axis{fill:#666;font-size:11px}"
    ".passes{fill:#2e9e4f}.none{fill:#d23f31}.rule{stroke:#ddd}.lead{stroke:#999;fill:none}"
)


class _Lane(NamedTuple):
    """Where a side's words stand: from `x` on, or up to it, and how many characters have room.

    A leader line comes from `anchor`, the edge towards the axis or the traffic bar.
    """

    who: str
    title: str
    x: float
    anchor: float
    room: int
    ends_at_x: bool = False


_LANES: Final = (
    _Lane("you", "what is done", _AXIS + 24, _AXIS, 50),
    _Lane("office", "office end (RTX)", _BAR[0] - 34, _BAR[0] - 4, 36, ends_at_x=True),
    _Lane("cloud", "cloud end (VPC router)", _BAR[0] + 60, _BAR[0] + 30, 50),
)


def svg(report: Report) -> str:
    """The timeline as one SVG document."""
    if not report.steps:
        return _document(_TOP, ['<text x="20" y="60">Nothing was rehearsed.</text>'], report)
    begin, end = report.steps[0].begin, report.steps[-1].end
    placed = {lane.who: _placed(_of(lane.who, report.steps), begin) for lane in _LANES}
    lowest = max((y for labels in placed.values() for y, _ in labels), default=0.0)
    height = max(_y(end, begin), lowest) + _BOTTOM
    parts = [
        *_axis(end - begin),
        *_traffic(report.steps, begin),
        *(part for lane in _LANES for part in _lane(lane, placed[lane.who], begin)),
    ]
    return _document(height, parts, report)


def _document(height: float, parts: Sequence[str], report: Report) -> str:
    outcome = "traffic passes at every step" if report.ok else "NOT every step carries traffic"
    played = {step.played for step in report.steps}
    subtitle = f"{report.office or 'no office end'} - {report.cloud or 'no cloud end'}: {outcome}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label={quoteattr(subtitle)}>'
    )
    title = f"Rehearsed on copies of {report.where}"
    note = "times as measured; " + ("some steps are played faster" if len(played) > 1 else "real")
    return "\n".join(
        (
            head,
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style>",
            f'<rect width="{_WIDTH}" height="{height:.0f}" fill="#fff"/>',
            f'<text class="title" x="20" y="28">{escape(title)}</text>',
            f'<text x="20" y="48">{escape(subtitle)} ({note})</text>',
            '<text class="lane" x="12" y="84">seconds</text>',
            *(f'<text class="lane"{_at(each, 84)}>{each.title}</text>' for each in _LANES),
            f'<text class="lane" x="{_BAR[0] + 13}" y="66" text-anchor="middle">traffic</text>',
            *parts,
            "</svg>",
            "",
        )
    )


def _at(lane: _Lane, y: float) -> str:
    """The attributes that put a text into its lane."""
    return f' x="{lane.x}" y="{y:.1f}"' + (' text-anchor="end"' if lane.ends_at_x else "")


def _y(at: float, begin: float) -> float:
    return _TOP + (at - begin) * _SCALE


def _axis(seconds: float) -> Iterator[str]:
    every = next((t for t in _TICKS if t * _SCALE >= _LEAST_TICK), _TICKS[-1])
    for second in range(0, int(seconds) + 1, every):
        y = _y(second, 0)
        yield f'<line class="rule" x1="{_AXIS}" x2="{_WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield (
            f'<text class="axis" x="{_AXIS - 8}" y="{y + 4:.1f}" text-anchor="end">{second}</text>'
        )


def _traffic(steps: Sequence[Step], begin: float) -> Iterator[str]:
    """Green where pings passed; red where they did not, and before the first that ever did."""
    yield _block("passes", begin, steps[-1].end, begin)
    for step in steps:
        for gap in step.outages:
            yield _block("none", max(gap.begin, begin), gap.end, begin)


def _block(kind: str, since: float, until: float, begin: float) -> str:
    x, width = _BAR
    top, height = _y(since, begin), max((until - since) * _SCALE, 1.0)
    words = "no traffic" if kind == "none" else "traffic"
    return (
        f'<rect class="{kind}" x="{x}" y="{top:.1f}" width="{width}" height="{height:.1f}">'
        f"<title>{words} from {since - begin:.1f} s to {until - begin:.1f} s</title></rect>"
    )


def _of(who: str, steps: Sequence[Step]) -> list[Saying]:
    said = [saying for step in steps for saying in step.said if saying.who == who]
    if who == "you":
        said += [Saying(step.begin, who, _heading(step)) for step in steps]
    return sorted(said, key=lambda saying: saying.at)


def _heading(step: Step) -> str:
    return step.name.upper() + ("" if step.ok else f": {(step.cause or 'FAILED').upper()}")


def _placed(sayings: Sequence[Saying], begin: float) -> list[tuple[float, Saying]]:
    """Each saying at its time, or below the one before where that would cover it."""
    found: list[tuple[float, Saying]] = []
    for saying in sayings:
        lowest = found[-1][0] + _LINE if found else 0.0
        found.append((max(_y(saying.at, begin), lowest), saying))
    return found


def _lane(lane: _Lane, placed: Sequence[tuple[float, Saying]], begin: float) -> Iterator[str]:
    for y, saying in placed:
        true, edge = _y(saying.at, begin), lane.x + (4 if lane.ends_at_x else -4)
        words = str(saying)
        short = words if len(words) <= lane.room else f"{words[: lane.room - 1]}…"
        style = ' class="step"' if lane.who == "you" and words.isupper() else ""
        yield (
            f'<path class="lead" d="M{lane.anchor} {true:.1f} L{edge} {y:.1f}"/>'
            f"<text{_at(lane, y + 4)}{style}>{escape(short)}"
            f"<title>{saying.at - begin:.2f} s: {escape(words)}</title></text>"
        )
