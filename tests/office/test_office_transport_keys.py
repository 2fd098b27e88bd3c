"""Login by key, and through a bastion, over real SSH on loopback."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from components.clock import ManualClock, SystemClock
from components.errors import DeviceError, HostKeyRefused, LoginRefused, Unreachable
from components.office.login import Bastion, Login
from components.office.session import Session
from components.office.transport import SshTransport
from components.rehearsal.rtx.device import Router
from components.rehearsal.rtx.server import RtxServer

# What cannot be opened is not worth a slow derivation.
pytestmark = pytest.mark.filterwarnings("ignore:Warning. bcrypt")
KEYS = {kind: asyncssh.generate_private_key(kind) for kind in ("ssh-rsa", "ssh-ed25519")}
BASTION_KEY = asyncssh.generate_private_key("ssh-ed25519")


def private(key: asyncssh.SSHKey, passphrase: str | None = None) -> str:
    return key.export_private_key("openssh", passphrase=passphrase, rounds=1).decode()


def public(key: asyncssh.SSHKey) -> str:
    return key.export_public_key("openssh").decode().strip()


class Jump(asyncssh.SSHServer):
    """A bastion for `jump`, who comes with BASTION_KEY; forwards to 127.0.0.1 only."""

    attempts: list[str]
    forwards = True

    def begin_auth(self, username: str) -> bool:
        self.attempts.append(username)
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == "jump" and key.public_data == BASTION_KEY.public_data

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        raise AssertionError("a password was shown to the bastion")

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> bool:
        return self.forwards and dest_host == "127.0.0.1"


class Background:
    """asyncssh servers in a thread of their own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def listen(self, factory: Callable[[], asyncssh.SSHServer], key: asyncssh.SSHKey) -> int:
        started = asyncssh.listen("127.0.0.1", 0, server_factory=factory, server_host_keys=[key])
        return asyncio.run_coroutine_threadsafe(self._started(started), self._loop).result(10)

    @staticmethod
    async def _started(listening: object) -> int:
        acceptor: asyncssh.SSHAcceptor = await listening  # type: ignore[misc]
        return acceptor.get_port()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


@pytest.fixture(scope="module")
def background() -> Iterator[Background]:
    servers = Background()
    yield servers
    servers.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtxServer]:
    router = Router(tmp_path_factory.mktemp("rtx"), clock=ManualClock())
    router.set_password("ops", "login-CANARY")
    router.set_administrator_password("admin-CANARY")
    (router.folder / "authorized_keys").mkdir()
    known = "".join(f"{public(key)}\n" for key in KEYS.values())
    (router.folder / "authorized_keys" / "ops").write_text(known, "ascii")
    server = RtxServer(router)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def login(server: RtxServer) -> Login:
    key = private(KEYS["ssh-ed25519"])
    admin, host = "admin-CANARY", server.host_key
    return Login("127.0.0.1", server.port, "ops", "", admin, host, timeout=5.0, key=key)


@pytest.fixture
def jump(background: Background) -> tuple[type[Jump], Bastion]:
    kind = type("Here", (Jump,), {"attempts": []})
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    port = background.listen(kind, host_key)
    return kind, Bastion("127.0.0.1", "jump", public(host_key), port, private(BASTION_KEY))


def logged(server: RtxServer, text: str) -> int:
    return sum(text in line for _, line in server.router.log)


# --- keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_opens_a_router_that_knows_sha1_only(
    server: RtxServer, login: Login, kind: str
) -> None:
    said: list[str] = []
    with Session.open(
        replace(login, key=private(KEYS[kind])), clock=SystemClock(), say=said.append
    ) as session:
        assert session.environment().model == "RTX1220"
    (remark,) = said
    assert "ssh-rsa (SHA-1) only" in remark


def test_nothing_is_said_of_a_router_that_signs_better(
    background: Background, login: Login
) -> None:
    class Modern(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return False

        def session_requested(self) -> asyncssh.SSHServerSession[str]:
            return Shell()

    class Shell(asyncssh.SSHServerSession[str]):
        def shell_requested(self) -> bool:
            return True

    host_key = asyncssh.generate_private_key("ssh-rsa")
    port = background.listen(Modern, host_key)
    transport = SshTransport(replace(login, port=port, host_key=public(host_key)))
    transport.close()
    assert transport.remarks == ()


def test_a_key_that_the_router_does_not_know_is_tried_once(server: RtxServer, login: Login) -> None:
    stranger = private(asyncssh.generate_private_key("ssh-ed25519"))
    before = logged(server, "Login ")
    with pytest.raises(LoginRefused, match="refuses user ops") as refused:
        SshTransport(replace(login, key=stranger, password="login-CANARY"))
    assert "authorized-keys" in str(refused.value)
    # With a key the password is not tried.
    assert logged(server, "Login ") == before


def test_a_key_with_a_passphrase(login: Login) -> None:
    locked = private(KEYS["ssh-ed25519"], "phrase-CANARY")
    opened = SshTransport(replace(login, key=locked, key_passphrase="phrase-CANARY"))
    opened.close()


@pytest.mark.parametrize("passphrase", ["", "wrong-CANARY"])
def test_a_key_that_cannot_be_opened(server: RtxServer, login: Login, passphrase: str) -> None:
    locked = private(KEYS["ssh-ed25519"], "phrase-CANARY")
    for key in (locked, "-----BEGIN KEY-CANARY-----", locked[:60]):
        with pytest.raises(DeviceError, match="private key for ops of the router") as refused:
            SshTransport(replace(login, key=key, key_passphrase=passphrase))
        shown = f"{refused.value} {refused.value.__cause__!r}"
        assert "CANARY" not in shown
        assert key.splitlines()[-1] not in shown


def test_no_key_and_no_passphrase_is_shown(login: Login) -> None:
    bastion = Bastion("jump.example", "jump", "", key="VIA-CANARY")
    shown = repr(replace(login, key="KEY-CANARY", key_passphrase="PHRASE-CANARY", via=bastion))
    assert "CANARY" not in shown
    assert "jump.example" in shown


# --- the bastion ----------------------------------------------------------------------------------


def test_a_session_through_a_bastion(
    server: RtxServer, login: Login, jump: tuple[type[Jump], Bastion]
) -> None:
    kind, bastion = jump
    with Session.open(replace(login, via=bastion), clock=SystemClock()) as session:
        assert session.environment().model == "RTX1220"
    assert kind.attempts == ["jump"]


@pytest.mark.parametrize("pinned", ["none", "another"])
def test_an_unknown_bastion_is_shown_nothing(
    server: RtxServer, login: Login, jump: tuple[type[Jump], Bastion], pinned: str
) -> None:
    kind, bastion = jump
    wrong = "" if pinned == "none" else public(KEYS["ssh-ed25519"])
    before = logged(server, "Login ")
    with pytest.raises(HostKeyRefused, match=r"bastion 127.0.0.1 port") as refused:
        SshTransport(replace(login, via=replace(bastion, host_key=wrong)))
    assert asyncssh.import_public_key(bastion.host_key).get_fingerprint() in str(refused.value)
    assert "office.router.via_host_key" in refused.value.remedy
    assert kind.attempts == []
    assert logged(server, "Login ") == before


def test_behind_a_bastion_the_routers_key_is_pinned_too(
    server: RtxServer, login: Login, jump: tuple[type[Jump], Bastion]
) -> None:
    before = logged(server, "Login ")
    with pytest.raises(HostKeyRefused, match=f"the host key of 127.0.0.1 port {server.port}"):
        SshTransport(replace(login, via=jump[1], host_key=""))
    assert logged(server, "Login ") == before


def test_a_bastion_that_refuses_us_is_asked_once(
    login: Login, jump: tuple[type[Jump], Bastion]
) -> None:
    kind, bastion = jump
    stranger = private(asyncssh.generate_private_key("ssh-ed25519"))
    with pytest.raises(LoginRefused, match=r"bastion 127.0.0.1 port .* refuses user jump"):
        SshTransport(replace(login, via=replace(bastion, key=stranger)))
    assert kind.attempts == ["jump"]


def test_a_bastion_that_does_not_forward(login: Login, jump: tuple[type[Jump], Bastion]) -> None:
    kind, bastion = jump
    kind.forwards = False
    with pytest.raises(Unreachable, match="the bastion does not get through"):
        SshTransport(replace(login, via=bastion))


def test_a_router_is_no_bastion(server: RtxServer, login: Login) -> None:
    router = Bastion("127.0.0.1", "ops", server.host_key, server.port, login.key)
    with pytest.raises(DeviceError):
        SshTransport(replace(login, via=router))


def test_a_bastion_that_is_not_there(login: Login, jump: tuple[type[Jump], Bastion]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gone = replace(jump[1], port=unused.getsockname()[1])
        with pytest.raises(Unreachable, match=r"no connection to bastion 127.0.0.1"):
            SshTransport(replace(login, via=gone))


def test_without_a_key_the_users_own_are_tried(
    login: Login,
    jump: tuple[type[Jump], Bastion],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519").write_text(private(BASTION_KEY))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    SshTransport(replace(login, via=replace(jump[1], key=""))).close()


@pytest.mark.parametrize(("own", "error"), [("locked", LoginRefused), ("broken", DeviceError)])
def test_an_own_key_that_cannot_be_opened(
    login: Login,
    jump: tuple[type[Jump], Bastion],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    own: str,
    error: type[DeviceError],
) -> None:
    (tmp_path / ".ssh").mkdir()
    text = private(BASTION_KEY, "phrase") if own == "locked" else "no key at all"
    (tmp_path / ".ssh" / "id_ed25519").write_text(text)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(error, match="bastion 127"):
        SshTransport(replace(login, via=replace(jump[1], key="")))


@pytest.mark.skipif(not shutil.which("ssh-agent"), reason="no ssh-agent here")
def test_without_a_key_the_agent_is_asked(
    login: Login,
    jump: tuple[type[Jump], Bastion],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path, key = tmp_path / "agent", tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text(private(BASTION_KEY))
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        while not path.exists():
            assert agent.poll() is None
            os.sched_yield()
        subprocess.run(["ssh-add", "-q", str(key)], check=True, capture_output=True)
        SshTransport(replace(login, via=replace(jump[1], key=""))).close()
    finally:
        agent.send_signal(signal.SIGTERM)
        agent.wait()
