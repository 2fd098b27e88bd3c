"""The ways into the router, and what its logs give away.

Pure.  Sources: command reference 4.65 to 4.67 (sshd), 4.36 and 15.42 (logs).  That telnetd and
httpd, too, take everybody unless a host is named is unverified: they are judged only where the
text names the service.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv4Network, summarize_address_range
from typing import Final, NamedTuple

from .far import FarEnd
from .filtering import Packet
from .findings import Finding, finding
from .link import Link
from .texts import EVERYTHING, address, is_public, network
from .view import RouterView

_ANYBODY: Final = IPv4Network("223.255.255.1")
"""A host of the internet that no list of filters has a reason to name."""
_SOME_PORT: Final = "50000"


class _Service(NamedTuple):
    """`name` is the first word of its commands, `port` the usual one."""

    name: str
    port: str
    shown: str


SSH: Final = _Service("sshd", "22", "SSH")
_SERVICES: Final = (SSH, _Service("telnetd", "23", "TELNET"), _Service("httpd", "80", "HTTP"))


def left_open(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """A service that everybody in the internet may call."""
    router = link.router
    wans = dict.fromkeys(filter(None, [link.line_to_peer, *router.by_default]))
    for service in _SERVICES:
        if not _serves_anybody(router, service):
            continue
        port = router.value(f"{service.name} listen port") or service.port
        if (line := next(_reached(router, wans, port), None)) is not None:
            host = _host(router, service)
            yield finding(
                "management-open",
                f"{service.name} host {host}" if host else f"no {service.name} host",
                f"{service.name} host with the addresses that need it, or a filter on {line}",
                why=f"the internet reaches {service.shown} of the router by {line}: no host is "
                "named, and neither NAT nor a filter stands before it",
            )


def _host(router: RouterView, service: _Service) -> str | None:
    """Who may call the service; `sshd host key generate` is another command."""
    lines = [s.text.split()[2:] for s in router.find(f"{service.name} host")]
    return next((" ".join(words) for words in reversed(lines) if words[:1] != ["key"]), None)


def _serves_anybody(router: RouterView, service: _Service) -> bool:
    """Whether it runs and refuses nobody; SSH is off unless switched on (4.65)."""
    on, host = router.value(f"{service.name} service"), _host(router, service)
    if on is None:
        return service is not SSH and host == "any"
    return on == "on" and host in (None, "any")


def _reached(router: RouterView, wans: Collection[str], port: str) -> Iterator[str]:
    """The lines by which a stranger reaches this port of the router itself."""
    for line in wans:
        for target in _called(router, wans, line):
            to = IPv4Network(target) if target else EVERYTHING
            packet = Packet(_ANYBODY, to, "tcp", _SOME_PORT, port)
            dropped = router.drops(router.listed(line, "in"), packet)
            if not dropped and not _swallowed(router, line, target, port):
                yield line


def _called(router: RouterView, wans: Collection[str], line: str) -> Iterator[IPv4Address | None]:
    """The router's addresses that strangers call over a line; None is one that is not said.

    They are those of the line and those of a block behind it, but nothing comes through to a line
    with a private address.
    """
    own = [a.ip for a in router.addresses.get(line, ())]
    if own and not any(map(is_public, own)):
        return
    public = [a.ip for name, a in router.outer if name == line or name not in wans]
    yield from filter(is_public, public)
    # A session or a lease says its address when it is up.
    if not own and (line in router.leased or line.startswith("pp ")):
        yield None


def _swallowed(router: RouterView, line: str, target: IPv4Address | None, port: str) -> bool:
    """Whether a masquerading NAT of the line takes the packet, and gives it to nobody of ours."""
    everywhere = {str(a.ip) for each in router.addresses.values() for a in each}
    own = [a.ip for a in router.addresses.get(line, ())]
    for number in (router.on(line, "nat descriptor") or "").split():
        outer = address(router.value(f"nat descriptor address outer {number}") or "")
        takes = target in (None, outer) or (outer is None and target in own)
        if "masquerade" not in (router.value(f"nat descriptor type {number}") or "") or not takes:
            continue
        incoming = router.value(f"nat descriptor masquerade incoming {number}") or "reject"
        lines = router.find(f"nat descriptor masquerade static {number}")
        statics = [s.text.split()[6:] for s in lines]
        given = any(w[0] in everywhere and w[1:3] == ["tcp", port] for w in statics if len(w) > 2)
        return not given and not incoming.startswith("through")
    return False


def shut_out(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Nobody can log in by SSH, or only from behind the tunnel that would have to be mended."""
    router = link.router
    service, host = router.value("sshd service"), _host(router, SSH)
    if service != "on":
        if service == "off" or router.whole:
            yield finding("no-ssh-service", "sshd service off", "sshd service on")
        return
    if router.whole and not router.find("login user"):
        yield finding("no-login-user", "no login user", "login user NAME PASSWORD")
    allowed = _ranges(host)
    if host == "none":
        yield finding("management-shut-out", "sshd host none", "sshd host with the LAN")
    elif allowed and link.remote_id and all(r.subnet_of(link.remote_id) for r in allowed):
        yield finding(
            "management-in-band-only",
            f"sshd host {host}",
            f"sshd host {host} and the addresses of the office",
            why=f"only hosts of {link.remote_id}, behind {link.mine}, may log in: when it is down, "
            "nobody can mend it",
        )
    elif (closed := _closed_lans(link)) and len(closed) == len(router.lans):
        port = router.value("sshd listen port") or SSH.port
        yield finding(
            "management-shut-out",
            ", ".join(f"ip {name} secure filter in" for name in closed),
            f"ip filter N pass LAN ROUTER tcp * {port}, in the list",
            why="the lists of the LAN drop SSH to the router",
        )


def unguarded(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """A router that promotes everybody who is in."""
    if link.router.whole and not link.router.find("administrator password"):
        remedy = "administrator password (it is asked for)"
        yield finding("no-administrator-password", "no administrator password", remedy)


def _ranges(host: str | None) -> list[IPv4Network]:
    """The hosts of `sshd host` as prefixes; empty if a word is none (any, lan, lan1)."""
    found: list[IPv4Network] = []
    for word in (host or "").split():
        first, dash, last = word.partition("-")
        low, high = address(first), address(last)
        if dash and low and high and low <= high:
            found += summarize_address_range(low, high)
        elif inside := network(word):
            found.append(inside)
        else:
            return []
    return found


def _closed_lans(link: Link) -> list[str]:
    """The LANs whose list drops SSH from every host to the router."""
    router = link.router
    port = router.value("sshd listen port") or SSH.port
    return [
        name
        for name, each in router.lans.items()
        if all(
            router.drops(
                router.listed(name, "in"), Packet(a.network, IPv4Network(a.ip), "tcp", "", port)
            )
            for a in each
        )
    ]


def logs(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """A log that prints keys, of this gateway or of all (15.42), or every typed line (4.36)."""
    remedy = f"no {link.line('log')}"
    if "key-info" in link.ike("log").split():
        yield finding("log-shows-keys", f"{link.line('log')} {link.ike('log')}", remedy)
    wide = (link.router.value("ipsec ike log") or "").split()
    if "key-info" in wide and not wide[0].isdecimal():
        yield finding("log-shows-keys", f"ipsec ike log {' '.join(wide)}", "no ipsec ike log")
    if link.router.value("syslog execute command") == "on":
        yield finding(
            "log-shows-keys",
            "syslog execute command on",
            "syslog execute command off",
            why="every line that is typed stands in the log, pre-shared keys too",
        )


CHECKS: Final = (left_open, shut_out, unguarded, logs)
