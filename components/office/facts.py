"""What a configuration says about tunnels, gateways and numbers, in the words of its lines.

Pure.  Nothing is judged and no default is filled in: a value that is missing was not in the text.
Tunnel number, policy id and gateway id are three separate number spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from . import syntax
from .config import Config, Statement, lowest_free, taken

# Lines of a tunnel's block -> the name of their value.
_BLOCK: Final = (
    ("tunnel endpoint", "endpoint"),
    ("ip tunnel address", "address"),
    ("ip tunnel remote address", "remote_address"),
    ("ip tunnel mtu", "mtu"),
    ("ip tunnel tcp mss limit", "tcp_mss_limit"),
    ("ip tunnel secure filter in", "secure_filter_in"),
    ("ip tunnel secure filter out", "secure_filter_out"),
    ("ip tunnel nat descriptor", "nat_descriptor"),
    ("ipsec tunnel outer df-bit", "outer_df_bit"),
    ("tunnel map-e", "map_e"),
    ("tunnel backup", "backup"),
    ("tunnel template", "template"),
    ("tunnel encapsulation", "encapsulation"),
    ("description tunnel", "description"),
)
_LIST: Final = re.compile(r"(?:ip|ipv6) (?:\S+ )?(?:\S+ )?secure filter (?:in|out) (.*)")
_ROUTE_TUNNEL: Final = re.compile(r" gateway tunnel (\d{1,10})(?= |\Z)")
_REFRESH: Final = re.compile(r"ipsec-refresh(?:-up|-down)?=([\d,]+)")
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


@dataclass(frozen=True)
class Facts:
    """Everything at once, sorted by number.

    `auto_refresh` is the router-wide line only (None: there is none).  `reserved` are numbers that
    `tunnel template` occupies without printing them, in all three spaces (command reference
    15.49.6).  `undefined_filters` are named in a list and defined nowhere (static, dynamic).
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
    standing = [s for s in config.statements if not s.text.startswith("no ")]
    policies = tuple(sorted(_policies(standing), key=lambda each: each.number))
    routes = tuple(" ".join(s.text.split()) for s in standing if s.text.startswith("ip route "))
    tunnels = tuple(_tunnels(config, standing, policies, routes))
    used = _used(config, standing, policies, routes)
    static, dynamic = _named_filters(standing)
    return Facts(
        model=config.model,
        revision=config.revision,
        tunnels=tunnels,
        gateways=tuple(_gateways(standing)),
        policies=policies,
        auto_refresh=_auto_refresh(standing),
        transport=tuple(s.text for s in standing if s.text.startswith("ipsec transport ")),
        routes=routes,
        used=used,
        reserved=tuple(sorted(_reserved(tunnels))),
        undefined_filters=(
            tuple(sorted(static - {*used.filters})),
            tuple(sorted(dynamic - {*used.dynamic_filters})),
        ),
    )


def _rest(statement: Statement, words: str) -> str | None:
    """What follows `words`, if the line begins with them."""
    if not statement.text.startswith(words.partition(" ")[0]):
        return None
    parts, wanted = statement.text.split(), words.split()
    size = len(wanted)
    return " ".join(parts[size:]) if parts[:size] == wanted else None


def _policies(statements: Iterable[Statement]) -> Iterable[Policy]:
    for statement in statements:
        words = (_rest(statement, "ipsec sa policy") or "").split()
        if len(words) >= 3 and words[0].isdigit() and words[1].isdigit():
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
    enabled: set[int] = set()
    for statement in statements:
        by_context.get(statement.context, []).append(statement)
        enabled |= _enabled(statement)
    gateway_of = {policy.number: policy.gateway for policy in policies}
    routes_of: dict[int, list[str]] = {}
    for route in routes:
        for into in dict.fromkeys(map(int, _ROUTE_TUNNEL.findall(route))):
            routes_of.setdefault(into, []).append(route)
    for context in sorted(by_context, key=lambda each: int(each.split()[1])):
        number = int(context.split()[1])
        values = dict(_values(by_context[context]))
        bound = values.pop("policy", None)
        policy = int(bound) if bound and bound.isdigit() else None
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
    return kind == "tunnel" and number.isdigit()


def _enabled(statement: Statement) -> set[int]:
    return set(_numbers((_rest(statement, "tunnel enable") or "").split()))


def _numbers(words: Iterable[str]) -> Iterable[int]:
    """Numbers and ranges: `1 3-5`."""
    for word in words:
        if found := _RANGE.fullmatch(word):
            yield from range(int(found[1]), int(found[2] or found[1]) + 1)


def _values(statements: Iterable[Statement]) -> Iterable[tuple[str, str]]:
    for statement in statements:
        for words, name in _BLOCK:
            if rest := _rest(statement, words):
                yield name, _unquoted(rest) if name == "description" else rest
                break
        else:
            bound = (_rest(statement, "ipsec tunnel") or "").split()
            if len(bound) == 1 and bound[0].isdigit():
                yield "policy", bound[0]


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def _gateways(statements: Iterable[Statement]) -> Iterable[Gateway]:
    found: dict[int, dict[str, str]] = {}
    keys: dict[int, Psk] = {}
    suppressed: dict[int, str] = {}
    for statement in statements:
        match = syntax.match(statement.text)
        if match is None or "gateway" not in match.named:
            continue
        number, value = int(match.named["gateway"]), " ".join(match.value)
        words = [word.lower() for word in match.spelled[:-1]]
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


def _auto_refresh(statements: Iterable[Statement]) -> str | None:
    found = (_rest(statement, "ipsec auto refresh") for statement in statements)
    wide = [rest for rest in found if rest in ("on", "off")]
    return wide[-1] if wide else None


def _reserved(tunnels: Iterable[Tunnel]) -> set[int]:
    return {n for t in tunnels for n in _numbers(t.values.get("template", "").split())}


def _named_filters(statements: Iterable[Statement]) -> tuple[set[int], set[int]]:
    """The filters that lists and routes name, static and dynamic (those of IPv4)."""
    static: set[int] = set()
    dynamic: set[int] = set()
    for statement in statements:
        if not statement.text.startswith("ip "):
            continue
        if listed := _LIST.fullmatch(" ".join(statement.text.split())):
            head, _, tail = f"{listed[1]} ".partition("dynamic ")
            static |= {int(word) for word in head.split() if word.isdigit()}
            dynamic |= {int(word) for word in tail.split() if word.isdigit()}
        elif statement.text.startswith("ip route "):
            static |= _route_filters(statement.text.split())
    return static, dynamic


def _route_filters(words: list[str]) -> set[int]:
    found: set[int] = set()
    inside = False
    for word in words:
        inside = word == "filter" or (inside and word.isdigit())
        if inside and word.isdigit():
            found.add(int(word))
    return found


def _used(
    config: Config,
    statements: Iterable[Statement],
    policies: Iterable[Policy],
    routes: Iterable[str],
) -> Used:
    numbers = taken(config)
    refreshed: set[int] = set()
    transported: set[int] = set()
    for statement in statements:
        for listed in _REFRESH.findall(statement.text):
            refreshed |= {int(word) for word in listed.split(",") if word}
        words = (_rest(statement, "ipsec transport") or "").split()
        transported |= {int(word) for word in words[1:2] if word.isdigit()}
    by_route = {int(n) for route in routes for n in _ROUTE_TUNNEL.findall(route)}
    ids = {words: _ids(statements, words) for words in _NUMBERED}
    return Used(
        tunnels=tuple(sorted(numbers.tunnels | by_route)),
        gateways=tuple(sorted(numbers.gateways | refreshed)),
        policies=tuple(sorted({*numbers.policies, *(p.number for p in policies)} | transported)),
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


def _ids(statements: Iterable[Statement], words: str) -> tuple[int, ...]:
    firsts = ((_rest(statement, words) or "").split()[:1] for statement in statements)
    return tuple(sorted({int(each[0]) for each in firsts if each and each[0].isdigit()}))
