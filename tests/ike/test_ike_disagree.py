"""Each disagreement that kills a tunnel is found by the negotiation, under our name for it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tunnel_world import World, demo

from components.rehearsal.ike.lab import Lab
from ike.pair import INITIATES, STRICT, rendered

PHASE_1, PHASE_2 = "phase1-proposal-mismatch", "phase2-proposal-mismatch"
IDENTITY, PREFIXES = "remote-id-mismatch", "phase2-id-mismatch"
AES256_ESP = "ipsec sa policy 102 2 esp aes256-cbc sha-hmac"
SHA256_ESP = "ipsec sa policy 102 2 esp aes-cbc sha256-hmac"

CASES: list[tuple[str, tuple[str, ...], dict[str, Any], str]] = [
    ("key", ("ipsec ike pre-shared-key 2 text another_key_1",), {}, "psk-mismatch"),
    ("office identity", ("ipsec ike local address 2 192.168.1.9",), {}, IDENTITY),
    ("cloud RemoteID", (), {"remoteId": "192.168.1.77"}, IDENTITY),
    ("strict, encryption", (STRICT, "ipsec ike encryption 2 aes256-cbc"), {}, PHASE_1),
    ("strict, hash", (STRICT, "ipsec ike hash 2 sha256"), {}, PHASE_1),
    ("strict, group", (STRICT, "ipsec ike group 2 modp2048"), {}, PHASE_1),
    ("strict, ESP encryption", (STRICT, AES256_ESP), {}, PHASE_2),
    ("strict, ESP hash", (STRICT, SHA256_ESP), {}, PHASE_2),
    ("strict, PFS", (STRICT, "no ipsec ike pfs 2"), {}, PHASE_2),
    ("initiator, encryption", (*INITIATES, "ipsec ike encryption 2 aes256-cbc"), {}, PHASE_1),
    ("initiator, PFS", (*INITIATES, "no ipsec ike pfs 2"), {}, PHASE_2),
    ("initiator, ESP hash", (*INITIATES, SHA256_ESP), {}, PHASE_2),
    ("local id", ("ipsec ike local id 2 172.16.1.0/24",), {}, PREFIXES),
    ("remote id", ("ipsec ike remote id 2 172.16.2.0/24",), {}, PREFIXES),
    ("cloud routes", (), {"routes": ["172.16.9.0/24"]}, PREFIXES),
    ("group no RTX has", (), {"dhGroup": "modp3072"}, PHASE_1),
]
# What a responder that is not strict takes all the same (command reference 15.11, 15.30).
HARMLESS: list[tuple[str, tuple[str, ...]]] = [
    ("encryption", ("ipsec ike encryption 2 aes256-cbc",)),
    ("hash", ("ipsec ike hash 2 sha256",)),
    ("group", ("ipsec ike group 2 modp2048",)),
    ("PFS", ("no ipsec ike pfs 2",)),
    ("ESP encryption", (AES256_ESP,)),
    ("lifetimes", ("ipsec ike duration ipsec-sa 2 3600", "ipsec ike duration ike-sa 2 7200")),
]


@pytest.mark.parametrize(
    ("typed", "cloud", "code"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_killing_disagreement_is_named(
    world: World, typed: tuple[str, ...], cloud: dict[str, Any], code: str
) -> None:
    with Lab(*rendered(world, *typed, cloud=cloud)) as lab:
        found, end = None, time.monotonic() + 10
        while (found is None or found.code == "no-answer") and time.monotonic() < end:
            time.sleep(0.05)
            found = lab.cause()
        assert found is not None
        assert found.code == code, lab.office.log()
        assert lab.ping(wait=0.5) is None


@pytest.mark.parametrize("typed", [c[1] for c in HARMLESS], ids=[c[0] for c in HARMLESS])
def test_a_responder_that_is_not_strict_follows(world: World, typed: tuple[str, ...]) -> None:
    with Lab(*rendered(world, *typed)) as lab:
        assert lab.wait_for_traffic(10) is not None, lab.cause()


def test_a_peer_address_that_is_not_the_other_end(world: World) -> None:
    pair = rendered(world, "ipsec ike remote address 2 203.0.113.99")
    with Lab(*pair) as lab:
        assert lab.wait_for_traffic(2) is None
        found = lab.cause()
        assert found is not None
        assert found.code == "peer-address-mismatch"


def test_the_demo_is_what_the_cases_start_from(world: World) -> None:
    """Else a case would fail for another reason than its own."""
    pair = rendered(world, site=demo())
    assert pair.office.ike_proposals[0] == pair.cloud.ike_proposals[0] == "aes128-sha1-modp1024"
