"""The workflow of a pull request, its steps run here: real previews, and a stand-in for `gh`."""

from __future__ import annotations

import os
import secrets
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Clone, pulumi

pytestmark = pytest.mark.engine

# Lists the comments that are there, and keeps what it is told to write.
GH = """#!/bin/sh
case "$*" in
*--paginate*) cat "$FOLDER/there" ;;
*) echo "$*" >> "$FOLDER/calls"; cat comment.md > "$FOLDER/body"; echo '{}' ;;
esac
"""


class Runner:
    """Runs the `run` steps of a job as GitHub's runner does; the rest is what it has set up."""

    def __init__(self, clone: Clone, folder: Path) -> None:
        self.clone, self.folder = clone, folder
        self.git("init", "-q", "-b", "main")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "base")
        jobs = yaml.safe_load((clone.root / ".github" / "workflows" / "preview.yml").read_text())
        self.jobs: dict[str, Any] = jobs["jobs"]
        (folder / "bin").mkdir()
        (folder / "backend").mkdir()
        (folder / "there").touch()
        (folder / "output").touch()
        (folder / "bin" / "gh").write_text(GH)
        (folder / "bin" / "gh").chmod(0o755)
        canary = secrets.token_hex(16)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PULUMI", "SAKURA"))}
        self.env |= {
            "PATH": f"{folder / 'bin'}:{Path(pulumi()).parent}:{os.environ['PATH']}",
            "FOLDER": str(folder),
            "GITHUB_OUTPUT": str(folder / "output"),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": (folder / "backend").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "of the user",
            "BASE": self.git("rev-parse", "HEAD"),
            "COMMENTS": "repos/a/b/issues/7/comments",
            "COMMENT": "repos/a/b/issues/comments",
            "GH_TOKEN": canary,
        }
        clone.canaries.add(canary)

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        done = subprocess.run(
            ["git", *who, *words], cwd=self.clone.root, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def job(self, name: str) -> int:
        """Run the steps up to the first that fails; its exit code."""
        for step in self.jobs[name]["steps"]:
            if "run" not in step:
                continue
            done = subprocess.run(
                ["bash", "-e", "-c", step["run"]],
                cwd=self.clone.root,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=240,
                check=False,
            )
            self.clone.seen += done.stdout
            if done.returncode:
                return done.returncode
        return 0

    def said(self, name: str) -> str:
        file = self.folder / name
        return file.read_text("utf-8") if file.exists() else ""

    def commit(self, message: str) -> None:
        self.git("add", ".")
        self.git("commit", "-q", "-m", message)


def test_a_pull_request_gets_one_comment_and_keeps_it(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "runner").mkdir()
    runner = Runner(clone, tmp_path / "runner")

    # Nothing of a site: no comment.
    (clone.root / "README.md").write_text("changed\n")
    runner.git("commit", "-q", "-a", "-m", "words")
    assert runner.job("preview") == 0
    assert runner.said("output") == ""

    # A new site, as `init` writes it: previewed without a device or a key for one.
    clone.command(".venv/bin/sakura-rtx", "init", "--site=tokyo", "--example=fixed", "--yes")
    runner.commit("tokyo")
    assert runner.job("preview") == 0
    assert runner.said("output") == "written=yes\n"
    assert runner.job("comment") == 0
    assert runner.said("calls").splitlines() == [
        "api --method POST repos/a/b/issues/7/comments --field body=@comment.md"
    ]
    body = runner.said("body")
    assert body.startswith("<!-- sakura-rtx-review -->\n")
    assert "### tokyo: 6 to create" in body
    assert "+  ipsec ike encryption 1 aes256-cbc" in body
    assert body.splitlines()[-1].startswith("**1 new site")
    assert "demo" not in body  # rehearsed sites stay at home

    # A site that cannot be: the run fails, the comment says why, the other site is there too.
    (runner.folder / "there").write_text("4711\n")
    text = (clone.root / "stacks" / "Pulumi.tokyo.yaml").read_text()
    osaka = clone.root / "stacks" / "Pulumi.osaka.yaml"
    osaka.write_text(text.replace("198.51.100.20", "192.168.7.7"))
    runner.commit("osaka")
    assert runner.job("preview") == 1
    assert runner.job("comment") == 0
    assert runner.said("calls").splitlines()[-1] == (
        "api --method PATCH repos/a/b/issues/comments/4711 --field body=@comment.md"
    )
    body = runner.said("body")
    assert "office.wan.address: found 192.168.7.7, which is private" in body
    assert body.splitlines()[-1].startswith("**preview FAILED: osaka; 1 new site; 1 error")
    assert not clone.folder.exists()  # nothing was rehearsed

    # A site whose file goes: a reviewer is told that the site does not.
    runner.env["BASE"] = runner.git("rev-parse", "HEAD")
    osaka.unlink()
    runner.commit("no osaka")
    assert runner.job("preview") == 0
    assert runner.job("comment") == 0
    body = runner.said("body")
    assert "### osaka: no change\n\n**Warning**: its file is gone." in body
    assert "tokyo" not in body

    # The stack that the preview has made is empty, and is shown so.
    clone.env = runner.env
    shown = clone.command(".venv/bin/sakura-rtx", "show", "--site=tokyo")
    assert "the stack holds no tunnel yet" in shown
