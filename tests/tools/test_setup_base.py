"""What the tools share, and the set-up's own decisions; nothing is installed here."""

from __future__ import annotations

import ast
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import tools
from tools import base, setup

TABLE = """\
# package   proof  need
openssh-client  ssh    tests

python3-venv    module:ensurepip  all
nowhere         module:no_such_module_here  all
"""


@pytest.mark.parametrize(
    ("words", "own", "handed_on"),
    [
        (["up", "--site", "demo"], ["up", "--site", "demo"], []),
        (["up", "--", "--diff"], ["up"], ["--diff"]),
        (["--", "-k", "a", "--", "b"], [], ["-k", "a", "--", "b"]),
        (["up", "--"], ["up"], []),
    ],
)
def test_arguments_after_the_dashes_are_handed_on(
    words: list[str], own: list[str], handed_on: list[str]
) -> None:
    assert base.split(words) == (own, handed_on)


def test_cache_folder_follows_the_user(tmp_path: Path) -> None:
    assert base.cache_folder({"HOME": "/home/u"}) == Path("/home/u/.cache/sakura-rtx-vpn")
    both = {"HOME": "/home/u", "XDG_CACHE_HOME": str(tmp_path)}
    assert base.cache_folder(both) == tmp_path / "sakura-rtx-vpn"
    assert base.cache_folder({"HOME": "/u", "XDG_CACHE_HOME": ""}) == Path(
        "/u/.cache/sakura-rtx-vpn"
    )


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("raise SystemExit(0)", 0),
        ("raise SystemExit(7)", 7),
        ("import os; os.kill(os.getpid(), 9)", 128 + 9),
    ],
)
def test_run_passes_the_exit_code_through(program: str, code: int) -> None:
    assert base.run([sys.executable, "-c", program], os.environ) == code


def runner(handled: str, code: int) -> subprocess.Popen[str]:
    """A process that has `run` a command which ends with `code` at the signal `handled`."""
    child = f"""
import signal, sys, threading
signal.signal(signal.{handled}, lambda *_: sys.exit({code}))
print("ready", flush=True)
threading.Event().wait(30)
"""
    parent = f"""
import os, sys
from tools import base
sys.exit(base.run([sys.executable, "-c", {child!r}], os.environ))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", parent],
        cwd=base.ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_run_leaves_signals_to_the_command() -> None:
    """As on a terminal, SIGINT goes to both; the command ends in its own way and we wait for it."""
    process = runner("SIGINT", code=5)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 5


def test_run_hands_sigterm_on() -> None:
    process = runner("SIGTERM", code=6)
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 6


def test_only_what_is_not_there_is_missing(tmp_path: Path) -> None:
    missing = setup.missing_packages(TABLE, str(tmp_path))
    assert missing == {"openssh-client": "ssh", "nowhere": "module:no_such_module_here"}
    (tmp_path / "ssh").write_text("#!/bin/sh\n")
    (tmp_path / "ssh").chmod(0o755)
    assert "openssh-client" not in setup.missing_packages(TABLE, str(tmp_path))


def test_who_runs_no_tests_is_spared_what_only_they_need(tmp_path: Path) -> None:
    assert setup.missing_packages(TABLE, str(tmp_path), tests=False).keys() == {"nowhere"}


def test_the_package_table_of_the_project_can_be_read() -> None:
    missing = setup.missing_packages(setup.PACKAGES_FILE.read_text(encoding="utf-8"), "")
    assert {"openssh-client", "procps"} <= missing.keys()


@pytest.mark.parametrize(("first", "calls"), [(0, 1), (1, 3)])
def test_package_lists_are_updated_only_where_the_first_try_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int, calls: int
) -> None:
    log = tmp_path / "log"
    apt = tmp_path / "apt-get"
    apt.write_text(
        f'#!/bin/sh\necho "$@" >> {log}\n[ -e {log}.2 ] && exit 0\n: > {log}.2\nexit {first}\n'
    )
    apt.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(
        setup,
        "missing_packages",
        lambda table, path, tests: {"procps": "ps"} if not log.exists() else {},
    )
    setup.install_packages({"PATH": f"{tmp_path}:/usr/bin:/bin"}, tests=True)
    lines = log.read_text().splitlines()
    assert len(lines) == calls
    assert lines[-1] == "install --yes --quiet --no-install-recommends procps"


def test_without_root_the_missing_is_named_and_nothing_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    apt.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    setup.install_packages({"PATH": str(tmp_path)}, tests=False)
    assert capsys.readouterr().err == ""
    setup.install_packages({"PATH": str(tmp_path)}, tests=True)
    said = capsys.readouterr()
    assert "apt-get install openssh-client" in said.err
    assert said.out == ""
    assert not (tmp_path / "ran").exists()


def test_an_old_python_is_told_in_words_that_it_can_read() -> None:
    source = Path(tools.__file__).read_text(encoding="ascii")
    too_new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.ImportFrom, ast.FunctionDef)
    assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, too_new)]
    start = "import sys; sys.version_info = (2, 7, 18); sys.version = '2.7.18 (old)'; import tools"
    command = [sys.executable, "-c", start]
    done = subprocess.run(command, cwd=base.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"{sys.executable} is 2.7.18" in done.stderr
    assert "make PYTHON=" in done.stderr


def test_the_stamp_changes_with_what_the_venv_is_made_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, project = tmp_path / "lock", tmp_path / "project"
    lock.write_text("a==1\n")
    project.write_text("[project]\n")
    monkeypatch.setattr(setup, "LOCK_FILE", lock)
    monkeypatch.setattr(setup, "PROJECT_FILE", project)
    before = setup.stamp()
    assert setup.stamp() == before
    project.write_text("[project]\nname='x'\n")
    assert setup.stamp()["packages"] == before["packages"]
    assert setup.stamp()["project"] != before["project"]
    lock.write_text("a==2\n")
    assert setup.stamp()["packages"] != before["packages"]


def test_the_lock_file_names_no_registry_and_holds_hashes() -> None:
    text = setup.LOCK_FILE.read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    pins = [line for line in text.splitlines() if line and line[0] not in "# "]
    assert len(pins) > 40
    assert all("==" in pin for pin in pins)
    assert text.count("--hash=sha256:") >= len(pins)


def test_what_the_machine_lacks_ends_a_tool_with_a_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full() -> int:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/x")

    with pytest.raises(SystemExit) as ended:
        base.finish(full)
    assert ended.value.code == 1
    assert capsys.readouterr().err == "/tmp/x: No space left on device\n"
