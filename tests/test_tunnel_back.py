"""What an error of a change says: the cause, the evidence, and whether both ends work as before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from tunnel_causes import CAUSES, Cause
from tunnel_operations import OPERATIONS, Operation, Stage, site_with, staged

from components import tunnel
from components.errors import ApiError, Cancelled, Unreachable, VpnError
from components.tunnel import diagnosis

NAMED = {cause.name: cause for cause in CAUSES}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A change of the proposal that may begin."""
    with staged(OPERATIONS["proposal"], tmp_path) as made:
        yield made


def error_of(stage: Stage, cause: Cause) -> VpnError:
    with cause.brought_about(stage), pytest.raises(VpnError) as caught:
        stage.run()
    return caught.value


def test_the_error_says_cause_evidence_state_and_what_to_do(stage: Stage) -> None:
    error = error_of(stage, NAMED["filter drops ESP"])
    assert "no traffic from 192.168.1.1 (RTX) to 192.168.2.1 within" in error.what
    assert "cause: filters: filter-blocks-esp" in error.what
    assert "esp from 203.0.113.4 to 192.168.1.1 is dropped by filter 1033 of the" in error.what
    assert "the RTX has no new SAs" in error.attempted
    assert "the VPC router calls the peer" in error.attempted
    assert error.remedy.startswith("ip filter N pass 203.0.113.4 192.168.1.1 esp")
    assert "make up SITE=demo" in error.remedy
    assert error.state.startswith("cloud end as before; office end as before")


def test_a_value_in_the_way_is_named_before_the_end_that_holds_it(stage: Stage) -> None:
    error = error_of(stage, Cause("other", (), cloud={"remoteId": "192.168.1.77"}))
    assert "cause: identities, addresses, prefixes: remote-id-mismatch" in error.what
    assert "also settings stored and applied" in error.attempted


def test_sas_that_carry_nothing_are_reconnected_only_where_they_stay(tmp_path: Path) -> None:
    with staged(OPERATIONS["create"], tmp_path) as stage:
        dropped = NAMED["ESP dropped on the way"]
        with dropped.brought_about(stage), pytest.raises(tunnel.NotProved) as kept:
            stage.run(on_failure="keep")
        assert kept.value.remedy.startswith("sakura-rtx reconnect --site demo")


def test_what_else_is_broken_is_named_too(stage: Stage) -> None:
    cause = Cause("two", (), typed=("ipsec ike local id 2 172.16.1.0/24",), key="another_key_1")
    error = error_of(stage, cause)
    assert "cause: identities, addresses, prefixes: phase2-id-mismatch" in error.what
    assert "also pre-shared key: the keys of the two ends are not equal" in error.attempted
    assert "another_key_1" not in str(error)


def test_where_nothing_explains_it_what_is_left_is_said(stage: Stage) -> None:
    error = error_of(stage, NAMED["no answer"])
    assert "nothing in the configuration of the two ends explains it" in error.what
    assert "ask the ISP about udp 500 and IP protocol 50" in error.remedy


def test_the_stall_is_named_with_its_two_lines(stage: Stage) -> None:
    error = error_of(stage, NAMED["stall"])
    assert "say `ipsec auto refresh 2 off; ipsec ike backward-compatibility 2 2`" in error.remedy
    assert "reconnect" not in error.remedy  # both ends went back


def test_a_cloud_end_that_cannot_be_asked_is_said(stage: Stage) -> None:
    world = stage.world

    def api_fails(said: str) -> None:
        if "asking both ends" in said:
            world.sakura.faults.add("GET", "appliance/*", "forbidden")

    world.on_message = api_fails
    error = error_of(stage, NAMED["ESP dropped on the way"])
    assert "the cloud end could not be asked" in error.what
    assert "the API did not answer" in error.attempted
    assert "cloud end as before; office end as before" in error.state


@pytest.mark.parametrize("failure", [ValueError("odd"), VpnError("no words for it")])
def test_a_diagnosis_that_fails_keeps_nobody_from_going_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fails(*_: object) -> None:
        raise failure

    monkeypatch.setattr(diagnosis, "examine", fails)
    error = error_of(stage, NAMED["ESP dropped on the way"])
    assert "no traffic" in error.what
    assert "cause could not be looked for" in error.what
    assert error.remedy == "sakura-rtx doctor --site demo"
    assert "cloud end as before; office end as before" in error.state
    stage.guards_run_out()
    assert stage.read() == stage.old


@pytest.mark.parametrize("kind", [Cancelled, Unreachable])
def test_a_diagnosis_that_is_cut_off_goes_back_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, kind: type[VpnError]
) -> None:
    def cut(*_: object) -> None:
        raise kind("cut off")

    monkeypatch.setattr(diagnosis, "office_end", cut)
    error = error_of(stage, NAMED["ESP dropped on the way"])
    assert isinstance(error, kind)
    assert error.what.startswith("cut off; before that: no traffic from 192.168.1.1 (RTX) to")
    assert "cloud end as before; office end as before" in error.state


CAUSE = "cause: filters: filter-blocks-esp"


def test_what_fails_after_the_diagnosis_tells_it_too(tmp_path: Path) -> None:
    """Both ends are to be kept, and the office end cannot be."""
    with staged(OPERATIONS["create"], tmp_path) as stage:
        world = stage.world

        def no_login(said: str) -> None:
            if "logging in once more" in said:
                world.wire = refused

        def refused(*_: object) -> NoReturn:
            raise Unreachable("nobody answers")

        world.on_message = no_login
        with NAMED["filter drops ESP"].brought_about(stage), pytest.raises(Unreachable) as caught:
            stage.run(on_failure="keep")
        error = caught.value
        assert "before that: no traffic from 192.168.1.1 (RTX) to 192.168.2.1 within" in error.what
        assert CAUSE in error.what
        assert "the RTX has no new SAs" in error.attempted
        assert "ip filter N pass 203.0.113.4 192.168.1.1 esp" in error.remedy
        assert "cloud end as before; office end as before" in error.state


def test_an_api_that_is_silent_for_long_does_not_restart_the_router(stage: Stage) -> None:
    """The guard would: the office end is put back before, and the cloud end tried once more."""
    world = stage.world
    booted = world.router.booted_at
    world.sakura.faults.add("PUT", "appliance/*", "service_unavailable", 10_000)

    def over(said: str) -> None:
        if said == "office end: going back":
            world.sakura.faults.clear()

    world.on_message = over
    with pytest.raises(ApiError, match="503") as caught:
        stage.run()
    assert "cloud end as before; office end as before" in caught.value.state
    stage.guards_run_out()
    assert world.router.booted_at == booted
    assert stage.read() == stage.old


def test_an_error_that_nobody_thought_of_says_what_stands(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> NoReturn:
        raise ValueError("a bug")

    monkeypatch.setattr("components.office.apply.GuardedChange.keep", broken)
    with pytest.raises(ValueError, match="a bug") as caught:
        stage.run()
    (note,) = caught.value.__notes__
    assert note.startswith("now: cloud end as before; office end as before")
    assert stage.read() == stage.old


def test_going_back_that_fails_after_the_diagnosis_hides_nothing_of_it(stage: Stage) -> None:
    world = stage.world

    def dies(said: str) -> None:
        if "going back" in said:
            for console in list(world.router.sessions):
                world.router.hung_up(console)
                console.closed = True
            world.sakura.faults.add("PUT", "appliance/*", "conflict", 1000)

    world.on_message = dies
    error = error_of(stage, NAMED["filter drops ESP"])
    assert CAUSE in error.what
    assert "the router goes back by itself" in error.state
    assert error.remedy.startswith("ip filter N pass 203.0.113.4 192.168.1.1 esp")


def test_a_first_creation_that_is_kept_has_the_same_diagnosis(tmp_path: Path) -> None:
    with staged(OPERATIONS["create"], tmp_path) as stage:
        with NAMED["NAT keeps IKE"].brought_about(stage), pytest.raises(tunnel.NotProved) as caught:
            stage.run(on_failure="keep")
        assert "nat-static-missing" in caught.value.what
        assert caught.value.state == "both ends are configured and saved"
        assert "nat descriptor masquerade static 1" in caught.value.remedy


# --- traffic as before


def test_traffic_over_the_old_agreement_is_tried_and_said(stage: Stage) -> None:
    error = error_of(stage, NAMED["key (old SAs still carry traffic)"])
    assert error.state.endswith("traffic passes as before")


def test_sas_that_stalled_meanwhile_are_deleted_so_that_traffic_comes_back(stage: Stage) -> None:
    """The lines that failed had stalled the tunnel: the old ones alone would not wake it."""
    error = error_of(stage, NAMED["stall"])
    assert error.state.endswith("traffic passes as before")
    deletions = [text for text in stage.world.messages if "deleting the old SAs" in text]
    assert len(deletions) == 2
    assert stage.read() == stage.old


def test_that_the_old_agreement_carries_nothing_either_is_said(stage: Stage) -> None:
    error = error_of(stage, NAMED["filter drops IKE"])
    assert "NO TRAFFIC OVER THE OLD AGREEMENT EITHER within" in error.state
    assert "sakura-rtx reconnect" in error.state


@pytest.mark.parametrize("lines", ["", "# nothing\n"])
def test_what_was_no_whole_tunnel_before_is_not_tried(tmp_path: Path, lines: str) -> None:
    """A refresh had found both ends empty."""
    with staged(OPERATIONS["create"], tmp_path) as stage:
        peer = stage.wish.cloud["peer"]
        stage.before = replace(stage.wish, lines=lines, cloud={"peer": peer})
        error = error_of(stage, NAMED["ESP dropped on the way"])
        assert "was not tried: what stood before was no whole tunnel" in error.state
        assert stage.read() == stage.old


# --- one entry, one block


def test_office_address_and_proposal_in_one_change(tmp_path: Path) -> None:
    """The entry of before is ours: it is no other peer that would share the parameters."""
    wan = {"kind": "fixed", "interface": "lan2", "address": "198.51.100.21"}
    site = site_with(office__wan=wan, ipsec__encryption="aes256")
    agreed = {"office": "198.51.100.21", "encryption": "aes256", "esp encryption": "aes256"}
    moved = OPERATIONS["office address"]
    both = Operation("office address", site, agreed=agreed, ready=moved.ready)
    with staged(both, tmp_path) as stage:
        calls = len(stage.world.sakura.calls)
        stage.run()
        assert stage.read() == stage.new
        made = list(stage.world.sakura.calls)[calls:]
        assert [call.method for call in made].count("PUT") == 2


def test_a_new_number_leaves_nothing_of_the_old_block(tmp_path: Path) -> None:
    with staged(OPERATIONS["tunnel number"], tmp_path) as stage:
        stage.run()
        running, saved = stage.lines()
        assert running == saved
        assert "tunnel select 3" in running
        text = "\n".join(running)
        assert "tunnel select 2" not in text
        assert not [
            line for line in running if line.strip().startswith("ipsec ike") and " 2 " in line
        ]


def test_a_change_that_nobody_remembers_is_taken_over(tmp_path: Path) -> None:
    """Killed when all was done and before it was written down: the next one starts from the old."""
    with staged(OPERATIONS["tunnel number"], tmp_path) as stage:
        stage.run()
        stage.run()
        assert stage.read() == stage.new
