"""`ping`, and the echo requests that the router sends by itself."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from . import messages
from .commands import Found
from .dialogue import Interrupted, Job, Pause
from .gateways import routes
from .grammar import Refusal

if TYPE_CHECKING:
    from .console import Console
    from .device import Router

_PING_SIZE: Final = 64
_HEADERS: Final = 28  # IPv4 and ICMP
_OWN_MILLISECONDS: Final = 0.2

_PING_OPTIONS: Final = {"-s": (1, 65535), "-c": (1, 21474836), "-w": (1, 60)}


class _Ping:
    """`ping [-s LEN] [-c COUNT] [-sa SRC] [-w SEC] HOST`."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.numbers: dict[str, int] = {}
        self.source: IPv4Address | None = None
        rest = list(words)
        while rest and rest[0].startswith("-"):
            option = rest.pop(0)
            value = rest.pop(0) if rest else ""
            if option == "-sa":
                self.source = _address(value)
            elif option in _PING_OPTIONS:
                self.numbers[option] = _number(value, *_PING_OPTIONS[option])
            else:
                raise Refusal("keyword")
        if len(rest) != 1:
            raise Refusal("count")
        self.destination = _address(rest[0])


def _address(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise Refusal("address") from None


def _number(text: str, low: int, high: int) -> int:
    if not text.isdigit():
        raise Refusal("integer")
    if not low <= int(text) <= high:
        raise Refusal("range")
    return int(text)


def ping(console: Console, found: Found) -> Job:
    """Write answers as they come; a lost one takes its waiting time, and is named only with `-w`.

    Without `-c` it goes on until Ctrl-C.
    """
    wanted = _Ping(found.values)
    count, size = wanted.numbers.get("-c"), wanted.numbers.get("-s", _PING_SIZE)
    times: list[float] = []
    sent = 0
    try:
        while count is None or sent < count:
            time = echo(console.router, wanted.source, wanted.destination, size)
            sequence, sent = sent, sent + 1
            values = {"address": wanted.destination, "sequence": sequence}
            if time is not None:
                times.append(time)
                yield messages.text("ping answer", console.language, ttl=254, time=time, **values)
            if time is None or count is None:
                yield Pause(float(wanted.numbers.get("-w", 1)))
            if time is None and "-w" in wanted.numbers:
                yield messages.text("ping lost", console.language, **values)
    except Interrupted:
        pass
    yield ""
    loss = 100 * (sent - len(times)) / sent
    yield messages.text("ping summary", console.language, sent=sent, received=len(times), loss=loss)
    if times:
        low, high, mean = min(times), max(times), sum(times) / len(times)
        yield messages.text("ping times", console.language, low=low, mean=mean, high=high)


def echo(
    router: Router, source: IPv4Address | None, destination: IPv4Address, size: int
) -> float | None:
    """Milliseconds until the answer to one echo request of `size` bytes of data, or None."""
    if destination in router.addresses():
        return _OWN_MILLISECONDS
    if router.office_link is None:
        return None
    time = router.office_link.ping(source, destination, size)
    best = max(
        (entry for entry in routes(router.running()) if destination in entry[0]),
        key=lambda entry: entry[0].prefixlen,
        default=None,
    )
    if best is not None and best[1][:2] == ("gateway", "tunnel"):
        router.count(int(best[1][2]), size + _HEADERS, answered=time is not None)
    return time
