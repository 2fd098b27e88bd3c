"""The router itself: running and saved configuration, users, sessions, timers, reboot.

Every method may be called from any thread; the readers of the configuration take no lock, so the
link may call them from inside its own.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Final

from ...clock import Clock
from .configuration import Configuration, Statement
from .console import Console
from .demo import DEMO_CONFIGURATION
from .gateways import gateways, interfaces
from .grammar import split
from .office import OfficeGateway, OfficeLink, OfficeSa
from .passwords import encrypted, matches
from .schedule import Entry, entry

__all__ = ["OfficeGateway", "OfficeLink", "OfficeSa", "Router", "run_lines"]

_ZONE: Final = timezone(timedelta(hours=9))
_LOGIN_TIMER: Final = 300
_LOG_LINES: Final = 1000
_PATIENCE: Final = 60.0


@dataclass(frozen=True)
class _Rollback:
    """An armed `rollback timer`: what comes back, and when."""

    deadline: float
    configuration: Configuration


class Router:
    """A Yamaha RTX whose state lives in a folder.

    `folder` gets `saved.cfg` (all secrets in it, readable by the owner only), `host_key` and
    `authorized_keys/USER`; a new `Router` on the same folder boots from the saved configuration,
    as after a power loss.  `initial` is the first saved configuration.  `boot_seconds` pass on the
    clock until the router listens again after a reboot.  `sessions_survive`: a session whose TCP
    connection died stays until the login timer, which is only likely (unverified); if not, it
    ends as by `exit`, the worse case for an armed rollback timer.  `date` is the time of day at
    the start (default: now, Japan time).
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
    ) -> None:
        self.folder, self.clock, self.model, self.revision_name = folder, clock, model, revision
        self.revision = tuple(int(part) for part in revision.split("."))
        self.boot_seconds, self.sessions_survive = boot_seconds, sessions_survive
        self.office_link: OfficeLink | None = None
        self.lock = threading.RLock()
        self.sessions: list[Console] = []
        self.log: deque[tuple[datetime, str]] = deque(maxlen=_LOG_LINES)
        self._date = date or datetime.now(_ZONE)
        self._origin = self._ticked = self.booted_at = clock.now()
        self._up_at, self._starting = self._origin, True
        self._rollbacks: dict[Console, _Rollback] = {}
        self._counters: dict[int, list[tuple[int, int]]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "saved.cfg"
        if self._file.exists():
            self._saved = Configuration.parse(self._file.read_text("utf-8"), self.revision)
        else:
            self._write(Configuration.parse(initial, self.revision))
        self._running = self._saved
        self.note("Power-on boot")

    # --- configuration --------------------------------------------------------------------------

    def running(self) -> Configuration:
        """What is in force now."""
        return self._running

    def saved(self) -> Configuration:
        """What comes back after a reboot (CONFIG0)."""
        return self._saved

    def gateways(self) -> list[OfficeGateway]:
        """The security gateways as the running configuration has them."""
        return gateways(self._running)

    def addresses(self) -> list[IPv4Address]:
        """The router's own addresses."""
        return [address.ip for _, address in interfaces(self._running)]

    def count(self, tunnel: int, octets: int, *, answered: bool) -> None:
        """Count a packet that went into a tunnel, and its answer."""
        received, sent = self.counters(tunnel)
        if answered:
            received = (received[0] + 1, received[1] + octets)
        self._counters[tunnel] = [received, (sent[0] + 1, sent[1] + octets)]

    def counters(self, tunnel: int) -> list[tuple[int, int]]:
        """Packets and octets received from, and sent into, a tunnel since the last boot."""
        return self._counters.get(tunnel, [(0, 0), (0, 0)])

    def change(self, configuration: Configuration) -> None:
        """Put a configuration in force."""
        with self.lock:
            if configuration == self._running:
                return
            self._running = configuration
        if self.office_link is not None:
            self.office_link.configuration_changed()

    def save(self) -> None:
        """Make the running configuration the saved one."""
        with self.lock:
            self._write(self._running)

    def unsaved(self) -> bool:
        """Whether running and saved differ."""
        return not self._running.same_as(self._saved)

    def _write(self, configuration: Configuration) -> None:
        self._saved = configuration
        beside = self._file.with_suffix(".new")
        beside.touch(mode=0o600)
        beside.write_text(configuration.text(), "utf-8")
        beside.replace(self._file)

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
            self._write(self._saved.with_line(new))
            self.change(self._running.with_line(new))

    def add_key(self, user: str, openssh_public_key: str) -> None:
        """Let a user log in with a key; it is kept on the router's flash, not in its configuration.

        Source: command reference 4.76.
        """
        keys = self.folder / "authorized_keys"
        keys.mkdir(exist_ok=True)
        with (keys / user).open("a", encoding="ascii") as file:
            file.write(openssh_public_key.strip() + "\n")

    def keys(self, user: str) -> list[str]:
        """The public keys of a named user, in OpenSSH form."""
        path = self.folder / "authorized_keys" / user
        known = self._running.value(f"login user {user}") is not None
        return path.read_text("ascii").splitlines() if known and path.exists() else []

    def password_fits(self, user: str, password: str) -> bool:
        """Whether a named user may log in with this password."""
        return matches(self._running.value(f"login user {user}"), password)

    def administrator_password_fits(self, password: str) -> bool:
        """Whether this is the administrator password; without one, everything fits."""
        stored = self._running.value("administrator password")
        return stored is None or matches(stored, password)

    def attribute(self, user: str | None, name: str) -> str | None:
        """One value of `user attribute`, the user's own before everybody's (4.6)."""
        for key in (f"user attribute {user}", "user attribute *"):
            for word in self._running.value(key) or ():
                if word.startswith(name + "="):
                    return word.partition("=")[2]
        return None

    # --- sessions -------------------------------------------------------------------------------

    def console(
        self, user: str | None = None, *, administrator: bool = False, script: bool = False
    ) -> Console:
        """A terminal session; `script` has neither pager nor wrapping and speaks UTF-8."""
        with self.lock:
            console = Console(self, user, administrator=administrator, script=script)
            self.sessions.append(console)
        return console

    def end(self, console: Console, *, restore: bool = False) -> None:
        """Close a session; its rollback timer is cancelled, or acts at once if `restore`."""
        with self.lock:
            rollback = self._rollbacks.pop(console, None)
            if console in self.sessions:
                self.sessions.remove(console)
            console.closed = True
        if restore and rollback is not None:
            self._restore(rollback)

    def hung_up(self, console: Console) -> None:
        """The connection of a session is gone."""
        if console.closed:
            return
        if self.sessions_survive:
            console.detached = True
        else:
            self.end(console)

    def arm(self, console: Console, seconds: int) -> None:
        """`rollback timer`: one for each console, the last one counts (56.7.31)."""
        self._rollbacks[console] = _Rollback(self.clock.now() + seconds, self._running)

    def disarm(self, console: Console) -> bool:
        """Stop the console's rollback timer; whether one was running."""
        return self._rollbacks.pop(console, None) is not None

    def _restore(self, rollback: _Rollback) -> None:
        self.note("Rollback timer expired, configuration restored")
        self.change(rollback.configuration)

    def _login_seconds(self, console: Console) -> float:
        words = self._running.value("login timer") or ("clear",)
        value = self.attribute(console.user, "login-timer") or words[0]
        return _LOGIN_TIMER if value == "clear" else float(value)

    # --- time -----------------------------------------------------------------------------------

    def date(self, moment: float | None = None) -> datetime:
        """The router's time of day, now or at a moment of its clock."""
        seconds = (self.clock.now() if moment is None else moment) - self._origin
        return self._date + timedelta(seconds=seconds)

    def note(self, text: str) -> None:
        """Write a line to the log (`show log`)."""
        self.log.append((self.date(), text))

    def up(self) -> bool:
        """Whether the router has booted."""
        return self.clock.now() >= self._up_at

    def tick(self) -> None:
        """Let the timers act that are due: rollback, login timer, schedules."""
        with self.lock:
            now = self.clock.now()
            for console, rollback in list(self._rollbacks.items()):
                if now >= rollback.deadline:
                    del self._rollbacks[console]
                    self._restore(rollback)
            for console in list(self.sessions):
                if not console.script and now - console.last_input >= self._login_seconds(console):
                    self.end(console, restore=True)
            self._run_schedules(now)

    def _run_schedules(self, now: float) -> None:
        first, self._ticked = self._ticked, now
        if self._starting and self.up():
            self._starting = False
            for each in self._schedules():
                if each.at_startup():
                    self._run(each)
        entries = self._schedules()
        moment, end = self.date(first).replace(microsecond=0), self.date(now)
        while entries and (moment := moment + timedelta(seconds=1)) <= end:
            for each in [each for each in entries if each.due(moment)]:
                self._run(each)
                entries = self._schedules()

    def _schedules(self) -> list[Entry]:
        found = [
            entry([word.raw for word in split(each.text)][2:])
            for each in self._running.statements
            if each.key.startswith("schedule at ")
        ]
        return sorted(found)

    def _run(self, scheduled: Entry) -> None:
        self.note(f"[SCHEDULE] {scheduled.command}")
        if scheduled.allowed():
            select = [scheduled.context.replace(" ", " select ", 1)] if scheduled.context else []
            run_lines(self, [*select, scheduled.command])

    def reboot(self) -> None:
        """Boot from the saved configuration; sessions and SAs are gone without notice."""
        with self.lock:
            self._running = self._saved
            self._rollbacks.clear()
            self._counters.clear()
            for console in list(self.sessions):
                self.end(console)
            self.booted_at = self.clock.now()
            self._up_at, self._starting = self.booted_at + self.boot_seconds, True
            self.note("Restart by restart command")
        if self.office_link is not None:
            self.office_link.rebooted()

    # --- access ---------------------------------------------------------------------------------

    def listens(self) -> bool:
        """Whether the SSH port answers: booted, and `sshd service on` (4.65)."""
        return self.up() and self._running.value("sshd service") == ("on",)

    def session_limit(self) -> int:
        """`sshd session`, 1..8 (4.68)."""
        return int((self._running.value("sshd session") or ("8",))[0])

    def admits(self, source: IPv4Address) -> bool:
        """Whether `sshd host` lets this address in (4.67); for a LAN keyword, its prefix."""
        own = list(interfaces(self._running))
        for word in self._running.value("sshd host") or ("any",):
            name, first, last = word, *(word.split("-") * 2)[:2]
            if word == "any" or any(
                source in address.network
                for interface, address in own
                if interface == name or (word == "lan" and interface.startswith("lan"))
            ):
                return True
            if first[0].isdigit() and "-" in word:
                if IPv4Address(first) <= source <= IPv4Address(last):
                    return True
            elif first[0].isdigit() and source in IPv4Network(word, strict=False):
                return True
        return False


def run_lines(router: Router, lines: Sequence[str]) -> str:
    """Type lines at an administrator's console and return what the terminal shows.

    The console is logged out at the end, which cancels a rollback timer that it armed.
    A line `y` or `n` answers a question; without one, the answer is `n`.  A command that does not
    end within a minute of the router's clock is ended with Ctrl-C.
    """
    router.tick()
    console = router.console(administrator=True, script=True)
    shown = console.start()
    try:
        for text in lines:
            if console.asking:
                answered = text.strip().lower() in ("y", "n")
                shown += console.feed(text.strip().encode() if answered else b"n")
                if answered:
                    continue
            shown += console.feed(f"{text}\r".encode())
            shown += _settle(router, console)
        if console.asking:
            shown += console.feed(b"n")
    finally:
        router.end(console)
    return shown.decode()


def _settle(router: Router, console: Console) -> bytes:
    shown, patience = b"", router.clock.now() + _PATIENCE
    while (wake := console.wakes_at) is not None:
        if router.clock.now() >= patience:
            return shown + console.feed(b"\x03")
        router.clock.wait(wake - router.clock.now())
        shown += console.poll()
    return shown
