"""An RTX in the place of another one: it is known by its host key.

A new pin in the site file is how the user says that the box was replaced: nothing on it is ours by
its number any more, and our lines are typed into it from what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ..errors import HostKeyRefused
from .values import Props

WAY_ON: Final = (
    "refresh and destroy go by the last up: if the site file pins the new key already, run up "
    "first, without --refresh"
)

FOUND: Final = (
    "another host key: taken for new hardware; would be typed, as far as the new router lacks it"
)


def is_another(old: Props | None, new: Props) -> bool:
    """Whether these inputs pin another host key than those before; a first pin is the same box."""
    before, after = (_host_key(props or {}) for props in (old, new))
    return bool(before and after) and before != after


def _host_key(props: Props) -> list[str]:
    """Kind and key of the pinned line, without its comment."""
    router = props.get("router")
    line = router.get("hostKey") if isinstance(router, dict) else None
    return line.split()[:2] if isinstance(line, str) else []  # a preview may not know it yet


@contextmanager
def naming_the_way_on() -> Iterator[None]:
    """Add to a refused host key what a refresh or a destroy cannot do and an `up` can."""
    try:
        yield
    except HostKeyRefused as err:
        err.remedy = "; ".join(filter(None, (err.remedy, WAY_ON)))
        raise
