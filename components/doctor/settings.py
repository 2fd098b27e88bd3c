"""Whether both ends hold what the site file says: saved, applied, and nothing half made.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..errors import VpnError
from ..office.guards import last
from ..tunnel import GUARD_MARGIN
from ..tunnel.proof import is_both_ways
from .case import Case
from .seen import Fact

_SHOWN: Final = 12  # lines of a difference; `plan` and `preview` show all
_HALF: Final = (
    "a change is half made (an `up` was killed between the ends, or one end was changed by hand)"
)


def settings(case: Case) -> Iterator[Fact]:
    """Everything about them, the state that a killed change left first."""
    yield from _guarded(case)
    if case.office is None or not case.compared:
        ends = (("the RTX", case.office), ("a VPC router", case.compared))
        lacking = " and ".join(name for name, end in ends if not end)
        yield Fact("unseen", f"the ends cannot be compared without {lacking}")
    if isinstance(case.peer, VpnError):
        yield Fact("broken", case.peer.what, case.peer.remedy or "look into the control panel")
    else:
        yield from _absent(case)
        yield from _drifted(case)
    yield from _applied(case)
    yield from _unsaved(case)


def _guarded(case: Case) -> Iterator[Fact]:
    """A guard stands only while a change is made, or after one that was killed."""
    guards = case.office.guards if case.office else ()
    if guards:
        seconds = last(case.aim.seconds + GUARD_MARGIN)
        yield Fact(
            "broken",
            "a change is under way or was killed: its guard stands in the RTX "
            f"(`{'; '.join(guards)}`), which then goes back to its saved configuration by itself; "
            "the cloud end may be new already",
            f"let no other `up` run, wait until the guard is gone (at most {seconds:.0f} s), "
            f"{case.aim.up}",
        )


def _absent(case: Case) -> Iterator[Fact]:
    """An end that has nothing of the tunnel."""
    office, cloud = case.stands, case.peer is not None
    missing = [
        *(["the office end has no line of ours"] if case.office and not office else []),
        *(
            [f"the cloud end has no peer {case.peer_address}"]
            if case.appliance and not cloud
            else []
        ),
    ]
    if missing:
        half = f"{_HALF}: " if office or cloud else ""
        yield Fact("broken", f"{half}{' and '.join(missing)}", case.aim.up)


def _drifted(case: Case) -> Iterator[Fact]:
    """The ends against the site file: if one of them is as it says and the other is not, and a
    shared value differs, a change is half made.  Else what differs is only told."""
    ends = [
        *([("office", case.drift)] if case.stands else []),
        *([("cloud", case.cloud_drift)] if case.peer is not None else []),
    ]
    done = [end for end, drift in ends if not drift]
    half = bool(case.disagreements) and len(ends) == 2 and len(done) == 1
    for end, drift in ends:
        if not drift:
            yield Fact("note", f"the {end} end is as the site file says")
        elif half:
            yield Fact(
                "broken",
                f"{_HALF}: the {done[0]} end is as the site file says, the {end} end is not "
                f"(to change: {_some(drift)})",
                f"{case.aim.up}; if that finds nothing to do: {case.aim.brought_back}",
            )
        else:
            yield Fact(
                "note", f"the {end} end is not as the site file says; to change: {_some(drift)}"
            )


def _some(lines: Sequence[str]) -> str:
    more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return "; ".join(lines[:_SHOWN]) + more


def _applied(case: Case) -> Iterator[Fact]:
    """Stored settings read as if they were in force (2.6): only the status tells of others.

    That a router names every peer in force is an inference (5.1).
    """
    if case.cloud is None or not isinstance(case.peer, dict):
        return
    if case.cloud.status_error:
        yield Fact("unseen", f"in force or not is not known: {case.cloud.status_error}")
    elif case.status:
        yield Fact(
            "note",
            f"the VPC router calls the peer {case.status}: so it has an entry in force, whether "
            "with these values it does not say",
        )
    elif case.cloud.statuses:
        yield Fact(
            "broken",
            f"the peer {case.peer_address} is stored and not in force: the VPC router names "
            f"{', '.join(case.cloud.statuses)} only",
            f"{case.aim.up}, or apply the settings in the control panel",
        )
    elif case.office is not None and is_both_ways(case.office.sas):
        yield Fact("note", "the VPC router names no peer in force, as for a while after a start")
    else:
        yield Fact(
            "unseen",
            "the VPC router names no peer in force: it was started or changed less than two "
            "minutes ago, or the settings are stored and not applied",
            f"look again in two minutes; then {case.aim.up}, or apply the settings in the control "
            "panel",
        )


def _unsaved(case: Case) -> Iterator[Fact]:
    if case.office and case.office.not_compared:
        yield Fact("note", f"what is not saved is not known: {case.office.not_compared}")
    ours, others = case.unsaved
    lost = f"lines of ours are not saved: a restart of the RTX would do {_some(ours)}"
    if ours and case.office and case.office.guards:
        yield Fact("note", f"lines of ours are not saved: {_some(ours)} is what the guard does")
    elif ours and case.passes:
        cure = (
            "type `save` on the RTX if what stands is wanted, else `load config N silent`, N being "
            "the file in use (`show environment`)"
        )
        yield Fact("broken", lost, cure)
    elif ours:
        yield Fact("note", lost)
    if others:
        yield Fact("note", f"not saved by somebody else, `up` refuses that: {_some(others)}")
