"""The healthy router of `audit_lines` beside a cloud end that is changed in one thing."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

from audit_lines import HEALTHY
from corpus import body_of

DENY = {"Protocol": "ip", "SourceNetwork": "", "Action": "deny"}
IKE_ONLY = {
    "Protocol": "udp",
    "SourceNetwork": "192.0.2.46",
    "DestinationPort": "500",
    "Action": "allow",
}


class Cloud(NamedTuple):
    """What is changed in the settings; then these codes are said, with their severities."""

    name: str
    change: Callable[[dict[str, Any]], Any]
    said: dict[str, str]
    tunnel: int | None = None


def vpn(settings: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = settings["SiteToSiteIPsecVPN"]
    return found


def peer(settings: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = vpn(settings)["Config"][0]
    return found


def firewall(*rules: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda s: s.update(Firewall={"Config": [{"Receive": list(rules)}], "Enabled": "True"})


FOREIGN = {"Peer": "203.0.113.9", "RemoteID": "203.0.113.9", "Routes": ["10.99.0.0/24"]}
CLOUDS = (
    Cloud("as it is", lambda s: None, {}),
    Cloud("algorithm", lambda s: vpn(s).update(EncryptionAlgo="aes128"),
          {"encryption-mismatch": "warn", "esp-encryption-mismatch": "warn"}),
    Cloud("hash", lambda s: vpn(s).update(HashAlgo="sha1"),
          {"hash-mismatch": "warn", "esp-hash-mismatch": "warn"}),
    Cloud("group", lambda s: vpn(s).update(DHGroup="modp1024"), {"group-mismatch": "warn"}),
    Cloud("group of no RTX", lambda s: vpn(s).update(DHGroup="modp4096"),
          {"group-not-on-rtx": "error"}),
    Cloud("IKE lifetime", lambda s: vpn(s)["IKE"].update(Lifetime=3600),
          {"lifetime-mismatch": "warn"}),
    Cloud("ESP lifetime", lambda s: vpn(s)["ESP"].update(Lifetime=3600),
          {"lifetime-mismatch": "warn"}),
    Cloud("DPD", lambda s: vpn(s)["IKE"]["DPD"].update(Timeout=60), {"dpd-timing-differs": "info"}),
    Cloud("key", lambda s: peer(s).update(PreSharedSecret="C14_key"), {"psk-mismatch": "error"}),
    Cloud("key not returned", lambda s: peer(s).update(PreSharedSecret=""), {}),
    Cloud("identity", lambda s: peer(s).update(RemoteID="192.168.44.1"),
          {"remote-id-mismatch": "error"}),
    Cloud("address of the office", lambda s: peer(s).update(Peer="192.0.2.47"),
          {"peer-address-mismatch": "error"}),
    Cloud("routes", lambda s: peer(s).update(Routes=["192.168.44.0/25"]),
          {"phase2-id-mismatch": "error"}),
    Cloud("local prefix", lambda s: peer(s).update(LocalPrefix=["10.14.0.0/16"]),
          {"phase2-id-mismatch": "error"}),
    Cloud("several prefixes, ours among them",
          lambda s: peer(s).update(Routes=["10.9.9.0/24", "192.168.44.0/24"]), {}),
    Cloud("other peers too", lambda s: vpn(s)["Config"].insert(0, FOREIGN | {"LocalPrefix": []}),
          {}),
    Cloud("no peer at all", lambda s: vpn(s).update(Config=[]), {"peer-missing": "error"}),
    Cloud("only other peers", lambda s: vpn(s).update(Config=[FOREIGN, FOREIGN]),
          {"peer-missing": "error"}),
    Cloud("another router", lambda s: s["Interfaces"][0].update(VirtualIPAddress="203.0.113.1"),
          {"remote-address-mismatch": "error"}, tunnel=1),
    Cloud("another router alone",
          lambda s: s["Interfaces"][0].update(VirtualIPAddress="203.0.113.1"),
          {"half-configured": "error"}),
    Cloud("firewall", firewall(DENY),
          {"firewall-may-block-ike": "warn", "firewall-may-block-esp": "info"}),
    Cloud("firewall, IKE let in", firewall(IKE_ONLY, DENY), {"firewall-may-block-esp": "info"}),
    Cloud("firewall for others", firewall(DENY | {"SourceNetwork": "203.0.113.0/24"}), {}),
    Cloud("firewall, the office let in", firewall(DENY | {"SourceNetwork": "192.0.2.0/24",
          "Action": "allow"}, DENY), {"firewall-may-block-esp": "info"}),
    Cloud("firewall off", lambda s: s.update(Firewall={"Config": [{"Receive": [DENY]}],
          "Enabled": "False"}), {}),
    Cloud("VPN off", lambda s: vpn(s).update(Enabled="False"), {"cloud-vpn-off": "error"}),
    Cloud("firewall, all let in", firewall(DENY | {"Action": "allow"}, DENY), {}),
)  # fmt: skip


def body(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    found = deepcopy(body_of(HEALTHY))
    change(found["Appliance"]["Settings"]["Router"])
    return found
