"""Site-to-site VPN as applied: what the link reads, and the connection details of the API.

Source: sakura-vpcrouter-api 2.9, 5.3 and 6.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ..ends import CloudPeer
from .appliance import created
from .request import Context, Reply
from .sections import STANDARD
from .settings import CHOICES, addresses
from .store import Json, Router


def peers_of(router: Router) -> Iterator[CloudPeer]:
    """The peers of a router, if it is up and may reach them.

    `InternetConnection` must be on (inferred; left out counts as off here, which is unverified).
    """
    applied = router.applied.get("Router") or {}
    vpn = applied.get("SiteToSiteIPsecVPN") or {}
    connected = (applied.get("InternetConnection") or {}).get("Enabled") == "True"
    if router.power != "up" or not connected or vpn.get("Enabled") != "True":
        return
    address, inside = IPv4Address(public_address(router)), tuple(_inside(router, applied))
    for entry in vpn.get("Config") or []:
        yield CloudPeer(
            router_id=str(router.id),
            address=address,
            peer=IPv4Address(entry["Peer"]),
            remote_id=entry["RemoteID"],
            key=entry["PreSharedSecret"],
            office_prefixes=tuple(map(IPv4Network, entry["Routes"])),
            cloud_prefixes=tuple(map(IPv4Network, entry["LocalPrefix"])),
            encryption=_choice(vpn, "EncryptionAlgo"),
            hash=_choice(vpn, "HashAlgo"),
            dh_group=_choice(vpn, "DHGroup"),
            ike_lifetime=_seconds(vpn, 28800, "IKE", "Lifetime"),
            esp_lifetime=_seconds(vpn, 1800, "ESP", "Lifetime"),
            dpd_interval=_seconds(vpn, 15, "IKE", "DPD", "Interval"),
            dpd_timeout=_seconds(vpn, 30, "IKE", "DPD", "Timeout"),
            lan_addresses=inside,
        )


def public_address(router: Router) -> str:
    """The VIP of eth0; on a standard router its address in the shared segment."""
    if router.plan == STANDARD:
        return router.shared_address
    return str(router.settings["Router"]["Interfaces"][0]["VirtualIPAddress"])


def connection_details(ctx: Context) -> Reply:
    """`GET .../vpcrouter/sitetosite/connectiondetails`: what a peer must be set to.

    Lifetimes stand where they belong; a fixture has them swapped, and which is true, the base of
    `Index` and the power state needed are unverified.
    """
    router = created(ctx)
    vpn = (router.applied.get("Router") or {}).get("SiteToSiteIPsecVPN") or {}
    details = [
        _details(ctx, router, vpn, entry, index)
        for index, entry in enumerate(vpn.get("Config") or [])
    ]
    return Reply(200, {"Details": {"Config": details or None}, "is_ok": True})


def _details(ctx: Context, router: Router, vpn: Json, entry: Json, index: int) -> Json:
    common = {
        "AuthenticationProtocol": _choice(vpn, "HashAlgo"),
        "EncryptionProtocol": _choice(vpn, "EncryptionAlgo"),
        "PerfectForwardSecrecy": "enabled",
    }
    esp = {"Mode": "tunnel", "Lifetime": str(_seconds(vpn, 1800, "ESP", "Lifetime"))}
    ike = {"Mode": "main", "Lifetime": str(_seconds(vpn, 28800, "IKE", "Lifetime"))}
    if ctx.options.secrets_returned:
        ike["PreSharedSecret"] = entry["PreSharedSecret"]
    own, peer = public_address(router), entry["Peer"]
    return {
        "Index": index,
        "ESP": {**common, **esp, "DHGroup": _choice(vpn, "DHGroup")},
        "IKE": {**common, **ike},
        "Peer": {"ID": entry["RemoteID"], **_side(peer, entry["Routes"])},
        "VPCRouter": {"ID": own, **_side(own, entry["LocalPrefix"])},
    }


def _side(address: str, prefixes: list[str]) -> Json:
    return {"InsideNetworks": prefixes, "OutsideIPAddress": address}


def _inside(router: Router, applied: Json) -> Iterator[IPv4Address]:
    for index, interface in enumerate(applied.get("Interfaces") or []):
        if index and interface and router.nics[index] is not None:
            yield from map(IPv4Address, addresses(interface))


def _choice(vpn: Json, name: str) -> str:
    return str(vpn.get(name) or CHOICES[name][0])


def _seconds(vpn: Json, default: int, *path: str) -> int:
    value: Any = vpn
    for key in path:
        value = (value or {}).get(key)
    return default if value is None else int(value)
