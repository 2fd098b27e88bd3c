"""What is done of a run, on disk, so that a run that ended early can be gone on with."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ..errors import Problem, SpecError, VpnError
from .outcome import DONE, Action, Outcome, as_json

FOLDER: Final = ".fleet"


def place(root: Path, action: Action) -> Path:
    """Where a project keeps what became of the last run of an action."""
    return root / FOLDER / f"{action}.json"


def write(file: Path, action: Action, began: str, outcomes: Iterable[Outcome]) -> None:
    """Write a run as it stands now; a reader sees all of it or all of what was there before.

    Raises `VpnError`.
    """
    text = json.dumps(as_json(action, began, outcomes), ensure_ascii=False, indent=2)
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(f"{text}\n", encoding="utf-8")
        new.replace(file)
    except OSError as error:
        raise VpnError(f"the result cannot be written to {file}: {error.strerror}") from None


def read(file: Path, action: Action) -> list[Outcome]:
    """What the last run of this action left; raises `SpecError` if there is none."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if data["action"] != action:
            raise ValueError(action)
        return [Outcome.from_json(site, found) for site, found in data["sites"].items()]
    except OSError as error:
        found = f"{file}: {error.strerror}"
    except (ValueError, KeyError, TypeError, AttributeError):
        found = f"{file}, which is no result of fleet {action}"
    raise SpecError([Problem("--resume", found, f"after a fleet {action} that ended early")])


def left_over(outcomes: Iterable[Outcome]) -> list[str]:
    """The sites that a later run has to come back to."""
    return [outcome.site for outcome in outcomes if outcome.result not in DONE]
