"""The text of `show config` as statements, and what of it is ours.

A statement is a line with the context it stands in.  The context comes from the `tunnel select`
and `pp select` lines, never from indentation alone: files that people keep by hand have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Final, NamedTuple

from . import syntax
from .command_table import OWNERS
from .syntax import NUMBER, Key

_HEAD: Final = re.compile(r"#\s*((?:RTX|NVR|vRX|FWX|SRT)\S*)\s+Rev\.(\d+(?:\.\d+)+)")
_BLOCK: Final = re.compile(rf"tunnel {NUMBER}$")
_POLICY: Final = re.compile(
    rf"ipsec\s+sa\s+policy\s+({NUMBER})\s+({NUMBER})(?=\s|$)", re.IGNORECASE
)
_BOUND: Final = re.compile(rf"ipsec\s+tunnel\s+({NUMBER})", re.IGNORECASE)
_SELECT: Final = re.compile(r"(tunnel|pp|switch)\s+select\s+(\S+)", re.IGNORECASE)
# What a terminal leaves around the text: the typed command, and the prompt of the next one.
_ECHO: Final = re.compile(r"\S*[>#]\s*(?:(?:show|less)\s.*)?")


class Statement(NamedTuple):
    """One line of a configuration.

    `context` is "" for the router's own lines, else "tunnel 2", "pp 1", "pp anonymous" and so on.
    `text` is stripped, `number` its line number counted from 1 (0: not read).
    Where it was read makes no difference: statements with one context and text are equal.
    """

    context: str
    text: str
    number: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Statement) and self[:2] == other[:2]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:2])

    def __repr__(self) -> str:
        return f"Statement({self.context!r}, {syntax.masked(self.text)!r})"

    @property
    def key(self) -> Key:
        """What identifies it; two statements with one key cannot stand beside each other."""
        return syntax.key_of(self.text, self.context)

    def named(self, name: str) -> int | None:
        """The number with this name in its key: "gateway", "policy", "tunnel", "id" ..."""
        command = syntax.command_of(self.text)
        at = command.places.get(name) if command else None
        value = "" if at is None else syntax.tokens(self.text)[at]
        return int(value) if value.isdecimal() else None


@dataclass(frozen=True)
class Scope:
    """Which lines of a router are ours (design: ownership).

    Everything in the block of `tunnel`, the IKE lines of `gateway`, the policy `policy`, and the
    lines with one of `keys`: routes and NAT statics that carry our prefixes and numbers.
    """

    tunnel: int
    policy: int
    gateway: int
    keys: frozenset[Key] = frozenset()

    def owns(self, statement: Statement) -> bool:
        """Whether a statement is ours."""
        if statement.context == self._context:
            return True
        text = statement.text
        command = syntax.command_of(text)
        if command and command.owner:
            number = self._numbers[command.owner]
            # Few lines hold the number at all: no need to take the others apart.
            if number in text and syntax.tokens(text)[command.owner_at] == number:
                return True
        return bool(self.keys) and statement.key in self.keys

    @cached_property
    def _context(self) -> str:
        return f"tunnel {self.tunnel}"

    @cached_property
    def _numbers(self) -> dict[str, str]:
        numbers = {"gateway": self.gateway, "policy": self.policy, "tunnel": self.tunnel}
        return {name: str(number) for name, number in numbers.items()}


@dataclass(frozen=True)
class Numbers:
    """Numbers in use; each field is a number space of its own.

    `nat_statics` and the like are keyed by the number of their NAT descriptor.
    """

    tunnels: frozenset[int]
    policies: frozenset[int]
    gateways: frozenset[int]
    filters: frozenset[int]
    dynamic_filters: frozenset[int]
    nat_statics: Mapping[int, frozenset[int]]


@dataclass(frozen=True)
class Config:
    """A configuration: what the router is, its statements in order, the blocks it has.

    `source` is the text that was read; it stays what it was when the statements are changed.
    """

    model: str
    revision: str
    statements: tuple[Statement, ...]
    contexts: tuple[str, ...] = ()
    source: str = field(default="", compare=False, repr=False)

    def find(self, prefix: str) -> tuple[Statement, ...]:
        """The statements that begin with these words."""
        words = prefix.lower().split()
        first, size = prefix[:1].lower(), len(words)
        return tuple(
            s
            for s in self.statements
            if s.text[:1].lower() == first and s.text.lower().split(maxsplit=size)[:size] == words
        )

    def owned(self, scope: Scope) -> tuple[Statement, ...]:
        """Our statements, in order."""
        return tuple(s for s in self.statements if scope.owns(s))

    def foreign(self, scope: Scope) -> tuple[Statement, ...]:
        """Everybody else's statements, in order."""
        return tuple(s for s in self.statements if not scope.owns(s))


def has_indentation(lines: Iterable[str]) -> bool:
    """Whether what stands at the margin of these lines is outside of every block."""
    return any(line[:1] == " " and line.strip() for line in lines)


def selected(line: str) -> str | None:
    """The context that begins with this line ("": none does); None if it selects nothing."""
    select = _SELECT.fullmatch(line)
    if not select:
        return None
    kind, name = select[1].lower(), select[2].lower()
    return "" if name == "none" else f"{kind} {name}"


def parse(text: str) -> Config:
    """Read the text of `show config`, or any part of it.  Never raises: unknown lines are kept."""
    model = revision = current = kind = ""
    statements: list[Statement] = []
    contexts: dict[str, None] = {}
    lines = text.splitlines()
    indented = has_indentation(lines)
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        # Most lines are in the table, and those are neither comments nor prompts nor selections.
        if command := syntax.command_of(line):
            context = current if command.scope == kind else ""
        elif not line or _ECHO.fullmatch(line):
            continue
        elif line.startswith("#"):
            if head := _HEAD.match(line):
                model, revision = model or head[1], revision or head[2]
            continue
        elif (select := selected(line)) is not None:
            current, kind = select, select.partition(" ")[0]
            contexts |= {current: None} if current else {}
            continue
        else:
            context = "" if indented and not raw[:1].isspace() else current
        statements.append(Statement(context, line, number))
    return Config(model, revision, tuple(statements), tuple(contexts), text)


def scope_of(text: str, *others: str) -> Scope:
    """The scope of the lines in `text`: one tunnel block with its routes and NAT statics.

    `others` (the text before a change, say) add the keys of all their lines, so that a change of
    numbers takes away what we wrote under the old ones.
    Raises ValueError if no text names a tunnel, a policy and a gateway.
    """
    configs = [parse(each) for each in (text, *others)]
    tunnels = [int(c.split()[1]) for config in configs for c in config.contexts if _BLOCK.match(c)]
    policies = [p[0] for config in configs if (p := _policies(config))]
    if not tunnels or not policies:
        raise ValueError("the lines name no tunnel, no policy or no gateway")
    bare = Scope(tunnels[0], *policies[0])
    outside = {s.key for config in configs for s in config.statements if not bare.owns(s)}
    return replace(bare, keys=frozenset(outside))


def _policies(config: Config) -> list[tuple[int, int]]:
    """Policy and gateway of each `ipsec sa policy` line."""
    found = (_POLICY.match(s.text) for s in config.statements)
    return [(int(line[1]), int(line[2])) for line in found if line]


def _named(statements: Iterable[Statement], name: str) -> frozenset[int]:
    found = (statement.named(name) for statement in statements)
    return frozenset(number for number in found if number is not None)


def _owners(statements: Iterable[Statement]) -> dict[str, set[int]]:
    """The numbers that lines name in their keys, by what they number."""
    found: dict[str, set[int]] = {name: set() for name in OWNERS}
    for statement in statements:
        command = syntax.command_of(statement.text)
        if command and command.owner:
            found[command.owner].add(int(syntax.tokens(statement.text)[command.owner_at]))
    return found


def taken(config: Config) -> Numbers:
    """The numbers that stand anywhere in the configuration."""
    statements = config.statements
    bound = (_BOUND.fullmatch(s.text) for s in statements)
    statics: dict[int, frozenset[int]] = {}
    for entry in config.find("nat descriptor masquerade static"):
        for descriptor in _named([entry], "descriptor"):
            known = statics.get(descriptor, frozenset())
            statics[descriptor] = known | _named([entry], "id")
    dynamic = set(config.find("ip filter dynamic"))
    owners = _owners(statements)
    return Numbers(
        tunnels=frozenset(owners["tunnel"])
        | {int(c.split()[1]) for c in config.contexts if _BLOCK.match(c)},
        policies=frozenset(owners["policy"]) | {int(line[1]) for line in bound if line},
        gateways=frozenset(owners["gateway"]) | {gateway for _, gateway in _policies(config)},
        filters=_named(set(config.find("ip filter")) - dynamic, "id"),
        dynamic_filters=_named(dynamic, "id"),
        nat_statics=MappingProxyType(statics),
    )


def lowest_free(used: Iterable[int], *, above: int = 0) -> int:
    """The lowest number greater than `above` that is not used."""
    occupied, number = set(used), above + 1
    while number in occupied:
        number += 1
    return number
