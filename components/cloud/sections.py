"""The typed sections of a VPC router's settings that a stack may own: read, write, compare.  Pure.

A stack owns the sections that it names; the others are not touched.  `SECTIONS` says of each where
it stands in the API's body and what its values are.  As plain data (they are Pulumi inputs)::

    staticRoutes          [{prefix, nextHop}]
    firewall              {"eth0": {receive: [rule], send: [rule]}, ...}
                          rule: {protocol, source, sourcePort, destination, destinationPort,
                                 action, logging, description}
    staticNat             [{globalAddress, privateAddress, description}]
    portForwarding        [{protocol, globalPort, privateAddress, privatePort, description}]
    dhcpServer            [{nic, start, stop, dnsServers}]
    dhcpStaticMappings    [{mac, address}]
    dnsForwarding         {nic, dnsServers}
    syslogHost            an address
    scheduledMaintenance  {dayOfWeek, hour}         0 is Sunday

An empty list, object or text empties the section.  Entries that stay keep what the API says of
them beyond these fields.

Source: sakura-vpcrouter-api 2.8 and pitfalls 14, 18, 19.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from .tree import Json, as_list, as_object, entries, is_on, objects
from .writable import OmittedSecrets, writable

SIDES: Final = 8
"""The firewall's list is positional over eth0 to eth7 and always whole (pitfall 18)."""


@dataclass(frozen=True)
class Field:
    """One value: its name here, in the API, and how it is read from there and written."""

    name: str
    api: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]

    @property
    def default(self) -> Any:
        """What nothing reads as."""
        return self.read(None)


def _text(name: str, api: str) -> Field:
    return Field(name, api, lambda v: "" if v is None else str(v).strip(), str)


def _number(name: str, api: str, write: Callable[[Any], Any] = int) -> Field:
    return Field(name, api, _whole, write)


def _whole(value: object) -> int | str:
    """A whole number.  What is none is shown as it is: sections of others are read, too."""
    try:
        return int(str(value or 0))
    except ValueError:
        return str(value)


def _port(name: str, api: str) -> Field:
    return _number(name, api, lambda v: str(int(v)))  # ports travel as text


def _nic() -> Field:
    return Field(
        "nic",
        "Interface",
        lambda v: _whole(str(v or "eth0").removeprefix("eth")),
        lambda v: f"eth{int(v)}",
    )


def _texts(name: str, api: str) -> Field:
    return Field(name, api, lambda v: [str(each) for each in as_list(v)], list)


def _read(fields: Sequence[Field], entry: Mapping[str, Any]) -> Json:
    return {field.name: field.read(entry.get(field.api)) for field in fields}


def _complete(fields: Sequence[Field], value: Mapping[str, Any]) -> Json:
    """`value` with what it leaves out."""
    given = {name: each for name, each in value.items() if each is not None}
    return {field.name: given.get(field.name, field.default) for field in fields}


def _written(
    fields: Sequence[Field], values: Iterable[Mapping[str, Any]], there: Sequence[Json]
) -> list[Json]:
    """An entry for each value: one that is there already, with all its fields, else a new one."""
    left, written = list(there), []
    for value in values:
        whole = _complete(fields, value)
        at = next((n for n, entry in enumerate(left) if _read(fields, entry) == whole), None)
        written.append(_new(fields, whole) if at is None else left.pop(at))
    return written


def _new(fields: Sequence[Field], whole: Json) -> Json:
    """Empty values are left out: null is how the API says them, not how it takes them."""
    return {f.api: f.write(whole[f.name]) for f in fields if whole[f.name] not in ("", [])}


class Section(Protocol):
    """One section: from `Settings.Router` to plain data, and back into it."""

    @property
    def place(self) -> str:
        """Its key in `Settings.Router`."""
        ...

    def read(self, router: Json) -> Any:
        """What stands there; the empty value if nothing does."""
        ...

    def write(self, router: Json, value: Any) -> None:
        """Put `value` there."""
        ...

    def complete(self, value: Any) -> Any:
        """`value` with everything that it leaves out filled in."""
        ...


@dataclass(frozen=True)
class _Listed:
    """`{Enabled, Config: [entry, ...]}`."""

    place: str
    fields: tuple[Field, ...]

    def read(self, router: Json) -> list[Json]:
        return [_read(self.fields, entry) for entry in entries(router.get(self.place))]

    def write(self, router: Json, value: Any) -> None:
        old = as_object(router.get(self.place))
        config = _written(self.fields, value, entries(old))
        if config or self.place in router:
            # Left out, the flag of a section could not go to False (pitfall 14).
            router[self.place] = {**old, "Enabled": str(bool(config)), "Config": config}

    def complete(self, value: Any) -> list[Json]:
        return [_complete(self.fields, each) for each in value]


@dataclass(frozen=True)
class _Firewall:
    """`{Enabled, Config: [8 x {Receive: [rule], Send: [rule]}]}`."""

    place: str
    fields: tuple[Field, ...]

    def read(self, router: Json) -> Json:
        found = {}
        for index, side in enumerate(as_list(as_object(router.get(self.place)).get("Config"))):
            rules = {
                name: [_read(self.fields, rule) for rule in objects(as_object(side).get(api))]
                for name, api in _DIRECTIONS
            }
            if any(rules.values()):
                found[f"eth{index}"] = rules
        return found

    def write(self, router: Json, value: Any) -> None:
        if not value and self.place not in router:
            return
        old = as_object(router.get(self.place))
        there = as_list(old.get("Config"))
        there = [*there, *[{}] * (SIDES - len(there))]
        config = []
        for index in range(SIDES):
            side, rules = as_object(there[index]), value.get(f"eth{index}") or {}
            new = {
                api: _written(self.fields, rules.get(name) or [], objects(side.get(api)))
                for name, api in _DIRECTIONS
            }
            config.append({**side, **new})
        router[self.place] = {**old, "Enabled": "True", "Config": config}

    def complete(self, value: Any) -> Json:
        whole = {
            nic: {
                name: [_complete(self.fields, rule) for rule in rules.get(name) or []]
                for name, _ in _DIRECTIONS
            }
            for nic, rules in value.items()
        }
        return {nic: rules for nic, rules in whole.items() if any(rules.values())}


_DIRECTIONS: Final = (("receive", "Receive"), ("send", "Send"))


@dataclass(frozen=True)
class _Single:
    """One object; with `flagged` it has an `Enabled`, else it is there or not."""

    place: str
    fields: tuple[Field, ...]
    flagged: bool

    def read(self, router: Json) -> Json:
        there = as_object(router.get(self.place))
        on = is_on(there.get("Enabled")) if self.flagged else bool(there)
        return _read(self.fields, there) if on else {}

    def write(self, router: Json, value: Any) -> None:
        old = as_object(router.get(self.place))
        new = {field.api: field.write(value[field.name]) for field in self.fields if value}
        if self.flagged and (value or self.place in router):
            router[self.place] = {**old, **new, "Enabled": str(bool(value))}
        elif value:
            router[self.place] = {**old, **new}
        else:
            router.pop(self.place, None)

    def complete(self, value: Any) -> Json:
        return _complete(self.fields, value) if value else {}


@dataclass(frozen=True)
class _Scalar:
    """One text; left out when it is empty."""

    place: str

    def read(self, router: Json) -> str:
        return str(router.get(self.place) or "").strip()

    def write(self, router: Json, value: Any) -> None:
        if value:
            router[self.place] = value
        else:
            router.pop(self.place, None)

    def complete(self, value: Any) -> str:
        return str(value or "")


_DESCRIPTION: Final = _text("description", "Description")
_RULE: Final = (
    _text("protocol", "Protocol"),
    _text("source", "SourceNetwork"),
    _text("sourcePort", "SourcePort"),
    _text("destination", "DestinationNetwork"),
    _text("destinationPort", "DestinationPort"),
    _text("action", "Action"),
    Field("logging", "Logging", is_on, str),
    _DESCRIPTION,
)

SECTIONS: Final[dict[str, Section]] = {
    "staticRoutes": _Listed(
        "StaticRoutes", (_text("prefix", "Prefix"), _text("nextHop", "NextHop"))
    ),
    "firewall": _Firewall("Firewall", _RULE),
    "staticNat": _Listed(
        "StaticNAT",
        (
            _text("globalAddress", "GlobalAddress"),
            _text("privateAddress", "PrivateAddress"),
            _DESCRIPTION,
        ),
    ),
    "portForwarding": _Listed(
        "PortForwarding",
        (
            _text("protocol", "Protocol"),
            _port("globalPort", "GlobalPort"),
            _text("privateAddress", "PrivateAddress"),
            _port("privatePort", "PrivatePort"),
            _DESCRIPTION,
        ),
    ),
    "dhcpServer": _Listed(
        "DHCPServer",
        (
            _nic(),
            _text("start", "RangeStart"),
            _text("stop", "RangeStop"),
            _texts("dnsServers", "DNSServers"),
        ),
    ),
    "dhcpStaticMappings": _Listed(
        "DHCPStaticMapping",
        (
            Field("mac", "MACAddress", lambda v: str(v or "").lower(), lambda v: v.lower()),
            _text("address", "IPAddress"),
        ),
    ),
    "dnsForwarding": _Single("DNSForwarding", (_nic(), _texts("dnsServers", "DNSServers")), True),
    "syslogHost": _Scalar("SyslogHost"),
    "scheduledMaintenance": _Single(
        "ScheduledMaintenance", (_number("dayOfWeek", "DayOfWeek"), _number("hour", "Hour")), False
    ),
}
"""Every section that a stack can own, by its name among the inputs."""


def sections_of(router: Json) -> Json:
    """All sections of `Settings.Router` as plain data; the empty ones, too."""
    return {name: section.read(router) for name, section in SECTIONS.items()}


def with_sections(
    settings: object, wanted: Mapping[str, Any], *, omitted_secrets: OmittedSecrets = "refuse"
) -> Json:
    """The settings with these sections as wanted; the others as they were.

    Raises `ApiError` if a secret is missing (see `writable`).
    """
    changed = writable(settings, omitted_secrets=omitted_secrets)
    for name, value in wanted.items():
        SECTIONS[name].write(changed["Router"], value)
    return changed


def same(name: str, a: Any, b: Any) -> bool:
    """Whether two values of a section mean the same.

    The server may reorder entries, and its defaults are no difference (pitfall 19).
    """
    complete = SECTIONS[name].complete
    return bool(_unordered(complete(a)) == _unordered(complete(b)))


def _unordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unordered(each) for key, each in value.items()}
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return sorted(json.dumps(each, sort_keys=True) for each in value)
    return value


def drifted(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> Json:
    """The named sections as they are: in the user's own form where that means the same."""
    return {
        name: value if same(name, value, there[name]) else there[name]
        for name, value in wanted.items()
    }
