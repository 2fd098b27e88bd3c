"""The settings of a VPC router through the API, its peers and what it says about them.

Stored and applied are two things: `PUT appliance/{id}` stores, `PUT appliance/{id}/config` makes
it so (sakura-vpcrouter-api 2.6, pitfall 1).

Source: sakura-vpcrouter-api 2.5, 2.6, 5.1, 5.2, 5.4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal
from urllib.parse import quote

from ..clock import Clock
from ..errors import ApiError
from .api import Client, is_missing
from .objects import part
from .owned import ROUTER, existing, read
from .router import Json, OmittedSecrets, peer_of, same_address, with_peer, without_peer
from .waiting import pauses

_HASH_PATIENCE: Final = 60.0  # seconds in which somebody else may keep being faster


def change_settings(
    client: Client,
    router_id: str,
    change: Callable[[object], Json],
    clock: Clock,
    *,
    patience: float = 0.0,
) -> Json:
    """Read the settings, store what `change` makes of them; again if somebody was faster.

    Returns what was stored.

    `patience` is how many seconds any refusal is tried again: after a change of the interfaces the
    API refuses for a while, and with which error is unverified (pitfall 5).
    Raises `ApiError`; then nothing is stored.
    """
    start = clock.now()
    for pause in pauses():
        appliance = existing(client, ROUTER, router_id)
        changed = change(appliance.get("Settings"))
        body: Json = {"Settings": changed}
        if appliance.get("SettingsHash"):
            body["SettingsHash"] = appliance["SettingsHash"]
        try:
            client.put(f"appliance/{router_id}", {"Appliance": body})
        except ApiError as error:
            beaten = error.code == "original_hash_mismatch"
            if clock.now() - start + pause > (_HASH_PATIENCE if beaten else patience):
                raise
        else:
            return changed
        clock.wait(pause)
    raise AssertionError("the pauses do not end")


def apply_settings(client: Client, router_id: str) -> None:
    """Make the stored settings the ones in force."""
    client.put(f"appliance/{router_id}/config")


def write_peer(
    client: Client,
    router_id: str,
    values: Mapping[str, Any],
    key: str,
    clock: Clock,
    *,
    omitted_secrets: OmittedSecrets = "refuse",
) -> None:
    """Store this peer (see `router.with_peer`), apply at once, read it again: four calls, no pause.

    Always writes and applies, also if the answer shows the wanted values already: they may be
    stored without being in force, and a key is never compared with an answer.
    Raises `ApiError` also if somebody else's write replaced ours (see `_confirm`).
    """

    def change(settings: object) -> Json:
        return with_peer(settings, values, key, omitted_secrets=omitted_secrets)

    stored = change_settings(client, router_id, change, clock)
    apply_settings(client, router_id)
    peer = str(values["peer"])
    _confirm(client, router_id, peer, peer_of(stored, peer))


def remove_peer(
    client: Client,
    router_id: str,
    peer: str,
    clock: Clock,
    *,
    omitted_secrets: OmittedSecrets = "refuse",
) -> None:
    """Take this peer out and apply; a peer or a router that is gone already is no error.

    Raises `ApiError` also if somebody else's write brought it back (see `_confirm`).
    """
    appliance = read(client, ROUTER, router_id)
    if appliance is None:
        return
    there = peer_of(appliance.get("Settings"), peer) is not None
    if there:

        def change(settings: object) -> Json:
            return without_peer(settings, peer, omitted_secrets=omitted_secrets)

        change_settings(client, router_id, change, clock)
    apply_settings(client, router_id)  # an earlier try may have ended before this
    if there:
        _confirm(client, router_id, peer, None)


def _confirm(client: Client, router_id: str, peer: str, stored: Json | None) -> None:
    """Raise `ApiError` if this peer does not stand as it was stored (None: taken out).

    Whether the API enforces `SettingsHash` is unverified.  If it does not, a writer who read
    before our write replaces it unseen; reading again is the only sign.  One who writes after
    this look shows at the next refresh.
    """
    found = read_peer(client, router_id, peer)
    if found == stored:
        return
    if found and stored:
        different = ", ".join(name for name in stored if found[name] != stored[name])
        state = f"its entry has other values than were stored: {different}"
    else:
        state = "its entry is gone" if stored else "its entry, taken out, is back"
    raise ApiError(
        f"somebody else's write to the VPC router {router_id} replaced ours",
        attempted=f"change the site-to-site peer {peer}",
        state=state,
        remedy="let nobody else change this router meanwhile, then run it again",
    )


def read_peer(client: Client, router_id: str, peer: str) -> Json | None:
    """The stored values of this peer, without its key; None if it or the router is gone."""
    appliance = read(client, ROUTER, router_id)
    return None if appliance is None else peer_of(appliance.get("Settings"), peer)


def peer_status(client: Client, router_id: str, peer: str) -> Literal["UP", "DOWN"] | None:
    """What the router believes about this peer; `UP` proves no traffic.

    None while it does not say: after a start or a change for a minute or two (pitfall 6), or
    switched off.  Words other than `UP` are unverified and read as `DOWN`.
    """
    try:
        router = part(client.get(f"appliance/{router_id}/status"), "Router")
    except ApiError as error:
        if error.status != 409 and not is_missing(error):
            raise
        return None
    for entry in router.get("SiteToSiteIPsecVPNPeers") or []:
        if same_address(entry.get("Peer"), peer):
            return "UP" if str(entry.get("Status")).upper() == "UP" else "DOWN"
    return None


def ping(client: Client, router_id: str, destination: str) -> list[str]:
    """The output lines of a ping sent by the router; from which address it pings is unverified."""
    answer = client.post(f"appliance/{router_id}/vpcrouter/ping/{quote(destination, safe='')}")
    return [str(line) for line in answer.get("Result") or []]


def restart_vpn(client: Client, router_id: str) -> None:
    """Start all key exchanges of the router anew ("VPN再接続" in the control panel).

    Unverified: that this call is what the button does, and that it takes all peers.
    """
    client.put(f"appliance/{router_id}/vpcrouter/restartvpn")
