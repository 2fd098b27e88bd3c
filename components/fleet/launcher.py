"""Which Pulumi CLI is used, and where each site's stack is worked on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import VpnError
from ..rehearsal import instance
from .environment import environment, rehearsal_folder
from .project import Project, SiteFile

if TYPE_CHECKING:
    from .stack import Place

_VERSION_SECONDS = 60


def cli(project: Project, environ: Mapping[str, str]) -> Path:
    """The CLI that `make` uses in this project, where it has that tool; else that on PATH.

    Raises `VpnError` if there is none.
    """
    if (project.root / "tools" / "cli.py").is_file():
        words = [sys.executable, "-m", "tools.cli"]
        # What it says beside the path is for the user: building a CLI takes minutes.
        done = subprocess.run(
            words, cwd=project.root, env=dict(environ), stdout=subprocess.PIPE, check=False
        )
        if done.returncode == 0:
            return Path(done.stdout.decode().strip())
    found = shutil.which("pulumi", path=environ.get("PATH"))
    if found is None:
        raise VpnError("there is no Pulumi CLI", remedy="https://www.pulumi.com/docs/install/")
    return Path(found)


def version(cli: Path, environ: Mapping[str, str]) -> str:
    """The version of a CLI, such as 3.274.1; raises `VpnError` if it does not tell."""
    try:
        done = subprocess.run(
            [str(cli), "version"],
            env={**environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            capture_output=True,
            text=True,
            timeout=_VERSION_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        raise VpnError(f"{cli} does not tell its version") from None
    return done.stdout.strip().removeprefix("v")


def place(
    project: Project, site: SiteFile, cli: Path, known: str, base: Mapping[str, str]
) -> Place:
    """Where the stack of this site is worked on; `known` is the version of the CLI."""
    from .stack import Place

    programs = Path(sys.executable).parent
    rehearsal = rehearsal_folder(site.name, instance.folder()) if site.rehearsed else None
    env = environment(base, programs, cli, rehearsal)
    return Place(cli, known, project.root, project.name, env, rehearsal)
