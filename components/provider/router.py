"""`VpcRouter`: the appliance itself, running, with its private interfaces connected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..clock import SystemClock
from ..cloud.objects import LanSpec, RouterSpec
from ..cloud.sections import drifted, same
from . import access
from .account import known, refuse_other
from .handler import Context, Diff, Incomplete, Live, Resource
from .imports import place_of
from .network import keep_if_listed, kept_if_made, owner, retagged, tag
from .values import Props, Unknown, changes, contains, top

if TYPE_CHECKING:
    from ..cloud.objects import RouterState


def _lan(given: Props) -> LanSpec:
    return LanSpec(
        index=given.get("nic") or 1,
        switch_id=given["switchId"],
        vip=given.get("address") or "",
        addresses=tuple(given["realAddresses"]),
        prefix_length=given["prefixLength"],
    )


def _private(inputs: Props) -> list[LanSpec]:
    return [_lan(each) for each in (inputs["lan"], *(inputs.get("interfaces") or ()))]


def _spec(inputs: Props, ctx: Context) -> RouterSpec:
    lan, *more = _private(inputs)
    return RouterSpec(
        **owner(ctx),
        name=inputs["name"],
        plan=inputs["plan"],
        version=inputs["version"],
        upstream_switch_id=inputs.get("switchId") or "",
        vip=inputs.get("address") or "",
        addresses=tuple(inputs.get("realAddresses") or ()),
        vrid=inputs.get("vrid") or 0,
        lan=lan,
        more=more,
        aliases=inputs.get("aliases"),
        sections=inputs.get("sections") or {},
        omitted_secrets=inputs.get("omittedSecrets") or "refuse",
    )


IMPORTED = "imported"
"""In the state of an import that no update has followed yet: it holds all that was found."""


class VpcRouter(Resource):
    """Inputs as in `resources.VpcRouterArgs`; output `address` where SAKURA chooses it.

    Two routers with one VIP and VRID cannot stand side by side: the old one goes first.
    """

    outputs = ("address", "realAddresses")
    replace_on = (
        "zone",
        "rehearsal",
        "plan",
        "version",
        "switchId",
        "address",
        "realAddresses",
    )
    delete_before_replace = True
    passing = ("ownPeer",)  # an import has none in its state, and an empty preview changes nothing

    def check(self, inputs: Props, ctx: Context) -> Props:
        """One form for what means the same."""
        return inputs | ({"lan": _lean(inputs["lan"])} if "lan" in inputs else {})

    def diff(self, old_inputs: Props, old_state: Props, inputs: Props, ctx: Context) -> Diff:
        """A section that is no longer named stays as it is; order and defaults are no change."""
        alike = _alike(old_inputs, old_state, inputs)
        found = [
            path
            for path, _ in changes(old_inputs, inputs)
            if not any(_within(path, each) for each in alike)
        ]
        replace = [path for path in found if top(path) in self.replace_on]
        if replace:
            causes = ", ".join(sorted(set(map(top, replace))))
            ctx.warning(
                f"a new VPC router because of {causes}: the old one is deleted first, with the "
                "peers of other stacks and all that was set by hand; until the new one runs there "
                "is no tunnel"
            )
        found += retagged(old_state, ctx)
        return Diff(found, replace, self.delete_before_replace)

    def preview(self, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """Say what a change costs."""
        if stops := _stops(old_state, inputs):
            ctx.warning(
                f"the VPC router will be stopped for: {', '.join(stops)}; every tunnel on it is "
                "down until it runs again, some minutes"
            )
        elif old_state and old_state.get("name") == inputs["name"]:
            ctx.info("no stop is needed; applying the settings may interrupt tunnels for a moment")
        return super().preview(old_state, inputs, ctx)

    def create(self, inputs: Props, ctx: Context) -> tuple[str, Props]:
        """Make it, or go on from whatever step a killed run had reached.

        A router that exists but is not up yet is kept in state and finished by the next `up`.
        """
        from ..cloud import lifecycle
        from ..cloud.owned import ROUTER

        client, clock = access.client(inputs, ctx), SystemClock(ctx.cancelled)
        with kept_if_made(ROUTER, inputs, ctx):
            found = lifecycle.ensure_router(client, _spec(inputs, ctx), clock, ctx.info)
        return found.id, inputs | _outputs(found) | known(client, {}) | tag(ctx)

    def update(self, id: str, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """Finish a half-made one; change what can be changed."""
        from ..cloud import lifecycle

        client = access.client(inputs, ctx)
        refuse_other(client, old_state, f"the VPC router {id}")
        found = lifecycle.update_router(
            client,
            id,
            _spec(inputs, ctx),
            SystemClock(ctx.cancelled),
            ctx.info,
            before=_had(old_state, inputs),
        )
        return inputs | _outputs(found) | known(client, old_state) | tag(ctx)

    def read(self, id: str, state: Props, inputs: Props, ctx: Context) -> Live | None:
        """What the API says, or None if it is gone; one that is not up is not ready."""
        from ..cloud import lifecycle
        from ..cloud.owned import ROUTER

        imported = not inputs
        if imported:
            (id,), inputs = place_of(id, "VPC router")
        client = access.client(inputs, ctx)
        found = lifecycle.read_router(client, id, _nic(inputs))
        if found is None:
            if not imported:
                keep_if_listed(ROUTER, id, state, inputs, ctx)
            return None
        live = _imported(found, inputs) if imported else _live(found, inputs)
        outputs = _outputs(found) | known(client, state)
        if found.power != "up" and not imported:
            reason = f"the VPC router is not running ({found.availability}, {found.power})"
            raise Incomplete(id, live | outputs, [reason], live)
        mark = {IMPORTED: True} if imported or state.get(IMPORTED) else {}
        return id, live | outputs | mark, live

    def delete(self, id: str, state: Props, ctx: Context) -> None:
        """Stop and delete it; returns when it and its references are gone."""
        from ..cloud import lifecycle

        client = access.client(state, ctx)
        refuse_other(client, state, f"the VPC router {id}")
        lifecycle.refuse_if_shared(client, id, state.get("ownPeer") or "")
        lifecycle.delete_router(client, id, SystemClock(ctx.cancelled), ctx.info)


def _outputs(found: RouterState) -> Props:
    return {"address": found.vip, "realAddresses": list(found.addresses)}


def _nic(inputs: Props) -> int:
    return (inputs.get("lan") or {}).get("nic") or 1


def _shown(lan: LanSpec) -> Props:
    return {
        "nic": lan.index,
        "switchId": lan.switch_id,
        "address": lan.vip,
        "realAddresses": list(lan.addresses),
        "prefixLength": lan.prefix_length,
    }


def _as_given(lan: LanSpec | None, given: Props) -> Props:
    """A private interface as the API says, in the keys of `given`; with nothing if it is gone."""
    whole = _shown(lan or LanSpec(given.get("nic") or 1, "", "", (), 0))
    return {key: value for key, value in whole.items() if given.get(key) is not None}


def _given(shown: Props) -> Props:
    """Without the VIP, where there is none: on the standard plan."""
    return {key: value for key, value in shown.items() if value != ""}


def _lean(lan: Any) -> Any:
    """The LAN is on eth1 unless something else is said."""
    if not isinstance(lan, dict) or lan.get("nic") != 1:
        return lan
    return {key: value for key, value in lan.items() if key != "nic"}


def _live(found: RouterState, inputs: Props) -> Props:
    """Every value that the stack owns, as it is."""
    private = {lan.index: lan for lan in found.private}
    whole: dict[str, Any] = {
        "name": found.name,
        "plan": found.plan,
        "version": found.version,
        "switchId": found.upstream_switch_id,
        "address": found.vip,
        "realAddresses": list(found.addresses),
        "vrid": found.vrid,
        "lan": _as_given(found.lan, inputs["lan"]),
        "interfaces": [
            _as_given(private.get(each["nic"]), each) for each in inputs.get("interfaces") or ()
        ],
        "aliases": list(found.aliases),
        "sections": drifted(inputs.get("sections") or {}, found.sections),
    }
    return inputs | {key: whole[key] for key in whole if inputs.get(key) is not None}


def _imported(found: RouterState, inputs: Props) -> Props:
    """Inputs from nothing but the router, which is more than the stack may own of it: see `_alike`
    and `_had`."""
    lans = [_given(_shown(lan)) for lan in found.private if lan.switch_id]
    whole: dict[str, Any] = {
        "name": found.name,
        "plan": found.plan,
        "version": found.version,
        "lan": _lean(lans[0]) if lans else None,
        "interfaces": lans[1:] or None,
        "aliases": list(found.aliases),
        "sections": found.sections,
    }
    if found.plan != "standard":
        whole |= {"switchId": found.upstream_switch_id, "vrid": found.vrid, **_outputs(found)}
    return inputs | {key: value for key, value in whole.items() if value is not None}


def _within(path: str, place: str) -> bool:
    return path == place or path.startswith((f"{place}.", f"{place}["))


def _alike(old: Props, state: Props, new: Props) -> list[str]:
    """Places where the inputs differ and what is wanted does not."""
    if contains(new.get("sections"), Unknown):
        return ["omittedSecrets"]
    before, after = old.get("sections") or {}, new.get("sections") or {}
    alike = [f"sections.{name}" for name in before if name not in after]
    alike.append("omittedSecrets")  # consent changes nothing that stands
    if old.get("ownPeer") is None:  # an import does not know it
        alike.append("ownPeer")
    if state.get(IMPORTED) and not contains([new["lan"], new.get("interfaces")], Unknown):
        same_lans = set(_private(new)) <= set(_private(old))
        alike += ["lan", "interfaces"] if same_lans else []
    alike += [
        f"sections.{name}"
        for name in after
        if name in before and same(name, before[name], after[name])
    ]
    if not after:
        alike.append("sections")
    if new.get("aliases") is None:
        alike.append("aliases")
    return alike


def _had(state: Props, new: Props) -> list[LanSpec]:
    """The private interfaces that are the stack's; of an import only those that it names, too."""
    named = {each.get("nic") or 1 for each in (new["lan"], *(new.get("interfaces") or ()))}
    return [lan for lan in _private(state) if lan.index in named or not state.get(IMPORTED)]


def _stops(old: Props, new: Props) -> list[str]:
    """For what the running router has to be stopped."""
    if not old:
        return []
    from ..cloud.wiring import wires

    there = {lan.index: lan.switch_id for lan in _had(old, new)}
    # A switch that is not known yet is another one.
    wanted = {
        (each.get("nic") or 1): each["switchId"]
        if isinstance(each["switchId"], str)
        else "not known yet"
        for each in (new["lan"], *(new.get("interfaces") or ()))
    }
    return [str(wire) for wire in wires(there, dict.fromkeys(there, "") | wanted)]
