"""The router itself: running and saved configuration, users, sessions, timers, reboot.

Every method may be called from any thread; the readers of the configuration take no lock, so the
link may call them from inside its own.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from ...clock import Clock
from . import access
from .agenda import Agenda
from .behaviour import Behaviour
from .configuration import Configuration, Statement
from .console import Console
from .demo import DEMO_CONFIGURATION
from .faults import Faults
from .firmware import Firmware
from .flash import Flash
from .gateways import gateways, interfaces
from .office import OfficeGateway, OfficeLink, OfficeSa
from .passwords import encrypted, matches
from .script import run_lines

__all__ = ["OfficeGateway", "OfficeLink", "OfficeSa", "Router", "run_lines"]

_USUAL: Final = Behaviour()
_ZONE: Final = timezone(timedelta(hours=9))
_LOGIN_TIMER: Final = 300
_LOG_LINES: Final = 1000


class Router:
    """A Yamaha RTX whose state lives in a folder.

    `folder` gets `saved.cfg` (all secrets in it, readable by the owner only), `host_key` and
    `authorized_keys/USER`; a new `Router` on the same folder boots from the saved configuration,
    as after a power loss.  `initial` is the first saved configuration.  `boot_seconds` pass on the
    clock until the router listens again after a reboot.  `sessions_survive`: a session whose TCP
    connection died stays until the login timer, which is only likely (unverified); if not, it
    ends as by `exit`, the worse case for an armed rollback timer.  `date` is the time of day at
    the start (default: now, Japan time).  `given` are the addresses that the provider gives to
    PPPoE sessions, by peer number.  `faults` is what goes wrong on purpose.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock,
        model: str = "RTX1220",
        revision: str = "15.04.03",
        initial: str = DEMO_CONFIGURATION,
        boot_seconds: float = 3.0,
        sessions_survive: bool = True,
        date: datetime | None = None,
        behaviour: Behaviour = _USUAL,
        given: Mapping[int, IPv4Address] | None = None,
    ) -> None:
        self.folder, self.clock, self.model, self.revision_name = folder, clock, model, revision
        self.firmware = Firmware(model, revision)
        self.boot_seconds, self.sessions_survive = boot_seconds, sessions_survive
        self.behaviour, self.given = behaviour, given or {}
        self.office_link: OfficeLink | None = None
        self.lock = threading.RLock()
        self.sessions: list[Console] = []
        self.public_key = ""  # of the host, set by the SSH server
        self.keys_made, self.key_bits = 0, self.firmware.most("KEYBITS")
        self.log: deque[tuple[datetime, str]] = deque(maxlen=_LOG_LINES)
        self._date = date or datetime.now(_ZONE)
        self._origin = self._up_at = self.booted_at = clock.now()
        self._counters: dict[int, list[tuple[int, int]]] = {}
        self._gateways: tuple[object, list[OfficeGateway]] = None, []
        self.flash = Flash(folder, self.firmware, initial)
        self._running = self.flash.default
        self.faults = Faults()
        self._agenda = Agenda(self)
        self._agenda.boot(self._running, self._up_at)
        self.note("Power-on boot")

    # --- configuration --------------------------------------------------------------------------

    def running(self) -> Configuration:
        """What is in force now."""
        return self._running

    def saved(self) -> Configuration:
        """The configuration that the router booted from, as it is saved now."""
        return self.flash.default

    def gateways(self) -> list[OfficeGateway]:
        """The security gateways as the running configuration has them."""
        basis = self._running, self.firmware, dict(self.given)
        known, found = self._gateways
        if basis != known:  # a link asks at every step, and few steps change anything
            found = gateways(*basis)
            self._gateways = basis, found
        return list(found)

    def addresses(self) -> list[IPv4Address]:
        """The router's own addresses."""
        return [address.ip for _, address in interfaces(self._running, self.given)]

    def count(self, tunnel: int, octets: int, *, answered: bool) -> None:
        """Count a packet that went into a tunnel, and its answer."""
        received, sent = self.counters(tunnel)
        if answered:
            received = (received[0] + 1, received[1] + octets)
        self._counters[tunnel] = [received, (sent[0] + 1, sent[1] + octets)]

    def counters(self, tunnel: int) -> list[tuple[int, int]]:
        """Packets and octets received from, and sent into, a tunnel since the last boot."""
        return self._counters.get(tunnel, [(0, 0), (0, 0)])

    def change(self, configuration: Configuration, typed: Collection[Statement] = ()) -> None:
        """Put a configuration in force; `typed` are the lines that were typed to get there."""
        with self.lock:
            before, self._running = self._running, configuration
            self._agenda.follow(configuration, typed)
            if configuration == before:
                return
        if self.office_link is not None:
            self.office_link.configuration_changed()

    def save(self, number: int | None = None) -> None:
        """Make the running configuration a saved one: that of the last boot, or another."""
        with self.lock:
            self.flash.save(self._running, number)

    def unsaved(self) -> bool:
        """Whether running and saved differ."""
        return not self._running.same_as(self.saved())

    # --- users ----------------------------------------------------------------------------------

    def set_password(self, user: str, password: str) -> None:
        """Give a login user a password, in the running and the saved configuration."""
        self._set_everywhere(f"login user {user}", password)

    def set_administrator_password(self, password: str) -> None:
        """Set the administrator password, in the running and the saved configuration."""
        self._set_everywhere("administrator password", password)

    def _set_everywhere(self, key: str, password: str) -> None:
        new = Statement("", key, f"{key} {encrypted(password)}")
        with self.lock:
            self.flash.save(self.saved().with_line(new))
            self.change(self._running.with_line(new))

    def make_key(self, bits: int | None = None) -> None:
        """Make the host key anew, of the model's usual length if none is given (4.69)."""
        self.key_bits = bits or self.firmware.most("KEYBITS")
        self.keys_made += 1

    def signatures(self) -> tuple[bytes, ...]:
        """How the host key signs."""
        modern = self.behaviour.rsa_sha2 and self.firmware.has("rsa-sha2")
        return (b"rsa-sha2-256", b"ssh-rsa") if modern else (b"ssh-rsa",)

    def reload_key(self) -> None:
        """A `load` came to the line of the host key."""
        if self.behaviour.load_makes_key:
            self.make_key()

    def add_key(self, user: str, openssh_public_key: str) -> None:
        """Let a user log in with a key; it is kept on the router's flash, not in its configuration.

        Source: command reference 4.76.
        """
        name = self.key_file(user)
        self.flash.put(name, f"{self.flash.text(name)}{openssh_public_key.strip()}\n")

    def key_file(self, user: str) -> str:
        """Where the public keys of a user are (4.75)."""
        words = self._running.value(f"sshd authorized-keys filename {user}")
        return words[0].partition("=")[2] if words else f"/ssh/authorized_keys/{user}"

    def keys(self, user: str) -> list[str]:
        """The public keys of a named user, in OpenSSH form."""
        if not self._running.has(f"login user {user}"):
            return []
        return access.public_keys(self.flash.text(self.key_file(user)))

    def password_fits(self, user: str, password: str) -> bool:
        """Whether a named user may log in with this password."""
        return matches(self._running.value(f"login user {user}"), password)

    def administrator_password_fits(self, password: str) -> bool:
        """Whether this is the administrator password; without one, everything fits."""
        stored = self._running.value("administrator password")
        return stored is None or matches(stored, password)

    def attribute(self, user: str | None, name: str) -> str | None:
        """One value of `user attribute`, the user's own before everybody's (4.10)."""
        return access.attribute(self._running, user, name)

    # --- sessions -------------------------------------------------------------------------------

    def console(
        self, user: str | None = None, *, administrator: bool = False, script: bool = False
    ) -> Console:
        """A terminal session; `script` has neither pager nor wrapping and speaks UTF-8."""
        with self.lock:
            console = Console(self, user, administrator=administrator, script=script)
            self.sessions.append(console)
        return console

    def end(self, console: Console) -> None:
        """Close a session, as by `exit`: its rollback timer is cancelled."""
        with self.lock:
            self._agenda.disarm(console)
            if console in self.sessions:
                self.sessions.remove(console)
            console.closed = True

    def hung_up(self, console: Console) -> None:
        """The connection of a session is gone."""
        if console.closed:
            return
        if self.sessions_survive:
            console.detached = True
        else:
            self.end(console)

    def arm(self, console: Console, seconds: int) -> None:
        """`rollback timer`: one for each console, the last one counts (56.7.30, 56.7.31)."""
        self._agenda.arm(console, seconds)

    def disarm(self, console: Console) -> bool:
        """Stop the console's rollback timer; whether one was running."""
        return self._agenda.disarm(console)

    def login_seconds(self, console: Console) -> float:
        """How long a session may be silent (4.53, `user attribute`)."""
        words = self._running.value("login timer") or ("clear",)
        value = self.attribute(console.user, "login-timer") or words[0]
        return _LOGIN_TIMER if value == "clear" else float(value)

    # --- time -----------------------------------------------------------------------------------

    def date(self, moment: float | None = None) -> datetime:
        """The router's time of day, now or at a moment of its clock."""
        seconds = (self.clock.now() if moment is None else moment) - self._origin
        return self._date + timedelta(seconds=seconds)

    def moment(self, date: datetime) -> float:
        """The moment of its clock at a time of day."""
        return self._origin + (date - self._date).total_seconds()

    def note(self, text: str) -> None:
        """Write a line to the log (`show log`), and to terminals that want it."""
        with self.lock:
            now = self.date()
            self.log.append((now, text))
            for console in self.sessions:
                console.inform(f"{now:%Y/%m/%d %H:%M:%S}: {text}")

    def up(self) -> bool:
        """Whether the router has booted."""
        return self.clock.now() >= self._up_at

    def tick(self) -> None:
        """Let everything happen that is due: rollbacks, logouts, schedules."""
        with self.lock:
            self._agenda.tick()

    def reboot(self) -> None:
        """Boot from the saved configuration; sessions and SAs are gone without notice."""
        with self.lock:
            self.flash.boot()
            self._running = self.saved()
            self._counters.clear()
            for console in list(self.sessions):
                self.end(console)
            self.booted_at = self.clock.now()
            self._up_at = self.booted_at + self.boot_seconds
            self._agenda.boot(self._running, self._up_at)
            self.note("Restart by restart command")
        if self.office_link is not None:
            self.office_link.rebooted()

    # --- access ---------------------------------------------------------------------------------

    def listens(self) -> bool:
        """Whether the SSH port answers: booted, `sshd service on`, a host key (4.65, 4.69)."""
        on = self._running.value("sshd service") == ("on",)
        return self.up() and on and self._running.has("sshd host key generate")

    def session_limit(self) -> int:
        """`sshd session`, 1..8 (4.68)."""
        return int((self._running.value("sshd session") or ("8",))[0])

    def admits(self, source: IPv4Address, user: str | None = None) -> bool:
        """Whether `sshd host` and a user's attributes let an address in (4.67, 4.10)."""
        running, own = self._running, list(interfaces(self._running, self.given))
        others = sum(each.user == user for each in self.sessions)
        return access.admits(running, own, source) and (
            user is None or access.may_connect(running, own, user, source, others=others)
        )

    def methods(self) -> set[str]:
        """How one may authenticate: `password`, `publickey` (4.74)."""
        return access.methods(self._running, self.firmware)
