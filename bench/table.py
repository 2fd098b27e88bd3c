"""One line of the table: a goal, and what was measured in this run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`ours` and `theirs` in `unit`; `ratio` is what the goal limits, at most `allowed`.

    `theirs` None: nothing stands beside it.  `allowed` None: a figure without a goal.
    """

    goal: str
    ours: float
    theirs: float | None
    unit: str
    ratio: float
    allowed: float | None = None
    note: str = ""

    @property
    def met(self) -> bool:
        return self.allowed is None or self.ratio <= self.allowed


def show(rows: Iterable[Row]) -> str:
    """The rows as a table for people, in Markdown."""
    head = ["goal", "ours", "beside", "ratio", "allowed", "", "note"]
    lines = [head, ["---"] * len(head)]
    lines += [
        [
            row.goal,
            f"{row.ours:.4g} {row.unit}",
            "" if row.theirs is None else f"{row.theirs:.4g} {row.unit}",
            "" if row.theirs is None else f"{row.ratio:.3f}",
            "" if row.allowed is None else f"{row.allowed:.2f}",
            "" if row.allowed is None else "met" if row.met else "MISSED",
            row.note,
        ]
        for row in rows
    ]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
