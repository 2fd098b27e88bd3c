"""`make test` itself: its stages, what fails it, and which files each stage looks at."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tools import cli, test
from tools.base import ROOT, VENV, Stop


class Runs:
    """In place of real runs: what was asked for, and exit codes by a word of the command."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.commands: list[list[str]] = []
        self.codes: dict[str, int] = {}
        patch.setattr(test, "run", self.run)
        patch.setattr(cli, "ready", lambda environ: Path("/cli/bin/pulumi"))

    def run(self, command: Sequence[str | Path], env: Mapping[str, str]) -> int:
        words = [str(word) for word in command]
        self.commands.append(words)
        return next((code for word, code in self.codes.items() if word in words), 0)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(monkeypatch)


def asked(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["test", *words])
    return test.main()


def test_every_stage_is_run_and_all_pass(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(monkeypatch) == 0
    assert capsys.readouterr().err.endswith("lint passed; unit passed; engine passed\n")
    assert {command[0] for command in runs.commands} == {
        str(VENV / "bin" / name) for name in ("ruff", "mypy", "python")
    }


@pytest.mark.parametrize(
    ("word", "code", "stage"),
    [
        ("check", 1, "lint"),
        ("mypy", 1, "lint"),
        ("--scripts-are-modules", 2, "lint"),
        ("not engine", 1, "unit"),
        ("compileall", 1, "unit"),
        ("engine", 1, "engine"),
        ("engine", -9, "engine"),
        ("engine", test.NOTHING_CHOSEN, "engine"),
    ],
)
def test_one_that_fails_fails_the_whole_and_the_others_are_run_all_the_same(
    runs: Runs,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    word: str,
    code: int,
    stage: str,
) -> None:
    asked(monkeypatch)
    whole, runs.commands = len(runs.commands), []
    runs.codes = {str(VENV / "bin" / word) if word == "mypy" else word: code}
    assert asked(monkeypatch) == 1
    assert f"{stage} failed" in capsys.readouterr().err
    assert len(runs.commands) == whole


@pytest.mark.parametrize(
    ("ci", "code", "said"),
    [("true", 1, "engine failed"), ("1", 1, "engine failed"), ("", 0, "engine skipped: no Pu")],
)
def test_without_a_cli_ci_fails_and_a_user_is_told(
    runs: Runs,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ci: str,
    code: int,
    said: str,
) -> None:
    def missing(environ: Mapping[str, str]) -> Path:
        raise Stop("no Pulumi CLI here, and no Go to build one")

    monkeypatch.setattr(cli, "ready", missing)
    monkeypatch.setenv("CI", ci)
    assert asked(monkeypatch, "engine") == code
    shown = capsys.readouterr().err
    assert said in shown
    assert "no Go to build one" in shown
    assert runs.commands == []


def test_a_choice_of_the_users_may_leave_a_stage_nothing(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.codes = {"engine": test.NOTHING_CHOSEN}
    assert asked(monkeypatch, "--", "-k", "console") == 0
    assert runs.commands[-1][-2:] == ["-k", "console"]
    runs.codes = {"engine": 1}
    assert asked(monkeypatch, "--", "-k", "console") == 1


def test_each_stage_finds_its_tests_where_it_looks() -> None:
    """The engine stage looks into one folder only: what is marked outside it would never run."""
    marked = "pytest.mark." + "engine"
    files = {file: marked in file.read_text("utf-8") for file in (ROOT / "tests").rglob("*.py")}
    inside = ROOT / test.FOLDER["engine"]
    assert {file for file, has in files.items() if has} == set(inside.glob("test_*.py"))


def test_what_the_user_names_is_looked_at_alone() -> None:
    """The folder of a stage steps back behind files that were named."""
    words = test.pytest("engine", ["--collect-only", "-q", "tests/tools/test_setup_tests.py"])[-1]
    words[words.index("-n") + 1] = "0"
    done = subprocess.run(
        [sys.executable, *words[1:], "-p", "no:cacheprovider"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == test.NOTHING_CHOSEN, done.stdout
    assert "test_engine" not in done.stdout
