"""What is shown of a site: from its file, and from the outputs of its stack where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final, Literal

from .. import ipsec
from ..site import Site

Status = Literal["proved", "not proved", "not made", "not known"]
LATER: Final = "known after creation"


@dataclass(frozen=True)
class End:
    """One end: what it is, and its values in the order in which they are shown."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Picture:
    """A site; `link` is what joins the ends, `proof` says what `status` rests on."""

    name: str
    status: Status
    proof: str
    office: End
    cloud: End
    link: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()


def picture(
    name: str,
    site: Site,
    outputs: Mapping[str, Any] | None,
    *,
    unseen: str = "",
    zone: tzinfo | None = None,
) -> Picture:
    """The picture of a site.

    `outputs` are those of its stack, empty if the stack holds nothing yet, None if they could not
    be read; `unseen` says why not.  Times are shown in `zone`, that of this machine unless given.
    """
    status, proof = _proof(outputs, unseen, zone)
    given = outputs or {}
    vip = str(given.get("vpc_router_address") or site.vip or LATER)
    return Picture(
        name=name,
        status=status,
        proof=proof,
        office=_office(site),
        cloud=_cloud(site, vip, given),
        link=_link(site),
        notes=tuple(_pending(site, given)),
    )


def _office(site: Site) -> End:
    office, wan = site.office, site.office.wan
    way = f"{office.router.user}@{office.router.host}" if office.router.host else "rehearsal"
    rows = [
        ("LAN", str(office.lan)),
        ("RTX in it", str(office.router_address)),
        ("WAN", f"{wan.interface} ({wan.kind})"),
        ("global address", str(wan.address)),
        ("identity", str(office.identity)),
        ("reached as", way + (f" via {office.router.via}" if office.router.via else "")),
    ]
    if wan.inner_address:
        rows.insert(4, ("behind NAT", str(wan.inner_address)))
    return End(f"{office.router.model} Rev.{office.router.revision}", tuple(rows))


def _cloud(site: Site, vip: str, outputs: Mapping[str, Any]) -> End:
    cloud = site.cloud
    nodes = " ".join(map(str, outputs.get("vpc_router_addresses") or cloud.real_addresses or ()))
    rows = [
        ("LAN", str(cloud.lan)),
        ("VIP in it", str(cloud.lan_vip)),
        ("VIP", vip),
        ("nodes", nodes or LATER),
        ("router id", str(outputs.get("router_id") or _attached(site) or LATER)),
    ]
    if cloud.elsewhere:
        return End("VPC router of somebody else", tuple(rows[:3]))
    if cloud.plan == "standard":
        rows = [row for row in rows if row[0] != "nodes"]
    plan = "shared with other sites" if cloud.attach else cloud.plan
    return End(f"VPC router, {cloud.zone} ({plan})", tuple(rows))


def _attached(site: Site) -> str:
    return site.cloud.attach.router_id if site.cloud.attach else ""


def _link(site: Site) -> tuple[tuple[str, str], ...]:
    agreement, office = site.agreement, site.office_end
    proposal, dpd = agreement.proposal, agreement.dpd
    return (
        ("numbers", f"tunnel {office.tunnel}, gateway {office.gateway}, policy {office.policy}"),
        ("proposal", f"{proposal.encryption} {proposal.hash} {proposal.dh_group}"),
        ("lifetimes", f"IKE SA {agreement.ike_lifetime} s, IPsec SA {agreement.esp_lifetime} s"),
        ("DPD", f"every {dpd.interval} s, given up after {dpd.timeout} s"),
        ("MTU", f"{office.mtu} bytes"),
        ("proof", f"ping to {site.target}"),
    )


def _proof(
    outputs: Mapping[str, Any] | None, unseen: str, zone: tzinfo | None
) -> tuple[Status, str]:
    if outputs is None:
        return "not known", f"from the site file alone: {unseen or 'no stack was asked'}"
    verified = outputs.get("verified")
    if not isinstance(verified, dict):
        return "not made", "the stack holds no tunnel yet: this is what the site file asks for"
    if not verified.get("at"):
        return "not proved", "made, but traffic has never been proved"
    parts = [f"traffic proved {_when(str(verified['at']), zone)}"]
    if (took := verified.get("roundTripMs")) is not None:
        parts.append(f"round trip {took} ms")
    if (outage := verified.get("outageSeconds")) is not None:
        parts.append(f"outage of that change {outage} s")
    return "proved", ", ".join(parts)


def _when(text: str, zone: tzinfo | None) -> str:
    try:
        moment = datetime.fromisoformat(text).astimezone(zone)
    except ValueError:
        return text
    return f"{moment:%Y-%m-%d %H:%M} UTC{moment:%z}".removesuffix("+0000")


def _pending(site: Site, outputs: Mapping[str, Any]) -> list[str]:
    """What the site file says and the last `up` did not: both ends have the old values."""
    rows = outputs.get("agreement")
    if not isinstance(rows, list):
        return []
    vip = str(outputs.get("vpc_router_address"))
    wanted = {row["name"]: row["value"] for row in ipsec.rows(site.agreement, vip)}
    return [
        f"not applied yet: {row['name']} {row['value']} becomes {wanted[row['name']]}"
        for row in rows
        if isinstance(row, dict)
        and row.get("name") in wanted
        and str(row.get("value")) != wanted[row["name"]]
    ]
