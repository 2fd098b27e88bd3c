"""`verify.prove_recovery`: when it is tried, and a tunnel that does not come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tunnel_rig import OTHER_KEY, Incomplete, Rig, rig

from components import recovery
from components.cloud import lifecycle
from components.errors import Unreachable
from components.provider import tunnel_recovery
from components.tunnel.proof import Proof, Silence, Watch

__all__ = ["rig"]

PROVE = {"proveRecovery": True}
# The office end as it was first published: it works, and does not come back (seed article).
UNCURED = {"auto refresh 2 off": "auto refresh 2 on", "compatibility 2 2": "compatibility 2 1"}


def tries(rig: Rig) -> int:
    """How often it was tried so far."""
    tried = rig.said.count(tunnel_recovery.TRIED)
    assert sum("deleting the 3 SAs of gateway 2" in text for text in rig.said) >= tried
    return tried


def uncured(inputs: dict[str, Any]) -> dict[str, Any]:
    lines = inputs["lines"]
    for cured, published in UNCURED.items():
        assert cured in lines
        lines = lines.replace(cured, published)
    return inputs | {"lines": lines}


def test_without_it_nothing_is_deleted(rig: Rig) -> None:
    state = rig.create(rig.inputs())
    assert tries(rig) == 0
    assert "recovery" not in state["verified"]


def test_a_creation_measures_until_traffic_is_back(rig: Rig) -> None:
    state = rig.create(rig.inputs(verify=PROVE))
    assert tries(rig) == 1
    assert 0 < state["verified"]["recoverySeconds"] <= 45
    assert f"back {state['verified']['recoverySeconds']:g} s after" in state["verified"]["recovery"]
    assert state["verified"]["roundTripMs"] > 0
    assert rig.world.passes()


def test_it_is_tried_again_only_for_other_lines_or_values(rig: Rig) -> None:
    first = rig.create(rig.inputs(verify=PROVE))
    rotated = rig.update(first, rig.inputs(key=OTHER_KEY, verify=PROVE))
    assert tries(rig) == 1
    assert rotated["verified"]["recovery"] == first["verified"]["recovery"]
    other = rig.update(rotated, rig.inputs(key=OTHER_KEY, encryption="aes256", verify=PROVE))
    assert tries(rig) == 2
    assert "recoverySeconds" in other["verified"]


def test_turning_it_on_is_a_change_and_turning_it_off_is_none(rig: Rig) -> None:
    off, on = rig.inputs(), rig.inputs(verify=PROVE)
    assert rig.changed(off, on) == {"verify.proveRecovery"}
    assert rig.changed(on, off) == set()
    state = rig.create(off)
    state = rig.update(state, on)
    assert tries(rig) == 1
    # Off and on again: the state still says on, as off was no change.
    assert "recoverySeconds" in rig.update(state, on)["verified"]
    assert tries(rig) == 2


def test_a_tunnel_that_does_not_come_back_is_incomplete_until_it_does(rig: Rig) -> None:
    published = uncured(rig.inputs(verify=PROVE))
    with pytest.raises(Incomplete) as caught:
        rig.create(published)
    why, state = str(caught.value), caught.value.state
    assert "stall-after-sa-loss" in why
    assert "ipsec auto refresh 2 off" in why
    assert "ipsec ike backward-compatibility 2 2" in why
    assert "both ends are configured and saved" in why
    assert "traffic passes again, by a restart of the VPC router's VPN" in why
    assert rig.world.passes()
    assert "did not come back" in state["verified"]["recovery"]
    assert "recoverySeconds" not in state["verified"]
    assert rig.world.look(rig.world.first).cloud == state["cloud"]
    assert any(text.startswith("waiting for traffic") for text in rig.said)
    # A refresh does not declare it whole, and the next `up` tries again.
    with pytest.raises(Incomplete, match="did not come back"):
        rig.read(state, published)
    cured = rig.update(state, rig.inputs(verify=PROVE))
    assert cured["verified"]["recoverySeconds"] <= 45
    assert rig.read(cured, rig.inputs(verify=PROVE)) is not None


def test_other_peers_are_not_interrupted_to_bring_it_back(rig: Rig) -> None:
    other = {**rig.world.first.cloud, "peer": "203.0.113.200", "routes": ["10.9.0.0/24"]}
    router = rig.world.made.id
    lifecycle.write_peer(rig.world.client, router, other, OTHER_KEY, rig.world.clock)
    with pytest.raises(Incomplete, match="there is no traffic now; a restart") as caught:
        rig.create(uncured(rig.inputs(verify=PROVE)))
    assert "would interrupt 203.0.113.200: sakura-rtx reconnect --all-peers" in str(caught.value)
    assert not any("restartvpn" in text for text in rig.said)


def test_it_is_tried_until_it_is_known_or_not_asked_for_any_more(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = recovery.prove
    monkeypatch.setattr(recovery, "prove", lambda *args, **more: real(*args, **more, seconds=-1))
    monkeypatch.setattr(Watch, "until", silent_after_a_loss(rig))
    with pytest.raises(Incomplete, match="did not come back") as caught:
        rig.create(rig.inputs(verify=PROVE))
    with pytest.raises(Incomplete, match="did not come back") as again:
        rig.update(caught.value.state, rig.inputs(verify=PROVE))
    assert tries(rig) == 2
    state = rig.update(again.value.state, rig.inputs())
    assert tries(rig) == 2
    assert "recovery" not in state["verified"]
    assert rig.read(state, rig.inputs()) is not None


def silent_after_a_loss(rig: Rig) -> Callable[[Watch, float], Proof | Silence]:
    """A tunnel that works and does not come back: what a site file cannot make."""
    real = Watch.until

    def until(watch: Watch, end: float) -> Proof | Silence:
        lost = end <= rig.world.clock.now()
        return Silence(0, answered=False, waited=60.0) if lost else real(watch, end)

    return until


def test_an_end_that_is_lost_meanwhile_leaves_the_tunnel_in_the_state(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rig.world.connect

    def connect(login: Any) -> Any:
        if rig.world.logins == 2:  # the change itself, and its proof that a login works
            raise Unreachable("no connection")
        return real(login)

    monkeypatch.setattr("components.office.session._by_ssh", connect)
    with pytest.raises(Incomplete, match="whether traffic comes back is not known") as caught:
        rig.create(rig.inputs(verify=PROVE))
    assert caught.value.state["verified"]["at"]
    assert rig.world.passes()
