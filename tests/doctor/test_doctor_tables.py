"""The tables of the layers, and what has no stand-in: the pure middle by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from tunnel_world import DEMO, demo

from components.doctor import LAYERS, CloudEnd, OfficeEnd, Seen, diagnose
from components.doctor.layers import LAYER_OF
from components.errors import ApiError, DeviceError
from components.office.audit import CODES
from components.office.config import parse
from components.office.facts import facts_of
from components.office.render import render
from components.rehearsal.rtx.demo import DEMO_CONFIGURATION
from components.site import site_of

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
KEY = "key_CANARY_0123456789"


def test_every_code_of_an_audit_has_its_layer() -> None:
    assert set(LAYER_OF) == set(CODES)
    assert set(LAYER_OF.values()) <= {row.name for row in LAYERS}


def test_the_order_of_the_layers() -> None:
    names = "line API router settings proposals identities key nat filters routes SAs traffic"
    assert [row.name for row in LAYERS] == names.split()


def running(address: str = "203.0.113.4") -> OfficeEnd:
    site = demo()
    lines = render(site.agreement, site.office_end)
    lines = lines.replace("<VPC router address, known after creation>", address)
    text = f"# RTX1220 Rev.15.04.03\n{DEMO_CONFIGURATION}{lines}".replace("<psk>", KEY)
    return OfficeEnd(parse(text))


def test_nothing_could_be_read() -> None:
    errors = (DeviceError("no answer", said="接続できません"), ApiError("timed out"))
    layers = diagnose(Seen("demo", demo(), *errors))
    states = {layer.name: layer.state for layer in layers}
    assert {name for name, state in states.items() if state == "broken"} == {"line", "API"}
    assert set(states.values()) == {"broken", "not looked at"}
    assert all(layer.cause for layer in layers)
    assert "接続できません" in layers[0].cause


def test_the_office_end_alone_is_judged_without_the_api() -> None:
    layers = {each.name: each for each in diagnose(Seen("demo", demo(), running(), ApiError("no")))}
    assert layers["nat"].state == layers["routes"].state == "ok"
    assert layers["settings"].state == "not looked at"
    assert "the office end is as the site file says" in layers["settings"].evidence
    assert layers["proposals"].state == layers["key"].state == "not looked at"
    assert KEY not in repr(layers)


@pytest.mark.parametrize("settings", [None, {}, {"Router": {}}, {"Router": []}])
def test_a_vpc_router_with_odd_settings(settings: object) -> None:
    appliance = {"ID": 1, "Availability": "migrating", "Settings": settings}
    layers = {
        each.name: each for each in diagnose(Seen("demo", demo(), running(), CloudEnd(appliance)))
    }
    assert layers["router"].cause == "the VPC router is not made: migrating"
    assert layers["settings"].state == "broken"
    assert layers["proposals"].cause == "the cloud end has no site-to-site VPN"


def test_two_peers_with_one_address() -> None:
    entry = {"Peer": "198.51.100.20", "PreSharedSecret": KEY}
    vpn = {"Enabled": "True", "Config": [entry, entry]}
    router = {"Interfaces": [{"VirtualIPAddress": "203.0.113.4"}], "SiteToSiteIPsecVPN": vpn}
    appliance = {"ID": 1, "Availability": "available", "Settings": {"Router": router}}
    layers = {
        each.name: each for each in diagnose(Seen("demo", demo(), running(), CloudEnd(appliance)))
    }
    assert "2 site-to-site peers" in layers["settings"].cause
    assert layers["settings"].cure == "remove the others in the control panel"


def test_a_router_that_refuses_to_ping() -> None:
    office = replace(running(), refused="エラー: 指定されたアドレスは設定されていません")
    layers = {each.name: each for each in diagnose(Seen("demo", demo(), office, ApiError("no")))}
    assert layers["traffic"].state == "not looked at"
    assert "エラー" in layers["traffic"].cause


def test_a_status_that_cannot_be_read_hides_nothing_else() -> None:
    site = demo()
    entry = {
        "Peer": "198.51.100.20",
        "RemoteID": "192.168.1.1",
        "PreSharedSecret": KEY,
        "Routes": ["192.168.1.0/24"],
        "LocalPrefix": ["192.168.2.0/24"],
    }
    vpn = {"Enabled": "True", "Config": [entry]}
    router = {"Interfaces": [{"VirtualIPAddress": "203.0.113.4"}], "SiteToSiteIPsecVPN": vpn}
    appliance = {"ID": 1, "Availability": "available", "Settings": {"Router": router}}
    cloud = CloudEnd(appliance, status_error="HTTP 500")
    layers = {each.name: each for each in diagnose(Seen("demo", site, running(), cloud))}
    assert layers["settings"].cause == "in force or not is not known: HTTP 500"
    assert layers["key"].evidence == ("equal at both ends",)
    assert layers["proposals"].state == "ok"
    assert KEY not in repr(layers)


@pytest.mark.parametrize("file", sorted(CORPUS.glob("*.txt")), ids=lambda file: file.name[:2])
def test_routers_of_all_kinds(file: Path) -> None:
    """Whatever stands on a router, every layer gets its say and no key gets out."""
    office = OfficeEnd(parse(file.read_text(encoding="utf-8")))
    keys = {gateway.psk.value for gateway in facts_of(office.running).gateways if gateway.psk}
    for tunnel in (1, 2, 3):
        data = yaml.safe_load(DEMO.read_text())["config"]
        data["sakura-rtx-vpn:site"]["office"]["tunnel"] = tunnel
        layers = diagnose(Seen("demo", site_of(data), office, ApiError("no")))
        assert len(layers) == len(LAYERS)
        assert all(layer.evidence or layer.cause for layer in layers)
        # A short key is a word of a line at times.
        assert not [key for key in keys if key and len(key) > 6 and key in repr(layers)]
