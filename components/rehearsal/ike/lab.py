"""Both ends with the internet between them: `lan - [cloud] = [internet] = [office] - lan`.

Three machines; the one in the middle forwards.  Nothing leaves them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from ...errors import VpnError
from .cause import Cause, cause
from .daemon import IkeHost, log_of
from .host import Host, unavailable
from .peer import QUICK, IkePeer
from .traffic import Way

Name = Literal["office", "cloud"]

# A socket's path must be short, so the folder is not one of the caller's.
_PREFIX: Final = "sakura-rtx-ike-"
# What both ends call their way out; on a link of its own each may have any address.
_NEXT_HOP: Final = "169.254.0.1"
# Seconds that an answer may take: little while the tunnel comes up, more on a busy machine.
_FIRST_PING: Final = 0.1
_LAST_PING: Final = 0.8


class Lab:
    """Two daemons that know of each other what each end's own language says.

    A context manager; raises `VpnError` naming all that the machine lacks.  An end that is None is
    not there yet: `put` brings one up or changes it, `take` ends one.
    """

    internet: Host

    def __init__(
        self,
        cloud: IkePeer | None = None,
        office: IkePeer | None = None,
        *,
        options: Mapping[str, str] = QUICK,
    ) -> None:
        self._wanted: tuple[tuple[Name, IkePeer | None], ...]
        # The office first: who is called must be there.
        self._wanted, self._options = (("office", office), ("cloud", cloud)), options
        self._hosts: dict[Name, IkeHost] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        if reason := unavailable():
            raise VpnError("no real key exchange on this machine", state=reason)
        with contextlib.ExitStack() as stack:  # undoes what was built when the rest fails
            self._folder = stack.enter_context(workplace())
            self.internet = stack.enter_context(Host("internet"))
            self.internet.sysctl("net/ipv4/ip_forward", "1")
            stack.callback(self._take_all)
            for name, peer in self._wanted:
                if peer is not None:
                    self.put(name, peer)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def office(self) -> IkeHost:
        """The office end; `KeyError` while there is none."""
        return self._hosts["office"]

    @property
    def cloud(self) -> IkeHost:
        """The cloud end; `KeyError` while there is none."""
        return self._hosts["cloud"]

    def host(self, name: Name) -> IkeHost | None:
        """An end, None while it is not there."""
        return self._hosts.get(name)

    # --- the ends come, change and go ------------------------------------------------------------

    def put(self, name: Name, peer: IkePeer) -> None:
        """Put a peer in force at an end; an end with other addresses is another machine."""
        host = self._hosts.get(name)
        if host is not None and host.place != peer.place:
            self.take(name)
            host = None
        if host is None:
            self._join(name, peer)
        elif host.peer != peer:
            host.load(peer)

    def take(self, name: Name) -> None:
        """An end is gone without a word, as after a power cut."""
        if host := self._hosts.pop(name, None):
            # The kernel takes its time with the links of a dead namespace.
            self.internet.run("ip", "link", "delete", name, check=False)
            host.close()

    def _take_all(self) -> None:
        for name in list(self._hosts):
            self.take(name)

    def _join(self, name: Name, peer: IkePeer) -> None:
        host = IkeHost(name, peer, self._folder, self._options).__enter__()
        self._hosts[name] = host
        ends = f"name wan netns {host.pid} type veth peer name {name} netns {self.internet.pid}"
        # The namespace's process id means what it says only out here.
        subprocess.run(
            ["ip", "link", "add", *ends.split()], check=True, capture_output=True, timeout=10
        )
        self.internet.run_all(
            f"ip address add {_NEXT_HOP}/32 dev {name}",
            f"ip link set {name} up",
            f"ip route replace {peer.local}/32 dev {name}",
        )
        host.run_all(
            f"ip address add {peer.local}/32 dev wan",
            "ip link set wan up",
            f"ip route add default via {_NEXT_HOP} dev wan onlink",
        )
        host.start()

    # --- traffic ---------------------------------------------------------------------------------

    def way(self) -> Way | None:
        """From the office's LAN address to the cloud's; None while an end is not there."""
        hosts = self._hosts.copy()
        if len(hosts) < len(self._wanted):
            return None
        source, target = hosts["office"].peer.lan_address, hosts["cloud"].peer.lan_address
        return Way(hosts["office"], str(source), str(target))

    def ping(self, *, size: int = 56, wait: float = 1.0) -> float | None:
        """Milliseconds of a ping from the office's LAN address to the cloud's, None without one."""
        way = self.way()
        return way and way.host.ping(way.source, way.target, size=size, wait=wait)

    def wait_for_traffic(self, seconds: float) -> float | None:
        """Seconds until a ping passes, None if none did within `seconds`."""
        begin, wait = time.monotonic(), _FIRST_PING
        while (waited := time.monotonic() - begin) < seconds:
            if self.ping(wait=wait) is not None:
                return waited
            time.sleep(0.05)
            wait = min(2 * wait, _LAST_PING)
        return None

    def cut(self) -> None:
        """Let the internet swallow everything, silently."""
        self.internet.sysctl("net/ipv4/ip_forward", "0")

    def mend(self) -> None:
        """Let it forward again."""
        self.internet.sysctl("net/ipv4/ip_forward", "1")

    def logs(self) -> dict[Name, str]:
        """What each end has written so far."""
        return {name: log_of(self._folder, name) for name, _ in self._wanted}

    def cause(self, since: Mapping[Name, str] | None = None) -> Cause | None:
        """Why there is no tunnel, from what was written after `since` (earlier `logs`).

        The end that only answers knows it better.
        """
        names = sorted(self._hosts, key=lambda name: self._hosts[name].peer.starts)
        logs, before = self.logs(), since or {}
        return cause(*(logs[name][len(before.get(name, "")) :] for name in names))


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """A short folder for us alone, and none of those whose process was killed."""
    _sweep()
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-") as folder:
        yield Path(folder)


def _sweep() -> None:
    """Take away the folders of labs whose process was killed: nothing else of them is left."""
    for old in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = old.name.removeprefix(_PREFIX).split("-")[0]
        if old.is_dir() and not Path("/proc", owner).exists():
            shutil.rmtree(old, ignore_errors=True)
