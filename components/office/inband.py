"""Whether our own way to the router runs through what is changed (design: never worse than before).

Pure, but for `source_towards`.  It is recognised from where our session comes, as the router sees
it, from the routes into our tunnel, and from the commands.  A source that is not known gives no
reason.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from ..errors import DeviceError
from . import syntax
from .config import Config

_ROUTE: Final = re.compile(r"(?:no )?ip route (\S+)(?: gateway tunnel \d+.*)?")
_GATE: Final = re.compile(r"(?:no )?(?:nat descriptor|ip filter|ip \S+(?: \d+)? secure filter)\b.*")
_ADDRESS: Final = re.compile(r"ip (\S+) address (\d+\.\d+\.\d+\.\d+/\d+)(?: .*)?")
_SELF: Final = re.compile(r"(?m)^\s*[+@]*\*\S*\s.*?(\d{1,3}(?:\.\d{1,3}){3})[ \t\r]*$")


def source_of(status: str) -> IPv4Address | None:
    """Where our session comes from: `show status user` marks it by `*` (columns unverified).

    None for this machine's loopback: only a stand-in on it sees such a one.
    """
    found = _SELF.search(status)
    return _outside(address_of(found[1])) if found else None


def address_of(text: str) -> IPv4Address | None:
    """What is written as an IPv4 address, or None."""
    try:
        return IPv4Address(text)
    except ValueError:
        return None


def source_towards(host: str) -> IPv4Address | None:
    """Our own address on the way to `host`; None for a name, or if no way leads there.

    The machine's routing table is asked: nothing is sent.  None for the loopback too: somebody
    forwards the connection, and from where is not known.
    """
    if address_of(host) is None:
        return None
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect((host, 22))
        return _outside(address_of(way.getsockname()[0]))
    return None


def _outside(source: IPv4Address | None) -> IPv4Address | None:
    return None if source is None or source.is_loopback else source


def refuse(source: IPv4Address | None, commands: Iterable[str], ours: str, running: Config) -> None:
    """Raise `DeviceError` if our own way in is changed or leads into the changed tunnel."""
    if found := reasons(source, commands, ours, running):
        raise DeviceError(
            f"we come from {source}, through what would be changed",
            said="\n".join(map(syntax.masked, found)),
            attempted="find our own way to the router",
            state="nothing was changed",
            remedy="come from the office LAN, or consent: office.in_band: true",
        )


def reasons(
    source: IPv4Address | None, commands: Iterable[str], ours: str, running: Config
) -> tuple[str, ...]:
    """The lines that carry our own way in and are changed or lead into the changed tunnel.

    `ours` are our lines, old and new; `commands` what would be typed.  NAT and filter lines carry
    a session that does not come from a network of the router itself.  Empty: not in band.
    """
    if source is None:
        return ()
    if any(source in network for network in _attached(running)):
        return ()
    typed = list(commands)
    routes = (line.strip() for line in [*ours.splitlines(), *typed])
    found = [line for line in routes if _leads_to(line, source)]
    found += [command for command in typed if _GATE.fullmatch(command)]
    return tuple(dict.fromkeys(found))


def _attached(running: Config) -> Iterator[IPv4Network]:
    for statement in running.statements:
        if found := _ADDRESS.fullmatch(statement.text):
            try:
                network = IPv4Network(found[2], strict=False)
            except ValueError:
                continue
            # A point-to-point address has nobody beside it.
            if network.prefixlen < 32:
                yield network


def _leads_to(line: str, source: IPv4Address) -> bool:
    found = _ROUTE.fullmatch(line)
    if not found:
        return False
    try:
        return source in IPv4Network("0.0.0.0/0" if found[1] == "default" else found[1])
    except ValueError:
        return False
