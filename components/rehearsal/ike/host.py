"""A network namespace with a PID namespace of its own: whatever runs in it ends with us.

The namespaces are held by a `cat` that reads a pipe of this process and is the first process of its
PID namespace: when we close the pipe or die, however we die, the kernel ends all that runs inside.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self

from ...errors import VpnError

CHARON: Final = "/usr/sbin/charon-systemd"
_PLUGINS: Final = Path("/usr/lib/ipsec/plugins")
# What must be there, and the Debian package that has it.
_TOOLS: Final = (
    ("ip", "iproute2"),
    ("ping", "iputils-ping"),
    ("tcpdump", "tcpdump"),
    ("nsenter", "util-linux"),
    ("unshare", "util-linux"),
    (CHARON, "charon-systemd"),
)
_DAEMON_PLUGINS: Final = (
    ("vici", "strongswan-swanctl"),
    ("kernel-libipsec", "libcharon-extra-plugins"),
    ("openssl", "libstrongswan-standard-plugins"),
)
_SECONDS: Final = 20.0


def unavailable() -> str | None:
    """Why this machine cannot run real IKE daemons, or None; every reason at once."""
    reasons = [*_missing_software(), *_missing_rights()]
    return "; ".join(reasons) or None


def _missing_software() -> Iterator[str]:
    for tool, package in _TOOLS:
        if shutil.which(tool) is None:
            yield f"no {Path(tool).name} (Debian package {package})"
    for plugin, package in _DAEMON_PLUGINS:
        if not (_PLUGINS / f"libstrongswan-{plugin}.so").exists():
            yield f"no plugin {plugin} of charon (Debian package {package})"
    if importlib.util.find_spec("vici") is None:
        yield "no Python package vici (pip install 'sakura-rtx-vpn[ike]')"


def _missing_rights() -> Iterator[str]:
    if os.geteuid() != 0:
        yield "not root: network namespaces need it"
        return
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError as error:
        yield f"/dev/net/tun: {error.strerror}"
    if shutil.which("unshare") and shutil.which("ip"):
        probe = "ip link add name v0 type veth peer name v1"
        command = ["unshare", "--net", "--pid", "--fork", "sh", "-c", probe]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
        if done.returncode:
            yield f"no network namespace with a veth pair: {done.stderr.strip()}"


class Host:
    """One machine: a context manager that makes its namespaces and ends all inside them."""

    def __init__(self, name: str) -> None:
        self.name = name
        hold = "echo up; exec cat >/dev/null"
        command = ["unshare", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", hold]
        self._holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"up\n":
            self.close()
            raise VpnError(f"no network namespace for {name}", state=unavailable() or "")

    def __enter__(self) -> Self:
        try:
            self.set_up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def set_up(self) -> None:
        """Bring the loopback up and let packets come from anywhere."""
        self.run_all("ip link set lo up", set_kernel("net/ipv4/conf/all/rp_filter", "0"))

    @property
    def pid(self) -> int:
        """The process that holds the namespaces."""
        return self._holder.pid

    def enter(self, *command: str) -> list[str]:
        """The command line that runs `command` in here."""
        spaces = f"/proc/{self.pid}/ns"
        return ["nsenter", f"--net={spaces}/net", f"--pid={spaces}/pid_for_children", *command]

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; raises `VpnError` with what it said if it fails."""
        done = subprocess.run(
            self.enter(*command), capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        if check and done.returncode:
            raise VpnError(
                f"{' '.join(command)}: {done.stderr.strip()}", attempted=f"set up {self.name}"
            )
        return done

    def run_all(self, *commands: str) -> None:
        """Run commands of a shell one after the other, until one fails: entering takes its time."""
        self.run("sh", "-ec", "\n".join(commands))

    def sysctl(self, key: str, value: str) -> None:
        """Set a kernel variable of this network namespace."""
        self.run_all(set_kernel(key, value))

    def ping(self, source: str, target: str, *, size: int = 56, wait: float = 1.0) -> float | None:
        """Milliseconds until the answer to one echo request of `size` data bytes, None without."""
        words = ("-n", "-c1", f"-W{wait}", f"-s{size}", "-I", source, target)
        answer = self.run("ping", *words, check=False)
        if answer.returncode:
            return None
        return float(answer.stdout.split(" time=")[1].split()[0])

    @contextlib.contextmanager
    def capture(self) -> Iterator[list[str]]:
        """A list that holds, after the block, tcpdump's lines of all that passed meanwhile."""
        lines: list[str] = []
        words = ("tcpdump", "-nn", "-l", "--immediate-mode", "-i", "any")
        with tempfile.TemporaryFile("w+") as out:
            process = subprocess.Popen(self.enter(*words), stdout=out, stderr=subprocess.PIPE)
            assert process.stderr is not None
            try:
                while (line := process.stderr.readline()) and b"listening on" not in line:
                    pass
                yield lines
            finally:
                end(process, signal.SIGTERM)
                process.stderr.close()
            out.seek(0)
            lines.extend(out.read().splitlines())

    def close(self) -> None:
        """End everything in here."""
        assert self._holder.stdin is not None
        assert self._holder.stdout is not None
        self._holder.stdin.close()
        try:
            self._holder.wait(5)
        except subprocess.TimeoutExpired:
            self._holder.kill()
            self._holder.wait(5)
        self._holder.stdout.close()


def set_kernel(key: str, value: str) -> str:
    """The shell's command that sets a kernel variable."""
    return f"echo {value} > /proc/sys/{key}"


def children(pid: int) -> Sequence[int]:
    """The processes that `pid` has forked."""
    with contextlib.suppress(OSError):
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def end(process: subprocess.Popen[Any], number: signal.Signals) -> None:
    """Signal what nsenter has forked (nsenter itself would leave it behind), and wait for it."""
    for pid in children(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        for pid in (*children(process.pid), process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(10)
