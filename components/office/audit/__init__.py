"""Findings on a router's configuration, alone or together with its cloud end.

Pure.  Only tunnels that belong to a VPC router are judged: somebody else's tunnels follow other
rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..codes import CODES, Code
from ..config import Config
from . import device, life, management, match, ours, path, terms, wan, whole
from .far import PUBLISHED, FarEnd, far_end
from .findings import ORDER, Finding
from .view import RouterView

__all__ = ["CODES", "Code", "FarEnd", "Finding", "audit", "far_end"]

CHECKS: Final = (
    *life.CHECKS,
    *terms.CHECKS,
    *match.CHECKS,
    *device.CHECKS,
    *path.CHECKS,
    *wan.CHECKS,
    *management.CHECKS,
)


def audit(
    config: Config, *, far: FarEnd | None = None, tunnel: int | None = None
) -> tuple[Finding, ...]:
    """What is wrong, doubtful or worth knowing, the worst first; nothing is said twice.

    `far` is the cloud end: then the gateway whose remote address it is, is judged against it.
    `tunnel` judges that tunnel, against `far` if that is given too.  With neither, the tunnels
    that can only be meant for a VPC router are judged against its published values.
    """
    found = dict.fromkeys(_findings(RouterView(config), far, tunnel))
    return tuple(sorted(found, key=lambda each: ORDER[each.severity]))


def _findings(router: RouterView, far: FarEnd | None, tunnel: int | None) -> Iterator[Finding]:
    links = list(ours.links(router))
    chosen = ours.chosen(links, far, tunnel)
    for link in chosen:
        for check in CHECKS:
            yield from check(link, far or PUBLISHED)
    if far or tunnel is not None:
        if not chosen:
            yield whole.nothing(far, tunnel)
        return
    yield from whole.halves(router, links)
    yield from whole.orphans(router)
    yield from whole.dead_ways(router, chosen)
    yield from ours.left_out(links)
