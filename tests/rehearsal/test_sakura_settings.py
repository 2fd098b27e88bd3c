"""What the API stand-in stores of settings, and what it refuses (reference 2.5, 2.8, 2.9, 6)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from sakura_api import KEY, LAN, PEER, VPN, Api, cloud, eth0, premium, vpn_settings

DATA = Path(__file__).parents[1] / "corpus" / "api"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with cloud(tmp_path) as api:
        yield api


def changed(path: str, value: Any) -> dict[str, Any]:
    """The complete settings with one thing changed."""
    settings = vpn_settings()
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    thing: Any = settings
    for part in parents:
        thing = thing[part]
    thing[last] = value
    return settings


VPN_AT, PEER_AT = "SiteToSiteIPsecVPN", "SiteToSiteIPsecVPN.Config.0"
REFUSED = [
    ("VRID", None, "missing_param"),
    ("Interfaces", None, "missing_param"),
    ("Interfaces", {}, "missing_param"),
    ("Interfaces", [eth0(), LAN, LAN], "param_res_not_found"),
    ("Interfaces", [eth0()] + [None] * 8, "invalid_format"),
    ("Interfaces.0", None, "missing_param"),
    ("Interfaces.0.VirtualIPAddress", "203.0.113.7", "invalid_param_comb"),
    ("Interfaces.0.IPAddress", ["203.0.113.6", "203.0.113.5"], "invalid_param_comb"),
    ("Interfaces.1", "lan", "invalid_format"),
    ("Interfaces.1.NetworkMaskLen", 30, "invalid_range"),
    ("Interfaces.1.NetworkMaskLen", 15, "invalid_range"),
    ("Interfaces.1.NetworkMaskLen", "24", "invalid_format"),
    ("Interfaces.1.NetworkMaskLen", None, "missing_param"),
    ("Interfaces.1.VirtualIPAddress", None, "missing_param"),
    ("Interfaces.1.VirtualIPAddress", "192.168.3.1", "invalid_range"),
    ("Interfaces.1.VirtualIPAddress", "192.168.2.2", "invalid_range"),
    ("Interfaces.1.VirtualIPAddress", "192.168.2.255", "invalid_range"),
    ("Interfaces.1.VirtualIPAddress", "192.168.2.0", "invalid_range"),
    ("Interfaces.1.IPAddress", ["192.168.2.2"], "invalid_param_comb"),
    ("Interfaces.1.IPAddress", "192.168.2.2", "invalid_format"),
    ("Interfaces.1.IPAddress", ["192.168.2.2", {}], "invalid_format"),
    ("Interfaces.1.IPAliases", ["192.168.2.9"], "invalid_param_comb"),
    ("InternetConnection.Enabled", "true", "invalid_format"),
    ("StaticRoutes", {"Enabled": "yes", "Config": []}, "invalid_format"),
    ("StaticRoutes", [], "invalid_format"),
    ("RemoteAccessUsers", {"Enabled": "True", "Config": ["me"]}, "invalid_format"),
    ("L2TPIPsecServer", {"Enabled": "True", "Config": []}, "invalid_format"),
    ("WireGuardServer", {"Enabled": "True", "Config": {"Peers": None}}, "invalid_format"),
    (VPN_AT, [], "invalid_format"),
    (f"{VPN_AT}.Config", {}, "invalid_format"),
    (f"{VPN_AT}.EncryptionAlgo", "aes192", "invalid_format"),
    (f"{VPN_AT}.HashAlgo", "md5", "invalid_format"),
    (f"{VPN_AT}.DHGroup", "modp1536", "invalid_format"),
    (f"{VPN_AT}.IKE.Lifetime", "28800", "invalid_format"),
    (f"{VPN_AT}.IKE.DPD.Interval", 0, "invalid_range"),
    (f"{VPN_AT}.IKE.DPD.Timeout", True, "invalid_format"),
    (f"{VPN_AT}.ESP.Lifetime", -1, "invalid_range"),
    (f"{VPN_AT}.ESP", 1800, "invalid_format"),
    (f"{VPN_AT}.Config", [PEER, PEER], "invalid_param_comb"),
    (f"{PEER_AT}.Peer", None, "missing_param"),
    (f"{PEER_AT}.Peer", "office.example", "invalid_format"),
    (f"{PEER_AT}.Peer", "198.51.100.256", "invalid_format"),
    (f"{PEER_AT}.RemoteID", "", "missing_param"),
    (f"{PEER_AT}.PreSharedSecret", None, "missing_param"),
    (f"{PEER_AT}.PreSharedSecret", "", "invalid_format"),
    (f"{PEER_AT}.PreSharedSecret", "with-hyphen", "invalid_format"),
    (f"{PEER_AT}.PreSharedSecret", "x" * 41, "invalid_format"),
    (f"{PEER_AT}.PreSharedSecret", "trailing\n", "invalid_format"),
    (f"{PEER_AT}.Routes", [], "missing_param"),
    (f"{PEER_AT}.Routes", ["192.168.1.0"], "invalid_format"),
    (f"{PEER_AT}.Routes", ["192.168.1.0/33"], "invalid_format"),
    (f"{PEER_AT}.Routes", ["192.168.1.1/24"], "invalid_format"),
    (f"{PEER_AT}.Routes", ["192.168.1.0/255.255.255.0"], "invalid_format"),
    (f"{PEER_AT}.LocalPrefix", ["0.0.0.0/7"], "invalid_range"),
    (f"{PEER_AT}.LocalPrefix", "192.168.2.0/24", "invalid_format"),
]


def test_what_cannot_be_stored_is_refused_and_changes_nothing(api: Api) -> None:
    router = api.wired()
    before = api.get(f"/appliance/{router}").body
    for path, value, code in REFUSED:
        answer = api.store(router, changed(path, value))
        assert answer.refusal == (400, code), path
        assert not isinstance(value, str) or not value or value not in answer.body["error_msg"]
    assert api.store(router, {}).refusal == (400, "missing_param")
    assert api.put(f"/appliance/{router}", {}).refusal == (400, "missing_param")
    assert api.put(f"/appliance/{router}", {"Appliance": []}).refusal == (400, "invalid_format")
    assert api.get(f"/appliance/{router}").body == before


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{PEER_AT}.PreSharedSecret", "x" * 40),
        (f"{PEER_AT}.Routes", ["10.0.0.0/8", "192.0.2.7/32"]),
        (f"{VPN_AT}.DHGroup", "modp4096"),
        (f"{VPN_AT}.Config", []),
        (f"{VPN_AT}.Config", None),
        ("Interfaces.0.IPAliases", ["203.0.113.7"]),
        ("Interfaces.1.NetworkMaskLen", 29),
        ("Interfaces.1.NetworkMaskLen", 16),
        ("IPv6", {"Mode": "later"}),
    ],
)
def test_what_is_allowed_is_stored_as_sent(api: Api, path: str, value: Any) -> None:
    router = api.wired()
    wanted = changed(path, value)
    assert api.store(router, wanted).status == 200
    assert api.settings(router) == wanted


def test_a_body_with_every_section_is_stored_whole(api: Api) -> None:
    body = json.loads((DATA / "02-many-settings-to-keep.json").read_text(encoding="utf-8"))
    wanted = body["Appliance"]["Settings"]["Router"]
    wanted["Interfaces"][0], wanted["VRID"] = {**eth0(), "IPAliases": ["203.0.113.7"]}, 10
    wanted["StaticNAT"]["Config"][0]["GlobalAddress"] = "203.0.113.7"
    router = api.router()
    for index in (1, 3):
        switch = api.switch(f"lan{index}")
        api.put(f"/appliance/{router}/interface/{index}/to/switch/{switch}")
    assert api.store(router, wanted).status == 200
    assert api.settings(router) == wanted


def test_settings_are_replaced_but_flags_stay_on_until_said(api: Api) -> None:
    router = api.wired()
    l2tp = {"Enabled": "True", "Config": {"RangeStart": "192.168.2.50", "RangeStop":
            "192.168.2.59", "PreSharedSecret": "l2tp_key"}}  # fmt: skip
    routes = {"Enabled": "True", "Config": [{"Prefix": "10.9.0.0/16", "NextHop": "192.168.2.9"}]}
    api.store(router, vpn_settings(L2TPIPsecServer=l2tp, StaticRoutes=routes))
    lean = {"VRID": 10, "Interfaces": [eth0(), LAN]}
    assert api.store(router, lean).status == 200
    assert api.settings(router) == {
        **lean,
        "L2TPIPsecServer": l2tp,
        "InternetConnection": {"Enabled": "True"},
    }
    api.store(router, {**lean, "L2TPIPsecServer": {"Enabled": "False"}})
    assert api.settings(router)["L2TPIPsecServer"] == {"Enabled": "False"}


def test_sections_beside_router_and_labels(api: Api) -> None:
    router = api.wired()
    path = f"/appliance/{router}"
    settings = {"Router": vpn_settings(), "Telemetry": {"On": 1}}
    api.put(path, {"Appliance": {"Settings": settings, "Tags": ["new"]}})
    assert api.get(path).body["Appliance"]["Settings"] == settings
    answer = api.put(path, {"Appliance": {"Name": "renamed"}})
    assert (answer.status, answer.body["Success"]) == (200, True)
    body = api.get(path).body["Appliance"]
    assert (body["Name"], body["Tags"], body["Settings"]) == ("renamed", ["new"], settings)
    api.store(router, vpn_settings())
    assert "Telemetry" not in api.get(path).body["Appliance"]["Settings"]


def test_a_stale_hash_is_refused_and_none_is_no_check(api: Api) -> None:
    router = api.wired()
    path = f"/appliance/{router}"
    old = api.get(path).body["Appliance"]["SettingsHash"]
    assert len(old) == 32
    assert int(old, 16)
    wanted = changed(f"{PEER_AT}.RemoteID", "192.168.1.254")
    assert api.store(router, wanted, SettingsHash=old).status == 200
    new = api.get(path).body["Appliance"]["SettingsHash"]
    assert new != old
    stale = api.store(router, vpn_settings(), SettingsHash=old)
    assert stale.refusal == (409, "original_hash_mismatch")
    assert api.settings(router) == wanted
    assert api.store(router, vpn_settings(), SettingsHash="").status == 200
    assert api.store(router, wanted).status == 200
    assert api.get(path).body["Appliance"]["SettingsHash"] == new


def test_the_hash_may_be_ignored(tmp_path: Path) -> None:
    with cloud(tmp_path, hash_enforced=False) as api:
        router = api.wired()
        assert api.store(router, vpn_settings(), SettingsHash="0" * 32).status == 200


def test_version_1_knows_the_old_values_only(api: Api) -> None:
    body = premium(api.internet()["Switch"]["ID"])
    body["Appliance"]["Remark"]["Router"]["VPCRouterVersion"] = 1
    router = api.post("/appliance", body).body["Appliance"]["ID"]
    api.until(f"/appliance/{router}", "Availability", "available")
    new, old = deepcopy(VPN), {"Enabled": "True", "Config": [PEER]}
    base = {"VRID": 10, "Interfaces": [eth0()]}
    refused = api.store(router, {**base, "SiteToSiteIPsecVPN": new})
    assert refused.refusal == (400, "invalid_param_comb")
    assert api.store(router, {**base, "SiteToSiteIPsecVPN": old}).status == 200


USERS = {"Enabled": "True", "Config": [{"UserName": "suzu", "Password": "Canary_pw"}]}
L2TP = {"Enabled": "True", "Config": {"RangeStart": "192.168.2.50", "RangeStop": "192.168.2.59",
        "PreSharedSecret": "Canary_l2tp"}}  # fmt: skip


def bare(settings: dict[str, Any]) -> dict[str, Any]:
    """The same as a client knows it that is not told secrets."""
    text = deepcopy(settings)
    del text["SiteToSiteIPsecVPN"]["Config"][0]["PreSharedSecret"]
    del text["RemoteAccessUsers"]["Config"][0]["Password"]
    del text["L2TPIPsecServer"]["Config"]["PreSharedSecret"]
    return text


@pytest.mark.parametrize("blank", [False, True])
@pytest.mark.parametrize("omitted", ["kept", "erased"])
def test_secrets_that_are_not_returned(tmp_path: Path, omitted: str, blank: bool) -> None:
    with cloud(tmp_path, secrets_returned=False, omitted_secrets=omitted) as api:
        router = api.wired()
        wanted = vpn_settings(RemoteAccessUsers=USERS, L2TPIPsecServer=L2TP)
        assert "Canary" not in json.dumps(api.store(router, wanted).body)
        assert api.settings(router) == bare(wanted)
        assert "Canary" not in json.dumps(api.get("/appliance").body)
        sent = bare(wanted)
        if blank:
            sent["SiteToSiteIPsecVPN"]["Config"][0]["PreSharedSecret"] = ""
        assert api.store(router, sent).status == 200
        api.put(f"/appliance/{router}/config")
        api.boot(router)
        [peer] = api.sakura.vpn_peers()
        assert peer.key == {"kept": KEY, "erased": ""}[omitted]
        details = api.get(f"/appliance/{router}/vpcrouter/sitetosite/connectiondetails").body
        assert "PreSharedSecret" not in details["Details"]["Config"][0]["IKE"]


def test_a_new_peer_needs_its_key_when_old_ones_are_kept(tmp_path: Path) -> None:
    with cloud(tmp_path, secrets_returned=False) as api:
        router = api.wired()
        other = {**PEER, "Peer": "198.51.100.77"}
        del other["PreSharedSecret"]
        answer = api.store(router, changed(f"{VPN_AT}.Config", [other]))
        assert answer.refusal == (400, "missing_param")
