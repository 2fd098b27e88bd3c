"""A Linux host with an SSH server: it runs what it is told by `/bin/sh`, in a folder of its own."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh

USER = "ops"


class Host(asyncssh.SSHServer):
    """One port of 127.0.0.1; `commands` is what it was told, `logins` how often one was tried."""

    def __init__(self, folder: Path, password: str) -> None:
        self.folder, self.password = folder, password
        self.commands: list[str] = []
        self.logins = 0
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self.host_key = self._key.export_public_key().decode().strip()
        self.port = 0

    def begin_auth(self, username: str) -> bool:
        self.logins += 1
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, self.password)

    async def _process(self, process: asyncssh.SSHServerProcess[str]) -> None:
        text = process.command or ""
        self.commands.append(text)
        done = await asyncio.to_thread(
            subprocess.run,
            ["/bin/sh", "-c", text],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        process.stdout.write(done.stdout)
        process.stderr.write(done.stderr)
        process.exit(done.returncode)

    @contextmanager
    def running(self) -> Iterator[Host]:
        """Serve in a thread of its own meanwhile."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            listening = asyncssh.listen(
                "127.0.0.1",
                0,
                server_factory=lambda: self,
                server_host_keys=[self._key],
                process_factory=self._process,
            )
            server = asyncio.run_coroutine_threadsafe(_await(listening), loop).result(20)
            self.port = server.get_port()
            yield self
            loop.call_soon_threadsafe(server.close)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


async def _await(
    listening: asyncssh.misc._ACMWrapper[asyncssh.SSHAcceptor],
) -> asyncssh.SSHAcceptor:
    return await listening
