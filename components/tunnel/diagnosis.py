"""Why no traffic came after a change: both ends are asked once more before anything goes back.

The judgements are the doctor's.  What it calls broken is the cause; where it finds nothing, what is
left is said: what only shows on the way between the two ends, or behind them.  Asking costs one
look at each end and is bounded, because a guard is running.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..clock import Clock
from ..cloud.api import Client
from ..doctor.aim import Aim
from ..doctor.case import Case
from ..doctor.checks import STALL, handed_on
from ..doctor.gather import cloud_end, office_end, or_error
from ..doctor.layers import LAYER_OF, examine
from ..doctor.seen import Layer
from ..errors import Cancelled, Unreachable, VpnError
from ..office.session import Session
from .proof import is_both_ways

_API_SECONDS: Final = 15.0  # for both answers
# What the change itself has proved, and what only says that nothing passes.
_PROVED: Final = ("line", "API")
_SYMPTOMS: Final = ("SAs", "traffic")
_NO_FINDINGS: Final = ("router", "settings", "key")  # judged without the audit


@dataclass(frozen=True)
class Cause:
    """Why nothing passes, what was seen, and what mends it; no key in any of them."""

    what: str
    evidence: str
    cure: str


def cause(
    aim: Aim, session: Session, client: Client, router_id: str, clock: Clock, *, stays: bool
) -> Cause:
    """Ask both ends now and name the first thing that is broken.

    `stays`: both ends will be left as they are now, so what mends them must do it where they are.
    Never fails for want of an answer: then it says so.  Raises `Cancelled` on Ctrl-C, and
    `Unreachable` where the session is gone: nothing more can be done over it.
    """
    try:
        return _named(_case(aim, session, client, router_id, clock), stays)
    except (Cancelled, Unreachable):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not keep us from going back
        what = error.what if isinstance(error, VpnError) else type(error).__name__
        return Cause(
            "the cause could not be looked for",
            f"the look at both ends failed: {what}",
            f"sakura-rtx doctor{f' --site {aim.name}' if aim.name else ''}",
        )


def _case(aim: Aim, session: Session, client: Client, router_id: str, clock: Clock) -> Case:
    client.deadline = clock.now() + _API_SECONDS
    cloud = or_error(lambda: cloud_end(client, router_id))
    if isinstance(cloud, Cancelled):
        raise cloud
    # The guards are those of this change.
    return Case(aim, replace(office_end(session, aim), guards=()), cloud)


def _named(case: Case, stays: bool) -> Cause:
    layers = [layer for layer in examine(case) if layer.name not in _PROVED]
    broken = [each for each in layers if each.state == "broken" and each.name not in _SYMPTOMS]
    # That an end is not as it should be says less than which value of it is in the way.
    broken.sort(key=lambda layer: layer.name == "settings")
    found = broken[0] if broken else None
    if found:
        what, cure = f"{found.title}: {found.cause}", found.cure
        if not stays and _types_what_is_ours(cure, case.aim.lines):
            cure = f"somebody typed at our lines meanwhile, and they stand again: {case.aim.up}"
    else:
        what, cure = _left(case, layers, stays)
    return Cause(what, "; ".join(_evidence(case, layers, found)), cure)


def _types_what_is_ours(cure: str, lines: str) -> bool:
    """Whether the cure is a line that the change had typed itself."""
    return any(line.strip() and line.strip() in cure for line in lines.splitlines())


def _left(case: Case, layers: Sequence[Layer], stays: bool) -> tuple[str, str]:
    """What is left where the configuration of neither end explains it."""
    traffic = next(layer for layer in layers if layer.name == "traffic")
    again = f"then {case.aim.up}"
    look = "" if stays else "; verify.on_failure: keep leaves both ends as they are to look at"
    if traffic.state == "ok":
        return (
            "traffic passes by now: the time allowed was too short",
            f"raise verify.seconds in the site file, {again}",
        )
    if case.passes or (case.office and is_both_ways(case.office.sas)):
        cure = traffic.cure if stays or case.passes else f"{_before_again(case)}{look}; {again}"
        return f"{_unseen(case)}{traffic.cause}", cure
    front = handed_on(case, "udp 500 and IP protocol 50 (ESP)")
    where = "the gateway in front of the RTX" if front else "a device in front of the RTX"
    return (
        f"{_unseen(case)}no SA comes to be, and nothing in the configuration of the two ends "
        f"explains it: the key exchange (udp 500) is stopped on the way, by {where} or the ISP, or "
        "the VPC router does not have in force what it has stored",
        f"{f'{front}; ' if front else ''}"
        "look for IKE in `show log` on the RTX during the next attempt (office.extra_lines: "
        f"`ipsec ike log {case.aim.gateway} message-info`); if nothing comes in from "
        f"{case.vip}, ask the ISP about udp 500 and IP protocol 50 (ESP){look}; {again}",
    )


def _before_again(case: Case) -> str:
    """What to do about SAs that carry nothing, when both ends have gone back."""
    stall = next((each for each in case.findings if each.code == STALL), None)
    if stall:
        return f"let the lines say `{stall.remedy}` (office.extra_lines)"
    front = handed_on(case, "IP protocol 50 (ESP)")
    target = f"see that {case.aim.target} answers pings at all (verify.target)"
    return f"{front}; {target}" if front else f"{target}; ask the ISP about IP protocol 50 (ESP)"


def _unseen(case: Case) -> str:
    if isinstance(case.cloud_seen, VpnError):
        return "the cloud end could not be asked, the office end alone explains nothing: "
    return ""


def _evidence(case: Case, layers: Sequence[Layer], found: Layer | None) -> Iterator[str]:
    """What else is broken, and what each end says of itself, believed or not."""
    if isinstance(case.cloud_seen, VpnError):
        yield f"the API did not answer: {case.cloud_seen.what}"
    else:
        yield f"the VPC router calls the peer {case.status or 'nothing'}"
    if case.office and case.office.word:
        yield f"the RTX says {case.office.word}"
    said = found.cause if found else ""
    for layer in layers:
        if layer.state == "broken" and layer is not found and layer.name in _NO_FINDINGS:
            yield f"also {layer.title}: {layer.cause}"
    for each in case.errors:
        if LAYER_OF.get(each.code) not in _PROVED and not said.startswith(each.code):
            yield f"also {each.code}: {each.where}"
