"""Numbers that nobody uses yet, in words: for those whose numbers are taken.  Pure."""

from __future__ import annotations

from typing import Final

from . import shared_list
from .config import Config, Scope, lowest_free, taken

_POLICY_BASE: Final = 100


def in_words(running: Config, scope: Scope) -> str:
    """The lowest free number of each space that the scope has numbers of, and who writes them."""
    used = taken(running)
    both = lowest_free(used.tunnels | used.gateways)
    policy = lowest_free(used.policies, above=_POLICY_BASE + both - 1)
    free = f"free are tunnel {both}, policy {policy}, gateway {both}"
    statics = (
        f"NAT static {lowest_free(entries)} of descriptor {descriptor}"
        for descriptor, entries in used.nat_statics.items()
    )
    names = shared_list.our_filters(scope.keys)
    filters = [f"filter {lowest_free(used.filters)}"] if names else []
    numbers = ", ".join([free, *statics, *filters])
    return f"{numbers}; `sakura-rtx plan --site S --write` puts free ones into the site file"
