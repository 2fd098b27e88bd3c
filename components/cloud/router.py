"""The site-to-site peers in the settings of a VPC router: our entry, everybody's parameters.  Pure.

`settings` is always what stands under `Appliance.Settings` in an answer; every function leaves it
as it is and gives a changed copy, in which everything that is not ours is as it was read.

`values` is one peer as plain data (it is a Pulumi input)::

    peer, remoteId, routes, localPrefixes, encryption, hash, dhGroup,
    ikeLifetime, espLifetime, dpdInterval, dpdTimeout     (times in seconds)

From `encryption` on they are common to all peers of a router.

Source: sakura-vpcrouter-api 2.5, 2.8, 2.9.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final, Literal

from ..errors import ApiError
from ..ipsec import Agreement, DeadPeerDetection, Proposal
from .interfaces import lan_of, with_lan
from .tree import (
    Json,
    as_list,
    as_object,
    entries,
    get,
    put,
    router_of,
    same_address,
    section,
)
from .writable import OmittedSecrets, shown_secret, writable

__all__ = [
    "SHARED",
    "Json",
    "OmittedSecrets",
    "Parameters",
    "SharedParameters",
    "agreement_of",
    "key_of",
    "lan_of",
    "other_peers",
    "parameters_of",
    "parameters_to_write",
    "peer_of",
    "same_address",
    "vpn_values",
    "with_lan",
    "with_peer",
    "without_peer",
    "writable",
]

Parameters = Literal["own", "shared", "change"]
"""Whose the router-wide parameters are: `own`, this stack made the router, and writes them as long
as no other peer would change with it; `shared`, they are another's and must agree; `change`, the
user consents to change them for all peers."""

# name in `values` -> where it stands under SiteToSiteIPsecVPN, and what holds where the API says
# nothing: the published values of 2020, all that a version 1 router knows.  What a version 2
# router takes when the three algorithms are left out is unverified.
_PARAMETERS: Final[dict[str, tuple[tuple[str, ...], str | int]]] = {
    "encryption": (("EncryptionAlgo",), "aes128"),
    "hash": (("HashAlgo",), "sha1"),
    "dhGroup": (("DHGroup",), "modp1024"),
    "ikeLifetime": (("IKE", "Lifetime"), 28800),
    "espLifetime": (("ESP", "Lifetime"), 1800),
    "dpdInterval": (("IKE", "DPD", "Interval"), 15),
    "dpdTimeout": (("IKE", "DPD", "Timeout"), 30),
}


SHARED: Final = frozenset(_PARAMETERS)
"""The names in `values` that all peers of a router have in common."""


class SharedParameters(ApiError):
    """A site wants other router-wide parameters than other peers of the router live with."""


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


def agreement_of(values: Mapping[str, Any], cloud_address: IPv4Address | None = None) -> Agreement:
    """`vpn_values` read backwards, with the VIP if it is known.

    Raises `KeyError`, `IndexError`, `TypeError` or `ValueError` for what is no whole peer.
    """
    return Agreement(
        office_address=IPv4Address(values["peer"]),
        office_identity=IPv4Address(values["remoteId"]),
        office_prefix=IPv4Network(values["routes"][0]),
        cloud_prefix=IPv4Network(values["localPrefixes"][0]),
        cloud_address=cloud_address,
        proposal=Proposal(values["encryption"], values["hash"], values["dhGroup"]),
        ike_lifetime=values["ikeLifetime"],
        esp_lifetime=values["espLifetime"],
        dpd=DeadPeerDetection(values["dpdInterval"], values["dpdTimeout"]),
    )


def with_peer(
    settings: object,
    values: Mapping[str, Any],
    key: str,
    *,
    omitted_secrets: OmittedSecrets = "refuse",
    parameters: Parameters = "own",
) -> Json:
    """The settings with this peer in them: its entry changed in place, or added at the end.

    The parameters (algorithms, lifetimes, DPD) are common to all peers of a router: see
    `Parameters` for when they are written.  Raises `SharedParameters` if they would have to be
    and must not, `ApiError` if a secret that is not ours is missing (see `writable`).
    """
    ours = str(values["peer"])
    written = parameters_to_write(settings, values, parameters)
    changed = writable(settings, ours=ours, omitted_secrets=omitted_secrets)
    vpn = section(changed["Router"], "SiteToSiteIPsecVPN")
    entry = _entry(vpn, ours)
    if entry is None:
        entry = {}
        vpn["Config"] = [*as_list(vpn.get("Config")), entry]
    entry.update(
        Peer=values["peer"],
        RemoteID=values["remoteId"],
        PreSharedSecret=key,
        Routes=list(values["routes"]),
        LocalPrefix=list(values["localPrefixes"]),
    )
    vpn["Enabled"] = "True"
    for name in written:
        path, default = _PARAMETERS[name]
        # Numbers come back from Pulumi as floats; the API wants whole ones.
        put(vpn, path, type(default)(values[name]))
    return changed


def parameters_to_write(
    settings: object, values: Mapping[str, Any], whose: Parameters
) -> tuple[str, ...]:
    """The names of the parameters that are to be written with this peer: all, or none.

    Raises `SharedParameters` if they would have to be and must not.
    """
    stand = parameters_of(settings)
    differing = {
        name: (stand[name], values[name])
        for name, (_, default) in _PARAMETERS.items()
        if stand[name] != type(default)(values[name])
    }
    others = other_peers(settings, str(values["peer"]))
    alone = not others and not any(
        get(as_object(router_of(settings).get("SiteToSiteIPsecVPN")), path) is not None
        for path, _ in _PARAMETERS.values()
    )
    if whose == "change" or alone or (whose == "own" and not others):
        return tuple(_PARAMETERS)
    if not differing:
        return ()  # a field that the others' router never had is not added to it either
    pairs = "; ".join(f"{name} is {has}, wanted {want}" for name, (has, want) in differing.items())
    raise SharedParameters(
        f"all peers of a VPC router share algorithms, lifetimes and DPD: {pairs}",
        attempted=f"write the site-to-site peer {values['peer']}",
        state=f"nothing was written; other peers of the router: {', '.join(others) or 'none now'}",
        remedy="give `ipsec` of the site file the router's values; or change them for all peers: "
        "cloud.shared_parameters: change here, then `ipsec` in the site file of each other peer",
    )


def parameters_of(settings: object) -> Json:
    """The parameters that are common to all peers, by their names in `values`.

    What the answer leaves out reads as the published values of 2020.
    """
    vpn = as_object(router_of(settings).get("SiteToSiteIPsecVPN"))
    return {
        name: type(default)(get(vpn, path) or default)
        for name, (path, default) in _PARAMETERS.items()
    }


def other_peers(settings: object, ours: str) -> list[str]:
    """The addresses of the peers that are not ours, in order."""
    vpn = router_of(settings).get("SiteToSiteIPsecVPN")
    addresses = [str(entry.get("Peer") or "").strip() for entry in entries(vpn)]
    return sorted(address for address in addresses if not same_address(address, ours))


def renamed(settings: object, old: str, new: str) -> Json:
    """The settings with the peer of the address `old` under the address `new`; the former goes if
    there are both, and nothing changes if `old` is empty or not there."""
    changed = {**as_object(settings), "Router": copy.deepcopy(router_of(settings))}
    vpn = as_object(changed["Router"].get("SiteToSiteIPsecVPN"))
    entry = _entry(vpn, old) if old and not same_address(old, new) else None
    if entry is None:
        return changed
    if _entry(vpn, new) is None:
        entry["Peer"] = new
    else:
        vpn["Config"] = [other for other in as_list(vpn["Config"]) if other is not entry]
    return changed


def without_peer(
    settings: object, peer_address: str, *, omitted_secrets: OmittedSecrets = "refuse"
) -> Json:
    """The settings without this peer; other peers and all parameters stay.

    Site-to-site VPN is switched off with the last peer.  Raises `ApiError` as `with_peer` does.
    """
    changed = writable(settings, ours=peer_address, omitted_secrets=omitted_secrets)
    vpn = as_object(changed["Router"].get("SiteToSiteIPsecVPN"))
    entry = _entry(vpn, peer_address)
    if entry is not None:
        vpn["Config"] = [other for other in as_list(vpn["Config"]) if other is not entry]
        if not vpn["Config"]:
            vpn["Enabled"] = "False"
    return changed


def peer_of(settings: object, peer_address: str) -> Json | None:
    """This peer as `values`, without its key; None if there is no such peer.

    Prefixes are sorted and parameters that the answer leaves out are filled in, because neither
    their order nor a default of the server is a difference.
    """
    entry = _entry(as_object(router_of(settings).get("SiteToSiteIPsecVPN")), peer_address)
    if entry is None:
        return None
    return {
        "peer": str(entry["Peer"]).strip(),
        "remoteId": str(entry.get("RemoteID") or ""),
        "routes": _prefixes(entry.get("Routes")),
        "localPrefixes": _prefixes(entry.get("LocalPrefix")),
        **parameters_of(settings),
    }


def key_of(settings: object, peer_address: str) -> str:
    """The key of this peer as the body has it; "" if the API leaves keys out.

    Only for telling whether what was just stored still stands: drift is never judged by it, because
    the API will stop to return keys (pitfall 11).
    """
    entry = _entry(as_object(router_of(settings).get("SiteToSiteIPsecVPN")), peer_address)
    return shown_secret(entry or {}, "PreSharedSecret")


def _entry(vpn: Json, peer_address: str) -> Json | None:
    found = [entry for entry in entries(vpn) if same_address(entry.get("Peer"), peer_address)]
    if len(found) > 1:
        raise ApiError(
            f"the VPC router has {len(found)} site-to-site peers with the address {peer_address}",
            state="which of them is meant cannot be told; nothing was written",
            remedy="remove the others in the control panel",
        )
    return found[0] if found else None


def _prefixes(value: object) -> list[str]:
    def key(text: str) -> tuple[int, int, str]:
        try:
            prefix = IPv4Network(text)
        except ValueError:  # shown as it is: it is what stands there
            return (1 << 32, 0, text)
        return (int(prefix.network_address), prefix.prefixlen, text)

    return sorted((str(v).strip() for v in as_list(value)), key=key)
