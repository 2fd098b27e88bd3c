"""`Internet` (router+switch) and `Switch`: where the VPC router stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ..clock import SystemClock
from ..cloud.objects import InternetSpec, SwitchSpec, owner_tag, owner_text
from ..errors import VpnError
from . import access
from .account import TAG, known, refuse_other
from .handler import Context, Diff, Incomplete, Live, Resource
from .imports import place_of
from .values import Props

if TYPE_CHECKING:
    from ..cloud.objects import InternetState
    from ..cloud.owned import Kind


def owner(ctx: Context) -> dict[str, str]:
    """Whose an object is: as a tag that finds it again, and readable, as its description."""
    whose = (ctx.project, ctx.stack, ctx.name)
    return {"tag": owner_tag(*whose), "description": owner_text(*whose)}


def tag(ctx: Context) -> Props:
    """Whose the object is, for the state."""
    return {TAG: owner(ctx)["tag"]}


def retagged(old_state: Props, ctx: Context) -> list[str]:
    """What changes at an object when its stack or its component has another name now.

    It must not keep the old tag: whoever takes the old name would find it as his own.
    """
    return [TAG] if old_state.get(TAG) not in (None, owner(ctx)["tag"]) else []


@contextmanager
def kept_if_made(kind: Kind, inputs: Props, ctx: Context) -> Iterator[None]:
    """Around a creation: if it fails and left an object, raise `Incomplete` with that object's id.

    The engine forgets a resource whose creation failed, so the object would cost money and belong
    to nobody if the user then destroys the stack.  Where nothing was made, or that cannot be
    found out, the error of the creation goes on as it is.
    """
    from ..cloud.objects import as_id
    from ..cloud.owned import find_own

    try:
        yield
    except VpnError as err:
        half = None
        with suppress(VpnError):  # why the creation failed says more than why the look-up did
            half = find_own(access.client(inputs, ctx, calm=True), kind, owner(ctx)["tag"])
        if half is None:
            raise
        made = inputs | known(access.client(inputs, ctx, calm=True), {})
        raise Incomplete(as_id(half["ID"]), made, [str(err)], inputs) from err


def keep_if_listed(kind: Kind, id: str, state: Props, inputs: Props, ctx: Context) -> None:
    """For what cannot be read: raise `Incomplete` if the API still lists it as ours, `ApiError` if
    it was made in another account.

    An object that was asked for just now is listed before it can be read: it is not gone.
    A router+switch counts under any id, because its id changes with its bandwidth.
    """
    from ..cloud.objects import as_id
    from ..cloud.owned import INTERNET, find_own

    client = access.client(inputs, ctx)
    refuse_other(client, state, f"the {kind.what} {id}")
    listed = find_own(client, kind, owner(ctx)["tag"])
    if listed is not None and (kind is INTERNET or as_id(listed["ID"]) == id):
        raise Incomplete(id, state, [f"the {kind.what} is still being made"], inputs)


class Internet(Resource):
    """Inputs `zone`, `name`, `prefixLength`, `bandwidthMbps`; the addresses come out.

    A changed bandwidth gives the object a new id while its addresses stay (sakura-vpcrouter-api
    pitfall 12): `internetId` in the state is the current one, the resource's own id the first.
    """

    outputs = ("internetId", "switchId", "network", "gateway", "addresses")
    replace_on = ("zone", "prefixLength", "rehearsal")
    delete_before_replace = True

    def diff(self, old_inputs: Props, old_state: Props, inputs: Props, ctx: Context) -> Diff:
        """A new one is a new block of addresses: say what hangs on it."""
        found = super().diff(old_inputs, old_state, inputs, ctx)
        if found.replace:
            ctx.warning(
                "a new router+switch has other public addresses: the VPC router is made anew, and "
                "the address lines of the RTX change with it, as an update of the tunnel"
            )
        return found._replace(changed=[*found.changed, *retagged(old_state, ctx)])

    def create(self, inputs: Props, ctx: Context) -> tuple[str, Props]:
        """Make it, or go on with what a killed run left."""
        from ..cloud import lifecycle
        from ..cloud.owned import INTERNET

        client, clock = access.client(inputs, ctx), SystemClock(ctx.cancelled)
        with kept_if_made(INTERNET, inputs, ctx):
            found = lifecycle.ensure_internet(client, _internet(inputs, ctx), clock, ctx.info)
        return found.id, inputs | _outputs(found) | known(client, {}) | tag(ctx)

    def update(self, id: str, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """Finish a half-made one; change name or bandwidth."""
        from ..cloud import lifecycle

        client, clock = access.client(inputs, ctx), SystemClock(ctx.cancelled)
        refuse_other(client, old_state, f"the router+switch {id}")
        spec = _internet(inputs, ctx)
        if "addresses" in old_state:
            current = old_state.get("internetId", id)
            found = lifecycle.update_internet(client, current, spec, clock, ctx.info)
        else:
            found = lifecycle.ensure_internet(client, spec, clock, ctx.info)
        return inputs | _outputs(found) | known(client, old_state) | tag(ctx)

    def read(self, id: str, state: Props, inputs: Props, ctx: Context) -> Live | None:
        """What the API says, or None if it is gone; without its addresses it is not ready."""
        from ..cloud import lifecycle
        from ..cloud.owned import INTERNET

        imported = not inputs
        if imported:
            (id,), inputs = place_of(id, "router+switch")
        client = access.client(inputs, ctx)
        current = state.get("internetId", id)
        found = lifecycle.read_internet(client, current, tag=owner(ctx)["tag"])
        if found is None and imported:
            return None
        if found is None:
            keep_if_listed(INTERNET, id, state, inputs, ctx)
            return None
        live = inputs | {
            "name": found.name,
            "prefixLength": found.prefix_length,
            "bandwidthMbps": found.bandwidth_mbps,
        }
        return id, live | _outputs(found) | known(client, state), live

    def delete(self, id: str, state: Props, ctx: Context) -> None:
        """Delete it; the switch inside goes with it."""
        from ..cloud import lifecycle

        client = access.client(state, ctx)
        refuse_other(client, state, f"the router+switch {id}")
        lifecycle.delete_internet(
            client,
            state.get("internetId", id),
            SystemClock(ctx.cancelled),
            ctx.info,
            tag=owner(ctx)["tag"],
        )


def _internet(inputs: Props, ctx: Context) -> InternetSpec:
    return InternetSpec(
        name=inputs["name"],
        prefix_length=inputs["prefixLength"],
        bandwidth_mbps=inputs["bandwidthMbps"],
        **owner(ctx),
    )


def _outputs(found: InternetState) -> Props:
    return {
        "internetId": found.id,
        "switchId": found.switch_id,
        "network": found.network,
        "gateway": found.gateway,
        "addresses": found.addresses,
    }


class Switch(Resource):
    """Inputs `zone` and `name`."""

    replace_on = ("zone", "rehearsal")

    def diff(self, old_inputs: Props, old_state: Props, inputs: Props, ctx: Context) -> Diff:
        """Its name, or whose it is."""
        found = super().diff(old_inputs, old_state, inputs, ctx)
        return found._replace(changed=[*found.changed, *retagged(old_state, ctx)])

    def create(self, inputs: Props, ctx: Context) -> tuple[str, Props]:
        """Make it, or take over what a killed run left."""
        from ..cloud import lifecycle
        from ..cloud.owned import SWITCH

        spec, clock = SwitchSpec(name=inputs["name"], **owner(ctx)), SystemClock(ctx.cancelled)
        client = access.client(inputs, ctx)
        with kept_if_made(SWITCH, inputs, ctx):
            found = lifecycle.ensure_switch(client, spec, clock, ctx.info)
        return found.id, inputs | known(client, {}) | tag(ctx)

    def update(self, id: str, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """Change the name."""
        from ..cloud import lifecycle

        spec, clock = SwitchSpec(name=inputs["name"], **owner(ctx)), SystemClock(ctx.cancelled)
        client = access.client(inputs, ctx)
        refuse_other(client, old_state, f"the switch {id}")
        lifecycle.update_switch(client, id, spec, clock, ctx.info)
        return inputs | known(client, old_state) | tag(ctx)

    def read(self, id: str, state: Props, inputs: Props, ctx: Context) -> Live | None:
        """What the API says, or None if it is gone."""
        from ..cloud import lifecycle
        from ..cloud.owned import SWITCH

        imported = not inputs
        if imported:
            (id,), inputs = place_of(id, "switch")
        client = access.client(inputs, ctx)
        found = lifecycle.read_switch(client, id)
        if found is None and imported:
            return None
        if found is None:
            keep_if_listed(SWITCH, id, state, inputs, ctx)
            return None
        live = inputs | {"name": found.name}
        return id, live | known(client, state), live

    def delete(self, id: str, state: Props, ctx: Context) -> None:
        """Delete it."""
        from ..cloud import lifecycle

        client = access.client(state, ctx)
        refuse_other(client, state, f"the switch {id}")
        lifecycle.delete_switch(client, id, SystemClock(ctx.cancelled), ctx.info)
