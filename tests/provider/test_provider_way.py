"""A change of how the router is reached, or of how traffic is proved, interrupts nobody."""

from __future__ import annotations

from typing import Any

import pytest
from tunnel_rig import KEY, OTHER_KEY, Rig, rig

from components.cloud import lifecycle
from components.errors import LoginRefused, VpnError
from components.provider.tunnel import Tunnel
from components.provider.tunnel_import import IMPORTED
from components.provider.tunnel_recovery import INTERRUPTS

__all__ = ["rig"]


def writes(rig: Rig) -> int:
    return sum(text.startswith("VPC router: writing the peer") for text in rig.said)


@pytest.fixture
def state(rig: Rig) -> dict[str, Any]:
    return rig.create(rig.inputs(router={"hostKey": "ssh-rsa AAAA"}))


@pytest.mark.parametrize(
    "change",
    [
        {"router": {"hostKey": "ssh-rsa AAAA", "user": "somebody"}},
        {"router": {"hostKey": "ssh-rsa AAAA", "via": "ops@bastion", "revision": "15.04.05"}},
        {"verify": {"seconds": 90}, "router": {"hostKey": "ssh-rsa AAAA"}},
        {"router": {}},
    ],
)
def test_the_way_alone_is_proved_and_nothing_is_touched(
    rig: Rig, state: dict[str, Any], change: dict[str, Any]
) -> None:
    before, spis = rig.world.both(), rig.world.spis()
    wanted = rig.inputs(**change)
    assert rig.changed(state, wanted)  # the preview shows it
    after = rig.update(state, wanted)
    assert (rig.world.both(), rig.world.spis()) == (before, spis)
    assert writes(rig) == 1
    assert "over the SAs that stood" in after["verified"]["how"]
    assert after["verified"]["roundTripMs"] > 0
    assert {name: after[name] for name in wanted} == wanted
    assert after["otherPeers"] == state["otherPeers"]


def test_a_proof_that_is_asked_for_otherwise_does_not_lose_the_sas_again(rig: Rig) -> None:
    state = rig.create(rig.inputs(verify={"proveRecovery": True}))
    before, spis = rig.world.both(), rig.world.spis()
    wanted = rig.inputs(verify={"proveRecovery": True, "seconds": 90})
    Tunnel().preview(state, wanted, rig.context())
    assert INTERRUPTS not in rig.said
    after = rig.update(state, wanted)
    assert after["verified"]["recoverySeconds"] == state["verified"]["recoverySeconds"]
    assert (rig.world.both(), rig.world.spis()) == (before, spis)


def test_a_comment_is_nothing_that_stands(rig: Rig) -> None:
    wanted = rig.inputs(verify={"proveRecovery": True})
    state = rig.create(wanted)
    before, spis = rig.world.both(), rig.world.spis()
    commented = rig.inputs(router={"user": "somebody"}, verify={"proveRecovery": True})
    commented["lines"] = f"# why\n{wanted['lines']}"
    assert rig.changed(wanted, commented) == {"lines", "router.user"}
    after = rig.update(state, commented)
    assert after["lines"] == commented["lines"]
    assert after["verified"]["recoverySeconds"] == state["verified"]["recoverySeconds"]
    assert (rig.world.both(), rig.world.spis()) == (before, spis)
    assert writes(rig) == 1


def broken_lines(rig: Rig) -> None:
    rig.world.type("tunnel select 2", "ip tunnel mtu 1400", "tunnel select none", "save")


def broken_key(rig: Rig) -> None:
    rig.world.type(f"ipsec ike pre-shared-key 2 text {OTHER_KEY}", "save")


def half_rotated(rig: Rig) -> None:
    """As a change of the key leaves it that was killed between the ends, once its guard ran out."""
    cloud, world = rig.world.first.cloud, rig.world
    lifecycle.write_peer(world.client, world.made.id, cloud, OTHER_KEY, world.clock)


@pytest.mark.parametrize("broken", [broken_lines, broken_key, half_rotated])
def test_an_end_that_is_not_as_it_should_be_is_written_anew(
    rig: Rig, state: dict[str, Any], broken: Any
) -> None:
    broken(rig)
    after = rig.update(state, rig.inputs(router={"user": "somebody", "hostKey": "ssh-rsa AAAA"}))
    assert writes(rig) == 2
    assert "written anew" in rig.told
    assert "over new SAs" in after["verified"]["how"]
    assert rig.world.look(rig.world.first).lines == after["lines"]
    assert rig.world.passes()


def test_who_cannot_log_in_has_changed_nothing(
    rig: Rig, state: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, spis = rig.world.both(), rig.world.spis()

    def refuse(_login: Any) -> Any:
        raise LoginRefused("the router refuses user somebody")

    monkeypatch.setattr("components.office.session._by_ssh", refuse)
    with pytest.raises(LoginRefused):
        rig.update(state, rig.inputs(router={"user": "somebody", "hostKey": "ssh-rsa AAAA"}))
    assert (rig.world.both(), rig.world.spis()) == (before, spis)


def test_what_was_imported_is_written(rig: Rig, state: dict[str, Any]) -> None:
    imported = {**state, "verified": IMPORTED}
    del imported["verify"]
    rig.update(imported, rig.inputs(router={"hostKey": "ssh-rsa AAAA"}, key=OTHER_KEY))
    assert writes(rig) == 2


def test_a_preview_says_what_turning_the_recovery_on_does(rig: Rig, state: dict[str, Any]) -> None:
    Tunnel().preview(state, rig.inputs(verify={"proveRecovery": True}), rig.context())
    assert "up deletes this tunnel's SAs" in rig.told
    rig.said.clear()
    Tunnel().preview({}, rig.inputs(verify={"proveRecovery": True}), rig.context())
    assert "up deletes this tunnel's SAs" not in rig.told


def test_a_preview_of_new_hardware_shows_the_lines(rig: Rig, state: dict[str, Any]) -> None:
    wanted = rig.inputs(router={"hostKey": "ssh-rsa BBBB"})
    Tunnel().preview(state, wanted, rig.context())
    assert "taken for new hardware; would be typed, as far as the new router lacks it" in rig.told
    assert wanted["lines"] in rig.told


def test_an_import_whose_key_nobody_knows_is_changed_once_it_is_said(
    rig: Rig, state: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = {k: v for k, v in state.items() if k not in ("verify", "psk")}
    imported["verified"] = IMPORTED
    before = rig.world.both()
    for touch in (lambda: rig.update(imported, rig.inputs()), lambda: rig.delete(imported)):
        with pytest.raises(VpnError, match="the key that stands is not known") as refused:
            touch()
        assert "SAKURA_RTX_PSK" in refused.value.remedy
    assert rig.world.both() == before
    monkeypatch.setenv("SAKURA_RTX_PSK", KEY)
    rig.update(imported, rig.inputs(key=OTHER_KEY))
    assert rig.world.passes()
