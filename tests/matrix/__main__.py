"""`python -m tests.matrix [NAME ...]`: run every case, print tables, end with 1 on a failure."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from .table import run_all

NO_MATRIX = ("table", "cli_causes", "cli_ends", "cli_faults", "__main__")


def names() -> list[str]:
    """The modules here that have a function `cases`."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(module.name for module in found if module.name not in NO_MATRIX)


def _tell(name: str, line: str) -> None:
    print(f"{name}: {line}", file=sys.stderr, flush=True)


def main(wanted: Sequence[str]) -> int:
    """Run the modules named, or all of them."""
    if unknown := set(wanted) - set(names()):
        print(f"no such matrix: {' '.join(sorted(unknown))}; there are: {' '.join(names())}")
        return 2
    failures: list[str] = []
    for name in wanted or names():
        cases = importlib.import_module(f".{name}", __package__).cases()
        table, failed = run_all(cases, partial(_tell, name))
        print(f"## {name}\n\n{table}\n", flush=True)
        failures += failed
    for line in failures:
        print(f"FAILED {line}")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
