"""`sakura-rtx show`: site files and what the Pulumi CLI says, as text, SVG or JSON."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from components import cli

ROOT = Path(__file__).resolve().parents[2]
OUTPUTS = {"vpc_router_address": "203.0.113.4", "psk": "[secret]", "verified": {"at": "2026"}}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two sites, and no Pulumi CLI in reach."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "stacks").mkdir()
    for name in ("osaka", "tokyo"):
        shutil.copy(ROOT / "stacks" / "Pulumi.demo.yaml", f"stacks/Pulumi.{name}.yaml")
        (tmp_path / f"r-{name}" / "backend").mkdir(parents=True)
    monkeypatch.setenv("SAKURA_RTX_REHEARSAL", str(tmp_path / "r"))
    return tmp_path


def cli_that(folder: Path, does: str) -> None:
    """A stand-in for the Pulumi CLI, as `make` builds it: a shell script."""
    script = folder / "cache" / "sakura-rtx-vpn" / "pulumi-v3.274.1" / "bin" / "pulumi"
    script.parent.mkdir(parents=True)
    script.write_text(f'#!/bin/sh\necho "$@" >> "{folder}/calls"\n{does}\n')
    script.chmod(0o755)


def test_all_sites_are_drawn_without_a_cli(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("from the site file alone: no Pulumi CLI on PATH") == 2
    assert shown.index("osaka  [?]") < shown.index("tokyo  [?]")


def test_the_outputs_of_the_stack_are_asked_for(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli_that(project, f"echo '{json.dumps(OUTPUTS)}'")
    assert cli.main(["show", "--site", "tokyo", "--json"]) == 0
    (seen,) = json.loads(capsys.readouterr().out)
    assert seen["status"] == "proved"
    assert ["VIP", "203.0.113.4"] in seen["cloud"]["rows"]
    assert (project / "calls").read_text() == (
        "stack output --json --stack tokyo --non-interactive\n"
    )


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("echo \"error: no stack named 'tokyo' found\" >&2; exit 255", "holds no tunnel yet"),
        ("echo 'error: incorrect passphrase' >&2; exit 255", "site file alone: incorrect passph"),
        ("exit 255", "it said nothing"),
        ("echo nonsense", "printed no outputs"),
    ],
)
def test_a_stack_that_cannot_be_read_says_why(
    does: str, said: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli_that(project, does)
    assert cli.main(["show", "--site", "tokyo"]) == 0
    assert said in capsys.readouterr().out


def test_a_rehearsed_site_is_asked_for_at_its_own_backend(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "of the user")
    text = Path("stacks/Pulumi.osaka.yaml").read_text()
    Path("stacks/Pulumi.osaka.yaml").rename("stacks/Pulumi.demo.yaml")
    cli_that(project, f'echo "$PULUMI_BACKEND_URL $PULUMI_ACCESS_TOKEN." >> {project}/calls')
    assert cli.main(["show", "--site", "demo"]) == 0
    assert "holds no tunnel yet" in capsys.readouterr().out
    (project / "r" / "backend").mkdir(parents=True)
    real = text.replace("rehearsal: true", "rehearsal: false")
    Path("stacks/Pulumi.tokyo.yaml").write_text(
        real.replace("router: {", "router: {host: 192.0.2.7, user: ops, ")
    )
    cli.main(["show"])
    calls = (project / "calls").read_text()
    assert f"file://{project}/r/backend ." in calls
    assert " of the user." in calls  # for the other site


def test_the_svg_is_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", "--svg", "sites.svg"]) == 0
    assert capsys.readouterr().out == "sites.svg: 2 sites\n"
    ET.parse(project / "sites.svg")
    assert cli.main(["show", "--svg", "nowhere/sites.svg"]) == 1


def test_a_wrong_file_does_not_hide_the_others(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("stacks/Pulumi.osaka.yaml").write_text("config: {}\n")
    assert cli.main(["show"]) == 2
    said = capsys.readouterr()
    assert "tokyo  [?]" in said.out
    assert "Pulumi.osaka.yaml" in said.err
    assert cli.main(["show", "--site", "nagoya"]) == 2
    shutil.rmtree("stacks")
    assert cli.main(["show"]) == 2
