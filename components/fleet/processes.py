"""A program that is run to its end in a session of its own, and can be asked to stop.

In its own session a Ctrl-C of the terminal does not reach it beside ours: it gets exactly as many
as it is to get, since Pulumi ends at once at the second.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

OnLine = Callable[[str], object]


class Program:
    """Runs one program after the other."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self.stopped = False

    def run(
        self,
        words: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        on_output: OnLine | None = None,
        on_error: OnLine | None = None,
    ) -> tuple[int, str, str]:
        """Exit code, stdout and stderr; lines are also given away as they come.

        Once it was asked to stop, nothing more is run: 130, as a shell says it.
        """
        with self._lock:
            if self.stopped:
                return 130, "", "stopped on request"
            child = subprocess.Popen(
                words,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
            self._child = child
        said: tuple[list[str], list[str]] = ([], [])
        readers = [
            threading.Thread(target=_read, args=(stream, lines, told), daemon=True)
            for stream, lines, told in (
                (child.stdout, said[0], on_output),
                (child.stderr, said[1], on_error),
            )
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        code = child.wait()
        with self._lock:
            self._child = None
        return code, "\n".join(said[0]), "\n".join(said[1])

    def stop(self) -> None:
        """Send what Ctrl-C sends, to the program alone: it tells its own children."""
        with self._lock:
            self.stopped = True
            if self._child is not None and self._child.poll() is None:
                self._child.send_signal(signal.SIGINT)


def _read(stream: IO[str] | None, lines: list[str], told: OnLine | None) -> None:
    assert stream is not None
    with stream:
        for line in stream:
            lines.append(line.rstrip())
            if told:
                told(lines[-1])
