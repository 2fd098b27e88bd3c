"""What a matrix of faults consists of: cases, each of which says what came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One fault at one place.  `group` is its row of the printed table.

    `run` returns what came out ("old", "new", "finished" ...); it raises AssertionError, with the
    reason, if that is not allowed.
    """

    group: str
    name: str
    run: Callable[[], str] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.group}: {self.name}"


def sample(cases: Sequence[Case], count: int) -> list[Case]:
    """`count` cases spread evenly, at least one of each group: the same ones every time."""
    groups = {case.group: case for case in reversed(cases)}
    step = max(len(cases) // count, 1)
    return list(dict.fromkeys([*groups.values(), *cases[::step]]))


def run_all(cases: Iterable[Case]) -> tuple[str, list[str]]:
    """Run them; the table in Markdown, and what failed."""
    outcomes: dict[str, Counter[str]] = {}
    failed: list[str] = []
    for case in cases:
        try:
            outcome = case.run()
        except Exception as error:  # noqa: BLE001 - a fault of any kind is a failed case
            failed.append(f"{case}: {type(error).__name__}: {error}")
            outcome = "FAILED"
        outcomes.setdefault(case.group, Counter())[outcome] += 1
    columns = sorted({outcome for counts in outcomes.values() for outcome in counts})
    lines = [["case", *columns, "total"], ["---"] * (len(columns) + 2)]
    for group, counts in outcomes.items():
        lines.append([group, *(str(counts[c] or "") for c in columns), str(counts.total())])
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines), failed
