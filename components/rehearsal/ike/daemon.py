"""A machine that runs one IKE daemon (charon, with ESP in user space).

Source: ike-lab.  Every daemon has a configuration file and a control socket of its own, so that
many can run beside each other; the distribution's files are not read.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ...errors import VpnError
from .cause import Cause, cause
from .host import CHARON, Host, end, set_kernel
from .peer import CHILD, CONNECTION, IkePeer, connection, shared_key

# The first that offers ESP wins, so kernel-libipsec stands before kernel-netlink, which still
# serves routes and addresses.
_PLUGINS: Final = (
    "random nonce aes sha1 sha2 md5 hmac kdf gmp openssl kernel-libipsec kernel-netlink "
    "socket-default vici"
)
_START_SECONDS: Final = 10.0
_ANSWER_SECONDS: Final = 30.0


class IkeHost(Host):
    """A gateway: a WAN interface, an address in its LAN, and the daemon.

    `options` are further lines of the daemon's own section (`peer.QUICK`: ask again quickly).
    """

    def __init__(self, name: str, peer: IkePeer, folder: Path, options: Mapping[str, str]) -> None:
        super().__init__(name)
        self.peer = peer
        self.place = peer.place
        self._options = options
        self._socket, self._config = folder / f"{name}.vici", folder / f"{name}.conf"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._persisting: threading.Event | None = None
        self._thread: threading.Thread | None = None

    def set_up(self) -> None:
        """Give it its LAN address and the daemon's configuration file."""
        super().set_up()
        # A whole prefix on lo would answer for every address in it.
        inside = sorted({self.peer.lan_address, *self.peer.others})
        # Without an SA the daemon's route is gone, and LAN traffic would leave in clear.
        blackhole = f"ip route add blackhole {self.peer.remote_prefix} metric 4000000000"
        # Before the daemon's own table, which has priority 220.
        unrouted = f"ip rule add to {self.peer.remote_prefix} priority 200 blackhole"
        self.run_all(
            *(f"ip address add {address}/32 dev lo" for address in inside),
            set_kernel("net/ipv4/ip_forward", "1"),
            blackhole,
            *([] if self.peer.routed else [unrouted]),
        )
        options = "\n".join(f"  {key} = {value}" for key, value in self._options.items())
        self._config.write_text(
            f"charon-systemd {{\n  load = {_PLUGINS}\n"
            f"  plugins {{ vici {{ socket = unix://{self._socket} }} }}\n"
            f"  journal {{ default = -1 }}\n"
            f"  filelog {{ lab {{ path = {_log_file(self._folder, self.name)}\n"
            "    time_format = %s\n    time_add_ms = yes\n    append = yes\n"
            "    flush_line = yes\n    default = 1\n  } }\n"
            f"{options}\n}}\n",
            encoding="utf-8",
        )

    # --- the daemon's life -----------------------------------------------------------------------

    def start(self) -> None:
        """Start the daemon, with nothing kept from an earlier run, and tell it the peer."""
        self._socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            self.enter(CHARON),
            env={"PATH": os.environ["PATH"], "STRONGSWAN_CONF": str(self._config)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise VpnError(f"the IKE daemon of {self.name} did not come up", state=self.log())
            time.sleep(0.02)
        self.load(self.peer)

    def stop(self, *, power_cut: bool = False) -> None:
        """End the daemon; unless it is a power cut it tells the peer that its SAs go."""
        self._stop_persisting()
        if self._process is not None:
            end(self._process, signal.SIGKILL if power_cut else signal.SIGTERM)
            self._process = None

    def close(self) -> None:
        """End the daemon and the machine."""
        try:
            self.stop(power_cut=True)
        finally:
            super().close()

    def log(self) -> str:
        """What the daemons of this name have written so far."""
        return log_of(self._folder, self.name)

    # --- orders ----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _session(self, timeout: float = _ANSWER_SECONDS) -> Iterator[Any]:
        import vici

        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(timeout)
            sock.connect(str(self._socket))
            yield vici.Session(sock)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), self._session() as session:
            session.version()
            return True
        return False

    def load(self, peer: IkePeer) -> None:
        """Put a peer in force; an end that starts begins the key exchange.

        Raises `VpnError` if the daemon cannot play it.
        """
        import vici

        self._stop_persisting()
        self.peer = peer
        try:
            with self._session() as session:
                session.load_shared(shared_key(peer))
                session.load_conn({CONNECTION: connection(peer)})
        except vici.exception.CommandException as error:
            raise VpnError(f"the IKE daemon cannot play the {self.name} end: {error}") from None
        if peer.persists:
            self._persist()

    def begin(self) -> None:
        """Start the key exchange from here, and do not wait for what comes of it."""
        self._initiate(-1)

    def initiate(self, seconds: float = 10.0) -> Cause | None:
        """Start the key exchange from here: None when the tunnel stands, else why not."""
        import vici

        begin = len(self.log())
        try:
            self._initiate(int(seconds * 1000))
        except vici.exception.CommandException as error:
            return cause(self.log()[begin:]) or Cause("unknown", str(error))
        return None

    def _initiate(self, milliseconds: int) -> None:
        order = {"ike": CONNECTION, "child": CHILD, "loglevel": "-1"}
        with self._session(max(milliseconds, 0) / 1000 + 5) as session:
            for _ in session.initiate({**order, "timeout": str(milliseconds)}):
                pass

    def delete(self, *, esp_only: bool = False) -> None:
        """Delete the SAs at this end; the peer is told."""
        self._terminate({"child": CHILD} if esp_only else {"ike": CONNECTION})

    def delete_one(self, number: str, *, esp: bool) -> None:
        """Delete the SA with this number of the daemon's ("uniqueid"); the peer is told."""
        self._terminate({"child-id" if esp else "ike-id": number})

    def _terminate(self, what: Mapping[str, str]) -> None:
        """Nothing to delete is no error."""
        import vici

        with contextlib.suppress(vici.exception.CommandException), self._session() as session:
            for _ in session.terminate({**what, "timeout": "10000", "loglevel": "-1"}):
                pass

    def associations(self) -> list[dict[str, Any]]:
        """The IKE SAs as the daemon lists them, each with its IPsec SAs under "children"."""
        with self._session() as session:
            found = [_text(value) for item in session.list_sas() for value in item.values()]
        for each in found:
            each["children"] = list(each.pop("child-sas", {}).values())
        return found

    def established(self) -> bool:
        """Whether an IPsec SA is installed here.  It proves no traffic."""
        return any(
            child["state"] == "INSTALLED" for sa in self.associations() for child in sa["children"]
        )

    # --- what a router does and the daemon does not ----------------------------------------------

    def _persist(self, every: float = 1.0) -> None:
        """Begin again and again while the tunnel is down.

        The daemon gives up after a fatal answer and after a deletion of its own.  An attempt under
        way is left alone: another one would queue a second IPsec SA on it.
        """
        import vici

        done = self._persisting = threading.Event()

        def work() -> None:
            while not done.wait(every):
                # The daemon may be down just now, or busy with the same.
                with contextlib.suppress(OSError, vici.exception.CommandException):
                    states = [sa["state"] for sa in self.associations()]
                    if not self.established() and "CONNECTING" not in states:
                        self.begin()

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()

    def _stop_persisting(self) -> None:
        if self._persisting is not None and self._thread is not None:
            self._persisting.set()
            self._thread.join(10)
            self._persisting = self._thread = None


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list):
        return [_text(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _text(each) for key, each in value.items()}
    return value


def _log_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.log"


def log_of(folder: Path, name: str) -> str:
    """What the daemons of this name have written in `folder` so far."""
    file = _log_file(folder, name)
    return file.read_text("utf-8", "replace") if file.exists() else ""
