"""`sakura-rtx verify`: traffic now, and nothing else."""

from __future__ import annotations

import re

import pytest
from proving_rig import Rig, Wire, rig

from components.commands import access
from components.errors import Unreachable
from components.office.login import Login

__all__ = ["rig"]

# What may be typed by who only looks: reading and pings.
HARMLESS = re.compile(r"(?:show|ping|exit|administrator|admin-pw)\b|$")


def test_traffic_is_proved_and_nothing_is_changed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, typed, write = rig.world, list[str](), Wire.write

    def listened(wire: Wire, text: str) -> None:
        typed.append(text)
        write(wire, text)

    monkeypatch.setattr(Wire, "write", listened)
    before, spis = world.both(), world.spis()
    code, found = rig.json("verify")
    assert code == 0
    assert found["passed"]
    assert found["round_trip_ms"] > 0
    assert found["small"] == {"sent": 3, "received": 3}
    assert found["full"] == {"sent": 3, "received": 3, "bytes": 1280}
    assert (found["source"], found["target"]) == ("192.168.1.1", "192.168.2.1")
    assert [sa["kind"] for sa in found["sas"]] == ["ike", "esp", "esp"]
    assert (world.both(), world.spis()) == (before, spis)
    assert "ping" in "".join(typed)
    assert not [line for line in "".join(typed).split("\r") if not HARMLESS.match(line.strip())]


def test_the_age_of_an_sa_grows(rig: Rig) -> None:
    _, first = rig.json("verify")
    rig.world.clock.advance(100)
    _, later = rig.json("verify")
    for one, other in zip(first["sas"], later["sas"], strict=True):
        assert other["age_s"] - one["age_s"] >= 100
        assert other["life_s"] + other["age_s"] in (1800, 28800)


def test_a_status_is_not_believed(rig: Rig) -> None:
    """The tunnel reads Online, SAs stand at both ends, and nothing passes."""
    rig.world.type("no ipsec auto refresh 2", "ipsec refresh sa")
    rig.world.clock.advance(120)
    assert "トンネルインタフェースは接続されています" in rig.world.type("show status tunnel 2")
    code, out, _ = rig.run("verify")
    assert code == 3
    assert out.startswith("NO TRAFFIC: 192.168.1.1 (RTX) -> 192.168.2.1: no ping comes back")
    assert "ESP send" in out


def test_a_router_that_does_not_answer_and_a_bad_site_file_have_their_own_codes(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_login: Login) -> None:
        raise Unreachable("nobody answers")

    with monkeypatch.context() as patch:
        patch.setattr("components.office.session._by_ssh", silent)
        code, out, err = rig.run("verify")
    assert (code, out) == (1, "")
    assert "nobody answers" in err
    rig.file.write_text("config: [")
    code, out, err = rig.run("verify")
    assert (code, out) == (2, "")
    assert "YAML" in err
    rig.file.unlink()
    assert rig.run("verify")[0] == 2


def test_the_api_is_not_asked(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(_site: object) -> None:
        raise AssertionError

    monkeypatch.setattr(access, "api_client", asked)
    assert rig.run("verify")[0] == 0
    assert rig.run("prove-recovery")[0] == 0
