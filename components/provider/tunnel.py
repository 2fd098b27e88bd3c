"""`Tunnel`: both ends of the tunnel as one resource."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from ..clock import SystemClock
from ..cloud.router import SHARED
from ..errors import VpnError
from ..office import inband
from ..office.config import Scope, parse
from ..office.render import ADDRESS_PLACEHOLDER
from . import access, tunnel_import
from .attached import PREVIEW_SECONDS, disturbed
from .handler import Context, Diff, Incomplete, Live, Resource
from .tunnel_import import tunnel_id
from .values import UNKNOWN, Props, Secret, reveal, top

if TYPE_CHECKING:
    from .. import tunnel
    from ..cloud.router import OmittedSecrets, Parameters

# The output `verified` of a tunnel that was made and has not carried traffic yet.
UNPROVED: Final = {"at": "", "how": "not proved yet"}


class Tunnel(Resource):
    """Inputs as in `resources.TunnelArgs`; outputs `verified` and `otherPeers`, the VPC router's
    other peers when this one was last written.

    `lines` are kept as they would be typed, the address of the VPC router filled in as soon as it
    is known: so every preview shows the RTX's own lines as `-` and `+`.  A new VPC router changes
    address lines; it never replaces the tunnel.
    """

    outputs = ("verified", "otherPeers")
    secrets = ("psk",)
    replace_on = ("rehearsal",)

    def check(self, inputs: Props, ctx: Context) -> Props:
        """Fill the address in."""
        address = inputs["address"]
        if address is not UNKNOWN and inputs["lines"] is not UNKNOWN:
            inputs = inputs | {"lines": inputs["lines"].replace(ADDRESS_PLACEHOLDER, address)}
        return inputs

    def diff(self, old_inputs: Props, old_state: Props, inputs: Props, ctx: Context) -> Diff:
        """How the proof is asked for next time, or what is consented to, changes nothing that
        stands."""
        found = super().diff(old_inputs, old_state, inputs, ctx)
        passing = {"consent"} | tunnel_import.not_changed(old_inputs, inputs)
        stand = (p for p in found.changed if p != "verify.onFailure" and top(p) not in passing)
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
        if found := _in_band(inputs):
            ctx.warning(
                f"this machine reaches the RTX through the tunnel itself:\n{found}\n"
                "up refuses that without consent: office.in_band: true, or comes from elsewhere"
            )
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
        """Change both ends and prove traffic, or go back at both."""
        return self._establish(id, inputs, tunnel_import.claimed(old_state, inputs), ctx)

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
                _wish(_at_this_router(old, inputs)) if old else None,
                verification,
                clock=SystemClock(ctx.cancelled),
                progress=ctx.info,
            )
        except tunnel.NotProved as err:
            unproved = {**inputs, "verified": UNPROVED, "otherPeers": []}
            _leave_old_router(old, inputs, ctx)
            raise Incomplete(id, unproved, [str(err)]) from err
        _leave_old_router(old, inputs, ctx)
        for sentence in proof.interrupted:
            ctx.warning(sentence)
        return {**inputs, "verified": proof.as_output(), "otherPeers": list(proof.others)}

    def read(self, id: str, state: Props, inputs: Props, ctx: Context) -> Live | None:
        """Both ends as they are; a tunnel of which neither end stands is gone."""
        from .. import tunnel

        clock = SystemClock(ctx.cancelled)
        if not inputs:
            return tunnel_import.found(id, ctx, clock)
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
    from ..cloud.settings import remove_peer

    router, peer = old["routerId"], old["cloud"]["peer"]
    try:
        kept = (inputs.get("consent") or {}).get("omittedSecrets") == "kept"
        omitted: OmittedSecrets = "kept" if kept else "refuse"
        clock = SystemClock(ctx.cancelled)
        remove_peer(access.client(old, ctx), router, peer, clock, omitted_secrets=omitted)
    except VpnError as err:
        ctx.warning(f"the old VPC router {router} may still have the peer {peer}: {err}")


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
        accept=tuple(consent.get("accept") or ()),
        omitted_secrets=consent.get("omittedSecrets") or "refuse",
        parameters=_whose_parameters(props),
        address=props["address"],
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
    return known
