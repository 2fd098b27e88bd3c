"""Updates of how the router is reached or the proof asked for: nothing that stands changes.

A new login name, bastion or revision is no reason to interrupt a tunnel: both ends are read,
traffic is pinged over the SAs that stand, and nothing is written, unless something is not as it
should be.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ..clock import Clock
from . import tunnel_firmware, tunnel_hardware
from .account import ACCOUNT
from .handler import Context
from .tunnel_recovery import our_tunnel, typed
from .values import Props, changes, reveal, top

if TYPE_CHECKING:
    from .. import tunnel
    from ..office.login import Login

_NOT_STANDING: Final = frozenset({"router", "verify", "consent"})
_OUTPUTS: Final = frozenset({"verified", "otherPeers", ACCOUNT})


def is_all_that_changes(old: Props, inputs: Props) -> bool:
    """Whether both ends, if they stand as they did, stand as asked for now, on the same box."""
    before = {name: value for name, value in old.items() if name not in _OUTPUTS}
    changed = {top(path) for path, _ in changes(typed(before), typed(inputs))}
    return changed <= _NOT_STANDING and not tunnel_hardware.is_another(old, inputs)


def proof(inputs: Props, ends: tunnel.Ends, ctx: Context, clock: Clock) -> Props | None:
    """The output `verified` if both ends stand as asked for and traffic passes, else None.

    Changes nothing.  Raises `VpnError` if an end cannot be asked.
    """
    from .. import tunnel

    standing = tunnel.look(ends, inputs["lines"], clock=clock)
    if said := tunnel_firmware.other(inputs, standing.model, standing.revision):
        ctx.warning(said)
    key = reveal(inputs["psk"])
    stands = standing.lines, standing.cloud, standing.key or key  # an RTX may hide it
    if stands != (inputs["lines"], inputs["cloud"], key) or standing.unsaved:
        return None
    if not _may_be_at_the_cloud(key, ends):
        return None
    return passing(inputs, ends.login, ctx, clock)


def _may_be_at_the_cloud(key: str, ends: tunnel.Ends) -> bool:
    """Whether the VPC router has this key, or does not show which it has.

    SAs that stand outlive the key that made them: after a change of it that was killed between the
    ends, traffic passes until the next key exchange and proves nothing.
    """
    from ..cloud.owned import ROUTER, read
    from ..cloud.router import key_of
    from ..ipsec import key_problem

    appliance = read(ends.client, ROUTER, ends.router_id) or {}
    shown = key_of(appliance.get("Settings"), ends.peer)
    return shown == key or key_problem(shown, "") is not None  # none, or stars in its place


def passing(inputs: Props, login: Login, ctx: Context, clock: Clock) -> Props | None:
    """The output `verified` if traffic passes over the SAs that stand, else None."""
    from .. import recovery
    from ..office.session import Session

    with Session.open(login, clock=clock, say=ctx.info) as session:
        found = recovery.traffic(session, our_tunnel(inputs))
    if not found.passed:
        return None
    target = inputs["verify"]["target"]
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "how": f"ping from the RTX to {target}, small and at tunnel MTU, over the SAs that stood",
        "roundTripMs": found.small.average_ms or 0.0,
        "outageSeconds": 0.0,
    }
