"""`OfficeEnd`: the RTX's end of a tunnel whose VPC router belongs to somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..clock import SystemClock
from ..errors import VpnError
from ..office.config import parse
from . import (
    access,
    tunnel_drift,
    tunnel_firmware,
    tunnel_hardware,
    tunnel_removal,
    tunnel_way,
)
from .handler import Context, Diff, Failure, Incomplete, Live, Resource
from .tunnel import warn_in_band
from .tunnel_inputs import UNPROVED, checked, scope, verification
from .values import Props, Secret, reveal, top

if TYPE_CHECKING:
    from ..tunnel.office_end import Lines
    from ..tunnel.office_end import OfficeEnd as Office


class OfficeEnd(Resource):
    """Inputs as in `resources.OfficeEndArgs`; output `verified`.

    The lines are kept as `Tunnel` keeps them; `cloud` is what the owner of the far end must have.
    """

    outputs = ("verified",)
    secrets = ("psk",)
    replace_on = ("rehearsal",)
    passing = ("consent",)

    def check(self, inputs: Props, ctx: Context) -> Props | list[Failure]:
        """Fill the address in; say what is found wrong with the lines and the agreement."""
        return checked(inputs, ctx)

    def diff(self, old_inputs: Props, old_state: Props, inputs: Props, ctx: Context) -> Diff:
        """What is asked or consented to next time changes nothing that stands."""
        found = super().diff(old_inputs, old_state, inputs, ctx)
        stand = [
            path
            for path in found.changed
            if path != "verify.onFailure" and top(path) not in self.passing
        ]
        return Diff(stand, found.replace)

    def preview(self, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """Show a new block whole, and what the owner of the far end is to be told."""
        if not old_state:
            ctx.info(
                f"would be typed on the RTX ({inputs['router']['model']}):\n{inputs['lines']}\n"
                f"for the owner of the VPC router {inputs['address']}, its site-to-site peer:\n"
                + "\n".join(_told(inputs["cloud"]))
            )
        if tunnel_hardware.is_another(old_state, inputs):
            ctx.info(f"{tunnel_hardware.FOUND}:\n{inputs['lines']}")
        warn_in_band(inputs, ctx)
        return super().preview(old_state, inputs, ctx)

    def create(self, inputs: Props, ctx: Context) -> tuple[str, Props]:
        """Type the lines and prove traffic; without any they stay, unless the user says else."""
        id = f"{inputs['address']}/{inputs['numbers']['tunnel']}"
        return id, self._establish(id, inputs, None, ctx)

    def update(self, id: str, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """Change the lines and prove traffic, or go back.

        What changes only the way to the router is proved without touching it.
        """
        proved = old_state.get("verified") != UNPROVED
        if proved and tunnel_way.is_all_that_changes(old_state, inputs):
            if verified := _still_passes(inputs, ctx):
                return {**inputs, "verified": verified}
            ctx.warning("the office end is not as it should be, or traffic does not pass: written")
        return self._establish(id, inputs, old_state, ctx)

    def _establish(self, id: str, inputs: Props, old: Props | None, ctx: Context) -> Props:
        from ..tunnel import office_end

        try:
            proof = _office(inputs, ctx, old).establish(
                _lines(inputs),
                _lines(old) if old else None,
                inputs["cloud"],
                verification(inputs),
                clock=SystemClock(ctx.cancelled),
                progress=ctx.info,
            )
        except office_end.NotProved as err:
            raise Incomplete(id, {**inputs, "verified": UNPROVED}, [str(err)]) from err
        return {**inputs, "verified": proof.as_output()}

    def read(self, id: str, state: Props, inputs: Props, ctx: Context) -> Live | None:
        """The lines as they stand; none of them is gone."""
        if not inputs:
            raise VpnError(
                "an office end cannot be imported",
                state="nothing was changed",
                remedy="`sakura-rtx adopt` describes a pair whose VPC router is yours",
            )
        clock = SystemClock(ctx.cancelled)
        with tunnel_hardware.naming_the_way_on():
            standing = _office(inputs, ctx).look(inputs["lines"], clock=clock)
        if not parse(standing.text).statements:
            return None
        cloud = inputs["cloud"]  # nobody has asked the far end
        for said in (
            tunnel_drift.sentences(inputs, standing.text, cloud, standing.key),
            tunnel_drift.not_compared(standing.not_compared),
            tunnel_firmware.other(inputs, standing.model, standing.revision),
        ):
            if said:
                ctx.warning(said)
        live = inputs | {"lines": standing.text}
        if standing.key is not None:
            live["psk"] = Secret(standing.key)
        unproved = "traffic has never been proved" if state.get("verified") == UNPROVED else ""
        unsaved = tunnel_drift.unsaved(inputs, standing.text, standing.key, standing.unsaved)
        if why := [*filter(None, (unproved, unsaved))]:
            raise Incomplete(id, state | live, why, live)  # else a refresh would declare it whole
        return id, state | live, live

    def delete(self, id: str, state: Props, ctx: Context) -> None:
        """Take our lines away; nothing of a router that is given up."""
        if tunnel_removal.is_abandoned(ctx):
            undone = tunnel_removal.undone(state["lines"], scope(state))
            ctx.warning(f"the office end was given up: nothing was asked of it.  {undone}")
            return
        with tunnel_removal.naming_the_way_out(), tunnel_hardware.naming_the_way_on():
            _office(state, ctx).remove(
                _lines(state), clock=SystemClock(ctx.cancelled), progress=ctx.info
            )


def _still_passes(inputs: Props, ctx: Context) -> Props | None:
    """The output `verified` if our lines stand and traffic passes, else None."""
    clock, office = SystemClock(ctx.cancelled), _office(inputs, ctx)
    standing, key = office.look(inputs["lines"], clock=clock), reveal(inputs["psk"])
    if said := tunnel_firmware.other(inputs, standing.model, standing.revision):
        ctx.warning(said)
    if (standing.text, standing.key or key) != (inputs["lines"], key) or standing.unsaved:
        return None
    return tunnel_way.passing(inputs, office.login, ctx, clock)


def _told(cloud: dict[str, Any]) -> Iterator[str]:
    return (f"  {name}: {value}" for name, value in sorted(cloud.items()))


def _lines(props: Props) -> Lines:
    from ..tunnel.office_end import Lines

    return Lines(props["lines"], reveal(props["psk"]))


def _office(props: Props, ctx: Context, old: Props | None = None) -> Office:
    """The RTX; ours are the lines of `props` and, before a change, those of `old`."""
    from ..tunnel.office_end import OfficeEnd as Office

    consent = props.get("consent") or {}
    return Office(
        login=access.login(props["router"], bool(props.get("rehearsal")), ctx),
        scope=scope(props, old),
        in_band=bool(consent.get("inBand")),
        allow_unsaved=bool(consent.get("allowUnsaved")),
        accept=tuple(consent.get("accept") or ()),
        new_router=tunnel_hardware.is_another(old, props),
        fits=tunnel_firmware.fitting(props, ctx),
    )
