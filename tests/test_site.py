"""The site file: what is allowed, and what is said about the rest."""

from __future__ import annotations

import copy
import re
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import components.site as site_package
from components.errors import SpecError
from components.ipsec import MODELS, Proposal
from components.office.codes import CODES
from components.office.render import render
from components.site import Site, site_of

DEMO = Path(__file__).resolve().parents[1] / "stacks" / "Pulumi.demo.yaml"

SMALLEST: dict[str, Any] = {
    "cloud": {"zone": "is1b", "lan": "192.168.2.0/24"},
    "office": {
        "router": {"host": "192.168.1.1", "user": "ops"},
        "lan": "192.168.1.0/24",
        "wan": {"address": "198.51.100.20"},
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The smallest site with one key set; None takes the key away."""
    data = copy.deepcopy(SMALLEST)
    *parents, last = path.split(".")
    place = data
    for step in parents:
        place = place.setdefault(step, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return data


def test_defaults_are_those_of_the_design() -> None:
    site = Site.parse(SMALLEST)
    office = site.office_end
    assert (office.tunnel, office.policy, office.gateway) == (1, 101, 1)
    assert office.lan_address == IPv4Address("192.168.1.1") == site.office.identity
    assert site.cloud.lan_vip == site.target == IPv4Address("192.168.2.1")
    assert [str(a) for a in site.cloud.lan_reals] == ["192.168.2.2", "192.168.2.3"]
    agreement = site.agreement
    assert (agreement.ike_lifetime, agreement.esp_lifetime) == (28800, 1800)
    assert (agreement.dpd.interval, agreement.dpd.timeout, agreement.dpd.count) == (15, 30, 2)
    assert agreement.proposal == Proposal("aes256", "sha256", "modp2048")


def test_a_given_vip_moves_the_nodes_out_of_its_way() -> None:
    site = Site.parse(changed("cloud.lan_address", "192.168.2.2"))
    assert [str(a) for a in site.cloud.lan_reals] == ["192.168.2.1", "192.168.2.3"]


WRONG = [
    ("cloud.lan", "192.168.2.0/33", "cloud.lan", "/0 to /32"),
    ("cloud.lan", "192.168.2.1/24", "cloud.lan", "no host bits"),
    ("cloud.lan", "10.0.0.0/8", "cloud.lan", "/16 to /29"),
    ("cloud.lan", "192.168.1.128/25", "office.lan", "overlaps cloud.lan"),
    ("office.lan", ["192.168.8.0/24", "192.168.9.0/24"], "office.lan", "192.168.8.0/23"),
    ("cloud.zone", "is1d", "cloud.zone", "is1b"),
    ("cloud.zone", None, "cloud.zone", "required"),
    ("cloud.vrid", 0, "cloud.vrid", "1 or more"),
    ("cloud.lan_address", "192.168.3.1", "cloud.lan_address", "192.168.2.0/24"),
    ("cloud.lan_real_addresses", ["192.168.2.1", "192.168.2.2"], "lan_real_addresses", "two"),
    ("cloud.router_switch.bandwidth_mbps", 300, "bandwidth_mbps", "100"),
    ("office.router.host", None, "office.router.host", "required"),
    ("office.router.host_key", "AAAA", "office.router.host_key", "public key line"),
    ("office.wan.address", "192.168.1.9", "office.wan.address", "outside"),
    ("office.tunnel", 101, "office.tunnel", "100 or less"),
    ("office.tunel", 2, "office.tunel", "no such key here; is `tunnel` meant?"),
    ("office.wan.adress", "198.51.100.20", "office.wan.adress", "is `address` meant?"),
    ("ofice", {}, "ofice", "is `office` meant?"),
    ("office.colour", 2, "office.colour", "docs/site-file.md lists the keys"),
    ("office.nat_static", [{"descripter": 1}], "nat_static.0.descripter", "is `descriptor` meant?"),
    ("office.lan_address", "192.168.1.0", "office.lan_address", "192.168.1.0/24"),
    ("ipsec.dh_group", "modp3072", "ipsec.dh_group", "modp1024 or modp2048: no RTX has modp3072"),
    ("ipsec.dh_group", "modp1536", "ipsec.dh_group", "the VPC router does not have modp1536"),
    ("ipsec.hash", "sha512", "ipsec.hash", "'sha256'"),
    ("ipsec", {"strongest": True, "hash": "sha1"}, "ipsec.strongest", "true, beside hash"),
    ("office.router.model", "RTX1200", "office.router.model", "RTX1220"),
    ("office.router.revision", "15.02.03", "office.router.revision", "RTX1220, 15.04.x"),
    ("accept", {"weak-dh-grop": "why"}, "accept.weak-dh-grop", "weak-dh-group?"),
    ("accept", {"nat-missing": "why"}, "accept.nat-missing", "filter-blocks-esp, "),
    ("accept", {"weak-hash": " "}, "accept.weak-hash", "a text that says why"),
    ("accept", {"orphan": "why"}, "accept.orphan", "orphan stops nothing and is no warning"),
    ("ipsec.dpd", {"interval": 20, "timeout": 30}, "ipsec.dpd.timeout", "1 to 50 times"),
    ("ipsec.esp_lifetime", 60, "ipsec.esp_lifetime", "300 or more"),
    ("verify.target", "192.168.9.1", "verify.target", "192.168.2.0/24"),
    ("psk_version", 0, "psk_version", "1 or more"),
    ("office.nat_static", [{"descriptor": 1, "id": 1, "protocol": "udp"}], "nat_static.0", "500"),
]


@pytest.mark.parametrize(("path", "value", "place", "allowed"), WRONG)
def test_a_wrong_value_is_named_with_its_place(
    path: str, value: Any, place: str, allowed: str
) -> None:
    with pytest.raises(SpecError) as caught:
        Site.parse(changed(path, value), source="stacks/Pulumi.x.yaml")
    message = str(caught.value)
    assert message.startswith("stacks/Pulumi.x.yaml is not usable:")
    assert any(
        place in p.path and allowed in f"{p.found} {p.allowed}" for p in caught.value.problems
    )


def test_all_problems_are_reported_at_once() -> None:
    data = changed("cloud.zone", "nowhere") | {"psk_version": 0}
    with pytest.raises(SpecError) as caught:
        Site.parse(data)
    assert {p.path for p in caught.value.problems} == {"cloud.zone", "psk_version"}


def test_fewer_tunnels_on_a_smaller_model() -> None:
    data = changed("office.tunnel", 21)
    Site.parse(data)
    data["office"]["router"]["model"] = "RTX830"
    with pytest.raises(SpecError, match="1 to 20 on an RTX830"):
        Site.parse(data)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_has_revisions_of_its_own(model: str) -> None:
    site = Site.parse(changed("office.router.model", model))
    assert site.office.router.revision.startswith(MODELS[model].series)
    other = next(name for name in MODELS if name != model)
    data = changed("office.router", {"model": model, "revision": MODELS[other].assumed})
    with pytest.raises(SpecError, match=f"a revision of an {model}, {MODELS[model].series}.x"):
        Site.parse(data)


@pytest.mark.parametrize("version", [1, 2])
def test_the_strongest_is_what_both_ends_have(version: int) -> None:
    data = changed("cloud.version", version) | {"ipsec": {"strongest": True, "ike_lifetime": 3600}}
    site = Site.parse(data)
    assert site.agreement.proposal == Proposal.strongest(version)
    assert site.agreement.ike_lifetime == 3600


def test_every_code_that_can_stop_or_warn_may_be_accepted() -> None:
    loud = {code for code, row in CODES.items() if row.severity != "info"}
    accepted = dict.fromkeys([*loud, "weak-hash", "weak-dh-group", "short-key"], "why")
    assert Site.parse({**SMALLEST, "accept": accepted}).accept == accepted


@pytest.mark.parametrize("data", [None, [], "x", 3, {}])
def test_anything_else_than_a_site_is_one_clear_error(data: object) -> None:
    with pytest.raises(SpecError):
        Site.parse(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_nothing_else_ever_comes_out(data: object) -> None:
    for key in ("cloud", "office", "ipsec"):
        with pytest.raises(SpecError):
            Site.parse({**SMALLEST, key: data, "unknown": data})


@given(st.integers(0, 255), st.integers(16, 29), st.integers(8, 30))
def test_prefixes_that_share_an_address_are_refused(third: int, cloud: int, office: int) -> None:
    cloud_lan = IPv4Network((f"10.1.{third}.0", cloud), strict=False)
    office_lan = IPv4Network((f"10.1.{third}.7", office), strict=False)
    data = changed("cloud.lan", str(cloud_lan))
    data["office"]["lan"] = str(office_lan)
    with pytest.raises(SpecError, match="overlaps"):
        Site.parse(data)


def test_the_demo_renders_the_seed() -> None:
    """Exactly the seed's lines as a set (addresses and key aside), the route and one NAT static."""
    site = site_of(yaml.safe_load(DEMO.read_text())["config"])
    lines = {line.strip() for line in render(site.agreement, site.office_end).splitlines()}
    typed = {line for line in lines if line and not line.startswith("#")}
    assert typed - {"tunnel select none"} == SEED | {
        "ip route 192.168.2.0/24 gateway tunnel 2",
        "nat descriptor masquerade static 1 4 192.168.1.1 esp",
        "ipsec ike remote address 2 <VPC router address, known after creation>",
        "ipsec ike pre-shared-key 2 text <psk>",
    }


SEED = {
    "tunnel select 2",
    "tunnel encapsulation ipsec",
    "ipsec tunnel 102",
    "ipsec sa policy 102 2 esp aes-cbc sha-hmac",
    "ipsec ike always-on 2 on",
    "ipsec ike duration ipsec-sa 2 1800",
    "ipsec ike duration ike-sa 2 28800",
    "ipsec ike encryption 2 aes-cbc",
    "ipsec ike group 2 modp1024",
    "ipsec ike hash 2 sha",
    "ipsec ike keepalive log 2 off",
    "ipsec ike keepalive use 2 on dpd 15 2",
    "ipsec ike local address 2 192.168.1.1",
    "ipsec ike local id 2 192.168.1.0/24",
    "ipsec ike backward-compatibility 2 2",
    "ipsec ike pfs 2 on",
    "ipsec ike remote id 2 192.168.2.0/24",
    "ipsec auto refresh 2 off",
    "ip tunnel mtu 1280",
    "ip tunnel tcp mss limit auto",
    "tunnel enable 2",
}


COMPONENTS = DEMO.parents[1] / "components"
NAMED = re.compile(r"\b(cloud|office|ipsec|verify)\.([a-z_]+): [a-z]")


def test_every_key_that_an_error_tells_to_set_is_a_key() -> None:
    """A way out that does not exist is worse than none."""
    named = {
        found
        for file in COMPONENTS.rglob("*.py")
        for found in NAMED.findall(file.read_text(encoding="utf-8"))
    }
    assert {
        ("cloud", "omitted_secrets"),
        ("office", "allow_unsaved"),
        ("office", "in_band"),
    } <= named
    sections = {name: type(getattr(Site.parse(SMALLEST), name)).model_fields for name, _ in named}
    assert [f"{section}.{key}" for section, key in named if key not in sections[section]] == []


def test_what_is_no_truth_value_is_answered_with_those_there_are() -> None:
    with pytest.raises(
        SpecError, match=r"office\.in_band: found 'perhaps'; allowed: true or false"
    ):
        Site.parse(changed("office.in_band", "perhaps"))


def test_no_user_is_told_a_regular_expression() -> None:
    """Every pattern of the site file has words for what it means."""
    folder = Path(site_package.__file__).parent
    texts = [file.read_text("utf-8") for file in folder.glob("*.py") if file.name != "base.py"]
    assert [text for text in texts if "pattern=" in text] == []
    with pytest.raises(SpecError, match=r"secure_filter\.in: .* numbers of filters, such as"):
        Site.parse(changed("office.secure_filter.in", "10 x"))
