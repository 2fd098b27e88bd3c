"""`prove-recovery` and `reconnect` between real daemons, by the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tunnel_world import DEMO, KEY

from components import cli
from components.rehearsal import instance
from ike.test_ike_rehearsal import Bench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("proving"))
    made.make()
    yield made
    instance.stop(made.folder)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code = cli.main([words[0], "--site", str(DEMO), "--json", *words[1:]])
    said = capsys.readouterr()
    assert KEY not in said.out + said.err
    return code, json.loads(said.out)


def test_traffic_comes_back_over_new_sas_within_the_dpd_time_and_an_interval(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAKURA_RTX_REHEARSAL", str(bench.folder))
    assert bench.wait_for_ping(10)
    code, found = run(capsys, "prove-recovery")
    assert code == 0
    assert found["seconds"] <= found["expected_s"] == 45
    assert len(found["deleted"]) >= 3
    code, now = run(capsys, "verify")
    assert code == 0
    spis = [{sa["spi"] for sa in each["sas"]} for each in (found["before"], now)]
    assert not spis[0] & spis[1]
    code, back = run(capsys, "reconnect", "--router-id", bench.router_id)
    assert (code, back["by"]) == (0, "office")
