"""No traffic over the new agreement: both ends go back, traffic passes, and the error says why."""

from __future__ import annotations

import pytest

from .conftest import Clone, kill, session

pytestmark = pytest.mark.engine

FILTER = "ip filter 1033 {} * 192.168.1.1 esp * *"


def test_a_change_without_traffic_goes_back(clone: Clone) -> None:
    clone.create()
    clone.remember_canaries()
    clone.edit("ipsec.hash", "sha256")
    clone.edit("psk_version", 2)
    clone.edit("verify.seconds", 30)
    clone.typed(FILTER.format("pass"), "save")
    before = clone.both_ends()
    clone.typed(FILTER.format("reject"), "save")
    said = up_until_both_are_back(clone)
    assert "no traffic from 192.168.1.1 (RTX) to 192.168.2.1" in said
    assert "cause: filters: filter-blocks-esp" in said
    assert "cloud end as before; office end as before" in said
    assert clone.both_ends() == before
    assert clone.passes()
    # The state knows that: the change is still to be made.
    preview = clone.make("preview", "--color=never")
    assert "+   ipsec ike hash 2 sha256" in preview
    assert "~ psk       : [secret] => [secret]" in preview
    assert "~ pskVersion: 1 => 2" in preview


def up_until_both_are_back(clone: Clone) -> str:
    """`make up`, which fails; who owns the filter mends it once the old agreement is back."""
    run = clone.start_up()
    said = ""
    try:
        assert run.stdout
        for line in run.stdout:
            said += line
            if "both ends are back" in line:
                clone.typed(FILTER.format("pass"), "save")
        assert run.wait(60) != 0, said
    finally:
        kill(list(session(run.pid)))
    clone.seen += said
    return said
