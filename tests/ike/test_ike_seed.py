"""The seed's story between real daemons: up and dead after a loss, and the two lines that cure it.

What daemons show and what they do not: that an initiator that deletes its own SAs does not call
again, and that nobody else calls, is shown here by themselves.  That the VPC router is the one who
does not call back (it holds SAs that the RTX does not know, and dead peer detection reports no
loss) is the article's observation: no pair of daemons stalls like that, so in the first test the
far end is told not to start and not to persist.  The stall itself is a model, `tests/test_seed.py`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tunnel_world import DEMO, KEY, World

from components import cli
from components.rehearsal import instance
from components.rehearsal.ike.lab import Lab
from ike.pair import INITIATES, Pair, rendered
from ike.test_ike_rehearsal import Bench

DPD = (1, 3)
ALLOWED = sum(DPD) + 2.0  # the DPD time, one interval, and what the machine needs
PUBLISHED = (*INITIATES, "ipsec ike backward-compatibility 2 1")
CURE = ("ipsec auto refresh 2 off", "ipsec ike backward-compatibility 2 2")


def say(text: str) -> None:
    """Shown by `pytest -s` or `-rP`."""
    sys.stdout.write(f"{text}\n")


def quick(world: World, *typed: str) -> Pair:
    return rendered(world, *typed).changed(dpd=DPD)


def back_after(lab: Lab) -> float | None:
    """Seconds from the loss of the office's SAs until traffic is back, None if it is not."""
    start = time.monotonic()
    lab.office.delete()
    return None if lab.wait_for_traffic(ALLOWED) is None else time.monotonic() - start


def test_as_published_it_does_not_come_back_and_with_the_defaults_it_does(world: World) -> None:
    published, cured = quick(world, *PUBLISHED), quick(world)
    silent = replace(published.cloud, starts=False, persists=False)
    with Lab(silent, replace(published.office, persists=False)) as lab:
        assert lab.wait_for_traffic(10) is not None
        assert back_after(lab) is None
        # `up`: the office end only answers, the cloud end is applied at once after it and calls.
        lab.office.load(cured.office)
        lab.cloud.load(cured.cloud)
        assert lab.wait_for_traffic(10) is not None
        seconds = back_after(lab)
        assert seconds is not None
        say(f"with the defaults: back {seconds:.1f} s after the loss (DPD {DPD[1]} s)")


# --- by the command line, the rehearsal's own two ends --------------------------------------------


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("seed"))
    made.make()
    yield made
    instance.stop(made.folder)


def prove_recovery(capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    code = cli.main(["prove-recovery", "--site", str(DEMO), "--json"])
    said = capsys.readouterr()
    assert KEY not in said.out + said.err
    return code, json.loads(said.out)


def test_the_two_lines_are_named_though_daemons_do_come_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAKURA_RTX_REHEARSAL", str(bench.folder))
    assert bench.wait_for_ping(10)
    bench.type("no ipsec auto refresh 2", "ipsec ike backward-compatibility 2 1", "save")
    assert bench.wait_for_ping(10)
    _, found = prove_recovery(capsys)
    (stall,) = [each for each in found["findings"] if each["code"] == "stall-after-sa-loss"]
    assert all(line in stall["remedy"] for line in CURE)
    bench.type(*CURE, "save")
    assert bench.wait_for_ping(60)
    code, found = prove_recovery(capsys)
    assert code == 0
    assert found["findings"] == []
    assert found["seconds"] <= found["expected_s"] == 45
    say(f"with the defaults: back {found['seconds']} s after the loss (DPD 30 s)")
