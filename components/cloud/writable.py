"""What was read of a VPC router's settings, made fit to be written back.  Pure.

The API replaces the whole of `Settings.Router` on a write, so everything that was read goes back,
fields that nobody here has heard of included.

Source: sakura-vpcrouter-api 2.5, 2.8 and pitfalls 11, 14, 16.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Final, Literal

from ..errors import ApiError
from .tree import Json, as_object, entries, is_on, router_of, same_address

OmittedSecrets = Literal["refuse", "kept"]

# Only the two words are taken for these; left out, they keep their old value (pitfall 14).
_EXPLICIT_FLAGS: Final = (
    "InternetConnection",
    "PPTPServer",
    "L2TPIPsecServer",
    "WireGuardServer",
)


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
    router = copy.deepcopy(router_of(settings))
    changed = {**copy.deepcopy(as_object(settings)), "Router": router}
    lacking = list(_lacking_secrets(router, ours))
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
    _make_explicit(router)
    return changed


def _lacking_secrets(router: Json, ours: str | None) -> Iterator[tuple[str, Json, str]]:
    """Name, entry and field of each secret that is not shown and is not ours."""
    places: list[tuple[str, Json, str]] = [
        (f"site-to-site peer {entry.get('Peer')}", entry, "PreSharedSecret")
        for entry in entries(router.get("SiteToSiteIPsecVPN"))
        if ours is None or not same_address(entry.get("Peer"), ours)
    ]
    places += [
        (f"remote access user {entry.get('UserName')}", entry, "Password")
        for entry in entries(router.get("RemoteAccessUsers"))
    ]
    l2tp = as_object(router.get("L2TPIPsecServer"))
    config = as_object(l2tp.get("Config"))
    if is_on(l2tp.get("Enabled")) or any(config.values()):
        places.append(("L2TP/IPsec server", config, "PreSharedSecret"))
    return (place for place in places if not shown_secret(place[1], place[2]))


def shown_secret(entry: Json, name: str) -> str:
    """The secret in an entry; "" where it is missing, blank, or nothing but asterisks.

    That the API will show asterisks one day is unverified; written back, they would be the key.
    """
    secret = str(entry.get(name) or "").strip()
    return secret if secret.strip("*") else ""


def _make_explicit(router: Json) -> None:
    for name in _EXPLICIT_FLAGS:
        flagged = as_object(router.get(name))
        # One that is left out stays left out: that keeps its value at the server.
        if flagged.get("Enabled") not in (None, "True", "False"):
            flagged["Enabled"] = "True" if is_on(flagged["Enabled"]) else "False"
    wireguard = as_object(as_object(router.get("WireGuardServer")).get("Config"))
    if "Peers" in wireguard and wireguard["Peers"] is None:  # null is refused (pitfall 16)
        wireguard["Peers"] = []
