"""Whom the RTX calls itself, where its text does not say it: what the first `up` would type is what
it does by itself already."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from pairs import Pair, pair, smallest

from components.adopt import adopt
from components.errors import SpecError
from components.office.config import parse

OUTSIDE, INNER, LAN = "198.51.100.20", "192.168.250.2", "192.168.9.1"
LINE = "ipsec ike local address 2"
BEHIND_NAT = {
    "kind": "behind-nat",
    "interface": "lan2",
    "address": OUTSIDE,
    "inner_address": INNER,
    "forwards": True,
}


def unsaid(remote_id: str, *, wan: Any = None, more: str = "", own: str = "") -> Pair:
    """A pair whose RTX has no such line, or the line `own`, and whose peer entry has this id."""
    values = smallest()
    values["office"]["wan"] = wan or BEHIND_NAT
    given = f"{LINE} {own}" if own else ""
    one = pair(values, more=more, change=lambda lines: lines.replace(f"{LINE} {LAN}", given))
    appliance = copy.deepcopy(one.ends.appliance)
    (entry,) = appliance["Settings"]["Router"]["SiteToSiteIPsecVPN"]["Config"]
    entry["RemoteID"] = remote_id
    return replace(one, ends=replace(one.ends, appliance=appliance))


@pytest.mark.parametrize("remote_id", [OUTSIDE, "192.0.2.77", "tokyo.example.com", ""])
@pytest.mark.parametrize("own", ["", OUTSIDE])
def test_behind_a_gateway_the_inner_address_is_proposed(remote_id: str, own: str) -> None:
    one = unsaid(remote_id, own=own)
    found = adopt(one.ends, one.asked)
    wan, office = found.site.office.wan, found.site.office
    assert (wan.kind, str(wan.address), str(wan.inner_address)) == ("behind-nat", OUTSIDE, INNER)
    assert str(office.local_address) == INNER
    taken = [f"- {LINE} {own}"] if own else []
    assert list(found.differences.office) == [*taken, f"+ {LINE} {INNER}"]
    assert found.differences.cloud == (f"remoteId: {remote_id or 'nothing'} => {INNER}",)
    (doubt,) = found.draft.doubts
    assert f"{LINE}" in doubt
    assert INNER in doubt
    assert f"office.local_address: {INNER}" not in doubt  # it stands there already
    assert found.draft.notes["office.local_address"]


@pytest.mark.parametrize("remote_id", [INNER, LAN])
def test_an_address_of_the_rtx_that_the_vpc_router_expects_is_no_guess(remote_id: str) -> None:
    one = unsaid(remote_id)
    found = adopt(one.ends, one.asked)
    assert str(found.site.office.identity) == remote_id
    assert found.differences.office == (f"+ {LINE} {remote_id}",)
    assert (found.differences.cloud, found.draft.doubts) == ((), [])


def test_where_the_rtx_translates_too_its_entries_name_the_address() -> None:
    statics = (
        "ip lan2 nat descriptor 7\n"
        f"nat descriptor masquerade static 7 4 {LAN} esp\n"
        f"nat descriptor masquerade static 7 5 {LAN} udp 500\n"
    )
    one = unsaid(OUTSIDE, more=statics)
    found = adopt(one.ends, one.asked)
    assert str(found.site.office.identity) == LAN
    assert [entry.id for entry in found.site.office.nat_static] == [4, 5]
    assert LAN in found.draft.doubts[0]


def test_on_a_line_of_its_own_the_global_address_is_the_identity() -> None:
    fixed = {"kind": "fixed", "interface": "lan2", "address": OUTSIDE}
    for remote_id in (OUTSIDE, "tokyo.example.com"):
        one = unsaid(remote_id, wan=fixed)
        found = adopt(one.ends, one.asked)
        assert str(found.site.office.identity) == OUTSIDE
        assert found.differences.office == (f"+ {LINE} {OUTSIDE}",)
        assert bool(found.draft.doubts) is (remote_id != OUTSIDE)


def test_a_leased_address_is_said_to_be_taken_for_the_global_one() -> None:
    fixed = {"kind": "fixed", "interface": "lan2", "address": OUTSIDE}
    one = unsaid(OUTSIDE, wan=fixed)
    text = one.ends.running.source.replace(f"ip lan2 address {OUTSIDE}/28", "ip lan2 address dhcp")
    text = text.replace("gateway 198.51.100.21", "gateway dhcp lan2")
    ends = replace(one.ends, running=parse(text))
    found = adopt(ends, one.asked)
    assert found.site.office.wan.kind == "fixed"
    assert "DHCP" in found.draft.notes["office.wan.kind"]


def test_a_peer_that_is_no_address_is_refused_by_its_place() -> None:
    one = unsaid(OUTSIDE)
    appliance = copy.deepcopy(one.ends.appliance)
    (entry,) = appliance["Settings"]["Router"]["SiteToSiteIPsecVPN"]["Config"]
    entry["Peer"] = "office.example.com"
    with pytest.raises(SpecError, match=r"found office\.example\.com"):
        adopt(replace(one.ends, appliance=appliance), one.asked)
