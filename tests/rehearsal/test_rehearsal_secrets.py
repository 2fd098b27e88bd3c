"""A rehearsal's secrets and its control port: real processes, own folders."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from rehearsal_bench import PATIENCE, api, make_switch, typed, wait_for

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
    assert instance.status(shared).running
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
