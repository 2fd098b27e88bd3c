"""Pure: a configuration as ordered statements, and the text `show config` makes of them.

A statement belongs to a context ("" = global, "tunnel 2", "pp 1", "pp anonymous") and has a key:
a second line with the same key replaces the first.  IKE and policy lines are global, wherever they
are printed: under the `ipsec tunnel` whose policy leads to their gateway, or at top level.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from .commands import Found, line
from .firmware import Firmware
from .grammar import Refusal, split

# The order in which the router prints what it knows, after samples; a new line goes to its place.
ORDER: Final = (
    "administrator password", "login password", "login user", "login timer", "user attribute",
    "timezone", "console character", "console columns", "console lines", "console info",
    "console prompt", "description", "ip route default", "ip route", "ip keepalive", "vlan",
    "ip", "provider", "pp select", "tunnel select", "ipsec ike", "ip filter",
    "ip filter set", "ip filter dynamic", "nat descriptor", "ipsec auto refresh on",
    "ipsec auto refresh off", "ipsec auto refresh", "ipsec",
    "syslog", "telnetd", "tftp", "dhcp", "dns", "l2tp", "pptp", "schedule", "snmp", "lua",
    "httpd", "sftpd", "sshd",
)  # fmt: skip
BLOCK_ORDER: Final = (
    "description", "tunnel encapsulation", "tunnel", "pp", "ipsec tunnel", "ipsec", "l2tp",
    "pppoe", "ppp", "ip", "tunnel enable", "pp enable",
)  # fmt: skip

_MASKS: Final = (
    (re.compile(r"^((?:administrator|login) password(?: encrypted)?) .*"), r"\1 *"),
    (re.compile(r"^(login user \S+) .*"), r"\1 *"),
    (re.compile(r"^(sshd host key generate) .*"), r"\1 *"),
)

_SELECT: Final = re.compile(r"(tunnel|pp|switch) select (\S+)")
_SELECTED: Final = {"tunnel": r"\d+", "pp": r"\d+|anonymous", "switch": r"\S+"}

Place = tuple[object, ...]


class Statement(NamedTuple):
    """One line of a configuration; one that the router does not know is kept, and means nothing."""

    context: str
    key: str
    text: str
    known: bool = True

    def __repr__(self) -> str:
        # The text may hold a secret, and so may the key of a line that we do not know.
        return f"<{self.context} {' '.join(self.key.split()[:2])} ...>"

    @property
    def words(self) -> tuple[str, ...]:
        """The words without quotes and escapes."""
        return _values(self.text)

    @property
    def masked(self) -> str:
        """The line as `show config` shows it: login passwords and host keys as `*`."""
        text = self.text
        for pattern, replacement in _MASKS:
            text = pattern.sub(replacement, text)
        return text

    @property
    def block(self) -> str:
        """The block that the line is printed in ("" = none, or a nested IKE line)."""
        return _enabled(self.key) or self.context

    @property
    def gateway(self) -> str:
        """The gateway of an `ipsec ike ... GW` line ("" = another line)."""
        last = self.key.rpartition(" ")[2]
        ike = self.known and self.key.startswith("ipsec ike ")
        return last if ike and last.isdigit() else ""

    @property
    def policy(self) -> str:
        """The number of an `ipsec sa policy` line ("" = another line)."""
        found = re.fullmatch(r"ipsec sa policy (\d+)", self.key)
        return found[1] if found and self.known else ""

    @property
    def place(self) -> Place | None:
        """What orders the lines; None for a line that the router does not know."""
        return _place(self)


@lru_cache(maxsize=1 << 14)
def _enabled(key: str) -> str:
    """The block that a line of this key enables ("" = none)."""
    found = re.fullmatch(r"(tunnel|pp) enable (\S+)", key)
    return f"{found[1]} {found[2]}" if found else ""


@lru_cache(maxsize=1 << 14)
def _values(text: str) -> tuple[str, ...]:
    return tuple(word.value for word in split(text))


@lru_cache(maxsize=1 << 14)
def _place(line: Statement) -> Place | None:
    gateway = line.words[4] if line.policy else line.gateway
    if gateway:
        nested = (_natural(gateway), int(not line.policy), _natural(line.text))
        return (ORDER.index("ipsec ike"), *nested)
    kind, _, number = line.block.partition(" ")
    rank = _rank(line.text, BLOCK_ORDER if kind else ORDER)
    if rank is None:
        return None
    if kind:
        return (ORDER.index(f"{kind} select"), _natural(number), rank, _natural(line.text))
    return (rank, (), 0, _natural(line.text))


def _rank(text: str, order: tuple[str, ...]) -> int | None:
    fitting = [words for words in order if text.startswith((words + " ", words))]
    return order.index(max(fitting, key=len)) if fitting else None


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Words so that numbers in them are compared as numbers."""
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in re.findall(r"\d+|[^\s\d]+", text)
    )


def statements(found: Found, context: str, firmware: Firmware) -> tuple[Statement, ...]:
    """What a line adds to the configuration when it is typed in this context."""
    if found.row.kind in ("enable", "disable"):
        noun = found.identity[0]
        return tuple(
            Statement("", text, text)
            for number in numbers(found.values, firmware.most(MOST[noun]))
            for text in [f"{noun} enable {number}"]
        )
    return (Statement(context if found.row.scope else "", found.key, found.text),)


MOST: Final = {"tunnel": "TUNNEL", "pp": "PEER"}


def numbers(values: tuple[str, ...], most: int) -> Iterator[str]:
    """The numbers that a list names: `3`, `3-5`, `3-`, `-5`, `all`."""
    for value in values:
        first, dash, last = ("1", "-", "") if value == "all" else value.partition("-")
        if dash:
            end = int(last or most)
            if not 0 < int(first or 1) <= end <= most:
                raise Refusal("range")
            yield from map(str, range(int(first or 1), end + 1))
        else:
            yield value


@dataclass(frozen=True)
class Configuration:
    """All lines of a router, running or saved."""

    statements: tuple[Statement, ...] = ()

    @classmethod
    def parse(cls, text: str, firmware: Firmware) -> Configuration:
        """Read the text of `show config` or of a saved file; lines unknown to us are kept."""
        result, context = cls(), ""
        for raw in text.splitlines():
            bare = raw.strip()
            if not bare or bare.startswith("#"):
                continue
            selected = _SELECT.fullmatch(bare)
            if selected:
                known = re.fullmatch(_SELECTED[selected[1]], selected[2])
                context = f"{selected[1]} {selected[2]}" if known else ""
                continue
            found = line(bare, firmware)
            if found is None:
                unknown = context if raw[0] in " \t" else ""
                new = Statement(unknown, bare, bare, known=False)
                result = result.with_line(new, at_end=True)
            elif found.row.kind != "disable":
                for statement in statements(found, context, firmware):
                    result = result.with_line(statement, at_end=True)
        return result

    @cached_property
    def _index(self) -> dict[tuple[str, str], Statement]:
        return {(each.context, each.key): each for each in self.statements}

    def same_as(self, other: Configuration) -> bool:
        """Whether both hold the same lines, in whatever order."""
        return set(self.statements) == set(other.statements)

    def has(self, key: str, context: str = "") -> bool:
        """Whether there is a line with this key."""
        found = self._index.get((context, key))
        return found is not None and found.known

    def value(self, key: str, context: str = "") -> tuple[str, ...] | None:
        """The words after the key of one line, or None if there is no such line."""
        found = self._index.get((context, key))
        return found.words[len(key.split()) :] if found and found.known else None

    def under(self, start: str, context: str = "") -> Iterator[tuple[str, ...]]:
        """The words after `start` of every line in the context that begins with it."""
        count = len(start.split())
        for each in self.statements:
            if each.known and each.context == context and each.key.startswith(start + " "):
                yield each.words[count:]

    def contexts(self, kind: str) -> list[str]:
        """The numbers of the blocks of one kind (`tunnel`, `pp`) that have lines."""
        return [number for name, number in self._blocks if name == kind]

    @cached_property
    def _blocks(self) -> list[tuple[str, str]]:
        """Kind and number of every block that has lines."""
        blocks = {each.block: None for each in self.statements if each.block}
        return [(block.partition(" ")[0], block.partition(" ")[2]) for block in blocks]

    def with_line(self, new: Statement, *, at_end: bool = False) -> Configuration:
        """Replace the line with the same key in place, else put the line where it belongs."""
        if (new.context, new.key) in self._index:
            return Configuration(
                tuple(
                    new if (old.context, old.key) == (new.context, new.key) else old
                    for old in self.statements
                )
            )
        index = len(self.statements) if at_end else self._place_for(new)
        return Configuration((*self.statements[:index], new, *self.statements[index:]))

    def _place_for(self, new: Statement) -> int:
        """After the last line that comes before it: one of its own kind, if there are any."""
        wanted = new.place
        if wanted is None:
            return len(self.statements)
        places = [(index, each.place) for index, each in enumerate(self.statements)]
        known = [(index, place) for index, place in places if place is not None]
        own = [(index, place) for index, place in known if place[0] == wanted[0]]
        before = [index for index, place in own or known if place <= wanted]
        if before:
            return before[-1] + 1
        return own[0][0] if own else 0

    def without(self, context: str, key: str) -> Configuration:
        """Take the line with this key away, if it is there."""
        return Configuration(
            tuple(each for each in self.statements if (each.context, each.key) != (context, key))
        )

    # --- printing -------------------------------------------------------------------------------

    def text(self) -> str:
        """All lines with all secrets: what is kept on the disk and read back by `parse`."""
        return "".join(f"{text}\n" for text in self._print(masked=False))

    def lines(self) -> list[str]:
        """The lines of `show config` without the comments at its head."""
        return list(self._print(masked=True))

    def block(self, name: str) -> list[str]:
        """The lines of one block (`tunnel 2`) as `show config tunnel 2` prints them."""
        return list(self._block(name, self._nested(), masked=True))

    def _print(self, *, masked: bool) -> Iterator[str]:
        nested = self._nested()
        hidden = {each for lines in nested.values() for each in lines}
        printed: set[str] = set()
        for each in self.statements:
            if each in hidden or each.block in printed:
                continue
            if each.block:
                printed.add(each.block)
                yield from self._block(each.block, nested, masked=masked)
            else:
                yield each.masked if masked else each.text

    def _block(
        self, name: str, nested: dict[str, list[Statement]], *, masked: bool
    ) -> Iterator[str]:
        kind, _, number = name.partition(" ")
        lines = [each for each in self.statements if each.block == name]
        if lines:
            yield f"{kind} select {number}"
        for each in lines:
            yield f" {each.masked if masked else each.text}"
            if each.key == "ipsec tunnel" and each.known:
                yield from (f"  {inner.text}" for inner in nested.get(name, []))

    def _nested(self) -> dict[str, list[Statement]]:
        """The IKE and policy lines that each tunnel's policy leads to, each under one tunnel."""
        gateway_of = {each.policy: each.words[4] for each in self.statements if each.policy}
        policies: dict[str, str] = {}
        gateways: dict[str, str] = {}
        for each in self.statements:
            if each.key == "ipsec tunnel" and each.known:
                policy = each.words[2]
                policies.setdefault(policy, each.context)
                gateways.setdefault(gateway_of.get(policy, ""), each.context)
        gateways.pop("", None)
        result: dict[str, list[Statement]] = {}
        for each in self.statements:
            home = policies.get(each.policy) if each.policy else gateways.get(each.gateway)
            if home:
                result.setdefault(home, []).append(each)
        return result


class Move(NamedTuple):
    """One command on the way from one configuration to another."""

    line: Statement
    removes: bool

    @property
    def command(self) -> str:
        """The command, with passwords as `*`."""
        return f"no {self.line.key}" if self.removes else self.line.masked

    def on(self, configuration: Configuration) -> Configuration:
        """The configuration after it."""
        if self.removes:
            return configuration.without(self.line.context, self.line.key)
        return configuration.with_line(self.line)


def moves(before: Configuration, after: Configuration) -> list[Move]:
    """What turns one configuration into the other: global lines first, then block by block."""
    stood = set(before.statements)
    gone = [each for each in before.statements if (each.context, each.key) not in after._index]
    new = [each for each in after.statements if each not in stood]
    return [
        Move(each, removes)
        for context in dict.fromkeys(["", *(each.context for each in (*gone, *new))])
        for lines, removes in ((gone, True), (new, False))
        for each in lines
        if each.context == context
    ]


def difference(before: Configuration, after: Configuration) -> list[str]:
    """The commands that turn one configuration into the other, in the shape of `show config`.

    The exact layout of the router's own output is unverified.
    """
    result: list[str] = []
    context = ""
    for move in moves(before, after):
        if move.line.context != context:
            context = move.line.context
            kind, _, number = context.partition(" ")
            result.append(f"{kind} select {number}")
        result.append(f"{' ' if context else ''}{move.command}")
    return result
