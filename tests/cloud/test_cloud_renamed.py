"""Our peer under another address: one entry, in its place, and nothing else touched."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from components.cloud.router import other_peers, renamed, with_peer

OLD, NEW, THEIRS = "198.51.100.20", "198.51.100.21", "203.0.113.7"
VALUES: dict[str, Any] = {
    "peer": NEW,
    "remoteId": "192.168.1.1",
    "routes": ["192.168.1.0/24"],
    "localPrefixes": ["192.168.2.0/24"],
    "encryption": "aes256",
    "hash": "sha256",
    "dhGroup": "modp2048",
    "ikeLifetime": 28800,
    "espLifetime": 1800,
    "dpdInterval": 15,
    "dpdTimeout": 30,
}


def settings(*peers: str) -> dict[str, Any]:
    entries = [{"Peer": peer, "PreSharedSecret": f"key_of_{peer}", "Odd": "kept"} for peer in peers]
    vpn = {"Config": entries, "EncryptionAlgo": "aes128", "Enabled": "True"}
    return {"Router": {"SiteToSiteIPsecVPN": vpn, "Firewall": {"x": 1}}, "More": 2}


def peers(found: dict[str, Any]) -> list[str]:
    return [entry["Peer"] for entry in found["Router"]["SiteToSiteIPsecVPN"]["Config"]]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((THEIRS, OLD), [THEIRS, NEW]),
        ((OLD, THEIRS), [NEW, THEIRS]),
        ((OLD, NEW), [NEW]),  # a change that was killed in another way may have left both
        ((THEIRS,), [THEIRS]),
        ((), []),
    ],
)
def test_one_entry_in_its_place(before: tuple[str, ...], after: list[str]) -> None:
    given = settings(*before)
    kept = copy.deepcopy(given)
    found = renamed(given, OLD, NEW)
    assert given == kept
    assert peers(found) == after
    for entry in found["Router"]["SiteToSiteIPsecVPN"]["Config"]:
        assert entry["Odd"] == "kept"
    assert found["Router"]["Firewall"] == {"x": 1}
    assert found["More"] == 2


@pytest.mark.parametrize("old", ["", NEW])
def test_the_same_address_changes_nothing(old: str) -> None:
    given = settings(OLD, THEIRS)
    assert renamed(given, old, NEW) == given


def test_what_all_peers_share_may_change_with_the_address() -> None:
    """The entry of before is ours, and no other peer that would have to agree."""
    found = with_peer(renamed(settings(OLD), OLD, NEW), VALUES, "key")
    assert other_peers(found, NEW) == []
    assert found["Router"]["SiteToSiteIPsecVPN"]["EncryptionAlgo"] == "aes256"


@pytest.mark.parametrize("router", [{}, {"SiteToSiteIPsecVPN": None}, {"Firewall": {"x": 1}}])
def test_a_router_without_vpn_is_left_as_it_is(router: dict[str, Any]) -> None:
    assert renamed({"Router": router}, OLD, NEW) == {"Router": router}
