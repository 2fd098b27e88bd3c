"""The background process of a rehearsal, as its users meet it: real processes, own folders."""

from __future__ import annotations

import asyncio
import http.client
import json
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from rehearsal_bench import PATIENCE, api, make_switch, switches, typed, wait_for

from components.errors import VpnError
from components.rehearsal import instance
from components.rehearsal.daemon import RehearsalClock

ROUTE = "ip route 10.9.0.0/16 gateway null"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "rehearsal"
    yield place
    instance.stop(place)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One process for all tests that leave it as it was."""
    place = tmp_path_factory.mktemp("shared") / "rehearsal"
    instance.start(place)
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


def ask_raw(folder: Path, method: str, path: str, token: str | None) -> tuple[int, dict[str, Any]]:
    """One question to the control port with a token of the test's choice."""
    port = instance.status(folder).ports["control"]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, "{}", {"Authorization": token} if token else {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


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
    (folder / instance.INSTANCE).write_text("an-id\n")
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
def test_a_folder_with_other_peoples_files_is_left_alone(
    tmp_path: Path, act: Callable[[Path], object]
) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(VpnError, match="not a rehearsal folder"):
        act(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["letter.txt"]


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


# --- secrets --------------------------------------------------------------------------------------


def ssh(ends: instance.Endpoints, password: str) -> Any:
    """A connection to the RTX, to be entered."""
    return asyncssh.connect(
        ends.ssh_host,
        ends.ssh_port,
        username=ends.user,
        password=password,
        client_keys=None,
        known_hosts=([asyncssh.import_public_key(ends.host_key)], [], []),
        server_host_key_algs=["ssh-rsa"],
        config=None,
        agent_path=None,
    )


def logs_in(ends: instance.Endpoints, password: str) -> bool:
    """Whether the RTX lets this password in over SSH."""

    async def login() -> bool:
        try:
            async with ssh(ends, password):
                return True
        except asyncssh.PermissionDenied:
            return False

    return asyncio.run(login())


def test_rotate_lets_only_the_new_secrets_in_and_a_power_loss_does_not_undo_it(
    folder: Path,
) -> None:
    instance.start(folder)
    old = instance.endpoints(folder)
    typed(folder, ROUTE)  # not saved: a rotation saves the passwords and nothing else
    instance.ask(folder, "POST", "/rotate")
    new = instance.endpoints(folder)
    assert new.api_token == old.api_token
    assert new.api_secret != old.api_secret
    assert new.admin_password != old.admin_password
    for restarted in (False, True):
        if restarted:
            instance.stop(folder)
            assert instance.start(folder) == "resumed"
        assert api(folder, "GET", "/switch").status_code == 200
        assert api(folder, "GET", "/switch", secret=old.api_secret).status_code == 401
        here = instance.endpoints(folder)
        assert logs_in(here, new.password)
        assert not logs_in(here, old.password)
    assert ROUTE not in typed(folder, "show config")


def test_no_secret_is_in_the_log_in_a_repr_or_in_a_process_argument(folder: Path) -> None:
    instance.start(folder)
    old = instance.endpoints(folder)
    control = json.loads((folder / instance.CREDENTIALS).read_text())["control_token"]
    typed(folder, "ipsec ike pre-shared-key 2 text Canary_key_1", "tunnel enable Canary_key_2")
    api(folder, "POST", "/switch", {"Switch": {"Name": "Canary_key_3"}})
    api(folder, "GET", "/switch?Canary_key_4", secret="Canary_key_5")
    assert not logs_in(old, "Canary_key_6")
    ask_raw(folder, "GET", "/health", "Bearer Canary_key_7")
    with pytest.raises(VpnError):
        instance.ask(folder, "POST", "/type", {"lines": {"Canary_key_8": 1}})
    instance.ask(folder, "POST", "/rotate")
    new = instance.endpoints(folder)
    arguments = process_arguments(folder)
    instance.stop(folder)
    shown = (folder / instance.LOG).read_text() + repr(old) + repr(new) + arguments
    assert "POST is1b /switch 201" in shown  # the log does name the requests
    assert "Canary_key" not in shown
    for ends in (old, new):
        for secret in (ends.api_secret, ends.password, ends.admin_password, control):
            assert secret not in shown
    assert new.api_token not in shown


def process_arguments(folder: Path) -> str:
    """The command line of the process that serves the folder (empty without /proc)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode().split("\0")
        except OSError:
            continue  # it has ended meanwhile
        if "components.rehearsal.daemon" in words and str(folder) in words:
            found.append(" ".join(words))
    assert len(found) == Path("/proc/self").is_dir()
    return "".join(found)


def test_files_with_secrets_are_for_their_owner_only(shared: Path) -> None:
    typed(shared, "save")
    make_switch(shared, "office-lan")
    assert not shared.stat().st_mode & 0o077
    for name in (instance.CREDENTIALS, "api.json", "rtx/saved.cfg", instance.LOG):
        assert not (shared / name).stat().st_mode & 0o077, name
    leftovers = [each.name for each in shared.iterdir() if each.name.endswith(".new")]
    assert leftovers == []


# --- the control port -----------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "Bearer wrong", "Bearer ", "", "Bearer \xe9"])
@pytest.mark.parametrize(
    "action", ["GET /health", "GET /calls", "POST /type", "POST /rotate", "POST /stop", "GET /no"]
)
def test_the_control_port_wants_the_token(shared: Path, action: str, token: str | None) -> None:
    before = instance.endpoints(shared)
    method, path = action.split()
    status, answer = ask_raw(shared, method, path, token)
    assert status == 401
    assert set(answer) == {"error", "instance"}
    assert instance.endpoints(shared) == before


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("POST /nothing", {}),
        ("GET /type", {}),
        ("POST /type", {}),
        ("POST /type", {"lines": "save"}),
        ("POST /advance", {}),
        ("POST /advance", {"seconds": -1}),
        ("POST /advance", {"seconds": "soon"}),
        ("POST /advance", {"seconds": float("nan")}),
        ("POST /advance", {"seconds": float("inf")}),
        ("POST /fault", {"method": "GET", "path": "/switch", "kind": "no such"}),
        ("POST /fault", {}),
    ],
)
def test_a_wrong_order_is_refused_and_harmless(
    shared: Path, action: str, body: dict[str, Any]
) -> None:
    method, path = action.split()
    with pytest.raises(VpnError):
        instance.ask(shared, method, path, body)
    assert running(shared)
    instance.ask(shared, "POST", "/advance", {"seconds": 0})


def test_health_says_ports_and_the_links_reason(shared: Path) -> None:
    status = instance.status(shared)
    assert set(status.ports) == {"api", "ssh", "control"}
    assert status.reason == "no VPC router that is up has a site-to-site peer in force"


def test_the_calls_to_the_api_are_told(shared: Path) -> None:
    assert api(shared, "GET", "/switch/1").status_code == 404

    def told() -> bool:
        return ["GET", "/switch/1", 404] in instance.ask(shared, "GET", "/calls")["calls"]

    wait_for(told)  # a call is noted after it was answered


def test_a_fault_happens_as_often_as_asked_and_can_be_cleared(shared: Path) -> None:
    busy = {"method": "GET", "path": "/switch", "kind": "still_creating", "status": 503}
    instance.ask(shared, "POST", "/fault", {**busy, "retry_after": 7})
    answer = api(shared, "GET", "/switch")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert api(shared, "GET", "/switch").status_code == 200
    instance.ask(shared, "POST", "/fault", {**busy, "times": 9})
    assert api(shared, "GET", "/switch").status_code == 503
    instance.ask(shared, "POST", "/fault", {"clear": True})
    assert api(shared, "GET", "/switch").status_code == 200


def test_advanced_time_passes_at_the_rtx(shared: Path) -> None:
    """A rollback timer in a session over SSH acts when its time has come, jumped over or not."""

    async def session() -> None:
        ends = instance.endpoints(shared)
        async with ssh(ends, ends.password) as connection:
            shell = await connection.create_process(term_type="vt100", encoding=None)

            async def until(text: str) -> None:
                await asyncio.wait_for(shell.stdout.readuntil(text.encode()), PATIENCE)

            await until("> ")
            shell.stdin.write(b"\r")
            await until("> ")
            shell.stdin.write(b"administrator\r")
            await until("Password: ")
            shell.stdin.write(f"{ends.admin_password}\r".encode())
            await until("# ")
            shell.stdin.write(b"rollback timer 250\r")
            await until("\n# ")
            shell.stdin.write(f"{ROUTE}\r".encode())
            await until("\n# ")
            await asyncio.to_thread(advance_and_look)

    def advance_and_look() -> None:
        instance.ask(shared, "POST", "/advance", {"seconds": 200})
        assert ROUTE in typed(shared, "show config")
        instance.ask(shared, "POST", "/advance", {"seconds": 60})
        assert ROUTE not in typed(shared, "show config")

    asyncio.run(session())


def test_the_clock_jumps_and_wakes_who_waits() -> None:
    clock = RehearsalClock()
    begin = clock.now()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(clock.wait, 3600.0)
        clock.advance(1800)
        assert not waiting.done()
        clock.advance(1801)
        waiting.result(PATIENCE)
    assert clock.now() - begin >= 3601
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="forward"):
            clock.advance(wrong)
