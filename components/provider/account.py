"""Whose account a resource was made in.

An API key of another account finds nothing there: without this a refresh would take everything for
gone, the next `up` would make it all a second time, and a destroy would end well and delete
nothing, while it all goes on to cost money.

Source: sakura-vpcrouter-api 1.7.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ..errors import ApiError, VpnError
from .values import Props

if TYPE_CHECKING:
    from ..cloud.api import Client

ACCOUNT: Final = "account"
"""In the state: the id of the account.  Missing where the API did not say it."""


TAG: Final = "tag"
"""In the state: the object's tag, which says whose it is."""


def known(client: Client, state: Props) -> Props:
    """For the state: the account, else that of today's API key, and the tag if it stands there."""
    said = state.get(ACCOUNT) or _asked(client)
    found = {ACCOUNT: said, TAG: state.get(TAG)}
    return {key: value for key, value in found.items() if value}


def refuse_other(client: Client, state: Props, what: str) -> None:
    """Raise `ApiError` if today's API key is one of another account than `what` was made in."""
    made = state.get(ACCOUNT)
    if made and (today := _asked(client)) and today != made:
        raise ApiError(
            f"the API key is one of account {today}; {what} was made in account {made}",
            state="nothing was changed, and the stack still knows it",
            remedy=f"use an API key of account {made} (this one: {client.source})",
        )


def _asked(client: Client) -> str:
    # A key that may not ask may still do the rest, and a stop must not lose what was just made.
    with suppress(VpnError):
        return client.account()
    return ""
