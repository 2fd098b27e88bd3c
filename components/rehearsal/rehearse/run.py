"""A whole rehearsal: copies of both ends, the change, everything that a tunnel has to survive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from .. import negotiation
from ..ike.link import IkeLink
from ..ike.traffic import Pinger
from .copies import Copies
from .course import SPEED, Course, Step
from .report import Report

if TYPE_CHECKING:
    from ...clock import Progress
    from ...site import Site
    from .sources import Source

RECOVERIES: Final = "recovery from deleted SAs, reboots and a cut"
_STALL: Final = (
    "an RTX that starts the key exchange itself, has no dpd, or is not set to release 2 was seen "
    "not to find back to a VPC router after it lost its SAs (why is not known); these daemons do"
)


def rehearse(
    source: Source,
    site: Site | None,
    changed: Site | None,
    *,
    speed: int = SPEED,
    progress: Progress,
) -> Report:
    """Rehearse on copies of `source`; `changed` is the site as it is to be (None: no change).

    Without a VPC router in the source, `site` is made first; without a change, the key is rotated
    if a site says whose tunnel it is.  `speed` divides the times of dead peer detection and of the
    cut.  Raises `VpnError` if the copies cannot be made or this machine cannot run them.
    """
    # The tunnel is known by the file that describes it now, or else by the one to come.
    with Copies(source, site or changed, speed=speed) as copies:
        with Pinger(copies.link.lab.way) as pinger:
            course = Course(copies, pinger, speed, progress)
            steps = list(_before(course, source, site or changed))
            steps += _changes(course, steps[-1], site, changed)
            tried = steps[-1].traffic
            steps += course.recoveries() if tried else ()
        peer, gateway = copies.link.pair
        return Report(
            where=source.where,
            office=f"gateway {gateway.gateway}, {gateway.wan_address}" if gateway else "",
            cloud=str(peer.address) if peer else "",
            steps=steps,
            notes=copies.notes,
            warnings=(_STALL,) if gateway and not negotiation.recovers(gateway) else (),
            not_shown=sorted(_not_shown(copies.link)),
            skipped=() if tried else (RECOVERIES,),
        )


def _before(course: Course, source: Source, site: Site | None) -> Iterator[Step]:
    if source.body is not None:
        yield course.as_they_are()
    else:
        assert site is not None, "a source without a VPC router comes from a site"
        yield course.changed("made", "the tunnel as the site file says", site)


def _changes(course: Course, last: Step, site: Site | None, changed: Site | None) -> Iterator[Step]:
    if changed is not None:
        new_key = site is not None and site.psk_version != changed.psk_version
        yield course.changed("changed", "the tunnel as it is to be", changed, new_key=new_key)
    elif site is not None and last.traffic:
        yield course.changed("key rotated", "a new pre-shared key at both ends", site, new_key=True)


def _not_shown(link: IkeLink) -> set[str]:
    hosts = [link.lab.host(name) for name in link.lab.logs()]
    return {words for host in hosts if host for words in host.peer.not_shown}
