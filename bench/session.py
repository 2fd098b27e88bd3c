"""A change typed over a slow line, beside netmiko's yamaha driver doing the same.

The stand-in router stands behind a proxy that delays every byte in both directions; the proxy also
counts round trips: how often the client speaks again after it heard something.  netmiko needs a
router with a name in its prompt (`console prompt`): of a bare `> ` it takes the mark for the name
and waits for it for ever once it is administrator.  Everything else is netmiko's default.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.clock import SystemClock
from components.office.apply import GuardedChange
from components.office.config import scope_of
from components.office.login import Login
from components.office.session import Session
from components.rehearsal.rtx import DEMO_CONFIGURATION, Router, RtxServer

from .table import Row

DELAYS: Final = (0.020, 0.100)
ALLOWED: Final = {14: 0.55, 100: 0.20}
NAMED: Final = DEMO_CONFIGURATION + "console prompt office\n"
BLOCK: Final = """\
tunnel select 2
tunnel encapsulation ipsec
ipsec tunnel 102
ipsec sa policy 102 2 esp aes-cbc sha-hmac
ipsec ike duration ipsec-sa 2 1800
ipsec ike encryption 2 aes-cbc
ipsec ike group 2 modp1024
ipsec ike hash 2 sha
ipsec ike local address 2 192.168.1.1
ipsec ike pre-shared-key 2 text not_a_real_key
ipsec ike remote address 2 192.0.2.1
ip tunnel mtu 1280
tunnel enable 2
tunnel select none
""".splitlines()


def lines(count: int) -> list[str]:
    """A tunnel as it is typed, and filters until there are `count` lines."""
    filters = (f"ip filter {n} pass 192.168.1.0/24 * tcp * {n}" for n in range(5000, 6000))
    return [*BLOCK, *(next(filters) for _ in range(count - len(BLOCK)))]


# --- the slow line --------------------------------------------------------------------------------


def _nothing() -> None:
    """Nobody counts at this end."""


async def _received(source: asyncio.StreamReader) -> bytes:
    """What came; nothing at the end, however it ends."""
    try:
        return await source.read(65536)
    except ConnectionError:
        return b""


class SlowLine:
    """A TCP proxy on loopback to `port`; every byte arrives `delay` seconds later."""

    def __init__(self, port: int, delay: float) -> None:
        self._to, self._delay = port, delay
        self.port, self.round_trips = 0, 0
        self._heard = True
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> SlowLine:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1")
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        # The kernel has answered the client's SYN at once: its round trip is made up for here.
        self.round_trips += 1
        await asyncio.sleep(2 * self._delay)
        router, to_router = await asyncio.open_connection("127.0.0.1", self._to)
        # Cancelled when the line is taken down while somebody still speaks.
        with suppress(asyncio.CancelledError):
            await asyncio.gather(
                self._carry(client, to_router, leaves=self._spoken),
                self._carry(router, to_client, arrives=self._hear),
            )

    def _spoken(self) -> None:
        self.round_trips += self._heard
        self._heard = False

    def _hear(self) -> None:
        self._heard = True

    async def _carry(
        self,
        source: asyncio.StreamReader,
        to: asyncio.StreamWriter,
        *,
        leaves: Callable[[], None] = _nothing,
        arrives: Callable[[], None] = _nothing,
    ) -> None:
        """Both directions are counted at the client's end of the line."""
        clock = asyncio.get_running_loop().time
        way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                due, data = await way.get()
                await asyncio.sleep(max(due - clock(), 0))
                arrives()
                if not data:
                    return to.close()
                to.write(data)

        async def leave() -> None:
            while True:
                data = await _received(source)
                leaves()
                way.put_nowait((clock() + self._delay, data))
                if not data:
                    return

        await asyncio.gather(arrive(), leave())


@contextmanager
def office(delay: float) -> Iterator[tuple[SlowLine, Login, Router]]:
    """A fresh router behind a slow line."""
    with tempfile.TemporaryDirectory() as folder:
        router = Router(Path(folder), clock=SystemClock(), initial=NAMED)
        router.set_password("ops", "password")
        router.set_administrator_password("administrator")
        server = RtxServer(router)
        server.start()
        try:
            with SlowLine(server.port, delay) as line:
                key = server.host_key
                login = Login("127.0.0.1", line.port, "ops", "password", "administrator", key)
                yield line, login, router
        finally:
            server.stop()


# --- who is measured ------------------------------------------------------------------------------


def ours(login: Login, typed: Sequence[str]) -> None:
    """Connect, become administrator, type, save, leave."""
    with Session.open(login, clock=SystemClock()) as session:
        session.type(typed, None)
        session.save()


def theirs(login: Login, typed: Sequence[str]) -> None:
    """The same by netmiko."""
    from netmiko import ConnectHandler

    connection = ConnectHandler(
        device_type="yamaha",
        host=login.host,
        port=login.port,
        username=login.user,
        password=login.password,
        secret=login.administrator_password,
    )
    connection.enable()
    connection.send_config_set(typed)
    connection.save_config()
    connection.disconnect()


def guarded(login: Login, typed: Sequence[str]) -> None:
    """All that stands around a change of ours: reading, guards, proofs."""
    wanted = "\n".join(typed[:-1]).replace("not_a_real_key", "<psk>") + "\n"
    change = GuardedChange(
        login,
        scope_of(wanted),
        wanted,
        "not_a_real_key",
        clock=SystemClock(),
        progress=lambda _text: None,
    )
    with change:
        change.start()
        change.keep()
    assert change.result.commands


@dataclass(frozen=True)
class Measured:
    """Seconds and round trips of one run."""

    seconds: float
    round_trips: int


def measure(who: Callable[[Login, Sequence[str]], None], count: int, delay: float) -> Measured:
    """One run on a fresh router."""
    with office(delay) as (line, login, router):
        begin = time.perf_counter()
        who(login, lines(count))
        seconds = time.perf_counter() - begin
        saved = {each.strip() for each in router.saved().lines()}
        assert saved.issuperset(set(lines(count)) - {"tunnel select none"}), "not all was saved"
        return Measured(seconds, line.round_trips)


def row(what: str, count: int, delay: float, mine: Measured, other: Measured) -> Row:
    return Row(
        f"{what} {count} lines, {delay * 1000:.0f} ms one way (netmiko)",
        mine.seconds,
        other.seconds,
        "s",
        mine.seconds / other.seconds,
        ALLOWED[count] if what == "type" else None,
        f"{mine.round_trips} round trips, netmiko {other.round_trips}",
    )


def rows() -> list[Row]:
    """Fourteen and a hundred lines over a near and a far line."""
    found = []
    for delay in DELAYS:
        others = {count: measure(theirs, count, delay) for count in ALLOWED}
        found += [
            row("type", count, delay, measure(ours, count, delay), other)
            for count, other in others.items()
        ]
        change = measure(guarded, len(BLOCK), delay)
        found.append(row("guarded change of", len(BLOCK), delay, change, others[len(BLOCK)]))
    return found
