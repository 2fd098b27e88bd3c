"""The texts of the corpus, with what is true about them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
CASES = sorted(file.name.removesuffix(".expect.json") for file in CORPUS.glob("*.expect.json"))


def expected(case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CORPUS / f"{case}.expect.json").read_text("utf-8"))
    return found


def data_of(case: str) -> bytes:
    name: str = expected(case)["input"]["file"]
    return (CORPUS / name).read_bytes()


def body_of(case: str) -> dict[str, Any]:
    """The body of `GET appliance/ID` of the cloud end that belongs to a case."""
    far = expected(case)["vpc_side"]
    vpn = {
        "Config": [
            {
                "Peer": far["peer"],
                "RemoteID": far["remote_id"],
                "PreSharedSecret": far["pre_shared_secret"],
                "Routes": far["routes"],
                "LocalPrefix": far["local_prefix"],
            }
        ],
        "IKE": {
            "Lifetime": far["ike_lifetime"],
            "DPD": {"Interval": far["dpd"]["interval"], "Timeout": far["dpd"]["timeout"]},
        },
        "ESP": {"Lifetime": far["esp_lifetime"]},
        "EncryptionAlgo": far["encryption"],
        "HashAlgo": far["hash"],
        "DHGroup": far["dh_group"],
        "Enabled": "True",
    }
    interface = {"VirtualIPAddress": far["public_address"], "NetworkMaskLen": 28}
    settings = {"Router": {"Interfaces": [interface], "SiteToSiteIPsecVPN": vpn}}
    return {"Appliance": {"Class": "vpcrouter", "Settings": settings}, "is_ok": True}
