"""Both ends with the internet between them: `lan - [cloud] = [internet] = [office] - lan`.

Three machines; the links are /31, the one in the middle forwards.  Nothing leaves them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ...errors import VpnError
from .cause import Cause, cause
from .daemon import IkeHost
from .host import Host, unavailable
from .peer import QUICK, IkePeer

# A socket's path must be short, so the folder is not one of the caller's.
_PREFIX: Final = "sakura-rtx-ike-"


class Lab:
    """Two daemons that know of each other what each end's own language says.

    A context manager; raises `VpnError` naming all that the machine lacks.
    """

    cloud: IkeHost
    office: IkeHost
    internet: Host

    def __init__(
        self, cloud: IkePeer, office: IkePeer, *, options: Mapping[str, str] = QUICK
    ) -> None:
        self._cloud, self._office, self._options = cloud, office, options
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        if reason := unavailable():
            raise VpnError("no real key exchange on this machine", state=reason)
        with contextlib.ExitStack() as stack:  # undoes what was built when the rest fails
            _sweep()
            place = tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-")
            folder = Path(stack.enter_context(place))
            self.internet = stack.enter_context(Host("internet"))
            self.internet.sysctl("net/ipv4/ip_forward", "1")
            self.office = self._join(stack, "office", self._office, folder)
            self.cloud = self._join(stack, "cloud", self._cloud, folder)
            # The office first: who is called must be there.
            self.office.start()
            self.cloud.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _join(self, stack: contextlib.ExitStack, name: str, peer: IkePeer, folder: Path) -> IkeHost:
        host = stack.enter_context(IkeHost(name, peer, folder, self._options))
        here, there = peer.local, IPv4Address(int(peer.local) ^ 1)  # the two addresses of a /31
        ends = f"name wan netns {host.pid} type veth peer name {name} netns {self.internet.pid}"
        # The namespace's process id means what it says only out here.
        subprocess.run(
            ["ip", "link", "add", *ends.split()], check=True, capture_output=True, timeout=10
        )
        host.run("ip", "address", "add", f"{here}/31", "dev", "wan")
        host.run("ip", "link", "set", "wan", "up")
        self.internet.run("ip", "address", "add", f"{there}/31", "dev", name)
        self.internet.run("ip", "link", "set", name, "up")
        host.run("ip", "route", "add", "default", "via", str(there))
        return host

    # --- traffic ---------------------------------------------------------------------------------

    def ping(self, *, size: int = 56, wait: float = 1.0) -> float | None:
        """Milliseconds of a ping from the office's LAN address to the cloud's, None without one."""
        source, target = self.office.peer.lan_address, self.cloud.peer.lan_address
        return self.office.ping(str(source), str(target), size=size, wait=wait)

    def wait_for_traffic(self, seconds: float) -> float | None:
        """Seconds until a ping passes, None if none did within `seconds`."""
        begin = time.monotonic()
        while (waited := time.monotonic() - begin) < seconds:
            if self.ping(wait=0.5) is not None:
                return waited
            time.sleep(0.1)
        return None

    def cut(self) -> None:
        """Let the internet swallow everything, silently."""
        self.internet.sysctl("net/ipv4/ip_forward", "0")

    def mend(self) -> None:
        """Let it forward again."""
        self.internet.sysctl("net/ipv4/ip_forward", "1")

    def cause(self) -> Cause | None:
        """Why there is no tunnel; the end that only answers knows it better."""
        hosts = sorted((self.office, self.cloud), key=lambda host: host.peer.starts)
        return cause(*(host.log() for host in hosts))


def _sweep() -> None:
    """Take away the folders of labs whose process was killed: nothing else of them is left."""
    for old in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = old.name.removeprefix(_PREFIX).split("-")[0]
        if old.is_dir() and not Path("/proc", owner).exists():
            shutil.rmtree(old, ignore_errors=True)
