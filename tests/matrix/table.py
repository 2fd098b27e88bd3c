"""What a matrix of faults consists of: cases, each of which says what came out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context


@dataclass(frozen=True)
class Case:
    """One fault at one place.  `group` is its row of the printed table.

    `run` returns what came out ("old", "new", "finished" ...), of several faults how often each; it
    raises AssertionError, with the reason, if that is not allowed.
    """

    group: str
    name: str
    run: Callable[[], str | Mapping[str, int]] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.group}: {self.name}"


def sample(cases: Sequence[Case], count: int) -> list[Case]:
    """`count` cases spread evenly, at least one of each group: the same ones every time."""
    groups = {case.group: case for case in reversed(cases)}
    step = max(len(cases) // count, 1)
    return list(dict.fromkeys([*groups.values(), *cases[::step]]))


def run_here(cases: Sequence[Case]) -> None:
    """Run them one after the other; the first that fails ends it, and its error names it."""
    for case in cases:
        try:
            case.run()
        except BaseException as error:
            error.add_note(f"The case: {case}")
            raise


def run_all(
    cases: Sequence[Case], tell: Callable[[str], None] = lambda _: None
) -> tuple[str, list[str]]:
    """Run them on all cores; the table in Markdown, and what failed.

    The seconds are those of a group's cases one after the other.  `tell` hears of each failure as
    it is found, and between them how far it is, twenty times in all.
    """
    outcomes: dict[str, Counter[str]] = {}
    seconds: dict[str, float] = {}
    failed: list[str] = []
    chunk = min(8, len(cases) // 32 + 1)  # few cases take long each
    # Forked: what the cases share was worked out while they were listed.
    with get_context("fork").Pool(initializer=_serve, initargs=(cases,)) as pool:
        outcomes_in_order = pool.imap(_outcome, range(len(cases)), chunksize=chunk)
        for done, (case, (outcome, fault, took)) in enumerate(
            zip(cases, outcomes_in_order, strict=True), 1
        ):
            outcomes.setdefault(case.group, Counter()).update(outcome)
            seconds[case.group] = seconds.get(case.group, 0) + took
            if fault:
                failed.append(f"{case}: {fault}")
                tell(f"FAILED {failed[-1]}")
            if done * 20 // len(cases) > (done - 1) * 20 // len(cases):
                tell(f"{done} of {len(cases)}, {len(failed)} failed")
    columns = sorted({outcome for counts in outcomes.values() for outcome in counts})
    lines = [["case", *columns, "total", "seconds"], ["---"] * (len(columns) + 3)]
    for group, counts in outcomes.items():
        cells = (str(counts[column] or "") for column in columns)
        lines.append([group, *cells, str(counts.total()), f"{seconds[group]:.0f}"])
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines), failed


_served: list[Case] = []


def _serve(cases: Sequence[Case]) -> None:
    _served[:] = cases


def _outcome(index: int) -> tuple[Mapping[str, int], str, float]:
    """What came out, the fault if that is not allowed, and the seconds it took."""
    start, fault = time.monotonic(), ""
    try:
        outcome = _served[index].run()
    except Exception as error:  # noqa: BLE001 - a fault of any kind is a failed case
        outcome, fault = "FAILED", f"{type(error).__name__}: {error}"
    counts = {outcome: 1} if isinstance(outcome, str) else outcome
    return counts, fault, time.monotonic() - start
