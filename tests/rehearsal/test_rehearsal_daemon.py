"""The background process of a rehearsal, as its users meet it: real processes, own folders."""

from __future__ import annotations

import errno
import json
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rehearsal_bench import PATIENCE, make_switch, switches, typed, wait_for

from components.errors import VpnError
from components.rehearsal import instance

ROUTE = "ip route 10.9.0.0/16 gateway null"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "rehearsal"
    yield place
    instance.stop(place)


@pytest.fixture
def serve(folder: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Serves a new folder by a process that the test may end."""
    folder.mkdir(mode=0o700)
    (folder / instance.INSTANCE).write_text(f"{uuid.uuid4()}\n")
    started: list[subprocess.Popen[bytes]] = []

    def spawn() -> subprocess.Popen[bytes]:
        with (folder / instance.LOG).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "components.rehearsal.daemon", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        started.append(process)
        return process

    yield spawn
    for process in started:
        process.kill()
        process.wait()


def running(folder: Path) -> bool:
    return instance.status(folder).running


# --- one folder, one life -------------------------------------------------------------------------


def test_what_is_saved_comes_back_and_the_rest_does_not(folder: Path) -> None:
    assert instance.start(folder) == "new"
    assert instance.start(folder) == "running"
    assert instance.backend_matches(folder)
    first = instance.endpoints(folder)
    make_switch(folder, "office-lan")
    typed(folder, ROUTE, "save", "ip route 10.8.0.0/16 gateway null")
    assert instance.stop(folder)
    assert not instance.stop(folder)
    assert not running(folder)
    (folder / instance.BACKEND_INSTANCE).write_text("another\n")
    with pytest.raises(VpnError, match="no rehearsal answers") as refused:
        instance.endpoints(folder)
    assert refused.value.remedy == "sakura-rtx rehearsal start"

    assert instance.start(folder) == "resumed"
    again = instance.endpoints(folder)
    assert (again.instance, again.host_key) == (first.instance, first.host_key)
    assert (again.password, again.admin_password) == (first.password, first.admin_password)
    assert (again.api_token, again.api_secret) == (first.api_token, first.api_secret)
    assert switches(folder) == ["office-lan"]
    shown = typed(folder, "show config")
    assert ROUTE in shown
    assert "10.8.0.0/16" not in shown  # never saved: lost with the power
    assert not instance.backend_matches(folder)  # only a new backend is claimed by a start
    instance.claim_backend(folder)
    assert instance.backend_matches(folder)


def test_a_process_that_was_killed_is_resumed(
    folder: Path, serve: Callable[[], subprocess.Popen[bytes]]
) -> None:
    """As after a power loss of the machine: endpoints of the dead still lie in the folder."""
    process = serve()
    wait_for(lambda: running(folder))
    make_switch(folder, "office-lan")
    typed(folder, ROUTE, "save")
    process.kill()
    process.wait()
    assert (folder / instance.ENDPOINTS).exists()
    assert not running(folder)
    assert instance.start(folder) == "resumed"
    assert switches(folder) == ["office-lan"]
    assert ROUTE in typed(folder, "show config")


def test_sigterm_ends_it_cleanly(
    folder: Path, serve: Callable[[], subprocess.Popen[bytes]]
) -> None:
    process = serve()
    wait_for(lambda: running(folder))
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    log = (folder / instance.LOG).read_text()
    assert log.rstrip().endswith(" ended")
    assert "Traceback" not in log


def test_a_second_process_leaves_the_folder_alone(
    folder: Path, serve: Callable[[], subprocess.Popen[bytes]]
) -> None:
    serve()
    wait_for(lambda: running(folder))
    ends = (folder / instance.ENDPOINTS).read_text()
    assert serve().wait(PATIENCE) == 1
    assert (folder / instance.ENDPOINTS).read_text() == ends
    assert running(folder)


def test_two_folders_never_meet(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    instance.start(folder)
    instance.start(other)
    try:
        typed(folder, ROUTE)
        make_switch(folder, "office-lan")
        assert ROUTE not in typed(other, "show config")
        assert switches(other) == []
        ours, theirs = instance.endpoints(folder), instance.endpoints(other)
        assert ours.instance != theirs.instance
        for secret in ("api_secret", "password", "admin_password", "host_key"):
            assert getattr(ours, secret) != getattr(theirs, secret)
    finally:
        instance.stop(other)
    assert running(folder)


def test_a_copied_folder_does_not_order_the_original_about(folder: Path, tmp_path: Path) -> None:
    instance.start(folder)
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert not running(copy)
    with pytest.raises(VpnError, match="no rehearsal answers"):
        instance.ask(copy, "POST", "/stop")
    assert running(folder)
    (tmp_path / "other-name").symlink_to(folder)
    assert running(tmp_path / "other-name")


def test_whoever_took_over_a_port_is_no_rehearsal_of_ours(folder: Path, tmp_path: Path) -> None:
    """After a reboot of the machine another rehearsal may listen where ours did."""
    other = tmp_path / "other"
    instance.start(other)
    instance.stop(other)
    instance.start(folder)
    ports = json.loads((folder / instance.ENDPOINTS).read_text())["ports"]
    left = json.loads((other / instance.ENDPOINTS).read_text())
    (other / instance.ENDPOINTS).write_text(json.dumps({**left, "ports": ports}))
    assert not running(other)
    assert not instance.stop(other)
    assert running(folder)
    # Even with our token it says who it is.
    shutil.copy(folder / instance.CREDENTIALS, other / instance.CREDENTIALS)
    assert not running(other)


def test_starts_at_the_same_time_give_one_process(folder: Path) -> None:
    command = [sys.executable, "-c", "from components.cli import main; raise SystemExit(main())"]
    asked = [
        subprocess.Popen(
            [*command, "rehearsal", "start", "--json", "--folder", str(folder)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    with ThreadPoolExecutor(2) as pool:
        here = list(pool.map(lambda _: instance.start(folder), range(2)))
    said = [json.loads(process.communicate(timeout=PATIENCE)[0])["started"] for process in asked]
    assert sorted([*here, *said]) == ["new", "running", "running", "running", "running"]
    assert (folder / instance.LOG).read_text().count(" on {") == 1


def test_a_deleted_folder_ends_the_process(
    folder: Path, serve: Callable[[], subprocess.Popen[bytes]]
) -> None:
    process = serve()
    wait_for(lambda: running(folder))
    shutil.rmtree(folder)
    assert process.wait(PATIENCE) == 0


def test_a_folder_that_was_made_anew_ends_the_old_process(
    folder: Path, serve: Callable[[], subprocess.Popen[bytes]]
) -> None:
    process = serve()
    wait_for(lambda: running(folder))
    old = instance.endpoints(folder)
    shutil.rmtree(folder)
    assert instance.start(folder) == "new"
    assert instance.endpoints(folder).instance != old.instance
    assert process.wait(PATIENCE) == 0
    assert running(folder)


def test_reset_forgets_everything(folder: Path) -> None:
    instance.start(folder)
    old = instance.endpoints(folder)
    make_switch(folder, "office-lan")
    (folder / instance.BACKEND / "state.json").write_text("{}")
    instance.reset(folder)
    assert list(folder.iterdir()) == []
    assert instance.start(folder) == "new"
    assert instance.endpoints(folder).instance != old.instance
    assert switches(folder) == []
    assert list((folder / instance.BACKEND).iterdir()) == []
    assert instance.backend_matches(folder)


def test_a_start_that_fails_says_why_and_leaves_no_process(folder: Path) -> None:
    folder.mkdir()
    (folder / instance.INSTANCE).write_text(f"{uuid.uuid4()}\n")
    file = folder / instance.CREDENTIALS
    file.write_text('{"api_secret": "Canary_key_1", "api_token": ')
    with pytest.raises(VpnError, match="ended at once") as refused:
        instance.start(folder)
    assert "JSONDecodeError" in refused.value.state
    assert "Canary_key" not in str(refused.value)
    assert not running(folder)
    file.unlink()
    assert instance.start(folder) == "resumed"


@pytest.mark.parametrize("act", [instance.start, instance.stop, instance.reset])
@pytest.mark.parametrize("name", ["letter.txt", instance.START_LOCK, instance.INSTANCE])
def test_a_folder_with_other_peoples_files_is_left_alone(
    tmp_path: Path, act: Callable[[Path], object], name: str
) -> None:
    """Others have files named `lock` and `instance`, too."""
    (tmp_path / name).write_text("dear")
    (tmp_path / "photo.jpg").write_text("")
    with pytest.raises(VpnError, match="not a rehearsal folder"):
        act(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {name, "photo.jpg"}


def test_a_full_disk_or_a_kill_at_the_first_start_does_not_make_it_a_strangers_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    with monkeypatch.context() as disk:
        disk.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            instance.start(folder)
    assert [each.name for each in folder.iterdir()] == [instance.START_LOCK]
    (folder / f"{instance.INSTANCE}.4711.new").write_text("", "utf-8")
    assert instance.start(folder) == "new"


def test_nothing_to_stop_or_reset_makes_no_folder(tmp_path: Path) -> None:
    place = tmp_path / "never"
    assert not instance.stop(place)
    instance.reset(place)
    assert not running(place)
    assert not place.exists()


def test_the_folder_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(instance.FOLDER_VARIABLE, str(tmp_path / "named"))
    assert instance.folder() == tmp_path / "named"
    monkeypatch.setenv(instance.FOLDER_VARIABLE, "")
    monkeypatch.chdir(tmp_path)
    assert instance.folder() == tmp_path / ".rehearsal"
