"""How long a tunnel between real IKE daemons is away, event by event; nothing where none can run.

`beside` is what is allowed: a second where the other end is told, else the time until dead peer
detection gives the peer up and one more interval.  Both are as played, five times faster than real.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from components.commands.lines import site_named
from components.rehearsal.ike.host import unavailable
from components.rehearsal.ike.traffic import Pinger
from components.rehearsal.rehearse.copies import Copies
from components.rehearsal.rehearse.course import SPEED, Course, Step
from components.rehearsal.rehearse.sources import from_site

from .table import Row

RUNS = 3
_TOLD = 1.0  # seconds
_BUSY = 1.0  # seconds that this machine may take beside


def rows() -> list[Row]:
    """The worst of a few runs of each event on the demo."""
    if unavailable():
        return []
    site = site_named("demo")
    dpd = (site.ipsec.dpd.interval + site.ipsec.dpd.timeout) / SPEED
    with Copies(from_site(site), site, speed=SPEED) as copies, Pinger(copies.link.lab.way) as pings:
        course = Course(copies, pings, SPEED, lambda _: None)
        steps = [course.changed("made", "", site)]
        for _ in range(RUNS):
            steps.append(course.changed("key rotated", "", site, new_key=True))
            steps += course.recoveries()
    slow = dpd + _BUSY
    limits = {"key rotated": _TOLD, "office reboots": slow, "cut of 60 s": slow}
    names = dict.fromkeys(step.name for step in steps[1:])
    return [
        _establishing(steps),
        *(_row(name, [s for s in steps if s.name == name], limits) for name in names),
    ]


def _row(name: str, steps: Sequence[Step], limits: dict[str, float]) -> Row:
    limit = limits.get(name, 2 * _TOLD)
    # During a rotation traffic goes on until the old SAs are deleted: there the outage counts.
    times = [step.outage_s if name == "key rotated" else _recovery(step) for step in steps]
    lost = " ".join(str(step.lost) for step in steps)
    note = f"least {min(times):.2f}, of {len(times)}; pings lost: {lost} (10 a second)"
    return Row(name, max(times), limit, "s", max(times) / limit, 1.0, note)


def _recovery(step: Step) -> float:
    return float("inf") if step.recovered_s is None else step.recovered_s


def _establishing(steps: Sequence[Step]) -> Row:
    times = sorted(seconds for step in steps for seconds in _exchanges(step))
    limit, note = 1000.0, f"median {times[len(times) // 2] * 1000:.0f}, of {len(times)}"
    worst = times[-1] * 1000
    return Row("key exchange, both phases", worst, limit, "ms", worst / limit, 1.0, note)


def _exchanges(step: Step) -> Iterator[float]:
    """Seconds from the start of each key exchange that nothing held up to its IPsec SA."""
    cloud = [saying for saying in step.said if saying.who == "cloud"]
    starts = [saying for saying in cloud if not saying.text.startswith("phase 1")]
    for one, other in pairwise(starts):
        if one.text == "starts the key exchange" and other.text.startswith("phase 2"):
            yield other.at - one.at
