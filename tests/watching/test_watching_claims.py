"""Two watches of one site: the second says so, unless it only looks."""

from __future__ import annotations

import fcntl
from contextlib import ExitStack
from pathlib import Path

import pytest

from components import cli
from components.commands import watched
from components.errors import VpnError
from components.fleet.project import Project, SiteFile


@pytest.fixture
def here(tmp_path: Path) -> Project:
    return Project(tmp_path, "offices", tmp_path / "stacks")


def site(here: Project, name: str = "osaka") -> SiteFile:
    return SiteFile(name, here.stacks / f"Pulumi.{name}.yaml", rehearsed=False)


def test_a_site_is_watched_once(here: Project) -> None:
    with ExitStack() as claims:
        claims.enter_context(watched.claim(here, site(here)))
        claims.enter_context(watched.claim(here, site(here, "kyoto")))
        with pytest.raises(VpnError, match=r"process \d+ watches osaka already"):
            claims.enter_context(watched.claim(here, site(here)))
    with watched.claim(here, site(here)):  # the first has ended
        pass


def test_a_folder_that_cannot_be_written_keeps_nobody_from_watching(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (here.root / ".fleet").write_text("no folder")
    with watched.claim(here, site(here)):
        pass
    assert "osaka: a second watch would not be noticed" in capsys.readouterr().err


def test_the_command_says_so_and_ends(
    here: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here.root / "Pulumi.yaml").write_text("name: offices\nstackConfigDir: stacks\n")
    here.stacks.mkdir()
    site(here).file.write_text("config: {x:site: {}}\n")
    monkeypatch.chdir(here.root)
    with watched.claim(here, site(here)):
        assert cli.main(["watch", "--sites", "osaka"]) == 2
        assert "watches osaka already" in capsys.readouterr().err
        for looks in (["--once"], ["--tries", "0"]):
            assert cli.main(["watch", "--sites", "osaka", *looks]) == 2
            said = capsys.readouterr().err
            assert "watches" not in said
            assert "the description of the site" in said  # all that is wrong
    assert cli.main(["watch", "--sites", "osaka"]) == 2
    with (here.root / ".fleet" / "watch-osaka.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it was let go
