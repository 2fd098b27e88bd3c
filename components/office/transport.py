"""SSH to an RTX: one connection, one interactive shell, its pinned host key.

A thread of its own runs asyncssh, so the rest may be plain synchronous code in any thread.  The
router refuses `exec` and a second channel (rtx-cli 1.1, 1.2): there is only pty and shell.
"""

from __future__ import annotations

import asyncio
import codecs
import queue
import threading
from typing import Final

import asyncssh

from ..errors import DeviceError, HostKeyRefused, LoginRefused, Unreachable
from .login import Login

# What a router may have (rtx-cli 1.4); key exchange and MAC are unverified for the RTX1220.
# `ssh-rsa` (SHA-1) is the only signature of an RTX1210, so it stays, last.
_HOST_KEYS: Final = {
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"),
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
}
_KEX: Final = (
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group14-sha1",
)
_CIPHERS: Final = ("aes256-ctr", "aes192-ctr", "aes128-ctr")
_MACS: Final = ("hmac-sha2-256", "hmac-sha2-512", "hmac-sha1")
# The order matters: text in Shift_JIS is next to never valid UTF-8, and EUC often valid Shift_JIS.
_ENCODINGS: Final = ("utf-8", "cp932", "euc_jp")


class Decoder:
    """Bytes of the router as text; without `encoding` it is found out from the bytes."""

    def __init__(self, encoding: str | None = None) -> None:
        self._left = [encoding] if encoding else list(_ENCODINGS)
        self._decoder = codecs.getincrementaldecoder(self._left[0])("strict")

    @property
    def encoding(self) -> str:
        """The encoding in use."""
        return self._left[0]

    def decode(self, data: bytes) -> str:
        """The text so far; never raises: what no encoding explains becomes U+FFFD."""
        before = self._decoder.getstate()[0]
        try:
            return self._decoder.decode(data)
        except UnicodeDecodeError:
            if len(self._left) > 1:
                del self._left[0]
            errors = "strict" if len(self._left) > 1 else "replace"
            self._decoder = codecs.getincrementaldecoder(self._left[0])(errors)
            return self.decode(before + data)


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


class _Channel(asyncssh.SSHClientSession[bytes]):
    """Puts what comes into a queue; None says that nothing will come any more."""

    def __init__(self, received: queue.SimpleQueue[bytes | None]) -> None:
        self._received = received

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        self._received.put(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._received.put(None)


class SshTransport:
    """An open shell on the router.

    Raises `HostKeyRefused` before any password is sent, `LoginRefused` after one attempt,
    `Unreachable`, and `DeviceError` if there is no shell to be had.
    """

    def __init__(self, login: Login) -> None:
        self._login, self._decoder = login, Decoder()
        self._received: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="rtx-ssh", daemon=True)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        except BaseException:
            self.close()
            raise

    def use_encoding(self, encoding: str) -> None:
        """The encoding is known from now on (a codec of Python)."""
        self._decoder = Decoder(encoding)

    def write(self, text: str) -> None:
        """Send text as it is."""
        if self._channel is not None:
            data = text.encode(self._decoder.encoding, "replace")
            self._loop.call_soon_threadsafe(self._channel.write, data)

    def read(self, timeout: float) -> str:
        """What came; "" if nothing came for `timeout` seconds.

        Raises ConnectionError when the router has ended the connection.
        """
        try:
            data = self._received.get(timeout=timeout)
        except queue.Empty:
            return ""
        if data is None:
            self._received.put(None)
            raise ConnectionError("the connection has ended")
        return self._decoder.decode(data)

    def close(self) -> None:
        """Drop the connection as it is; harmless if it was dropped before."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._drop(), self._loop).result(self._login.timeout)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(self._login.timeout)
        self._loop.close()

    async def _drop(self) -> None:
        if self._connection is not None:
            self._connection.abort()
            await self._connection.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _open(self) -> None:
        login, where = self._login, f"{self._login.host} port {self._login.port}"
        client = _Client(_pinned(login))
        attempted = f"log in to {where} as {login.user}"
        try:
            async with asyncio.timeout(login.timeout):
                await self._connect(client)
        except asyncssh.HostKeyNotVerifiable:
            raise _host_key_refused(login, client.shown, attempted) from None
        except asyncssh.PermissionDenied:
            raise LoginRefused(
                f"{where} refuses user {login.user}",
                attempted=attempted,
                state="nothing was changed; only one attempt was made",
                remedy="check user and password, and `user attribute` on the router",
            ) from None
        except (OSError, TimeoutError, asyncssh.ConnectionLost) as error:
            reason = str(error) or f"no answer within {login.timeout:g} s"
            raise Unreachable(
                f"no connection to {where}: {reason}",
                attempted=attempted,
                state="nothing was changed",
                remedy="check the address, `sshd service on` and `sshd host` on the router",
            ) from None
        except asyncssh.KeyExchangeFailed as error:
            # asyncssh has no class of its own for "the server has no key of the pinned type".
            if login.host_key.strip() and "host key" in error.reason:
                raise _host_key_refused(login, None, attempted) from None
            raise _no_shell(where, error.reason, attempted) from None
        except asyncssh.Error as error:
            raise _no_shell(where, error.reason, attempted) from None

    async def _connect(self, client: _Client) -> None:
        login = self._login
        kind = login.host_key.split(" ")[0]
        host_keys = _HOST_KEYS.get(kind) or tuple(a for group in _HOST_KEYS.values() for a in group)
        self._connection = await asyncssh.connect(
            login.host,
            login.port,
            client_factory=lambda: client,
            config=None,
            username=login.user,
            password=login.password,
            preferred_auth="password",
            client_keys=None,
            agent_path=None,
            known_hosts=([], [], []),
            server_host_key_algs=host_keys,
            kex_algs=_KEX,
            encryption_algs=_CIPHERS,
            mac_algs=_MACS,
            compression_algs=None,
            login_timeout=login.timeout,
        )
        self._channel, _ = await self._connection.create_session(
            lambda: _Channel(self._received),
            request_pty="force",
            term_type="vt100",
            term_size=(512, 0),
            encoding=None,
        )


def _pinned(login: Login) -> asyncssh.SSHKey | None:
    if not login.host_key.strip():
        return None
    try:
        return asyncssh.import_public_key(login.host_key)
    except asyncssh.KeyImportError:
        raise DeviceError(
            "the pinned host key is not a public key of OpenSSH",
            attempted=f"log in to {login.host} port {login.port}",
            state="nothing was sent",
            remedy="write it as `ssh-rsa AAAA...`",
        ) from None


def _no_shell(where: str, reason: str, attempted: str) -> DeviceError:
    return DeviceError(
        f"no shell on {where}: {reason}",
        attempted=attempted,
        state="nothing was changed",
        remedy="check `sshd session` and who is logged in (`show status user`)",
    )


def _host_key_refused(
    login: Login, shown: asyncssh.SSHKey | None, attempted: str
) -> HostKeyRefused:
    where = f"{login.host} port {login.port}"
    line = shown.export_public_key("openssh").decode().strip() if shown else ""
    fingerprint = shown.get_fingerprint() if shown else "no key of the pinned type"
    why = "is not the pinned one" if login.host_key.strip() else "is unknown: none is pinned"
    return HostKeyRefused(
        f"the host key of {where} {why}; it showed {fingerprint}",
        attempted=attempted,
        state="no password was sent, nothing was changed",
        remedy="compare with `show sshd public key fingerprint` on the router; then pin "
        + (line or "its key"),
    )
