"""`sakura-rtx parse`, as somebody types it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from components import cli

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
FILE = CORPUS / "01-clean-v1-address-block.txt"


def test_json_is_the_facts_object_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["parse", str(FILE), "--json"]) == 0
    want = json.loads(FILE.with_suffix(".expect.json").read_text(encoding="utf-8"))["facts"]
    assert json.loads(capsys.readouterr().out) == want


def test_the_text_for_people_shows_no_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["parse", str(FILE)]) == 0
    said = capsys.readouterr().out
    want = json.loads(FILE.with_suffix(".expect.json").read_text(encoding="utf-8"))["facts"]
    assert want["gateways"][0]["psk"]["value"] not in said
    assert "tunnel 1 (ipsec, enabled)" in said
    assert "key: text" in said


def test_stdin_is_read(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FILE.read_bytes())))
    assert cli.main(["parse", "-"]) == 0
    assert "free: tunnel" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, b"", b"# nothing\n"])
def test_what_is_no_configuration_is_said(
    tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "router.txt"
    if content is not None:
        file.write_bytes(content)
    assert cli.main(["parse", str(file)]) == 2
    assert str(file) in capsys.readouterr().err
