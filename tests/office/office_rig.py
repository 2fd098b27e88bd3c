"""A rehearsed router in memory, with a wire to it that can be cut: no network, no waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from components.clock import ManualClock
from components.ipsec import Agreement, Proposal
from components.office import config
from components.office.login import Login
from components.office.render import NatStatic, OfficeSite, render
from components.rehearsal.rtx.demo import DEMO_CONFIGURATION
from components.rehearsal.rtx.device import Router

CODECS = {"ja.utf8": "utf-8", "ja.euc": "euc_jp", "ja.sjis": "cp932", "en.ascii": "ascii"}
LOGIN = Login("rtx.example", 22, "ops", "login-CANARY", "admin-CANARY", "ssh-rsa AAAA")
KEY, OLD_KEY = "KEY_CANARY_" + "a" * 29, "OLD_CANARY_" + "b" * 29

AGREEMENT = Agreement(
    office_address=IPv4Address("198.51.100.20"),
    office_identity=IPv4Address("192.168.1.1"),
    office_prefix=IPv4Network("192.168.1.0/24"),
    cloud_prefix=IPv4Network("192.168.2.0/24"),
    cloud_address=IPv4Address("192.0.2.1"),
    proposal=Proposal("aes128", "sha1", "modp1024"),
)
SITE = OfficeSite(
    lan=IPv4Network("192.168.1.0/24"),
    lan_address=IPv4Address("192.168.1.1"),
    wan_interface="lan2",
    tunnel=2,
    policy=102,
    gateway=2,
    nat_static=(NatStatic(1, 4, "esp", None, "ESP must reach the router itself"),),
)
WANTED = render(AGREEMENT, SITE)
SCOPE = config.scope_of(WANTED)


class Wire:
    """A terminal of the router.  `on_line` is called before each typed line reaches it."""

    def __init__(self, router: Router, clock: ManualClock, on_line: Callable[[str], bool]) -> None:
        self._router, self._clock, self._on_line = router, clock, on_line
        self.console = router.console("ops")
        self._shown = [self.console.start()]
        self.gone = False
        self._encoding = "cp932"
        character = router.running().value("console character")
        if character:
            self._encoding = CODECS[character[0]]

    def use_encoding(self, encoding: str) -> None:
        assert encoding == self._encoding

    def write(self, text: str) -> None:
        if self.gone:
            return
        if text.endswith("\r") and not self._on_line(text[:-1]):
            self.close()
            return
        self._shown.append(self.feed(text.encode(self._encoding)))
        if self.console.dropped:
            self.close()

    def feed(self, data: bytes) -> bytes:
        """What the terminal shows for what is typed."""
        return self.console.feed(data)

    def read(self, timeout: float) -> str:
        while self._shown:
            if data := self._shown.pop(0):
                return data.decode(self._encoding, "replace")
        if self.gone or self.console.closed:
            raise ConnectionError("gone")
        self._clock.advance(timeout)
        self._router.tick()
        return self.console.poll().decode(self._encoding, "replace")

    def close(self) -> None:
        if not self.gone:
            self.gone = True
            self._router.hung_up(self.console)


@dataclass
class Rig:
    """The router and everything that was typed on it; `cut` says where the wire dies."""

    router: Router
    clock: ManualClock
    typed: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    cut: Callable[[str], bool] = lambda _line: False
    wires: list[Wire] = field(default_factory=list)
    refuse_login: bool = False

    def connect(self, login: Login) -> Wire:
        if self.refuse_login:
            raise ConnectionError("refused")
        assert login.user == "ops"
        self.wires.append(Wire(self.router, self.clock, self._line))
        return self.wires[-1]

    def _line(self, line: str) -> bool:
        if self.cut(line):
            return False
        self.typed.append(line)
        return True

    def lines(self) -> list[str]:
        return self.router.running().lines()

    def saved(self) -> list[str]:
        return self.router.saved().lines()

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.router.tick()


def rig(folder: Path, extra: str = "", **options: object) -> Rig:
    clock = ManualClock(1000.0)
    initial = DEMO_CONFIGURATION + extra
    router = Router(folder, clock=clock, initial=initial, **options)  # type: ignore[arg-type]
    router.set_password("ops", LOGIN.password)
    router.set_administrator_password(LOGIN.administrator_password)
    return Rig(router, clock)
