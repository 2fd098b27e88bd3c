"""The project's checks in stages: lint, unit, engine.  All are run, whatever one of them says."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from . import cli
from .base import ROOT, VENV, Stop, finish, run, say, search_path, split

Commands = list[list[str]]
# What `make test` runs, in this order: first what costs least.
STAGES: Final = ("lint", "unit", "engine")
CHECKED: Final = ("components", "tests", "bench", "tools", "__main__.py")
# On two cores: unit tests work and wait; those of the engine mostly wait, for traffic and boots.
FILES_AT_A_TIME: Final = {"not engine": "4", "engine": "8"}
# Where they are: pytest looks there alone, unless files are named.  Each of its processes imports
# every test file that it is shown.
FOLDER: Final = {"not engine": "tests", "engine": "tests/engine"}
# What tests start hundreds of times, in copies of the project too.
STARTED: Final = ("components", "tools")
# pytest's exit code for an empty choice.
NOTHING_CHOSEN: Final = 5


def _host() -> list[str]:
    """The two programs without `.py` in their names: linters pass such files by unless named."""
    return sorted(str(file.relative_to(ROOT)) for file in cli.HOST.iterdir())


def lint() -> Commands:
    """What must be clean."""
    return [
        ["ruff", "check", ".", *_host()],
        ["ruff", "format", "--check", ".", *_host()],
        ["mypy", *CHECKED],
        ["mypy", "--scripts-are-modules", *_host()],
    ]


def tidy() -> Commands:
    """What mends the layout."""
    return [
        ["ruff", "check", "--fix", ".", *_host()],
        ["ruff", "format", ".", *_host()],
    ]


def pytest(marker: str, extra: Sequence[str]) -> Commands:
    """One run of the tests that `marker` chooses, several files at a time."""
    choice = ["-m", marker, "-o", f"testpaths={FOLDER[marker]}"]
    # The order is that of tests/conftest.py.
    at_a_time = ["-n", FILES_AT_A_TIME[marker], "--dist", "loadfile", "--no-loadscope-reorder"]
    return [
        # Once for all of them, also where the environment forbids Python to keep what it compiles.
        ["python", "-m", "compileall", "-q", *STARTED],
        ["python", "-m", "pytest", *choice, *at_a_time, *extra],
    ]


def in_ci(environ: Mapping[str, str]) -> bool:
    """Whether this is CI, where a missing CLI is a failure."""
    return environ.get("CI", "").lower() not in ("", "0", "false", "no")


def stage(name: str, extra: Sequence[str], environ: Mapping[str, str]) -> str:
    """Run one stage; "passed", "failed" or, with the reason, "skipped"."""
    folders = [VENV / "bin"]
    if name == "engine":
        try:
            folders.append(cli.ready(environ).parent)
        except Stop as stop:
            say(str(stop))
            return "failed" if in_ci(environ) else "skipped: no Pulumi CLI"
    env = {**environ, "PATH": search_path(environ, *folders)}
    commands = {
        "lint": lint(),
        "format": tidy(),
        "unit": pytest("not engine", extra),
        "engine": pytest("engine", extra),
    }[name]
    codes = [run([VENV / "bin" / command, *words], env) for command, *words in commands]
    # With a choice of the user's, a stage may have none of it.
    harmless = {0, NOTHING_CHOSEN} if extra else {0}
    return "passed" if set(codes) <= harmless else "failed"


def main() -> int:
    """Run the stages and end with 1 if one of them failed."""
    words, extra = split(sys.argv[1:])
    parser = argparse.ArgumentParser(prog="python -m tools.test", description=__doc__)
    parser.add_argument("stages", nargs="+", choices=(*STAGES, "format"))
    stages = parser.parse_args(words or STAGES).stages
    results = {name: stage(name, extra, os.environ) for name in stages}
    say("; ".join(f"{name} {result}" for name, result in results.items()))
    return int("failed" in results.values())


if __name__ == "__main__":
    finish(main)
