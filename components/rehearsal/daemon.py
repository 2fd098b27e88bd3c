"""The background process of one rehearsal: both stand-ins, the link between them, three ports.

Started by `instance.start` as `python -m components.rehearsal.daemon FOLDER [--ike]`.  It ends when
it is told to over the control port, at SIGTERM, or when the folder no longer holds its instance id.
With `--ike` the link is a real key exchange, and time cannot jump.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import secrets
import signal
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..clock import SystemClock
from . import instance
from .control import Answer, ControlServer
from .front import Front
from .link import Link
from .rtx import Router, RtxServer, run_lines
from .sakura import Sakura, SakuraServer

if TYPE_CHECKING:
    from .ike.link import IkeLink

USER: Final = "ops"
FRONT: Final = "front.json"
_LOOK_SECONDS: Final = 1.0
_LONGEST_JUMP: Final = 30 * 86400.0
_PASSWORD_BYTES: Final = 12  # the RTX takes passwords of at most 32 characters


class RehearsalClock(SystemClock):
    """The machine's clock, which can be told to jump ahead: nobody waits hours for a rekey."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = 0.0
        self._jumped = threading.Condition()

    def now(self) -> float:
        """Seconds, those jumped over included."""
        return time.monotonic() + self._ahead

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass, or be jumped over."""
        end = self.now() + seconds
        with self._jumped:
            while (left := end - self.now()) > 0:
                self._jumped.wait(left)

    def advance(self, seconds: float) -> None:
        """Jump `seconds` (0 or more) ahead."""
        if not 0 <= seconds < math.inf:
            raise ValueError("time goes only forward, by a number of seconds")
        with self._jumped:
            self._ahead += seconds
            self._jumped.notify_all()


class Rehearsal:
    """Both ends, running, with their state in `folder`."""

    def __init__(self, folder: Path, *, ike: bool = False) -> None:
        self.folder = folder
        self.id = (folder / instance.INSTANCE).read_text(encoding="utf-8").strip()
        self.ended = threading.Event()
        self.clock = RehearsalClock()
        self.sakura = Sakura(folder, clock=self.clock)
        self.router = Router(folder / "rtx", clock=self.clock)
        self._stack, self.ike = contextlib.ExitStack(), ike
        self.link = self._joined()
        if (kept := folder / FRONT).exists():
            self.link.front = Front.of(json.loads(kept.read_text(encoding="utf-8")))
        self.sakura.link = self.router.office_link = self.link
        self.api = SakuraServer(self.sakura, log=_log)
        self.ssh = RtxServer(self.router)
        self.credentials = self._credentials()
        self.control = ControlServer(
            self.id,
            self.credentials["control_token"],
            folder,
            {
                "GET /health": self._health,
                "GET /calls": self._calls,
                "GET /front": self._front,
                "POST /front": self._change_front,
                "POST /type": self._type,
                "POST /advance": self._advance,
                "POST /rotate": self._rotate,
                "POST /fault": self._fault,
                "POST /router-fault": self._router_fault,
                "POST /options": self._options,
                "POST /stop": self._stop,
            },
        )

    def _joined(self) -> Link | IkeLink:
        """The link between the ends; one of real daemons ends with this process."""
        if not self.ike:
            return Link(self.clock, self.sakura, self.router.gateways)
        from .ike.link import IkeLink

        link = IkeLink(self.sakura, self.router.gateways, self.router.up)
        return self._stack.enter_context(link)

    def _credentials(self) -> dict[str, str]:
        file = self.folder / instance.CREDENTIALS
        if file.exists():
            known: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
            self.sakura.set_credentials(known["api_token"], known["api_secret"])
            return known
        made = {
            "api_token": secrets.token_hex(16),
            "api_secret": secrets.token_urlsafe(32),
            "user": USER,
            "password": secrets.token_hex(_PASSWORD_BYTES),
            "admin_password": secrets.token_hex(_PASSWORD_BYTES),
            "control_token": secrets.token_urlsafe(32),
        }
        self._use(made)
        return made

    def _use(self, credentials: dict[str, str]) -> None:
        self.sakura.set_credentials(credentials["api_token"], credentials["api_secret"])
        self.router.set_password(credentials["user"], credentials["password"])
        self.router.set_administrator_password(credentials["admin_password"])
        text = json.dumps(credentials, indent=1)
        instance.write_atomically(self.folder / instance.CREDENTIALS, text)

    @property
    def ports(self) -> dict[str, int]:
        """Where it listens."""
        return {"api": self.api.port, "ssh": self.ssh.port, "control": self.control.port}

    def run(self) -> None:
        """Serve until the end."""
        self.api.start()
        self.ssh.start()
        self.control.start()
        ends = {"instance": self.id, "ports": self.ports, "host_key": self.ssh.host_key}
        instance.write_atomically(self.folder / instance.ENDPOINTS, json.dumps(ends, indent=1))
        _log(f"rehearsal {self.id} on {self.ports}")
        while not self.ended.wait(_LOOK_SECONDS):
            if not self._owns_folder():
                _log("the folder belongs to no rehearsal or another one: ending")
                break
        self.control.stop()
        self.ssh.stop()
        self.api.stop()
        self._stack.close()
        _log("ended")

    def _owns_folder(self) -> bool:
        with contextlib.suppress(OSError):
            here = (self.folder / instance.INSTANCE).read_text(encoding="utf-8").strip()
            return here == self.id
        return False

    # What the control port offers

    def _health(self, _: Answer) -> Answer:
        return {"ports": self.ports, "reason": self.link.reason(), "ike": self.ike}

    def _calls(self, _: Answer) -> Answer:
        return {"calls": [[c.method, c.path, c.status] for c in list(self.sakura.calls)]}

    def _front(self, _: Answer) -> Answer:
        return self.link.front.told()

    def _change_front(self, body: Answer) -> Answer:
        self.link.front = Front.of({**self.link.front.told(), **body})
        told = self.link.front.told()
        instance.write_atomically(self.folder / FRONT, json.dumps(told))
        self.link.settle()
        return told

    def _type(self, body: Answer) -> Answer:
        lines = body["lines"]
        if not isinstance(lines, list):
            raise TypeError("lines: a list of texts")
        return {"text": run_lines(self.router, [str(line) for line in lines])}

    def _advance(self, body: Answer) -> Answer:
        seconds = float(body["seconds"])
        if not 0 <= seconds <= _LONGEST_JUMP:
            raise ValueError(f"time goes forward, by at most {_LONGEST_JUMP:.0f} s at once")
        if self.ike:
            raise ValueError("between real IKE daemons time cannot jump")
        self.clock.advance(seconds)
        self.router.tick()
        self.link.settle()
        return {}

    def _rotate(self, _: Answer) -> Answer:
        self.credentials |= {
            "api_secret": secrets.token_urlsafe(32),
            "password": secrets.token_hex(_PASSWORD_BYTES),
            "admin_password": secrets.token_hex(_PASSWORD_BYTES),
        }
        self._use(self.credentials)
        return {}

    def _fault(self, body: Answer) -> Answer:
        self.sakura.faults.order(body)
        return {}

    def _router_fault(self, body: Answer) -> Answer:
        self.router.faults.order(body)
        return {}

    def _options(self, body: Answer) -> Answer:
        self.sakura.change_options(body)
        return {}

    def _stop(self, _: Answer) -> Answer:
        self.ended.set()
        return {}


def _log(text: str) -> None:
    print(f"{datetime.now().astimezone().isoformat(timespec='seconds')} {text}", flush=True)


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Hold the folder's server lock; whether it was free."""
    with (folder / instance.SERVER_LOCK).open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def main(folder: Path, *options: str) -> int:
    """Serve the rehearsal in `folder` (`--ike`: between real IKE daemons); the exit code."""
    with _held(folder) as free:
        if not free:
            _log("another process serves this folder")
            return 1
        rehearsal = Rehearsal(folder, ike="--ike" in options)
        signal.signal(signal.SIGTERM, lambda *_: rehearsal.ended.set())
        rehearsal.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
