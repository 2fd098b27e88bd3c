"""`verify.on_failure`: what a tunnel without traffic leaves behind, at a creation and a change."""

from __future__ import annotations

from typing import Any

import pytest
from tunnel_rig import OTHER_KEY, Incomplete, Rig, rig

from components.errors import VerifyError
from components.provider.tunnel_inputs import UNPROVED
from components.tunnel import Wish

__all__ = ["rig"]

BROKEN, MENDED = (f"ip filter 1033 {verb} * 192.168.1.1 esp * *" for verb in ("reject", "pass"))
# Else a creation would refuse before it types anything.
ACCEPTED = {"accept": {"filter-blocks-esp": "a test"}}


def inputs(rig: Rig, on_failure: str | None, **change: Any) -> dict[str, Any]:
    return rig.inputs(verify={"onFailure": on_failure}, consent=ACCEPTED, **change)


@pytest.mark.parametrize("on_failure", [None, "keep"])
def test_a_creation_keeps_both_ends_and_the_next_up_makes_it_whole(
    rig: Rig, on_failure: str | None
) -> None:
    rig.world.type(BROKEN, "save")
    wanted = inputs(rig, on_failure)
    with pytest.raises(Incomplete, match="both ends are configured and saved") as caught:
        rig.create(wanted)
    state = caught.value.state
    assert state["verified"] == UNPROVED
    assert rig.world.look(rig.world.first).lines == wanted["lines"]
    assert rig.world.look(rig.world.first).cloud == wanted["cloud"]
    assert rig.world.router.running().same_as(rig.world.router.saved())
    with pytest.raises(Incomplete, match="never been proved"):
        rig.read(state, wanted)
    rig.world.type(MENDED, "save")
    assert rig.update(state, wanted)["verified"]["roundTripMs"] > 0


def test_a_creation_that_is_to_go_back_leaves_nothing(rig: Rig) -> None:
    rig.world.type(BROKEN, "save")
    before = rig.world.router.running().lines()
    with pytest.raises(VerifyError, match="no traffic"):
        rig.create(inputs(rig, "back"))
    assert rig.world.router.running().lines() == before
    assert rig.world.sakura.vpn_peers() == []


@pytest.mark.parametrize("on_failure", [None, "back"])
def test_a_change_goes_back_to_the_old_key_and_lines(rig: Rig, on_failure: str | None) -> None:
    state = rig.create(inputs(rig, on_failure))
    rig.world.type(BROKEN, "save")
    before = rig.world.both()
    with pytest.raises(VerifyError, match="cloud end as before; office end as before"):
        rig.update(state, inputs(rig, on_failure, key=OTHER_KEY, encryption="aes256"))
    assert rig.world.both() == before


def test_a_change_that_is_to_be_kept_stays_at_both_ends(rig: Rig) -> None:
    state = rig.create(inputs(rig, "keep"))
    rig.world.type(BROKEN, "save")
    wanted = inputs(rig, "keep", key=OTHER_KEY, encryption="aes256")
    with pytest.raises(Incomplete, match="both ends are configured and saved") as caught:
        rig.update(state, wanted)
    standing = rig.world.look(Wish(wanted["lines"], wanted["cloud"], OTHER_KEY))
    assert (standing.lines, standing.cloud, standing.key) == (
        wanted["lines"],
        wanted["cloud"],
        OTHER_KEY,
    )
    assert OTHER_KEY not in str(caught.value)
    rig.world.type(MENDED, "save")
    assert rig.update(caught.value.state, wanted)["verified"]["roundTripMs"] > 0
