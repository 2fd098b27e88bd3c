"""The VPC router's peer entry as an IKE peer.

Pure, written from the API's own words (sakura-vpcrouter-api 6.1), apart from what the product
writes.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..ends import CloudPeer
from .peer import IkePeer


def cloud_peer(peer: CloudPeer) -> IkePeer:
    """The peer that the VPC router is for this entry of its applied settings.

    One field of the settings decides the algorithms of both phases; PFS is always on.  It starts
    the key exchange by itself (seed article), and takes nothing but its own proposal (whether it
    would is unverified).  With several prefixes the first pair is played.
    """
    proposal = f"{peer.encryption}-{peer.hash}-{peer.dh_group}"
    prefix = peer.cloud_prefixes[0]
    inside = [address for address in peer.lan_addresses if address in prefix]
    return IkePeer(
        local=peer.address,
        remote=peer.peer,
        local_id=str(peer.address),
        remote_id=peer.remote_id,
        local_prefix=prefix,
        remote_prefix=peer.office_prefixes[0],
        key=peer.key,
        ike_proposals=(proposal,),
        esp_proposals=(proposal,),
        ike_lifetime=peer.ike_lifetime,
        esp_lifetime=peer.esp_lifetime,
        dpd=(peer.dpd_interval, peer.dpd_timeout),
        starts=True,
        persists=True,
        address=next(iter(inside), None),
        others=tuple(inside[1:]),
        not_shown=tuple(_not_shown(peer)),
    )


def _not_shown(peer: CloudPeer) -> Iterator[str]:
    """What the VPC router does and the daemon does not, or may do otherwise."""
    if len(peer.office_prefixes) > 1 or len(peer.cloud_prefixes) > 1:
        yield "more than the first pair of prefixes"
    yield "that the VPC router neither sends nor takes vendor ids"
    yield "what the VPC router does with its SAs when settings are applied: unverified"
    yield "raw ESP: the daemon always wraps it into UDP 4500"
