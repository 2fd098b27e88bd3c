"""The site that a case of the corpus is about, as its owner would have written it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from corpus import data_of, expected

from components.ipsec import Agreement, DeadPeerDetection, Proposal
from components.office.config import Config
from components.office.reading import read
from components.office.render import OfficeSite


def running(case: str) -> Config:
    return read(data_of(case))


def site_of_case(case: str) -> tuple[Agreement, OfficeSite]:
    """What both ends of a case share, and the numbers that its tunnel has."""
    truth = expected(case)
    far = truth["vpc_side"]
    mine = next(
        g for g in truth["facts"]["gateways"] if g.get("remote_address") == far["public_address"]
    )
    tunnel = next(t for t in truth["facts"]["tunnels"] if t.get("gateway_id") == mine["gateway_id"])
    lan = IPv4Network(far["routes"][0])
    agreement = Agreement(
        office_address=IPv4Address(far["peer"]),
        office_identity=IPv4Address(far["remote_id"]),
        office_prefix=lan,
        cloud_prefix=IPv4Network(far["local_prefix"][0]),
        cloud_address=IPv4Address(far["public_address"]),
        proposal=Proposal(far["encryption"], far["hash"], far["dh_group"]),
        ike_lifetime=far["ike_lifetime"],
        esp_lifetime=far["esp_lifetime"],
        dpd=DeadPeerDetection(far["dpd"]["interval"], far["dpd"]["timeout"]),
    )
    site = OfficeSite(
        lan=lan,
        lan_address=next(lan.hosts()),
        wan_interface=truth["wan"]["interface"].replace("pp", "pp "),
        tunnel=tunnel["tunnel"],
        policy=tunnel["policy_id"],
        gateway=mine["gateway_id"],
        model=truth["device"]["model"],
        revision=truth["device"]["firmware"],
    )
    return agreement, site
