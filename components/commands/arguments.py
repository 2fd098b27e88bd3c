"""Options that several commands have in common."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any


def whole(least: int, most: int) -> Callable[[str], int]:
    """The type of an option: a whole number from `least` to `most`."""

    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text}: a whole number, {least} to {most}")
        return int(text)

    return number


def add_sites(parser: Any) -> None:
    """Add `--sites` to a parser, or to a group of one."""
    parser.add_argument(
        "--sites",
        action="append",
        default=[],
        metavar="GLOB",
        help="sites by name, such as 'kansai-*'; may be repeated (default: all but rehearsed ones)",
    )
