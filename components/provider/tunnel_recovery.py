"""`verify.prove_recovery`: once traffic is proved, whether it comes back after a loss of the SAs.

A tunnel that works and stays dead after the first loss is what this library exists against, so a
tunnel that does not come back is kept as incomplete: `up` fails, and the next one tries again.
"""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from ..clock import Clock
from ..errors import VpnError
from ..office import inband
from ..office.config import parse
from .handler import Context
from .tunnel_inputs import verification
from .values import Props, changes

if TYPE_CHECKING:
    from .. import tunnel
    from ..office.session import Session
    from ..recovery import OurTunnel, Recovery

SAID: Final = "recovery"
"""What became of it, in words, in the output `verified`."""
SECONDS: Final = "recoverySeconds"
"""How long it took; only of a tunnel that came back."""
TRIED: Final = "verify.prove_recovery: traffic passes; deleting our SAs to see it come back"
INTERRUPTS: Final = (
    "verify.prove_recovery: once traffic is proved, up deletes this tunnel's SAs and waits for "
    "traffic to come back; until then there is none"
)

# What traffic comes back by: other values of these are another tunnel.
_COMES_BACK_BY: Final = ("lines", "cloud", "routerId")
_MAKES_AN_UPDATE: Final = (*_COMES_BACK_BY, "psk", "router", "address", "numbers")


class NoRecovery(VpnError):
    """Traffic did not come back, or nobody knows; both ends stand as they were asked for."""

    def __init__(self, said: str, *, state: str, remedy: str) -> None:
        super().__init__(
            said,
            attempted="delete our SAs at the office and wait for traffic",
            state=f"both ends are configured and saved; {state}",
            remedy=remedy,
        )


def is_wanted(inputs: Props) -> bool:
    """Whether the site file asks for it."""
    asked = inputs.get("verify") or {}  # an import does not know it
    return isinstance(asked, dict) and asked.get("proveRecovery") is True


def left_out(inputs: Props) -> str:
    """The path of the input whose change means nothing: not to ask any more changes nothing."""
    return "" if is_wanted(inputs) else "verify.proveRecovery"


def is_due(inputs: Props, old: Props | None) -> bool:
    """Whether it is to be tried: asked for, and not known of these very ends.

    An update that changes nothing else was caused by turning it on.
    """
    if not is_wanted(inputs):
        return False
    if old is None or SECONDS not in (old.get("verified") or {}):
        return True
    if _differ(_COMES_BACK_BY, old, inputs):
        return True
    return not _differ(_MAKES_AN_UPDATE, old, inputs) and _asked(old) == _asked(inputs)


def _asked(props: Props) -> Props:
    """How traffic is to be proved, without what `up` alone asks of it."""
    asked = props.get("verify") or {}
    return {name: asked[name] for name in ("target", "source", "seconds", "mtu") if name in asked}


def known(inputs: Props, old: Props | None) -> Props:
    """What was found out before and still holds."""
    if old is None or _differ(_COMES_BACK_BY, old, inputs):
        return {}
    before = old.get("verified") or {}
    return {key: before[key] for key in (SAID, SECONDS) if SECONDS in before}


def _differ(names: tuple[str, ...], old: Props, inputs: Props) -> bool:
    before, after = (typed(props) for props in (old, inputs))
    return any(True for name in names for _ in changes(before.get(name), after.get(name)))


def typed(props: Props) -> Props:
    """The inputs with the lines as far as they are typed: a comment is nothing that stands."""
    lines = props.get("lines")
    if not isinstance(lines, str):  # a preview may not know them yet
        return props
    return props | {"lines": [f"{s.context} {s.text}" for s in parse(lines).statements]}


def why_incomplete(verified: Props) -> str:
    """Why a tunnel with this output is not whole yet; "" if it is."""
    return verified[SAID] if SAID in verified and SECONDS not in verified else ""


def prove(inputs: Props, ends: tunnel.Ends, ctx: Context, clock: Clock) -> Props:
    """Lose our SAs, measure until traffic is back; what the output `verified` says of it.

    Raises `NoRecovery`, which leaves both ends as they are.
    """
    from .. import recovery
    from ..office.session import Session

    ours, way_in = our_tunnel(inputs), _way_in(inputs)
    ctx.info(TRIED)
    try:
        with Session.open(ends.login, clock=clock) as session:
            found = recovery.prove(session, ours, way_in=way_in, clock=clock, progress=ctx.info)
            if found.proof is None:
                raise _not_back(found, ours, _now(session, ours, ends, found, way_in, ctx, clock))
    except NoRecovery:
        raise
    except VpnError as err:
        raise NoRecovery(
            f"whether traffic comes back is not known: {err.what}",
            state=err.state or "the tunnel may be without traffic",
            remedy=err.remedy or "run up again",
        ) from err
    for each in found.findings:
        ctx.warning(f"traffic came back this time; {each.code} ({each.where}): {each.why}")
    said = f"traffic was back {found.seconds:g} s after the office end had lost its SAs"
    ctx.info(said)
    return {SAID: said, SECONDS: found.seconds}


def _now(
    session: Session,
    ours: OurTunnel,
    ends: tunnel.Ends,
    found: Recovery,
    way_in: IPv4Address | None,
    ctx: Context,
    clock: Clock,
) -> str:
    """Bring traffic back after a loss of our own making, if that harms nobody; what is true then.

    Other peers of the VPC router forbid what is needed: they would be interrupted.
    """
    from .. import recovery

    silent = "there is no traffic now"
    if found.outcome is None:
        return silent
    ctx.info("traffic does not come back by itself: bringing it back")
    try:
        again = recovery.reconnect(
            session,
            ours,
            ends.client,
            ends.router_id,
            way_in=way_in,
            clock=clock,
            progress=ctx.info,
        )
    except VpnError as err:
        return f"{silent} ({err.what})"
    if again.refused:
        others = ", ".join(again.others)
        return f"{silent}; a restart would interrupt {others}: sakura-rtx reconnect --all-peers"
    means = {"office": "deleting our SAs once more", "cloud": "a restart of the VPC router's VPN"}
    return f"traffic passes again, by {means[again.by]}" if again.by else silent


def _not_back(found: Recovery, ours: OurTunnel, now: str) -> NoRecovery:
    why = "".join(f"\n    {each.code} ({each.where}): {each.why}" for each in found.findings)
    lines = [line for each in found.findings for line in each.remedy.split("; ")]
    cure = ("type or set: " + "; ".join(lines)) if lines else "sakura-rtx doctor looks at both ends"
    if found.outcome is None:
        said = f"traffic was gone before any SA was deleted: {found.before.why}"
    else:
        said = (
            f"traffic did not come back within {found.seconds:g} s after the office end had lost "
            f"its SAs (expected within {ours.expected} s): {found.outcome}"
        )
    return NoRecovery(said + why, state=now, remedy=f"{cure}; then run up again")


def our_tunnel(inputs: Props) -> OurTunnel:
    """The tunnel as the resource's inputs describe it: `vpn_values` read backwards."""
    from ..cloud.router import agreement_of
    from ..office.render import OfficeSite
    from ..recovery import OurTunnel

    agreement = agreement_of(inputs["cloud"], IPv4Address(inputs["address"]))
    asked = verification(inputs)
    return OurTunnel(
        agreement,
        # The WAN plays no part: whose tunnel it is is told by its numbers and prefixes.
        OfficeSite(agreement.office_prefix, asked.source, "", **inputs["numbers"], mtu=asked.mtu),
        asked,
    )


def _way_in(inputs: Props) -> IPv4Address | None:
    """Our own address on the way to the router; None where that is not known."""
    router = inputs["router"]
    if inputs.get("rehearsal") or "via" in router or "host" not in router:
        return None
    return inband.source_towards(str(router["host"]))
