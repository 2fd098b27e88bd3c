"""Every kind of change and every kind of failure, through the real CLI, one after the other.

After each the next preview is empty and traffic passes; what both ends hold is compared with the
agreement by a witness of its own.  It takes some minutes, because the engine and the stand-ins run
on the real clock.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))

from engine.conftest import Clone

from .cli_ends import of_both_ends
from .table import Case

Site = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """What is set in the site file, and which words `pulumi up` must and must not say."""

    name: str
    site: Site
    says: tuple[str, ...]
    never: tuple[str, ...] = ()


_STOP, _REPLACED = "VPC router stopping", "replaced"
CHANGES: dict[str, tuple[Change, ...]] = {
    "in place": (
        Change("VRID", {"cloud.vrid": 11}, ("1 updated",), (_STOP, _REPLACED)),
        Change(
            "bandwidth",
            {"cloud.router_switch": {"bandwidth_mbps": 250}},
            ("1 updated",),
            (_STOP, _REPLACED),
        ),
        Change(
            "sections and aliases",
            {
                "cloud.aliases": 1,
                "cloud.static_nat": [{"alias": 1, "private_address": "192.168.2.22"}],
                "cloud.static_routes": [{"prefix": "10.64.0.0/16", "next_hop": "192.168.2.9"}],
                "cloud.dns_forwarding": {"nic": 1, "servers": ["192.0.2.53"]},
            },
            ("1 updated",),
            (_STOP, _REPLACED),
        ),
        Change(
            "a section emptied, others no longer named",
            {"cloud.static_nat": [], "cloud.static_routes": None, "cloud.dns_forwarding": None},
            ("1 updated",),
            (_STOP, _REPLACED),
        ),
        Change(
            "VIP in the LAN",
            {"cloud.lan_address": "192.168.2.4"},
            ("2 updated",),
            (_STOP, _REPLACED),
        ),
        Change("an algorithm", {"ipsec.hash": "sha256"}, ("1 updated",), (_STOP, _REPLACED)),
    ),
    "with one stop": (
        Change(
            "a private interface more",
            {"cloud.interfaces": [{"nic": 3, "prefix": "10.22.0.0/24"}]},
            ("1 created", "1 updated", _STOP),
            (_REPLACED,),
        ),
        Change(
            "a private interface less",
            {"cloud.interfaces": []},
            ("1 deleted", "1 updated", _STOP),
            (_REPLACED,),
        ),
    ),
    "with a new router": (
        Change("plan", {"cloud.plan": "highspec"}, ("1 updated", "1 replaced", "because of plan")),
        Change(
            "block of addresses",
            {"cloud.router_switch": {"prefix_length": 27}},
            ("1 updated", "2 replaced", "as an update of the tunnel"),
        ),
    ),
}


def _passes(clone: Clone) -> bool:
    """Whether the address that the last proof pinged answers; after a stop the tunnel comes back
    by itself."""
    target = clone.outputs()["verified"]["how"].split(",")[0].split()[-1]
    ping = f"ping -sa 192.168.1.1 -c 1 -w 1 {target}"
    with clone.fast_forward():
        return any("0.0%" in clone.typed(ping).replace("100.0%", "") for _ in range(20))


def _change(clone: Clone, change: Change) -> None:
    for path, value in change.site.items():
        clone.edit(path, value)
    with clone.fast_forward():
        said = clone.up("--skip-preview")
    for words in change.says:
        assert words in said, f"{change.name}: did not say {words!r}"
    for words in change.never:
        assert words not in said, f"{change.name}: said {words!r}"
    clone.unchanged()
    assert _passes(clone), f"{change.name}: no traffic"


def _life(changes: Sequence[Change]) -> Mapping[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone(Path(folder))
        try:
            clone.up()
            clone.remember_canaries()
            clone.unchanged()
            for change in changes:
                _change(clone, change)
            clone.make("down", "--skip-preview", "--color=never", "--suppress-progress")
            left = {kind: things for kind, things in clone.cloud().items() if things}
            assert not left, f"left behind: {left}"
            assert not (leaks := clone.leaks()), f"secrets in plain: {leaks}"
        finally:
            clone.end()
    return {"new": len(changes)}


def of_the_cloud() -> list[Case]:
    """One life for each way in which a change of the cloud end can be made."""
    return [
        Case(f"changes {way}", ", ".join(each.name for each in life), partial(_life, life))
        for way, life in CHANGES.items()
    ]


def cases() -> list[Case]:
    """All of them."""
    return of_the_cloud() + of_both_ends()
