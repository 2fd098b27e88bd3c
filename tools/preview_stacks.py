"""Previews of sites as one comment: `python -m tools.preview_stacks --output FILE SITE ...`.

Runs `pulumi preview --json` for each, with the user's own login; what stands after `--` is passed
on to it (`-- --refresh` reads the live ends: drift).  One site that fails does not hide the others.
Exit code 0 if all previews worked, 1 if one failed; with `--expect-no-changes` 3 if anything would
change.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from components.commands.review import CHANGES, FAILED
from components.fleet.environment import environment
from components.review import Unreadable, previews_in

from . import cli
from .base import ROOT, VENV, finish, say, split
from .changed_stacks import GONE, NAME

AT_ONCE = 2


def previewed(site: str, extra: Sequence[str], pulumi: Path, env: Mapping[str, str]) -> str:
    """What the preview of one site says, as JSON; a CLI that wrote none becomes an error."""
    # A site that is new has no stack yet; an empty one changes nothing anywhere.
    made = _run([pulumi, "stack", "select", "--create", "--stack", site], env)
    if made.returncode:
        return _failure(made)
    done = _run([pulumi, "preview", "--json", "--stack", site, *extra], env)
    try:
        previews_in(done.stdout, site)
    except Unreadable:  # nothing, `{}` or the half of it: one site must not hide the others
        return _failure(done)
    return done.stdout


def _failure(done: subprocess.CompletedProcess[str]) -> str:
    said = (done.stderr.strip() or done.stdout.strip()).removesuffix("{}").rstrip()
    said = said or f"pulumi ended with exit code {done.returncode}"
    return saying("error", said)


def saying(severity: str, message: str) -> str:
    """A preview that says this and nothing else."""
    said = [{"severity": severity, "message": message}]
    return json.dumps({"steps": [], "diagnostics": said})


def _run(words: Sequence[str | Path], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, words), "--non-interactive"],
        cwd=ROOT,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> int:
    """Preview, then review."""
    words, extra = split(sys.argv[1:])
    parser = argparse.ArgumentParser(prog="python -m tools.preview_stacks", description=__doc__)
    parser.add_argument("sites", nargs="*", metavar="SITE")
    parser.add_argument("--output", required=True, type=Path, help="where the comment is written")
    parser.add_argument("--gone", type=Path, metavar="FILE", help="names of sites without a file")
    parser.add_argument("--expect-no-changes", action="store_true")
    arguments = parser.parse_args(words)
    gone = arguments.gone.read_text(encoding="utf-8").split() if arguments.gone else []
    if not (arguments.sites or gone):
        parser.error("no site is named")
    if strange := [site for site in (*arguments.sites, *gone) if not NAME.fullmatch(site)]:
        parser.error(f"no name of a site: {strange[0]!r}")
    pulumi = cli.ready(os.environ)
    env = environment(os.environ, VENV / "bin", pulumi, None)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        texts = list(pool.map(lambda site: previewed(site, extra, pulumi, env), arguments.sites))
    said = dict.fromkeys(gone, saying("warning", GONE))
    code = reviewed(said | dict(zip(arguments.sites, texts, strict=True)), arguments.output)
    if code == CHANGES:
        return CHANGES if arguments.expect_no_changes else 0
    return code


def reviewed(texts: Mapping[str, str], output: Path) -> int:
    """Write the comment for these previews; the exit code of `sakura-rtx review`."""
    from components import cli as sakura_rtx

    with tempfile.TemporaryDirectory() as folder:
        words = []
        for site, text in texts.items():
            file = Path(folder, f"{site}.json")
            file.write_text(text, encoding="utf-8")
            words += ["--stack", f"{site}={file}"]
        code = sakura_rtx.main(["review", "--output", str(output), *words])
    if output.exists():
        say(output.read_text(encoding="utf-8").rstrip().splitlines()[-1].strip("*"))
    return code or (0 if output.exists() else FAILED)


if __name__ == "__main__":
    finish(main)
