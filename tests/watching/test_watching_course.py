"""When something is done about a site, for any course of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from components.watching.course import RESULTS, Course, Kind, Limits, Result, Seen, Tried

KINDS = get_args(Kind)
FAILED = Tried("failed")
LIMITS = Limits(interval=60, patience=60, first=60, most=900, tries=4, window=3600)


@dataclass(frozen=True)
class Step:
    """A look that sees `kind`, `late` seconds after it was due; `result` of a try, if one is made,
    that takes `took` seconds."""

    kind: Kind
    late: float
    result: Result
    took: float
    chance: float


STEPS = st.builds(
    Step,
    st.sampled_from(KINDS),
    st.floats(0, 500),
    st.sampled_from(RESULTS),
    st.floats(0, 200),
    st.floats(0, 1),
)
LIMIT_SETS = st.builds(
    Limits,
    interval=st.integers(10, 600),
    patience=st.integers(0, 120),
    first=st.integers(1, 120),
    most=st.integers(120, 1800),
    tries=st.integers(0, 6),
    window=st.integers(600, 7200),
)


@dataclass
class Trip:
    """What became of a course of steps."""

    course: Course
    now: float
    tries: list[float]
    phases: list[tuple[Kind, bool]]  # what was seen, and whether a try was made


def travel(steps: list[Step], limits: Limits) -> Trip:
    trip = Trip(Course(0.0), 0.0, [], [])
    for step in steps:
        trip.now += step.late
        trip.course = trip.course.saw(Seen(step.kind), trip.now)
        acts = trip.course.wait_for(trip.now, limits) == 0.0
        trip.phases.append((step.kind, acts))
        if acts:
            trip.tries.append(trip.now)
            trip.course = trip.course.trying(trip.now, limits)
            trip.now += step.took
            trip.course = trip.course.tried(Tried(step.result), trip.now, limits, step.chance)
        wait = trip.course.next_look(trip.now, limits)
        assert 0 < wait <= max(limits.interval, limits.blind_most)
        trip.now += wait
    trip.course = trip.course.until(trip.now)
    return trip


@given(st.lists(STEPS, max_size=60), LIMIT_SETS)
def test_no_window_has_more_tries_than_allowed(steps: list[Step], limits: Limits) -> None:
    tries = travel(steps, limits).tries
    for end in tries:
        assert sum(end - limits.window < at <= end for at in tries) <= limits.tries


@given(st.lists(STEPS, max_size=60), LIMIT_SETS)
def test_nothing_is_done_unless_loss_was_seen_just_now(steps: list[Step], limits: Limits) -> None:
    for kind, acts in travel(steps, limits).phases:
        assert kind == "lost" or not acts


@given(st.lists(STEPS, max_size=60), LIMIT_SETS)
def test_every_second_is_accounted_for_once(steps: list[Step], limits: Limits) -> None:
    trip = travel(steps, limits)
    course = trip.course
    parts = (course.passing_s, course.outage_s, course.unknown_s)
    assert min(parts) >= 0
    assert abs(sum(parts) - trip.now) < 1e-6 * max(trip.now, 1)


@given(st.lists(STEPS, max_size=60), LIMIT_SETS)
def test_the_tunnel_has_its_own_chance_first(steps: list[Step], limits: Limits) -> None:
    course, now = Course(0.0), 0.0
    for step in steps:
        now += step.late + 1
        course = course.saw(Seen(step.kind), now)
        if course.wait_for(now, limits) == 0.0:
            assert course.lost_since is not None
            assert now - course.lost_since >= limits.patience


def test_tries_that_fail_follow_at_doubled_times() -> None:
    course, now, waits = Course(0.0).saw(Seen("lost"), 0.0), 60.0, []
    limits = Limits(tries=20, first=60, most=900)
    for _ in range(7):
        course = course.trying(now, limits).tried(FAILED, now, limits, 0.5)
        wait = course.wait_for(now, limits)
        assert wait is not None
        waits.append(wait)
        now += wait
    assert waits == [60, 120, 240, 480, 900, 900, 900]


def test_what_the_configuration_explains_is_not_tried_again_soon() -> None:
    course = Course(0.0).saw(Seen("lost"), 0.0).trying(60.0, LIMITS)
    explained = Tried("failed", "tunnel-not-enabled", explained=True)
    assert course.tried(explained, 60.0, LIMITS, 0.5).wait_for(60.0, LIMITS) == LIMITS.most


def test_chance_shifts_a_try_by_a_quarter_at_most() -> None:
    course = Course(0.0).saw(Seen("lost"), 0.0).trying(60.0, LIMITS)
    waits = [course.tried(FAILED, 60.0, LIMITS, c).wait_for(60.0, LIMITS) for c in (0, 0.5, 1)]
    assert waits == [45, 60, 75]


def test_an_outage_that_ends_gives_the_next_one_its_first_try_soon() -> None:
    course = Course(0.0).saw(Seen("lost"), 0.0)
    for at in (60.0, 200.0, 500.0):
        course = course.trying(at, LIMITS).tried(FAILED, at, LIMITS, 0.5)
    course = course.saw(Seen("passed"), 600.0).saw(Seen("lost"), 660.0)
    assert course.wait_for(660.0, LIMITS) == LIMITS.patience
    course = course.trying(720.0, LIMITS).tried(FAILED, 720.0, LIMITS, 0.5)
    # The window remembers the tries of the outage before: the fourth was the last.
    assert course.is_spent(720.0, LIMITS)
    assert course.wait_for(720.0, LIMITS) == 60.0 + LIMITS.window - 720.0


def test_an_outage_goes_on_while_nobody_can_be_asked() -> None:
    course = Course(0.0).saw(Seen("passed"), 0.0).saw(Seen("lost"), 60.0)
    for kind, at in (("blind", 100.0), ("held", 160.0), ("passed", 200.0)):
        course = course.saw(Seen(kind), at)  # type: ignore[arg-type]
    assert (course.passing_s, course.outage_s, course.unknown_s) == (60.0, 140.0, 0.0)
    course = course.saw(Seen("blind"), 260.0).saw(Seen("passed"), 290.0)
    assert (course.passing_s, course.outage_s, course.unknown_s) == (120.0, 140.0, 30.0)


def test_a_router_that_cannot_be_asked_is_asked_less_often() -> None:
    course, waits = Course(0.0), []
    for at in range(6):
        course = course.saw(Seen("blind"), float(at))
        waits.append(course.next_look(float(at), LIMITS))
    assert waits == [60, 120, 240, 300, 300, 300]
    assert course.saw(Seen("passed"), 9.0).next_look(9.0, LIMITS) == 60


def test_without_tries_it_is_only_looked() -> None:
    limits = Limits(tries=0)
    course = Course(0.0).saw(Seen("lost"), 0.0)
    assert course.wait_for(10_000.0, limits) is None
    assert course.next_look(10_000.0, limits) == limits.soon
