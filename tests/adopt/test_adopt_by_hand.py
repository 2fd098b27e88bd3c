"""Pairs as people made them: what differs is said, what is somebody else's stays theirs."""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from pairs import INSIDE, KEY, UPSTREAM, Pair, pair, smallest

sys.path.append(str(Path(__file__).parents[1] / "office"))

from corpus import CASES, body_of, data_of, expected

from components.adopt import Adoption, Asked, LivePair, adopt
from components.errors import SpecError
from components.judge import judge_site
from components.office.reading import read
from components.office.render import render

PUBLISHED = ("ipsec auto refresh 2 off", "ipsec ike backward-compatibility 2 2")


def adopted(one: Pair, **asked: Any) -> Adoption:
    return adopt(one.ends, replace(one.asked, **asked))


def typed(*without: str, **instead: str) -> Callable[[str], str]:
    """Our lines without some of them, and with others in the place of some."""

    def change(lines: str) -> str:
        for line in without:
            assert line in lines
            lines = lines.replace(line, "")
        for old, new in instead.items():
            assert old in lines
            lines = lines.replace(old, new)
        return lines

    return change


def cloud(one: Pair, change: Callable[[dict[str, Any]], Any]) -> Pair:
    """The pair with its VPC router changed."""
    appliance = copy.deepcopy(one.ends.appliance)
    change(appliance)
    return replace(one, ends=replace(one.ends, appliance=appliance))


def vpn(appliance: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = appliance["Settings"]["Router"]["SiteToSiteIPsecVPN"]
    return found


def peer(appliance: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = vpn(appliance)["Config"][0]
    return found


# --- what differs ---------------------------------------------------------------------------------


def test_the_published_settings_are_adopted_with_their_cure_as_a_difference() -> None:
    found = adopted(pair(smallest(), more="ipsec auto refresh on", change=typed(*PUBLISHED)))
    assert not found.clean
    assert sorted(found.differences.office) == [f"+ {line}" for line in PUBLISHED]
    assert found.differences.cloud == ()
    assert "stall-after-sa-loss" in [finding.code for finding in found.findings]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (
            "ipsec auto refresh 2 off",
            "ipsec auto refresh 2 on",
            {"- ipsec auto refresh 2 on", "+ ipsec auto refresh 2 off"},
        ),
        ("tunnel enable 2", "", {"+ tunnel enable 2"}),
        (
            "ipsec ike encryption 2 aes256-cbc",
            "ipsec ike encryption 2 aes-cbc",
            {"- ipsec ike encryption 2 aes-cbc", "+ ipsec ike encryption 2 aes256-cbc"},
        ),
        (
            "ip route 10.20.0.0/24 gateway tunnel 2",
            "ip route 10.0.0.0/8 gateway tunnel 2",
            {"+ ip route 10.20.0.0/24 gateway tunnel 2"},
        ),
    ],
)
def test_a_line_that_no_site_file_can_say_is_shown_as_what_up_would_change(
    old: str, new: str, lines: set[str]
) -> None:
    found = adopted(pair(smallest(), change=typed(**{old: new})))
    assert set(found.differences.office) == lines
    assert not found.clean


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: peer(a).update(RemoteID="192.0.2.1"), "remoteId: 192.0.2.1 => 192.168.9.1"),
        (
            lambda a: peer(a).update(Routes=["192.168.9.0/24", "172.16.0.0/16"]),
            "routes: 172.16.0.0/16, 192.168.9.0/24 => 192.168.9.0/24",
        ),
        (lambda a: vpn(a).update(DHGroup="modp4096"), "dhGroup: modp4096 => modp2048"),
    ],
)
def test_each_end_knows_itself(change: Callable[[Any], Any], said: str) -> None:
    found = adopted(cloud(pair(smallest()), change))
    assert found.differences.cloud == (said,)
    assert found.site == pair(smallest()).site


def test_what_all_peers_share_is_the_vpc_routers() -> None:
    found = adopted(cloud(pair(smallest()), lambda a: vpn(a).update(HashAlgo="sha1")))
    assert found.site.ipsec.hash == "sha1"
    assert "+ ipsec ike hash 2 sha" in found.differences.office
    assert found.differences.cloud == ()


def test_unequal_keys_are_said_and_never_shown() -> None:
    one = cloud(pair(smallest()), lambda a: peer(a).update(PreSharedSecret="other_CANARY_key"))
    found = adopted(one)
    assert "different keys" in found.differences.key
    assert not found.clean
    assert KEY not in str(found)
    assert "other_CANARY_key" not in str(found)
    hidden = adopted(cloud(pair(smallest()), lambda a: peer(a).pop("PreSharedSecret")))
    assert (hidden.differences.key, hidden.key) == ("", ("office",))
    masked = pair(smallest(), change=typed(**{f"text {KEY}": "*"}))
    assert adopted(cloud(masked, lambda a: peer(a).pop("PreSharedSecret"))).key == ()
    as_hex = pair(smallest(), change=typed(**{f"text {KEY}": f"0x{KEY.encode().hex()}"}))
    found = adopted(cloud(as_hex, lambda a: peer(a).pop("PreSharedSecret")))
    assert (found.key, "typed anew" in found.differences.key) == ((), True)
    quoted = adopted(pair(smallest(), change=typed(**{KEY: f'"{KEY}"'})))
    assert (quoted.clean, quoted.key) == (True, ("cloud", "office"))
    none = adopted(pair(smallest(), change=typed(f"ipsec ike pre-shared-key 2 text {KEY}")))
    assert "no pre-shared key" in none.differences.key


@pytest.mark.parametrize("case", CASES)
def test_the_corpus_is_adopted_or_refused_with_the_place(case: str) -> None:
    body = body_of(case)["Appliance"] | {"ID": "113400000003", "Plan": {"ID": "2"}}
    ends = LivePair(read(data_of(case)), body)
    asked = Asked("x", "is1b", {"host": "192.0.2.1", "user": "ops"})
    if case.startswith("06-same-subnet"):
        with pytest.raises(SpecError, match=r"overlaps cloud\.lan"):
            adopt(ends, asked)
        return
    found = adopt(ends, asked)
    far = expected(case)["vpc_side"]
    office = found.site.office_end
    assert str(found.site.agreement.office_address) == far["peer"]
    assert str(found.site.agreement.office_prefix) in far["routes"]
    assert far["pre_shared_secret"] not in render(found.site.agreement, office)
    assert [line for line in found.differences.office if line[:2] not in ("+ ", "- ")] == []


# --- what is somebody else's ----------------------------------------------------------------------


def with_statics() -> dict[str, Any]:
    values = smallest()
    values["office"]["nat_static"] = [
        {"descriptor": 7, "id": 4, "protocol": "esp"},
        {"descriptor": 7, "id": 5, "protocol": "udp", "port": 500},
    ]
    return values


L2TP = """tunnel select 1
 tunnel encapsulation l2tp
 ipsec tunnel 101
  ipsec sa policy 101 1 esp aes-cbc sha-hmac
  ipsec ike local address 1 192.168.9.1
  ipsec ike remote address 1 any
 tunnel enable 1
"""


def test_a_nat_entry_that_serves_others_too_stays_theirs() -> None:
    found = adopted(pair(with_statics(), more=L2TP))
    assert [entry.id for entry in found.site.office.nat_static] == [4]
    assert found.draft.left == ["NAT static 5 of descriptor 7 (udp) serves gateway 1 too"]
    assert found.clean
    ipsec = L2TP.replace("encapsulation l2tp", "encapsulation ipsec")
    assert adopted(pair(with_statics(), more=ipsec)).site.office.nat_static == ()


def test_only_what_lets_this_tunnel_through_alone_is_taken_of_a_list() -> None:
    wide = (
        "ip filter 50 pass * 192.168.9.1 udp * 500\n"
        "ip filter 51 pass 203.0.113.4 192.168.9.1 esp * *\n"
    )
    found = adopted(pair(smallest(), more=f"{wide}ip lan2 secure filter in 50 51 1099"))
    assert [each.number for each in found.site.office.filters] == [51]
    assert found.site.office.secure_filter.in_ == "50 51 1099"
    assert found.clean
    alone = adopted(pair(smallest(), more=f"{wide}ip lan2 secure filter in 51"))
    assert (alone.site.office.filters, alone.clean) == ((), True)
    assert alone.draft.left == ["the list `in` of lan2 holds filters of this tunnel only"]


def test_a_line_with_a_secret_goes_into_no_file() -> None:
    line = 'ipsec ike eap myname 2 user "pw_CANARY"'
    one = pair(smallest(), more=line)
    found = adopted(one)
    assert "CANARY" not in str(found.draft.values) + str(found.draft.doubts)
    assert "holds a secret" in found.draft.doubts[0]
    assert not found.clean


# --- whose the VPC router becomes -----------------------------------------------------------------


def test_a_router_that_serves_this_pair_alone_becomes_the_stacks_own() -> None:
    found = adopted(pair(smallest()))
    assert (found.own, found.shared) == (True, ())
    assert adopted(pair(smallest()), own=False).site.cloud.attach is not None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda e: vpn(e.appliance)["Config"].append({"Peer": "192.0.2.66", "RemoteID": "x"}),
            "other site-to-site peers: 192.0.2.66",
        ),
        (
            lambda e: e.appliance["Settings"]["Router"].update(
                L2TPIPsecServer={"Enabled": "True", "Config": {}}
            ),
            "remote users by L2TP/IPsec",
        ),
        (lambda e: e.users.update({UPSTREAM: ("server web (1)",)}), "router+switch outside serves"),
        (lambda e: e.users.update({INSIDE: ("server db (2)",)}), "switch of the cloud LAN serves"),
    ],
)
def test_one_that_serves_more_is_attached_and_it_is_said_why(
    change: Callable[[Any], Any], why: str
) -> None:
    one = pair(smallest())
    ends = replace(one.ends, appliance=copy.deepcopy(one.ends.appliance), users={})
    change(ends)
    found = adopt(ends, one.asked)
    assert not found.own
    assert why in "; ".join(found.shared)
    assert found.clean
    assert adopt(ends, replace(one.asked, own=True)).own


def test_a_router_that_no_site_file_describes_is_attached_or_refused() -> None:
    one = pair(smallest())
    wider = cloud(one, lambda a: a["Settings"]["Router"]["Interfaces"][1].update(NetworkMaskLen=22))
    found = adopted(wider)
    assert not found.own
    assert "no private interface has just the local prefix 10.20.0.0/24" in found.shared[0]
    assert found.clean
    with pytest.raises(SpecError, match="--own: found no private interface"):
        adopted(wider, own=True)
    elsewhere = replace(one, ends=replace(one.ends, internet=None))
    assert "router+switch that it stands on was not found" in adopted(elsewhere).shared[0]


def test_where_nothing_of_the_router_can_answer_the_user_has_to_say_what_does() -> None:
    one = cloud(
        pair(smallest()),
        lambda a: a["Settings"]["Router"]["Interfaces"][1].update(
            VirtualIPAddress="10.99.0.1", IPAddress=["10.99.0.2", "10.99.0.3"]
        ),
    )
    found = adopted(one)
    assert not found.clean
    assert "verify.target" in found.draft.doubts[0]
    assert found.site.target in IPv4Network("10.20.0.0/24")


def test_a_router_that_is_off_is_said_to_be() -> None:
    found = adopted(cloud(pair(smallest()), lambda a: a["Instance"].update(Status="down")))
    assert found.draft.doubts == ["the VPC router is not running (down): start it before `up`"]
    assert not found.clean


# --- what is meant --------------------------------------------------------------------------------


def test_which_tunnel_and_which_peer_is_meant_must_be_clear() -> None:
    one = pair(smallest())
    lines = one.ends.running.source
    other = re.sub(r"(?<= )2(?=\s)", "3", lines[lines.index("tunnel select 2") :])
    other = other.replace("102", "103")
    twice = replace(one, ends=replace(one.ends, running=read(f"{lines}\n{other}".encode())))
    with pytest.raises(SpecError, match=r"--tunnel: found several .* 2 \(calls .*, 3 \(calls"):
        adopted(twice)
    found = adopted(twice, tunnel=2)
    assert found.site == one.site
    assert [doubt for doubt in found.draft.doubts if doubt.startswith("tunnel 3 (192.168.9.0/24")]
    assert not found.clean  # it would lose its prefix at the peer, or stand beside its double
    with pytest.raises(SpecError, match="--tunnel: found 9; allowed"):
        adopted(one, tunnel=9)
    moved = cloud(one, lambda a: a["Settings"]["Router"]["Interfaces"][0].update(
        VirtualIPAddress="203.0.113.5", IPAddress=["203.0.113.6", "203.0.113.7"]
    ))  # fmt: skip
    with pytest.raises(SpecError, match="found none that calls the VPC router's address"):
        adopted(moved)
    strange = {"RemoteID": "192.0.2.1", "Routes": ["10.1.0.0/24"]}
    several = cloud(one, lambda a: vpn(a).update(
        Config=[{"Peer": "192.0.2.66", **strange}, {"Peer": "192.0.2.67", **strange}]
    ))  # fmt: skip
    with pytest.raises(SpecError, match=r"--peer: found none .* 192\.0\.2\.66, 192"):
        adopted(several)
    assert str(adopted(several, peer="192.0.2.67").site.office.wan.address) == "192.0.2.67"
    with pytest.raises(SpecError, match=r"--peer: found 192\.0\.2\.1;"):
        adopted(several, peer="192.0.2.1")


def test_a_router_without_vpn_is_not_adopted() -> None:
    one = cloud(pair(smallest()), lambda a: a["Settings"]["Router"].pop("SiteToSiteIPsecVPN"))
    with pytest.raises(SpecError, match=r"--router-id: found VPC router .* without site-to-site"):
        adopted(one)


def test_what_would_stop_every_preview_is_accepted_by_name() -> None:
    change = typed(**{"ip tunnel tcp mss limit auto": "ip tunnel tcp mss limit off"})
    found = adopted(pair(smallest(), change=change))
    assert found.clean
    assert found.draft.values["accept"] == {
        "mss-limit-missing": "as it stood when the pair was adopted"
    }
    assert "mss limit auto" in found.draft.notes["accept.mss-limit-missing"]
    assert [each.code for each in judge_site(found.site) if each.severity == "error"] == list(
        found.site.accept
    )
