"""`python -m bench [NAME ...]`: measure, print the table, end with 1 if a goal is missed."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path

from . import machine
from .table import Row, show

NO_BENCH = ("__main__", "machine", "table")


def names() -> list[str]:
    """The modules here that measure something."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(each.name for each in found if each.name not in NO_BENCH and not each.ispkg)


def main(wanted: Sequence[str]) -> int:
    """Run the modules named, or all of them."""
    if unknown := set(wanted) - set(names()):
        print(f"no such bench: {' '.join(sorted(unknown))}; there are: {' '.join(names())}")
        return 2
    rows: list[Row] = []
    print(f"Measured on: {machine.line()}\n", flush=True)
    for name in wanted or names():
        rows += importlib.import_module(f".{name}", __package__).rows()
    print(show(rows))
    return int(not all(row.met for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
