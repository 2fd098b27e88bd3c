"""The tunnel through the real CLI: every kind of change, and every fault of a change, a creation
and a removal, many of them one after the other at one pair."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

sys.path.append(str(Path(__file__).parents[1]))

from cli_life import Pair, agreed, is_all_gone, pair
from cli_steps import (
    Change,
    Creation,
    Destruction,
    Fault,
    Removal,
    Step,
    change,
    cut_off,
    disturbed,
    refused,
)

from .cli_causes import NO_FIRST_TRAFFIC, NO_TRAFFIC
from .cli_faults import (
    BUILDING,
    CHANGE_CUT_OFF,
    CONFIG,
    CREATION_CUT_OFF,
    GOING,
    LINES,
    REMOVAL_CUT_OFF,
    SETTINGS,
)
from .table import Case

Site = Mapping[str, Any]
Way = Callable[[Pair, Fault, Step], str]

# What changes in the site file, and what somebody types before.
TUNNEL: Final[dict[str, tuple[Site, tuple[str, ...]]]] = {
    "key": ({"psk_version": 2}, ()),
    "proposal": ({"ipsec.encryption": "aes256", "ipsec.hash": "sha256"}, ()),
    "lifetimes": ({"ipsec.ike_lifetime": 14400, "ipsec.esp_lifetime": 3600}, ()),
    "prefix": ({"office.lan": "192.168.1.0/25"}, ()),
    "office address": (
        {"office.wan": {"kind": "fixed", "interface": "lan2", "address": "198.51.100.77"}},
        ("ip lan2 address 198.51.100.77/24",),
    ),
    "tunnel number": ({"office.tunnel": 3}, ()),
}
# What every failure of a change meets: a new proposal, and the way back from it.
_WISHES: Final = (Change({"ipsec.hash": "sha256"}), Change({"ipsec.hash": "sha1"}))
_CREATES: Final = (Creation(),)
_REMOVES: Final = (Removal(),)
_DESTROYS: Final = (Destruction(),)

# A group's steps by turns, what is done to each, and the faults.
GROUPS: Final[dict[str, tuple[Sequence[Step], Way, Sequence[Fault]]]] = {
    **{f"change, {group}": (_WISHES, disturbed, faults) for group, faults in NO_TRAFFIC.items()},
    "change, a line": (_WISHES, disturbed, LINES),
    "change, PUT settings": (_WISHES, disturbed, SETTINGS),
    "change, PUT config": (_WISHES, disturbed, CONFIG),
    "change, cut off": (_WISHES, cut_off, CHANGE_CUT_OFF),
    "creation, a line or a call": (_CREATES, disturbed, (*LINES, *SETTINGS, *CONFIG)),
    "creation, no traffic": (_CREATES, disturbed, NO_FIRST_TRAFFIC),
    "creation, cut off": (_CREATES, cut_off, CREATION_CUT_OFF),
    "removal, a line or a call": (_REMOVES, disturbed, (*LINES, *SETTINGS, *CONFIG)),
    "removal, cut off": (_REMOVES, cut_off, REMOVAL_CUT_OFF),
    "destroy": (_DESTROYS, disturbed, (*LINES, CONFIG[1], CONFIG[-1])),
    "destroy, cut off": (_DESTROYS, cut_off, REMOVAL_CUT_OFF),
}


def _changes() -> Mapping[str, int]:
    with pair() as clone:
        for name, (site, typed) in TUNNEL.items():
            with _naming(name):
                change(clone, site, typed)
        clone.typed("ip lan2 address 198.51.100.20/24", "save")
    return {"new": len(TUNNEL)}


def _refusals() -> Mapping[str, int]:
    with pair() as clone:
        clone.down()
        is_all_gone(clone)
        refused(clone, ("up",), BUILDING)
        assert clone.configuration() == clone.bare, "the RTX was touched"
        clone.create()
        agreed(clone)
        refused(clone, ("down",), GOING)
        clone.down()
        is_all_gone(clone)
    return {"refused, then done": len(BUILDING) + len(GOING)}


def _faults(steps: Sequence[Step], way: Way, faults: Sequence[Fault]) -> Mapping[str, int]:
    """How each of them left both ends; then it was done without."""
    left = Counter[str]()
    with pair() as clone:
        for number, fault in enumerate(faults):
            with _naming(fault.name):
                left[way(clone, fault, steps[number % len(steps)])] += 1
    return left


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Say at what an assertion failed."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from error


def of_both_ends() -> list[Case]:
    """The changes, and the faults by group."""
    return [
        Case("changes of the tunnel", ", ".join(TUNNEL), _changes),
        Case("each call of all refused", "creation, destroy", _refusals),
        *(
            Case(group, ", ".join(each.name for each in row[-1]), partial(_faults, *row))
            for group, row in GROUPS.items()
        ),
    ]
