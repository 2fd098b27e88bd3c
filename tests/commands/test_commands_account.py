"""`sakura-rtx account`: where the credentials come from, what they may do, never their values."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.clock import ManualClock
from components.commands import account
from components.rehearsal.sakura import Sakura, SakuraServer

TOKEN, SECRET = "token-canary", "secret-canary"


@pytest.fixture
def sakura(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sakura]:
    sakura = Sakura(tmp_path / "cloud", clock=ManualClock())
    sakura.set_credentials(TOKEN, SECRET)
    server = SakuraServer(sakura)
    server.start()
    monkeypatch.setenv("HOME", str(tmp_path))
    for prefix in ("SAKURA", "SAKURACLOUD"):
        for name in ("ACCESS_TOKEN", "ACCESS_TOKEN_SECRET", "PROFILE", "PROFILE_DIR"):
            monkeypatch.delenv(f"{prefix}_{name}", raising=False)
    monkeypatch.setenv("SAKURA_API_ROOT_URL", server.root)
    monkeypatch.setenv("SAKURA_RETRY_MAX", "1")
    yield sakura
    server.stop()


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    account.add_parser(parser.add_subparsers())
    args = parser.parse_args(["account", *arguments])
    code: int = args.run(args)
    return code


def use(monkeypatch: pytest.MonkeyPatch, secret: str = SECRET) -> None:
    monkeypatch.setenv("SAKURACLOUD_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("SAKURACLOUD_ACCESS_TOKEN_SECRET", secret)


@pytest.mark.usefixtures("sakura")
def test_source_and_permission_are_said_and_no_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch)
    assert run() == 0
    said = capsys.readouterr().out
    assert "credentials: environment SAKURACLOUD_ACCESS_TOKEN" in said
    assert "permission:  create\n" in said
    assert "5 a second, 300 s for an answer, 1 repeats 1 to 64 s apart" in said
    assert TOKEN not in said
    assert SECRET not in said
    assert run("--json") == 0
    assert json.loads(capsys.readouterr().out)["account"] == "rehearsal"


@pytest.mark.usefixtures("sakura")
def test_credentials_that_are_not_accepted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, "other-canary")
    assert run() == 1
    said = capsys.readouterr()
    assert not said.out
    assert "credentials: environment SAKURACLOUD_ACCESS_TOKEN" in said.err
    assert "HTTP 401 unauthorized" in said.err
    assert "canary" not in said.err


@pytest.mark.usefixtures("sakura")
def test_no_credentials(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    assert "SAKURACLOUD_ACCESS_TOKEN" in capsys.readouterr().err


def test_a_key_that_may_not_create(
    sakura: Sakura, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch)
    sakura.change_options({"permission": "view"})
    assert run() == 3
    assert "permission:  view (`create` is needed" in capsys.readouterr().out
