"""Reading, comparing and writing a configuration, beside hier_config doing the same."""

from __future__ import annotations

import time
from collections.abc import Callable

from components.office import config, plan, syntax
from components.office.facts import facts_of
from components.office.reading import read

from .table import Row

REPEATS = 25
_IKE = (
    ("duration ipsec-sa", "1800"),
    ("encryption", "aes-cbc"),
    ("group", "modp1024"),
    ("hash", "sha"),
    ("keepalive use", "on dpd 15 2"),
    ("local address", "192.168.1.1"),
    ("local id", "192.168.1.0/24"),
    ("pfs", "on"),
    ("remote address", "192.0.2.1"),
    ("remote id", "192.168.2.0/24"),
)


def text(lines: int, *, changed: bool) -> str:
    """A configuration of `lines` lines with many tunnels; `changed` in the block of one."""
    blocks: list[str] = []
    for n in range(1, lines // 18 + 1):
        ike = [f"  ipsec ike {name} {n} {value}" for name, value in _IKE]
        if changed and n == 2:
            ike[1] = f"  ipsec ike encryption {n} aes256-cbc"
            ike.append(f"  ipsec ike backward-compatibility {n} 2")
        blocks += [
            f"ip route 10.{n // 250}.{n % 250}.0/24 gateway tunnel {n}",
            f"tunnel select {n}",
            f" ipsec tunnel {100 + n}",
            f"  ipsec sa policy {100 + n} {n} esp aes-cbc sha-hmac",
            *ike,
            " ip tunnel mtu 1280",
            f" tunnel enable {n}",
            f"ip filter {n} pass 10.{n // 250}.{n % 250}.0/24 * tcp * {n}",
            f"nat descriptor masquerade static 1 {n} 192.168.1.1 udp {n}",
        ]
    blocks += [f"ip filter {9000 + n} pass * * tcp * {n}" for n in range(lines % 18)]
    return "\n".join(blocks) + "\n"


def ours(running: str, wanted: str) -> tuple[str, ...]:
    """The commands that lead from one text to the other."""
    scope = config.Scope(2, 102, 2)
    return plan.plan(config.parse(running), config.parse(wanted), scope).commands


def theirs(running: str, wanted: str) -> list[str]:
    """The same by hier_config."""
    from hier_config import Platform, WorkflowRemediation, get_hconfig

    one, other = (get_hconfig(Platform.GENERIC, each) for each in (running, wanted))
    remediation = WorkflowRemediation(one, other).remediation_config
    return [line.cisco_style_text() for line in remediation.all_children_sorted()]


def _seconds(work: Callable[[str, str], object], running: str, wanted: str, times: int) -> float:
    """The time of this process for one of `times` runs, none of which remembers the others."""
    seconds = 0.0
    for _ in range(times):
        for memory in (syntax.command_of, syntax.key_of):
            memory.cache_clear()
        begin = time.process_time()
        found = work(running, wanted)
        seconds += time.process_time() - begin
        assert found
    return seconds / times


def rows() -> list[Row]:
    """A thousand lines beside hier_config, and ten thousand beside a thousand.

    The least of a few turns.  A turn is about as long for each of them, so that what else the
    machine does slows down all alike.
    """
    work = [(ours, 1000, 10), (theirs, 1000, 4), (ours, 10_000, 1)]
    texts = [(text(n, changed=False), text(n, changed=True)) for _, n, _ in work]
    turns = [
        [_seconds(each, *both, times) for (each, _, times), both in zip(work, texts, strict=True)]
        for _ in range(REPEATS)
    ]
    small, other, large = map(min, zip(*turns, strict=True))
    return [
        Row(
            "read, compare, write 1,000 lines (hier_config)",
            small * 1000,
            other * 1000,
            "ms",
            small / other,
            0.5,
        ),
        Row("10,000 lines against 1,000", large * 1000, small * 1000, "ms", large / small, 11.0),
        _megabyte(),
    ]


def _megabyte() -> Row:
    """From the bytes of a capture whose long lines are cut to everything that is said about it."""
    lines = text(28_000, changed=False).splitlines()
    lines[::50] = [f"ip filter 1 pass {'192.168.100.1,' * 6}192.168.100.2 * tcp"] * len(lines[::50])
    cut = "\r\n".join(f"{line[:79]}\r\n{line[79:]}" if line[79:] else line for line in lines)
    data = cut.encode()[:1_000_000]

    def judged(*_: str) -> object:
        return facts_of(read(data)).tunnels

    seconds = min(_seconds(judged, "", "", 1) for _ in range(3))
    return Row("1 MB of a capture to the model and its facts", seconds, 1.0, "s", seconds, 1.0)
