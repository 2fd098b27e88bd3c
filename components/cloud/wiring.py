"""Which interface of a VPC router is connected to which switch.

The router has to be off for every change of it (sakura-vpcrouter-api 2.7): all of them decide
together whether it is stopped (pitfall 20).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from ..clock import Clock, Progress
from ..errors import ApiError
from .api import Client
from .objects import SLOTS, LanSpec, as_id, nic_switch, power
from .owned import ROUTER, other_than_wanted, read
from .power import STOP, set_power
from .tree import Json
from .waiting import MINUTE, Poll, wait_for

# Refusals that do not pass; which code each misuse has is unverified, so any other 409 may.
_FINAL: Final = ("connect_to_same_switch", "limit_count_in_account", "limit_count_in_network")
_CONNECTED: Final = Poll("interface of the VPC router", 5 * MINUTE)


class Wire(NamedTuple):
    """One change: interface `nic` from the switch `there` to `wanted`; "" is none."""

    nic: int
    there: str
    wanted: str

    def __str__(self) -> str:
        word = "move" if self.there and self.wanted else "connect" if self.wanted else "disconnect"
        return f"{word} eth{self.nic}"


def wires(there: Mapping[int, str], wanted: Mapping[int, str]) -> list[Wire]:
    """What turns `there` into `wanted` (interface -> switch, "" for none); others stay."""
    return [
        Wire(index, there.get(index, ""), switch)
        for index, switch in sorted(wanted.items())
        if there.get(index, "") != switch
    ]


def planned(appliance: Json, wanted: Sequence[LanSpec], before: Sequence[LanSpec]) -> list[Wire]:
    """What is to be changed at the router in `appliance`; `before` is what the stack had.

    Raises `ApiError` where an interface is in use that the stack never had.
    """
    there = {index: nic_switch(appliance, index) for index in range(1, SLOTS)}
    ours = {lan.index: lan.switch_id for lan in wanted}
    had = {lan.index: lan.switch_id for lan in before}
    foreign = {
        f"switch on eth{index}": (there[index], switch)
        for index, switch in ours.items()
        if there[index] not in ("", switch) and index not in had
    }
    if foreign:
        raise other_than_wanted(ROUTER, as_id(appliance["ID"]), foreign)
    # One that somebody has put on another switch meanwhile is not ours to take away.
    retired = {i: "" for i, switch in had.items() if i not in ours and there[i] == switch}
    return wires(there, ours | retired)


def rewire(
    client: Client, router_id: str, changes: Sequence[Wire], clock: Clock, progress: Progress
) -> None:
    """Stop the router, if it runs, and change its interfaces; it stays off."""
    progress(f"VPC router: off to {', '.join(map(str, changes))}")
    set_power(client, router_id, STOP, clock, progress)
    for wire in changes:  # first off, then on: no switch may be on two interfaces at a time
        if wire.there:
            _set(client, router_id, wire.nic, "", clock, progress)
    for wire in changes:
        if wire.wanted:
            _set(client, router_id, wire.nic, wire.wanted, clock, progress)


def _set(
    client: Client, router_id: str, index: int, switch_id: str, clock: Clock, progress: Progress
) -> None:
    """Connect or disconnect; a call that meets its own effect, or a start that was under way and
    showed as "down", is no error."""
    asked = False

    def step() -> Json | None:
        nonlocal asked
        found = read(client, ROUTER, router_id)
        if found is None or nic_switch(found, index) == switch_id or asked:
            return found
        if power(found) != "down":
            set_power(client, router_id, STOP, clock, progress)
        try:
            _ask(client, f"appliance/{router_id}/interface/{index}/to/switch", switch_id)
            asked = True
        except ApiError as error:
            if error.status != 409 or error.code in _FINAL:
                raise
        return read(client, ROUTER, router_id)

    wait_for(
        _CONNECTED,
        step,
        lambda _: "being connected" if switch_id else "being disconnected",
        lambda found: nic_switch(found, index) == switch_id,
        clock=clock,
        progress=progress,
    )


def _ask(client: Client, path: str, switch_id: str) -> None:
    if switch_id:
        client.put(f"{path}/{switch_id}")
    else:
        client.delete(path)
