"""The background process of a rehearsal, as its users meet it: real processes, own folders."""

from __future__ import annotations

import http.client
import json
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components.cli import main
from components.errors import VpnError
from components.rehearsal import instance


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "rehearsal"
    yield place
    instance.stop(place)


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)  # a real process is polled


def typed(folder: Path, *lines: str) -> str:
    text: str = instance.ask(folder, "POST", "/type", {"lines": list(lines)})["text"]
    return text


def test_what_is_saved_comes_back_and_the_rest_does_not(folder: Path) -> None:
    assert instance.start(folder) == "new"
    assert instance.start(folder) == "running"
    assert instance.backend_matches(folder)
    first = instance.endpoints(folder)
    typed(folder, "ip route 10.9.0.0/16 gateway null", "save", "ip route 10.8.0.0/16 gateway null")
    assert instance.stop(folder)
    assert not instance.status(folder).running
    with pytest.raises(VpnError, match="no rehearsal answers"):
        instance.endpoints(folder)

    assert instance.start(folder) == "resumed"
    again = instance.endpoints(folder)
    assert again.instance == first.instance
    assert (again.host_key, again.password) == (first.host_key, first.password)
    shown = typed(folder, "show config")
    assert "ip route 10.9.0.0/16 gateway null" in shown
    assert "10.8.0.0/16" not in shown  # never saved: lost with the power


def test_two_folders_never_meet(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    try:
        instance.start(folder)
        instance.start(other)
        typed(folder, "ip route 10.9.0.0/16 gateway null")
        assert "10.9.0.0" not in typed(other, "show config")
        assert instance.endpoints(folder).instance != instance.endpoints(other).instance
        # Whoever took over a port is no rehearsal of ours.
        shutil.copy(folder / instance.ENDPOINTS, other / instance.ENDPOINTS)
        assert not instance.status(other).running
    finally:
        ends = instance.status(folder)
        assert ends.running
        # Found by its folder's lock, although its endpoints were lost: the id goes first.
        instance.reset(other) if instance.status(other).running else forget(other)


def forget(place: Path) -> None:
    """Without its instance id the process of this folder ends by itself."""
    (place / instance.INSTANCE).unlink()
    wait_for(lambda: not instance._served(place))


def test_starts_at_the_same_time_give_one_process(folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        how = list(pool.map(lambda _: instance.start(folder), range(4)))
    assert sorted(how) == ["new", "running", "running", "running"]


def test_a_deleted_folder_ends_the_process(folder: Path) -> None:
    instance.start(folder)
    port = instance.status(folder).ports["control"]
    shutil.rmtree(folder)
    wait_for(lambda: not listens(port))


def listens(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health")
        connection.getresponse()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def test_the_control_port_wants_the_token(folder: Path) -> None:
    instance.start(folder)
    port = instance.status(folder).ports["control"]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", "/stop", "{}", {"Authorization": "Bearer wrong"})
    assert connection.getresponse().status == 401
    assert instance.status(folder).running


def test_rotate_gives_new_secrets_and_the_log_holds_none(folder: Path) -> None:
    instance.start(folder)
    old = instance.endpoints(folder)
    instance.ask(folder, "POST", "/rotate")
    new = instance.endpoints(folder)
    assert new.api_token == old.api_token
    assert new.api_secret != old.api_secret
    assert new.password != old.password
    instance.stop(folder)
    log = (folder / instance.LOG).read_text()
    for ends in (old, new):
        assert ends.api_secret not in log + repr(ends)
        assert ends.password not in log + repr(ends)
    for name in (instance.CREDENTIALS, "api.json", "rtx/saved.cfg"):
        assert not (folder / name).stat().st_mode & 0o077, name


def test_a_folder_with_other_peoples_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(VpnError, match="not a rehearsal folder"):
        instance.start(tmp_path)
    with pytest.raises(VpnError, match="not a rehearsal folder"):
        instance.reset(tmp_path)
    assert (tmp_path / "letter.txt").exists()


def test_the_commands(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--folder", str(folder)]

    def run(*words: str) -> tuple[int, str]:
        code = main(["rehearsal", *words])
        return code, capsys.readouterr().out

    assert run("status", *where)[0] == 1
    assert run("start", *where, "--json") == (0, '{"started": "new"}\n')
    code, text = run("status", *where, "--json")
    assert (code, json.loads(text)["running"]) == (0, True)
    code, text = run("type", *where, "show environment")
    assert code == 0
    assert "RTX1220 Rev.15.04.03" in text
    code, text = run("type", *where, "tunnel enable 0")
    assert code == 1
    assert "エラー" in text
    code, text = run("env", *where)
    assert code == 0
    assert f"-p {instance.endpoints(folder).ssh_port}" in text
    assert instance.endpoints(folder).password not in text
    code, text = run("env", *where, "--shell")
    assert "export SAKURA_ACCESS_TOKEN_SECRET=" in text
    assert run("advance", *where, "30")[0] == 0
    assert run("reset", *where)[0] == 0
    assert not list(folder.iterdir())
    assert main(["rehearsal", "type", *where, "show config"]) == 1
    assert "sakura-rtx rehearsal start" in capsys.readouterr().err
