"""What a matrix of faults consists of: cases, each of which says what came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context


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


def run_all(cases: Sequence[Case]) -> tuple[str, list[str]]:
    """Run them on all cores; the table in Markdown, and what failed."""
    outcomes: dict[str, Counter[str]] = {}
    failed: list[str] = []
    chunk = min(8, len(cases) // 32 + 1)  # few cases take long each
    # Forked: what the cases share was worked out while they were listed.
    with get_context("fork").Pool(initializer=_serve, initargs=(cases,)) as pool:
        for case, (outcome, fault) in zip(
            cases, pool.imap(_outcome, range(len(cases)), chunksize=chunk), strict=True
        ):
            outcomes.setdefault(case.group, Counter())[outcome] += 1
            failed += [f"{case}: {fault}"] if fault else []
    columns = sorted({outcome for counts in outcomes.values() for outcome in counts})
    lines = [["case", *columns, "total"], ["---"] * (len(columns) + 2)]
    for group, counts in outcomes.items():
        lines.append([group, *(str(counts[c] or "") for c in columns), str(counts.total())])
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines), failed


_served: list[Case] = []


def _serve(cases: Sequence[Case]) -> None:
    _served[:] = cases


def _outcome(index: int) -> tuple[str, str]:
    """What came out, and the fault if that is not allowed."""
    try:
        return _served[index].run(), ""
    except Exception as error:  # noqa: BLE001 - a fault of any kind is a failed case
        return "FAILED", f"{type(error).__name__}: {error}"
