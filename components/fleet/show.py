"""The table of a run: live on a terminal, else a line whenever a site is done, and the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

from .outcome import DONE, Action, Outcome, first_lines, what, word

if TYPE_CHECKING:
    from rich.table import Table

Show = Callable[[Sequence[Outcome]], None]

_HEADS: Final = ("site", "result", "s", "what")
_LONGEST: Final = 100
_COLOURS: Final = {
    "running": "cyan",
    "same": "green",
    "changed": "yellow",
    "broken": "red",
    "failed": "red",
    "stopped": "magenta",
}


def cells(action: Action, outcome: Outcome) -> tuple[str, str, str, str]:
    """A row."""
    seconds = f"{outcome.seconds:.0f}" if outcome.seconds else ""
    text = what(action, outcome) if outcome.result != "running" else outcome.note
    shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return outcome.site, word(action, outcome), seconds, shown


def lines(action: Action, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The table as plain lines, then what failed with the first lines of its errors."""
    rows = [_HEADS, *(cells(action, outcome) for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        fixed = (row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2].rjust(widths[2]))
        yield "  ".join((*fixed, row[3])).rstrip()
    yield from failures(action, outcomes)


def failures(action: Action, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """What failed, was stopped or is broken."""
    bad = [each for each in outcomes if each.result not in DONE or each.result == "broken"]
    for outcome in bad:
        yield ""
        yield f"{outcome.site}: {word(action, outcome)}"
        yield from (f"  {line}" for line in first_lines(outcome) or [outcome.note or "not come to"])
    if any(each.result not in DONE for each in bad):
        yield ""
        yield f"to go on where this run ended: sakura-rtx fleet {action} --resume"


def as_table(action: Action, outcomes: Sequence[Outcome]) -> Table:
    """The table for a terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for head in _HEADS:
        table.add_column(head, justify="right" if head == "s" else "left", no_wrap=True)
    for outcome in outcomes:
        site, result, seconds, text = cells(action, outcome)
        colour = _COLOURS.get(outcome.result, "")
        table.add_row(site, Text(result, colour), seconds, Text(text, overflow="ellipsis"))
    return table


@contextmanager
def live(action: Action, stream: IO[str]) -> Iterator[Show]:
    """Shows outcomes while they change; what failed is shown at the end, by whoever calls."""
    from rich.console import Console
    from rich.live import Live

    console = Console(file=stream)
    with Live(console=console, refresh_per_second=4, transient=True) as shown:
        last: list[Outcome] = []

        def show(outcomes: Sequence[Outcome]) -> None:
            last[:] = outcomes
            shown.update(as_table(action, outcomes))

        yield show
    console.print(as_table(action, last))


@contextmanager
def plain(action: Action, stream: IO[str]) -> Iterator[Show]:
    """Says each site once when it begins and once when it is done."""
    said: dict[str, str] = {}

    def show(outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.result in ("waiting", said.get(outcome.site)):
                continue
            said[outcome.site] = outcome.result
            _, result, seconds, text = cells(action, outcome)
            took = f" ({seconds} s)" if seconds else ""
            more = f": {text}" if text and outcome.result != "running" else ""
            print(f"{outcome.site}: {result}{more}{took}", file=stream, flush=True)

    yield show
