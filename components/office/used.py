"""Which numbers a configuration has used up, and which it names without having them.

Pure.  Each kind of number is a space of its own.  Where lines are taken apart for this, it is done
once for all questions (`by_start`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .config import Config, Statement, taken

Words = Mapping[tuple[str, ...], Sequence[Sequence[str]]]
"""The words of lines, under the first two of them in small letters."""

ROUTE_TUNNEL: Final = re.compile(r" gateway tunnel (\d{1,10})(?= |\Z)", re.IGNORECASE)
_LIST: Final = re.compile(
    r"(?:ip|ipv6) (?:\S+ )?(?:\S+ )?secure filter (?:in|out) (.*)", re.IGNORECASE
)
# Where else a tunnel is named by its number, or several: `tunnel 3`, `tunnel11-tunnel20`.
_NAMING: Final = re.compile(
    r"(?:ipv6 route|(?:lan|pp|tunnel) backup|schedule at|pp bind|bridge member) ", re.IGNORECASE
)
_NAMED: Final = re.compile(r"\btunnel ?(\d{1,4})(?:-(?:tunnel)?(\d{1,4}))?(?= |\Z)", re.IGNORECASE)
_REFRESH: Final = re.compile(r"ipsec-refresh(?:-up|-down)?=([\d,]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Used:
    """Numbers that are taken, each in its own space; NAT entries by their descriptor."""

    tunnels: tuple[int, ...]
    gateways: tuple[int, ...]
    policies: tuple[int, ...]
    filters: tuple[int, ...]
    dynamic_filters: tuple[int, ...]
    ipv6_filters: tuple[int, ...]
    ipv6_dynamic_filters: tuple[int, ...]
    nat_statics: Mapping[int, tuple[int, ...]]
    schedules: tuple[int, ...]
    keepalives: tuple[int, ...]


def by_start(statements: Iterable[Statement]) -> Words:
    """The words of all lines, under the first two of them: every line is taken apart once."""
    found: dict[tuple[str, ...], list[list[str]]] = {}
    for statement in statements:
        words = statement.text.split()
        found.setdefault(tuple(statement.text.lower().split(maxsplit=2)[:2]), []).append(words)
    return found


def rests(words: Words, start: str) -> Iterator[Sequence[str]]:
    """What follows these two or more words, of every line that begins with them."""
    wanted = start.split()
    size = len(wanted)
    for each in words.get(tuple(wanted[:2]), ()):
        if [word.lower() for word in each[:size]] == wanted:
            yield each[size:]


def named_filters(statements: Iterable[Statement]) -> tuple[set[int], set[int]]:
    """The filters that lists, routes and dynamic filters name (IPv4): static ones, dynamic ones."""
    static: set[int] = set()
    dynamic: set[int] = set()
    for statement in statements:
        words = statement.text.split()
        if words[0].lower() != "ip":
            continue
        if listed := _LIST.fullmatch(" ".join(words)):
            head, _, tail = f"{listed[1].lower()} ".partition("dynamic ")
            static |= {int(word) for word in head.split() if word.isdecimal()}
            dynamic |= {int(word) for word in tail.split() if word.isdecimal()}
        elif words[1:2] and words[1].lower() == "route":
            static |= _after(words, ("filter",))
        elif [word.lower() for word in words[1:3]] == ["filter", "dynamic"]:
            static |= _after(words[6:], ("filter", "in", "out"))
        elif [word.lower() for word in words[1:3]] == ["filter", "set"]:
            static |= _after(words[4:], ("in", "out"))
    return static, dynamic


def _after(words: Sequence[str], starts: Sequence[str]) -> set[int]:
    """The numbers that follow one of the words."""
    found: set[int] = set()
    inside = False
    for word in words:
        inside = word.lower() in starts or (inside and word.isdecimal())
        if inside and word.isdecimal():
            found.add(int(word))
    return found


def used_numbers(
    config: Config,
    statements: Iterable[Statement],
    lines: Words,
    policies: Iterable[int],
    routes: Iterable[str],
) -> Used:
    """The numbers in use; `policies` are those that have a line, `routes` the lines themselves."""
    numbers = taken(config)
    refreshed: set[int] = set()
    for statement in statements:
        for listed in _REFRESH.findall(statement.text):
            refreshed |= {int(word) for word in listed.split(",") if word}
    transported = {
        int(word)
        for words in rests(lines, "ipsec transport")
        for word in words[1:2]
        if words[0].isdecimal() and word.isdecimal()
    }
    by_route = {int(n) for route in routes for n in ROUTE_TUNNEL.findall(route)}
    elsewhere = {
        number
        for statement in statements
        if _NAMING.match(statement.text)
        for first, last in _NAMED.findall(statement.text)
        for number in range(int(first), int(last or first) + 1)
    }
    ids = {start: _ids(lines, start) for start in _NUMBERED}
    return Used(
        tunnels=tuple(sorted(numbers.tunnels | by_route | elsewhere)),
        gateways=tuple(sorted(numbers.gateways | refreshed)),
        policies=tuple(sorted({*numbers.policies, *policies} | transported)),
        filters=ids["ip filter"],
        dynamic_filters=ids["ip filter dynamic"],
        ipv6_filters=ids["ipv6 filter"],
        ipv6_dynamic_filters=ids["ipv6 filter dynamic"],
        nat_statics={d: tuple(sorted(entries)) for d, entries in numbers.nat_statics.items()},
        schedules=ids["schedule at"],
        keepalives=ids["ip keepalive"],
    )


_NUMBERED: Final = (
    "ip filter",
    "ip filter dynamic",
    "ipv6 filter",
    "ipv6 filter dynamic",
    "schedule at",
    "ip keepalive",
)


def _ids(lines: Words, start: str) -> tuple[int, ...]:
    firsts = (words[0] for words in rests(lines, start) if words)
    return tuple(sorted({int(word) for word in firsts if word.isdecimal()}))
