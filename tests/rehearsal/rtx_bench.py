"""A router on a clock that the test moves, a link that the test scripts, and a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Address
from pathlib import Path

from components.clock import ManualClock
from components.rehearsal.rtx import DEMO_CONFIGURATION, OfficeSa, Router
from components.rehearsal.rtx.console import Console

NOON = datetime(2026, 3, 17, 12, 0, 0, tzinfo=timezone(timedelta(hours=9)))
USER_PASSWORD, ADMINISTRATOR_PASSWORD = "user-pass", "admin-pass"
ENGLISH = DEMO_CONFIGURATION.replace(
    "timezone +09:00\n", "timezone +09:00\nconsole character en.ascii\n"
)

SEED_LINES = """\
tunnel select 2
tunnel encapsulation ipsec
ipsec tunnel 102
ipsec sa policy 102 2 esp aes-cbc sha-hmac
ipsec ike always-on 2 on
ipsec ike duration ipsec-sa 2 1800
ipsec ike duration ike-sa 2 28800
ipsec ike encryption 2 aes-cbc
ipsec ike group 2 modp1024
ipsec ike hash 2 sha
ipsec ike keepalive log 2 off
ipsec ike keepalive use 2 on dpd 15 2
ipsec ike local address 2 192.168.1.1
ipsec ike local id 2 192.168.1.0/24
ipsec ike backward-compatibility 2 2
ipsec ike pfs 2 on
ipsec ike pre-shared-key 2 text example_key
ipsec ike remote address 2 192.0.2.1
ipsec ike remote id 2 192.168.2.0/24
ipsec auto refresh 2 off
ip tunnel mtu 1280
ip tunnel tcp mss limit auto
tunnel enable 2
tunnel select none
ip route 192.168.2.0/24 gateway tunnel 2
nat descriptor masquerade static 1 4 192.168.1.1 esp
""".splitlines()


@dataclass
class ScriptedLink:
    """Says what the test told it to say, and remembers what the router told it."""

    answers: dict[str, float] = field(default_factory=dict)
    standing: list[OfficeSa] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    alive: bool = True

    def configuration_changed(self) -> None:
        self.told.append("changed")

    def rebooted(self) -> None:
        self.told.append("rebooted")

    def delete_sas(self, ids: Sequence[int] | None) -> None:
        self.told.append(f"delete {ids}")

    def refresh_sas(self, gateway: int | None = None) -> None:
        self.told.append("refresh" if gateway is None else f"refresh {gateway}")

    def sas(self) -> Sequence[OfficeSa]:
        return self.standing

    def tunnel_online(self, tunnel: int) -> bool:
        return any(sa.tunnel == tunnel for sa in self.standing)

    def keepalive_ok(self, gateway: int) -> bool:
        return self.alive

    def ping(self, source: IPv4Address | None, destination: IPv4Address, size: int) -> float | None:
        self.told.append(f"ping {source} {destination} {size}")
        return self.answers.get(str(destination))


def make_router(folder: Path, initial: str = ENGLISH, **options: object) -> Router:
    """A router at noon with both passwords set and a link that answers nothing."""
    router = Router(
        folder,
        clock=ManualClock(1000.25),
        initial=initial,
        date=NOON,
        **options,  # type: ignore[arg-type]
    )
    router.set_password("ops", USER_PASSWORD)
    router.set_administrator_password(ADMINISTRATOR_PASSWORD)
    router.office_link = ScriptedLink()
    return router


def link_of(router: Router) -> ScriptedLink:
    assert isinstance(router.office_link, ScriptedLink)
    return router.office_link


def advance(router: Router, seconds: float) -> None:
    """Let time pass as the server's loop does."""
    assert isinstance(router.clock, ManualClock)
    router.clock.advance(seconds)
    router.tick()


class Terminal:
    """Types at a console and keeps what the screen showed last."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.greeting = console.start().decode(console.codec)

    def raw(self, text: str) -> str:
        codec = self.console.codec
        return self.console.feed(text.encode(codec)).decode(self.console.codec)

    def line(self, text: str) -> str:
        """One line; what came after its echo, without the prompt."""
        shown = self.raw(text + "\r")
        _, _, rest = shown.partition("\r\n")
        return rest.rpartition("\r\n")[0].replace("\r\n", "\n")

    def lines(self, *texts: str) -> list[str]:
        return [self.line(text) for text in texts]


def administrator(router: Router, *, wide: bool = True) -> Terminal:
    """A user's terminal in administrator mode, after the line that is lost."""
    terminal = Terminal(router.console("ops"))
    terminal.raw("\r")
    terminal.raw("administrator\r")
    terminal.raw(f"{ADMINISTRATOR_PASSWORD}\r")
    if wide:
        terminal.raw("console lines infinity\r")
        terminal.raw("console columns 4096\r")
    return terminal
