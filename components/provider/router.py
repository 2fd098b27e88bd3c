"""`VpcRouter`: the appliance itself, running, with its LAN connected."""

from __future__ import annotations

from ..clock import SystemClock
from ..cloud.objects import LanSpec, RouterSpec
from . import access
from .handler import Context, Incomplete, Live, Resource
from .network import keep_if_listed, kept_if_made, owner, refuse_import
from .values import Props


def _spec(inputs: Props, ctx: Context) -> RouterSpec:
    lan = inputs["lan"]
    return RouterSpec(
        **owner(ctx),
        name=inputs["name"],
        plan=inputs["plan"],
        version=inputs["version"],
        upstream_switch_id=inputs["switchId"],
        vip=inputs["address"],
        addresses=tuple(inputs["realAddresses"]),
        vrid=inputs["vrid"],
        lan=LanSpec(
            index=1,
            switch_id=lan["switchId"],
            vip=lan["address"],
            addresses=tuple(lan["realAddresses"]),
            prefix_length=lan["prefixLength"],
        ),
    )


class VpcRouter(Resource):
    """Inputs as in `resources.VpcRouterArgs`; everything but the name is fixed at creation.

    Two routers with one VIP and VRID cannot stand side by side: the old one goes first.
    """

    replace_on = (
        "zone",
        "rehearsal",
        "plan",
        "version",
        "switchId",
        "address",
        "realAddresses",
        "vrid",
        "lan",
    )
    delete_before_replace = True

    def create(self, inputs: Props, ctx: Context) -> tuple[str, Props]:
        """Make it, or go on from whatever step a killed run had reached.

        A router that exists but is not up yet is kept in state and finished by the next `up`.
        """
        from ..cloud import lifecycle
        from ..cloud.owned import ROUTER

        client, clock = access.client(inputs, ctx), SystemClock(ctx.cancelled)
        with kept_if_made(ROUTER, inputs, ctx):
            found = lifecycle.ensure_router(client, _spec(inputs, ctx), clock, ctx.info)
        return found.id, inputs

    def update(self, id: str, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """Finish a half-made one; change the name."""
        from ..cloud import lifecycle

        lifecycle.update_router(
            access.client(inputs, ctx),
            id,
            _spec(inputs, ctx),
            SystemClock(ctx.cancelled),
            ctx.info,
        )
        return inputs

    def read(self, id: str, state: Props, inputs: Props, ctx: Context) -> Live | None:
        """What the API says, or None if it is gone; one that is not up is not ready."""
        from ..cloud import lifecycle
        from ..cloud.owned import ROUTER

        refuse_import(inputs, "a VPC router")
        found = lifecycle.read_router(access.client(inputs, ctx), id)
        if found is None:
            keep_if_listed(ROUTER, id, state, inputs, ctx)
            return None
        live = inputs | {
            "name": found.name,
            "address": found.vip,
            "realAddresses": list(found.addresses),
        }
        if found.power != "up":
            reason = f"the VPC router is not running ({found.availability}, {found.power})"
            raise Incomplete(id, live, [reason], live)
        return id, live, live

    def delete(self, id: str, state: Props, ctx: Context) -> None:
        """Stop and delete it; returns when it and its references are gone."""
        from ..cloud import lifecycle

        clock = SystemClock(ctx.cancelled)
        lifecycle.delete_router(access.client(state, ctx), id, clock, ctx.info)
