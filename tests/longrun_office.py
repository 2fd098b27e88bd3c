"""A site for a simulated day: random faults at both ends, one who watches, one who runs `up`.

All times are of one clock that nobody waits for.  It passes in small steps, and at each the truth
is looked at (does a ping pass?) and what is due happens: in the middle of whatever is at work.
"""

from __future__ import annotations

import gc
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final
from unittest import mock

import tunnel_world
from tunnel_world import KEY, Wire, World, demo

from components import tunnel
from components.clock import ManualClock
from components.cloud.api import Client
from components.commands.proving import tunnel_of
from components.errors import Unreachable, VpnError
from components.office import guards
from components.office.login import Login
from components.watching import Decision, Limits, Watcher
from components.watching.eye import SiteEye

STEP: Final = 10.0
HOUR: Final = 3600.0
UP_EVERY: Final = HOUR
UP_AGAIN: Final = 600.0
QUIET: Final = HOUR / 2  # at the end nothing more goes wrong: all has to be well again by then
_SOURCE, _TARGET = IPv4Address("192.168.1.1"), IPv4Address("192.168.2.1")


class SteppingClock(ManualClock):
    """Passes in steps of at most `STEP`, and calls `each` after every one."""

    each: Callable[[], None] = staticmethod(lambda: None)

    def advance(self, seconds: float) -> None:
        end = self.now() + max(seconds, 0.0)
        while (left := end - self.now()) > 1e-9:
            super().advance(min(left, STEP))
            self.each()


@dataclass
class Outage:
    """No traffic from `begin` to `end`; `after` is the last thing that went wrong before."""

    begin: float
    after: str
    end: float = 0.0

    @property
    def seconds(self) -> float:
        return self.end - self.begin


@dataclass(frozen=True)
class Held:
    """What is held at a quiet moment: our own objects, memory (MiB), files, threads, sessions."""

    objects: int
    resident: int
    files: int
    threads: int
    sessions: int

    @classmethod
    def now(cls, world: World) -> Held:
        gc.collect()
        ours = sum(_is_ours(type(each)) for each in gc.get_objects())
        lines = Path("/proc/self/status").read_text().splitlines()
        resident = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
        files = len(list(Path("/proc/self/fd").iterdir()))
        sessions = len(world.router.sessions)
        return cls(ours, resident // 1024, files, threading.active_count(), sessions)


def _is_ours(kind: type) -> bool:
    """Whether an object of this type is the product's, not the stand-ins' nor the tests'."""
    module = str(getattr(kind, "__module__", ""))
    return module.startswith("components.") and not module.startswith("components.rehearsal")


@dataclass
class Report:
    """What happened: every fault, decision and `up` with its time, and every outage."""

    lines: list[tuple[float, str]] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    reconnects: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    ups: dict[str, int] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    seen_outage_s: float = 0.0
    unknown_s: float = 0.0

    @property
    def outage_s(self) -> float:
        return sum(outage.seconds for outage in self.outages)

    def text(self) -> str:
        lines = [f"{at / HOUR:7.3f} h  {text}" for at, text in self.lines]
        lines += [
            f"outage of {each.seconds:.0f} s from {each.begin / HOUR:.3f} h, after: {each.after}"
            for each in sorted(self.outages, key=lambda each: -each.seconds)
        ]
        return "\n".join(lines)


class CutWire(Wire):
    """A terminal behind a line that can be cut: then nothing arrives, in either direction."""

    day: Day

    def write(self, text: str) -> None:
        if not self.day.is_cut:
            super().write(text)

    def read(self, timeout: float) -> str:
        if self.day.is_cut:
            self.day.world.clock.advance(timeout)
            return ""
        return super().read(timeout)


class Day:
    """A site, its faults, its watcher and its operator; `run` lets the hours pass."""

    def __init__(self, folder: Path, seed: int, *, hours: float, fault_every: float) -> None:
        self.chance = random.Random(seed)
        self.report, self.is_cut, self._in_step = Report(), False, False
        with mock.patch.object(tunnel_world, "ManualClock", SteppingClock):
            self.world = World(folder)
        self.clock = self.world.clock
        assert isinstance(self.clock, SteppingClock)
        self._ping = self.world.link.ping
        self.world.link.ping = self._ping_unless_cut  # type: ignore[method-assign]
        with self.connected():
            self.world.establish(self.world.first)
        self.begin = self.clock.now()
        self.end = self.begin + hours * HOUR
        self._open: Outage | None = None
        self._last_fault, self._mending = "nothing", list[tuple[float, str, Callable[[], None]]]()
        self._fault_every = fault_every
        self._next_fault = self.begin + self.chance.expovariate(1 / fault_every)
        self._next_look, self._next_up = self.begin, self.begin + UP_EVERY
        self._applying, self._looking = False, False
        self.watcher = self._watcher()
        self.clock.each = self._step

    def close(self) -> None:
        self.world.close()

    def run(self) -> Report:
        """The whole day."""
        with self.connected():
            while (now := self.clock.now()) < self.end:
                if now >= self._next_up:
                    self._up()
                    self.report.held.append(Held.now(self.world))
                elif now >= self._next_look:
                    self._look()
                else:
                    due = min(self._next_up, self._next_look, self.end)
                    self.clock.advance(max(due - now, 0.01))
        self._close_outage()
        course = self.watcher.course.until(self.clock.now())
        self.report.seen_outage_s, self.report.unknown_s = course.outage_s, course.unknown_s
        self.report.reconnects = dict(self.watcher.record.reconnects)
        return self.report

    # --- the truth, and what goes wrong

    def _step(self) -> None:
        self.world.router.tick()
        self._truth()
        if self._in_step:
            return
        self._in_step = True
        try:
            self._happen()
            if self._applying and self.clock.now() >= self._next_look:
                self._look()
        finally:
            self._in_step = False

    def _truth(self) -> None:
        now = self.clock.now()
        if self._ping_unless_cut(_SOURCE, _TARGET, 64) is not None:
            self._close_outage()
        elif self._open is None:
            self._open = Outage(now, self._last_fault)

    def _close_outage(self) -> None:
        if self._open is not None:
            self._open.end = self.clock.now()
            self.report.outages.append(self._open)
            self._open = None

    def _happen(self) -> None:
        now = self.clock.now()
        for due in [each for each in self._mending if each[0] <= now]:
            self._mending.remove(due)
            self._say(due[1])
            due[2]()
        if now >= self._next_fault and now < self.end - QUIET:
            self._next_fault = now + self.chance.expovariate(1 / self._fault_every)
            name, fault = self.chance.choice(self._faults())
            self._last_fault = name
            self._say(f"FAULT: {name}")
            fault()

    def _later(self, seconds: float, text: str, act: Callable[[], None]) -> None:
        self._mending.append((self.clock.now() + seconds, text, act))

    def _faults(self) -> list[tuple[str, Callable[[], None]]]:
        return [
            ("the RTX restarts", self.world.router.reboot),
            ("the RTX loses its SAs, nobody is told", lambda: self.world.link.refresh_sas(2)),
            ("the RTX deletes all its SAs", lambda: self.world.link.delete_sas(None)),
            ("the VPC router loses its SAs", self._cloud_loses),
            ("somebody presses VPN reconnect", self._reconnected),
            ("the line is cut", self._cut),
            ("the API is in trouble", self._storm),
            ("somebody types the published settings, and saves", self._published),
            ("somebody types a route and does not save", self._unsaved),
            ("somebody disables the tunnel", self._disable),
        ]

    def _cloud_loses(self) -> None:
        self.world.link.router_stopped(self.world.made.id)

    def _reconnected(self) -> None:
        self.world.link.restart_vpn(self.world.made.id)

    def _cut(self) -> None:
        seconds = self.chance.choice([5, 20, 60, 300, 1200])
        self.is_cut = True

        def mend() -> None:
            self.is_cut = False
            if seconds > self.world.first.cloud["dpdTimeout"]:  # both ends have given up by now
                self.world.link.refresh_sas(2)
                self._cloud_loses()

        self._later(seconds, f"the line is back after {seconds} s", mend)

    def _storm(self) -> None:
        kind = self.chance.choice(["busy", "too_many_request", "reset_before", "forbidden"])
        for path in ("*", "*/*", "*/*/*", "*/*/*/*"):
            self.world.sakura.faults.add("*", path, kind, self.chance.randint(1, 60))
        seconds = self.chance.choice([30, 300, 1800])
        self._later(seconds, "the API is well again", self.world.sakura.faults.clear)

    def _type(self, *lines: str) -> None:
        if self.world.router.up():
            self.world.type(*lines)

    def _published(self) -> None:
        self._type("ipsec auto refresh 2 on", "ipsec ike backward-compatibility 2 1", "save")

    def _unsaved(self) -> None:
        self._type("ip route 10.9.0.0/16 gateway 198.51.100.1")
        undo = "no ip route 10.9.0.0/16 gateway 198.51.100.1"
        seconds = self.chance.choice([300, 4000])
        self._later(seconds, "somebody takes the route away again", lambda: self._type(undo))

    def _disable(self) -> None:
        self._type("tunnel select 2", "tunnel disable 2", "tunnel select none")

        def enable() -> None:
            self._type("tunnel select 2", "tunnel enable 2", "tunnel select none")

        self._later(self.chance.choice([30, 600]), "somebody enables it again", enable)

    def _ping_unless_cut(
        self, source: IPv4Address | None, destination: IPv4Address, size: int
    ) -> float | None:
        return None if self.is_cut else self._ping(source, destination, size)

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Sessions come by our own wire meanwhile."""
        with mock.patch("components.office.session._by_ssh", self._connect):
            yield

    def _connect(self, login: Login) -> Wire:
        if self.is_cut or not self.world.router.listens():
            self.clock.advance(login.timeout if self.is_cut else 1.0)
            raise Unreachable(f"no answer from {login.host}")
        self.world.logins += 1
        wire = CutWire(self.world.router, self.clock, login.user)
        wire.day = self
        return wire

    # --- who watches

    def _watcher(self) -> Watcher:
        world, site = self.world, tunnel_of(demo())
        eye = SiteEye(
            tunnel=site,
            login=lambda: world.login,
            client=self._client,
            router_id=lambda _: world.made.id,
            holders=list,  # `up` runs on another machine: only its guard is seen
            clock=self.clock,
            progress=lambda _: None,
        )
        return Watcher(
            "office",
            eye,
            Limits(patience=float(site.patience)),
            clock=self.clock,
            wall=self.clock.now,
            chance=self.chance.random,
            say=self._decided,
        )

    def _client(self) -> Client:
        client = self.world.client_of(tunnel_world.CREDENTIALS, self.clock)
        client.deadline = self.clock.now() + 120
        return client

    def _decided(self, decision: Decision) -> None:
        self._say(f"watch: {decision.event}: {decision.text}")
        running = self.world.router.running().lines()
        if decision.event == "reconnect" and any(line.startswith(GUARD) for line in running):
            self.report.violations.append(f"{self.clock.now() / HOUR:.3f} h: acted on a guard")

    def _look(self) -> None:
        if not self._looking:
            self._looking = True
            try:
                self._next_look = self.clock.now() + self.watcher.turn()
            finally:
                self._looking = False

    # --- who runs `up`

    def _up(self) -> None:
        """As a pipeline does it: refresh, and `up` if there is drift; again soon if it failed."""
        self._applying = True
        self._next_up = self.clock.now() + UP_EVERY
        try:
            result = self._refresh_and_up()
        except VpnError as error:
            result = "failed"
            self._next_up = self.clock.now() + UP_AGAIN
            self._say(f"up: failed: {error.what}; {error.state}")
        finally:
            self._applying = False
        self.report.ups[result] = self.report.ups.get(result, 0) + 1

    def _refresh_and_up(self) -> str:
        wish = self.world.first
        standing = self.world.look(wish)
        cloud = standing.cloud or {"peer": wish.cloud["peer"]}
        if standing.lines == wish.lines and dict(cloud) == dict(wish.cloud):
            return "nothing to do"
        self._say("up: there is drift")
        proof = self.world.establish(wish, tunnel.Wish(standing.lines, cloud, KEY))
        self._say(f"up: done, outage {proof.outage_s:g} s")
        return "done"

    def _say(self, text: str) -> None:
        self.report.lines.append((self.clock.now() - self.begin, " ".join(text.split())))


GUARD: Final = "schedule at 655"
assert guards.SPARE  # the lines looked for are those of `guards`
