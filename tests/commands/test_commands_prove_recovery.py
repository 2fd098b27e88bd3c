"""`sakura-rtx prove-recovery`: the seed's story on the command line."""

from __future__ import annotations

import re
from ipaddress import IPv4Address

import pytest
import yaml
from proving_rig import CURE, DEMO, PUBLISHED, Rig, rig

from components.commands import proving
from components.office import inband
from components.site import site_of

__all__ = ["rig"]


def test_with_the_defaults_traffic_is_back_in_time(rig: Rig) -> None:
    code, out, err = rig.run("prove-recovery")
    assert code == 0
    said = re.search(r"traffic is back ([\d.]+) s after 3 SAs were deleted", out)
    assert said
    assert 0 < float(said[1]) <= 45
    assert "expected within 45 s (the DPD time plus one interval)" in out
    assert "deleting the 3 SAs of gateway 2" in err
    code, found = rig.json("prove-recovery")
    assert code == 0
    assert found["back"]
    assert 0 < found["seconds"] <= found["expected_s"] == 45
    assert len(found["deleted"]) == 3
    assert found["before"]["passed"]
    assert (found["findings"], found["way_out"]) == ([], "")
    assert rig.run("verify")[0] == 0


def test_with_the_published_settings_it_is_not_and_both_lines_are_named(rig: Rig) -> None:
    rig.world.type(*PUBLISHED)
    code, out, _ = rig.run("prove-recovery")
    assert code == 3
    assert "NO TRAFFIC 6" in out  # after the 60 s of DPD time and two intervals
    for line in CURE:
        assert f"\n  to type: {line}\n" in out
    assert out.endswith(f"the way out: sakura-rtx reconnect --site {rig.file}\n")
    # The way out is one, and what was named is the cure.
    code, out, _ = rig.run("reconnect", "--router-id", rig.world.made.id)
    assert code == 0
    assert "it took `restartvpn`" in out
    rig.world.type("tunnel select 2", *CURE, "save")
    code, found = rig.json("prove-recovery")
    assert (code, found["back"]) == (0, True)


def test_what_may_yet_keep_it_from_coming_back_is_said_beside_the_proof(rig: Rig) -> None:
    rig.world.type("tunnel select 2", "ipsec ike send info 2 off")
    code, out, _ = rig.run("prove-recovery")
    assert code == 0
    assert "came back this time" in out
    assert "\n  to type: ipsec ike send info 2 on\n" in f"{out}\n"
    code, found = rig.json("prove-recovery")
    assert [each["code"] for each in found["findings"]] == ["delete-notice-off"]
    assert found["way_out"] == ""


def test_without_traffic_nothing_is_deleted(rig: Rig) -> None:
    rig.world.type(*PUBLISHED)
    assert rig.run("prove-recovery", "--seconds", "5")[0] == 3
    before = rig.world.spis()
    code, found = rig.json("prove-recovery")
    assert code == 3
    assert (found["deleted"], found["seconds"]) == ([], None)
    assert found["findings"][0]["code"] == "stall-after-sa-loss"
    code, out, _ = rig.run("prove-recovery")
    assert code == 3
    assert "nothing was deleted" in out
    assert rig.world.spis() == before


def test_what_the_configuration_does_not_explain_is_said(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, start = rig.world.link.ping, rig.world.clock.now()
    monkeypatch.setattr(
        rig.world.link,
        "ping",
        lambda *way: real(*way) if rig.world.clock.now() < start + 3 else None,
    )
    code, out, _ = rig.run("prove-recovery")
    assert code == 3
    assert "does not explain it: sakura-rtx doctor" in out


@pytest.mark.parametrize("seconds", ["0", "-1", "3601", "1.5", "ten"])
def test_how_long_to_wait_is_a_whole_number_of_seconds(
    rig: Rig, seconds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rig.world.spis()
    with pytest.raises(SystemExit) as ended:
        rig.run("prove-recovery", "--seconds", seconds)
    assert ended.value.code == 2
    assert "1 to 3600" in capsys.readouterr().err
    assert rig.world.spis() == before


@pytest.mark.parametrize(
    ("router", "ours"),
    [
        ({"host": "192.0.2.7"}, "192.168.2.9"),
        ({"host": "192.0.2.7", "via": "ops@bastion.example"}, "None"),
    ],
)
def test_our_own_address_is_known_only_where_we_go_straight(
    router: dict[str, str], ours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inband, "source_towards", lambda _host: IPv4Address("192.168.2.9"))
    data = yaml.safe_load(DEMO.read_text())["config"]
    site = data["sakura-rtx-vpn:site"]
    site["office"]["router"] |= router | {"user": "ops"}
    assert str(proving.way_in(site_of(data))) == "None"  # a rehearsal is never reached through it
    site["rehearsal"] = False
    assert str(proving.way_in(site_of(data))) == ours
