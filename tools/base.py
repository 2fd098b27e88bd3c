"""What the tools share: places, messages, locks, and running another program to its end."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
# What the machine lacks or forbids: no fault of ours, so nobody needs a traceback of it.
OF_THE_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


class Stop(Exception):
    """What the user has to know before anything more can be done; ends a tool with exit code 1."""


def say(text: str) -> None:
    """One message to the user; stdout is kept for results."""
    print(text, file=sys.stderr, flush=True)


def finish(main: Callable[[], int]) -> None:
    """Run a tool's `main` and end the process with its exit code."""
    try:
        code = main()
    except Stop as stop:
        say(str(stop))
        code = 1
    except OSError as error:
        if error.errno not in OF_THE_MACHINE:
            raise
        say(f"{error.filename or 'writing a file'}: {error.strerror}")
        code = 1
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    sys.exit(code)


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """A tool's own arguments, and those after the first `--`, which it hands on."""
    words = list(arguments)
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where a user's clones share what takes long to make."""
    base = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or Path.home(), ".cache")
    return Path(base, "sakura-rtx-vpn")


def search_path(environ: Mapping[str, str], *folders: Path) -> str:
    """PATH with `folders` in front of what it holds."""
    return os.pathsep.join([*map(str, folders), environ.get("PATH", os.defpath)])


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold `file`, which need not exist, against other runs of the same step; waits for them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run(command: Sequence[str | Path], env: Mapping[str, str]) -> int:
    """Run `command` in the project's folder with our stdin and stdout; its exit code.

    A signal is left to the command, which has its own way to stop: Pulumi finishes the step it is
    in and writes its state.  Ctrl-C reaches it from the terminal, SIGTERM is handed on.
    """
    child = subprocess.Popen([str(word) for word in command], cwd=ROOT, env=dict(env))

    def hand_on(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature
        if number == signal.SIGTERM:
            child.send_signal(number)

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code
