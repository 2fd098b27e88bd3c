"""What stands between us and the API: TLS, proxies, networks that swallow everything."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from scripted_api import CREDENTIALS, SECRET, TOKEN

from components.clock import ManualClock
from components.cloud.api import Client, Unclear

REMOTE = "https://api.example.invalid/cloud/zone"


@contextmanager
def listener(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on this machine; `talk` is had with each who comes."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with suppress(OSError), connection:
                    connection.settimeout(5)
                    talk(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def certificate(folder: Path) -> Path:
    """One that nobody has signed but itself, with its key."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]),
    )
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


def refused(root: str) -> tuple[Unclear, ManualClock]:
    clock = ManualClock()
    with pytest.raises(Unclear) as caught:
        Client(CREDENTIALS, "is1b", clock=clock, root_url=root).get("appliance/1")
    for secret in (TOKEN, SECRET):
        assert secret not in str(caught.value)
    return caught.value, clock


def test_certificate_of_a_stranger(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))

    def shake(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True):
            pass

    with listener(shake) as port:
        error, clock = refused(f"https://127.0.0.1:{port}/cloud/zone")
    assert error.what == f"the TLS certificate of 127.0.0.1:{port} is not accepted"
    assert "REQUESTS_CA_BUNDLE" in error.remedy
    assert clock.now() == 0  # it does not pass: not tried again


def test_what_answers_speaks_no_tls() -> None:
    with listener(lambda connection: connection.sendall(b"SSH-2.0-x\r\n")) as port:
        error, clock = refused(f"https://127.0.0.1:{port}/cloud/zone")
    assert "does not speak TLS as it should" in error.what
    assert clock.now() == 0


def test_what_answers_speaks_no_http() -> None:
    with listener(lambda connection: connection.sendall(b"SSH-2.0-x\r\n")) as port:
        error, _ = refused(f"http://127.0.0.1:{port}/cloud/zone")
    assert "no connection to 127.0.0.1" in error.what


@pytest.fixture
def clean_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_proxy_that_refuses(clean_proxies: pytest.MonkeyPatch, answer: bytes) -> None:
    heard: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        heard.append(connection.recv(4096))
        connection.sendall(answer)

    with listener(talk) as port:
        clean_proxies.setenv("HTTPS_PROXY", f"http://user:proxy-canary@127.0.0.1:{port}")
        error, clock = refused(REMOTE)
    assert error.what == "the proxy does not let us through to api.example.invalid"
    assert "HTTPS_PROXY" in error.remedy
    assert "proxy-canary" not in str(error)
    assert heard[0].startswith(b"CONNECT api.example.invalid:443 ")
    assert len(heard) == 1
    assert clock.now() == 0


def test_proxy_that_is_not_there(clean_proxies: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        clean_proxies.setenv("HTTPS_PROXY", f"http://127.0.0.1:{taken.getsockname()[1]}")
        error, clock = refused(REMOTE)
    assert "the proxy does not let us through" in error.what
    assert clock.now() == 1 + 2 + 4  # it may be starting


def test_proxy_setting_that_is_no_address(clean_proxies: pytest.MonkeyPatch) -> None:
    clean_proxies.setenv("HTTPS_PROXY", "http://:proxy-canary@:bad")
    error, _ = refused(REMOTE)
    assert "HTTPS_PROXY" in error.remedy
    assert "proxy-canary" not in str(error)
