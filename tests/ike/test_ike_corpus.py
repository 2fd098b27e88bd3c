"""Configurations from the field against the cloud end each was made for, between real daemons."""

from __future__ import annotations

import json
from copy import deepcopy
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest

from components.rehearsal.ike.traffic import Pinger
from components.rehearsal.rehearse.copies import Copies
from components.rehearsal.rehearse.course import Course
from components.rehearsal.rehearse.sources import Source, appliance_in, from_files

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
BODY = CORPUS / "api" / "01-three-peers.json"

# Whether traffic passes, our name for why not, and words where it is no negotiation that fails.
CASES = [
    ("05-works-until-the-rekey", "phase2-proposal-mismatch", "PFS group differ"),
    ("07-routes-that-bite", "", "no route to 10.7.0.0/24 through the tunnel"),
    ("08-ipoe-for-web-pppoe-for-vpn", None, ""),
    ("09-complete-but-asleep", "", "lacks `tunnel enable` for that tunnel"),
    ("11-config-file-without-indentation", None, ""),
    ("13-old-firmware-nat-traversal", "", "does not know the vendor's own encapsulation"),
    ("16-ends-disagree", "psk-mismatch", "keys differ"),
]


def source(name: str) -> Source:
    """The office end as it was found, and the cloud end that it calls."""
    file = CORPUS / f"{name}.txt"
    said = json.loads((CORPUS / f"{name}.expect.json").read_text())["vpc_side"]
    body = deepcopy(appliance_in(json.loads(BODY.read_text())))
    router = body["Settings"]["Router"]
    vip, lan = IPv4Address(said["public_address"]), IPv4Network(said["local_prefix"][0])
    router["Interfaces"] = [_interface(vip, 28), _interface(lan[1], lan.prefixlen)]
    router["SiteToSiteIPsecVPN"] |= {
        "EncryptionAlgo": said["encryption"],
        "HashAlgo": said["hash"],
        "DHGroup": said["dh_group"],
        "ESP": {"Lifetime": said["esp_lifetime"]},
        "IKE": {
            "Lifetime": said["ike_lifetime"],
            "DPD": {"Interval": said["dpd"]["interval"], "Timeout": said["dpd"]["timeout"]},
        },
        "Config": [
            {
                "Peer": said["peer"],
                "PreSharedSecret": said["pre_shared_secret"],
                "RemoteID": said["remote_id"],
                "Routes": said["routes"],
                "LocalPrefix": said["local_prefix"],
            }
        ],
    }
    return Source(name, body, from_files(str(BODY), str(file)).configuration)


def _interface(vip: IPv4Address, length: int) -> dict[str, Any]:
    reals = [str(vip + 1), str(vip + 2)]
    return {"VirtualIPAddress": str(vip), "IPAddress": reals, "NetworkMaskLen": length}


@pytest.mark.parametrize(("name", "cause", "why"), CASES, ids=[case[0] for case in CASES])
def test_what_is_wrong_with_it_shows(name: str, cause: str | None, why: str) -> None:
    with (
        Copies(source(name), None, speed=10) as copies,
        Pinger(copies.link.lab.way) as pinger,
    ):
        step = Course(copies, pinger, 10, lambda _: None).as_they_are()
    assert step.traffic == (cause is None), step.why
    assert step.cause == (cause or "")
    assert why in step.why
