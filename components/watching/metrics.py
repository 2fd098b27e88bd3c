"""What is known of the watched sites, in Prometheus' text form (exposition format 0.0.4)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import VpnError
from .course import RESULTS, Course

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass
class Record:
    """What is counted for one site; `last_traffic` is a Unix time, 0 if none was seen yet."""

    course: Course
    last_traffic: float = 0.0
    round_trip_ms: float | None = None
    looks: Counter[str] = field(default_factory=Counter)
    reconnects: Counter[str] = field(default_factory=Counter)


Samples = Iterator[tuple[str, float]]


class _Metric(NamedTuple):
    name: str
    kind: str
    help: str
    samples: Callable[[Record], Samples]


def _one(value: float) -> Samples:
    yield "", value


def _results(record: Record) -> Samples:
    for result in RESULTS:
        yield f',result="{result}"', record.reconnects[result]


def _looks(record: Record) -> Samples:
    for seen in ("passed", "lost", "blind", "held"):
        yield f',seen="{seen}"', record.looks[seen]


def _round_trip(record: Record) -> Samples:
    if record.round_trip_ms is not None:
        yield "", record.round_trip_ms / 1000


METRICS: Final = (
    _Metric(
        "sakura_rtx_up",
        "gauge",
        "1 if traffic passed at the last look, 0 if it did not or could not be asked.",
        lambda record: _one(float(record.course.phase == "passed")),
    ),
    _Metric(
        "sakura_rtx_reachable",
        "gauge",
        "1 if the router could be asked at the last look.",
        lambda record: _one(float(record.course.phase not in ("new", "blind"))),
    ),
    _Metric(
        "sakura_rtx_held",
        "gauge",
        "1 while a change is being made: nothing is done meanwhile.",
        lambda record: _one(float(record.course.phase == "held")),
    ),
    _Metric(
        "sakura_rtx_last_traffic_timestamp_seconds",
        "gauge",
        "Unix time at which traffic was last seen to pass; 0: not yet.",
        lambda record: _one(record.last_traffic),
    ),
    _Metric(
        "sakura_rtx_round_trip_seconds",
        "gauge",
        "Round trip of the last ping that passed.",
        _round_trip,
    ),
    _Metric(
        "sakura_rtx_outage_seconds_total",
        "counter",
        "Seconds without traffic, as well known as looks are close.",
        lambda record: _one(record.course.outage_s),
    ),
    _Metric(
        "sakura_rtx_unknown_seconds_total",
        "counter",
        "Seconds of which neither traffic nor its loss was seen.",
        lambda record: _one(record.course.unknown_s),
    ),
    _Metric("sakura_rtx_looks_total", "counter", "Looks by what they saw.", _looks),
    _Metric("sakura_rtx_reconnects_total", "counter", "Reconnects by result.", _results),
)


def text(records: Mapping[str, Record]) -> str:
    """All metrics of these sites."""
    lines: list[str] = []
    for metric in METRICS:
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
        for site, record in records.items():
            label = site.replace("\\", "\\\\").replace('"', '\\"')
            lines += [
                f'{metric.name}{{site="{label}"{more}}} {value:.10g}'
                for more, value in metric.samples(record)
            ]
    return "\n".join(lines) + "\n"


class Board:
    """The records of all sites, for threads that write and one that reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, Record] = {}

    def add(self, site: str, record: Record) -> None:
        """Show this record from now on; it is changed under `lock` only."""
        with self._lock:
            self._records[site] = record

    @property
    def lock(self) -> threading.Lock:
        """Held while a record is changed, or read as a whole."""
        return self._lock

    def text(self) -> str:
        """The metrics as they are now."""
        with self._lock:
            return text(self._records)


def write(file: Path, content: str) -> None:
    """Replace a file that node_exporter's textfile collector reads: it sees the old or the new.

    Its name must end in `.prom`; the new content is written beside it under a name that does not.
    Raises `VpnError` if it cannot be written.
    """
    new = file.with_name(f".{file.name}.new")
    try:
        new.write_text(content, encoding="utf-8")
        new.chmod(0o644)  # node_exporter is another user
        new.replace(file)
    except OSError as error:
        raise VpnError(f"the metrics cannot be written to {file}: {error.strerror}") from None
