"""API bodies in all their shapes, read into what this package sees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.cloud.objects import (
    LanSpec,
    RouterSpec,
    has_addresses,
    internet_state,
    nic_switch,
    router_state,
)
from components.cloud.router import peer_of, with_peer, without_peer

DATA = Path(__file__).parent.parent / "corpus" / "api"


def body(name: str) -> Any:
    content = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return content["Appliances"][0] if "Appliances" in content else content["Appliance"]


def test_premium_router_is_read() -> None:
    router = router_state(body("01-three-peers"))
    assert (router.plan, router.version, router.vrid) == ("premium", 2, 1)
    assert router.vip == "198.51.100.20"  # the VIP, not one of the two nodes
    assert router.addresses == ["198.51.100.21", "198.51.100.22"]
    assert router.upstream_switch_id == "113900000101"
    assert router.lan == LanSpec(1, "113900000102", "10.20.0.1", ["10.20.0.2", "10.20.0.3"], 24)
    assert (router.availability, router.power) == ("available", "up")


def test_standard_router_is_read() -> None:
    router = router_state(body("10-standard-plan-shared-segment"))
    assert (router.plan, router.vip, router.addresses) == ("standard", "198.51.100.200", [])
    assert (router.upstream_switch_id, router.vrid) == ("", 0)
    assert router.lan_vip == "10.20.0.1"


@pytest.mark.parametrize(
    ("name", "availability"),
    [("05-still-migrating", "migrating"), ("06-creation-failed", "failed")],
)
def test_router_that_is_not_there_yet_is_read(name: str, availability: str) -> None:
    router = router_state(body(name))
    assert (router.availability, router.power) == (availability, "down")


@pytest.mark.parametrize("shape", ["numbers", "texts"])
def test_ids_are_texts_whatever_the_answer_holds_pitfall_17(shape: str) -> None:
    appliance = body("01-three-peers")
    if shape == "numbers":
        appliance["ID"] = int(appliance["ID"])
        appliance["Plan"]["ID"] = 2
    assert router_state(appliance) == router_state(body("01-three-peers"))


@pytest.mark.parametrize("slots", [None, [], [None] * 8])
def test_nothing_connected_in_any_form(slots: object) -> None:
    assert nic_switch({"Interfaces": slots}, 1) == ""


@pytest.mark.parametrize("name", ["01-three-peers", "02-many-settings-to-keep"])
def test_only_our_peer_changes_in_a_live_body(name: str) -> None:
    settings = body(name)["Settings"]
    values = peer_of(settings, "192.0.2.10")
    assert values is not None
    assert with_peer(settings, values, "site_a_key") == settings  # nothing changed: nothing differs
    changed = with_peer(settings, values, "a_new_key")
    changed["Router"]["SiteToSiteIPsecVPN"]["Config"][0]["PreSharedSecret"] = "site_a_key"
    assert changed == settings
    others = without_peer(settings, "192.0.2.10")["Router"]["SiteToSiteIPsecVPN"]
    assert others["Config"] == settings["Router"]["SiteToSiteIPsecVPN"]["Config"][1:]


def test_addresses_of_a_block_are_a_plain_range() -> None:
    switch = {
        "ID": 7,
        "Subnets": [
            {
                "NetworkAddress": "203.0.113.0",
                "NetworkMaskLen": 28,
                "DefaultRoute": "203.0.113.1",
                "IPAddresses": {"Min": "203.0.113.4", "Max": "203.0.113.4"},
            }
        ],
    }
    internet = {"ID": 6, "Name": "wan", "Description": None, "BandWidthMbps": 100}
    state = internet_state(internet, switch)
    assert state.addresses == ["203.0.113.4"]  # also where both ends are the same
    assert (state.id, state.switch_id, state.description) == ("6", "7", "")


@pytest.mark.parametrize("subnets", [None, [], [{}], [{"IPAddresses": None}]])
def test_block_that_is_not_assigned_yet_pitfall_2(subnets: object) -> None:
    assert not has_addresses({"ID": 7, "Subnets": subnets})


def test_creation_body_is_lean_pitfall_15() -> None:
    spec = RouterSpec(
        name="edge",
        tag="@sakurartx=0",
        description="",
        lan=LanSpec(1, "8", "10.0.0.1", ["10.0.0.2", "10.0.0.3"], 24),
        upstream_switch_id="113400000021",
        vip="203.0.113.4",
        addresses=["203.0.113.5", "203.0.113.6"],
        vrid=10,
    )
    assert spec.body == {
        "Class": "vpcrouter",
        "Name": "edge",
        "Description": "",
        "Tags": ["@sakurartx=0"],
        "Plan": {"ID": 2},
        "Remark": {
            "Switch": {"ID": 113400000021},
            "Servers": [{"IPAddress": "203.0.113.5"}, {"IPAddress": "203.0.113.6"}],
            "Router": {"VPCRouterVersion": 2},
        },
        "Settings": {
            "Router": {
                "VRID": 10,
                "InternetConnection": {"Enabled": "True"},
                "Interfaces": [
                    {
                        "IPAddress": ["203.0.113.5", "203.0.113.6"],
                        "VirtualIPAddress": "203.0.113.4",
                    }
                ],
            }
        },
    }
