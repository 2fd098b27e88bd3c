"""The settings of a VPC router: our part changes, everything else goes back as it came."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.cloud import router as module
from components.cloud.router import (
    agreement_of,
    lan_of,
    peer_of,
    vpn_values,
    with_lan,
    without_peer,
    writable,
)
from components.errors import ApiError
from components.ipsec import Agreement, DeadPeerDetection, Proposal

Json = dict[str, Any]

OFFICE = "198.51.100.20"
VALUES: Json = {
    "peer": OFFICE,
    "remoteId": "192.168.1.1",
    "routes": ["192.168.1.0/24"],
    "localPrefixes": ["192.168.2.0/24"],
    "encryption": "aes256",
    "hash": "sha256",
    "dhGroup": "modp2048",
    "ikeLifetime": 28801,
    "espLifetime": 1801,
    "dpdInterval": 16,
    "dpdTimeout": 32,
}
KEY = "Abc_0123456789"

# The bodies here are of routers whose peers live with other parameters than VALUES.
with_peer = functools.partial(module.with_peer, parameters="change")


def peer(address: str, **extra: Any) -> Json:
    return {
        "Peer": address,
        "RemoteID": address,
        "PreSharedSecret": f"key_of_{address.replace('.', '_')}",
        "Routes": ["10.1.0.0/16"],
        "LocalPrefix": ["10.2.0.0/16"],
        **extra,
    }


def full() -> Json:
    """Settings in the true shape, with fields that no client knows yet."""
    return {
        "Telemetry": {"Enabled": "True"},
        "Router": {
            "VRID": 1,
            "InternetConnection": {"Enabled": "True"},
            "Interfaces": [
                {"IPAddress": ["203.0.113.5", "203.0.113.6"], "VirtualIPAddress": "203.0.113.4"},
                {
                    "IPAddress": ["10.20.0.2", "10.20.0.3"],
                    "VirtualIPAddress": "10.20.0.1",
                    "NetworkMaskLen": 24,
                    "MTU": 1500,
                },
                None,
                {"IPAddress": ["10.22.0.2", "10.22.0.3"], "NetworkMaskLen": 24},
            ],
            "PPTPServer": {"Enabled": "False", "Config": {"RangeStart": "10.20.0.210"}},
            "L2TPIPsecServer": {
                "Enabled": "True",
                "Config": {"RangeStart": "10.20.0.220", "PreSharedSecret": "l2tp_key"},
            },
            "RemoteAccessUsers": {
                "Enabled": "True",
                "Config": [{"UserName": "suzu", "Password": "pw-1"}],
            },
            "WireGuardServer": {"Enabled": "True", "Config": {"IPAddress": "", "Peers": []}},
            "SiteToSiteIPsecVPN": {
                "Enabled": "True",
                "PRF": "prfsha256",
                "Config": [peer("192.0.2.10", Comment="by hand"), peer("192.0.2.66")],
                "IKE": {"Lifetime": 28800, "DPD": {"Interval": 15, "Timeout": 30}, "New": 1},
                "ESP": {"Lifetime": 1800},
                "EncryptionAlgo": "aes128",
                "HashAlgo": "sha1",
                "DHGroup": "modp1024",
            },
            "IPv6": {"Enabled": "False", "Config": []},
        },
    }


def test_values_of_an_agreement() -> None:
    agreement = Agreement(
        office_address=IPv4Address(OFFICE),
        office_identity=IPv4Address("192.168.1.1"),
        office_prefix=IPv4Network("192.168.1.0/24"),
        cloud_prefix=IPv4Network("192.168.2.0/24"),
        proposal=Proposal("aes256", "sha256", "modp2048"),
        ike_lifetime=28801,
        esp_lifetime=1801,
        dpd=DeadPeerDetection(16, 32),
    )
    assert vpn_values(agreement) == VALUES
    assert agreement_of(VALUES) == agreement


def test_new_peer_has_the_documented_shape() -> None:
    changed = with_peer({"Router": {"VRID": 1}}, VALUES, KEY)
    assert changed == {
        "Router": {
            "VRID": 1,
            "SiteToSiteIPsecVPN": {
                "Enabled": "True",
                "Config": [
                    {
                        "Peer": OFFICE,
                        "RemoteID": "192.168.1.1",
                        "PreSharedSecret": KEY,
                        "Routes": ["192.168.1.0/24"],
                        "LocalPrefix": ["192.168.2.0/24"],
                    }
                ],
                "IKE": {"Lifetime": 28801, "DPD": {"Interval": 16, "Timeout": 32}},
                "ESP": {"Lifetime": 1801},
                "EncryptionAlgo": "aes256",
                "HashAlgo": "sha256",
                "DHGroup": "modp2048",
            },
        }
    }


def test_numbers_from_a_state_file_are_written_whole() -> None:
    values = {k: float(v) if isinstance(v, int) else v for k, v in VALUES.items()}
    vpn = with_peer({"Router": {"VRID": 1}}, values, KEY)["Router"]["SiteToSiteIPsecVPN"]
    assert [type(n) for n in (vpn["IKE"]["Lifetime"], vpn["ESP"]["Lifetime"])] == [int, int]


def test_changed_key_changes_one_field_and_keeps_the_order() -> None:
    settings = with_peer(full(), {**VALUES, "peer": "192.0.2.10"}, KEY)
    changed = with_peer(settings, {**VALUES, "peer": "192.0.2.10"}, "another_key")
    entry = settings["Router"]["SiteToSiteIPsecVPN"]["Config"][0]
    assert entry["Comment"] == "by hand"
    entry["PreSharedSecret"] = "another_key"
    assert changed == settings


def test_last_peer_out_switches_off_explicitly_pitfall_14() -> None:
    settings = with_peer({"Router": {"VRID": 1}}, VALUES, KEY)
    vpn = without_peer(settings, OFFICE)["Router"]["SiteToSiteIPsecVPN"]
    assert (vpn["Enabled"], vpn["Config"], vpn["EncryptionAlgo"]) == ("False", [], "aes256")


def test_peer_out_leaves_the_others_and_the_parameters() -> None:
    settings = full()
    changed = without_peer(settings, "192.0.2.10")
    del settings["Router"]["SiteToSiteIPsecVPN"]["Config"][0]
    assert changed == settings


def test_peer_that_is_not_there_cannot_be_lost() -> None:
    assert without_peer(full(), OFFICE) == full()
    assert peer_of(full(), OFFICE) is None


def test_two_entries_for_one_peer_are_not_guessed_at() -> None:
    settings = full()
    settings["Router"]["SiteToSiteIPsecVPN"]["Config"] += [peer(OFFICE), peer(OFFICE)]
    with pytest.raises(ApiError, match="2 site-to-site peers"):
        with_peer(settings, VALUES, KEY)


def test_peer_is_read_without_its_key_and_in_one_order() -> None:
    settings = with_peer(full(), {**VALUES, "routes": ["192.168.10.0/24", "192.168.9.0/24"]}, KEY)
    read = peer_of(settings, OFFICE)
    assert read == {**VALUES, "routes": ["192.168.9.0/24", "192.168.10.0/24"]}


def test_old_router_reads_with_the_published_values() -> None:
    settings = {"Router": {"SiteToSiteIPsecVPN": {"Enabled": "True", "Config": [peer(OFFICE)]}}}
    read = peer_of(settings, OFFICE)
    assert read is not None
    assert (read["encryption"], read["hash"], read["dhGroup"]) == ("aes128", "sha1", "modp1024")
    assert (read["ikeLifetime"], read["espLifetime"]) == (28800, 1800)
    assert (read["dpdInterval"], read["dpdTimeout"]) == (15, 30)


# --- secrets that the API leaves out (pitfall 11)


def lose(settings: Json, name: str) -> Json:
    router = settings["Router"]
    entry = {
        "peer": router["SiteToSiteIPsecVPN"]["Config"][1],
        "l2tp": router["L2TPIPsecServer"]["Config"],
        "user": router["RemoteAccessUsers"]["Config"][0],
    }[name]
    entry["Password" if name == "user" else "PreSharedSecret"] = ""
    return settings


@pytest.mark.parametrize(
    ("lost", "named"),
    [
        ("peer", "site-to-site peer 192.0.2.66"),
        ("l2tp", "L2TP/IPsec server"),
        ("user", "remote access user suzu"),
    ],
)
def test_foreign_secret_left_out_refuses_the_change(lost: str, named: str) -> None:
    changes: list[Callable[[Json], Json]] = [
        lambda s: with_peer(s, VALUES, KEY),
        lambda s: without_peer(s, "192.0.2.10"),
        lambda s: with_lan(s, 2, vip="10.9.0.1", addresses=["10.9.0.2"], prefix_length=24),
    ]
    for change in changes:
        with pytest.raises(ApiError, match=named) as caught:
            change(lose(full(), lost))
        assert KEY not in str(caught.value)


@pytest.mark.parametrize("lost", ["peer", "l2tp", "user"])
def test_user_states_that_the_api_keeps_what_is_left_out(lost: str) -> None:
    changed = with_peer(lose(full(), lost), VALUES, KEY, omitted_secrets="kept")
    blank = [v for v in texts(changed["Router"]) if v[0] in ("PreSharedSecret", "Password")]
    assert all(value for _, value in blank)  # "" would be written, what is left out is kept


def test_our_own_missing_key_is_no_obstacle() -> None:
    settings = full()
    settings["Router"]["SiteToSiteIPsecVPN"]["Config"].append({"Peer": OFFICE, "RemoteID": "x"})
    assert peer_of(with_peer(settings, VALUES, KEY), OFFICE) == VALUES
    assert without_peer(settings, OFFICE) == full()


def test_disabled_l2tp_without_a_configuration_has_no_secret() -> None:
    settings = full()
    settings["Router"]["L2TPIPsecServer"] = {"Enabled": "False"}
    assert writable(settings) == settings


def texts(tree: object, name: str = "") -> list[tuple[str, object]]:
    if isinstance(tree, dict):
        return [pair for key, value in tree.items() for pair in texts(value, key)]
    if isinstance(tree, list):
        return [pair for value in tree for pair in texts(value, name)]
    return [(name, tree)]


# --- shapes that the API gives but does not take, and shapes that surprise


@pytest.mark.parametrize("nothing", [None, {}, []])
def test_settings_of_a_router_being_made_are_not_empty_settings(nothing: object) -> None:
    with pytest.raises(ApiError, match="no settings yet"):
        with_peer(nothing, VALUES, KEY)


def test_null_wireguard_peers_become_a_list_pitfall_16() -> None:
    settings = full()
    settings["Router"]["WireGuardServer"]["Config"]["Peers"] = None
    assert writable(settings)["Router"]["WireGuardServer"]["Config"]["Peers"] == []


@pytest.mark.parametrize(
    ("read", "written"),
    [(True, "True"), ("true", "True"), (1, "True"), (False, "False"), (None, None)],
)
def test_flags_are_written_explicitly_pitfall_14(read: object, written: str | None) -> None:
    settings = full()
    settings["Router"]["PPTPServer"]["Enabled"] = read
    assert writable(settings)["Router"]["PPTPServer"]["Enabled"] == written


@pytest.mark.parametrize("empty", [None, [], {}])
def test_empty_sections_in_any_form(empty: object) -> None:
    settings = {"Router": {"VRID": 1, "SiteToSiteIPsecVPN": empty, "RemoteAccessUsers": empty}}
    assert peer_of(settings, OFFICE) is None
    assert peer_of(with_peer(settings, VALUES, KEY), OFFICE) == VALUES


def test_interfaces_keep_their_places_and_unknown_fields() -> None:
    changed = with_lan(
        full(), 1, vip="10.30.0.1", addresses=["10.30.0.2", "10.30.0.3"], prefix_length=25
    )
    expected = full()
    expected["Router"]["Interfaces"][1] = {
        "IPAddress": ["10.30.0.2", "10.30.0.3"],
        "VirtualIPAddress": "10.30.0.1",
        "NetworkMaskLen": 25,
        "MTU": 1500,
    }
    assert changed == expected
    far = with_lan(full(), 6, vip="10.9.0.1", addresses=["10.9.0.2"], prefix_length=24)
    assert far["Router"]["Interfaces"][4:6] == [None, None]
    assert far["Router"]["Interfaces"][:4] == full()["Router"]["Interfaces"]
    assert lan_of(full(), 2) is None
    assert lan_of(full(), 7) is None


# --- properties

words = st.text("abcdefghij", min_size=1, max_size=6)
scalars = st.none() | st.booleans() | st.integers() | st.text('aZ0あ\n"{', max_size=8)
unknown = st.recursive(
    scalars, lambda s: st.lists(s, max_size=3) | st.dictionaries(words, s, max_size=3), max_leaves=6
)
# Lower-case words never meet a field of the API.
extras = st.dictionaries(words, unknown, max_size=3)
addresses = st.integers(1, 254).map(lambda n: f"192.0.2.{n}")


@st.composite
def bodies(draw: st.DrawFn) -> Json:
    settings = full()
    settings.update(draw(extras))
    router = settings["Router"]
    router.update(draw(extras))
    for name in draw(st.sets(st.sampled_from(sorted(set(router) - {"Interfaces"})))):
        if name[0].isupper():
            del router[name]
    vpn = router.get("SiteToSiteIPsecVPN")
    if vpn is not None:
        vpn.update(draw(extras))
        others = draw(st.lists(addresses, unique=True, max_size=4))
        vpn["Config"] = [peer(address, **draw(extras)) for address in others]
    return settings


@given(bodies())
def test_writing_a_peer_changes_only_our_part(settings: Json) -> None:
    before = copy.deepcopy(settings)
    changed = with_peer(settings, VALUES, KEY)
    assert settings == before  # a copy was changed
    assert peer_of(changed, OFFICE) == VALUES
    vpn = changed["Router"]["SiteToSiteIPsecVPN"]
    old_vpn = before["Router"].get("SiteToSiteIPsecVPN") or {}
    assert vpn["Config"][:-1] == (old_vpn.get("Config") or [])
    owned = {"Enabled", "Config", "IKE", "ESP", "EncryptionAlgo", "HashAlgo", "DHGroup"}
    assert {k: v for k, v in vpn.items() if k not in owned} == {
        k: v for k, v in old_vpn.items() if k not in owned
    }
    assert vpn["IKE"].get("New") == (old_vpn.get("IKE") or {}).get("New")
    del changed["Router"]["SiteToSiteIPsecVPN"]
    before["Router"].pop("SiteToSiteIPsecVPN", None)
    assert changed == before


@given(bodies())
def test_peer_in_and_out_leaves_the_other_peers(settings: Json) -> None:
    before = copy.deepcopy(settings)
    changed = without_peer(with_peer(settings, VALUES, KEY), OFFICE)
    assert peer_of(changed, OFFICE) is None
    others = changed["Router"]["SiteToSiteIPsecVPN"].pop("Config")
    old = before["Router"].get("SiteToSiteIPsecVPN") or {}
    assert others == (old.get("Config") or [])
    assert without_peer(before, OFFICE) == before


@given(bodies())
def test_writing_twice_is_writing_once(settings: Json) -> None:
    once = with_peer(settings, VALUES, KEY)
    assert with_peer(once, VALUES, KEY) == once
