"""Which sites a change of the repository touches: `python -m tools.changed_stacks BASE [HEAD]`.

One name a line on stdout.  A site is touched by its own file; every site is by what all of them are
made with (program, components, packages).  Rehearsed sites are left out: they need the stand-ins of
one machine.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from components.errors import VpnError
from components.fleet import project

from .base import ROOT, Stop, finish, say

# What every site is made with.
SHARED = re.compile(
    r"(components/.+\.py|__main__\.py|Pulumi\.yaml|requirements\.lock|pyproject\.toml)"
)
STACK = re.compile(r"stacks/Pulumi\.(.+)\.yaml")
# A name goes into commands; one that a file name smuggles in must not be one.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")

GONE = (
    "its file is gone.  What it made stays, at both ends, until its stack is destroyed: bring the "
    "file back, make down, then take the file away."
)


class Touched(NamedTuple):
    """Sites to look at, and sites whose file is gone: their stacks still hold what they made."""

    sites: list[str]
    gone: list[str]


def touched(changed: Iterable[str], sites: Sequence[str]) -> Touched:
    """What these changed paths touch, of these sites."""
    paths = list(changed)
    named = {found[1] for path in paths if (found := STACK.fullmatch(path))}
    everything = any(SHARED.fullmatch(path) for path in paths)
    return Touched(
        [site for site in sites if everything or site in named], sorted(named - set(sites))
    )


def sites_in(root: Path) -> list[str]:
    """The sites of the project in `root` that are not rehearsed, by name.

    Raises `Stop` for a name that is none.
    """
    found = project.here(root).sites()
    for site in found:
        if not NAME.fullmatch(site.name):
            raise Stop(f"{site.file.name!r} is no name of a stack file: use A-Z a-z 0-9 _ . -")
    return [site.name for site in found if not site.rehearsed]


def changed_paths(base: str, head: str, root: Path) -> list[str]:
    """Paths that differ between `head` and where it left `base`; raises `Stop` if git cannot say.

    A base that does not exist (all zeros: the first push of a branch) counts as an empty tree.
    """
    if re.fullmatch("0*", base):
        return _git(root, "ls-tree", "-r", "-z", "--name-only", head)
    return _git(root, "diff", "--name-only", "--no-renames", "-z", f"{base}...{head}")


def _git(root: Path, *words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Stop(
            f"git {' '.join(words)}: {done.stderr.strip()}\n"
            "In a workflow: check out with `fetch-depth: 0`."
        )
    return [path for path in done.stdout.split("\0") if path]


def main() -> int:
    """Print the names."""
    parser = argparse.ArgumentParser(prog="python -m tools.changed_stacks", description=__doc__)
    parser.add_argument("base", nargs="?", help="commit that the change is compared with")
    parser.add_argument("head", nargs="?", default="HEAD")
    parser.add_argument("--gone", type=Path, metavar="FILE", help="write there whose file is gone")
    parser.add_argument("--all", action="store_true", help="every site, whatever has changed")
    arguments = parser.parse_args()
    try:
        sites = sites_in(ROOT)
    except VpnError as err:
        raise Stop(str(err)) from None
    if arguments.all or not arguments.base:
        found = Touched(sites, [])
    else:
        found = touched(changed_paths(arguments.base, arguments.head, ROOT), sites)
    # GitHub shows such a line beside the pull request.
    mark = "::warning::" if os.environ.get("GITHUB_ACTIONS") == "true" else ""
    for site in found.gone:
        say(f"{mark}Site {site!r}: {GONE}")
    if arguments.gone:
        names = [site for site in found.gone if NAME.fullmatch(site)]
        arguments.gone.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    print("".join(f"{site}\n" for site in found.sites), end="")
    return 0


if __name__ == "__main__":
    finish(main)
