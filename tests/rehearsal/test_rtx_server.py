"""The SSH server over real connections: what it offers, what it refuses, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path

import asyncssh
import pytest
from rtx_bench import USER_PASSWORD, advance, make_router

from components.rehearsal.rtx import Router, RtxServer, run_lines

SSH = shutil.which("ssh")
PATIENCE = 10.0

# Either side may notice first that nothing is common, and hang up.
NO_AGREEMENT = (asyncssh.KeyExchangeFailed, asyncssh.ConnectionLost)


@pytest.fixture(name="router")
def router_fixture(tmp_path: Path) -> Router:
    return make_router(tmp_path / "rtx")


@pytest.fixture(name="server")
def server_fixture(router: Router) -> Iterator[RtxServer]:
    server = RtxServer(router)
    server.start()
    yield server
    server.stop()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for the server's own loop, which turns in real time, but not for ever."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextlib.asynccontextmanager
async def connect(
    server: RtxServer, **options: object
) -> AsyncIterator[asyncssh.SSHClientConnection]:
    chosen: dict[str, object] = {
        "username": "ops",
        "password": USER_PASSWORD,
        "client_keys": None,
        "known_hosts": ([asyncssh.import_public_key(server.host_key)], [], []),
        "server_host_key_algs": ["ssh-rsa"],
        "config": None,
        "agent_path": None,
        **options,
    }
    async with asyncssh.connect(server.host, server.port, **chosen) as connection:
        yield connection


class Shell:
    """A terminal over SSH that is read up to a text."""

    def __init__(self, process: asyncssh.SSHClientProcess[bytes]) -> None:
        self.process = process

    @classmethod
    async def open(cls, connection: asyncssh.SSHClientConnection) -> Shell:
        process = await connection.create_process(
            term_type="vt100", term_size=(512, 100), encoding=None
        )
        return cls(process)

    async def until(self, text: str) -> str:
        shown = await asyncio.wait_for(self.process.stdout.readuntil(text.encode()), PATIENCE)
        return shown.decode("ascii")

    def type(self, text: str) -> None:
        self.process.stdin.write(text.encode())


def test_a_session_from_login_to_logout(server: RtxServer) -> None:
    async def session() -> None:
        async with connect(server) as connection:
            shell = await Shell.open(connection)
            assert (await shell.until("> ")).startswith("RTX1220 Rev.15.04.03")
            shell.type("\r")
            await shell.until("> ")
            shell.type("administrator\r")
            await shell.until("Password: ")
            shell.type("admin-pass\r")
            await shell.until("# ")
            shell.type("ipsec ike pfs 2 on\r")
            assert await shell.until("# ") == "ipsec ike pfs 2 on\r\n# "
            shell.type("exit\r")
            await shell.until("(Y/N)")
            shell.type("n")
            await shell.until("> ")
            shell.type("exit\r")
            await asyncio.wait_for(shell.process.wait_closed(), PATIENCE)
            await asyncio.wait_for(connection.wait_closed(), PATIENCE)

    asyncio.run(session())
    assert server.router.sessions == []
    assert ("", "ipsec ike pfs 2") in {
        (s.context, s.key) for s in server.router.running().statements
    }


def test_a_wide_pty_does_not_stop_the_wrapping(server: RtxServer) -> None:
    async def session() -> str:
        async with connect(server) as connection:
            shell = await Shell.open(connection)
            await shell.until("> ")
            shell.type("\r" + "x" * 100 + "\r")
            await shell.until("> ")
            return await shell.until("Error")

    assert asyncio.run(session()).split("\r\n")[:2] == ["x" * 77, "x" * 23]


@pytest.mark.parametrize("form", ["exec", "subsystem", "second session", "forward", "listen"])
def test_everything_but_one_terminal_is_refused(server: RtxServer, form: str) -> None:
    async def session() -> None:
        async with connect(server) as connection:
            if form == "exec":
                await connection.run("show environment")
            elif form == "subsystem":
                await connection.start_sftp_client()
            elif form == "forward":
                await connection.open_connection("192.168.1.1", 22)
            elif form == "listen":
                await connection.start_server(lambda *_: None, "", 0)
            else:
                shell = await Shell.open(connection)
                await shell.until("> ")
                await Shell.open(connection)

    expected = asyncssh.ChannelListenError if form == "listen" else asyncssh.ChannelOpenError
    with pytest.raises(expected) as refused:
        asyncio.run(session())
    if form == "second session":
        assert "open failed" in str(refused.value)


@pytest.mark.parametrize(
    ("user", "password"),
    [("ops", "wrong"), ("ops", ""), ("nobody", USER_PASSWORD), ("", USER_PASSWORD)],
)
def test_only_named_users_with_their_password(server: RtxServer, user: str, password: str) -> None:
    async def session() -> None:
        async with connect(server, username=user, password=password):
            pass

    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(session())
    assert any(text.startswith("Login failed for SSH") for _, text in server.router.log)


def test_login_by_key_and_not_by_another(server: RtxServer) -> None:
    known = asyncssh.generate_private_key("ssh-ed25519")
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    server.router.add_key("ops", known.export_public_key().decode())

    async def session(key: asyncssh.SSHKey) -> str:
        async with connect(server, client_keys=[key], password=None) as connection:
            return await (await Shell.open(connection)).until("> ")

    assert "RTX1220" in asyncio.run(session(known))
    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(session(stranger))


def test_sshd_auth_method_is_kept_to(server: RtxServer) -> None:
    run_lines(server.router, ["sshd auth method publickey"])

    async def session() -> None:
        async with connect(server):
            pass

    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(session())


def test_the_host_key_is_rsa_2048_signs_with_sha1_only_and_stays(tmp_path: Path) -> None:
    router = make_router(tmp_path)
    first = RtxServer(router)
    assert RtxServer(router).host_key == first.host_key
    assert (tmp_path / "host_key").stat().st_mode & 0o777 == 0o600
    key = asyncssh.import_public_key(first.host_key)
    assert key.get_algorithm() == "ssh-rsa"
    modulus = len(key.public_data) - len("ssh-rsa") - 3 * 4 - 3 - 1  # less type, lengths, 65537, 0
    assert modulus * 8 == 2048
    first.start()

    async def session() -> None:
        async with connect(first, server_host_key_algs=["rsa-sha2-256", "rsa-sha2-512"]):
            pass

    try:
        with pytest.raises(NO_AGREEMENT):
            asyncio.run(session())
    finally:
        first.stop()


@pytest.mark.parametrize(
    ("cipher", "accepted"),
    [("aes128-ctr", True), ("aes256-ctr", True), ("aes256-gcm@openssh.com", False),
     ("chacha20-poly1305@openssh.com", False)],
)  # fmt: skip
def test_ciphers_are_aes_in_counter_mode(server: RtxServer, cipher: str, accepted: bool) -> None:
    async def session() -> None:
        async with connect(server, encryption_algs=[cipher]):
            pass

    if accepted:
        asyncio.run(session())
    else:
        with pytest.raises(NO_AGREEMENT):
            asyncio.run(session())


@pytest.mark.parametrize(("hosts", "admitted"), [("lan1", True), ("192.168.1.0/24", True),
    ("192.168.1.10-192.168.1.30", True), ("any", True), ("lan", True), ("lan2", False),
    ("none", False), ("192.168.1.21-192.168.1.30", False), ("203.0.113.5", False)])  # fmt: skip
def test_sshd_host_says_who_may_come(router: Router, hosts: str, admitted: bool) -> None:
    run_lines(router, [f"sshd host {hosts}"])
    assert router.admits(IPv4Address("192.168.1.20")) is admitted


def test_who_is_not_on_the_list_is_told_so(server: RtxServer) -> None:
    run_lines(server.router, ["sshd host lan2"])
    said: list[str] = []

    class Client(asyncssh.SSHClient):
        def auth_banner_received(self, msg: str, lang: str) -> None:
            said.append(msg)

    async def session() -> None:
        async with connect(server, client_factory=Client):
            pass

    with pytest.raises(asyncssh.Error):
        asyncio.run(session())
    assert said == ["Error: Login access is restricted.\r\n"]


def test_one_user_more_than_the_limit_is_turned_away(server: RtxServer) -> None:
    run_lines(server.router, ["sshd session 2"])

    async def session() -> None:
        async with connect(server) as first, connect(server) as second:
            for connection in (first, second):
                await (await Shell.open(connection)).until("> ")
            with pytest.raises((asyncssh.Error, OSError)):
                async with connect(server):
                    pass

    asyncio.run(session())


def test_a_session_outlives_its_connection_until_the_login_timer(server: RtxServer) -> None:
    async def session() -> None:
        async with connect(server) as connection:
            shell = await Shell.open(connection)
            await shell.until("> ")
            connection.abort()

    asyncio.run(session())
    eventually(lambda: not server.connections)
    (console,) = server.router.sessions
    assert console.detached
    run_lines(server.router, ["sshd session 1"])
    assert server.full()
    advance(server.router, 300)
    assert not server.full()


def test_a_session_that_times_out_is_hung_up(server: RtxServer) -> None:
    async def session() -> None:
        async with connect(server) as connection:
            await (await Shell.open(connection)).until("> ")
            advance(server.router, 300)
            await asyncio.wait_for(connection.wait_closed(), PATIENCE)

    asyncio.run(session())
    assert server.router.sessions == []


def test_a_reboot_hangs_up_and_the_same_port_answers_later(server: RtxServer) -> None:
    port = server.port

    def answers() -> bool:
        with socket.socket() as client:
            client.settimeout(1)
            return client.connect_ex((server.host, port)) == 0

    async def session() -> None:
        async with connect(server) as connection:
            await (await Shell.open(connection)).until("> ")
            server.router.reboot()
            await asyncio.wait_for(connection.wait_closed(), PATIENCE)

    asyncio.run(session())
    eventually(lambda: not answers())
    advance(server.router, server.router.boot_seconds)
    eventually(answers)


def test_two_servers_live_side_by_side_and_stop_cleanly(tmp_path: Path) -> None:
    servers = [RtxServer(make_router(tmp_path / name)) for name in ("one", "two")]
    for server in servers:
        server.start()
    assert servers[0].port != servers[1].port
    for server in servers:
        server.stop()
        with socket.socket() as client:
            assert client.connect_ex((server.host, server.port)) != 0


def test_a_port_that_is_taken_is_reported_at_once(server: RtxServer, tmp_path: Path) -> None:
    other = RtxServer(make_router(tmp_path / "other"))
    with pytest.raises(OSError, match=str(server.port)):
        other.start(server.port)


@pytest.mark.skipif(SSH is None, reason="no OpenSSH client here")
class TestOpenSsh:
    """The client that people have."""

    def run(
        self, server: RtxServer, folder: Path, *words: str, typed: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
        server.router.add_key("ops", key.export_public_key().decode())
        (folder / "id").touch(mode=0o600)
        (folder / "id").write_bytes(key.export_private_key("openssh"))
        (folder / "known").write_text(f"[{server.host}]:{server.port} {server.host_key}\n")
        settings = {
            "UserKnownHostsFile": folder / "known", "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes", "HostKeyAlgorithms": "+ssh-rsa",
            "PubkeyAcceptedAlgorithms": "+ssh-rsa", "IdentitiesOnly": "yes", "BatchMode": "yes",
        }  # fmt: skip
        options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        command = ["-F", "none", "-p", str(server.port), "-i", str(folder / "id"), *options]
        return subprocess.run(
            [str(SSH), *command, *words], input=typed, capture_output=True, timeout=30, check=False
        )

    def test_exec_is_refused_in_the_words_seen_on_a_real_router(
        self, server: RtxServer, tmp_path: Path
    ) -> None:
        done = self.run(server, tmp_path, f"ops@{server.host}", "show environment")
        assert b"exec request failed on channel 0" in done.stderr
        assert done.returncode == 255
        assert done.stdout == b""

    def test_sftp_is_refused(self, server: RtxServer, tmp_path: Path) -> None:
        done = self.run(server, tmp_path, "-s", f"ops@{server.host}", "sftp")
        assert b"subsystem request failed on channel 0" in done.stderr

    def test_lines_fed_to_a_forced_terminal_work(self, server: RtxServer, tmp_path: Path) -> None:
        typed = b"\rshow environment\rexit\r"
        done = self.run(server, tmp_path, "-tt", f"ops@{server.host}", typed=typed)
        assert b"Default config. file: config0" in done.stdout
        assert done.returncode == 0
