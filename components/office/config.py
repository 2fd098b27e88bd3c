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
from typing import Final

from . import syntax
from .syntax import NUMBER, Key

_HEAD: Final = re.compile(r"#\s*((?:RTX|NVR|vRX|FWX|SRT)\S*)\s+Rev\.(\d+(?:\.\d+)+)")
_BLOCK: Final = re.compile(rf"tunnel {NUMBER}$")
_POLICY: Final = re.compile(rf"ipsec sa policy ({NUMBER}) ({NUMBER})(?= |$)")
_BOUND: Final = re.compile(rf"ipsec tunnel ({NUMBER})")
_SELECT: Final = re.compile(r"(tunnel|pp|switch)\s+select\s+(\S+)", re.IGNORECASE)
# What a terminal leaves around the text: the typed command, and the prompt of the next one.
_ECHO: Final = re.compile(r"\S*[>#]\s*(?:(?:show|less)\s.*)?")


@dataclass(frozen=True)
class Statement:
    """One line of a configuration.

    `context` is "" for the router's own lines, else "tunnel 2", "pp 1", "pp anonymous" and so on.
    `text` is stripped, `raw` as it was read, `number` its line number counted from 1 (0: not read).
    """

    context: str
    text: str
    raw: str = field(default="", compare=False)
    number: int = field(default=0, compare=False)

    def __repr__(self) -> str:
        return f"Statement({self.context!r}, {syntax.masked(self.text)!r})"

    @cached_property
    def key(self) -> Key:
        """What identifies it; two statements with one key cannot stand beside each other."""
        return syntax.key_of(self.text, self.context)

    def named(self, name: str) -> int | None:
        """The number with this name in its key: "gateway", "policy", "tunnel", "id" ..."""
        found = syntax.match(self.text)
        value = found.named.get(name) if found else None
        return int(value) if value is not None else None


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
        return (
            statement.context == self._context
            or self._numbered(statement)
            or bool(self.keys and statement.key in self.keys)
        )

    @cached_property
    def _context(self) -> str:
        return f"tunnel {self.tunnel}"

    @cached_property
    def _mine(self) -> tuple[str, str, str]:
        return str(self.gateway), str(self.policy), str(self.tunnel)

    def _numbered(self, statement: Statement) -> bool:
        found = syntax.match(statement.text)
        if not found or not found.named:
            return False
        named, (gateway, policy, tunnel) = found.named, self._mine
        return (
            named.get("gateway") == gateway
            or named.get("policy") == policy
            or named.get("tunnel") == tunnel
        )


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
    """A configuration: what the router is, its statements in order, the blocks it has."""

    model: str
    revision: str
    statements: tuple[Statement, ...]
    contexts: tuple[str, ...] = ()

    def find(self, prefix: str) -> tuple[Statement, ...]:
        """The statements that begin with these words."""
        words = prefix.split()
        return tuple(s for s in self.statements if s.text.split()[: len(words)] == words)

    def owned(self, scope: Scope) -> tuple[Statement, ...]:
        """Our statements, in order."""
        return tuple(s for s in self.statements if scope.owns(s))

    def foreign(self, scope: Scope) -> tuple[Statement, ...]:
        """Everybody else's statements, in order."""
        return tuple(s for s in self.statements if not scope.owns(s))


def _context(current: str, text: str, *, at_margin: bool) -> str:
    """Where a line belongs that stands below the select line of `current`."""
    found = syntax.match(text)
    if not found:
        return "" if at_margin else current
    if found.command.scope == "global":
        return ""
    return current if current.startswith(f"{found.command.scope} ") else ""


def parse(text: str) -> Config:
    """Read the text of `show config`, or any part of it.  Never raises: unknown lines are kept."""
    model = revision = current = ""
    statements: list[Statement] = []
    contexts: dict[str, None] = {}
    lines = text.splitlines()
    indented = any(line[:1] == " " and line.strip() for line in lines)
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        if line.startswith("#") and (head := _HEAD.match(line)):
            model, revision = model or head[1], revision or head[2]
        if (
            not line
            or line.startswith("#")
            or ((">" in line or "#" in line) and _ECHO.fullmatch(line))
        ):
            continue
        if "select" in line.lower() and (select := _SELECT.fullmatch(line)):
            name = select[2].lower()
            current = "" if name == "none" else f"{select[1].lower()} {name}"
            contexts |= {current: None} if current else {}
            continue
        at_margin = indented and not raw[:1].isspace()
        statements.append(
            Statement(_context(current, line, at_margin=at_margin), line, raw, number)
        )
    return Config(model, revision, tuple(statements), tuple(contexts))


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
    return Numbers(
        tunnels=_named(statements, "tunnel")
        | {int(c.split()[1]) for c in config.contexts if _BLOCK.match(c)},
        policies=_named(statements, "policy") | {int(line[1]) for line in bound if line},
        gateways=_named(statements, "gateway") | {gateway for _, gateway in _policies(config)},
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
