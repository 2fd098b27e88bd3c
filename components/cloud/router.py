"""The settings of a VPC router: read, change our part, write back, nothing foreign lost.  Pure.

`settings` is always what stands under `Appliance.Settings` in an answer; every function leaves it
as it is and gives a changed copy.  The API replaces the whole of `Settings.Router` on a write, so
everything that was read goes back, fields that this module has never heard of included.

`values` is one peer as plain data (it is a Pulumi input)::

    peer, remoteId, routes, localPrefixes, encryption, hash, dhGroup,
    ikeLifetime, espLifetime, dpdInterval, dpdTimeout     (times in seconds)

Source: sakura-vpcrouter-api 2.5, 2.8, 2.9 and pitfalls 11, 14, 16.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final, Literal

from ..errors import ApiError
from ..ipsec import Agreement

Json = dict[str, Any]
OmittedSecrets = Literal["refuse", "kept"]

# name in `values` -> where it stands under SiteToSiteIPsecVPN, and what holds where the API says
# nothing: the published values of 2020, all that a version 1 router knows.  What a version 2
# router takes when the three algorithms are left out is unverified; we always write all of them.
_PARAMETERS: Final[dict[str, tuple[tuple[str, ...], str | int]]] = {
    "encryption": (("EncryptionAlgo",), "aes128"),
    "hash": (("HashAlgo",), "sha1"),
    "dhGroup": (("DHGroup",), "modp1024"),
    "ikeLifetime": (("IKE", "Lifetime"), 28800),
    "espLifetime": (("ESP", "Lifetime"), 1800),
    "dpdInterval": (("IKE", "DPD", "Interval"), 15),
    "dpdTimeout": (("IKE", "DPD", "Timeout"), 30),
}

# Only the two words are taken for these; left out, they keep their old value (pitfall 14).
_EXPLICIT_FLAGS: Final = (
    "InternetConnection",
    "PPTPServer",
    "L2TPIPsecServer",
    "WireGuardServer",
)


def vpn_values(agreement: Agreement) -> Json:
    """The agreement in the words of the cloud end."""
    return {
        "peer": str(agreement.office_address),
        "remoteId": str(agreement.office_identity),
        "routes": [str(agreement.office_prefix)],
        "localPrefixes": [str(agreement.cloud_prefix)],
        "encryption": agreement.proposal.encryption,
        "hash": agreement.proposal.hash,
        "dhGroup": agreement.proposal.dh_group,
        "ikeLifetime": agreement.ike_lifetime,
        "espLifetime": agreement.esp_lifetime,
        "dpdInterval": agreement.dpd.interval,
        "dpdTimeout": agreement.dpd.timeout,
    }


def with_peer(
    settings: object,
    values: Mapping[str, Any],
    key: str,
    *,
    omitted_secrets: OmittedSecrets = "refuse",
) -> Json:
    """The settings with this peer in them: its entry changed in place, or added at the end.

    The parameters (algorithms, lifetimes, DPD) are common to all peers of a router and are
    written too.  Raises `ApiError` if a secret that is not ours is missing (see `writable`).
    """
    changed = writable(settings, ours=values["peer"], omitted_secrets=omitted_secrets)
    vpn = _section(changed["Router"], "SiteToSiteIPsecVPN")
    entry = _entry(vpn, values["peer"])
    if entry is None:
        entry = {}
        vpn["Config"] = [*_list(vpn.get("Config")), entry]
    entry.update(
        Peer=values["peer"],
        RemoteID=values["remoteId"],
        PreSharedSecret=key,
        Routes=list(values["routes"]),
        LocalPrefix=list(values["localPrefixes"]),
    )
    vpn["Enabled"] = "True"
    for name, (path, default) in _PARAMETERS.items():
        # Numbers come back from Pulumi as floats; the API wants whole ones.
        _put(vpn, path, type(default)(values[name]))
    return changed


def without_peer(
    settings: object, peer_address: str, *, omitted_secrets: OmittedSecrets = "refuse"
) -> Json:
    """The settings without this peer; other peers and all parameters stay.

    Site-to-site VPN is switched off with the last peer.  Raises `ApiError` as `with_peer` does.
    """
    changed = writable(settings, ours=peer_address, omitted_secrets=omitted_secrets)
    vpn = _object(changed["Router"].get("SiteToSiteIPsecVPN"))
    entry = _entry(vpn, peer_address)
    if entry is not None:
        vpn["Config"] = [other for other in _list(vpn["Config"]) if other is not entry]
        if not vpn["Config"]:
            vpn["Enabled"] = "False"
    return changed


def peer_of(settings: object, peer_address: str) -> Json | None:
    """This peer as `values`, without its key; None if there is no such peer.

    Prefixes are sorted and parameters that the answer leaves out are filled in, because neither
    their order nor a default of the server is a difference.
    """
    vpn = _object(_router(settings).get("SiteToSiteIPsecVPN"))
    entry = _entry(vpn, peer_address)
    if entry is None:
        return None
    return {
        "peer": str(entry["Peer"]).strip(),
        "remoteId": str(entry.get("RemoteID") or ""),
        "routes": _prefixes(entry.get("Routes")),
        "localPrefixes": _prefixes(entry.get("LocalPrefix")),
        **{
            name: type(default)(_get(vpn, path) or default)
            for name, (path, default) in _PARAMETERS.items()
        },
    }


def lan_of(settings: object, index: int) -> Json | None:
    """What the settings say about interface ethN (0 is the public side); None if it is unused."""
    interfaces = _list(_router(settings).get("Interfaces"))
    interface = interfaces[index] if index < len(interfaces) else None
    return copy.deepcopy(interface) if isinstance(interface, dict) else None


def with_lan(
    settings: object,
    index: int,
    *,
    vip: str,
    addresses: Sequence[str],
    prefix_length: int,
    omitted_secrets: OmittedSecrets = "refuse",
) -> Json:
    """The settings with private interface `index` (1 to 7) addressed so.

    `addresses` are those of the two nodes; the standard plan has one node and no VIP ("").
    Raises `ApiError` if a secret is missing (see `writable`).
    """
    changed = writable(settings, omitted_secrets=omitted_secrets)
    router = changed["Router"]
    # The place in this list is the interface's number: holes are null, never closed.
    interfaces = list(_list(router.get("Interfaces")))
    interfaces += [None] * (index + 1 - len(interfaces))
    interfaces[index] = {
        **_object(interfaces[index]),
        "IPAddress": list(addresses),
        **({"VirtualIPAddress": vip} if vip else {}),
        "NetworkMaskLen": prefix_length,
    }
    router["Interfaces"] = interfaces
    return changed


def writable(
    settings: object, *, ours: str | None = None, omitted_secrets: OmittedSecrets = "refuse"
) -> Json:
    """A copy of the settings that may be written back.

    It differs from what was read only where the API would refuse, or misread, its own answer.
    `ours` is the address of the peer that is about to be written with its key, or taken out.

    Raises `ApiError` that names the entries, if the answer leaves out secrets that are not ours:
    to write them back without might erase them.  With `omitted_secrets="kept"` the user states
    that the API keeps what is left out; an empty secret is then left out as well.
    """
    changed = {**copy.deepcopy(_object(settings)), "Router": copy.deepcopy(_router(settings))}
    lacking = list(_lacking_secrets(changed["Router"], ours))
    if lacking and omitted_secrets != "kept":
        names = ", ".join(name for name, _, _ in lacking)
        raise ApiError(
            f"the API left out secrets that are not this stack's: {names}",
            attempted="change the settings of the VPC router",
            state="nothing was written: to write the settings without them could erase them",
            remedy="if the API keeps secrets that are left out, set cloud.omitted_secrets: kept",
        )
    for _, entry, secret in lacking:
        entry.pop(secret, None)
    _make_explicit(changed["Router"])
    return changed


def _lacking_secrets(router: Json, ours: str | None) -> Iterator[tuple[str, Json, str]]:
    """Name, entry and field of each secret that is missing or blank and is not ours."""
    places: list[tuple[str, Json, str]] = [
        (f"site-to-site peer {entry.get('Peer')}", entry, "PreSharedSecret")
        for entry in _entries(router.get("SiteToSiteIPsecVPN"))
        if ours is None or not same_address(entry.get("Peer"), ours)
    ]
    places += [
        (f"remote access user {entry.get('UserName')}", entry, "Password")
        for entry in _entries(router.get("RemoteAccessUsers"))
    ]
    l2tp = _object(router.get("L2TPIPsecServer"))
    config = _object(l2tp.get("Config"))
    if _is_on(l2tp.get("Enabled")) or any(config.values()):
        places.append(("L2TP/IPsec server", config, "PreSharedSecret"))
    return (place for place in places if not str(place[1].get(place[2]) or "").strip())


def _make_explicit(router: Json) -> None:
    for name in _EXPLICIT_FLAGS:
        section = _object(router.get(name))
        # One that is left out stays left out: that keeps its value at the server.
        if section.get("Enabled") not in (None, "True", "False"):
            section["Enabled"] = "True" if _is_on(section["Enabled"]) else "False"
    wireguard = _object(_object(router.get("WireGuardServer")).get("Config"))
    if "Peers" in wireguard and wireguard["Peers"] is None:  # null is refused (pitfall 16)
        wireguard["Peers"] = []


def _router(settings: object) -> Json:
    if not isinstance(settings, dict) or not settings:
        # While a router is being made its settings are null; that is not an empty configuration.
        raise ApiError(
            "the VPC router has no settings yet",
            state="it is still being made, or its creation failed",
        )
    return _object(settings.get("Router"))


def _object(value: object) -> Json:
    """`value` itself if it is an object; null and the API's `[]` for "nothing" read as empty."""
    return value if isinstance(value, dict) else {}


def _section(router: Json, name: str) -> Json:
    section = router[name] = _object(router.get(name))
    return section


def _list(value: object) -> list[Any]:
    """`value` itself if it is a list; anything else reads as an empty one."""
    return value if isinstance(value, list) else []


def _entries(section: object) -> list[Json]:
    return [entry for entry in _list(_object(section).get("Config")) if isinstance(entry, dict)]


def _entry(vpn: Json, peer_address: str) -> Json | None:
    found = [entry for entry in _entries(vpn) if same_address(entry.get("Peer"), peer_address)]
    if len(found) > 1:
        raise ApiError(
            f"the VPC router has {len(found)} site-to-site peers with the address {peer_address}",
            state="which of them is meant cannot be told; nothing was written",
            remedy="remove the others in the control panel",
        )
    return found[0] if found else None


def same_address(a: object, b: object) -> bool:
    """Whether two texts are one IPv4 address."""
    try:
        return IPv4Address(str(a).strip()) == IPv4Address(str(b).strip())
    except ValueError:
        return a == b


def _is_on(flag: object) -> bool:
    return str(flag).lower() in ("true", "on", "1")


def _prefixes(value: object) -> list[str]:
    def key(text: str) -> tuple[int, int, str]:
        try:
            prefix = IPv4Network(text)
        except ValueError:  # shown as it is: it is what stands there
            return (1 << 32, 0, text)
        return (int(prefix.network_address), prefix.prefixlen, text)

    return sorted((str(v).strip() for v in _list(value)), key=key)


def _get(tree: Json, path: tuple[str, ...]) -> Any:
    value: object = tree
    for name in path:
        value = _object(value).get(name)
    return value


def _put(tree: Json, path: tuple[str, ...], value: object) -> None:
    for name in path[:-1]:
        tree = _section(tree, name)
    tree[path[-1]] = value
