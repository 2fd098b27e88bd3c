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

from .login import Login
from .ssh import Way

# The order matters: neither of the last two is next to ever valid UTF-8; kana of Shift_JIS, which
# every refusal holds, are never valid EUC, but EUC is often valid Shift_JIS.
_ENCODINGS: Final = ("utf-8", "euc_jp", "cp932")


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

    Raises as `Way.open` does.  `remarks` are what a user should know about the connection.
    """

    def __init__(self, login: Login) -> None:
        self._login, self._way, self._decoder = login, Way(login), Decoder()
        self._received: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="rtx-ssh", daemon=True)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        except BaseException:
            self.close()
            raise

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a user should know about the connection."""
        return tuple(self._way.remarks)

    def use_encoding(self, encoding: str) -> None:
        """The encoding is known from now on (a codec of Python)."""
        self._decoder = Decoder(encoding)

    def write(self, text: str) -> None:
        """Send text as it is."""
        if self._channel is not None:
            data = text.encode(self._decoder.encoding, "replace")
            self._loop.call_soon_threadsafe(self._send, data)

    def _send(self, data: bytes) -> None:
        # The router may have hung up meanwhile; whoever reads next is told.
        if self._channel is not None and not self._channel.is_closing():
            self._channel.write(data)

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
        await self._way.drop()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _open(self) -> None:
        self._channel = await self._way.open(lambda: _Channel(self._received))
