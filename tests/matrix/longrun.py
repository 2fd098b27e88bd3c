"""Twenty-four simulated hours of a site, three times: who watches and who runs `up` keep traffic.

Each case prints the day: every fault, every decision, every outage.  `make matrix ARGS=longrun`.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from longrun_office import HOUR, Day, Report

from .table import Case

SEEDS = (1, 2, 3)
HOURS = 24.0
FAULT_EVERY = 1200.0
LONGEST_OUTAGE = 2 * HOUR
"""The line alone is cut for 1200 s, a tunnel that is disabled is up's business, who comes once an
hour, and again 600 s after an API in trouble for 1800 s has made it fail."""
MORE_MEMORY = 40  # MiB: the stand-ins keep what they were told


def check(day: Day, report: Report) -> None:
    """What must be true after any day."""
    assert day.world.passes(), day.world.link.reason()
    assert not report.violations, report.violations
    longest = max(outage.seconds for outage in report.outages)
    assert longest <= LONGEST_OUTAGE, report.text()
    hours = (day.clock.now() - day.begin) / HOUR
    assert sum(report.reconnects.values()) <= day.watcher.limits.tries * (hours + 1)
    first, last = report.held[0], report.held[-1]
    assert (last.sessions, last.files, last.threads) == (
        first.sessions,
        first.files,
        first.threads,
    ), report.held
    assert last.objects <= first.objects * 1.2 + 50, report.held
    assert last.resident <= first.resident + MORE_MEMORY, report.held


def run(seed: int, hours: float = HOURS, fault_every: float = FAULT_EVERY) -> Report:
    """One day; raises AssertionError if something is not as it must be."""
    with tempfile.TemporaryDirectory() as folder:
        day = Day(Path(folder), seed, hours=hours, fault_every=fault_every)
        try:
            report = day.run()
            check(day, report)
        finally:
            day.close()
    return report


def _printed(seed: int) -> str:
    report = run(seed)
    faults = sum(text.startswith("FAULT") for _, text in report.lines)
    held, causes = report.held[-1], Counter[str]()
    for outage in report.outages:
        causes[outage.after] += round(outage.seconds)
    print(
        f"### seed {seed}\n\n{report.text()}\n\n"
        f"seed {seed}: {faults} faults, {len(report.outages)} outages, {report.outage_s:.0f} s in "
        f"all ({report.outage_s / HOURS / HOUR:.2%} of the day), the longest "
        f"{max(each.seconds for each in report.outages):.0f} s; the watch saw "
        f"{report.seen_outage_s:.0f} s and did not know {report.unknown_s:.0f} s; reconnects "
        f"{report.reconnects}; up {report.ups}; at the end {held}, after the first hour "
        f"{report.held[0]}; outage by what went wrong last (s): {dict(causes)}\n",
        flush=True,
    )
    return "traffic at the end"


def cases() -> list[Case]:
    """A day for each seed."""
    return [Case("24 hours", f"seed {seed}", partial(_printed, seed)) for seed in SEEDS]
