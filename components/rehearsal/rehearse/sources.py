"""What the copies of both ends are made of: files, a running rehearsal, or a site file alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import VpnError
from ...office.reading import decode, unwrapped
from .. import instance
from ..rtx import DEMO_CONFIGURATION

if TYPE_CHECKING:
    from ...cloud.api import Client
    from ...office.render import NatStatic
    from ...site import Site

Json = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """Both ends before anything is rehearsed.

    `body` is the API's answer about the VPC router (None: none is there yet), `configuration` the
    RTX's lines.  Both hold keys.  `notes` says what was taken for granted.
    """

    where: str
    body: Json | None = field(repr=False)
    configuration: str = field(repr=False)
    notes: tuple[str, ...] = ()


def from_files(body_file: str, configuration_file: str) -> Source:
    """Copies from what the API and `show config` said.

    Raises `VpnError` for a file that is not there or something else.
    """
    try:
        body = json.loads(Path(body_file).read_text(encoding="utf-8"))
        data = Path(configuration_file).read_bytes()
    except OSError as error:
        raise VpnError(f"{error.filename} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise VpnError(f"{body_file} is no JSON: {error}") from None
    where = f"{body_file} and {configuration_file}"
    return Source(where, appliance_in(body), unwrapped(decode(data)))


def from_rehearsal(zone: str) -> Source | None:
    """Copies of the rehearsal that runs; None if none runs or it has no VPC router yet."""
    if not instance.status().running:
        return None
    client = _client(zone)
    for found in client.find("appliance", {}):
        # One that is still being made has no settings yet.
        if found.get("Class") == "vpcrouter" and found.get("Settings"):
            body = appliance_in(client.get(f"appliance/{found['ID']}"))
            text = instance.ask(None, "POST", "/type", {"lines": ["show config"]})["text"]
            return Source("the rehearsal that runs", body, unwrapped(text))
    return None


def _client(zone: str) -> Client:
    from ...clock import SystemClock
    from ...cloud.api import Client
    from ...cloud.credentials import Credentials

    ends = instance.endpoints()
    credentials = Credentials(ends.api_token, ends.api_secret, "the rehearsal")
    return Client(credentials, zone, root_url=ends.api_root, clock=SystemClock())


def from_site(site: Site) -> Source:
    """No VPC router yet, and an RTX that has its LAN, its WAN and nothing of the tunnel."""
    if site.rehearsal:
        return Source("the demo's office, before anything is made", None, DEMO_CONFIGURATION)
    return Source(
        "the site file alone, before anything is made",
        None,
        _bare_office(site),
        ("the RTX has only what the site file says of it: addresses, NAT, no filters",),
    )


def _bare_office(site: Site) -> str:
    end, outside = site.office_end, site.agreement.office_address
    own = end.wan_address or outside
    around = IPv4Network(f"{own}/29", strict=False)
    beside = next(each for each in around.hosts() if each != own)
    nat = _masquerade(str(site.agreement.office_identity), end.nat_static)
    return "\n".join(
        (
            f"ip lan1 address {end.lan_address}/{end.lan.prefixlen}",
            *_wan(
                end.wan_interface, f"{own}/29", str(beside), [n.descriptor for n in end.nat_static]
            ),
            *nat,
            "sshd host key generate *",
            "sshd service on",
            "",
        )
    )


def _wan(interface: str, address: str, beside: str, descriptors: Sequence[int]) -> list[str]:
    """The way out, on an Ethernet interface or over PPPoE ("pp 1")."""
    kind, _, number = interface.partition(" ")
    name = kind if kind == "pp" else interface
    lines = [f"ip {name} address {address}"]
    lines += [f"ip {name} nat descriptor {n}" for n in sorted(set(descriptors))[:1]]
    if kind != "pp":
        return [*lines, f"ip route default gateway {beside}"]
    block = [f" {line}" for line in ("pppoe use lan2", *lines)]
    return [
        f"pp select {number}",
        *block,
        f" pp enable {number}",
        f"ip route default gateway pp {number}",
    ]


def _masquerade(inside: str, entries: Sequence[NatStatic]) -> list[str]:
    """The NAT that the site's static entries presuppose, with IKE let in if they do not say so."""
    taken = {entry.id for entry in entries}
    free = next(n for n in range(1, len(taken) + 2) if n not in taken)
    lines = []
    for number in sorted({entry.descriptor for entry in entries}):
        lines.append(f"nat descriptor type {number} masquerade")
        if not any(entry.port == 500 for entry in entries):
            lines.append(f"nat descriptor masquerade static {number} {free} {inside} udp 500")
    return lines


def appliance_in(answer: Any) -> Json:
    """The VPC router in an answer of the API: one, a list, or the object alone."""
    if isinstance(answer, dict):
        many = answer.get("Appliances")
        found = many[0] if isinstance(many, list) and many else answer.get("Appliance", answer)
        router = (found.get("Settings") or {}).get("Router") if isinstance(found, dict) else None
        if isinstance(router, dict):
            return dict(found)
    raise VpnError(
        "the API body describes no VPC router with settings",
        remedy="give the answer of `GET appliance/ID`",
    )
