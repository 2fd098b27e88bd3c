"""A first site file from a few answers: questions, examples, and the text of the file.  Pure.

An answer is judged by the model of the site file itself, at once and by itself: it is put into a
site that is known to be good, and what the model says about its place is what the user is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Final

import yaml

from ..errors import Problem, SpecError
from ..office.wan import FORWARDS
from . import Site
from .base import hosts

Answers = Mapping[str, Any]
"""Path in the site file -> value."""


@dataclass(frozen=True)
class Question:
    """One thing that only the user knows; `flag` answers it on the command line.

    `default` is None where there is none, "" where nothing at all is a good answer.
    """

    path: str
    flag: str
    asks: str
    default: Callable[[Answers], Any] = lambda _: None
    when: Callable[[Answers], bool] = lambda _: True
    read: Callable[[str], Any] = str


def _kind(*kinds: str) -> Callable[[Answers], bool]:
    return lambda given: given.get("office.wan.kind") in kinds


def _first_address(given: Answers) -> str:
    return str(hosts(IPv4Network(given.get("office.lan") or "192.168.1.0/24"), 1)[0])


def _yes(text: str) -> Any:
    return True if text.strip().lower() in ("y", "yes", "true", "\u306f\u3044") else text


def _number(text: str) -> Any:
    return int(text) if text.strip().isdecimal() else text


QUESTIONS: Final = (
    Question("cloud.zone", "--zone", "Zone of SAKURA Cloud", lambda _: "is1b"),
    Question(
        "cloud.attach.router_id",
        "--attach",
        "Id of a VPC router that is there already (empty: a new one is made)",
        lambda _: "",
    ),
    Question(
        "cloud.lan", "--cloud-lan", "Prefix behind the VPC router", lambda _: "192.168.2.0/24"
    ),
    Question("office.lan", "--office-lan", "Prefix behind the RTX", lambda _: "192.168.1.0/24"),
    Question("office.router.model", "--model", "Model of the RTX", lambda _: "RTX1220"),
    Question(
        "office.wan.kind",
        "--wan",
        "How the office is connected: fixed (the global address on lan2), pppoe (on pp 1), "
        "block (one of several), behind-nat",
        lambda _: "fixed",
    ),
    Question(
        "office.wan.interface",
        "--interface",
        "Interface of the RTX towards the internet",
        lambda given: "pp 1" if _kind("pppoe")(given) else "lan2",
    ),
    Question(
        "office.wan.prefix",
        "--block",
        "The block of global addresses, such as 203.0.113.8/29",
        when=_kind("block"),
    ),
    Question("office.wan.address", "--address", "Global address of the office"),
    Question(
        "office.wan.inner_address",
        "--inner-address",
        "Address of the RTX behind the gateway",
        when=_kind("behind-nat"),
    ),
    Question(
        "office.wan.forwards",
        "--forwards",
        "Does the gateway hand udp 500 and ESP on to the RTX? (yes, or it cannot work)",
        when=_kind("behind-nat"),
        read=_yes,
    ),
    Question(
        "office.router.host", "--host", "Address where the RTX takes SSH from here", _first_address
    ),
    Question("office.router.user", "--user", "User on the RTX (login user NAME PASSWORD)"),
    Question(
        "office.tunnel", "--tunnel", "Free tunnel number in the RTX", lambda _: 1, read=_number
    ),
)

# Addresses are those for documentation (RFC 5737).
_COMMON: Final = {"office.router.user": "ops", "office.wan.address": "198.51.100.20"}
EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "fixed": _COMMON,
    "pppoe": _COMMON | {"office.wan.kind": "pppoe", "office.wan.interface": "pp 1"},
    "block": _COMMON
    | {
        "office.wan.kind": "block",
        "office.wan.address": "203.0.113.10",
        "office.wan.prefix": "203.0.113.8/29",
    },
    "behind-nat": _COMMON
    | {
        "office.wan.kind": "behind-nat",
        "office.wan.inner_address": "192.168.0.2",
        "office.wan.forwards": True,
    },
    "shared": _COMMON | {"cloud.attach.router_id": "113400000101", "office.tunnel": 2},
}


def default(question: Question, given: Answers, example: Answers) -> Any:
    """What is taken without an answer: the example's value, else the question's; None is none."""
    return example[question.path] if question.path in example else question.default(given)


def problem_with(path: str, value: Any, given: Answers) -> Problem | None:
    """What the model says about this answer beside those before it; None if it is good."""
    if path == "office.wan.forwards" and value is not True:
        return Problem(path, str(value), FORWARDS)
    if path == "office.router.host" and not _HOST.fullmatch(str(value)):
        return Problem(path, str(value), "an address or a name")
    kind = value if path == "office.wan.kind" else given.get("office.wan.kind", "fixed")
    beside = EXAMPLES.get(str(kind), _COMMON) | dict(given)
    return next((p for p in _problems({**beside, path: value}) if p.path == path), None)


def site_data(answers: Answers) -> dict[str, Any]:
    """The site as the file has it: nested, without what was left empty."""
    data: dict[str, Any] = {}
    for path in _ORDER:
        if answers.get(path) in (None, ""):
            continue
        *parents, last = path.split(".")
        place = data
        for step in parents:
            place = place.setdefault(step, {})
        place[last] = answers[path]
    return data


def checked(answers: Answers) -> Site:
    """The site that these answers make; raises `SpecError` with every problem."""
    return Site.parse(site_data(answers), source="what was answered")


def file_text(name: str, answers: Answers, schema: str = "") -> str:
    """The site file; `schema` is where an editor finds its schema, seen from the file."""
    data = site_data(answers)
    head = [f"# yaml-language-server: $schema={schema}"] if schema else []
    head += [
        f"# Site {name}.  Every key: docs/site-file.md; what depends on the router is filled in by",
        f"# sakura-rtx plan --site {name} --write",
        "config:",
        "  sakura-rtx-vpn:site:",
    ]
    return "\n".join([*head, *(f"    {line}" for line in _lines(data)), ""])


_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_ORDER: Final = (
    "cloud.zone",
    "cloud.lan",
    "cloud.attach.router_id",
    "office.router.model",
    "office.router.host",
    "office.router.user",
    "office.lan",
    "office.wan.kind",
    "office.wan.interface",
    "office.wan.address",
    "office.wan.prefix",
    "office.wan.inner_address",
    "office.wan.forwards",
    "office.tunnel",
)


# What YAML puts after a value that is no list and no map.
_END: Final = re.compile(r"\n\.\.\.\n$")


def _lines(data: Mapping[str, Any]) -> list[str]:
    """Sections as blocks, what is inside of them on one line each."""
    found = []
    for section, values in data.items():
        found.append(f"{section}:")
        for key, value in values.items():
            shown = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=200)
            found.append(f"  {key}: {_END.sub('', shown).strip()}")
    return found


def _problems(answers: Answers) -> tuple[Problem, ...]:
    try:
        checked({**dict.fromkeys(_ORDER), **_GOOD, **answers})
    except SpecError as error:
        return error.problems
    return ()


_GOOD: Final = {
    "cloud.zone": "is1b",
    "cloud.lan": "192.168.2.0/24",
    "office.lan": "192.168.1.0/24",
    "office.router.host": "192.168.1.1",
    "office.wan.interface": "lan2",
}
