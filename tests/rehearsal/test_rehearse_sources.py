"""What the copies of both ends are made of; nothing here needs a daemon."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.clock import ManualClock
from components.errors import VpnError
from components.office.plan import with_key
from components.office.render import ADDRESS_PLACEHOLDER, render
from components.rehearsal.rehearse import keys, loading, sources
from components.rehearsal.rehearse.sources import Source, appliance_in, from_files, from_site
from components.rehearsal.rtx import Router, run_lines
from components.rehearsal.sakura import Request, Sakura
from components.site import Site

DEMO = Path(__file__).resolve().parents[2] / "stacks" / "Pulumi.demo.yaml"
CORPUS = Path(__file__).resolve().parents[1] / "corpus"
BODIES = ["01-three-peers", "02-many-settings-to-keep", "09-changed-in-the-panel"]
STANDARD = "10-standard-plan-shared-segment"


def body(name: str) -> dict[str, Any]:
    return appliance_in(json.loads((CORPUS / "api" / f"{name}.json").read_text()))


def site(**office: Any) -> Site:
    data = yaml.safe_load(DEMO.read_text())["config"]["sakura-rtx-vpn:site"]
    data["rehearsal"] = False
    data["office"] |= {"router": {"host": "192.0.2.1", "user": "ops"}, **office}
    return Site.parse(data)


# --- the cloud end


@pytest.mark.parametrize("name", [*BODIES, STANDARD])
def test_a_body_becomes_a_router_that_says_the_same(name: str, tmp_path: Path) -> None:
    given = body(name)
    zone = loading.zone_of(given)
    router_id = loading.load(tmp_path, zone, deepcopy(given))
    cloud = Sakura(tmp_path, clock=ManualClock())
    cloud.set_credentials("t", "s")
    reply = cloud.handle(request("GET", zone, router_id))
    assert reply.status == 200
    assert reply.body["Appliance"]["Settings"] == given["Settings"]
    entries = given["Settings"]["Router"]["SiteToSiteIPsecVPN"]["Config"]
    assert [str(p.peer) for p in cloud.vpn_peers()] == [entry["Peer"] for entry in entries]


@pytest.mark.parametrize("name", BODIES)
def test_a_body_can_be_written_back(name: str, tmp_path: Path) -> None:
    """As a client does that reads, changes and writes."""
    given = body(name)
    zone = loading.zone_of(given)
    router_id = loading.load(tmp_path, zone, deepcopy(given))
    cloud = Sakura(tmp_path, clock=ManualClock())
    cloud.set_credentials("t", "s")
    settings = {"Appliance": {"Settings": given["Settings"]}}
    assert cloud.handle(request("PUT", zone, router_id, settings)).status == 200


def request(method: str, zone: str, router_id: str, content: Any = None) -> Request:
    path = f"/appliance/{router_id}"
    return Request(method, zone, path, token="t", secret="s", body=content)


def test_what_is_no_answer_about_a_router_is_refused() -> None:
    nothing: list[Any] = [[], {}, {"Appliance": None}, {"Appliances": []}, {"is_ok": True}]
    for answer in nothing:
        with pytest.raises(VpnError, match="no VPC router"):
            appliance_in(answer)


# --- files


def test_files_are_read_and_their_faults_named(tmp_path: Path) -> None:
    api, config = CORPUS / "api" / "01-three-peers.json", CORPUS / "01-clean-v1-address-block.txt"
    source = from_files(str(api), str(config))
    assert source.body
    assert "ipsec ike pre-shared-key 1 text c01_key" in source.configuration
    assert "c01_key" not in repr(source)
    assert "site_a_key" not in repr(source)
    with pytest.raises(VpnError, match="cannot be read"):
        from_files(str(tmp_path / "none"), str(config))
    with pytest.raises(VpnError, match="is no JSON"):
        from_files(str(config), str(config))


# --- a site alone


@pytest.mark.parametrize(
    "wan",
    [
        {"kind": "fixed", "interface": "lan2", "address": "198.51.100.20"},
        {"kind": "fixed", "interface": "lan3", "address": "203.0.113.77"},
    ],
)
def test_an_office_of_a_site_file_takes_the_sites_lines(
    wan: dict[str, Any], tmp_path: Path
) -> None:
    made = site(wan=wan)
    source = from_site(made)
    router = Router(tmp_path, clock=ManualClock(), initial=source.configuration)
    text = render(made.agreement, made.office_end).replace(ADDRESS_PLACEHOLDER, "203.0.113.4")
    lines = [line.strip() for line in text.splitlines() if not line.startswith("#")]
    shown = run_lines(router, [with_key(line, "a_key") for line in lines])
    assert "エラー" not in shown
    (gateway,) = router.gateways()
    assert gateway.wan_address == IPv4Address(wan["address"])
    assert gateway.nat_static_ok
    assert gateway.filters_pass
    assert router.listens()


def test_a_site_over_pppoe_has_its_address_there(tmp_path: Path) -> None:
    text = sources._wan("pp 1", "198.51.100.20/29", "198.51.100.17", [3])
    router = Router(tmp_path, clock=ManualClock(), initial="\n".join(text))
    assert IPv4Address("198.51.100.20") in router.addresses()


def test_the_demo_starts_from_somebodys_office() -> None:
    demo = Site.parse(yaml.safe_load(DEMO.read_text())["config"]["sakura-rtx-vpn:site"])
    assert "l2tp" in from_site(demo).configuration
    assert from_site(demo).body is None


# --- keys that are not shown


def ends(cloud_key: str | None, office_key: str) -> Source:
    entry = {"Peer": "198.51.100.20", **({"PreSharedSecret": cloud_key} if cloud_key else {})}
    settings = {"Router": {"SiteToSiteIPsecVPN": {"Config": [entry]}}}
    return Source("here", {"Settings": settings}, f"  ipsec ike pre-shared-key 2 {office_key}\n")


def cloud_key_of(source: Source) -> str:
    assert source.body
    key: str = source.body["Settings"]["Router"]["SiteToSiteIPsecVPN"]["Config"][0][
        "PreSharedSecret"
    ]
    return key


def test_keys_that_are_there_are_left_alone() -> None:
    given = ends("one", "text other")
    assert keys.completed(given) == given
    alone = replace(given, body=None)
    assert keys.completed(alone) is alone


def test_a_hidden_key_is_that_of_the_other_end() -> None:
    office_hides = keys.completed(ends("the_key", "*"))
    assert office_hides.configuration == "  ipsec ike pre-shared-key 2 text the_key\n"
    assert office_hides.notes[-1].startswith("`show config` hides keys")
    hiding = ends(None, "text the_key")
    cloud_hides = keys.completed(hiding)
    assert hiding == ends(None, "text the_key")  # it was not changed
    assert cloud_key_of(cloud_hides) == "the_key"
    assert cloud_hides.notes[-1].startswith("the API body hides keys")


def test_where_both_hide_it_one_is_made_for_both() -> None:
    made = keys.completed(ends(None, "text *"))
    key = cloud_key_of(made)
    assert len(key) >= 20
    assert made.configuration == f"  ipsec ike pre-shared-key 2 text {key}\n"
    assert key not in "".join(made.notes)


def test_of_several_peers_the_key_is_that_of_the_rtx() -> None:
    lines = "ip lan2 address 192.0.2.66/29\nipsec ike pre-shared-key 1 *\n"
    made = keys.completed(Source("here", body("01-three-peers"), lines))
    assert "ipsec ike pre-shared-key 1 text site_c_key\n" in made.configuration


def test_of_several_gateways_the_key_is_that_of_the_one_that_calls() -> None:
    lines = (
        "ipsec ike pre-shared-key 1 text remote_users\n"
        "ipsec ike remote address 1 any\n"
        "ipsec ike pre-shared-key 2 text the_key\n"
        "ipsec ike remote address 2 198.51.100.20\n"
    )
    hiding = body("01-three-peers")
    for entry in hiding["Settings"]["Router"]["SiteToSiteIPsecVPN"]["Config"]:
        del entry["PreSharedSecret"]
    assert cloud_key_of(keys.completed(Source("here", hiding, lines))) == "the_key"
