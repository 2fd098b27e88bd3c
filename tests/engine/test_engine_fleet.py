"""Three sites in one run: what fails concerns no other, and a later run goes on there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .conftest import Clone
from .fleet_sites import Sites

pytestmark = pytest.mark.engine


@pytest.fixture
def sites(clone: Clone) -> Iterator[Sites]:
    made = Sites(clone, 3)
    yield made
    made.end()


def test_a_site_that_is_broken_concerns_no_other(sites: Sites) -> None:
    one, two, three = sites.names
    sites.edit(three, "office", "tunnel", 200)
    run = sites.fleet("preview")
    assert run.code == 1, run.said
    assert run.results() == {one: "changed", two: "changed", three: "failed"}
    assert "office.tunnel: found 200; allowed: 100 or less" in run.errors(three)
    assert "fault of this program" not in run.said

    run = sites.fleet("up")
    sites.remember_canaries()
    assert run.code == 1, run.said
    assert run.results() == {one: "changed", two: "changed", three: "failed"}
    assert sites.passes(one)
    assert sites.passes(two)

    sites.edit(three, "office", "tunnel", 2)
    run = sites.fleet("preview", "--resume")
    assert run.code == 3
    assert run.results() == {one: "changed", two: "changed", three: "changed"}
    assert f"{three}: running" in run.said
    assert f"{one}: running" not in run.said  # it was done
    said = sites.command("watch", "--once", "--sites", one)
    assert f"{one}: passes: traffic passes" in said
