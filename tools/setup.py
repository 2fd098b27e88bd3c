"""Set-up: the project's `.venv` from the lock file, and the Debian packages that tests use.

Runs with the system's Python and the standard library only.  What has been done is written down
with the hash of what it was done from, so that a second run finds nothing to do at once.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from . import cli
from .base import ROOT, VENV, Stop, finish, locked, say

LOCK_FILE = ROOT / "requirements.lock"
PROJECT_FILE = ROOT / "pyproject.toml"
PACKAGES_FILE = ROOT / "tools" / "debian-packages.txt"
STAMP = VENV / "made-from.json"


def stamp() -> dict[str, str]:
    """What `.venv` has to be made from: packages and the project itself change at other times."""
    # Scripts in it hold the path of the clone and of the interpreter.
    place = [sys.base_prefix.encode(), sys.version.encode(), str(ROOT).encode()]
    return {
        "packages": _hash(LOCK_FILE.read_bytes(), *place),
        "project": _hash(PROJECT_FILE.read_bytes()),
    }


def make_venv() -> None:
    """Make `.venv` what the lock file says, unless it is."""
    if _made_from() == stamp():
        return
    with locked(LOCK_FILE):
        made, wanted = _made_from(), stamp()
        if made == wanted:  # by the run that we waited for
            return
        STAMP.unlink(missing_ok=True)
        if made.get("packages") != wanted["packages"]:
            say("Making .venv from requirements.lock (about half a minute)")
            python(sys.executable, "-m", "venv", "--clear", str(VENV))
            _pip("--require-hashes", "--requirement", str(LOCK_FILE))
        # setuptools is in the lock file, so nothing unpinned is fetched to build with.
        _pip("--no-build-isolation", "--editable", str(ROOT))
        STAMP.write_text(json.dumps(wanted), encoding="utf-8")


def missing_packages(table: str, path: str, *, tests: bool = True) -> dict[str, str]:
    """Debian packages of `table` that are not there, each with what it was looked for by.

    Without `tests` only what every target needs, and not what tests alone do.
    """
    rows = [line.split() for line in table.splitlines() if line.strip() and line[0] != "#"]
    wanted = {package: proof for package, proof, need in rows if tests or need == "all"}
    return {package: proof for package, proof in wanted.items() if not _is_there(proof, path)}


def install_packages(environ: Mapping[str, str], *, tests: bool) -> None:
    """Install what is missing where we may, else say what it is; never an error by itself."""
    table, path = PACKAGES_FILE.read_text(encoding="utf-8"), environ.get("PATH", os.defpath)
    missing = missing_packages(table, path, tests=tests)
    apt = shutil.which("apt-get", path=path)
    if missing and apt and os.geteuid() == 0:
        say(f"Installing {', '.join(missing)}")
        # Only an old package list makes the first try fail on a machine that is in order.
        if not _apt(apt, environ, "install", *missing):
            _apt(apt, environ, "update")
            _apt(apt, environ, "install", *missing)
        missing = missing_packages(table, path, tests=tests)
    if missing:
        packages = " ".join(missing)
        without = "some tests need it, and are skipped without it" if tests else "it is needed"
        say(
            f"Something is missing here: {without}.  "
            f"As root: apt-get install {packages}, or what holds it on your system."
        )


def _is_there(proof: str, path: str) -> bool:
    kind, _, name = proof.partition(":")
    if kind == "module":
        return importlib.util.find_spec(name) is not None
    if kind == "file":
        return Path(name).exists()
    return shutil.which(proof, path=path) is not None


def _apt(apt: str, environ: Mapping[str, str], verb: str, *packages: str) -> bool:
    command = [apt, verb, "--yes", "--quiet", "--no-install-recommends", *packages]
    env = {**environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=2, check=False)
    return done.returncode == 0


def _made_from() -> dict[str, str]:
    try:
        made: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return made if (VENV / "bin" / "python").exists() else {}


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _pip(*arguments: str) -> None:
    executable = str(VENV / "bin" / "python")
    python(executable, "-m", "pip", "install", "--quiet", "--no-deps", *arguments)


def python(*command: str) -> None:
    """Run one step of a set-up; raises `Stop` if it fails."""
    # What is on stdout belongs to the command that needed the set-up.
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=2, check=False
    )
    if done.returncode:
        raise Stop(f"Set-up failed: `{' '.join(command)}` ended with code {done.returncode}")


def main() -> int:
    """Do the whole set-up, or only the part for Python."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.setup", description=__doc__)
    parser.add_argument("--python", action="store_true", help="not the Pulumi CLI")
    parser.add_argument("--tests", action="store_true", help="what tests alone need, too")
    arguments = parser.parse_args()
    install_packages(os.environ, tests=arguments.tests)
    make_venv()
    if not arguments.python:
        say(f"Pulumi CLI: {cli.ready(os.environ)}")
    return 0


if __name__ == "__main__":
    finish(main)
