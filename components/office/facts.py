"""What a configuration says about tunnels, gateways and numbers, in the words of its lines.

Pure.  Nothing is judged and no default is filled in: a value that is missing was not in the text.
Tunnel number, policy id and gateway id are three separate number spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from . import syntax
from .config import Config, Statement, lowest_free
from .used import ROUTE_TUNNEL, Used, Words, by_start, named_filters, rests, used_numbers

# Lines of a tunnel's block -> the name of their value.
_BLOCK: Final = {
    ("tunnel", "endpoint"): "endpoint",
    ("ip", "tunnel", "address"): "address",
    ("ip", "tunnel", "remote", "address"): "remote_address",
    ("ip", "tunnel", "mtu"): "mtu",
    ("ip", "tunnel", "tcp", "mss", "limit"): "tcp_mss_limit",
    ("ip", "tunnel", "secure", "filter", "in"): "secure_filter_in",
    ("ip", "tunnel", "secure", "filter", "out"): "secure_filter_out",
    ("ip", "tunnel", "nat", "descriptor"): "nat_descriptor",
    ("ipsec", "tunnel", "outer", "df-bit"): "outer_df_bit",
    ("tunnel", "map-e"): "map_e",
    ("tunnel", "backup"): "backup",
    ("tunnel", "template"): "template",
    ("tunnel", "encapsulation"): "encapsulation",
    ("description", "tunnel"): "description",
}
_SIZES: Final = sorted({len(words) for words in _BLOCK}, reverse=True)
_ENABLE: Final = re.compile(r"(no +)?tunnel +(enable|disable) +(.+)", re.IGNORECASE)
_RANGE: Final = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")


@dataclass(frozen=True)
class Psk:
    """A pre-shared key line: how the key is written, and the key (None where it is masked)."""

    form: Literal["text", "hex", "masked"]
    value: str | None = field(repr=False)


@dataclass(frozen=True)
class Tunnel:
    """One `tunnel select` block; `values` are the rests of its lines, under their words."""

    number: int
    policy: int | None
    gateway: int | None
    enabled: bool
    encapsulation: str
    values: Mapping[str, str]
    routes: tuple[str, ...]


@dataclass(frozen=True)
class Gateway:
    """The `ipsec ike` lines of one gateway; `values` under their words (`local_id`)."""

    number: int
    values: Mapping[str, str]
    psk: Psk | None


@dataclass(frozen=True)
class Policy:
    """One `ipsec sa policy` line."""

    number: int
    gateway: int
    protocol: str
    algorithms: tuple[str, ...]
    options: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """Everything at once, sorted by number.

    `auto_refresh` is the router-wide line only (None: there is none).  `reserved` are numbers that
    `tunnel template` occupies without printing them, in all three spaces (command reference
    15.49.6).  `undefined_filters` are named in a list, a route or a dynamic filter and defined
    nowhere (static, dynamic).
    """

    model: str
    revision: str
    tunnels: tuple[Tunnel, ...]
    gateways: tuple[Gateway, ...]
    policies: tuple[Policy, ...]
    auto_refresh: str | None
    transport: tuple[str, ...]
    routes: tuple[str, ...]
    used: Used
    reserved: tuple[int, ...]
    undefined_filters: tuple[tuple[int, ...], tuple[int, ...]]

    @property
    def free_tunnel(self) -> int:
        """The lowest tunnel number that may be given out."""
        return lowest_free({*self.used.tunnels, *self.reserved})

    @property
    def free_gateway(self) -> int:
        """The lowest gateway id that may be given out."""
        return lowest_free({*self.used.gateways, *self.reserved})

    def tunnel(self, number: int) -> Tunnel | None:
        """The tunnel with this number."""
        return next((each for each in self.tunnels if each.number == number), None)

    def gateway(self, number: int) -> Gateway | None:
        """The gateway with this number, if it has lines of its own."""
        return next((each for each in self.gateways if each.number == number), None)


def facts_of(config: Config) -> Facts:
    """Read the facts of a configuration; unreadable lines are passed over, not refused."""
    # What is said twice stands once, and the later line takes the place of the earlier.
    standing = list(dict.fromkeys(s for s in config.statements if not _is_no(s.text)))
    words = by_start(standing)
    policies = tuple({p.number: p for p in sorted(_policies(words), key=_number)}.values())
    routes = tuple({route.split()[2]: route for route in _routes(words)}.values())
    tunnels = tuple(_tunnels(config, standing, policies, routes))
    used = used_numbers(config, standing, words, [p.number for p in policies], routes)
    static, dynamic = named_filters(standing)
    return Facts(
        model=config.model,
        revision=config.revision,
        tunnels=tunnels,
        gateways=tuple(_gateways(standing)),
        policies=policies,
        auto_refresh=_auto_refresh(words),
        transport=tuple(" ".join(each) for each in words.get(("ipsec", "transport"), ())),
        routes=routes,
        used=used,
        reserved=tuple(sorted(_reserved(tunnels))),
        undefined_filters=(
            tuple(sorted(static - {*used.filters})),
            tuple(sorted(dynamic - {*used.dynamic_filters})),
        ),
    )


def _is_no(text: str) -> bool:
    return text[:3].lower() == "no "


def _number(policy: Policy) -> int:
    return policy.number


def _routes(lines: Words) -> Iterator[str]:
    for words in lines.get(("ip", "route"), ()):
        # `ip route change log on` is about routes, not one.
        if len(words) > 3 and words[3].lower() == "gateway":
            yield " ".join(words)


def _policies(lines: Words) -> Iterable[Policy]:
    for words in rests(lines, "ipsec sa policy"):
        if len(words) >= 3 and words[0].isdecimal() and words[1].isdecimal():
            yield Policy(
                number=int(words[0]),
                gateway=int(words[1]),
                protocol=words[2],
                algorithms=tuple(word for word in words[3:] if "=" not in word),
                options=tuple(word for word in words[3:] if "=" in word),
            )


def _tunnels(
    config: Config,
    statements: Iterable[Statement],
    policies: Iterable[Policy],
    routes: Iterable[str],
) -> Iterable[Tunnel]:
    by_context: dict[str, list[Statement]] = {c: [] for c in config.contexts if _is_tunnel(c)}
    for statement in statements:
        by_context.get(statement.context, []).append(statement)
    enabled = _enabled(config.statements, [int(c.split()[1]) for c in by_context])
    gateway_of = {policy.number: policy.gateway for policy in policies}
    routes_of: dict[int, list[str]] = {}
    for route in routes:
        for into in dict.fromkeys(map(int, ROUTE_TUNNEL.findall(route))):
            routes_of.setdefault(into, []).append(route)
    for context in sorted(by_context, key=lambda each: int(each.split()[1])):
        number = int(context.split()[1])
        values = dict(_values(by_context[context]))
        bound = values.pop("policy", None)
        policy = int(bound) if bound and bound.isdecimal() else None
        yield Tunnel(
            number=number,
            policy=policy,
            gateway=gateway_of.get(policy) if policy is not None else None,
            enabled=number in enabled,
            encapsulation=values.pop("encapsulation", "ipsec"),
            values=values,
            routes=tuple(routes_of.get(number, ())),
        )


def _is_tunnel(context: str) -> bool:
    kind, _, number = context.partition(" ")
    return kind == "tunnel" and number.isdecimal()


def _enabled(statements: Iterable[Statement], tunnels: Sequence[int]) -> set[int]:
    """The tunnels that are enabled once all lines are typed one after the other."""
    found: set[int] = set()
    for statement in statements:
        if not (said := _ENABLE.fullmatch(statement.text)):
            continue
        off, able, which = said[1], said[2].lower(), said[3].lower().split()
        named = {*tunnels} if "all" in which else set(_numbers(dict.fromkeys(which)))
        found = found - named if off or able == "disable" else found | named
    return found


def _numbers(words: Iterable[str]) -> Iterable[int]:
    """Numbers and ranges: `1 3-5`."""
    for word in words:
        if found := _RANGE.fullmatch(word):
            yield from range(int(found[1]), int(found[2] or found[1]) + 1)


def _values(statements: Iterable[Statement]) -> Iterable[tuple[str, str]]:
    for statement in statements:
        words = statement.text.split()
        said = tuple(word.lower() for word in words)
        size = next((n for n in _SIZES if said[:n] in _BLOCK), 0)
        if size and (rest := " ".join(words[size:])):
            name = _BLOCK[said[:size]]
            yield name, _unquoted(rest) if name == "description" else rest
        elif said[:2] == ("ipsec", "tunnel") and len(words) == 3 and words[2].isdecimal():
            yield "policy", words[2]


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def _gateways(statements: Iterable[Statement]) -> Iterable[Gateway]:
    found: dict[int, dict[str, str]] = {}
    keys: dict[int, Psk] = {}
    suppressed: dict[int, str] = {}
    for statement in statements:
        command = syntax.command_of(statement.text)
        if command is None or command.owner != "gateway":
            continue
        said = syntax.tokens(statement.text)
        number, value = int(said[command.owner_at]), " ".join(said[len(command.steps) :])
        words = [word.lower() for word in said[: command.owner_at]]
        if words == ["ipsec", "auto", "refresh"]:
            suppressed[number] = value
        elif words == ["ipsec", "ike", "pre-shared-key"]:
            keys[number] = _psk(value)
            found.setdefault(number, {})
        elif words[:2] == ["ipsec", "ike"]:
            name = "_".join(words[2:]).replace("-", "_")
            found.setdefault(number, {})[name] = value
    for number in sorted(found):
        extra = {"auto_refresh": suppressed[number]} if number in suppressed else {}
        yield Gateway(number, found[number] | extra, keys.get(number))


def _psk(value: str) -> Psk:
    kind, _, rest = value.partition(" ")
    if value == "*" or rest == "*":
        return Psk("masked", None)
    if kind.lower() == "text" and rest:
        return Psk("text", syntax.plain(rest))
    return Psk("hex", value) if value.lower().startswith("0x") else Psk("text", syntax.plain(value))


def _auto_refresh(lines: Words) -> str | None:
    wide = [words[0] for words in rests(lines, "ipsec auto refresh") if words in (["on"], ["off"])]
    return wide[-1] if wide else None


def _reserved(tunnels: Iterable[Tunnel]) -> set[int]:
    return {n for t in tunnels for n in _numbers(t.values.get("template", "").split())}
