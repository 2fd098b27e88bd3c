"""Read, change our part, write back: any body, and it differs only where we are the owner."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from bodies import Json, bodies, differences
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from components.cloud.interfaces import with_aliases, without_lan
from components.cloud.router import (
    Parameters,
    SharedParameters,
    lan_of,
    other_peers,
    parameters_of,
    peer_of,
    with_lan,
    with_peer,
    without_peer,
    writable,
)

KEY = "Canary_key_0123456789"
VPN = "/Router/SiteToSiteIPsecVPN"
ENTRY = re.compile(rf"{VPN}/Config/(\d+)(/(Peer|RemoteID|PreSharedSecret|Routes|LocalPrefix).*)?")
PARAMETER = re.compile(
    rf"{VPN}/(EncryptionAlgo|HashAlgo|DHGroup|ESP(/Lifetime)?"
    r"|IKE(/Lifetime|/DPD(/Interval|/Timeout)?)?)"
)

# An address that the bodies use for other peers too, and one that they never do.
ours = st.sampled_from(["192.0.2.7", "198.51.100.20"])
changed_bodies = bodies()


def values(peer: str, **parameters: Any) -> Json:
    return {
        "peer": peer,
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
        **parameters,
    }


def index_of(settings: Json, peer: str) -> int:
    listed = settings["Router"]["SiteToSiteIPsecVPN"]["Config"]
    return next(n for n, entry in enumerate(listed) if entry["Peer"] == peer)


def outside_ours(before: Json, after: Json, peer: str, *, parameters: bool) -> list[str]:
    """What changed although it is not ours."""
    place, foreign = index_of(after, peer), []
    for path in differences(before, after):
        entry = ENTRY.fullmatch(path)
        if path == f"{VPN}/Enabled" or (entry and int(entry[1]) == place):
            continue
        if path in (VPN, f"{VPN}/Config") or (parameters and PARAMETER.fullmatch(path)):
            continue
        foreign.append(path)
    return foreign


@examples(max_examples=60)
@given(changed_bodies, ours)
def test_a_peer_written_with_its_parameters_changes_nothing_else(settings: Json, peer: str) -> None:
    before = copy.deepcopy(settings)
    after = with_peer(settings, values(peer), KEY, parameters="change")
    assert settings == before
    assert peer_of(after, peer) == values(peer)
    assert not outside_ours(before, after, peer, parameters=True)


@examples(max_examples=60)
@given(changed_bodies, ours, st.sampled_from(["own", "shared"]))
def test_a_peer_among_others_changes_its_entry_alone(
    settings: Json, peer: str, whose: Parameters
) -> None:
    agreed = values(peer, **parameters_of(settings))
    after = with_peer(settings, agreed, KEY, parameters=whose)
    assert peer_of(after, peer) == agreed
    may = not other_peers(settings, peer)
    assert not outside_ours(settings, after, peer, parameters=may)


@examples(max_examples=60)
@given(changed_bodies, ours)
def test_others_never_get_other_parameters_without_consent(settings: Json, peer: str) -> None:
    wanted, stand = values(peer), parameters_of(settings)
    others = other_peers(settings, peer)
    if not others or all(wanted[name] == stand[name] for name in stand):
        with_peer(settings, wanted, KEY)
        return
    with pytest.raises(SharedParameters) as caught:
        with_peer(settings, wanted, KEY)
    for name in stand:
        pair = f"{name} is {stand[name]}, wanted {wanted[name]}"
        assert (pair in caught.value.what) == (stand[name] != wanted[name])
    assert all(other in caught.value.state for other in others)


@examples(max_examples=60)
@given(changed_bodies, ours)
def test_a_peer_taken_out_is_all_that_is_taken_out(settings: Json, peer: str) -> None:
    after = without_peer(settings, peer)
    assert other_peers(after, peer) == other_peers(settings, peer)
    if peer_of(settings, peer) is None:
        assert after == settings
        return
    place = index_of(settings, peer)
    vpn = settings["Router"]["SiteToSiteIPsecVPN"]
    del vpn["Config"][place]
    vpn["Enabled"] = "True" if vpn["Config"] else "False"
    assert not list(differences(settings, after))


@examples(max_examples=60)
@given(changed_bodies, st.integers(1, 7))
def test_a_private_interface_changes_in_its_own_place_alone(settings: Json, index: int) -> None:
    before = copy.deepcopy(settings)
    after = with_lan(
        settings, index, vip="10.9.0.1", addresses=["10.9.0.2", "10.9.0.3"], prefix_length=24
    )
    assert settings == before
    lan = lan_of(after, index)
    assert lan is not None
    own = {"IPAddress", "VirtualIPAddress", "NetworkMaskLen"}
    old = lan_of(before, index) or {}
    assert {k: v for k, v in lan.items() if k not in own} == {
        k: v for k, v in old.items() if k not in own
    }
    for other in set(range(8)) - {index}:
        assert lan_of(after, other) == lan_of(before, other)
    for tree in (before, after):
        tree["Router"].pop("Interfaces", None)
    assert not list(differences(before, after))


@examples(max_examples=60)
@given(changed_bodies, st.integers(1, 7))
def test_a_private_interface_taken_out_leaves_the_others_in_place(
    settings: Json, index: int
) -> None:
    after = without_lan(settings, index)
    assert lan_of(after, index) is None
    for other in set(range(8)) - {index}:
        assert lan_of(after, other) == lan_of(settings, other)
    listed = after["Router"].get("Interfaces") or [{}]
    assert listed[-1] is not None
    for tree in (settings, after):
        tree["Router"].pop("Interfaces", None)
    assert not list(differences(settings, after))


@examples(max_examples=60)
@given(changed_bodies, st.lists(st.just("203.0.113.7"), max_size=1))
def test_aliases_change_nothing_but_themselves(settings: Json, aliases: list[str]) -> None:
    after = with_aliases(settings, aliases)
    assert (lan_of(after, 0) or {}).get("IPAliases", []) == aliases
    allowed = re.compile(r"/Router/Interfaces(/0(/IPAliases.*)?)?")
    assert all(allowed.fullmatch(path) for path in differences(settings, after))


@examples(max_examples=60)
@given(changed_bodies)
def test_what_is_read_is_what_is_written_back(settings: Json) -> None:
    assert not list(differences(settings, writable(settings)))


@pytest.mark.parametrize("whose", ["own", "shared"])
def test_the_first_peer_of_a_router_brings_the_parameters(whose: Parameters) -> None:
    after = with_peer({"Router": {"VRID": 1}}, values("192.0.2.7"), KEY, parameters=whose)
    assert peer_of(after, "192.0.2.7") == values("192.0.2.7")


def test_a_site_that_shares_a_router_does_not_move_what_its_owner_set() -> None:
    alone = without_peer(with_peer({"Router": {}}, values("192.0.2.7"), KEY), "192.0.2.7")
    with pytest.raises(SharedParameters, match="dhGroup is modp2048, wanted modp1024") as caught:
        with_peer(alone, values("192.0.2.9", dhGroup="modp1024"), KEY, parameters="shared")
    assert "cloud.shared_parameters: change" in caught.value.remedy
    assert KEY not in str(caught.value)
    mine = with_peer(alone, values("192.0.2.9", dhGroup="modp1024"), KEY, parameters="own")
    assert parameters_of(mine)["dhGroup"] == "modp1024"
