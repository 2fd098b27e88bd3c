"""The site file on its way: what stands at both ends, in the keys of the file.

Only what is no default is put down, so that the file says what is special about this pair.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Draft:
    """`values` as the key `site` of a stack file has them, in the order of the file.

    `notes` say of a path (`office.wan.kind`) where its value came from, where that is not obvious.
    `doubts` are sentences about what the two ends do not tell, `left` about what serves others too
    and stays theirs.
    """

    values: Json = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def put(self, path: str, value: Any, *, unless: Any = None, note: str = "") -> None:
        """Set a value, unless it is None or what holds without it."""
        if value is None or value == unless:
            return
        *parents, last = path.split(".")
        place = self.values
        for step in parents:
            place = place.setdefault(step, {})
        place[last] = value
        if note:
            self.notes[path] = note
