"""A VPC router of somebody else: the office end is looked at, its owner's part is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tunnel_world import DEMO, OTHER_KEY, World, made

from components.doctor import Reach, look
from components.errors import Unreachable
from components.site import Site, site_of

from .doctor_world import Report, lose_sas, stored

UNSEEN = ["API", "router", "key"]
STRICT = "ipsec ike negotiate-strictly 2 on"
OWNER = "the owner of the VPC router"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = made(tmp_path, monkeypatch)
    world.establish(world.first)
    yield world
    world.close()


def site(world: World, **ipsec: str) -> Site:
    """The demo's office, whose VPC router is somebody else's."""
    data: Any = yaml.safe_load(DEMO.read_text())["config"]
    given = data["sakura-rtx-vpn:site"]
    given["cloud"] = {"elsewhere": {"vip": str(world.made.vip)}, "lan": given["cloud"]["lan"]}
    given["ipsec"] |= ipsec
    return site_of(data)


def seen(world: World, **ipsec: str) -> Report:
    reach = Reach(login=lambda: world.login, client=None)
    calls = len(world.sakura.calls)
    report = Report(look("nara", site(world, **ipsec), reach, clock=world.clock, say=world.say))
    assert len(world.sakura.calls) == calls  # nobody is asked
    return report


def test_a_router_whose_saved_configuration_is_another_is_looked_at_all_the_same(
    world: World,
) -> None:
    """`up` is refused there; in an outage the cause of that comes first."""
    world.type("save 1", "set-default-config 1")
    report = seen(world)
    assert (report.broken, report.code) == ([], 0)
    told = [line for line in report["settings"].evidence if "not saved" in line]
    assert len(told) == 1
    assert "would boot config1" in told[0]


def test_a_healthy_office_end(world: World) -> None:
    report = seen(world)
    assert (report.broken, report.code) == ([], 0)
    assert [layer.name for layer in report.layers if layer.state != "ok"] == UNSEEN
    first = report.text.splitlines()[0]
    titles = "API, VPC router up, pre-shared key"
    assert first == f"nara: nothing is broken; not looked at: {titles}"
    assert "the office end is as the site file says" in report["settings"].evidence
    assert "what was agreed on" in report["proposals"].evidence[-1]
    assert "192.168.2.1" in report["traffic"].evidence[0]


def test_what_its_owner_has_to_compare_is_said(world: World) -> None:
    told = seen(world)["router"]
    assert f"let {OWNER} {world.made.vip} see that it runs" in told.cure
    for value in (
        "office address: 198.51.100.20 (Peer)",
        "office identity: 192.168.1.1 (RemoteID)",
        "office prefix: 192.168.1.0/24 (Routes)",
        "cloud prefix: 192.168.2.0/24 (LocalPrefix)",
        "encryption: aes128 (EncryptionAlgo aes128)",
    ):
        assert value in told.evidence


@pytest.mark.parametrize(
    ("typed", "layer", "code"),
    [
        (f"{STRICT}; ipsec ike encryption 2 aes256-cbc", "proposals", "encryption-mismatch"),
        (f"{STRICT}; ipsec ike group 2 modp2048", "proposals", "group-mismatch"),
        ("ipsec ike remote id 2 192.168.9.0/24", "identities", "phase2-id-mismatch"),
        ("ipsec ike remote address 2 203.0.113.77", "identities", "remote-address-mismatch"),
        ("no nat descriptor masquerade static 1 4", "nat", "nat-static-missing"),
        ("ip filter 1033 reject * 192.168.1.1 esp * *", "filters", "filter-blocks-esp"),
        ("no ip route 192.168.2.0/24", "routes", "route-missing"),
        ("tunnel disable 2", "settings", "tunnel-not-enabled"),
    ],
)
def test_the_layers_of_the_office_end(world: World, typed: str, layer: str, code: str) -> None:
    world.type("tunnel select 2", *typed.split("; "), "save")
    report = seen(world)
    assert (report.first, report.code) == (layer, 3)
    assert report[layer].cause.startswith(f"{code}: ")
    assert "both ends" not in report[layer].cure


def test_what_was_agreed_on_is_what_the_office_end_is_compared_with(world: World) -> None:
    world.type(STRICT, "save")
    report = seen(world, encryption="aes256")
    assert report.first == "proposals"
    # Nobody is told that it was read.
    assert report["proposals"].cause.endswith("(as agreed on with its owner; it was not read)")
    assert "the office end as the site file says: make refresh SITE=nara" in (
        report["proposals"].cure
    )


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = made(tmp_path, monkeypatch)
    yield world
    world.close()


def test_nothing_of_ours_stands(bare: World) -> None:
    report = seen(bare)
    assert (report.first, report.code) == ("settings", 3)
    assert report["settings"].cause == "the office end has no line of ours"
    assert report["settings"].cure == "make up SITE=nara"
    assert report["nat"].cause == "the RTX has no tunnel of ours to judge"


def test_no_sas_and_nothing_that_explains_it_is_for_the_owner(world: World) -> None:
    stored(world, lambda vpn: vpn["Config"][0].update(PreSharedSecret=OTHER_KEY))
    lose_sas(world)
    report = seen(world)
    assert report.broken == ["SAs", "traffic"]
    cure = report["SAs"].cure
    assert f"let {OWNER} {world.made.vip} compare the key and the values above" in cure
    assert "VPN再接続" in cure
    assert "make up" not in cure


def test_the_stall_has_a_way_back_that_is_the_owners(world: World) -> None:
    world.type("no ipsec auto refresh 2", "no ipsec ike backward-compatibility 2", "save")
    lose_sas(world)
    report = seen(world)
    assert (report.broken, report.code) == (["traffic"], 3)
    cure = report["traffic"].cure
    assert cure.startswith("sakura-rtx reconnect --site nara (if that is not enough, ")
    assert f"{OWNER} {world.made.vip} presses VPN reconnect (VPN再接続)" in cure


def test_a_router_that_cannot_be_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(_login: object) -> None:
        raise Unreachable("192.168.1.1 does not answer", remedy="look at its power")

    monkeypatch.setattr("components.office.session._by_ssh", connect)
    report = seen(world)
    assert (report.first, report.code) == ("line", 1)
    assert report["router"].state == "not looked at"
    assert report["settings"].cause.endswith("without the RTX")
