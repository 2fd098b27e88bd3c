"""`AttachedRouter`: a VPC router that this stack uses and does not own, as it is read."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from ..errors import ApiError, VpnError
from . import access
from .handler import Context, Diff, Live, Resource
from .imports import place_of
from .values import Props, Unknown, contains

if TYPE_CHECKING:
    from ..cloud.attached import SharedRouter

_ANYWHERE = "0.0.0.0/0"
PREVIEW_SECONDS = 10.0  # a preview needs no API: it is not waited for either


class AttachedRouter(Resource):
    """Inputs as in `resources.AttachedRouterArgs`; outputs `address` and `realAddresses`.

    Nothing is made and nothing is deleted.  A preview reads the router if credentials are at hand
    and the API answers; else its address is not known before `up`, unless the site file says it.
    """

    outputs = ("address", "realAddresses")
    # Another router is another id for those who use it.  Nothing is lost by it: nothing is made.
    replace_on = ("rehearsal", "zone", "routerId")

    def preview(self, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """What is known of the router, and whom `up` may disturb."""
        found = None
        if not contains(inputs, Unknown):
            with suppress(VpnError):  # no credentials, no API: `up` will say it, if it is still so
                found = _look(inputs, ctx, PREVIEW_SECONDS)
        if found:
            _refuse(found, inputs)
            disturbed(found.others, inputs["routerId"], ctx)
            return inputs | _outputs(found)
        known = {"address": vip} if (vip := inputs.get("vip")) is not None else {}
        return super().preview(old_state, inputs, ctx) | known

    def create(self, inputs: Props, ctx: Context) -> tuple[str, Props]:
        """Read it; raise if it is not what the site file says."""
        return inputs["routerId"], self.update("", {}, inputs, ctx)

    def update(self, id: str, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """Read it again."""
        found = _look(inputs, ctx)
        if found is None:
            raise ApiError(
                f"there is no VPC router {inputs['routerId']} in zone {inputs['zone']}",
                state="nothing was changed",
                remedy="correct cloud.attach.router_id or cloud.zone in the site file",
            )
        _refuse(found, inputs)
        return inputs | _outputs(found)

    def read(self, id: str, state: Props, inputs: Props, ctx: Context) -> Live | None:
        """The router as it is now, None if it is gone."""
        if not inputs:
            (router_id,), where = place_of(id, "VPC router")
            inputs, id = where | {"routerId": router_id}, router_id
        found = _look(inputs, ctx)
        return None if found is None else (id, inputs | _outputs(found), inputs)

    def diff(self, old_inputs: Props, old_state: Props, inputs: Props, ctx: Context) -> Diff:
        """A router whose address has changed since is read again, so that the RTX follows."""
        found = super().diff(old_inputs, old_state, inputs, ctx)
        if "lan" not in old_inputs:  # an import knows where it is, and the program what for
            found = Diff(found.replace, found.replace)
        moved = inputs.get("vip") not in (None, old_state.get("address"))
        return Diff({*found.changed, "vip"}, found.replace) if moved else found

    def delete(self, id: str, state: Props, ctx: Context) -> None:
        """Nothing: it belongs to the stack that made it."""


def disturbed(others: list[str], router_id: str, ctx: Context) -> None:
    """Tell the user whose tunnels applying the settings may interrupt."""
    if others:
        ctx.info(
            f"`up` applies the settings of the VPC router {router_id}, which may interrupt its "
            f"other peers for a moment: {', '.join(others)}"
        )


def _look(inputs: Props, ctx: Context, patience: float | None = None) -> SharedRouter | None:
    from ..clock import SystemClock
    from ..cloud.attached import shared_router
    from ..cloud.owned import ROUTER, read

    client = access.client(inputs, ctx)
    if patience is not None:
        client.deadline = SystemClock().now() + patience
    appliance = read(client, ROUTER, inputs["routerId"])
    if appliance is None:
        return None
    lan, peer = inputs.get("lan") or _ANYWHERE, (inputs.get("cloud") or {}).get("peer", "")
    return shared_router(appliance, IPv4Network(lan), peer)


def _refuse(found: SharedRouter, inputs: Props) -> None:
    """Raise if the router is not the one that the site file describes, or lives with other
    parameters: better here, and in a preview, than when the tunnel is made."""
    found.refuse_parameters(inputs["cloud"], change=inputs.get("sharedParameters") == "change")
    problems = [
        (key, wanted, has)
        for key, wanted, has in (
            ("cloud.attach.vip", inputs.get("vip"), found.vip),
            ("cloud.lan_address", inputs.get("lanAddress"), found.lan_address),
        )
        if wanted and wanted != has
    ]
    if problems:
        pairs = "; ".join(
            f"{key} is {wanted}, the router has {has or 'none there'}"
            for key, wanted, has in problems
        )
        raise ApiError(
            f"the VPC router {inputs['routerId']} is not as the site file says: {pairs}",
            state="nothing was changed",
            remedy="correct the site file; what answers pings in the cloud LAN can also be given "
            "as verify.target",
        )


def _outputs(found: SharedRouter) -> Props:
    return {"address": found.vip, "realAddresses": found.addresses}
