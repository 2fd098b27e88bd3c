"""One turn after the other: what is said, what is counted, and that no fault ends the watch."""

from __future__ import annotations

import json
import stat
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from components.clock import ManualClock
from components.errors import ApiError, Cancelled, Unreachable, VpnError
from components.watching import Decision, Limits, Seen, Tried, Watcher, metrics, serving
from components.watching.metrics import Board

CANARY = "pre_shared_key_that_nobody_may_see"
LIMITS = Limits(interval=60, patience=60, first=60, tries=3)
PASSED, LOST = Seen("passed", round_trip_ms=12.5), Seen("lost", "no ping comes back")


class Scripted:
    """An eye that sees what it is told to, and a reconnect that does."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.sees: Seen | Exception = PASSED
        self.gives: list[Tried | Seen | Exception] = []
        self.tries = self.open = 0

    @contextmanager
    def look(self) -> Iterator[Scripted]:
        self.open += 1
        try:
            yield self
        finally:
            self.open -= 1

    def seen(self) -> Seen:
        if isinstance(self.sees, Exception):
            raise self.sees
        return self.sees

    def reconnect(self) -> Tried | Seen:
        self.tries += 1
        self.clock.advance(10)
        found = self.gives.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


class Scene:
    def __init__(self, limits: Limits = LIMITS, site: str = "osaka") -> None:
        self.clock, self.said, self.board = ManualClock(), list[Decision](), Board()
        self.eye = Scripted(self.clock)
        self.watcher = Watcher(
            site,
            self.eye,
            limits,
            clock=self.clock,
            wall=lambda: 1_800_000_000.0 + self.clock.now(),
            chance=lambda: 0.5,
            say=self.said.append,
            board=self.board,
        )

    def turn(self, sees: Seen | Exception, *gives: Tried | Seen | Exception) -> list[str]:
        """What is said in one turn; then time passes until the next one."""
        self.eye.sees, self.eye.gives, before = sees, list(gives), len(self.said)
        self.clock.advance(self.watcher.turn())
        assert not self.eye.gives, "no try was made"
        assert not self.eye.open
        return [decision.event for decision in self.said[before:]]

    def until_try(self, *gives: Tried | Seen | Exception) -> list[str]:
        events: list[str] = []
        for _ in range(100):
            self.eye.sees, self.eye.gives, before = LOST, list(gives), len(self.said)
            self.clock.advance(self.watcher.turn())
            events += [decision.event for decision in self.said[before:]]
            if not self.eye.gives:
                return events
        raise AssertionError("no try was made")


def test_a_stall_from_its_loss_to_its_end() -> None:
    scene = Scene()
    assert scene.turn(PASSED) == ["passes"]
    assert scene.turn(PASSED) == []
    assert scene.until_try(Tried("failed", "no traffic 40 s later")) == [
        "lost",
        "waits",
        "reconnect",
        "tried",
    ]
    assert scene.until_try(Tried("restored", "restartvpn")) == ["reconnect", "tried"]
    assert scene.turn(PASSED) == []
    assert scene.watcher.course.lost_since is None
    assert dict(scene.watcher.record.reconnects) == {"failed": 1, "restored": 1}


def test_what_comes_back_by_itself_is_left_alone() -> None:
    scene = Scene()
    scene.turn(PASSED)
    assert scene.turn(LOST) == ["lost", "waits"]
    assert scene.turn(LOST) == []
    assert scene.turn(PASSED) == ["back"]
    assert scene.said[-1].text == "traffic passes again, 30 s after its loss was seen"
    assert scene.eye.tries == 0


def test_no_more_tries_than_allowed_and_the_doctor_is_named() -> None:
    scene = Scene()
    for _ in range(LIMITS.tries):
        scene.until_try(Tried("failed"))
    events = [event for _ in range(20) for event in scene.turn(LOST)]
    assert events == ["spent"]
    assert "sakura-rtx doctor --site osaka" in scene.said[-1].text
    assert scene.eye.tries == LIMITS.tries


@pytest.mark.parametrize("held", [Seen("held", "the stack is locked by ops on pc")])
def test_nothing_is_done_while_a_change_is_made(held: Seen) -> None:
    scene = Scene()
    scene.turn(LOST)
    scene.clock.advance(1000)
    assert scene.turn(held) == ["held"]
    assert scene.turn(held) == []
    assert scene.eye.tries == 0
    # A change that begins between the look and the try is no try.
    assert scene.turn(LOST, held) == ["lost", "reconnect", "held"]
    assert scene.watcher.course.begun == ()
    assert not scene.watcher.record.reconnects


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Unreachable("no answer from 192.0.2.1"), "no answer from 192.0.2.1"),
        (KeyError(CANARY), "a fault of this program: KeyError at seen"),
    ],
)
def test_no_fault_at_a_site_ends_its_watch(error: Exception, said: str) -> None:
    scene = Scene()
    assert scene.turn(error) == ["blind"]
    assert said in scene.said[-1].text
    assert scene.turn(error) == []
    assert scene.turn(PASSED) == ["passes"]
    assert not [each for each in scene.said if CANARY in each.line()]


@pytest.mark.parametrize(
    "error", [ApiError("API is away", state="SAs deleted"), ValueError(CANARY)]
)
def test_a_try_that_meets_a_fault_is_a_try(error: Exception) -> None:
    scene = Scene()
    events = scene.until_try(error)
    assert events[-2:] == ["reconnect", "tried"]
    assert scene.watcher.record.reconnects["error"] == 1
    assert scene.watcher.course.failed == 1
    assert CANARY not in scene.said[-1].line()


def test_who_ends_the_watch_ends_a_look_too() -> None:
    scene = Scene()
    with pytest.raises(Cancelled):
        scene.turn(Cancelled("stopped on request"))
    with pytest.raises(Cancelled):
        scene.until_try(Cancelled("stopped on request"))
    assert not scene.eye.open


def test_a_decision_is_one_line_and_one_object() -> None:
    scene = Scene()
    scene.turn(Unreachable("first line\n  second line"))
    (decision,) = scene.said
    assert "\n" not in decision.line()
    assert decision.line().endswith(
        "osaka: blind: the router cannot be asked: first line second line"
    )
    found = json.loads(json.dumps(decision.as_json()))
    assert (found["at"], found["site"], found["event"]) == (
        "2027-01-15T08:00:00+00:00",
        "osaka",
        "blind",
    )


# --- metrics


def values(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_the_metrics_tell_what_happened() -> None:
    scene = Scene()
    before = values(scene.board.text())
    assert before['sakura_rtx_up{site="osaka"}'] == 0
    assert before['sakura_rtx_last_traffic_timestamp_seconds{site="osaka"}'] == 0
    assert before['sakura_rtx_reconnects_total{site="osaka",result="restored"}'] == 0
    scene.turn(PASSED)
    scene.until_try(Tried("failed"))
    now = values(scene.board.text())
    assert now['sakura_rtx_up{site="osaka"}'] == 0
    assert now['sakura_rtx_reachable{site="osaka"}'] == 1
    assert now['sakura_rtx_reconnects_total{site="osaka",result="failed"}'] == 1
    assert now['sakura_rtx_last_traffic_timestamp_seconds{site="osaka"}'] == 1_800_000_000
    assert now['sakura_rtx_round_trip_seconds{site="osaka"}'] == 0.0125
    assert now['sakura_rtx_outage_seconds_total{site="osaka"}'] == pytest.approx(70)
    scene.turn(PASSED)
    now = values(scene.board.text())
    assert now['sakura_rtx_up{site="osaka"}'] == 1
    assert now['sakura_rtx_looks_total{site="osaka",seen="passed"}'] == 2


def test_the_text_is_what_prometheus_reads() -> None:
    scene = Scene(site='a"b\\c')
    text = scene.board.text()
    assert text.endswith("\n")
    for metric in metrics.METRICS:
        assert text.count(f"# HELP {metric.name} ") == text.count(f"# TYPE {metric.name} ") == 1
        assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert 'site="a\\"b\\\\c"' in text


def test_a_scrape_on_this_machine() -> None:
    scene = Scene()
    scene.turn(PASSED)
    with serving.served(scene.board, 0) as port:
        url = f"http://127.0.0.1:{port}"
        with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
            assert answer.headers["Content-Type"] == metrics.CONTENT_TYPE
            assert answer.read().decode() == scene.board.text()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{url}/", timeout=5)
        with pytest.raises(VpnError, match="cannot be listened on"), serving.served(Board(), port):
            pass
    assert not [each for each in threading.enumerate() if "serve_forever" in each.name]


def test_the_textfile_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "sakura.prom"
    metrics.write(file, "one 1\n")
    metrics.write(file, "two 2\n")
    assert file.read_text() == "two 2\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(VpnError, match="cannot be written"):
        metrics.write(tmp_path / "missing" / "x.prom", "")
