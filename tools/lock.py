"""Write requirements.lock anew: the newest versions that pyproject.toml allows, with hashes.

Made with the oldest Python that the project supports, since a lock file made with a newer one
could leave out what the older needs.  The versions locked now are kept where they still fit.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .base import ROOT, Stop, finish
from .setup import LOCK_FILE

PIP_TOOLS = "pip-tools==7.6.2"
OLDEST_PYTHON = (3, 11)
HEADER = """\
# The packages of `.venv`, those for development and for building included: `make lock` writes this.
"""


def main() -> int:
    """Compile the lock file with pip-tools from an environment that is thrown away."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.lock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="newer versions where allowed")
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    if sys.version_info[:2] != OLDEST_PYTHON:
        raise Stop("The lock file is made with Python 3.11: make lock PYTHON=python3.11")
    with tempfile.TemporaryDirectory() as folder:
        python = str(Path(folder, "bin", "python"))
        new = Path(folder, LOCK_FILE.name)
        if LOCK_FILE.exists():
            new.write_bytes(LOCK_FILE.read_bytes())
        _run(sys.executable, "-m", "venv", folder)
        _run(python, "-m", "pip", "install", "--quiet", PIP_TOOLS)
        _run(
            *(python, "-m", "piptools", "compile", "--quiet", *upgrade, "--extra", "dev"),
            # setuptools too: the project is installed without fetching anything to build with.
            *("--build-deps-for", "editable", "--allow-unsafe", "--strip-extras"),
            *("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"),
            *("--no-emit-trusted-host", "--no-emit-find-links", "--output-file", str(new)),
            "pyproject.toml",
        )
        LOCK_FILE.write_text(HEADER + new.read_text(encoding="utf-8"), encoding="utf-8")
    return 0


def _run(*command: str) -> None:
    if subprocess.run(command, cwd=ROOT, env=os.environ, check=False).returncode:
        raise Stop(f"Failed: {' '.join(command)}")


if __name__ == "__main__":
    finish(main)
