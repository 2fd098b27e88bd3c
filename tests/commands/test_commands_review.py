"""`sakura-rtx review`: files in, one comment and an exit code out."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from components import cli

PREVIEWS = Path(__file__).resolve().parents[1] / "review" / "previews"
CHANGE, NEW = str(PREVIEWS / "change.json"), str(PREVIEWS / "new.json")


def test_several_files_make_one_comment(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["review", CHANGE, NEW]) == 3
    shown = capsys.readouterr().out
    assert shown.splitlines()[-1] == "**1 new site, 1 site changes; no stop, same addresses.**"


def test_stdin_json_and_a_file_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(Path(CHANGE).read_bytes()))
    monkeypatch.setattr("sys.stdin", stdin)
    out = tmp_path / "comment"
    assert cli.main(["review", "-", "--json", "--output", str(out)]) == 3
    assert capsys.readouterr().out == ""
    said = json.loads(out.read_text())
    assert said["sites"][0]["changed"] is True
    assert said["verdict"] == "1 site changes; no stop, same addresses."


def test_the_exit_code_tells_failed_from_unchanged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"steps": [], "changeSummary": {"same": 8}}')
    assert cli.main(["review", "--stack", f"osaka={file}"]) == 0
    assert "Unchanged: osaka" in capsys.readouterr().out
    file.write_text('{"steps": [], "diagnostics": [{"severity": "error", "message": "no"}]}')
    assert cli.main(["review", CHANGE, "--stack", f"osaka={file}"]) == 1
    assert "preview FAILED: osaka; 1 site changes" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["ascii", "euc_jp", "cp932"])
def test_a_terminal_without_every_sign_gets_an_escape_for_it(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(shown, encoding=encoding))
    assert cli.main(["review", NEW]) == 3
    assert shown.getvalue().decode(encoding).endswith("**1 new site.**\n")


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_half_a_character_is_written_all_the_same(more: list[str], tmp_path: Path) -> None:
    file, out = tmp_path / "x.json", tmp_path / "out"
    data = json.loads(Path(CHANGE).read_text(encoding="utf-8"))
    data["diagnostics"] = [{"severity": "warning", "message": "what is \ud83d\u3042?"}]
    file.write_text(json.dumps(data))
    assert cli.main(["review", str(file), "--output", str(out), *more]) == 3
    assert "\u3042" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["/nowhere/x.json"],
        ["--stack", "osaka"],
        [str(PREVIEWS.parent / "README")],
        [CHANGE, "--output", "/nowhere/comment.md"],
    ],
)
def test_what_cannot_be_read_is_bad_usage(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["review", *words]) == 2
    assert capsys.readouterr().err.startswith("sakura-rtx: ")
