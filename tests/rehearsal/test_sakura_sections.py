"""What the API stand-in refuses in the sections beside interfaces and VPN (reference 2.8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sakura_api import Api, cloud, eth0, standard, vpn_settings

DATA = Path(__file__).parents[1] / "corpus" / "api" / "02-many-settings-to-keep.json"
ALIAS = "203.0.113.7"
RULE = "Firewall.Config.0.Receive.0"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One cloud for all: what is refused changes nothing."""
    with cloud(tmp_path_factory.mktemp("cloud")) as api:
        yield api


@pytest.fixture(scope="module")
def router(api: Api) -> int:
    return api.wired()


def full() -> dict[str, Any]:
    """Settings with every section in them."""
    body = json.loads(DATA.read_text(encoding="utf-8"))["Appliance"]["Settings"]["Router"]
    wanted = {**body, **vpn_settings()}
    wanted["Interfaces"][0] = {**eth0(), "IPAliases": [ALIAS]}
    wanted["StaticNAT"]["Config"][0]["GlobalAddress"] = ALIAS
    return wanted


def changed(path: str, value: Any) -> dict[str, Any]:
    wanted = full()
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    thing: Any = wanted
    for part in parents:
        thing = thing[part]
    thing[last] = value
    return wanted


def test_everything_in_its_form_is_stored(api: Api, router: int) -> None:
    assert api.store(router, full()).status == 200
    assert api.settings(router) == full()


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("StaticNAT.Config.0.GlobalAddress", "203.0.113.8", "invalid_param_comb"),
        ("StaticNAT.Config.0.PrivateAddress", "web", "invalid_format"),
        ("PortForwarding.Config.0.GlobalPort", 10022, "invalid_format"),
        ("PortForwarding.Config.0.GlobalPort", "0", "invalid_range"),
        ("PortForwarding.Config.0.PrivatePort", "65536", "invalid_range"),
        ("PortForwarding.Config.0.PrivatePort", "22-23", "invalid_format"),
        ("PortForwarding.Config.0.PrivatePort", "２２", "invalid_format"),
        ("PortForwarding.Config.0.Protocol", "icmp", "invalid_format"),
        ("PortForwarding.Config.0.PrivateAddress", None, "missing_param"),
        (f"{RULE}.Protocol", "esp", "invalid_format"),
        (f"{RULE}.Action", None, "missing_param"),
        (f"{RULE}.Action", "drop", "invalid_format"),
        (f"{RULE}.Logging", True, "invalid_format"),
        (f"{RULE}.SourceNetwork", "192.0.2.1/24", "invalid_format"),
        (f"{RULE}.DestinationPort", "2048-1024", "invalid_range"),
        (f"{RULE}.DestinationPort", 500, "invalid_format"),
        ("Firewall.Config.0.Receive", {}, None),
        ("Firewall.Config.0.Receive", "all", "invalid_format"),
        ("Firewall.Config", [{"Receive": [], "Send": []}] * 9, "invalid_range"),
        ("DHCPServer.Config.0.Interface", "eth0", "invalid_format"),
        ("DHCPServer.Config.0.Interface", "eth8", "invalid_format"),
        ("DHCPServer.Config.0.RangeStart", None, "missing_param"),
        ("DHCPServer.Config.0.DNSServers", "192.0.2.53", "invalid_format"),
        ("DHCPStaticMapping.Config.0.MACAddress", "00:00:5E:00:53:A1", "invalid_format"),
        ("DNSForwarding.DNSServers", ["dns.example"], "invalid_format"),
        ("DNSForwarding.Interface", "lan1", "invalid_format"),
        ("L2TPIPsecServer.Config.RangeStop", "10.20.0", "invalid_format"),
        ("RemoteAccessUsers.Config.0.UserName", "u" * 21, "invalid_range"),
        ("RemoteAccessUsers.Config.0.UserName", "", "missing_param"),
        ("RemoteAccessUsers.Config.0.Password", "p" * 21, "invalid_range"),
        ("StaticRoutes.Config.0.Prefix", "10.64.0.1/16", "invalid_format"),
        ("StaticRoutes.Config.0.NextHop", "10.64.0.0/16", "invalid_format"),
        ("SyslogHost", "syslog.example", "invalid_format"),
        ("ScheduledMaintenance.DayOfWeek", 7, "invalid_range"),
        ("ScheduledMaintenance.DayOfWeek", "2", "invalid_format"),
        ("ScheduledMaintenance.Hour", True, "invalid_format"),
        ("ScheduledMaintenance.Hour", None, "missing_param"),
        ("WireGuardServer.Config.IPAddress", "10.29.0.1", "invalid_format"),
        ("WireGuardServer.Config.Peers", None, "invalid_format"),
        ("WireGuardServer.Config.Peers.0.PublicKey", None, "missing_param"),
    ],
)
def test_a_field_out_of_form_is_refused(
    api: Api, router: int, path: str, value: Any, code: str | None
) -> None:
    answer = api.store(router, changed(path, value))
    assert answer.status == 400 if code else 200, answer
    assert code is None or answer.code == code


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{RULE}.SourceNetwork", None),
        (f"{RULE}.SourceNetwork", ""),
        (f"{RULE}.SourcePort", "1024-2048"),
        ("Firewall.Config", []),
        ("Firewall.Config", [{"Receive": None, "Send": []}]),
        ("PPTPServer.Config", None),  # it is off
        ("WireGuardServer", {"Enabled": "False", "Config": {"IPAddress": "", "Peers": []}}),
        ("DNSForwarding", {"Enabled": "False"}),
        ("StaticRoutes.Config", None),
        ("SyslogHost", ""),
        ("Unheard", {"Of": 1}),
    ],
)
def test_a_form_that_clients_send_is_stored(api: Api, router: int, path: str, value: Any) -> None:
    assert api.store(router, changed(path, value)).status == 200


def test_what_a_standard_router_cannot_do_is_ignored(tmp_path: Path) -> None:
    with cloud(tmp_path) as api:
        made = api.post("/appliance", standard()).body["Appliance"]["ID"]
        api.until(f"/appliance/{made}", "Availability", "available")
        nat = full()["StaticNAT"]
        wanted = {"InternetConnection": {"Enabled": "True"}, "StaticNAT": nat}
        assert api.store(made, wanted).status == 200
