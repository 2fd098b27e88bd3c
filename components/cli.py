"""`sakura-rtx`: what operators do outside of `pulumi up`.

Exit codes: 0 done, 1 it did not work (the message says why), 2 bad usage.  A command that has
others says so in its help.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from . import __version__
from .errors import VpnError

# What the machine lacks or forbids: no fault of ours, so nobody needs a traceback of it.
_OF_THE_MACHINE: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}

NAMES: Final = (
    "account",
    "adopt",
    "audit",
    "doctor",
    "fleet",
    "init",
    "lines",
    "parse",
    "plan",
    "prove-recovery",
    "reconnect",
    "rehearsal",
    "rehearse",
    "review",
    "schema",
    "show",
    "verify",
    "watch",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # In the C locale, in EUC or Shift_JIS some signs are not there: better an escape than none.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        try:
            return _run(sys.argv[1:] if arguments is None else arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has enough (`| head`); nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def parser(names: Sequence[str] = NAMES) -> argparse.ArgumentParser:
    """The parser of these commands; each is imported for it."""
    whole = argparse.ArgumentParser(
        prog="sakura-rtx",
        description="A SAKURA Cloud VPC router and a Yamaha RTX over site-to-site IPsec.",
    )
    whole.add_argument("--version", action="version", version=__version__)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for name in names:
        module = import_module(f".commands.{name.replace('-', '_')}", __package__)
        module.add_parser(commands)
    return whole


def _run(arguments: Sequence[str]) -> int:
    # Only what is asked for is imported: each command has its own needs.
    names = arguments[:1] if arguments and arguments[0] in NAMES else NAMES
    args = parser(names).parse_args(arguments)
    try:
        code: int = args.run(args)
    except VpnError as err:
        print(f"sakura-rtx: {err}", file=sys.stderr)
        return 1
    except OSError as err:
        if err.errno not in _OF_THE_MACHINE:
            raise
        print(f"sakura-rtx: {err.filename or 'writing'}: {err.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("sakura-rtx: stopped on request", file=sys.stderr)
        return 1
    return code
