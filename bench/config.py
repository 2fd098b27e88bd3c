"""Reading, comparing and writing a configuration, beside hier_config doing the same."""

from __future__ import annotations

import time
from collections.abc import Callable

from components.office import config, plan, syntax

from .table import Row

REPEATS = 15
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
    """A configuration of some `lines` lines with many tunnels; `changed` in the block of one."""
    blocks = []
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


def _seconds(work: Callable[[str, str], object], lines: int) -> float:
    """The least of a few runs, each with nothing remembered from the one before."""
    running, wanted = text(lines, changed=False), text(lines, changed=True)
    times = []
    for _ in range(REPEATS):
        syntax.match.cache_clear()
        begin = time.process_time()
        found = work(running, wanted)
        times.append(time.process_time() - begin)
        assert found
    return min(times)


def rows() -> list[Row]:
    """A thousand lines beside hier_config, and ten thousand beside a thousand."""
    small, other, large = _seconds(ours, 1000), _seconds(theirs, 1000), _seconds(ours, 10_000)
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
    ]
