"""The settings of a VPC router through the API, its peers and what it says about them.

Stored and applied are two things: `PUT appliance/{id}` stores, `PUT appliance/{id}/config` makes
it so (sakura-vpcrouter-api 2.6, pitfall 1).

Source: sakura-vpcrouter-api 2.5, 2.6, 5.1, 5.2, 5.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import quote

from ..clock import Clock
from ..errors import ApiError
from .api import Client, is_missing
from .clashes import clash, refuse_clash
from .objects import part, power, router_state, text
from .owned import ROUTER, existing, read
from .router import (
    Json,
    OmittedSecrets,
    Parameters,
    key_of,
    other_peers,
    peer_of,
    renamed,
    same_address,
    with_peer,
    without_peer,
)
from .tree import as_list
from .waiting import pauses

_HASH_PATIENCE: Final = 60.0  # seconds in which somebody else may keep being faster
_DENIED: Final = (401, 403)
_REWRITES: Final = 4  # the first, and more while others write and the API hides whose key stands


class Stored(NamedTuple):
    """What a write stored, and the API's hash of it ("" if the answer does not say)."""

    settings: Json
    hash: str


def change_settings(
    client: Client,
    router_id: str,
    change: Callable[[object], Json],
    clock: Clock,
    *,
    patience: float = 0.0,
) -> Stored:
    """Read the settings, store what `change` makes of them; again if somebody was faster.

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
            answer = client.put(f"appliance/{router_id}", {"Appliance": body})
        except ApiError as error:
            beaten = error.code == "original_hash_mismatch"
            if clock.now() - start + pause > (_HASH_PATIENCE if beaten else patience):
                raise
        else:
            return Stored(changed, text(part(answer, "Appliance"), "SettingsHash"))
        clock.wait(pause)
    raise AssertionError("the pauses do not end")


@contextmanager
def _denied(*, first: bool) -> Iterator[None]:
    """Around a write of the settings: an API key that may not write has written nothing."""
    try:
        yield
    except ApiError as error:
        error.nothing_written = first and error.status in _DENIED
        raise


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
    parameters: Parameters = "own",
    replaces: str = "",
) -> None:
    """Store this peer (see `router.with_peer`), apply at once, read it again: four calls, no pause.

    `replaces` is the address that our entry had before, "" if it is the same.

    Always writes and applies, also if the answer shows the wanted values already: they may be
    stored without being in force, and a key is never compared with an answer.
    Raises `ApiError` also if somebody else's write replaced ours (see `_confirm`).
    """

    peer = str(values["peer"])

    def change(settings: object) -> Json:
        return with_peer(
            renamed(settings, replaces, peer),
            values,
            key,
            omitted_secrets=omitted_secrets,
            parameters=parameters,
        )

    for write in range(_REWRITES):
        with _denied(first=not write):
            stored = change_settings(client, router_id, change, clock)
        apply_settings(client, router_id)
        if _confirm(client, router_id, peer, stored):
            return
    raise _replaced(router_id, peer, "others wrote each time; whether our key stands is not known")


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
    if peer_of(appliance.get("Settings"), peer) is None:
        apply_settings(client, router_id)  # an earlier try may have ended before this
        return

    def change(settings: object) -> Json:
        return without_peer(settings, peer, omitted_secrets=omitted_secrets)

    with _denied(first=True):
        stored = change_settings(client, router_id, change, clock)
    apply_settings(client, router_id)
    _confirm(client, router_id, peer, stored)


def rival_of(client: Client, router_id: str, values: Mapping[str, Any]) -> str:
    """Another peer of the router with a prefix of the one in `values`; "" if there is none."""
    appliance = read(client, ROUTER, router_id) or {}
    _, rival = clash(appliance.get("Settings"), values)
    return rival


def foresee_removal(
    client: Client, router_id: str, peer: str, *, omitted_secrets: OmittedSecrets = "refuse"
) -> None:
    """Raise now, with nothing written, what `remove_peer` would raise; gone is gone."""
    appliance = read(client, ROUTER, router_id)
    settings = appliance and appliance.get("Settings")
    if settings and peer_of(settings, peer) is not None:
        without_peer(settings, peer, omitted_secrets=omitted_secrets)


def _confirm(client: Client, router_id: str, peer: str, stored: Stored) -> bool:
    """Read again.  Raise `ApiError` if this peer does not stand as it was stored.

    Whether the API enforces `SettingsHash` is unverified.  If it does not, a writer who read
    before our write replaces it unseen; reading again is the only sign.  One who writes after
    this look shows at the next refresh.

    False if that cannot be told: somebody wrote after us and the API does not show our key.
    """
    appliance = read(client, ROUTER, router_id)
    settings = appliance and appliance.get("Settings")
    found = peer_of(settings, peer) if settings else None
    wanted = peer_of(stored.settings, peer)
    if found != wanted:
        raise _replaced(router_id, peer, _how_replaced(found, wanted))
    if not found or not appliance:
        return True
    shown = key_of(settings, peer)
    if shown and shown != key_of(stored.settings, peer):
        raise _replaced(router_id, peer, "its entry has another key than was stored")
    return bool(shown) or stored.hash in ("", text(appliance, "SettingsHash"))


def _how_replaced(found: Json | None, wanted: Json | None) -> str:
    if found and wanted:
        different = ", ".join(name for name in wanted if found[name] != wanted[name])
        return f"its entry has other values than were stored: {different}"
    return "its entry is gone" if wanted else "its entry, taken out, is back"


def _replaced(router_id: str, peer: str, state: str) -> ApiError:
    return ApiError(
        f"somebody else's write to the VPC router {router_id} replaced ours",
        attempted=f"change the site-to-site peer {peer}",
        state=state,
        remedy="let nobody else change this router meanwhile, then run it again",
    )


def read_peer(client: Client, router_id: str, peer: str) -> Json | None:
    """The stored values of this peer, without its key; None if it or the router is gone."""
    appliance = read(client, ROUTER, router_id)
    return None if appliance is None else peer_of(appliance.get("Settings"), peer)


def foresee_peer(
    client: Client,
    router_id: str,
    values: Mapping[str, Any],
    key: str,
    *,
    omitted_secrets: OmittedSecrets = "refuse",
    parameters: Parameters = "own",
    address: str = "",
    replaces: str = "",
) -> list[str]:
    """Raise now, with nothing written, what `write_peer` would raise; the other peers' addresses.

    `replaces` is the address that our entry has now, "" if this stack has none yet.

    Also raises `ApiError` if the router does not exist, does not run, has another public address
    than the one that the office end is about to call ("" is not compared), or if the peer would
    take another site's place on it (see `clashes`).
    """
    appliance = read(client, ROUTER, router_id)
    untouched = "nothing was changed at either end"
    if appliance is None:
        raise ApiError(
            f"there is no VPC router {router_id} in zone {client.zone}",
            state=untouched,
            remedy="refresh the stack, then run up again",
        )
    if power(appliance) != "up":
        raise ApiError(
            f"the VPC router {router_id} is not running ({power(appliance)})",
            state=untouched,
            remedy="start it, or refresh the stack and run up again",
        )
    vip = router_state(appliance).vip
    if address and not same_address(address, vip):
        raise ApiError(
            f"the VPC router {router_id} has the address {vip}, not {address} as the lines say",
            state=untouched,
            remedy="refresh the stack, and look at the preview of the lines again",
        )
    peer = str(values["peer"])
    settings = renamed(appliance.get("Settings"), replaces, peer)
    refuse_clash(settings, values, first=not replaces)
    with_peer(settings, values, key, omitted_secrets=omitted_secrets, parameters=parameters)
    return other_peers(settings, peer)


def other_peers_of(client: Client, router_id: str, ours: str) -> list[str]:
    """The addresses of the router's peers that are not ours; none if the router is gone."""
    appliance = read(client, ROUTER, router_id)
    settings = appliance and appliance.get("Settings")
    return other_peers(settings, ours) if settings else []


def refuse_if_shared(client: Client, router_id: str, ours: str) -> None:
    """Raise `ApiError`, with their names, if the router still serves peers that are not `ours`."""
    if others := other_peers_of(client, router_id, ours):
        raise ApiError(
            f"the VPC router {router_id} still serves the peers {', '.join(others)}",
            attempted="delete the VPC router",
            state="it was left as it is; peers of other stacks are not removed",
            remedy="destroy the stacks of those peers first, or remove them in the control panel",
        )


Status = Literal["UP", "DOWN"]


def peer_statuses(client: Client, router_id: str) -> dict[str, Status]:
    """What the router believes about its peers, by address; `UP` proves no traffic.

    A peer is missing while the router does not say: after a start or a change for a minute or two
    (pitfall 6), or switched off.  Words other than `UP` are unverified and read as `DOWN`.
    """
    try:
        router = part(client.get(f"appliance/{router_id}/status"), "Router")
    except ApiError as error:
        if error.status != 409 and not is_missing(error):
            raise
        return {}
    return {
        str(entry.get("Peer")).strip(): "UP" if str(entry.get("Status")).upper() == "UP" else "DOWN"
        for entry in as_list(router.get("SiteToSiteIPsecVPNPeers"))
    }


def peer_status(client: Client, router_id: str, peer: str) -> Status | None:
    """What the router believes about this peer, see `peer_statuses`; None while it does not say."""
    statuses = peer_statuses(client, router_id)
    return next((word for address, word in statuses.items() if same_address(address, peer)), None)


def ping(client: Client, router_id: str, destination: str) -> list[str]:
    """The output lines of a ping sent by the router; from which address it pings is unverified."""
    answer = client.post(f"appliance/{router_id}/vpcrouter/ping/{quote(destination, safe='')}")
    return [str(line) for line in answer.get("Result") or []]


def restart_vpn(client: Client, router_id: str) -> None:
    """Start all key exchanges of the router anew ("VPN再接続" in the control panel).

    Unverified: that this call is what the button does, and that it takes all peers.
    """
    client.put(f"appliance/{router_id}/vpcrouter/restartvpn")
