"""`sakura-rtx watch`: proves traffic again and again, and reconnects where it is gone."""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import Cancelled, VpnError
from .arguments import add_sites, whole

if TYPE_CHECKING:
    from ..clock import Clock
    from ..watching import Decision, Watcher
    from ..watching.metrics import Board

ENDED, UNREADABLE, USAGE, NO_TRAFFIC = 0, 1, 2, 3
SHORTEST: Final = 10
LONGEST: Final = 86400
MOST_TRIES: Final = 60
ENDS_WITHIN: Final = 15.0
"""Seconds that looks which are being taken get when the watch is to end."""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    text = "prove traffic at an interval, and reconnect where it is gone"
    parser = subparsers.add_parser(
        "watch",
        help=text,
        description=f"{text}.  Each look is one SSH session; nothing is done while a change is "
        "being made.  Ends at Ctrl-C or SIGTERM.  Exit codes: 0 ended on request, or with --once "
        "traffic passes at every site; with --once 3 somewhere it does not, 1 a router could not "
        "be asked; 2 bad usage, a site file that is wrong, or credentials that are missing.",
    )
    add_sites(parser)
    parser.add_argument(
        "--interval",
        type=whole(SHORTEST, LONGEST),
        default=60,
        metavar="S",
        help=f"seconds between looks where traffic passes (default 60, {SHORTEST} to {LONGEST})",
    )
    parser.add_argument(
        "--tries",
        type=whole(0, MOST_TRIES),
        default=6,
        metavar="N",
        help="at most so many reconnects of a site in an hour (default 6; 0: only look)",
    )
    parser.add_argument(
        "--all-peers",
        action="store_true",
        help="restart the VPN of a VPC router although it has other peers",
    )
    parser.add_argument(
        "--stack-secrets",
        action="store_true",
        help="take each site's passwords and API key from its stack's configuration, as `up` does "
        "(needs the Pulumi login and its passphrase; default: the environment, one for all sites)",
    )
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "--metrics-port",
        type=whole(0, 65535),
        metavar="P",
        help="serve Prometheus metrics at http://127.0.0.1:P/metrics",
    )
    place.add_argument(
        "--metrics-file",
        type=_prom,
        metavar="F",
        help="write them to a file for node_exporter's textfile collector (its name ends in .prom)",
    )
    parser.add_argument("--once", action="store_true", help="look once at each site, then end")
    parser.add_argument("--json", action="store_true", help="each decision as one JSON object")
    parser.set_defaults(run=run)


def _prom(text: str) -> Path:
    if not text.endswith(".prom"):
        raise argparse.ArgumentTypeError(f"{text}: node_exporter reads only names in .prom")
    return Path(text)


def run(args: Any) -> int:
    """Watch until told to end."""
    with ExitStack() as claims:
        return _run(args, claims)


def _run(args: Any, claims: ExitStack) -> int:
    from ..clock import SystemClock
    from ..watching.metrics import Board
    from . import watched

    ended, board = threading.Event(), Board()
    clock = SystemClock(ended)
    try:
        watched.take_credentials(os.environ)
        watchers = _watchers(args, clock, board, claims)
    except VpnError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return USAGE
    try:
        with _ends_on_signals(ended), _metrics(args, board) as publish:
            _all(watchers, clock, ended, publish, once=args.once)
    except VpnError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return USAGE
    return _exit_code(watchers) if args.once else ENDED


def _exit_code(watchers: Sequence[Watcher]) -> int:
    phases = {watcher.course.phase for watcher in watchers}
    if phases & {"blind", "held", "new"}:
        return UNREADABLE
    return NO_TRAFFIC if "lost" in phases else ENDED


# --- the sites


def _watchers(args: Any, clock: Clock, board: Board, claims: ExitStack) -> list[Watcher]:
    from ..fleet import project
    from ..watching import Limits, Watcher
    from . import watched

    here = project.here()
    chosen = here.chosen(args.sites)
    watched.reach_rehearsal([site.name for site in chosen if site.rehearsed])
    say, spread = _sayer(json_lines=args.json), random.Random()  # noqa: S311 - spreads tries
    watchers = []
    for site_file in chosen:
        if args.tries and not args.once:
            claims.enter_context(watched.claim(here, site_file))
        secrets = watched.secrets_of(here, site_file) if args.stack_secrets else {}
        site, eye = watched.eye_of(here, site_file, clock, secrets, all_peers=args.all_peers)
        limits = watched.limits_of(site, Limits(interval=args.interval, tries=args.tries))
        watchers.append(
            Watcher(
                site_file.name,
                eye,
                limits,
                clock=clock,
                wall=time.time,
                chance=spread.random,
                say=say,
                board=board,
            )
        )
    return watchers


# --- all of them, until the end


def _all(
    watchers: Sequence[Watcher],
    clock: Clock,
    ended: threading.Event,
    publish: Callable[[], None],
    *,
    once: bool,
) -> None:
    """One thread for each site; they begin one after the other, so that looks spread out."""
    threads = [
        threading.Thread(
            target=_one,
            args=(watcher, clock, 0.0 if once else number / len(watchers), publish, once),
            name=watcher.site,
            daemon=True,  # one that is stuck in a look does not hold the end
        )
        for number, watcher in enumerate(watchers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive() and not ended.is_set():
            thread.join(0.5)
    end = time.monotonic() + ENDS_WITHIN
    for thread in threads:
        thread.join(max(end - time.monotonic(), 0.0))


def _one(
    watcher: Watcher, clock: Clock, share: float, publish: Callable[[], None], once: bool
) -> None:
    try:
        clock.wait(share * watcher.limits.interval)
        while True:
            seconds = watcher.turn()
            publish()
            if once:
                return
            clock.wait(seconds)
    except Cancelled:
        return


@contextmanager
def _ends_on_signals(ended: threading.Event) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _metrics(args: Any, board: Board) -> Iterator[Callable[[], None]]:
    """Where the metrics go; what is yielded is called after each look."""
    from ..watching import metrics, serving

    if args.metrics_port is not None:
        with serving.served(board, args.metrics_port) as port:
            print(f"sakura-rtx: metrics at http://127.0.0.1:{port}/metrics", file=sys.stderr)
            yield lambda: None
        return
    if args.metrics_file is None:
        yield lambda: None
        return
    writing = threading.Lock()

    def write() -> None:
        with writing:
            metrics.write(args.metrics_file, board.text())

    def go_on() -> None:
        try:
            write()
        except VpnError as error:  # the next look writes again; watching matters more
            print(f"sakura-rtx: {error}", file=sys.stderr)

    write()
    yield go_on


def _sayer(*, json_lines: bool) -> Callable[[Decision], None]:
    """Prints decisions, whole lines only: several threads say something."""
    saying = threading.Lock()

    def say(decision: Decision) -> None:
        text = json.dumps(decision.as_json(), ensure_ascii=False) if json_lines else decision.line()
        with saying:
            print(text, flush=True)

    return say
