"""`python -m tests.fuzz NAME [--count N] [--seed S]`: end with 1 at the first input that fails."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from pathlib import Path

NAMES = sorted(
    module.name
    for module in pkgutil.iter_modules([str(Path(__file__).parent)])
    if module.name != "__main__" and not module.name.startswith("test_")
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    importlib.import_module(f".{args.name}", __package__).run(args.count, args.seed)
    print(f"{args.name}: {args.count} inputs from seed {args.seed}, none failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
