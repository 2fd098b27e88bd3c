"""`sakura-rtx fleet`: which sites, what is kept, and how a run is gone on with or ended."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from components import cli
from components.commands import fleet
from components.fleet.outcome import Outcome
from components.fleet.project import SiteFile

SECONDS = 20


class Fleet:
    """A project with sites whose work is `becomes`, and the command line."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.root, self._capsys = folder, capsys
        self.becomes: dict[str, Callable[[], Outcome]] = {}
        self.came_to: list[str] = []
        (folder / "Pulumi.yaml").write_text("name: offices\n")
        for name in ("kobe", "naha", "osaka"):
            (folder / f"Pulumi.{name}.yaml").write_text("config: {offices:site: {}}\n")
        monkeypatch.chdir(folder)
        monkeypatch.setattr(fleet, "_works", self._works)

    def _works(
        self, _here: object, _action: str, sites: Sequence[SiteFile]
    ) -> list[tuple[str, Any]]:
        return [(site.name, _Work(site.name, self)) for site in sites]

    def run(self, *words: str) -> tuple[int, str, str]:
        self.came_to = []
        code = cli.main(["fleet", *words])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def kept(self, action: str) -> dict[str, str]:
        data = json.loads((self.root / ".fleet" / f"{action}.json").read_text())
        return {site: each["result"] for site, each in data["sites"].items()}


class _Work:
    def __init__(self, site: str, scene: Fleet) -> None:
        self.site, self._scene, self.stopped = site, scene, threading.Event()

    def run(self, note: Callable[[str], None]) -> Outcome:
        self._scene.came_to.append(self.site)
        become = self._scene.becomes.get(self.site)
        if become is None:
            return Outcome(self.site, "same")
        found = become()
        if found.result == "waiting":  # works until it is stopped
            assert self.stopped.wait(SECONDS)
            return Outcome(self.site, "stopped", errors=("stopped on request",))
        return found

    def stop(self) -> None:
        self.stopped.set()


@pytest.fixture
def offices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Fleet:
    return Fleet(tmp_path, monkeypatch, capsys)


def failed(site: str) -> Callable[[], Outcome]:
    return lambda: Outcome(site, "failed", errors=("cloud end: no\n  next: wait",))


def test_what_became_of_each_site_is_told_and_kept(offices: Fleet) -> None:
    offices.becomes["naha"] = lambda: Outcome("naha", "changed", {"update": 1})
    code, out, err = offices.run("preview")
    assert (code, err) == (3, "")
    assert re.search(r"^naha +would change +0  1 to update$", out, re.MULTILINE)
    assert offices.kept("preview") == {"kobe": "same", "naha": "changed", "osaka": "same"}
    assert sorted(offices.came_to) == ["kobe", "naha", "osaka"]


def test_json_is_all_that_stands_on_stdout(offices: Fleet) -> None:
    offices.becomes["naha"] = failed("naha")
    code, out, err = offices.run("up", "--json", "--sites", "n*")
    found = json.loads(out)
    assert (code, found["exit_code"], found["failed"]) == (1, 1, ["naha"])
    assert found["sites"]["naha"]["errors"] == ["cloud end: no\n  next: wait"]
    assert "naha: failed: cloud end: no" in err


def test_a_run_is_gone_on_with_where_it_ended(offices: Fleet) -> None:
    code, _, err = offices.run("up", "--resume")
    assert code == 2
    assert "after a fleet up that ended early" in err
    offices.becomes["naha"] = failed("naha")
    code, out, _ = offices.run("up")
    assert code == 1
    assert "sakura-rtx fleet up --resume" in out
    offices.becomes.clear()
    assert offices.run("up", "--resume")[0] == 0
    assert offices.came_to == ["naha"]
    assert offices.kept("up") == {"kobe": "same", "naha": "same", "osaka": "same"}
    assert offices.run("up", "--resume")[0] == 0
    assert offices.came_to == []


def test_enough_failures_begin_no_other_site(offices: Fleet) -> None:
    offices.becomes["kobe"] = failed("kobe")
    code, out, _ = offices.run("up", "--parallel", "1", "--max-failures", "1")
    assert code == 1
    assert offices.came_to == ["kobe"]
    assert "osaka: stopped: not begun: sites that failed so far: 1" in out
    offices.run("up", "--parallel", "1", "--max-failures", "2")
    assert offices.came_to == ["kobe", "naha", "osaka"]


def test_a_site_that_is_gone_cannot_be_gone_on_with(offices: Fleet) -> None:
    offices.becomes["naha"] = failed("naha")
    offices.run("up")
    (offices.root / "Pulumi.naha.yaml").unlink()
    code, _, err = offices.run("up", "--resume")
    assert code == 2
    assert "naha" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_those_at_work_and_begins_no_other(offices: Fleet, number: int) -> None:
    def works_on() -> Outcome:
        os.kill(os.getpid(), number)
        return Outcome("kobe", "waiting")

    offices.becomes["kobe"] = works_on
    code, out, _ = offices.run("up", "--parallel", "1")
    assert code == 1
    assert offices.came_to == ["kobe"]
    assert offices.kept("up") == dict.fromkeys(("kobe", "naha", "osaka"), "stopped")
    assert "naha: stopped: stopped on request before it began" in out
    offices.becomes.clear()
    assert offices.run("up", "--resume")[0] == 0


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("destroy",),
        ("up", "--parallel", "0"),
        ("up", "--parallel", "x"),
        ("up", "--max-failures", "-1"),
        ("up", "--resume", "--sites", "a"),
    ],
)
def test_bad_usage(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["fleet", *words])
    assert ended.value.code == 2


def test_a_pattern_that_matches_nothing_is_told(offices: Fleet) -> None:
    code, _, err = offices.run("up", "--sites", "tokyo")
    assert code == 2
    assert "kobe, naha, osaka" in err
    assert not (offices.root / ".fleet").exists()


def test_a_folder_that_cannot_be_written_ends_it_before_it_begins(offices: Fleet) -> None:
    (offices.root / ".fleet").write_text("")
    code, _, err = offices.run("up")
    assert code == 1
    assert "cannot be written" in err
    assert offices.came_to == []
