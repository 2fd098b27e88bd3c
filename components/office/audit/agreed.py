"""The far end as it was agreed on: what there is to compare with where nobody may ask it.  Pure."""

from __future__ import annotations

from ...ipsec import Agreement
from .far import Entry, FarEnd


def as_agreed(agreement: Agreement) -> FarEnd:
    """The cloud end as the site file says it is; of its key nothing is known."""
    proposal, dpd = agreement.proposal, agreement.dpd
    entry = Entry(
        peer=str(agreement.office_address),
        remote_id=str(agreement.office_identity),
        office_prefixes=(agreement.office_prefix,),
        cloud_prefixes=(agreement.cloud_prefix,),
        key=None,
    )
    return FarEnd(
        address=agreement.cloud_address,
        encryption=proposal.encryption,
        hash=proposal.hash,
        dh_group=proposal.dh_group,
        ike_lifetime=agreement.ike_lifetime,
        esp_lifetime=agreement.esp_lifetime,
        dpd=(dpd.interval, dpd.timeout),
        entries=(entry,),
    )
