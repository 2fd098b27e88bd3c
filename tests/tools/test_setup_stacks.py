"""Which sites a change touches, and what becomes of a preview that cannot be made."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import changed_stacks, preview_stacks
from tools.base import Stop
from tools.changed_stacks import Touched, changed_paths, sites_in, touched

SITES = ["osaka", "tokyo"]


@pytest.mark.parametrize(
    ("paths", "sites"),
    [
        (["stacks/Pulumi.tokyo.yaml"], ["tokyo"]),
        (["stacks/Pulumi.tokyo.yaml", "README.md"], ["tokyo"]),
        (["README.md", "docs/site-file.md", "tests/test_ipsec.py", "tools/site.py"], []),
        (["components/office/render.py"], SITES),
        (["__main__.py"], SITES),
        (["Pulumi.yaml"], SITES),
        (["requirements.lock"], SITES),
        (["stacks/README.md", "other/stacks/Pulumi.tokyo.yaml"], []),
        ([], []),
    ],
)
def test_a_site_is_touched_by_its_file_and_by_what_all_are_made_with(
    paths: list[str], sites: list[str]
) -> None:
    assert touched(paths, SITES) == Touched(sites, [])


def test_a_site_whose_file_is_gone_is_named() -> None:
    assert touched(["stacks/Pulumi.kobe.yaml"], SITES) == Touched([], ["kobe"])


def site(root: Path, name: str, text: str = "config: {p:site: {cloud: {}}}\n") -> Path:
    file = root / "stacks" / f"Pulumi.{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nstackConfigDir: stacks\n")
    return tmp_path


def test_rehearsed_sites_are_left_out_and_broken_ones_are_not(root: Path) -> None:
    site(root, "tokyo")
    site(root, "demo", "config:\n  p:site: {rehearsal: true}\n")
    site(root, "broken", "config: [")
    assert sites_in(root) == ["broken", "tokyo"]


@pytest.mark.parametrize("name", ["$(id)", "a b", "-x", "a;b"])
def test_a_file_name_that_is_no_name_stops_everything(name: str, root: Path) -> None:
    site(root, name)
    with pytest.raises(Stop, match="is no name of a stack file"):
        sites_in(root)


def git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *words],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
def test_what_git_says_changed_since_the_branch_left(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tokyo, kobe = site(root, "tokyo"), site(root, "kobe")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "one")
    git(root, "checkout", "-q", "-b", "change")
    site(root, "\u540d\u53e4\u5c4b")  # a name that git would write in octal
    kobe.rename(kobe.with_name("Pulumi.himeji.yaml"))
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "two")
    git(root, "checkout", "-q", "main")
    tokyo.write_text("config: {p:site: {changed: meanwhile}}\n")
    git(root, "commit", "-q", "-a", "-m", "three")
    assert sorted(changed_paths("main", "change", root)) == [
        "stacks/Pulumi.himeji.yaml",
        "stacks/Pulumi.kobe.yaml",
        "stacks/Pulumi.\u540d\u53e4\u5c4b.yaml",
    ]
    assert "stacks/Pulumi.tokyo.yaml" in changed_paths("0" * 40, "main", root)
    with pytest.raises(Stop, match="fetch-depth: 0"):
        changed_paths("no-such-branch", "HEAD", root)

    monkeypatch.setattr(changed_stacks, "ROOT", root)
    monkeypatch.setattr("sys.argv", ["changed_stacks", "main~1", "main"])
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert changed_stacks.main() == 0
    assert capsys.readouterr().out == "tokyo\n"
    git(root, "rm", "-q", "stacks/Pulumi.kobe.yaml")
    git(root, "commit", "-q", "-m", "four")
    monkeypatch.setattr("sys.argv", ["changed_stacks", "HEAD~1", "--gone", str(root / "gone")])
    assert changed_stacks.main() == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("::warning::Site 'kobe': its file is gone.")
    assert (root / "gone").read_text() == "kobe\n"
    monkeypatch.setattr("sys.argv", ["changed_stacks", "--all"])
    assert changed_stacks.main() == 0
    assert capsys.readouterr().out == "tokyo\n"


def cli_that(folder: Path, does: str) -> Path:
    file = folder / "pulumi"
    file.write_text(f"#!/bin/sh\n{does}\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("echo 'error: no login' >&2; exit 1", "no login"),
        ('[ "$1" = stack ] || { echo "error: locked" >&2; exit 1; }', "locked"),
        ('[ "$1" = stack ] || exit 7', "exit code 7"),
        # What CLI 3.274 writes where its plugin is missing, and what is left of a killed one.
        ('[ "$1" = stack ] || { echo "{}"; echo "error: no folder" >&2; exit 1; }', "no folder"),
        ('[ "$1" = stack ] || { echo "{}"; exit 9; }', "exit code 9"),
        ('[ "$1" = stack ] || { echo "{"; echo "killed" >&2; exit 1; }', "killed"),
    ],
)
def test_a_cli_that_shows_no_preview_fails_this_site_only(
    does: str, said: str, tmp_path: Path
) -> None:
    failing = preview_stacks.previewed("osaka", [], cli_that(tmp_path, does), {})
    good = json.dumps({"steps": [], "changeSummary": {"same": 8}})
    output = tmp_path / "comment.md"
    assert preview_stacks.reviewed({"osaka": failing, "tokyo": good}, output) == 1
    text = output.read_text()
    assert said in text
    assert "Unchanged: tokyo" in text


def test_the_preview_is_asked_for_as_told(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    pulumi = cli_that(tmp_path, f'echo "$@" >> {calls}; echo "{{}}"')
    preview_stacks.previewed("tokyo", ["--refresh"], pulumi, {"PATH": "/usr/bin:/bin"})
    assert calls.read_text().splitlines() == [
        "stack select --create --stack tokyo --non-interactive",
        "preview --json --stack tokyo --refresh --non-interactive",
    ]
