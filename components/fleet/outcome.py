"""What became of a site, and of all of them.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Action = Literal["preview", "up", "refresh", "doctor"]
Result = Literal["waiting", "running", "same", "changed", "broken", "failed", "stopped"]

ACTIONS: Final[tuple[Action, ...]] = ("preview", "up", "refresh", "doctor")
DONE: Final[frozenset[Result]] = frozenset({"same", "changed", "broken"})
"""Results that a later run need not come back to."""

WELL, FAILED, USAGE, SOMETHING = 0, 1, 2, 3
# What `changed` means to a user; of `up` it is what was asked for.
NOTEWORTHY: Final[Mapping[Action, str]] = {
    "preview": "would change",
    "refresh": "drifted",
    "doctor": "broken",
}
WORDS: Final[Mapping[tuple[Action, Result], str]] = {
    ("preview", "same"): "nothing to do",
    ("preview", "changed"): "would change",
    ("up", "same"): "nothing to do",
    ("up", "changed"): "done",
    ("refresh", "same"): "no drift",
    ("refresh", "changed"): "DRIFT",
    ("doctor", "same"): "well",
    ("doctor", "broken"): "BROKEN",
}
_FIRST_LINES: Final = 4
# What the engine counts as a change: to be done, and done.
_OPS: Final = {
    "create": ("to create", "created"),
    "update": ("to update", "updated"),
    "delete": ("to delete", "deleted"),
    "replace": ("to replace", "replaced"),
    "import": ("to import", "imported"),
}


@dataclass(frozen=True)
class Outcome:
    """What became of one site.

    `changes` counts resources by what was (or would be) done to them; `errors` are whole messages,
    `note` is one line about what is found or being done; `seconds` it took.
    """

    site: str
    result: Result = "waiting"
    changes: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    errors: tuple[str, ...] = ()
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """For machines, and for a later run."""
        return {
            "result": self.result,
            "changes": dict(self.changes),
            "seconds": round(self.seconds, 1),
            "errors": list(self.errors),
            "note": self.note,
        }

    @classmethod
    def from_json(cls, site: str, data: Mapping[str, Any]) -> Outcome:
        """What `as_json` gave; raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        return cls(
            site=site,
            result=data["result"],
            changes={str(op): int(count) for op, count in data["changes"].items()},
            seconds=float(data["seconds"]),
            errors=tuple(map(str, data["errors"])),
            note=str(data["note"]),
        )


def word(action: Action, outcome: Outcome) -> str:
    """The result in a user's words."""
    return WORDS.get((action, outcome.result), outcome.result)


def what(action: Action, outcome: Outcome) -> str:
    """One line beside the result: the error's first line, else changes, else the note."""
    if outcome.errors and outcome.result in ("failed", "stopped"):
        first, *others = outcome.errors[0].splitlines()
        return " ".join([first, *(line.strip() for line in others[: first.endswith(":")])])
    done = action != "preview"
    counts = (f"{n} {_OPS[op][done]}" for op, n in outcome.changes.items() if op in _OPS)
    return ", ".join(counts) or outcome.note


def first_lines(outcome: Outcome) -> list[str]:
    """The first lines of each error."""
    return [line for error in outcome.errors for line in error.splitlines()[:_FIRST_LINES]]


def changed(changes: Mapping[str, int]) -> dict[str, int]:
    """Of what was counted that which is a change."""
    return {op: count for op, count in changes.items() if op in _OPS and count}


def exit_code(action: Action, outcomes: Iterable[Outcome]) -> int:
    """0 all is well or was done, 1 some failed or were not come to, 3 there is something to see:
    changes in a preview, drift, something broken."""
    results = {outcome.result for outcome in outcomes}
    if results - DONE:
        return FAILED
    return SOMETHING if action in NOTEWORTHY and results - {"same"} else WELL


def as_json(action: Action, began: str, outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """A whole run as one object."""
    listed = list(outcomes)
    return {
        "action": action,
        "began": began,
        "exit_code": exit_code(action, listed),
        "failed": sorted(each.site for each in listed if each.result not in DONE),
        "sites": {each.site: each.as_json() for each in listed},
    }
