"""Stored and applied settings of the API stand-in, and what the link is told (reference 2.6, 5)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from sakura_api import KEY, LAN, PEER, VPN, Api, NotingLink, cloud, eth0, vpn_settings

from components.rehearsal.ends import CloudPeer


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with cloud(tmp_path) as api:
        yield api


def full_status(api: Api, router: int) -> dict[str, object]:
    for _ in range(10):
        body = api.get(f"/appliance/{router}/status").body["Router"]
        if "SiteToSiteIPsecVPNPeers" in body:
            return dict(body)
    raise AssertionError(body)


def test_what_the_link_reads(api: Api) -> None:
    router = api.running()
    addresses = (*LAN["IPAddress"], LAN["VirtualIPAddress"])
    assert api.sakura.vpn_peers() == [
        CloudPeer(
            router_id=str(router),
            address=IPv4Address("203.0.113.4"),
            peer=IPv4Address("198.51.100.20"),
            remote_id="192.168.1.1",
            key=KEY,
            office_prefixes=(IPv4Network("192.168.1.0/24"),),
            cloud_prefixes=(IPv4Network("192.168.2.0/24"),),
            encryption="aes256",
            hash="sha256",
            dh_group="modp2048",
            ike_lifetime=28801,
            esp_lifetime=1801,
            dpd_interval=16,
            dpd_timeout=31,
            lan_addresses=tuple(map(IPv4Address, addresses)),
        )
    ]


def test_parameters_left_out_are_those_of_2020(api: Api) -> None:
    router = api.running()
    api.store(router, vpn_settings(SiteToSiteIPsecVPN={"Enabled": "True", "Config": [PEER]}))
    api.put(f"/appliance/{router}/config")
    [peer] = api.sakura.vpn_peers()
    assert (peer.encryption, peer.hash, peer.dh_group) == ("aes128", "sha1", "modp1024")
    assert (peer.ike_lifetime, peer.esp_lifetime) == (28800, 1800)
    assert (peer.dpd_interval, peer.dpd_timeout) == (15, 30)


def test_without_config_nothing_takes_effect_not_even_by_a_boot(api: Api) -> None:
    router = api.wired()
    api.boot(router)
    assert api.settings(router)["SiteToSiteIPsecVPN"] == VPN
    assert api.sakura.vpn_peers() == []
    assert full_status(api, router)["SiteToSiteIPsecVPNPeers"] == []
    link = api.sakura.link = NotingLink(asks=api.sakura)
    api.put(f"/appliance/{router}/config")
    assert link.told == [("settings_applied", str(router))]
    assert len(api.sakura.vpn_peers()) == 1


def test_a_change_waits_for_config(api: Api) -> None:
    router = api.running()
    link = api.sakura.link = NotingLink()
    new = {**VPN, "Config": [{**PEER, "PreSharedSecret": "another_key"}]}
    api.store(router, vpn_settings(SiteToSiteIPsecVPN=new))
    assert link.told == []
    assert api.sakura.vpn_peers()[0].key == KEY
    api.put(f"/appliance/{router}/config")
    assert api.sakura.vpn_peers()[0].key == "another_key"


def test_config_on_a_router_that_is_down_tells_nobody_until_it_is_up(api: Api) -> None:
    router = api.wired()
    link = api.sakura.link = NotingLink()
    assert api.put(f"/appliance/{router}/config").status == 200
    assert (link.told, api.sakura.vpn_peers()) == ([], [])
    api.boot(router)
    assert link.told == [("settings_applied", str(router))]


@pytest.mark.parametrize(
    "changes",
    [
        {"InternetConnection": {"Enabled": "False"}},
        {"SiteToSiteIPsecVPN": {**VPN, "Enabled": "False"}},
        {"SiteToSiteIPsecVPN": {**VPN, "Config": []}},
    ],
)
def test_no_peers_where_the_settings_allow_none(api: Api, changes: dict[str, object]) -> None:
    router = api.running()
    api.store(router, vpn_settings(**changes))
    api.put(f"/appliance/{router}/config")
    assert api.sakura.vpn_peers() == []


def test_a_lan_that_is_not_applied_has_no_addresses(api: Api) -> None:
    router = api.running()
    api.store(router, vpn_settings(Interfaces=[eth0()]))
    assert len(api.sakura.vpn_peers()[0].lan_addresses) == 3
    api.put(f"/appliance/{router}/config")
    assert api.sakura.vpn_peers()[0].lan_addresses == ()


def test_status_is_empty_when_down_and_for_a_while_after_boot_and_config(api: Api) -> None:
    router = api.wired()
    path = f"/appliance/{router}/status"
    api.put(f"/appliance/{router}/config")
    assert api.get(path).body == {"Router": {}, "Success": True, "is_ok": True}
    api.boot(router)
    contents = [api.get(path).body["Router"] for _ in range(3)]
    assert contents[:2] == [{}, {}]
    assert contents[2]["SiteToSiteIPsecVPNPeers"] == [{"Status": "DOWN", "Peer": PEER["Peer"]}]
    assert contents[2]["PercentageOfMemoryFree"] == ["81", "80"]
    api.put(f"/appliance/{router}/config")
    assert api.get(path).body["Router"] == {"SessionCount": 0}
    assert "SiteToSiteIPsecVPNPeers" in api.get(path).body["Router"]


def test_only_the_link_knows_whether_a_peer_is_up(api: Api) -> None:
    router = api.running()
    link = api.sakura.link = NotingLink(connected={PEER["Peer"]}, asks=api.sakura)
    assert full_status(api, router)["SiteToSiteIPsecVPNPeers"] == [
        {"Status": "UP", "Peer": PEER["Peer"]}
    ]
    assert link.told == [("peer_up", str(router), PEER["Peer"])]


def test_restart_and_ping_need_a_router_that_is_up(api: Api) -> None:
    router = api.wired()
    link = api.sakura.link = NotingLink(asks=api.sakura)
    restart, ping = (f"/appliance/{router}/vpcrouter/{each}" for each in ("restartvpn", "ping/"))
    up = (409, "server_power_must_be_up")
    assert api.put(restart).refusal == up
    assert api.post(f"{ping}192.168.1.1").refusal == up
    api.boot(router)
    link.told.clear()
    assert api.put(restart).body == {"Success": True, "is_ok": True}
    answer = api.post(f"{ping}host%2Eexample")
    assert answer.body == {"Result": ["PING host.example", "64 bytes"], "is_ok": True}
    assert link.told == [
        ("restart_vpn", str(router)),
        ("ping", str(router), "host.example"),
    ]


def test_without_a_link_no_ping_is_answered(api: Api) -> None:
    router = api.running()
    lines = api.post(f"/appliance/{router}/vpcrouter/ping/192.168.1.1").body["Result"]
    assert "3 packets transmitted, 0 received, 100% packet loss" in lines


def test_connection_details_and_the_simple_rest(api: Api) -> None:
    router = api.running()
    path = f"/appliance/{router}"
    [details] = api.get(f"{path}/vpcrouter/sitetosite/connectiondetails").body["Details"]["Config"]
    assert details["IKE"]["Lifetime"] == "28801"
    assert details["ESP"]["Lifetime"] == "1801"
    assert details["IKE"]["PreSharedSecret"] == KEY
    assert details["VPCRouter"] == {
        "ID": "203.0.113.4",
        "InsideNetworks": ["192.168.2.0/24"],
        "OutsideIPAddress": "203.0.113.4",
    }
    assert details["Peer"]["ID"] == "192.168.1.1"
    assert api.get(f"{path}/download/log/VPNLogs").body == {"Log": "", "is_ok": True}
    for graph in ("cpu", "interface", "interface/1"):
        assert api.get(f"{path}/{graph}/monitor").status == 200
    api.store(router, vpn_settings(SiteToSiteIPsecVPN={**VPN, "Config": []}))
    api.put(f"{path}/config")
    empty = api.get(f"{path}/vpcrouter/sitetosite/connectiondetails").body
    assert empty["Details"]["Config"] is None
