"""The commands on a site whose VPC router is somebody else's: no API, and the same exit codes."""

from __future__ import annotations

from proving_rig import CURE, PUBLISHED, Rig, rig

__all__ = ["rig"]

PANEL = "VPN再接続"


def stall(rig: Rig, *, cured: bool = False) -> None:
    rig.world.type(*PUBLISHED, "ipsec refresh sa")
    rig.world.clock.advance(120)
    assert not rig.world.passes()
    if cured:
        rig.world.type("tunnel select 2", *CURE, "save")


def test_verify_and_prove_recovery(rig: Rig) -> None:
    rig.give_away()
    assert rig.run("verify")[0] == 0
    code, found = rig.json("prove-recovery")
    assert (code, found["back"], len(found["deleted"])) == (0, True, 3)
    assert 0 < found["seconds"] <= found["expected_s"]
    rig.world.type(*PUBLISHED)
    code, out, _ = rig.run("prove-recovery")
    assert code == 3
    assert "to type: ipsec auto refresh 2 off" in out


def test_reconnect_by_the_office_end_alone(rig: Rig) -> None:
    rig.give_away()
    stall(rig, cured=True)
    code, found = rig.json("reconnect")
    assert (code, found["back"], found["by"], found["router_id"]) == (0, True, "office", None)
    assert not found["left_to_owner"]


def test_what_reconnect_cannot_do_is_the_owners(rig: Rig) -> None:
    rig.give_away()
    stall(rig)
    code, out, _ = rig.run("reconnect")
    assert code == 3
    assert f"the owner of the VPC router {rig.world.made.vip}: VPN reconnect ({PANEL})" in out
    assert "for the peer 198.51.100.20" in out
    assert "ipsec auto refresh 2 off" in out
    code, found = rig.json("reconnect")
    assert (code, found["left_to_owner"], found["refused"]) == (3, True, False)


def test_reconnect_leaves_alone_what_works(rig: Rig) -> None:
    rig.give_away()
    before = rig.world.spis()
    code, out, _ = rig.run("reconnect")
    assert code == 0
    assert "traffic passes: nothing was touched" in out
    code, found = rig.json("reconnect")
    assert (code, found["back"], found["untouched"], found["state"]) == (0, True, True, "")
    assert rig.world.spis() == before


def test_nobody_but_its_owner_names_that_router(rig: Rig) -> None:
    rig.give_away()
    before = rig.world.spis()
    for command in ("reconnect", "doctor"):
        code, out, err = rig.run(command, "--router-id", rig.world.made.id)
        assert (code, out) == (2, "")
        assert "cloud.elsewhere" in err
        assert "doctor, reconnect" in err
    assert rig.world.spis() == before


def test_the_doctor(rig: Rig) -> None:
    rig.give_away()
    code, out, _ = rig.run("doctor")
    assert code == 0, out
    assert out.startswith("osaka: nothing is broken; not looked at: API, VPC router up, pre-sh")
    rig.world.type("no ip route 192.168.2.0/24", "save")
    code, found = rig.json("doctor")
    assert (code, found["first_broken"]) == (3, "routes")


def test_a_file_that_tells_no_stack_is_refused_before_anything_is_touched(rig: Rig) -> None:
    stall(rig)
    before = rig.world.spis()
    rig.file = rig.file.rename(rig.file.with_name("osaka.yaml"))
    code, _, err = rig.run("reconnect")
    assert code == 2
    assert "--router-id" in err
    assert rig.world.spis() == before
