"""A few sites at a time, each at its own risk, and a stop that reaches those at work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from components.fleet.crew import MEMORY_OF_ONE, Crew, Work, parallel_by_memory
from components.fleet.outcome import Outcome
from components.fleet.processes import Program

SECONDS = 20


class Site:
    """A site that works until it is let go or stopped."""

    def __init__(self, name: str, scene: Scene) -> None:
        self.name, self.scene, self.stops = name, scene, 0
        self.begun, self.go = threading.Event(), threading.Event()

    def run(self, note: Callable[[str], None]) -> Outcome:
        with self.scene.lock:
            self.scene.at_once = max(self.scene.at_once, self.scene.now + 1)
            self.scene.now += 1
        self.begun.set()
        note(f"working at {self.name}")
        if self.scene.meeting is not None:
            self.scene.meeting.wait(SECONDS)
        assert self.go.wait(SECONDS)
        with self.scene.lock:
            self.scene.now -= 1
        if self.name in self.scene.broken:
            raise RuntimeError(f"no good: {self.name}")
        return Outcome(self.name, "stopped" if self.stops else "same")

    def stop(self) -> None:
        self.stops += 1
        self.go.set()


class Scene:
    """`meeting`: that many sites must be at work at once before any of them goes on."""

    def __init__(
        self, count: int, parallel: int, broken: tuple[str, ...] = (), meeting: int = 0
    ) -> None:
        self.meeting = threading.Barrier(meeting) if meeting else None
        self.lock, self.now, self.at_once, self.broken = threading.Lock(), 0, 0, broken
        self.sites = [Site(f"s{number}", self) for number in range(count)]
        self.told: dict[str, list[Outcome]] = {site.name: [] for site in self.sites}
        works: list[tuple[str, Work]] = [(site.name, site) for site in self.sites]
        self.crew = Crew(works, parallel, lambda found: self.told[found.site].append(found))

    def results(self) -> dict[str, str]:
        return {site: told[-1].result for site, told in self.told.items()}


def test_as_many_at_once_as_told_no_more_and_all_are_come_to() -> None:
    scene = Scene(9, 3, meeting=3)
    for site in scene.sites:
        site.go.set()
    scene.crew.run()
    assert set(scene.results().values()) == {"same"}
    assert scene.at_once == 3
    for told in scene.told.values():
        assert [each.result for each in told] == ["running", "running", "same"]
        assert told[1].note.startswith("working at")


def test_a_site_that_fails_concerns_no_other() -> None:
    scene = Scene(4, 2, broken=("s1",))
    for site in scene.sites:
        site.go.set()
    scene.crew.run()
    assert scene.results() == {"s0": "same", "s1": "failed", "s2": "same", "s3": "same"}
    assert scene.told["s1"][-1].errors == ("a fault of this program: RuntimeError: no good: s1",)


def test_told_to_stop_no_site_begins_and_those_at_work_are_told_once() -> None:
    scene = Scene(5, 2)

    def stop() -> None:
        for site in scene.sites[:2]:
            assert site.begun.wait(SECONDS)
        scene.crew.stop()

    stopping = threading.Thread(target=stop)
    stopping.start()
    scene.crew.run()
    stopping.join()
    assert set(scene.results().values()) == {"stopped"}
    assert [site.stops for site in scene.sites] == [1, 1, 0, 0, 0]
    assert "before it began" in scene.told["s4"][-1].note


def test_a_crew_without_sites_is_done() -> None:
    Scene(0, 4).crew.run()


@pytest.mark.parametrize(
    ("free_mib", "parallel"),
    [(100, 1), (MEMORY_OF_ONE * 2 + 10, 2), (MEMORY_OF_ONE * 50, 4)],
)
def test_free_memory_says_how_many(free_mib: int, parallel: int, tmp_path: Path) -> None:
    file = tmp_path / "meminfo"
    file.write_text(f"MemTotal: 99999999 kB\nMemAvailable:   {free_mib * 1024} kB\n")
    assert parallel_by_memory(file) == parallel


def test_without_that_file_it_is_four(tmp_path: Path) -> None:
    assert parallel_by_memory(tmp_path / "none") == 4


# --- programs

COUNTS = """\
import signal, sys, time
count = 0
def told(*_):
    global count
    count += 1
    print(f"told {count}", flush=True)
    if count == 2:
        sys.exit(7)
signal.signal(signal.SIGINT, told)
print("ready", flush=True)
end = time.monotonic() + 20
while time.monotonic() < end:
    time.sleep(0.01)
"""


def test_a_program_gets_as_many_signals_as_it_is_to_get(tmp_path: Path) -> None:
    program, seen = Program(), list[str]()

    def heard(line: str) -> None:
        seen.append(line)
        if line in ("ready", "told 1"):
            program.stop()

    code, out, err = program.run([sys.executable, "-c", COUNTS], tmp_path, os.environ, heard)
    assert (code, out, err) == (7, "ready\ntold 1\ntold 2", "")
    assert seen == out.splitlines()
    # Once stopped, nothing else is run.
    assert program.run(["/bin/false"], tmp_path, {})[0] == 130


def test_a_ctrl_c_of_the_terminal_does_not_reach_it_beside_ours(tmp_path: Path) -> None:
    """The terminal signals the group in the foreground; the program is in none of ours."""
    outer = (
        "import os, sys; from pathlib import Path; from components.fleet.processes import Program;"
        "print(os.getpid(), flush=True);"
        "code = Program().run([sys.executable, '-c', sys.argv[1]], Path('.'), os.environ,"
        " lambda line: print(line, flush=True))[0]"
    )
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", outer, COUNTS.replace("+ 20", "+ 1")],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert process.stdout.readline() == "ready\n"
        os.killpg(pid, signal.SIGINT)
        begin = time.monotonic()
        assert "told" not in process.stdout.read()
        assert time.monotonic() - begin < SECONDS
