"""`sakura-rtx`: what operators do outside of `pulumi up`.

Exit codes: 0 done, 1 it did not work (the message says why), 2 bad usage.  A command that has
others says so in its help.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Final

from .errors import VpnError

NAMES: Final = (
    "account",
    "audit",
    "doctor",
    "lines",
    "parse",
    "plan",
    "prove-recovery",
    "reconnect",
    "rehearsal",
    "rehearse",
    "verify",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    try:
        try:
            return _run(sys.argv[1:] if arguments is None else arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has enough (`| head`); nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="sakura-rtx",
        description="A SAKURA Cloud VPC router and a Yamaha RTX over site-to-site IPsec.",
    )
    parser.add_argument("--version", action="version", version=version("sakura-rtx-vpn"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    # Only what is asked for is imported: each command has its own needs.
    for name in arguments[:1] if arguments and arguments[0] in NAMES else NAMES:
        module = import_module(f".commands.{name.replace('-', '_')}", __package__)
        module.add_parser(commands)
    args = parser.parse_args(arguments)
    try:
        code: int = args.run(args)
    except VpnError as err:
        print(f"sakura-rtx: {err}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("sakura-rtx: stopped on request", file=sys.stderr)
        return 1
    return code
