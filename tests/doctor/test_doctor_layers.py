"""Each layer broken by itself, on both stand-ins: the doctor names the cause and the cure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from tunnel_world import OTHER_KEY, Wire, World, demo, made

from components.doctor import LAYERS
from components.errors import Unreachable
from components.office.login import Login

from .doctor_world import counted, lose_sas, seen_of, settle, stored

# What may be typed by who only looks; the console is put back.
HARMLESS = re.compile(r"(?:show|ping|(?:no )?console|exit|administrator|admin-pw)\b|$")
UP, REFRESHED = "make up SITE=demo", "make refresh SITE=demo, then make up SITE=demo"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = made(tmp_path, monkeypatch)
    world.establish(world.first)
    world.logins = 0
    settle(world)
    yield world
    world.close()


def test_a_healthy_pair(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    typed, write = list[str](), Wire.write

    def listened(wire: Wire, text: str) -> None:
        typed.append(text)
        write(wire, text)

    monkeypatch.setattr(Wire, "write", listened)
    before = world.both()
    client = counted(world)
    report = seen_of(world, client=client)
    assert report.broken == []
    assert report.code == 0
    assert {layer.state for layer in report.layers} == {"ok"}
    assert report.text.startswith("demo: nothing is broken\n")
    assert report.json["first_broken"] is None
    assert [layer["name"] for layer in report.json["layers"]] == [row.name for row in LAYERS]
    assert "ping of 1280 bytes" in report["traffic"].evidence[1]
    # It changes nothing, and asks little.
    lines = "".join(typed).split("\r")
    assert not [line for line in lines if not HARMLESS.match(line.strip())]
    assert client.sent == ["GET"] * 3
    assert world.logins == 1
    assert world.both() == before


def test_the_words_of_both_ends_are_evidence_only(world: World) -> None:
    shown = seen_of(world)["SAs"].evidence[-1]
    assert "接続されています" in shown
    assert "the VPC router says UP: proves nothing" in shown


# --- an end that cannot be read


def test_no_way_to_the_rtx(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(_login: Login) -> Wire:
        raise Unreachable("192.168.1.1 does not answer", remedy="look at its power")

    monkeypatch.setattr("components.office.session._by_ssh", connect)
    report = seen_of(world)
    assert (report.first, report.code) == ("line", 1)
    assert report["line"].cause == "192.168.1.1 does not answer"
    assert report["line"].cure == "look at its power"
    # What is known is said all the same.
    assert report["router"].state == "ok"
    assert report["nat"].cause == "the RTX could not be read"
    assert "the cloud end is as the site file says" in report["settings"].evidence


def test_a_login_that_is_refused(world: World) -> None:
    report = seen_of(world, administrator_password="wrong-CANARY")
    assert (report.broken, report.code) == (["line"], 1)
    assert report["line"].cure


def test_an_api_that_refuses_us(world: World) -> None:
    report = seen_of(world, client=counted(world, secret="wrong-CANARY"))
    assert (report.broken, report.code) == (["API"], 1)
    assert "check the access token" in report["API"].cure
    assert report["router"].cause == "the API could not be read"
    assert report["proposals"].state == "not looked at"
    assert report["traffic"].state == "ok"


# --- the VPC router


def test_a_vpc_router_that_is_gone(world: World) -> None:
    report = seen_of(world, tag="@t=nobody")
    assert (report.first, report.code) == ("router", 3)
    assert report["router"].cure == REFRESHED
    assert report["key"].cause == "the VPC router could not be read"


def test_a_vpc_router_that_is_off(world: World) -> None:
    world.client.delete(f"appliance/{world.made.id}/power", {"Force": True})
    for _ in range(5):
        world.client.get(f"appliance/{world.made.id}")
    report = seen_of(world)
    assert report.first == "router"
    assert report["router"].cause == "the VPC router does not run: down"
    assert report["router"].cure == f"{REFRESHED}; or start it in the control panel"
    assert report["traffic"].state == "broken"


# --- what both ends share; the office end as well as the cloud end is not as the site file says,
# so that nothing is half made


STRICT = "ipsec ike negotiate-strictly 2 on"


def test_proposals(world: World) -> None:
    stored(world, lambda vpn: vpn.update(EncryptionAlgo="aes256"))
    world.type(STRICT, "save")
    report = seen_of(world)
    assert report.first == "proposals"
    assert report["proposals"].cause.startswith("encryption-mismatch: ")
    assert "aes256-cbc" in report["proposals"].cure
    assert "esp-encryption-mismatch" in report["proposals"].evidence[0]
    # Old SAs may carry traffic yet.
    assert "the next key exchange fails" in report["traffic"].evidence[-1]


@pytest.mark.parametrize(
    ("change", "code", "cure"),
    [
        ({"RemoteID": "192.168.1.9"}, "remote-id-mismatch", "RemoteID 192.168.1.1"),
        ({"Routes": ["192.168.9.0/24"]}, "phase2-id-mismatch", "ipsec ike local id 2"),
    ],
)
def test_identities(world: World, change: dict[str, object], code: str, cure: str) -> None:
    stored(world, lambda vpn: vpn["Config"][0].update(change))
    world.type("ipsec ike log 2 message-info", "save")
    report = seen_of(world)
    assert report.first == "identities"
    assert report["identities"].cause.startswith(f"{code}: ")
    assert cure in report["identities"].cure


def test_a_key_that_is_another(world: World) -> None:
    world.type(f"ipsec ike pre-shared-key 2 text {OTHER_KEY}", "save")
    lose_sas(world)
    report = seen_of(world)
    assert (report.first, report.code) == ("key", 3)
    assert "not equal" in report["key"].cause
    assert report["key"].cure.startswith(REFRESHED)
    assert report["SAs"].state == "broken"


def test_a_key_that_the_api_hides(world: World) -> None:
    world.sakura.options = replace(world.sakura.options, secrets_returned=False)
    report = seen_of(world)
    assert report["key"].state == "not looked at"
    assert report["key"].cause.startswith("hidden by the API")
    assert report.code == 0
    assert report.text.startswith("demo: nothing is broken; not looked at: pre-shared key")


# --- the way of the packets


@pytest.mark.parametrize(
    ("typed", "layer", "code", "cure"),
    [
        ("no nat descriptor masquerade static 1 4", "nat", "nat-static-missing", "esp"),
        ("ip filter 1033 reject * 192.168.1.1 esp * *", "filters", "filter-blocks-esp", "--write"),
        ("no ip route 192.168.2.0/24", "routes", "route-missing", "ip route 192.168.2.0/24"),
        ("tunnel disable 2", "settings", "tunnel-not-enabled", "tunnel enable 2"),
    ],
)
def test_lines_in_the_way(world: World, typed: str, layer: str, code: str, cure: str) -> None:
    world.type(typed, "save")
    report = seen_of(world)
    assert (report.first, report.code) == (layer, 3)
    assert report[layer].cause.startswith(f"{code}: ")
    assert cure in report[layer].cure


def test_no_sas_though_all_agrees(world: World) -> None:
    """What is stored is not what is in force, and nothing but the missing SAs shows it."""
    stored(world, lambda vpn: vpn["Config"][0].update(PreSharedSecret=OTHER_KEY), apply=False)
    world.type(f"ipsec ike pre-shared-key 2 text {OTHER_KEY}", "save")
    lose_sas(world)
    report = seen_of(world)
    assert report.broken == ["SAs", "traffic"]
    assert report["SAs"].cause.startswith("no SA stands")
    assert "sakura-rtx reconnect --site demo" in report["SAs"].cure
    assert report["SAs"].cure.endswith(UP)
    world.client.put(f"appliance/{world.made.id}/config")
    world.clock.advance(60)
    assert seen_of(world).broken == []


# --- traffic


def dead(world: World, monkeypatch: pytest.MonkeyPatch, above: int) -> None:
    """Pings with more data than this do not come back."""
    real = world.link.ping

    def ping(source: IPv4Address | None, target: IPv4Address, size: int) -> float | None:
        return None if size > above else real(source, target, size)

    monkeypatch.setattr(world.link, "ping", ping)


def test_full_packets_that_vanish(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    dead(world, monkeypatch, above=1000)
    report = seen_of(world)
    assert report.broken == ["traffic"]
    assert "packets of 1280 bytes do not" in report["traffic"].cause
    assert "office.mtu" in report["traffic"].cure


def test_a_target_that_does_not_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    dead(world, monkeypatch, above=0)
    report = seen_of(world)
    assert report.broken == ["traffic"]
    assert "192.168.2.1 may not answer" in report["traffic"].cause
    assert "verify.target" in report["traffic"].cure


Loss = Callable[[World], object]


@pytest.mark.parametrize(
    "loss", [lose_sas, lambda w: (w.type("ipsec refresh sa"), w.clock.advance(60))]
)
def test_the_stall_of_the_published_settings(world: World, loss: Loss) -> None:
    """Everything is up, and nothing passes: the two lines are named."""
    world.type("no ipsec auto refresh 2", "no ipsec ike backward-compatibility 2", "save")
    loss(world)
    report = seen_of(world)
    assert (report.broken, report.code) == (["traffic"], 3)
    assert report["SAs"].state == "ok"
    cure = report["traffic"].cure
    assert "`ipsec auto refresh 2 off; ipsec ike backward-compatibility 2 2`" in cure
    assert cure.startswith("sakura-rtx reconnect --site demo")
    assert report.text.startswith("demo: broken first: traffic\n")
    # The cure that it names is one.
    world.type("ipsec auto refresh 2 off", "ipsec ike backward-compatibility 2 2", "save")
    world.link.restart_vpn(world.made.id)
    world.clock.advance(5)
    loss(world)
    assert seen_of(world).broken == []


def test_a_reconnect_may_touch_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"Peer": "198.51.100.77", "RemoteID": "198.51.100.77", "PreSharedSecret": "CANARY"}
    prefixes = {"Routes": ["10.77.0.0/24"], "LocalPrefix": ["192.168.2.0/24"]}
    stored(world, lambda vpn: vpn["Config"].append(other | prefixes))
    dead(world, monkeypatch, above=0)
    cure = seen_of(world)["traffic"].cure
    assert "--all-peers, which interrupts 198.51.100.77 too" in cure


def test_a_known_weakness_breaks_nothing(world: World) -> None:
    world.type("no ipsec auto refresh 2", "save")
    report = seen_of(world)
    assert report.code == 0
    assert "stall-after-sa-loss" in report["traffic"].evidence[-1]
    assert "ipsec auto refresh 2 off" in report["settings"].evidence[0]


def test_what_the_site_file_accepts_breaks_nothing(world: World) -> None:
    world.type("no nat descriptor masquerade static 1 4", "save")
    site = demo()
    site = site.model_copy(update={"accept": {"nat-static-missing": "the provider forwards it"}})
    report = seen_of(world, site)
    assert report["nat"].state == "ok"
    assert report["nat"].evidence[0].endswith("(accepted: the provider forwards it)")
