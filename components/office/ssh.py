"""SSH connections to a router and to the bastion before it: pinned keys, one attempt, our errors.

What a router may speak is old: the only signature of an RTX1210, of its host key and of a user's
RSA key, is `ssh-rsa` with SHA-1 (rtx-cli 1.4).  It is used only where the router has nothing else,
and that is said; a bastion is never asked for it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import asyncssh

from ..errors import DeviceError, HostKeyRefused, LoginRefused, Unreachable
from .login import Bastion, Login

Factory = Callable[[], asyncssh.SSHClientSession[bytes]]


def _without_packets(record: logging.LogRecord) -> bool:
    """At its highest level asyncssh writes every packet under its message: passwords, and keys."""
    if hasattr(record, "packet"):
        record.msg, record.packet = str(record.msg).partition("\n")[0], b""
    return True


logging.getLogger("asyncssh").addFilter(_without_packets)

# The kinds of host keys and how each may sign, the best first; `ssh-rsa` stands apart.
_SIGNATURES: Final = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
_SHA1: Final = "ssh-rsa"
# What a router may have; key exchange and MAC are unverified for the RTX1220 (rtx-cli 1.4).
_OF_A_ROUTER: Final = {
    "kex_algs": (
        "curve25519-sha256",
        "curve25519-sha256@libssh.org",
        "ecdh-sha2-nistp256",
        "diffie-hellman-group14-sha256",
        "diffie-hellman-group14-sha1",
    ),
    "encryption_algs": ("aes256-ctr", "aes192-ctr", "aes128-ctr"),
    "mac_algs": ("hmac-sha2-256", "hmac-sha2-512", "hmac-sha1"),
    "compression_algs": None,
}
# The router looks at `console columns` only (rtx-cli 1.5).
_TERMINAL: Final[Mapping[str, Any]] = {
    "request_pty": "force",
    "term_type": "vt100",
    "term_size": (512, 0),
    "encoding": None,
}


@dataclass(frozen=True)
class _Hop:
    """One SSH server on the way.

    `look` is where a user finds out why it does not answer; `fingerprint` is the command that
    shows its host key to him, by `digest`.
    """

    name: str
    host: str
    port: int
    user: str
    host_key: str
    timeout: float
    sha1: bool
    options: Mapping[str, Any] = field(repr=False)
    look: str
    fingerprint: str
    digest: str
    pin: str
    permitted: str

    @property
    def attempted(self) -> str:
        return f"log in to {self.name} as {self.user}"

    @property
    def signatures(self) -> tuple[str, ...]:
        """What its host key may sign with: the pinned kind first, SHA-1 behind what is better."""
        kind = self.host_key.split(" ")[0]
        kinds = sorted(_SIGNATURES, key=lambda each: each != kind)
        found = [signature for each in kinds for signature in _SIGNATURES[each]]
        if self.sha1:
            found.insert(2 if kind == "ssh-rsa" else len(found), _SHA1)
        return tuple(found)


def _router(login: Login) -> _Hop:
    if login.key:
        key = _private_key(login.key, login.key_passphrase, f"{login.user} of the router")
        who: dict[str, Any] = {"client_keys": [key], "preferred_auth": "publickey"}
        permitted = "the key: `show sshd authorized-keys` and `sshd auth method` on the router"
    else:
        who = {"client_keys": None, "preferred_auth": "password", "password": login.password}
        permitted = "user and password, and `user attribute` on the router"
    return _Hop(
        name=f"{login.host} port {login.port}",
        host=login.host,
        port=login.port,
        user=login.user,
        host_key=login.host_key.strip(),
        timeout=login.timeout,
        sha1=True,
        options={"agent_path": None, **who, **_OF_A_ROUTER},
        look="`sshd service on`, `sshd host` and `sshd session` on the router",
        fingerprint="`show sshd public key fingerprint` on the router",
        digest="md5",  # in pairs of digits; command reference 57.12
        pin="office.router.host_key",
        permitted=permitted,
    )


def _bastion(via: Bastion, timeout: float) -> _Hop:
    who: dict[str, Any] = {"preferred_auth": "publickey"}
    if via.key:
        key = _private_key(via.key, "", f"{via.user} of the bastion")
        who |= {"client_keys": [key], "agent_path": None}
    return _Hop(
        name=f"bastion {via.host} port {via.port}",
        host=via.host,
        port=via.port,
        user=via.user,
        host_key=via.host_key.strip(),
        timeout=timeout,
        sha1=False,
        options=who,
        look="that its SSH server runs and lets us in",
        fingerprint="`ssh-keygen -lf` of its host keys, on the bastion",
        digest="sha256",
        pin="office.router.via_host_key",
        permitted="user and key: the secret rtxViaKey, the SSH agent, the user's own keys",
    )


class _Client(asyncssh.SSHClient):
    """Accepts the pinned host key and nothing else; remembers what was shown."""

    def __init__(self, pinned: asyncssh.SSHKey | None) -> None:
        self._pinned = pinned
        self.shown: asyncssh.SSHKey | None = None

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        self.shown = key
        return self._pinned is not None and key.public_data == self._pinned.public_data


class Way:
    """The connections to a router: its own and, before it, that of the bastion.

    `open` raises `HostKeyRefused` before any password or key is used, `LoginRefused` after one
    attempt, `Unreachable`, and `DeviceError` where there is no terminal to be had.  `remarks` are
    what a user should know about it.
    """

    def __init__(self, login: Login) -> None:
        self._login = login
        self.remarks: list[str] = []
        self._connections: list[asyncssh.SSHClientConnection] = []

    async def open(self, session: Factory) -> asyncssh.SSHClientChannel[bytes]:
        """Connect, log in and open a terminal on the router; `session` is told what it shows."""
        login, bastion = self._login, None
        hop = _router(login)
        if login.via is not None:
            bastion = await self._connect(_bastion(login.via, login.timeout), None)
        router = await self._connect(hop, bastion)
        if signature_of(router, hop.signatures) == _SHA1:
            self.remarks.append(
                f"{hop.name} signs with ssh-rsa (SHA-1) only; its pinned key protects us"
            )
        with _explained(hop):
            async with asyncio.timeout(hop.timeout):
                channel, _ = await router.create_session(session, **_TERMINAL)
        return channel

    async def drop(self) -> None:
        """Cut all connections as they are."""
        for connection in reversed(self._connections):
            connection.abort()
            await connection.wait_closed()
        self._connections.clear()

    async def _connect(
        self, hop: _Hop, tunnel: asyncssh.SSHClientConnection | None
    ) -> asyncssh.SSHClientConnection:
        client = _Client(_pinned(hop))
        with _explained(hop, client, through=tunnel is not None):
            async with asyncio.timeout(hop.timeout):
                connection = await asyncssh.connect(
                    hop.host,
                    hop.port,
                    tunnel=tunnel or (),
                    client_factory=lambda: client,
                    config=None,
                    username=hop.user,
                    known_hosts=([], [], []),
                    server_host_key_algs=hop.signatures,
                    login_timeout=hop.timeout,
                    **hop.options,
                )
        self._connections.append(connection)
        return connection


def signature_of(connection: asyncssh.SSHClientConnection, ours: tuple[str, ...]) -> str:
    """How a server signed with its host key: the first of ours that it offered (RFC 4253, 7.1).

    asyncssh does not tell, but keeps the server's offer; "" if it no longer does.
    """
    offer = bytes(getattr(connection, "_server_kexinit", b""))[17:]
    names: list[bytes] = []
    for _ in range(2):
        size = int.from_bytes(offer[:4], "big")
        names, offer = offer[4 : 4 + size].split(b","), offer[4 + size :]
    return next((each for each in ours if each.encode() in names), "")


# --- keys -----------------------------------------------------------------------------------------


def _private_key(text: str, passphrase: str, whose: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(f"{text.strip()}\n", passphrase or None)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        # The reason may quote the key.
        raise DeviceError(
            f"the private key for {whose} cannot be read",
            attempted="read the key",
            state="nothing was sent",
            remedy="give an unencrypted key of OpenSSH or PEM form, or its passphrase with it",
        ) from None


def _pinned(hop: _Hop) -> asyncssh.SSHKey | None:
    if not hop.host_key:
        return None
    try:
        return asyncssh.import_public_key(hop.host_key)
    except asyncssh.KeyImportError:
        raise DeviceError(
            f"the pinned host key of {hop.name} is not a public key of OpenSSH",
            attempted=hop.attempted,
            state="nothing was sent",
            remedy=f"write it as `ssh-rsa AAAA...` ({hop.pin})",
        ) from None


# --- what went wrong ------------------------------------------------------------------------------


@contextmanager
def _explained(
    hop: _Hop, client: _Client | None = None, *, through: bool = False
) -> Iterator[None]:
    """Errors of the network and of asyncssh as ours."""
    try:
        yield
    except (OSError, TimeoutError, asyncssh.Error, asyncssh.KeyImportError) as error:
        raise _failure(hop, error, client.shown if client else None, through=through) from None


def _failure(
    hop: _Hop, error: Exception, shown: asyncssh.SSHKey | None, *, through: bool
) -> DeviceError:
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return _host_key_refused(hop, shown)
    if isinstance(error, asyncssh.PermissionDenied):
        return LoginRefused(
            f"{hop.name} refuses user {hop.user}",
            attempted=hop.attempted,
            state="nothing was changed; only one attempt was made",
            remedy=f"check {hop.permitted}",
        )
    if isinstance(error, asyncssh.ChannelOpenError) and through:
        return Unreachable(
            f"the bastion does not get through to {hop.name}: {error.reason}",
            attempted=hop.attempted,
            state="nothing was changed",
            remedy=f"check that the bastion may forward TCP, and {hop.look}",
        )
    if isinstance(error, OSError | TimeoutError | asyncssh.ConnectionLost):
        reason = _reason(error) or f"no answer within {hop.timeout:g} s"
        return Unreachable(
            f"no connection to {hop.name}: {reason}",
            attempted=hop.attempted,
            state="nothing was changed",
            remedy=f"check the address, and {hop.look}",
        )
    return DeviceError(
        f"no shell on {hop.name}: {error}",
        attempted=hop.attempted,
        state="nothing was changed",
        remedy=f"check {hop.look}",
    )


def _reason(error: Exception) -> str:
    """The system's words; asyncio puts its own, and the address once more, in their place."""
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number and number > 0 else str(error)


def _host_key_refused(hop: _Hop, shown: asyncssh.SSHKey | None) -> HostKeyRefused:
    line = shown.export_public_key("openssh").decode().strip() if shown else "its key"
    fingerprint = shown.get_fingerprint() if shown else "none"
    why = "is not the pinned one" if hop.host_key else "is unknown: none is pinned"
    says = shown.get_fingerprint(hop.digest).removeprefix("MD5:") if shown else "the same"
    replaced = "if the hardware was replaced or its key made anew, " if hop.host_key else ""
    refused = HostKeyRefused(
        f"the host key of {hop.name} {why}; it showed {fingerprint}",
        attempted=hop.attempted,
        state="no password was sent, nothing was changed",
        remedy=f"{replaced}compare: {hop.fingerprint} must say {says}; then pin {line} ({hop.pin})",
    )
    if shown:
        refused.shown, refused.fingerprint, refused.pin = line, fingerprint, hop.pin
    return refused
