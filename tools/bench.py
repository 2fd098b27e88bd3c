"""`make bench`: our figures beside those of other tools, which get an environment of their own."""

from __future__ import annotations

import os
import sys

from .base import ROOT, finish, locked, run, say, split
from .setup import PROJECT_FILE, python

BENCH_VENV = ROOT / ".venv-bench"
STAMP = BENCH_VENV / "made-from"


def ready() -> None:
    """Make `.venv-bench`, with what the extra `bench` names, unless it is there."""
    wanted = PROJECT_FILE.read_text(encoding="utf-8")
    with locked(ROOT / "build" / "bench.lock"):
        if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
            return
        say("Making .venv-bench, with what we are measured beside (about a minute)")
        python(sys.executable, "-m", "venv", "--clear", str(BENCH_VENV))
        pip = [str(BENCH_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        python(*pip, "--editable", f"{ROOT}[bench]")
        STAMP.write_text(wanted, encoding="utf-8")


def main() -> int:
    """Run the modules of `bench/` that are named after `--`, or all of them."""
    _, names = split(sys.argv[1:])
    ready()
    return run([BENCH_VENV / "bin" / "python", "-m", "bench", *names], os.environ)


if __name__ == "__main__":
    finish(main)
