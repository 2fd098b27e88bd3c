"""What the lists of filters on the WAN interface need, in the site file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import ConfigDict, Field

from ..errors import Problem
from ..office.filters import DIRECTIONS, Direction, Protocol
from ..office.shared_list import LONGEST, Numbers
from .base import Part, written_as

_LIST = r"^[1-9]\d*( [1-9]\d*)*( dynamic [1-9]\d*( [1-9]\d*)*)?$"


_LISTED = "numbers of filters, such as 1010 2001 1099 dynamic 80"


class FilterEntry(Part):
    """A static filter that lets the key exchange (`udp`: port 500) or ESP (`esp`) pass.

    Between the VPC router and the RTX's `local_address`, in the direction of the list that it
    stands in.  `number` is a free number of a static filter; `reason` is shown in previews, above
    the line (command reference 8.1.10).
    """

    number: Annotated[int, Field(ge=1, le=21474836)]
    direction: Direction = "in"
    protocol: Protocol
    reason: Annotated[str, written_as(r"^[^\r\n]*$", "one line", max_length=120)] = ""


class SecureFilter(Part):
    """The whole lists of the WAN interface, as they are to stand with our filters in them.

    `in: "1010 1020 2001 1099"`: what follows `ip lan2 secure filter in`.  The other numbers are
    somebody else's: if they are not the same in the router, nothing is typed.  When the site goes,
    our numbers are taken out of the list and the rest of it stays (command reference 8.1.25).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    in_: str | None = written_as(_LIST, _LISTED, default=None, alias="in")
    out: str | None = written_as(_LIST, _LISTED, default=None)

    @property
    def given(self) -> tuple[tuple[Direction, str], ...]:
        """Direction and list, of the lists that are given."""
        values: tuple[str | None, ...] = (self.in_, self.out)
        return tuple(
            (way, listed) for way, listed in zip(DIRECTIONS, values, strict=True) if listed
        )


def contradictions(filters: Sequence[FilterEntry], secure: SecureFilter) -> Iterator[Problem]:
    """What only shows when filters and lists are seen together."""
    lists = {way: Numbers.read(text).static for way, text in secure.given}
    ours = {str(entry.number) for entry in filters}
    times = Counter(entry.number for entry in filters)
    for index, entry in enumerate(filters):
        path = f"office.filters.{index}.number"
        if times[entry.number] > 1:
            yield Problem(path, str(entry.number), "a number used once")
        elif str(entry.number) not in lists.get(entry.direction, ()):
            yield Problem(
                path,
                f"{entry.number}, which office.secure_filter.{entry.direction} does not name",
                "a number in that list: a filter in no list does nothing",
            )
    for way, text in secure.given:
        path, named = f"office.secure_filter.{way}", lists[way]
        if not ours.intersection(named):
            yield Problem(path, text, "a list with filters of ours; leave it out without any")
        elif ours.issuperset(named):
            yield Problem(path, text, "the whole list, everybody else's filters included")
        elif len(named) > LONGEST:
            yield Problem(path, f"{len(named)} filters", f"{LONGEST} at most")
