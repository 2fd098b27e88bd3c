"""`verify`, `prove-recovery`, `reconnect` by the real command line, both ends in process."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components import cli
from components.commands import access, proving

sys.path.append(str(Path(__file__).parents[1]))

from tunnel_world import DEMO, KEY, Wire, World, made

__all__ = ["CURE", "DEMO", "PUBLISHED", "Rig", "Wire", "rig"]

# The office end as it was first published: it starts the exchange, in release 1.
PUBLISHED = ("no ipsec auto refresh 2", "ipsec ike backward-compatibility 2 1", "save")
CURE = ("ipsec auto refresh 2 off", "ipsec ike backward-compatibility 2 2")
SECRETS = (KEY, "login-pw", "admin-pw", "secret")


class Rig:
    """A world whose tunnel carries traffic, and the command line that reaches it."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.world: World = made(folder, monkeypatch)
        self.world.establish(self.world.first)
        self._capsys, self._monkeypatch = capsys, monkeypatch
        self.file = folder / "stacks" / "Pulumi.osaka.yaml"
        self.file.parent.mkdir()
        self.file.write_text(DEMO.read_text())
        (folder / "Pulumi.yaml").write_text("name: offices\n")
        monkeypatch.setattr(proving, "clock", lambda: self.world.clock)
        monkeypatch.setattr(access, "office_login", lambda _site: self.world.login)
        monkeypatch.setattr(access, "api_client", lambda _site: self.world.client)

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of `sakura-rtx COMMAND --site FILE ...`."""
        command, *options = words
        code = cli.main([command, "--site", str(self.file), *options])
        said = self._capsys.readouterr()
        assert not [each for each in SECRETS if each in said.out + said.err]
        return code, said.out, said.err

    def give_away(self) -> None:
        """From now on the VPC router belongs to somebody else; nobody may ask the API."""
        vip = self.world.made.vip
        text = self.file.read_text().replace("zone: is1b", f"elsewhere: {{vip: {vip}}}")
        self.file.write_text(text)
        self._monkeypatch.setattr(access, "api_client", self._refused)

    @staticmethod
    def _refused(_site: object) -> None:
        raise AssertionError("the API was asked for")

    def json(self, *words: str) -> tuple[int, Any]:
        """Exit code and the one object of `--json`."""
        code, out, _ = self.run(*words, "--json")
        return code, json.loads(out)


@pytest.fixture
def rig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Rig]:
    rig = Rig(tmp_path, monkeypatch, capsys)
    yield rig
    rig.world.close()
