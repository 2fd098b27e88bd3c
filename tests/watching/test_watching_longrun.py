"""An hour and a half of a bad day, of the 24 hours that `make matrix ARGS=longrun` plays."""

from __future__ import annotations

import importlib

from tunnel_world import KEY

longrun = importlib.import_module("tests.matrix.longrun")


def test_traffic_is_brought_back_whatever_happens() -> None:
    report = longrun.run(5, hours=1.5, fault_every=300.0)
    said = report.text()
    assert said.count("FAULT") >= 5
    assert "watch: " in said
    assert report.ups
    assert KEY not in said
