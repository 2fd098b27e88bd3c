"""What came of a rehearsal, for people and as JSON.  No key is in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .course import Step


@dataclass(frozen=True)
class Report:
    """The steps of a rehearsal and what has to be known to judge them.

    `office` and `cloud` name the ends that were played ("" where one has nothing of the tunnel),
    `not_shown` what of the real devices these daemons cannot show, `warnings` what was observed of
    real ones and differs from what is seen here, `skipped` the steps that had no sense any more.
    """

    where: str
    office: str
    cloud: str
    steps: Sequence[Step]
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()
    not_shown: Sequence[str] = ()
    skipped: Sequence[str] = ()

    @property
    def ok(self) -> bool:
        """Whether traffic passed at every step."""
        return bool(self.steps) and all(step.ok for step in self.steps) and not self.skipped


def as_json(report: Report) -> dict[str, Any]:
    """The report as JSON; times are seconds, those of `at` from the beginning."""
    zero = report.steps[0].begin if report.steps else 0.0
    return {
        "ok": report.ok,
        "source": report.where,
        "office": report.office,
        "cloud": report.cloud,
        "steps": [_step_json(step, zero) for step in report.steps],
        "skipped": list(report.skipped),
        "notes": list(report.notes),
        "warnings": list(report.warnings),
        "not_shown": list(report.not_shown),
    }


def _step_json(step: Step, zero: float) -> dict[str, Any]:
    return {
        "name": step.name,
        "what": step.what,
        "ok": step.ok,
        "traffic": step.traffic,
        "at": round(step.begin - zero, 2),
        "seconds": round(step.end - step.begin, 2),
        "outage_s": round(step.outage_s, 2),
        "recovered_s": None if step.recovered_s is None else round(step.recovered_s, 2),
        "pings_passed": step.pings,
        "pings_lost": step.lost,
        "played": step.played,
        "cause": step.cause,
        "why": step.why,
        "error": step.error,
        "said": [
            {"at": round(s.at - zero, 2), "who": s.who, "text": s.text, "times": s.times}
            for s in step.said
        ],
    }


def text(report: Report) -> str:
    """The report for people."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield f"Rehearsed on copies of {report.where}"
    yield f"  office end  {report.office or 'nothing of the tunnel'}"
    yield f"  cloud end   {report.cloud or 'nothing of the tunnel'}"
    yield ""
    yield f"{'step':26}{'traffic':9}{'outage':>9}{'back after':>12}{'lost':>6}"
    for step in report.steps:
        yield _row(step)
    yield from (f"{name:26}not tried: no traffic before" for name in report.skipped)
    for step in report.steps:
        yield ""
        yield from _account(step)
    for title, entries in (
        ("Taken for granted", report.notes),
        ("Observed of real devices", report.warnings),
        ("Not shown by these daemons", report.not_shown),
    ):
        if entries:
            yield ""
            yield title
            yield from (f"  - {entry}" for entry in entries)
    yield ""
    yield _verdict(report)


def _verdict(report: Report) -> str:
    if not report.ok:
        return "NOT every step carries traffic."
    if report.warnings:
        return "Traffic passes at every step here; real devices were seen to differ (see above)."
    return "Traffic passes at every step."


def _row(step: Step) -> str:
    back = "-" if step.recovered_s is None else f"{step.recovered_s:.1f} s"
    passes = "passes" if step.traffic else "NONE"
    return f"{step.name:26}{passes:9}{step.outage_s:7.1f} s{back:>12}{step.lost:6d}"


def _account(step: Step) -> Iterator[str]:
    yield f"{step.name}: {step.what} ({step.played})"
    if step.why:
        yield f"  cause: {step.cause}: {step.why}" if step.cause else f"  cause: {step.why}"
    if step.error:
        yield from (f"  {line}" for line in step.error.splitlines())
    for saying in step.said:
        yield f"  {saying.at - step.begin:6.2f} s  {saying.who:7} {saying}"
