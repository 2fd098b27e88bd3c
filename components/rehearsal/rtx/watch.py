"""`ip keepalive`: pings at an interval, and what is done when they fail (command reference 8.5.8).

Unverified: that one answer of several gateways is enough; how a change is worded in the log; that a
renewal drops the gateway's SAs without telling the peer, as `ipsec refresh sa` does (15.48.3); that
nothing is renewed when the state becomes known for the first time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from .configuration import Configuration
from .pinging import echo

if TYPE_CHECKING:
    from .device import Router

_KEY: Final = re.compile(r"ip keepalive \d+")
_DEFAULTS: Final = {"upwait": "5", "downwait": "5", "length": "64", "log": "off"}


@dataclass
class _Watch:
    """One line, and what is known of its gateways."""

    number: int
    interval: int
    count: int
    targets: tuple[IPv4Address, ...]
    options: dict[str, str]
    next_at: float
    up: bool | None = None
    misses: int = 0
    since: float | None = None

    @property
    def source(self) -> IPv4Address | None:
        """Where the pings come from (None: as the way out has it)."""
        address = self.options.get("local-address")
        return IPv4Address(address) if address else None

    @property
    def memory(self) -> int:
        """So many seconds decide: after a leap of time, older pings need not be made up for."""
        waits = max(int(self.options["upwait"]), int(self.options["downwait"]))
        return (self.count + 2) * self.interval + waits

    def seen(self, now: float, *, answered: bool) -> bool:
        """Take one result; whether the state has changed by it."""
        if answered is self.up:
            self.misses, self.since = 0, None
            return False
        self.misses = 0 if answered else self.misses + 1
        self.since = now if self.since is None else self.since
        waited = now - self.since >= int(self.options["upwait" if answered else "downwait"])
        if not waited or (not answered and self.misses < self.count):
            return False
        changed, self.up = self.up is not None, answered
        self.misses, self.since = 0, None
        return changed

    def renewed(self) -> list[int]:
        """The gateways whose SAs are renewed at this change."""
        way = "ipsec-refresh-up" if self.up else "ipsec-refresh-down"
        lists = [self.options.get(name, "") for name in ("ipsec-refresh", way)]
        return [int(number) for each in lists for number in each.split(",") if number]


class Watches:
    """All `ip keepalive` lines of a router."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._watches: dict[str, _Watch] = {}

    def restart(self) -> None:
        """The router boots: nothing is known."""
        self._watches.clear()

    def follow(self, running: Configuration, now: float) -> None:
        """These lines are in force now; one that changed begins anew."""
        lines = {
            each.text: each.words
            for each in running.statements
            if each.known and _KEY.fullmatch(each.key)
        }
        self._watches = {
            text: self._watches.get(text) or _watch(words[2:], now) for text, words in lines.items()
        }

    def due(self, now: float) -> Iterator[tuple[float, str]]:
        """Which lines ping, and since when they should."""
        return ((each.next_at, text) for text, each in self._watches.items() if each.next_at <= now)

    def ping(self, text: str) -> None:
        """Ping once, and act on what has changed."""
        watch, router = self._watches[text], self._router
        now, size = watch.next_at, int(watch.options["length"])
        watch.next_at = max(now + watch.interval, router.clock.now() - watch.memory)
        answers = (echo(router, watch.source, target, size) for target in watch.targets)
        answered = any(answer is not None for answer in answers)
        if not watch.seen(now, answered=answered):
            return
        if watch.options["log"] == "on":
            router.note(f"[IPKEEPALIVE] {watch.number} {'up' if watch.up else 'down'}")
        for gateway in watch.renewed():
            if router.office_link is not None:
                router.office_link.refresh_sas(gateway)


def _watch(words: tuple[str, ...], now: float) -> _Watch:
    """Read the words after `ip keepalive`."""
    number, _, interval, count, *rest = words
    options = {name: value for name, equals, value in (w.partition("=") for w in rest) if equals}
    return _Watch(
        int(number),
        int(interval),
        int(count),
        tuple(IPv4Address(word) for word in rest if "=" not in word),
        _DEFAULTS | options,
        next_at=now + int(interval),
    )
