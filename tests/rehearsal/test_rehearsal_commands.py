"""`sakura-rtx rehearsal ...`: what each command says, and its exit code."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rehearsal_bench import PATIENCE, make_switch, typed

from components.cli import main
from components.rehearsal import instance

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One process for all tests that leave it as it was."""
    place = tmp_path_factory.mktemp("rehearsal")
    instance.start(place)
    yield place
    instance.stop(place)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """One command: exit code, output, error output."""

    def command(*words: object) -> tuple[int, str, str]:
        code = main(["rehearsal", *map(str, words)])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return command


def test_the_gateway_in_front_is_told_and_remembered(tmp_path: Path, run: Run) -> None:
    place = tmp_path / "rehearsal"
    where = ("--folder", place)
    try:
        run("start", *where)
        untold = "whatever address the VPC router calls; hands on to it: esp and udp500."
        assert untold in run("front", *where)[1]
        told = ("--address", "203.0.113.9", "--hands-on", "udp500")
        assert "203.0.113.9; hands on to it: udp500." in run("front", *where, *told)[1]
        assert run("front", *where, "--hands-on", "nothing")[0] == 0
        run("stop", *where)
        run("start", *where)
        assert "way to any RTX: large." in run("front", *where, "--drops", "large")[1]
        kept = {"address": "203.0.113.9", "hands_on": [], "drops": ["large"]}
        assert json.loads(run("front", *where, "--json")[1]) == kept
        code, _, error = run("front", *where, "--address", "outside")
        assert code == 1
        assert "outside" in error
        assert json.loads(run("front", *where, "--json")[1]) == kept
        shown = run("front", *where, "--address", "called", "--hands-on", "all")[1]
        assert untold in shown
        assert "Dropped" not in run("front", *where, "--drops", "nothing")[1]
    finally:
        instance.stop(place)


def test_the_course_of_a_rehearsal(tmp_path: Path, run: Run) -> None:
    place = tmp_path / "rehearsal"
    where = ("--folder", place)
    try:
        assert run("status", *where) == (1, f"No rehearsal runs in {place}.\n", "")
        assert run("stop", *where)[:2] == (0, "Nothing ran.\n")
        assert run("start", *where)[:2] == (0, "A new rehearsal runs.\n")
        assert run("start", *where)[:2] == (0, "The rehearsal runs already.\n")
        assert run("stop", *where, "--json")[:2] == (0, '{"stopped": true}\n')
        assert run("stop", *where, "--json")[:2] == (0, '{"stopped": false}\n')
        assert run("start", *where, "--json")[:2] == (0, '{"started": "resumed"}\n')
        assert run("reset", *where)[0] == 0
        assert list(place.iterdir()) == []
        assert run("status", *where, "--json")[0] == 1
    finally:
        instance.stop(place)


def test_status_says_ports_and_reason(folder: Path, run: Run) -> None:
    code, text, _ = run("status", "--folder", folder)
    ends = instance.endpoints(folder)
    assert code == 0
    assert f"ssh {ends.ssh_port}" in text
    assert "no VPC router that is up" in text
    code, text, _ = run("status", "--folder", folder, "--json")
    shown = json.loads(text)
    assert (code, shown["running"], shown["instance"]) == (0, True, ends.instance)
    assert shown["ports"]["ssh"] == ends.ssh_port
    assert "no VPC router that is up" in shown["link"]


def test_the_folder_may_come_from_the_environment(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(instance.FOLDER_VARIABLE, str(folder))
    assert run("status")[0] == 0


def test_type_shows_the_terminal(folder: Path, run: Run) -> None:
    code, text, _ = run("type", "--folder", folder, "show environment", "console columns 200")
    assert code == 0
    assert "RTX1220 Rev.15.04.03" in text
    assert "\r" not in text
    assert text.index("# show environment") < text.index("# console columns 200")


@pytest.mark.parametrize("line", ["tunnel enable 0", "no such command", "ip route nowhere"])
@pytest.mark.parametrize("character", ["en.ascii", "ja.utf8"])
def test_type_fails_on_a_refused_line(folder: Path, run: Run, line: str, character: str) -> None:
    code, text, _ = run("type", "--folder", folder, f"console character {character}", line)
    assert code == 1
    assert ("Error:" if character == "en.ascii" else "エラー:") in text


def test_type_fails_if_any_line_was_refused(folder: Path, run: Run) -> None:
    code, text, _ = run("type", "--folder", folder, "no such command", "show environment")
    assert code == 1
    assert "RTX1220" in text


def test_type_reads_lines_from_stdin(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("tunnel select 9\ndescription tunnel nine\n"))
    assert run("type", "--folder", folder, "-")[0] == 0
    assert "description tunnel nine" in typed(folder, "show config")
    assert run("type", "--folder", folder, "tunnel select 9", "no description tunnel")[0] == 0


def test_type_needs_a_line(folder: Path, run: Run) -> None:
    with pytest.raises(SystemExit) as refused:
        run("type", "--folder", folder)
    assert refused.value.code == 2


def test_env_says_how_to_log_in_and_no_secret(folder: Path, run: Run) -> None:
    code, text, _ = run("env", "--folder", folder)
    ends = instance.endpoints(folder)
    assert code == 0
    assert ends.api_root in text
    assert str(folder / instance.CREDENTIALS) in text
    for secret in (ends.api_token, ends.api_secret, ends.password, ends.admin_password):
        assert secret not in text


@pytest.mark.skipif(not shutil.which("ssh"), reason="no OpenSSH client here")
def test_the_ssh_line_of_env_reaches_the_login(folder: Path, run: Run) -> None:
    """Its host key is known and its algorithms meet; only the password is missing."""
    text = run("env", "--folder", folder)[1]
    line = next(each for each in text.splitlines() if " ssh " in each).partition("ssh ")[2]
    words = ["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]
    shown = subprocess.run(
        [*words, *shlex.split(line)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert shown.returncode == 255
    assert "Permission denied" in shown.stderr, shown.stderr


@pytest.mark.skipif(not shutil.which("sh"), reason="no shell here")
def test_env_for_the_shell_can_be_evaluated(folder: Path, run: Run) -> None:
    code, text, _ = run("env", "--folder", folder, "--shell")
    ends = instance.endpoints(folder)
    assert code == 0
    names = ("SAKURA_API_ROOT_URL", "SAKURA_ACCESS_TOKEN", "SAKURA_ACCESS_TOKEN_SECRET")
    script = text + "".join(f'printf "%s\\n" "${name}"\n' for name in names)
    shown = subprocess.run(
        ["sh"], input=script, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert shown.stdout.split("\n")[:3] == [ends.api_root, ends.api_token, ends.api_secret]


def test_rotate_changes_what_env_says(folder: Path, run: Run) -> None:
    before = instance.endpoints(folder)
    assert run("rotate", "--folder", folder, "--json")[:2] == (0, '{"rotated": true}\n')
    after = instance.endpoints(folder)
    assert after.password != before.password
    assert after.api_secret in run("env", "--folder", folder, "--shell")[1]
    make_switch(folder, "with-the-new-secret")


def test_advance_lets_time_jump(folder: Path, run: Run) -> None:
    assert run("advance", "--folder", folder, "7200")[0] == 0
    assert "2:0" in run("type", "--folder", folder, "show environment")[1]


@pytest.mark.parametrize("seconds", ["nan", "inf", "-5"])
def test_advance_refuses_what_is_no_time(folder: Path, run: Run, seconds: str) -> None:
    code, _, error = run("advance", "--folder", folder, "--", seconds)
    assert code == 1
    assert "forward" in error


@pytest.mark.parametrize(
    "words",
    [("type", "show config"), ("env",), ("advance", "5"), ("rotate",)],
    ids=lambda words: words[0],
)
def test_without_a_rehearsal_the_remedy_is_named(
    tmp_path: Path, run: Run, words: tuple[str, ...]
) -> None:
    name, *rest = words
    code, output, error = run(name, "--folder", tmp_path / "none", *rest)
    assert (code, output) == (1, "")
    assert "sakura-rtx rehearsal start" in error
    assert not (tmp_path / "none").exists()


def test_a_folder_with_other_peoples_files_is_refused(tmp_path: Path, run: Run) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    code, _, error = run("reset", "--folder", tmp_path)
    assert code == 1
    assert "not a rehearsal folder" in error
    assert (tmp_path / "letter.txt").exists()
