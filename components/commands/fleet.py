"""`sakura-rtx fleet ...`: one command on many sites, a few at a time."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ..errors import SpecError, VpnError
from .arguments import add_sites, whole

if TYPE_CHECKING:
    from ..fleet.crew import Crew, Work
    from ..fleet.outcome import Action, Outcome
    from ..fleet.processes import Program
    from ..fleet.project import Project, SiteFile

FAILED, USAGE = 1, 2
MOST_PARALLEL: Final = 64
MOST_FAILURES: Final = 1000
_TEXTS: Final = {
    "preview": "what `up` would change, of each site",
    "up": "bring both ends of each site to what its site file says, and prove traffic",
    "refresh": "read both ends of each site into its state; shows drift",
    "doctor": "what is broken between the live ends of each site; changes nothing",
}


def add_parser(subparsers: Any) -> None:
    """Add `fleet` and its actions."""
    text = "one command on many sites, a few at a time; one that fails stops no other"
    parser = subparsers.add_parser("fleet", help=text, description=text)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, about in _TEXTS.items():
        _add_action(actions, name, about)


def _add_action(actions: Any, name: str, about: str) -> None:
    added = actions.add_parser(
        name,
        help=about,
        description=f"{about}.  Ctrl-C: no other site begins, those at work stop as `up` does; "
        "once more: at once.  What became of each site is kept in the project, in .fleet/.  "
        "Exit codes: 0 all is well or was done, 3 there are changes (preview), drift (refresh) or "
        "something broken (doctor), 1 some sites failed or were not come to (they are listed), "
        "2 bad usage.",
    )
    which = added.add_mutually_exclusive_group()
    add_sites(which)
    which.add_argument(
        "--resume",
        action="store_true",
        help="only the sites of the last run that failed, were stopped or not come to",
    )
    added.add_argument(
        "--parallel",
        type=whole(1, MOST_PARALLEL),
        metavar="N",
        help="sites at once (default: what the free memory is enough for, at most 4)",
    )
    added.add_argument(
        "--max-failures",
        type=whole(0, MOST_FAILURES),
        default=0,
        metavar="N",
        help="begin no other site once N have failed (default: go on)",
    )
    added.add_argument("--json", action="store_true", help="the result as one JSON object")
    added.set_defaults(run=run)


def run(args: Any) -> int:
    """Do it at each site; the exit code tells of all."""
    from ..fleet import outcome, project, record

    action: Action = args.action
    try:
        here = project.here()
        file = record.place(here.root, action)
        before = record.read(file, action) if args.resume else []
        sites = _sites(here, args, before)
        works = _works(here, action, sites)
    except SpecError as error:
        return _refused(error, USAGE)
    except VpnError as error:
        return _refused(error, FAILED)
    began = datetime.now(UTC).isoformat(timespec="seconds")
    board = _Board([*before, *(outcome.Outcome(site.name) for site in sites)])
    try:
        _work(args, action, board, works, lambda: record.write(file, action, began, board.all()))
    except VpnError as error:
        return _refused(error, FAILED)
    _say(args, action, began, board.all())
    return outcome.exit_code(action, board.all())


def _refused(error: VpnError, code: int) -> int:
    print(f"sakura-rtx: {error}", file=sys.stderr)
    return code


class _Board:
    """What became of each site so far, in the order of their names."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self._found = {outcome.site: outcome for outcome in outcomes}

    def put(self, outcome: Outcome) -> None:
        self._found[outcome.site] = outcome

    def all(self) -> list[Outcome]:
        return [self._found[site] for site in sorted(self._found)]


def _sites(here: Project, args: Any, before: Sequence[Outcome]) -> list[SiteFile]:
    """The sites to come to; with `--resume` those that the last run left, if they still exist."""
    from ..fleet import record

    if not args.resume:
        return here.chosen(args.sites)
    left = record.left_over(before)
    return here.chosen(left) if left else []


def _works(here: Project, action: Action, sites: Sequence[SiteFile]) -> list[tuple[str, Work]]:
    from ..fleet import launcher

    if not sites:
        return []
    cli = launcher.cli(here, os.environ)
    known = launcher.version(cli, os.environ)

    def work(site: SiteFile) -> Work:
        from ..fleet.stack import StackWork, config_of

        place = launcher.place(here, site, cli, known, os.environ)
        if action != "doctor":
            return StackWork(site.name, action, place)
        from ..fleet.examine import DoctorWork

        def secrets(program: Program) -> dict[str, str]:
            # A rehearsed site's are its rehearsal's.  Without a login those of the environment do.
            with suppress(VpnError):
                return {} if site.rehearsed else config_of(site.name, place, program)
            return {}

        return DoctorWork(site.name, site.file, here.root, place.env, secrets)

    return [(site.name, work(site)) for site in sites]


def _work(
    args: Any,
    action: Action,
    board: _Board,
    works: Sequence[tuple[str, Work]],
    keep: Callable[[], None],
) -> None:
    from ..fleet import show
    from ..fleet.crew import Crew, parallel_by_memory

    stream = sys.stderr if args.json else sys.stdout
    showing = show.live if stream.isatty() and not args.json else show.plain
    with showing(action, stream) as shown:

        def report(outcome: Outcome) -> None:
            board.put(outcome)
            if outcome.result != "running":
                with suppress(VpnError):  # written once more at the end
                    keep()
            shown(board.all())

        keep()
        shown(board.all())
        parallel = args.parallel or parallel_by_memory()
        crew = Crew(works, parallel, report, most_failures=args.max_failures)
        with _stops_on_signals(crew):
            crew.run()
        keep()


@contextmanager
def _stops_on_signals(crew: Crew) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: crew.stop()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(args: Any, action: Action, began: str, outcomes: Sequence[Outcome]) -> None:
    from ..fleet import outcome, show

    if args.json:
        print(json.dumps(outcome.as_json(action, began, outcomes), ensure_ascii=False, indent=2))
        return
    table = show.failures if sys.stdout.isatty() else show.lines
    print("\n".join(table(action, outcomes)))
