"""`Settings.Router`: what the API refuses to store, and what becomes of flags and secrets.

Source: sakura-vpcrouter-api 2.3, 2.5, 2.7 to 2.9, 6.1, 6.2.  The rules are those; that the real
server enforces each of them, and with these error codes, is unverified.  Fields that no rule names
are stored as sent.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from . import sections
from .errors import Refused
from .fields import address, prefix
from .network import usable
from .request import require
from .sections import STANDARD
from .store import SLOTS, Json

KEPT_FLAGS: Final = ("InternetConnection", "PPTPServer", "L2TPIPsecServer", "WireGuardServer")
"""Leaving these out does not turn them off."""
_SECTIONS: Final[dict[str, type | None]] = {
    "InternetConnection": None,
    "StaticNAT": list,
    "PortForwarding": list,
    "Firewall": list,
    "DHCPServer": list,
    "DHCPStaticMapping": list,
    "DNSForwarding": None,
    "PPTPServer": dict,
    "L2TPIPsecServer": dict,
    "WireGuardServer": dict,
    "RemoteAccessUsers": list,
    "SiteToSiteIPsecVPN": list,
    "StaticRoutes": list,
    "ScheduledMaintenance": None,
    "MonitoringSuite": None,
}
"""The sections, all of them objects, and what their `Config` is: a list of objects, an object, or
nothing (2.8)."""
CHOICES: Final = {
    "EncryptionAlgo": ("aes128", "aes256"),
    "HashAlgo": ("sha1", "sha256"),
    "DHGroup": ("modp1024", "modp2048", "modp3072", "modp4096"),
}
"""The first of each is what applies when the field is left out (inferred), and the only one that a
version 1 router knows (inferred)."""
MAX_ALIASES: Final = 19
_KEY: Final = re.compile(r"[A-Za-z0-9_]{1,40}")
_SECONDS: Final = (("IKE", "Lifetime"), ("IKE", "DPD", "Interval"), ("IKE", "DPD", "Timeout"))


@dataclass(frozen=True)
class Shape:
    """What the settings must fit: the router as it was created and as it is wired.

    `network` is the block on eth0 (None on a standard router), `connected` the indices of wired
    interfaces, `fixed` the settings as stored (None at creation, when eth0 is still open),
    `blank_keys` whether a pre-shared key may be empty.
    """

    plan: int
    version: int
    network: IPv4Network | None
    connected: frozenset[int]
    fixed: Json | None = None
    blank_keys: bool = False


def check(router: Json, shape: Shape) -> None:
    """Raise `Refused` for the first thing that cannot be stored."""
    check_sections(router)
    _check_flags(router, "Settings.Router")
    _check_interfaces(router, shape)
    sections.check(router, shape.plan)
    _check_vpn(router.get("SiteToSiteIPsecVPN") or {}, shape)


def check_sections(router: Json) -> None:
    """Refuse an empty object, and sections that are not built as they must be."""
    if not router:
        raise Refused("missing_param", "Settings.Router")
    for name, kind in _SECTIONS.items():
        section = router.get(name)
        if section is None:
            continue
        if not isinstance(section, dict):
            raise Refused("invalid_format", name)
        config = section.get("Config")
        if kind and config is not None and not isinstance(config, kind):
            raise Refused("invalid_format", f"{name}.Config")
        if isinstance(config, list) and not all(isinstance(each, dict) for each in config):
            raise Refused("invalid_format", f"{name}.Config")


def settings_hash(settings: Json) -> str:
    """`SettingsHash`: 32 hexadecimal digits; how the real one is made is unverified."""
    text = json.dumps(settings, sort_keys=True, ensure_ascii=False)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def keep_flags(new: Json, old: Json) -> None:
    """Carry over the sections that do not go by being left out."""
    for name in KEPT_FLAGS:
        if name in old and name not in new:
            new[name] = deepcopy(old[name])


def trim_interfaces(router: Json) -> None:
    """The list ends with the highest interface in use."""
    interfaces = router.get("Interfaces")
    while interfaces and interfaces[-1] is None:
        interfaces.pop()


def without_secrets(settings: Json) -> Json:
    """A copy as the announced API will answer: no keys, no passwords."""
    copy = deepcopy(settings)
    for _, holder, key in _secrets(copy.get("Router") or {}):
        holder.pop(key, None)
    return copy


def fill_secrets(new: Json, old: Json, *, kept: bool) -> None:
    """Put something where a secret was left out: the stored one if `kept`, else nothing at all."""
    known = {owner: holder.get(key) for owner, holder, key in _secrets(old)}
    for owner, holder, key in _secrets(new):
        if not holder.get(key):
            value = known.get(owner) if kept else ""
            if value is not None:
                holder[key] = value


def addresses(interface: Json) -> list[str]:
    """All addresses of one interface, the real ones first."""
    virtual = interface.get("VirtualIPAddress")
    return [*(interface.get("IPAddress") or []), *([virtual] if virtual else [])]


def _secrets(router: Json) -> Iterator[tuple[str, Json, str]]:
    """Every place of a secret: whose it is, the object that holds it, and its key there."""
    for entry in (router.get("SiteToSiteIPsecVPN") or {}).get("Config") or []:
        yield f"peer {entry.get('Peer')}", entry, "PreSharedSecret"
    for entry in (router.get("RemoteAccessUsers") or {}).get("Config") or []:
        yield f"user {entry.get('UserName')}", entry, "Password"
    l2tp = (router.get("L2TPIPsecServer") or {}).get("Config")
    if l2tp:
        yield "l2tp", l2tp, "PreSharedSecret"


def _check_flags(thing: Any, where: str) -> None:
    if isinstance(thing, list):
        for index, each in enumerate(thing):
            _check_flags(each, f"{where}[{index}]")
    elif isinstance(thing, dict):
        if thing.get("Enabled", "True") not in ("True", "False"):
            raise Refused("invalid_format", f"{where}.Enabled")
        for key, each in thing.items():
            _check_flags(each, f"{where}.{key}")


def _check_interfaces(router: Json, shape: Shape) -> None:
    interfaces = router.get("Interfaces") or []
    if not isinstance(interfaces, list) or len(interfaces) > SLOTS:
        raise Refused("invalid_format", "Interfaces")
    if shape.plan != STANDARD:
        # On a standard router, options of the other plans are silently ignored (pitfall 13).
        _check_outside(router, interfaces, shape)
    for index, interface in enumerate(interfaces[1:], 1):
        if interface is not None:
            where = f"Interfaces[{index}]"
            if not isinstance(interface, dict):
                raise Refused("invalid_format", where)
            if index not in shape.connected:
                raise Refused("param_res_not_found", where)
            _check_inside(interface, shape, where)


def _check_outside(router: Json, interfaces: list[Any], shape: Shape) -> None:
    where = "Interfaces[0]"
    vrid = require(router, "VRID", int, "")
    if not 1 <= vrid <= 255:  # the range is VRRP's; the API's own is unverified
        raise Refused("invalid_range", "VRID")
    outside = require({where: interfaces[0] if interfaces else None}, where, dict, "")
    aliases = outside.get("IPAliases") or []
    if not isinstance(aliases, list):
        raise Refused("invalid_format", f"{where}.IPAliases")
    if len(aliases) > MAX_ALIASES:
        raise Refused("invalid_range", f"{where}.IPAliases")
    network = shape.network
    assert network is not None, "a router of this plan stands on a router+switch"
    if outside.get("NetworkMaskLen", network.prefixlen) != network.prefixlen:
        raise Refused("invalid_range", f"{where}.NetworkMaskLen")
    every = [*_own_addresses(outside, 2, where), *(address(alias, where) for alias in aliases)]
    first, last = usable(network)
    if not all(first <= each <= last for each in every) or len(set(every)) < len(every):
        raise Refused("invalid_range", where)
    # Official tools replace a router for any of these; whether the server refuses is unverified.
    if shape.fixed and eth0(router) != eth0(shape.fixed):
        raise Refused("invalid_param_comb", where)


def eth0(router: Json) -> tuple[Any, ...]:
    """What cannot change after creation: real addresses and VIP of eth0.

    The VRID can: the official Go client's own acceptance test changes it with a `PUT`.
    """
    outside = (router.get("Interfaces") or [{}])[0] or {}
    return outside.get("IPAddress"), outside.get("VirtualIPAddress")


def _check_inside(interface: Json, shape: Shape, where: str) -> None:
    length = require(interface, "NetworkMaskLen", int, where)
    if not 16 <= length <= 29:
        raise Refused("invalid_range", f"{where}.NetworkMaskLen")
    if interface.get("IPAliases"):
        raise Refused("invalid_param_comb", f"{where}.IPAliases")
    own = _own_addresses(interface, 1 if shape.plan == STANDARD else 2, where)
    networks = {IPv4Network((int(each), length), strict=False) for each in own}
    ends = {end for each in networks for end in (each.network_address, each.broadcast_address)}
    if len(networks) > 1 or len(set(own)) < len(own) or ends & set(own):
        raise Refused("invalid_range", where)


def _own_addresses(interface: Json, count: int, where: str) -> list[IPv4Address]:
    """The real addresses, `count` of them, and the VIP where there are two."""
    real = require(interface, "IPAddress", list, where)
    if len(real) != count:
        raise Refused("invalid_param_comb", f"{where}.IPAddress")
    if count == 1:
        return [address(real[0], f"{where}.IPAddress")]
    virtual = require(interface, "VirtualIPAddress", str, where)
    return [address(each, where) for each in (*real, virtual)]


def _check_vpn(vpn: Json, shape: Shape) -> None:
    where = "SiteToSiteIPsecVPN"
    for name, known in CHOICES.items():
        value = vpn.get(name)
        if value is not None and value not in known:
            raise Refused("invalid_format", f"{where}.{name}")
        if value is not None and shape.version == 1 and value != known[0]:
            raise Refused("invalid_param_comb", f"{where}.{name}")
    for path in (*_SECONDS, ("ESP", "Lifetime")):
        _check_seconds(vpn, path, where)
    peers = vpn.get("Config") or []
    for index, peer in enumerate(peers):
        _check_peer(peer, shape, f"{where}.Config[{index}]")
    if len({peer["Peer"] for peer in peers}) < len(peers):
        raise Refused("invalid_param_comb", f"{where}.Config")


def _check_seconds(vpn: Json, path: tuple[str, ...], where: str) -> None:
    """Whole seconds above zero, a number and not a text; the real ranges are unverified."""
    value: Any = vpn
    for key in path:
        if not isinstance(value, dict):
            raise Refused("invalid_format", where)
        where, value = f"{where}.{key}", value.get(key)
        if value is None:
            return
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused("invalid_format", where)
    if value < 1:
        raise Refused("invalid_range", where)


def _check_peer(peer: Json, shape: Shape, where: str) -> None:
    address(require(peer, "Peer", str, where), f"{where}.Peer")
    if not require(peer, "RemoteID", str, where):
        raise Refused("missing_param", f"{where}.RemoteID")
    key = require(peer, "PreSharedSecret", str, where)
    if not _KEY.fullmatch(key) and not (shape.blank_keys and key == ""):
        raise Refused("invalid_format", f"{where}.PreSharedSecret")
    for name in ("Routes", "LocalPrefix"):
        prefixes = require(peer, name, list, where)
        if not prefixes:
            raise Refused("missing_param", f"{where}.{name}")
        for each in prefixes:
            _check_prefix(each, f"{where}.{name}")


def _check_prefix(text: Any, where: str) -> None:
    if prefix(text, where).prefixlen < 8:
        raise Refused("invalid_range", where)
