"""1,000 interleavings of two stacks and a human on one router, with the hash enforced and ignored.

What is allowed to come out: with `SettingsHash` enforced "nothing lost" (or "refused", where a
write could erase a secret that the API hides); with it ignored also a loss that shows, by the
write's own look ("told"), at the next refresh or as missing traffic.  The firewall of the human is
lost only if he stored it between a stack's reading and its storing; the API gives no sign of that.
"""

from __future__ import annotations

import functools
import sys
import tempfile
from pathlib import Path

from .table import Case

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cloud"))

from interleaved import SECRETS, Router, Run, Secrets

RUNS = 1000


@functools.cache
def _router(enforced: bool, secrets: Secrets) -> Router:
    return Router(Path(tempfile.mkdtemp()), enforced=enforced, secrets=secrets)


def _outcome(enforced: bool, secrets: Secrets, seed: int) -> str:
    run = Run(_router(enforced, secrets), seed)
    run.go()
    assert not (lost := run.foreign_secrets_lost()), f"foreign secrets are lost: {lost}"
    assert not any(w.said_wrongly for w in run.stacks.values()), "a loss was called a success"
    told = {name for name, writer in run.stacks.items() if not writer.finished}
    ways = set(run.lost().values())
    if enforced:
        assert run.firewall_stands(), "the firewall is lost"
        assert set(run.lost()) <= told, "a peer is lost"
        return "refused" if told else "nothing lost"
    if not run.firewall_stands():
        assert run.came_in_between(), "a stale firewall was stored"
        ways.add("firewall")
    return " + ".join(sorted(ways)) or "nothing lost"


def cases() -> list[Case]:
    """All of them."""
    return [
        Case(
            f"hash {'enforced' if enforced else 'ignored'}, secrets {secrets}",
            f"seed {seed}",
            functools.partial(_outcome, enforced, secrets, seed),
        )
        for enforced in (True, False)
        for number, secrets in enumerate(SECRETS)
        for seed in range(number, RUNS, len(SECRETS))
    ]
