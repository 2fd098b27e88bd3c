"""The SSH side of the router: what its server allows is little, and all of it is here.

A connection has one channel, and that channel a terminal: `exec`, SFTP and forwarding are refused
(the refusal of `exec` was seen on a real RTX1210; for the RTX1220 it is assumed).  The host key is
`ssh-rsa` and signs with SHA-1 only; key exchange and MAC lists are unverified.
"""

from __future__ import annotations

import asyncio
import threading
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

import asyncssh

from .messages import RESTRICTED

if TYPE_CHECKING:
    from .console import Console
    from .device import Router

OFFICE_PC: Final = IPv4Address("192.168.1.20")
_VERSION: Final = "OpenSSH_7.7"
_KEY_EXCHANGE: Final = (
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group14-sha1",
)
_MACS: Final = ("hmac-sha2-256", "hmac-sha1")
_CIPHERS: Final = ("aes128-ctr", "aes192-ctr", "aes256-ctr")
_SIGNATURES: Final = (
    "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-ed25519"
)  # fmt: skip
_TICK: Final = 0.1
_START_SECONDS: Final = 20.0


class RtxServer:
    """The router's SSH server, on loopback, in a thread with an event loop of its own.

    `source` is the address that connections are taken to come from: a PC in the office LAN, so
    that `sshd host lan1` means what it says.  After a reboot the port stays the same.
    """

    def __init__(
        self,
        router: Router,
        *,
        host: str = "127.0.0.1",
        source: IPv4Address = OFFICE_PC,
    ) -> None:
        self.router, self.host, self.source = router, host, source
        self.port = 0
        self.terminals: set[Terminal] = set()
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self._key = self._load_key()
        self.router.public_key = self.host_key
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    @property
    def host_key(self) -> str:
        """The public host key as one OpenSSH line."""
        return self._key.export_public_key("openssh").decode("ascii").strip()

    def start(self, port: int = 0) -> None:
        """Listen on `port` (0: any free one) and return as soon as connections are taken."""
        self._thread = threading.Thread(target=self._run, args=(port,), daemon=True, name="rtx-ssh")
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise TimeoutError("the SSH server did not start")
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Drop every connection and close the port."""
        if self._loop is not None and self._stopping is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)
        if self._thread is not None:
            self._thread.join(_START_SECONDS)

    def _load_key(self, *, fresh: bool = False) -> asyncssh.SSHKey:
        path = self.router.folder / "host_key"
        if fresh or not path.exists():
            key = asyncssh.generate_private_key("ssh-rsa", key_size=self.router.key_bits)
            path.touch(mode=0o600)
            path.write_bytes(key.export_private_key("openssh"))
        return asyncssh.read_private_key(path)

    # --- in the thread --------------------------------------------------------------------------

    def _run(self, port: int) -> None:
        try:
            asyncio.run(self._serve(port))
        except (OSError, asyncssh.Error) as failure:
            self._failure = failure
        finally:
            self._ready.set()

    async def _serve(self, port: int) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        first = await self._listen(port)
        self.port = first.get_port()
        listener: asyncssh.SSHAcceptor | None = first
        booted_at, keys_made = self.router.booted_at, self.router.keys_made
        try:
            while not self._stopping.is_set():
                self.router.tick()
                if self.router.booted_at != booted_at:
                    booted_at = self.router.booted_at
                    self._drop_all()
                if self.router.keys_made != keys_made:
                    keys_made = self.router.keys_made
                    self._key = self._load_key(fresh=True)
                    self.router.public_key = self.host_key
                    await _close(listener)
                    listener = None
                if listener is not None and not self.router.listens():
                    await _close(listener)
                    listener = None
                elif listener is None and self.router.listens():
                    listener = await self._listen(self.port)
                self._ready.set()
                for terminal in list(self.terminals):
                    terminal.poll()
                await self._wait()
        finally:
            self._drop_all()
            if listener is not None:
                listener.close()

    async def _wait(self) -> None:
        assert self._stopping is not None
        try:
            await asyncio.wait_for(self._stopping.wait(), _TICK)
        except TimeoutError:
            return

    async def _listen(self, port: int) -> asyncssh.SSHAcceptor:
        (pair,) = asyncssh.load_keypairs([self._key])
        pair.host_key_algorithms = self.router.signatures()
        ciphers = self.router.running().value("sshd encrypt algorithm") or _CIPHERS
        return await asyncssh.listen(
            self.host,
            port,
            server_factory=lambda: _Access(self),
            server_host_keys=[pair],
            server_version=_VERSION,
            kex_algs=_KEY_EXCHANGE,
            encryption_algs=ciphers,
            mac_algs=_MACS,
            compression_algs=None,
            signature_algs=_SIGNATURES,
            kbdint_auth=False,
            gss_host=None,
            agent_forwarding=False,
            allow_scp=False,
            line_editor=False,
            encoding=None,
        )

    def _drop_all(self) -> None:
        for connection in list(self.connections):
            connection.abort()

    def full(self) -> bool:
        """Whether no further user may come: those that lost their connection count too."""
        if self.router.faults.happens("full"):
            return True
        waiting = sum(console.detached for console in self.router.sessions)
        return len(self.connections) + waiting >= self.router.session_limit()


def _public_key(line: str) -> asyncssh.SSHKey | None:
    try:
        return asyncssh.import_public_key(line)
    except asyncssh.KeyImportError:
        return None


async def _close(listener: asyncssh.SSHAcceptor | None) -> None:
    if listener is not None:
        listener.close()
        await listener.wait_closed()


class _Access(asyncssh.SSHServer):
    """Who may come in, and that a connection is for one terminal."""

    def __init__(self, server: RtxServer) -> None:
        self._server, self._router = server, server.router
        self._connection: asyncssh.SSHServerConnection | None = None
        self._user = ""
        self._used = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Hang up at once on one user too many."""
        self._connection = conn
        if self._server.full():
            conn.abort()
        else:
            self._server.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for the next."""
        if self._connection is not None:
            self._server.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        """Where in the login the router says that access is restricted is unverified."""
        self._user = username
        if self._connection is not None and not self._router.admits(self._server.source, username):
            self._connection.send_auth_banner(f"{RESTRICTED}\r\n")
            self._connection.disconnect(asyncssh.DISC_BY_APPLICATION, RESTRICTED)
        return True

    def password_auth_supported(self) -> bool:
        """As `sshd auth method` says (4.74)."""
        return "password" in self._router.methods()

    def public_key_auth_supported(self) -> bool:
        """As `sshd auth method` says (4.74)."""
        return "publickey" in self._router.methods()

    def validate_password(self, username: str, password: str) -> bool:
        """Named users with a password of their own only."""
        fits = self._router.password_fits(username, password)
        if not fits:
            self._log("failed")
        return fits

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Compare with the keys kept for the user."""
        return any(_public_key(line) == key for line in self._router.keys(username))

    def auth_completed(self) -> None:
        """Write the login to the log (its wording is unverified)."""
        self._log("succeeded")

    def _log(self, outcome: str) -> None:
        self._router.note(f"Login {outcome} for SSH: {self._server.source} {self._user}")

    def session_requested(self) -> Terminal:
        """One channel a connection; a second is refused in these words (seen on a real router)."""
        if self._used or self._connection is None:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "open failed")
        self._used = True
        return Terminal(self._server, self._connection, self._user)


class Terminal(asyncssh.SSHServerSession[bytes]):
    """The one channel of a connection; takes nothing but a terminal and a shell."""

    def __init__(
        self, server: RtxServer, connection: asyncssh.SSHServerConnection, user: str
    ) -> None:
        self._server, self._connection, self._user = server, connection, user
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._console: Console | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """Remember the channel."""
        self._channel = chan

    def pty_requested(
        self, term_type: str, term_size: tuple[int, int, int, int], term_modes: object
    ) -> bool:
        """The size is not looked at: only `console columns` counts."""
        return True

    def shell_requested(self) -> bool:
        """Yes; that a shell without a terminal is given too is unverified."""
        return True

    def exec_requested(self, command: str) -> bool:
        """Never."""
        return False

    def subsystem_requested(self, subsystem: str) -> bool:
        """Never: `sftpd host` is none by default (4.78)."""
        return False

    def session_started(self) -> None:
        """Greet, as after a login."""
        self._console = self._server.router.console(self._user)
        self._console.source = str(self._server.source)
        self._server.terminals.add(self)
        self._show(self._console.start())

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Type."""
        if self._console is not None:
            self._show(self._console.feed(data))

    def poll(self) -> None:
        """Show what came without typing, and leave if the session is over."""
        if self._console is not None:
            self._show(self._console.poll())

    def _show(self, data: bytes) -> None:
        if self._channel is None or self._console is None or self._channel.is_closing():
            return
        if data:
            self._channel.write(data)
        if self._console.dropped:
            self._connection.abort()
        elif self._console.closed:
            self._channel.exit(0)

    def connection_lost(self, exc: Exception | None) -> None:
        """The terminal is gone; the session may live on."""
        self._server.terminals.discard(self)
        if self._console is not None:
            self._server.router.hung_up(self._console)
        self._connection.close()
