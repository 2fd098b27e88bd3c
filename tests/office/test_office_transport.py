"""The way in, over real SSH on loopback."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st
from office_rig import KEY, SCOPE, WANTED

from components.clock import ManualClock, SystemClock
from components.errors import DeviceError, HostKeyRefused, LoginRefused, Unreachable
from components.office.apply import GuardedChange
from components.office.login import Login
from components.office.session import Session
from components.office.transport import Decoder, SshTransport
from components.rehearsal.rtx.device import Router
from components.rehearsal.rtx.server import RtxServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtxServer]:
    router = Router(tmp_path_factory.mktemp("rtx"), clock=ManualClock())
    router.set_password("ops", "login-CANARY")
    router.set_administrator_password("admin-CANARY")
    server = RtxServer(router)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def login(server: RtxServer) -> Login:
    key = server.host_key
    return Login("127.0.0.1", server.port, "ops", "login-CANARY", "admin-CANARY", key, timeout=5.0)


def logged(server: RtxServer, text: str) -> int:
    return sum(text in line for _, line in server.router.log)


def test_a_session_over_ssh(server: RtxServer, login: Login) -> None:
    with Session.open(login, clock=SystemClock()) as session:
        read = session.configuration()
        session.command("ip route 10.9.0.0/16 gateway null")
        session.command("no ip route 10.9.0.0/16")
    assert read.model == "RTX1220"
    assert [s.text for s in read.find("ip lan1 address")] == ["ip lan1 address 192.168.1.1/24"]


@pytest.mark.parametrize("name", ["ﾌｸｵｶ", "福岡", "ｱ", "Z"])
def test_every_script_comes_back_as_it_was_typed(login: Login, name: str) -> None:
    """Half-width kana of Shift_JIS look like EUC until it is known which of them is spoken."""
    with Session.open(login, clock=SystemClock()) as session:
        session.type([f'description 9 "{name}"'], None)
        read = session.configuration()
        session.command("no description 9")
    assert [s.text for s in read.find("description 9")] == [f'description 9 "{name}"']


def test_a_whole_change_over_ssh(server: RtxServer, login: Login) -> None:
    said: list[str] = []
    with GuardedChange(
        login, SCOPE, WANTED, KEY, clock=SystemClock(), progress=said.append
    ) as change:
        change.start()
        change.keep()
    assert f"  ipsec ike pre-shared-key 2 text {KEY}" in server.router.saved().lines()
    with GuardedChange(
        login,
        SCOPE,
        "",
        None,
        expected_text=WANTED,
        old_key=KEY,
        clock=SystemClock(),
        progress=said.append,
    ) as change:
        change.start()
        change.keep()
    assert "tunnel select 2" not in server.router.saved().lines()


def test_a_pinned_key_of_another_type_is_refused_as_a_host_key(
    server: RtxServer, login: Login
) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    before = logged(server, "Login ")
    with pytest.raises(HostKeyRefused, match="is not the pinned one") as refused:
        SshTransport(replace(login, host_key=key))
    shown = asyncssh.import_public_key(server.host_key).get_fingerprint()
    assert shown in str(refused.value)
    assert logged(server, "Login ") == before


@pytest.mark.parametrize("pinned", ["none", "another"])
def test_an_unknown_host_key_is_refused_before_any_password(
    server: RtxServer, login: Login, pinned: str
) -> None:
    other = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    key = other.export_public_key("openssh").decode() if pinned == "another" else ""
    before = logged(server, "Login ")
    with pytest.raises(HostKeyRefused) as refused:
        SshTransport(replace(login, host_key=key))
    assert logged(server, "Login ") == before
    shown = asyncssh.import_public_key(server.host_key)
    assert shown.get_fingerprint() in str(refused.value)
    assert server.host_key.split()[1] in refused.value.remedy
    # What a user compares has to be what the router itself prints.
    with Session.open(replace(login, host_key=server.host_key), clock=SystemClock()) as session:
        printed = session.command("show sshd public key fingerprint")
    assert f"must say {printed.split()[2]};" in refused.value.remedy
    assert "CANARY" not in str(refused.value)


def test_a_pinned_key_that_is_no_key_is_said_so(login: Login) -> None:
    with pytest.raises(DeviceError, match="not a public key"):
        SshTransport(replace(login, host_key="ssh-rsa AAAA"))


def test_a_wrong_password_is_tried_once(server: RtxServer, login: Login) -> None:
    before = logged(server, "Login failed")
    with pytest.raises(LoginRefused) as refused:
        SshTransport(replace(login, password="wrong-CANARY"))
    assert logged(server, "Login failed") == before + 1
    assert "CANARY" not in str(refused.value)


def test_a_router_that_is_not_there(login: Login) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(Unreachable, match=f"127.0.0.1 port {port}: Connection refused"):
            SshTransport(replace(login, port=port))


def test_a_router_that_says_nothing(login: Login) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        with pytest.raises(Unreachable, match="no answer within"):
            SshTransport(replace(login, port=port, timeout=0.3))


def test_a_full_router_is_said_so(server: RtxServer, login: Login) -> None:
    open_ones = [SshTransport(login) for _ in range(8)]
    try:
        with pytest.raises((Unreachable, DeviceError)):
            SshTransport(login)
    finally:
        for transport in open_ones:
            transport.close()
            transport.close()
        # A dead connection keeps its place in the router until the login timer.
        clock = server.router.clock
        clock.wait(301)
        server.router.tick()


def test_a_dropped_connection_ends_the_reading(server: RtxServer, login: Login) -> None:
    transport = SshTransport(login)
    transport.close()
    # Before the end there may be the banner.
    with pytest.raises(ConnectionError):
        deque((transport.read(0.2) for _ in range(100)), maxlen=0)


@given(st.text(alphabet="ア漢字abc 10ｱ\\表", max_size=30), st.integers(1, 7))
@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_the_encoding_is_found_out_wherever_the_bytes_are_cut(
    encoding: str, text: str, size: int
) -> None:
    data = text.encode(encoding)
    decoder = Decoder(encoding)
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    assert "".join(map(decoder.decode, chunks)) == text


def test_the_encoding_is_found_out_from_the_routers_words() -> None:
    words = "エラー: コマンド名を確認してください\r\n# "
    for encoding in ("utf-8", "cp932", "euc_jp"):
        decoder = Decoder()
        data = words.encode(encoding)
        shown = "".join(decoder.decode(data[i : i + 3]) for i in range(0, len(data), 3))
        assert shown == words, encoding


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_no_bytes_make_it_raise(chunks: list[bytes]) -> None:
    decoder = Decoder()
    for chunk in chunks:
        decoder.decode(chunk)
