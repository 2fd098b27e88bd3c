"""The RTX's gateway as an IKE peer: what of its lines a daemon can play, and what not.

Pure, written from the command reference alone (15.10 to 15.48), apart from the product's renderer.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

from ...errors import Problem, SpecError
from ..rtx.office import OfficeGateway
from .peer import IkePeer

# The RTX's words in the daemon's (15.22, 15.24, 15.25, 15.48.2).
CIPHERS: Final = {
    "aes-cbc": "aes128",
    "aes256-cbc": "aes256",
    "3des-cbc": "3des",
    "des-cbc": "des",
}
# The daemon has no single DES; it is left out of what a responder takes.
PLAYED: Final = tuple(cipher for cipher in CIPHERS.values() if cipher != "des")
HASHES: Final = {
    "sha": "sha1",
    "sha256": "sha256",
    "md5": "md5",
    "sha384": "sha384",
    "sha512": "sha512",
}
# What every model takes as a responder.
TAKEN: Final = ("sha1", "sha256", "md5")
GROUPS: Final = ("modp768", "modp1024", "modp1536", "modp2048")


def office_peer(gateway: OfficeGateway) -> IkePeer:
    """The peer that this gateway is.

    Raises `SpecError` naming every line without which the RTX would not speak at all.
    """
    missing = list(_missing(gateway))
    if missing:
        raise SpecError(missing, source=f"gateway {gateway.gateway}")
    assert gateway.wan_address
    assert gateway.remote_address
    assert gateway.local_address
    assert gateway.local_id
    assert gateway.remote_id
    assert gateway.key is not None
    return IkePeer(
        local=gateway.wan_address,
        remote=gateway.remote_address,
        local_id=str(gateway.local_address),
        remote_id=str(gateway.remote_address),
        local_prefix=gateway.local_id,
        remote_prefix=gateway.remote_id,
        key=gateway.key,
        ike_proposals=tuple(_ike_proposals(gateway)),
        esp_proposals=tuple(_esp_proposals(gateway)),
        ike_lifetime=gateway.ike_lifetime,
        esp_lifetime=gateway.esp_lifetime,
        dpd=(gateway.dpd[0], gateway.dpd[0] * gateway.dpd[1]) if gateway.dpd else None,
        starts=gateway.initiates,
        persists=gateway.initiates,
        address=gateway.local_address if gateway.local_address in gateway.local_id else None,
        not_shown=tuple(_not_shown(gateway)),
        routed=any(gateway.remote_id.subnet_of(prefix) for prefix in gateway.routed),
    )


def _missing(gateway: OfficeGateway) -> Iterator[Problem]:
    number = gateway.gateway
    needed = (
        (gateway.policy, "an `ipsec sa policy` that names the gateway"),
        (gateway.esp_encryption or None, "an `ipsec sa policy` with `esp`"),
        (gateway.tunnel, "an `ipsec tunnel` with that policy"),
        (gateway.enabled or None, "`tunnel enable` for that tunnel"),
        (gateway.key, f"`ipsec ike pre-shared-key {number}`"),
        (gateway.remote_address, f"`ipsec ike remote address {number}` with an address"),
        (gateway.wan_address, "an address on the interface towards the peer"),
        (gateway.local_address, f"`ipsec ike local address {number}`"),
        (gateway.local_id, f"`ipsec ike local id {number}`"),
        (gateway.remote_id, f"`ipsec ike remote id {number}`"),
    )
    for value, what in needed:
        if value is None:
            yield Problem(f"gateway {number}", "nothing", what)


def _answers_alike(gateway: OfficeGateway) -> bool:
    """Whether it takes, as a responder, whatever it supports (15.11)."""
    return not gateway.initiates and not gateway.strict


def _ike_proposals(gateway: OfficeGateway) -> Iterator[str]:
    own = f"{CIPHERS[gateway.ike_encryption]}-{HASHES[gateway.ike_hash]}-{gateway.ike_group}"
    yield own
    if _answers_alike(gateway):
        for words in product(PLAYED, TAKEN, GROUPS):
            if (other := "-".join(words)) != own:
                yield other


def _esp_proposals(gateway: OfficeGateway) -> Iterator[str]:
    """PFS has phase 1's group, or one of its own (15.24); a responder follows the peer (15.30)."""
    hash_ = HASHES.get(gateway.esp_hash.removesuffix("-hmac"))
    own = "-".join(filter(None, (CIPHERS[gateway.esp_encryption], hash_)))
    first = f"{own}-{gateway.pfs_group or gateway.ike_group}" if gateway.pfs else own
    yield first
    if _answers_alike(gateway):
        suites = ["-".join(words) for words in product(PLAYED, TAKEN)]
        for other in (f"{suite}-{group}" for suite in suites for group in GROUPS):
            if other != first:
                yield other
        yield from (suite for suite in suites if suite != first)


def _not_shown(gateway: OfficeGateway) -> Iterator[str]:
    """What the RTX does and the daemon does not."""
    if gateway.exchange_release != 2:
        yield "the key exchange of release 1 (`ipsec ike backward-compatibility`)"
    if gateway.dpd is None:
        yield "another keepalive than dpd, or none of its own"
    if "des-cbc" in (gateway.ike_encryption, gateway.esp_encryption):
        yield "des-cbc"
    if not gateway.esp_hash:
        yield "ESP without authentication"
    yield "raw ESP: the daemon always wraps it into UDP 4500"
