"""`Tunnel`: both ends of the tunnel as one resource."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ..clock import SystemClock
from ..cloud.router import SHARED
from ..errors import VpnError
from ..office import inband
from ..office.config import parse
from . import (
    access,
    tunnel_drift,
    tunnel_firmware,
    tunnel_hardware,
    tunnel_import,
    tunnel_recovery,
    tunnel_removal,
    tunnel_way,
)
from .account import known, refuse_other
from .attached import PREVIEW_SECONDS, disturbed
from .handler import Context, Diff, Failure, Incomplete, Live, Resource
from .tunnel_import import tunnel_id
from .tunnel_inputs import UNPROVED, checked, scope, verification
from .values import UNKNOWN, Props, Secret, top

if TYPE_CHECKING:
    from .. import tunnel
    from ..cloud.router import Parameters


class Tunnel(Resource):
    """Inputs as in `resources.TunnelArgs`; outputs `verified` and `otherPeers`, the VPC router's
    other peers when this one was last written; the state also knows the `account`.

    `lines` are kept as they would be typed, the address of the VPC router filled in as soon as it
    is known: so every preview shows the RTX's own lines as `-` and `+`.  A new VPC router changes
    address lines; it never replaces the tunnel.
    """

    outputs = ("verified", "otherPeers")
    secrets = ("psk",)
    replace_on = ("rehearsal",)
    passing = ("consent",)

    def check(self, inputs: Props, ctx: Context) -> Props | list[Failure]:
        """Fill the address in; say what is found wrong with both ends as they would be."""
        return checked(inputs, ctx)

    def diff(self, old_inputs: Props, old_state: Props, inputs: Props, ctx: Context) -> Diff:
        """How the proof is asked for next time, or what is consented to, changes nothing that
        stands."""
        found = super().diff(old_inputs, old_state, inputs, ctx)
        passing = {*self.passing} | tunnel_import.not_changed(old_inputs, inputs)
        asked = {"verify.onFailure", tunnel_recovery.left_out(inputs)}
        stand = (p for p in found.changed if p not in asked and top(p) not in passing)
        return Diff(list(stand), found.replace)

    def preview(self, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """Show a new block whole: the engine cuts new texts after three lines."""
        if not old_state:
            values = "\n".join(
                f"  {key}: {value}" for key, value in sorted(inputs["cloud"].items())
            )
            ctx.info(
                f"would be typed on the RTX ({inputs['router']['model']}):\n{inputs['lines']}\n"
                f"would be written to the VPC router, site-to-site peer:\n{values}"
            )
        if tunnel_hardware.is_another(old_state, inputs):
            ctx.info(f"{tunnel_hardware.FOUND}:\n{inputs['lines']}")
        if old_state and tunnel_recovery.is_due(inputs, old_state):
            ctx.warning(tunnel_recovery.INTERRUPTS)
        warn_in_band(inputs, ctx)
        others = _other_peers(old_state, inputs, ctx)
        disturbed(others, inputs["routerId"], ctx)
        changing = _changing_parameters(old_state, inputs)
        if others and changing:
            ctx.warning(_about_all_peers(others, changing, _whose_parameters(inputs)))
        return super().preview(old_state, inputs, ctx)

    def create(self, inputs: Props, ctx: Context) -> tuple[str, Props]:
        """Make both ends and prove traffic.

        Without traffic, and unless the user wants to go back, both stay: kept as incomplete.
        """
        return _id(inputs), self._establish(_id(inputs), inputs, None, ctx)

    def update(self, id: str, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """Change both ends and prove traffic, or go back at both.

        What changes only the way to the router is proved without touching either end.
        """
        if not _why_incomplete(old_state) and tunnel_way.is_all_that_changes(old_state, inputs):
            ends, clock = _ends(inputs, ctx), SystemClock(ctx.cancelled)
            if verified := tunnel_way.proof(inputs, ends, ctx, clock):
                made = {**old_state, **inputs, "verified": verified}
                return self._with_recovery(id, made, inputs, old_state, ctx)
            ctx.warning("an end is not as it should be, or traffic does not pass: written anew")
        return self._establish(id, inputs, tunnel_import.claimed(old_state, inputs), ctx)

    def _establish(self, id: str, inputs: Props, old: Props | None, ctx: Context) -> Props:
        from .. import tunnel

        try:
            proof = tunnel.establish(
                _ends(inputs, ctx, old),
                _wish(inputs, ctx),
                _wish(_at_this_router(old, inputs), ctx) if old else None,
                verification(inputs),
                clock=SystemClock(ctx.cancelled),
                progress=ctx.info,
            )
        except tunnel.NotProved as err:
            unproved = {
                **inputs,
                "verified": UNPROVED,
                "otherPeers": [],
                **_account(inputs, old, ctx),
            }
            _leave_old_router(old, inputs, ctx)
            raise Incomplete(id, unproved, [str(err)]) from err
        _leave_old_router(old, inputs, ctx)
        for sentence in proof.interrupted:
            ctx.warning(sentence)
        made = {**inputs, "verified": proof.as_output(), "otherPeers": list(proof.others)}
        made |= _account(inputs, old, ctx)
        return self._with_recovery(id, made, inputs, old, ctx)

    def _with_recovery(
        self, id: str, made: Props, inputs: Props, old: Props | None, ctx: Context
    ) -> Props:
        """The state with what is known of the way back after a loss; tried where that is due."""
        more = tunnel_recovery.known(inputs, old)
        if tunnel_recovery.is_due(inputs, old):
            try:
                ends, clock = _ends(inputs, ctx), SystemClock(ctx.cancelled)
                more = tunnel_recovery.prove(inputs, ends, ctx, clock)
            except tunnel_recovery.NoRecovery as err:
                verified = made["verified"] | {tunnel_recovery.SAID: err.what}
                raise Incomplete(id, made | {"verified": verified}, [str(err)]) from err
        return made | {"verified": made["verified"] | more}

    def read(self, id: str, state: Props, inputs: Props, ctx: Context) -> Live | None:
        """Both ends as they are; a tunnel of which neither end stands is gone."""
        from .. import tunnel

        clock = SystemClock(ctx.cancelled)
        if not inputs:
            return tunnel_import.found(id, ctx, clock)
        with tunnel_hardware.naming_the_way_on():
            standing = tunnel.look(_ends(inputs, ctx), inputs["lines"], clock=clock)
        if standing.cloud is None:
            _refuse_other_account(state, ctx)
        if standing.nowhere:
            return None
        for said in (
            tunnel_drift.sentences(inputs, standing.lines, standing.cloud, standing.key),
            tunnel_drift.not_compared(standing.not_compared),
            tunnel_firmware.other(inputs, standing.model, standing.revision),
        ):
            if said:
                ctx.warning(said)
        # Without its address a peer that is gone could not be looked for again.
        cloud = standing.cloud or {"peer": inputs["cloud"]["peer"]}
        live = inputs | {"lines": standing.lines, "cloud": cloud}
        if standing.key is not None:
            live["psk"] = Secret(standing.key)
        unsaved = tunnel_drift.unsaved(inputs, standing.lines, standing.key, standing.unsaved)
        if why := [*filter(None, (_why_incomplete(state), unsaved))]:
            raise Incomplete(id, state | live, why, live)  # else a refresh would declare it whole
        return id, state | live, live

    def delete(self, id: str, state: Props, ctx: Context) -> None:
        """Take our part away at both ends; at the cloud end alone if the office is given up."""
        _refuse_other_account(state, ctx)
        if tunnel_removal.is_abandoned(ctx):
            tunnel_removal.leave_office(state, scope(state), ctx)
            return
        from .. import tunnel

        with tunnel_removal.naming_the_way_out(), tunnel_hardware.naming_the_way_on():
            tunnel.remove(
                _ends(state, ctx),
                _wish(state, ctx),
                clock=SystemClock(ctx.cancelled),
                progress=ctx.info,
            )


def _why_incomplete(state: Props) -> str:
    """Why the tunnel of this state is not whole yet; "" if it is."""
    verified = state.get("verified") or {}
    if verified == UNPROVED:
        return "traffic has never been proved"
    return tunnel_recovery.why_incomplete(verified)


def warn_in_band(inputs: Props, ctx: Context) -> None:
    """Say it if this machine's way to the RTX leads through what is changed."""
    if found := _in_band(inputs):
        ctx.warning(
            f"this machine reaches the RTX through the tunnel itself:\n{found}\n"
            "up refuses that without consent: office.in_band: true, or comes from elsewhere"
        )


def _in_band(inputs: Props) -> str:
    """Our lines that lead to this machine; no router is asked.  Empty: none, or consented to."""
    if (inputs.get("consent") or {}).get("inBand") or inputs.get("rehearsal"):
        return ""
    router = inputs["router"]
    # The router sees a session come from the bastion, not from here.
    bastion = str(router.get("via", "")).rpartition("@")[2].partition(":")[0]
    host = str(router.get("host", ""))
    source = inband.address_of(bastion) if bastion else inband.source_towards(host)
    return "\n".join(inband.reasons(source, (), inputs["lines"], parse("")))


def _id(inputs: Props) -> str:
    return tunnel_id(inputs["routerId"], inputs["cloud"]["peer"])


def _account(inputs: Props, old: Props | None, ctx: Context) -> Props:
    return known(access.client(inputs, ctx), old or {})


def _refuse_other_account(state: Props, ctx: Context) -> None:
    """An API key of another account finds no such router: the peer is not gone by that."""
    what = f"the peer {state['cloud']['peer']} of the VPC router {state['routerId']}"
    refuse_other(access.client(state, ctx), state, what)


def _at_this_router(old: Props, inputs: Props) -> Props:
    """What stood before; at a router that is new to the tunnel nothing of the peer did."""
    if old["routerId"] == inputs["routerId"]:
        return old
    return old | {"cloud": {"peer": old["cloud"]["peer"]}}


def _leave_old_router(old: Props | None, inputs: Props, ctx: Context) -> None:
    """Take our peer away from the router that the tunnel led to before; gone is gone.

    The tunnel stands at the new one already, so what fails here is said and undoes nothing.
    """
    if old is None or old["routerId"] == inputs["routerId"]:
        return
    router, peer = old["routerId"], old["cloud"]["peer"]
    try:
        tunnel_removal.remove_peer(old, inputs.get("consent") or {}, ctx)
    except VpnError as err:
        ctx.warning(f"the old VPC router {router} may still have the peer {peer}: {err}")


def _wish(props: Props, ctx: Context) -> tunnel.Wish:
    from .. import tunnel

    return tunnel.Wish(props["lines"], props["cloud"], tunnel_import.known_key(props, ctx))


def _ends(props: Props, ctx: Context, old: Props | None = None) -> tunnel.Ends:
    """Both ends; ours are the lines of `props` and, before a change, those of `old`."""
    from .. import tunnel

    consent = props.get("consent") or {}
    return tunnel.Ends(
        client=access.client(props, ctx),
        calm=access.client(props, ctx, calm=True),
        router_id=props["routerId"],
        peer=props["cloud"]["peer"],
        login=access.login(props["router"], bool(props.get("rehearsal")), ctx),
        scope=scope(props, old),
        in_band=bool(consent.get("inBand")),
        allow_unsaved=bool(consent.get("allowUnsaved")),
        accept=tuple(consent.get("accept") or ()),
        omitted_secrets=consent.get("omittedSecrets") or "refuse",
        parameters=_whose_parameters(props),
        address=props["address"],
        site=ctx.stack,
        new_router=tunnel_hardware.is_another(old, props),
        fits=tunnel_firmware.fitting(props, ctx),
    )


def _whose_parameters(props: Props) -> Parameters:
    """Whether what all peers of the router share may be written, see `cloud.router.Parameters`."""
    if (props.get("consent") or {}).get("sharedParameters") == "change":
        return "change"
    return "shared" if props.get("attached") else "own"


def _changing_parameters(old: Props, inputs: Props) -> list[str]:
    """The router-wide parameters that an update changes."""
    before, after = old.get("cloud") or {}, inputs["cloud"]
    return [
        f"{name} {before[name]} to {after[name]}"
        for name in sorted(before)
        if name in SHARED and before[name] != after[name]
    ]


def _about_all_peers(others: Sequence[str], changing: Sequence[str], whose: Parameters) -> str:
    what = f"changes for all peers of the VPC router: {', '.join(changing)}"
    if whose != "change":
        return (
            f"{what}; `up` refuses that while {', '.join(others)} stand there, unless the site "
            "file says cloud.shared_parameters: change"
        )
    return (
        f"{what}; until the site files of {', '.join(others)} say the same and are applied, those "
        "tunnels fail at their next key exchange"
    )


def _other_peers(old: Props, inputs: Props, ctx: Context) -> list[str]:
    """The VPC router's other peers: of now if the API can be asked, else of the last change."""
    if not old:
        return []  # of an attached router its own resource tells; a new one has none
    known: list[str] = old.get("otherPeers") or []
    if inputs["routerId"] is UNKNOWN:
        return []
    from ..cloud.settings import other_peers_of

    with suppress(VpnError):  # a preview needs neither credentials nor the API
        client = access.client(inputs, ctx)
        client.deadline = SystemClock().now() + PREVIEW_SECONDS
        known = other_peers_of(client, inputs["routerId"], inputs["cloud"]["peer"])
    before = (old.get("cloud") or {}).get("peer")  # a new address of the office is the same peer
    return [peer for peer in known if peer != before]
