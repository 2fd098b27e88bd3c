"""What daemons in the place of both ends would come to terms over, and a VPC router would not."""

from __future__ import annotations

import time

import pytest
from tunnel_world import World

from components.rehearsal.ike.link import IkeLink
from components.rehearsal.rtx import run_lines
from ike.pair import rendered

LINES = (
    ("ipsec ike version 2 2", "IKEv1 only"),
    ("ipsec ike local name 2 office key-id", "aggressive mode"),
    ("ipsec ike esp-encapsulation 2 on", "vendor's own encapsulation"),
)


def wait_for(link: IkeLink, words: str) -> str:
    said, end = "", time.monotonic() + 10
    while words not in said and time.monotonic() < end:
        said = link.reason()
    return said


@pytest.mark.parametrize(("line", "why"), LINES, ids=[line for line, _ in LINES])
def test_such_a_line_keeps_the_two_apart_and_is_named(world: World, line: str, why: str) -> None:
    rendered(world, line)
    with IkeLink(world.sakura, world.router.gateways, lambda: True) as link:
        assert why in link.reason()
        assert "エラー" not in run_lines(world.router, [f"no {line}"])
        link.configuration_changed()
        assert "traffic passes" in wait_for(link, "traffic passes")
        assert "エラー" not in run_lines(world.router, [line])
        link.configuration_changed()
        assert why in link.reason()
