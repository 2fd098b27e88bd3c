"""`Tunnel`: both ends of the tunnel as one resource."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from ..clock import SystemClock
from ..office.config import Scope, parse
from ..office.render import ADDRESS_PLACEHOLDER
from . import access
from .handler import Context, Diff, Incomplete, Live, Resource
from .network import refuse_import
from .values import UNKNOWN, Props, Secret, reveal

if TYPE_CHECKING:
    from .. import tunnel

# The output `verified` of a tunnel that was made and has not carried traffic yet.
UNPROVED: Final = {"at": "", "how": "not proved yet"}


class Tunnel(Resource):
    """Inputs as in `resources.TunnelArgs`; output `verified`.

    `lines` are kept as they would be typed, the address of the VPC router filled in as soon as it
    is known: so every preview shows the RTX's own lines as `-` and `+`.  A new VPC router changes
    address lines; it never replaces the tunnel.
    """

    outputs = ("verified",)
    secrets = ("psk",)
    replace_on = ("rehearsal",)

    def check(self, inputs: Props, ctx: Context) -> Props:
        """Fill the address in."""
        address = inputs["address"]
        if address is not UNKNOWN and inputs["lines"] is not UNKNOWN:
            inputs = inputs | {"lines": inputs["lines"].replace(ADDRESS_PLACEHOLDER, address)}
        return inputs

    def diff(self, old_inputs: Props, old_state: Props, inputs: Props, ctx: Context) -> Diff:
        """How the proof is asked for next time changes nothing that stands."""
        found = super().diff(old_inputs, old_state, inputs, ctx)
        return Diff([path for path in found.changed if path != "verify.onFailure"], found.replace)

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
        return super().preview(old_state, inputs, ctx)

    def create(self, inputs: Props, ctx: Context) -> tuple[str, Props]:
        """Make both ends and prove traffic.

        Without traffic, and unless the user wants to go back, both stay: kept as incomplete.
        """
        return _id(inputs), self._establish(_id(inputs), inputs, None, ctx)

    def update(self, id: str, old_state: Props, inputs: Props, ctx: Context) -> Props:
        """Change both ends and prove traffic, or go back at both."""
        return self._establish(id, inputs, old_state, ctx)

    def _establish(self, id: str, inputs: Props, old: Props | None, ctx: Context) -> Props:
        from .. import tunnel

        verify = inputs["verify"]
        verification = tunnel.Verification(
            target=IPv4Address(verify["target"]),
            source=IPv4Address(verify["source"]),
            seconds=verify["seconds"],
            mtu=verify["mtu"],
            on_failure=verify.get("onFailure") or "",
        )
        try:
            proof = tunnel.establish(
                _ends(inputs, ctx, old),
                _wish(inputs),
                _wish(old) if old else None,
                verification,
                clock=SystemClock(ctx.cancelled),
                progress=ctx.info,
            )
        except tunnel.NotProved as err:
            raise Incomplete(id, {**inputs, "verified": UNPROVED}, [str(err)]) from err
        return {**inputs, "verified": proof.as_output()}

    def read(self, id: str, state: Props, inputs: Props, ctx: Context) -> Live | None:
        """Both ends as they are; a tunnel of which neither end stands is gone."""
        from .. import tunnel

        refuse_import(inputs, "a tunnel")
        clock = SystemClock(ctx.cancelled)
        standing = tunnel.look(_ends(inputs, ctx), inputs["lines"], clock=clock)
        if standing.nowhere:
            return None
        # Without its address a peer that is gone could not be looked for again.
        cloud = standing.cloud or {"peer": inputs["cloud"]["peer"]}
        live = inputs | {"lines": standing.lines, "cloud": cloud}
        if standing.key is not None:
            live["psk"] = Secret(standing.key)
        if state.get("verified") == UNPROVED:  # else a refresh would declare it whole
            raise Incomplete(id, state | live, ["traffic has never been proved"], live)
        return id, state | live, live

    def delete(self, id: str, state: Props, ctx: Context) -> None:
        """Take our part away at both ends."""
        from .. import tunnel

        tunnel.remove(
            _ends(state, ctx),
            _wish(state),
            clock=SystemClock(ctx.cancelled),
            progress=ctx.info,
        )


def _id(inputs: Props) -> str:
    return f"{inputs['routerId']}/{inputs['cloud']['peer']}"


def _wish(props: Props) -> tunnel.Wish:
    from .. import tunnel

    return tunnel.Wish(props["lines"], props["cloud"], reveal(props["psk"]))


def _ends(props: Props, ctx: Context, old: Props | None = None) -> tunnel.Ends:
    """Both ends; ours are the lines of `props` and, before a change, those of `old`."""
    from .. import tunnel

    texts = [props["lines"], *([old["lines"]] if old else [])]
    consent = props.get("consent") or {}
    return tunnel.Ends(
        client=access.client(props, ctx),
        calm=access.client(props, ctx, calm=True),
        router_id=props["routerId"],
        peer=props["cloud"]["peer"],
        login=access.login(props["router"], bool(props.get("rehearsal")), ctx),
        scope=Scope(
            **props["numbers"],
            keys=frozenset(s.key for text in texts for s in parse(text).statements),
        ),
        in_band=bool(consent.get("inBand")),
        allow_unsaved=bool(consent.get("allowUnsaved")),
        omitted_secrets=consent.get("omittedSecrets") or "refuse",
    )
