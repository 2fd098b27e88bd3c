"""Both ends as they would be written say what was agreed, and what is judged of them."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any, Final

import pytest
from generated_sites import sites
from hypothesis import given, settings
from hypothesis import strategies as st

from components.cloud.router import vpn_values, with_peer
from components.ipsec import generate_key
from components.judge import judge
from components.office.audit import Finding
from components.office.config import parse
from components.office.facts import facts_of
from components.office.render import render
from components.site import Site

VIP: Final = "198.51.100.88"
KEY: Final = "CANARY_" + "k" * 33
MADE: Final = {"Router": {"Interfaces": [{"VirtualIPAddress": VIP}]}}
STRENGTH: Final = {"weak-hash": "sha1", "weak-dh-group": "modp1024"}


def found(site: Site, *, known: bool = True, extra: str = "", **cloud: Any) -> list[Finding]:
    """What is said about a site, with further lines and other values of the cloud end."""
    agreement, office = site.agreement, site.office_end
    if known:
        agreement = replace(agreement, cloud_address=IPv4Address(VIP))
    lines = tuple(filter(None, [*office.extra_lines, *extra.splitlines()]))
    return list(
        judge(
            render(agreement, replace(office, extra_lines=lines)),
            vpn_values(agreement) | cloud,
            office.tunnel,
            address=VIP if known else None,
            key=KEY if known else None,
            model=office.model,
            revision=office.revision,
        )
    )


# --- what is rendered says what was agreed --------------------------------------------------------

# The field's words, from the manuals and not from our tables.
WORDS: Final = {"aes-cbc": "aes128", "aes256-cbc": "aes256", "sha": "sha1", "sha256": "sha256"}


def of_the_office(text: str, tunnel: int) -> dict[str, Any]:
    """The values that the ends share, as the office's lines say them."""
    facts = facts_of(parse(text))
    block = facts.tunnel(tunnel)
    assert block is not None
    assert block.gateway is not None
    gateway = facts.gateway(block.gateway)
    (policy,) = facts.policies
    assert gateway is not None
    values = gateway.values
    use, kind, interval, count = values["keepalive_use"].split(" ")[:4]
    assert (use, kind, values["pfs"]) == ("on", "dpd", "on")
    assert policy.protocol == "esp"
    cipher, check = policy.algorithms
    assert (cipher, check) == (values["encryption"], f"{values['hash']}-hmac")
    assert block.routes == (f"ip route {values['remote_id']} gateway tunnel {tunnel}",)
    return {
        "cloud_address": values["remote_address"],
        "office_identity": values["local_address"],
        "office_prefix": values["local_id"],
        "cloud_prefix": values["remote_id"],
        "encryption": WORDS[values["encryption"]],
        "hash": WORDS[values["hash"]],
        "dh_group": values["group"],
        "ike_lifetime": int(values["duration_ike_sa"]),
        "esp_lifetime": int(values["duration_ipsec_sa"].split(" ")[0]),
        "dpd": (int(interval), int(interval) * int(count)),
    }


def of_the_cloud(body: str) -> dict[str, Any]:
    """The same from the settings as the API stores them (sakura-vpcrouter-api 2.9)."""
    vpn = json.loads(body)["Router"]["SiteToSiteIPsecVPN"]
    (entry,) = vpn["Config"]
    (office_prefix,), (cloud_prefix,) = entry["Routes"], entry["LocalPrefix"]
    dpd = vpn["IKE"]["DPD"]
    assert vpn["Enabled"] == "True"
    return {
        "office_address": entry["Peer"],
        "office_identity": entry["RemoteID"],
        "office_prefix": office_prefix,
        "cloud_prefix": cloud_prefix,
        "encryption": vpn["EncryptionAlgo"],
        "hash": vpn["HashAlgo"],
        "dh_group": vpn["DHGroup"],
        "ike_lifetime": vpn["IKE"]["Lifetime"],
        "esp_lifetime": vpn["ESP"]["Lifetime"],
        "dpd": (dpd["Interval"], dpd["Timeout"]),
    }


@settings(max_examples=150, deadline=None)
@given(sites())
def test_both_ends_read_back_give_the_agreement(data: dict[str, Any]) -> None:
    site = Site.parse(data)
    agreement = replace(site.agreement, cloud_address=IPv4Address(VIP))
    office = of_the_office(render(agreement, site.office_end), site.office_end.tunnel)
    key = generate_key()
    cloud = of_the_cloud(json.dumps(with_peer(MADE, vpn_values(agreement), key)))
    agreed = {
        "cloud_address": VIP,
        "office_address": data["office"]["wan"]["address"],
        "office_identity": str(agreement.office_identity),
        "office_prefix": data["office"]["lan"],
        "cloud_prefix": data["cloud"]["lan"],
        "encryption": agreement.proposal.encryption,
        "hash": agreement.proposal.hash,
        "dh_group": agreement.proposal.dh_group,
        "ike_lifetime": data["ipsec"]["ike_lifetime"],
        "esp_lifetime": data["ipsec"]["esp_lifetime"],
        "dpd": tuple(data["ipsec"]["dpd"].values()),
    }
    assert office | cloud == cloud | office == agreed


NATTED: Final[dict[str, Any]] = {
    "cloud": {"zone": "is1b", "lan": "192.168.2.0/24"},
    "office": {
        "router": {"host": "192.168.1.1", "user": "ops"},
        "lan": "192.168.1.0/24",
        "wan": {
            "kind": "behind-nat",
            "address": "203.0.113.9",
            "inner_address": "198.18.0.9",
            "forwards": True,
        },
    },
}


@pytest.mark.parametrize("identity", ["192.168.1.1", "198.18.0.9"])
def test_behind_nat_the_peer_is_outside_and_the_identity_is_what_the_rtx_says(
    identity: str,
) -> None:
    site = Site.parse({**NATTED, "office": {**NATTED["office"], "local_address": identity}})
    text = render(site.agreement, site.office_end)
    cloud = of_the_cloud(json.dumps(with_peer(MADE, vpn_values(site.agreement), KEY)))
    assert f"ipsec ike local address 1 {identity}" in text
    assert (cloud["office_address"], cloud["office_identity"]) == ("203.0.113.9", identity)
    assert "203.0.113.9" not in text


# --- what is judged -------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(sites(), st.booleans())
def test_what_we_would_write_is_silent_but_for_strength(data: dict[str, Any], known: bool) -> None:
    site = Site.parse(data)
    used = vpn_values(site.agreement).values()
    assert {each.code for each in found(site, known=known)} == {
        code for code, weak in STRENGTH.items() if weak in used
    }


PLAIN: Final = Site.parse(
    {**NATTED, "office": {**NATTED["office"], "wan": {"address": "198.51.100.20"}, "tunnel": 2}}
)


@pytest.mark.parametrize(
    ("extra", "code", "severity"),
    [
        ("ipsec ike version 2 2", "ike-version-2", "error"),
        ("ipsec ike local name 2 office key-id", "not-main-mode", "error"),
        ("ipsec ike esp-encapsulation 2 on", "esp-encapsulation", "error"),
        ("ip tunnel tcp mss limit off", "mss-limit-missing", "error"),
        ("ip tunnel mtu 1500", "tunnel-mtu-too-large", "error"),
        ("ipsec ike nat-traversal 2 on", "nat-traversal-not-offered-by-vpc-router", "warn"),
        ("ipsec ike send info 2 off", "delete-notice-off", "warn"),
        ("ip tunnel nat descriptor 5", "nat-in-tunnel", "warn"),
        ("ipsec tunnel outer df-bit set", "df-bit-set", "warn"),
        ("ipsec ike log 2 key-info", "log-shows-keys", "warn"),
    ],
)
def test_a_line_of_the_users_own_that_breaks_it(extra: str, code: str, severity: str) -> None:
    for known in (True, False):
        assert [(f.code, f.severity) for f in found(PLAIN, known=known, extra=extra)] == [
            (code, severity)
        ]


@pytest.mark.parametrize("extra", ["ip tunnel secure filter in 7", "description tunnel tokyo"])
def test_what_only_the_rest_of_the_router_can_tell_is_left_to_it(extra: str) -> None:
    assert found(PLAIN, extra=extra) == []


STRICT: Final = "ipsec ike negotiate-strictly 2 on"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"encryption": "aes128"}, "encryption-mismatch"),
        ({"hash": "sha1"}, "hash-mismatch"),
        ({"dhGroup": "modp1024"}, "group-mismatch"),
        ({"dhGroup": "modp3072"}, "group-not-on-rtx"),
        ({"remoteId": "192.168.1.9"}, "remote-id-mismatch"),
        ({"routes": ["192.168.0.0/23"]}, "phase2-id-mismatch"),
        ({"localPrefixes": ["192.168.2.0/25"]}, "phase2-id-mismatch"),
        ({"ikeLifetime": 3600}, "lifetime-mismatch"),
        ({"espLifetime": 3600}, "lifetime-mismatch"),
        ({"dpdTimeout": 90}, "dpd-timing-differs"),
    ],
)
def test_ends_that_would_not_agree(values: dict[str, Any], code: str) -> None:
    """Nothing of ours renders that: what a program hands to the resource is judged all the same."""
    said = found(PLAIN, extra=STRICT, **values)
    assert code in {each.code for each in said}
    assert all(KEY not in str(each) for each in said)


def test_an_address_that_is_not_known_is_named_so() -> None:
    said = found(PLAIN, known=False, extra=STRICT, localPrefixes=["192.168.3.0/24"])
    assert said
    assert "255.255.255.254" not in str(said)


def test_a_peer_inside_the_cloud_prefix_is_seen() -> None:
    lan = {"zone": "is1b", "lan": "198.51.100.64/27", "plan": "standard"}
    site = Site.parse({**NATTED, "cloud": lan})
    assert "route-peer-inside-tunnel" in {each.code for each in found(site)}
    assert found(site, known=False) == []


@pytest.mark.parametrize(
    ("model", "revision", "said"),
    [("RTX1210", "14.01.19", ["natt-main-mode-old-firmware"]), ("RTX1210", "14.01.42", [])],
)
def test_model_and_revision_are_those_of_the_site(
    model: str, revision: str, said: list[str]
) -> None:
    router = {"host": "192.168.1.1", "user": "ops", "model": model, "revision": revision}
    site = Site.parse({**NATTED, "office": {**NATTED["office"], "router": router}})
    codes = [each.code for each in found(site, extra="ipsec ike nat-traversal 1 on")]
    assert codes == [*said, "nat-traversal-not-offered-by-vpc-router"]


def test_a_short_key_is_said_without_the_key() -> None:
    lines = render(PLAIN.agreement, PLAIN.office_end)
    (said,) = judge(lines, vpn_values(PLAIN.agreement), 2, address=None, key="short_CANARY")
    assert said.code == "short-key"
    assert "CANARY" not in str(said)
