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


def test_the_text_for_people_shows_no_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "router.txt"
    file.write_text(
        "tunnel select 1\n ipsec tunnel 1\n  ipsec sa policy 1 1 esp aes-cbc sha-hmac\n"
        "  ipsec ike eap myname 1 office CANARY1\n  ipsec ike xauth myname 1 office CANARY2\n"
        "  ipsec ike pre-shared-key 1 text CANARY3\n  ipsec ike local id 1 10.0.0.0/8\n",
        encoding="utf-8",
    )
    assert cli.main(["parse", str(file)]) == 0
    said = capsys.readouterr().out
    assert "CANARY" not in said
    assert "ike eap_myname: office *" in said
    assert "ike local_id: 10.0.0.0/8" in said


def test_stdin_is_read(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FILE.read_bytes())))
    assert cli.main(["parse", "-"]) == 0
    assert "free: tunnel" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content", [None, b"", b"# nothing\n", b"root:x:0:0::/root:/bin/sh\n", b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_configuration_is_said(
    tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "router.txt"
    if content is not None:
        file.write_bytes(content)
    assert cli.main(["parse", str(file)]) == 2
    assert str(file) in capsys.readouterr().err
