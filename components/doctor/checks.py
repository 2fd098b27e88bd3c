"""What each layer says beside the audit's findings.  Pure.

Each check yields facts about its own layer; the first broken one is the layer's cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..cloud.objects import power, text
from ..cloud.tree import same_address
from ..errors import VpnError
from ..ipsec import rows
from ..office.answers import Ping
from ..office.syntax import masked
from ..tunnel.proof import is_both_ways
from .case import Case
from .seen import Fact, NotOurs

STALL: Final = "stall-after-sa-loss"
HIDDEN: Final = "wan-address-private"


def handed_on(case: Case, what: str) -> str:
    """That a gateway in front of the RTX has to hand `what` on to it; "" if there is none."""
    hidden = next((each for each in case.findings if each.code == HIDDEN), None)
    if hidden is None:
        return ""
    return (
        f"see that the gateway in front of the RTX, which has {case.peer_address}, hands {what} on "
        f"to {hidden.where}"
    )


def line(case: Case) -> Iterator[Fact]:
    """Whether the RTX let us in."""
    found = case.office_seen
    if isinstance(found, VpnError):
        remedy = "see that the router has power, a line and `sshd service on`; log in by hand"
        yield _failed(found, remedy)
    elif case.office:
        running = case.office.running
        place = case.aim.place
        yield Fact("note", f"logged in at {place}: {running.model} Rev.{running.revision}")


def api(case: Case) -> Iterator[Fact]:
    """Whether the API answered."""
    found = case.cloud_seen
    if isinstance(found, VpnError):
        yield _failed(found, "see that the API answers: sakura-rtx account")
    elif case.theirs:
        yield Fact("unseen", f"not asked: only {case.theirs.owner} can do that")
    else:
        yield Fact("note", f"the API answered in zone {case.aim.zone}")


def _failed(error: VpnError, remedy: str) -> Fact:
    said = str(getattr(error, "said", ""))
    cause = "; ".join(filter(None, (error.what, masked(said), error.state)))
    return Fact("broken", cause, error.remedy or remedy)


def router(case: Case) -> Iterator[Fact]:
    """Whether the VPC router is there and runs (sakura-vpcrouter-api 2.7)."""
    if case.theirs:
        yield from _theirs(case.theirs)
        return
    appliance, attached = case.appliance, case.aim.attached
    again = case.aim.brought_back if case.stands else case.aim.up
    if appliance is None:
        which = attached or "with the tag of this stack"
        cure = "correct cloud.attach.router_id or cloud.zone" if attached else again
        yield Fact("broken", f"there is no VPC router {which} in this zone", cure)
        return
    made, runs = text(appliance, "Availability"), power(appliance)
    if made != "available":
        yield Fact("broken", f"the VPC router is not made: {made or 'no state'}", case.aim.up)
    elif runs != "up":
        # It may never have been started: an `up` that was cut off goes on there.
        start = "start it in the control panel"
        cure = start if attached else f"{again}; or {start}"
        yield Fact("broken", f"the VPC router does not run: {runs}", cure)
    yield Fact("note", f"VPC router {appliance.get('ID')} at {case.vip}: {made}, {runs}")


def _theirs(cloud: NotOurs) -> Iterator[Fact]:
    """What its owner has to be told, where only he can look."""
    yield Fact(
        "unseen",
        "it belongs to somebody else",
        f"if nothing passes, let {cloud.owner} see that it runs, and compare his site-to-site peer "
        "with what was agreed on:",
    )
    for row in rows(cloud.agreed, str(cloud.agreed.cloud_address)):
        yield Fact("note", f"{row['name']}: {row['value']} ({row['cloud']})")


# --- what both ends share -------------------------------------------------------------------------


def shared(case: Case) -> Iterator[Fact]:
    """Without the cloud end's values there is nothing to compare."""
    if case.far is None:
        why = (
            "settings that cannot be read" if isinstance(case.peer, dict) else "no site-to-site VPN"
        )
        yield Fact("unseen", f"the cloud end has {why}")
    elif case.gateway is None:
        yield Fact("unseen", "the office end has no lines of our gateway")


def key(case: Case) -> Iterator[Fact]:
    """Whether the two keys are equal; neither is ever shown."""
    psk = case.gateway.psk if case.gateway else None
    entries = case.far.entries if case.far else ()
    entry = next((e for e in entries if same_address(e.peer, case.peer_address)), None)
    if psk is None:
        if case.gateway is not None:
            number = case.gateway.number
            yield Fact("broken", f"no `ipsec ike pre-shared-key {number}`", case.aim.brought_back)
        else:
            yield Fact("unseen", "the office end has no lines of our gateway")
    elif case.theirs:
        yield Fact("unseen", f"equal or not is not known: only {case.theirs.owner} can compare")
    elif entry is None:
        yield Fact("unseen", "the cloud end has no peer of ours")
    elif psk.value is None:
        yield Fact("unseen", "the RTX does not show its key: equal or not is not known")
    elif entry.key is None:
        yield Fact("unseen", "hidden by the API: equal or not is not known")
    elif psk.value != entry.key:
        yield Fact(
            "broken",
            "the keys of the two ends are not equal; SAs that stand live on until the next key "
            "exchange (a rotation that was killed between the ends leaves this)",
            f"{case.aim.brought_back}; if that finds nothing to do, raise psk_version in the site "
            "file: a new key at both ends",
        )
    else:
        yield Fact("note", "equal at both ends")


# --- what flows -----------------------------------------------------------------------------------


def sas(case: Case) -> Iterator[Fact]:
    """Whether the RTX holds an IKE SA and IPsec SAs of both directions."""
    if case.office is None:
        return
    held = case.office.sas
    for sa in held:
        kind = "IKE SA" if sa.kind == "ike" else f"IPsec SA, {sa.direction or 'direction unknown'}"
        yield Fact("note", f"{kind}: {sa.life} s left")
    words = [
        f"{who} says {word}"
        for who, word in (("the RTX", case.office.word), ("the VPC router", case.status))
        if word
    ]
    if words:
        yield Fact("note", f"{'; '.join(words)}: proves nothing")
    missing = {"send", "recv"} - {sa.direction for sa in held}
    if missing:
        front = handed_on(case, "udp 500")
        what = "no SA stands" if not held else f"no IPsec SA stands for {' and '.join(missing)}"
        yield Fact(
            "broken",
            f"{what} for our gateway: the key exchange does not come to its end",
            f"mend what is broken above, then {case.reconnect}; if nothing is, "
            f"{f'{front}; else ' if front else ''}"
            f"{case.unexplained}",
        )


def traffic(case: Case) -> Iterator[Fact]:
    """The pings: only they prove anything."""
    if case.office is None:
        return
    office, aim = case.office, case.aim
    way = f"from {aim.source} (RTX) to {aim.target}"
    if office.refused:
        yield Fact("unseen", f"the RTX did not ping {way}: {office.refused}")
        return
    yield Fact("note", f"ping {way}: {_said(office.small)}")
    if office.full is not None:
        yield Fact("note", f"ping of {aim.mtu} bytes, the tunnel's MTU: {_said(office.full)}")
    if not case.passes:
        yield _dead(case)
    elif office.full is None or not office.full.received:
        yield Fact(
            "broken",
            f"small packets pass, packets of {aim.mtu} bytes do not",
            "lower office.mtu in the site file, or find the hop that drops fragments of ESP; then "
            f"{case.aim.up}",
        )
    elif set(case.errors) & set(case.disagreements):
        yield Fact(
            "note",
            "traffic passes over SAs that stand; the next key exchange fails by what is broken "
            "above",
        )


def _said(ping: Ping) -> str:
    trip = "" if ping.average_ms is None else f", {ping.average_ms:g} ms"
    return f"{ping.received} of {ping.sent} came back{trip}"


def _dead(case: Case) -> Fact:
    """Why nothing comes back: SAs that stand and carry nothing are the seed's stall."""
    office, appliance = case.office, case.appliance
    if case.errors or (appliance is not None and power(appliance) != "up"):
        return Fact(
            "broken",
            "nothing comes back, as what is broken above lets expect",
            f"mend what is broken above, then {case.reconnect}",
        )
    both = office is not None and is_both_ways(office.sas)
    stall = next((each for each in case.findings if each.code == STALL), None)
    if both and stall:
        return Fact(
            "broken",
            f"SAs stand and carry nothing, as after a loss of the SAs with these settings: "
            f"{stall.where}",
            f"{case.reconnect} brings it back now; so that it comes back by itself from then on, "
            f"type `{stall.remedy}`, or let them be typed: {case.aim.brought_back}",
        )
    target, front = case.aim.target, handed_on(case, "IP protocol 50 (ESP)")
    if both and front:
        return Fact(
            "broken",
            "SAs stand and carry nothing: the gateway in front of the RTX may hand udp 500 on and "
            f"not ESP (IP protocol 50), {target} may not answer, or one end may have lost its SAs",
            f"{front}; {case.reconnect}; then see that {target} answers pings at all "
            "(verify.target)",
        )
    if both:
        return Fact(
            "broken",
            f"SAs stand and carry nothing: {target} may not answer, one end may have lost its SAs, "
            "ESP (IP protocol 50) may be dropped on the way, or a filter or route in the cloud LAN "
            "is in the way",
            f"{case.reconnect}; then see that {target} answers pings at all (verify.target)",
        )
    return Fact("broken", "nothing comes back: there are no SAs", "what mends the SAs, above")
