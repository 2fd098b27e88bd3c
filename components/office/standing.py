"""A tunnel that stands in a router already, found by its number: which lines are its own.  Pure.

Source: command reference 15.46 (policies), 15.30 (tunnel to policy), 9.1 (routes).
"""

from __future__ import annotations

import re
from typing import Final

from ..errors import Problem, SpecError
from .config import Config, Scope, Statement

_BOUND: Final = re.compile(r"ipsec tunnel (\d+)", re.IGNORECASE)
_POLICY: Final = re.compile(r"ipsec sa policy (\d+) (\d+) esp\b", re.IGNORECASE)


def scope_standing(running: Config, tunnel: int) -> Scope:
    """The scope of this IPsec tunnel as it stands.

    Beside its block and its IKE lines: routes into it.  Static NAT entries and filters carry no
    sign of a tunnel, and may serve several.  Raises `SpecError` if there is no such tunnel.
    """
    block = [s.text for s in running.statements if s.context == f"tunnel {tunnel}"]
    policy = next((int(m[1]) for text in block if (m := _BOUND.fullmatch(text))), None)
    lines = [s.text for s in running.statements]
    pairs = {int(m[1]): int(m[2]) for text in lines if (m := _POLICY.match(text))}
    if policy not in pairs or policy is None:
        there = ", ".join(c.split()[1] for c in running.contexts if c.startswith("tunnel "))
        allowed = f"an IPsec tunnel of the router, of {there or 'none'}"
        raise SpecError([Problem("tunnel", str(tunnel), allowed)], source="import of a tunnel")
    gateway = pairs[policy]
    keys = {s.key for s in running.statements if _leads_in(s, tunnel)}
    return Scope(tunnel, policy, gateway, frozenset(keys))


def _leads_in(statement: Statement, tunnel: int) -> bool:
    """A route whose only way is this tunnel."""
    words = statement.text.lower()
    return bool(re.fullmatch(rf"ip route \S+ gateway tunnel {tunnel}", words))
