"""Two stacks and a human on one router: a sample of the interleavings of `tests/matrix`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from interleaved import SECRETS, Router, Run, Secrets

RUNS = 45


@pytest.mark.parametrize("secrets", SECRETS)
def test_with_the_hash_enforced_nothing_is_lost(tmp_path: Path, secrets: Secrets) -> None:
    router = Router(tmp_path, enforced=True, secrets=secrets)
    written = 0
    for seed in range(RUNS):
        run = Run(router, seed)
        run.go()
        assert not run.foreign_secrets_lost()
        assert run.firewall_stands()
        for name, writer in run.stacks.items():
            assert not writer.said_wrongly
            written += writer.finished and writer.wanted is not None
            assert not writer.finished or name not in run.lost()
    # Where a write would erase what the API hides, none is made.
    assert (written == 0) == (secrets == "erased")


@pytest.mark.parametrize("secrets", SECRETS)
def test_with_the_hash_ignored_no_loss_stays_unseen(tmp_path: Path, secrets: Secrets) -> None:
    router, seen = Router(tmp_path, enforced=False, secrets=secrets), Counter[str]()
    for seed in range(RUNS):
        run = Run(router, seed)
        run.go()
        assert not run.foreign_secrets_lost()
        assert not any(writer.said_wrongly for writer in run.stacks.values())
        seen.update(run.lost().values())
        if not run.firewall_stands():
            seen["firewall"] += 1
            assert run.came_in_between()
    assert seen["told"]
    assert (seen["firewall"] > 0) == (secrets != "erased")  # the case is really met
