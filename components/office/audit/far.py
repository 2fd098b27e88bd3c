"""The far end as an audit compares with it: a VPC router's settings, or its published values.

Pure.  Sources: sakura-vpcrouter-api 2.9 and 6.1 (fields, values of older routers), rtx-cli 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from ... import ipsec
from ...errors import Problem, SpecError


def _words(table: dict[str, ipsec.Choice]) -> dict[str, str]:
    """The VPC router's words -> what an RTX calls the same in phase 1 and in a policy."""
    return {name: table[name].office for name in ipsec.choices(table)}


ENCRYPTION: Final = _words(ipsec.ENCRYPTION)
HASH: Final = _words(ipsec.HASH)
GROUPS: Final = tuple(ipsec.choices(ipsec.DH_GROUP))


@dataclass(frozen=True)
class Entry:
    """One peer entry of the VPC router; `key` is None where the API did not return it."""

    peer: str
    remote_id: str
    office_prefixes: tuple[IPv4Network, ...]
    cloud_prefixes: tuple[IPv4Network, ...]
    key: str | None = field(repr=False)


@dataclass(frozen=True)
class FarEnd:
    """What the far end has; None or empty where it is not known and anything published will do."""

    address: IPv4Address | None = None
    encryption: str | None = None
    hash: str | None = None
    dh_group: str | None = None
    ike_lifetime: int = 28800
    esp_lifetime: int = 1800
    dpd: tuple[int, int] = (15, 30)
    entries: tuple[Entry, ...] = ()
    receive_rules: tuple[Mapping[str, Any], ...] = ()
    enabled: bool = True

    @property
    def known(self) -> bool:
        """Whether it is a real router, not the published values."""
        return self.address is not None


PUBLISHED: Final = FarEnd()


def far_end(body: Mapping[str, Any]) -> FarEnd:
    """Read the body of `GET appliance/ID`, or of a list that holds one appliance.

    Raises `SpecError` if it is none of a VPC router with site-to-site VPN.
    """
    try:
        listed = body.get("Appliances")
        return _read(listed[0] if listed and len(listed) == 1 else body["Appliance"])
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        missing = f"nothing under {error}" if isinstance(error, KeyError) else "another shape"
        found = f"{missing} (has its creation ended? are its settings in it?)"
        allowed = "the body of `GET appliance/ID` of a VPC router with site-to-site VPN"
        raise SpecError([Problem("Appliance", found, allowed)], source="--cloud") from None


def _read(appliance: Mapping[str, Any]) -> FarEnd:
    settings = appliance["Settings"]["Router"]
    vpn = settings["SiteToSiteIPsecVPN"]
    ike, esp = vpn.get("IKE") or {}, vpn.get("ESP") or {}
    dpd = ike.get("DPD") or {}
    firewall = settings.get("Firewall") or {}
    rules = (firewall.get("Config") or [None])[0] or {}
    return FarEnd(
        address=_address(appliance, settings),
        encryption=vpn.get("EncryptionAlgo") or "aes128",
        hash=vpn.get("HashAlgo") or "sha1",
        dh_group=vpn.get("DHGroup") or "modp1024",
        ike_lifetime=int(ike.get("Lifetime") or 28800),
        esp_lifetime=int(esp.get("Lifetime") or 1800),
        dpd=(int(dpd.get("Interval") or 15), int(dpd.get("Timeout") or 30)),
        entries=tuple(_entry(each) for each in vpn.get("Config") or []),
        receive_rules=tuple(rules.get("Receive") or []) if _is_on(firewall) else (),
        enabled=_is_on(vpn),
    )


def _is_on(section: Mapping[str, Any]) -> bool:
    """Flags are the strings True and False; a section without one is in force."""
    return str(section.get("Enabled", "True")).lower() != "false"


def _address(appliance: Mapping[str, Any], settings: Mapping[str, Any]) -> IPv4Address:
    """The VIP of eth0; on a standard router the address of its shared segment."""
    first = (settings.get("Interfaces") or [None])[0] or {}
    if first.get("VirtualIPAddress"):
        return IPv4Address(first["VirtualIPAddress"])
    return IPv4Address(appliance["Interfaces"][0]["IPAddress"])


def _entry(config: Mapping[str, Any]) -> Entry:
    return Entry(
        peer=str(config["Peer"]),
        remote_id=str(config.get("RemoteID") or config["Peer"]),
        office_prefixes=_networks(config.get("Routes")),
        cloud_prefixes=_networks(config.get("LocalPrefix")),
        key=config.get("PreSharedSecret") or None,
    )


def _networks(texts: Any) -> tuple[IPv4Network, ...]:
    return tuple(IPv4Network(text, strict=False) for text in texts or ())
