"""A Pulumi backend of files, from outside: who holds a stack, and what an interrupted run left.

Other backends are Pulumi's own business: there a service knows which runs are alive.  Needs the
standard library only.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

PROJECT = "sakura-rtx-vpn"
SCHEME = "file://"


@dataclass(frozen=True)
class Lock:
    """Who holds a stack: what the CLI writes into the lock file (seen with 3.274.1)."""

    user: str
    host: str
    pid: int
    since: str
    file: Path

    def __str__(self) -> str:
        if not self.pid:
            return f"unreadable lock file {self.file}"
        return f"{self.user} on {self.host}, process {self.pid}, since {self.since}"


@dataclass(frozen=True)
class Backend:
    """A Pulumi backend in the folder `root`, as one project sees it."""

    root: Path
    project: str = PROJECT

    def locks(self, stack: str) -> list[Lock]:
        """The locks on `stack`, oldest first."""
        folder = self.root / ".pulumi" / "locks" / "organization" / self.project / stack
        return sorted(map(_lock, folder.glob("*.json")), key=lambda lock: lock.since)

    def pending_creates(self, stack: str) -> list[str]:
        """Names of the resources of `stack` whose creation was interrupted."""
        file = self.root / ".pulumi" / "stacks" / self.project / f"{stack}.json"
        if not file.exists():
            return []
        latest = json.loads(file.read_text(encoding="utf-8"))["checkpoint"].get("latest") or {}
        return [
            operation["resource"]["urn"].rpartition("::")[2]
            for operation in latest.get("pending_operations") or ()
            if operation["type"] == "creating"
        ]


def backend_of(url: str, project: str = PROJECT) -> Backend | None:
    """The backend of files that `url` names, else None."""
    if not url.startswith(SCHEME):
        return None
    place = unquote(url.removeprefix(SCHEME).partition("?")[0])
    return Backend(Path(place).expanduser().absolute(), project)


def of_login(environ: Mapping[str, str], project: str = PROJECT) -> Backend | None:
    """The backend of files that a user is logged in to, None for any other, or without a login.

    `PULUMI_BACKEND_URL`, else what `pulumi login` wrote (seen with 3.274.1).
    """
    url = environ.get("PULUMI_BACKEND_URL", "")
    if not url:
        home = environ.get("PULUMI_HOME") or Path(environ.get("HOME") or Path.home(), ".pulumi")
        try:
            login = json.loads(Path(home, "credentials.json").read_text(encoding="utf-8"))
            url = login["current"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
    return backend_of(url, project) if isinstance(url, str) else None


def runs_pulumi(pid: int) -> bool:
    """Whether process `pid` of this machine may be a Pulumi CLI at work."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's process: it is there
    # After a reboot another program may have the number.  Without /proc the number has to do.
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    status = dict(line.split(":\t", 1) for line in lines.splitlines() if ":\t" in line)
    return "pulumi" in status.get("Name", "") and status.get("State", "")[:1] not in ("Z", "X")


def is_dead(
    lock: Lock, *, host: str | None = None, alive: Callable[[int], bool] = runs_pulumi
) -> bool:
    """Whether the holder is certainly gone; of another host nothing is certain."""
    here = socket.gethostname() if host is None else host
    return lock.pid > 0 and lock.host == here and not alive(lock.pid)


def _lock(file: Path) -> Lock:
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
        return Lock(held["username"], held["hostname"], int(held["pid"]), held["timestamp"], file)
    except (OSError, ValueError, KeyError, TypeError):
        return Lock("", "", 0, "", file)
