"""`sakura-rtx init`: a first site file from a few answers, by flags or on the terminal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import Problem, SpecError, VpnError
from . import writing
from .lines import STACKS, file_of

if TYPE_CHECKING:
    from ..site.first import Question

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_NAMES: Final = "a letter or digit, then up to 99 of A-Z a-z 0-9 _ -"
_SCHEMA: Final = Path("schemas/site.schema.json")
_MAKE: Final = Path("tools/site.py")
_EXAMPLES: Final = ("fixed", "pppoe", "block", "behind-nat", "shared")
Ask = Callable[[str], str]


def add_parser(subparsers: Any) -> None:
    """Add the command; the flags are those of `site.first.QUESTIONS`."""
    text = "write a first site file: asks a few questions, or takes the answers from flags"
    parser = subparsers.add_parser(
        "init",
        help=text,
        description=f"{text}.  Reaches no device, and asks for no password.  Exit codes: 0 "
        "written, 1 not (somebody said no, or the file cannot be written), 2 an answer is "
        "missing or wrong, or the file is there already.",
    )
    parser.add_argument("--site", metavar="NAME", help="name of the site and of its stack")
    parser.add_argument("--example", choices=_EXAMPLES, help="the defaults are those of an example")
    parser.add_argument("--yes", action="store_true", help="take every default, ask nothing")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument("--json", action="store_true", help="what was written, as JSON; with --yes")
    for flag, words in _FLAGS.items():
        if flag == "--forwards":
            parser.add_argument(flag, action="store_const", const="yes", help=words)
        else:
            parser.add_argument(flag, help=words, metavar="VALUE")
    parser.set_defaults(run=run)


# Kept apart from the questions, so that a list of all commands needs no model of the site.
_FLAGS: Final = {
    "--zone": "zone of SAKURA Cloud",
    "--attach": "id of a VPC router that is there already",
    "--cloud-lan": "prefix behind the VPC router",
    "--office-lan": "prefix behind the RTX",
    "--model": "model of the RTX",
    "--wan": "how the office is connected: fixed, pppoe, block, behind-nat",
    "--interface": "interface towards the internet: lan2, pp 1",
    "--address": "global address of the office",
    "--block": "block of global addresses (with --wan block)",
    "--inner-address": "address of the RTX behind the gateway (with --wan behind-nat)",
    "--forwards": "the gateway hands udp 500 and ESP on to the RTX (with --wan behind-nat)",
    "--host": "address where the RTX takes SSH",
    "--user": "user on the RTX",
    "--tunnel": "free tunnel number in the RTX",
}


def run(args: Any, ask: Ask | None = None) -> int:
    """Ask, show, write."""
    from ..site.first import checked, file_text, site_data

    asking = ask if ask is not None else _terminal(args.yes or args.json)
    try:
        name = _name(args.site, asking)
        file = file_of(name)
        if file.exists() and not args.force:
            raise SpecError(
                [Problem("--site", f"{file}, which is there", "another name, or --force")],
                source="command line",
            )
        answers = _answers(args, asking)
        checked(answers)
    except VpnError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return 2
    text = file_text(name, answers, _schema_of(file))
    if not args.json:
        print(f"{file}:\n\n{text}")
    if asking and asking(f"Write {file}? [Y/n] ").strip().lower() not in ("", "y", "yes"):
        print("sakura-rtx: nothing was written", file=sys.stderr)
        return 1
    try:
        writing.replace(file, text)
    except OSError as error:
        print(f"sakura-rtx: {file}: {error.strerror}", file=sys.stderr)
        return 1
    following = _next(name)
    if args.json:
        data = {"file": str(file), "site": site_data(answers), "next": list(following)}
        print(json.dumps(data, ensure_ascii=False, indent=2))
        return 0
    if args.example:
        print("Addresses that you did not give are those of the example: put yours in.")
    print(f"Written.  Next:\n{_told(following)}")
    return 0


def _terminal(quiet: bool) -> Ask | None:
    """How to ask, if there is somebody to ask."""
    if quiet or not sys.stdin.isatty():
        return None

    def ask(text: str) -> str:
        # Questions go to stderr, so that stdout holds the file and nothing else.
        print(text, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise SpecError([Problem("answers", "the end of the input", "an answer, or --yes")])
        return line.rstrip("\n")

    return ask


def _name(given: str | None, ask: Ask | None) -> str:
    while True:
        if given is None and ask is None:
            raise SpecError([Problem("--site", "nothing", _NAMES)], source="command line")
        name = given if given is not None or ask is None else ask("Name of the site: ").strip()
        if name and _NAME.fullmatch(name):
            return name
        problem = Problem("--site", name or "nothing", _NAMES)
        if given is not None or ask is None:
            raise SpecError([problem], source="command line")
        print(f"  {problem}", file=sys.stderr)


def _answers(args: Any, ask: Ask | None) -> dict[str, Any]:
    from ..site.first import EXAMPLES, QUESTIONS, default, problem_with

    answers: dict[str, Any] = {}
    wrong: list[Problem] = []
    example: Mapping[str, Any] = EXAMPLES[args.example] if args.example else {}
    for question in QUESTIONS:
        flag = getattr(args, question.flag[2:].replace("-", "_"))
        if not question.when(answers):
            kind = answers.get("office.wan.kind")
            if flag is not None and kind is not None:
                wrong.append(Problem(question.flag, str(flag), f"nothing with --wan {kind}"))
            continue
        usual = default(question, answers, example)
        if flag is not None:
            value = question.read(flag)
            if found := problem_with(question.path, value, answers):
                wrong.append(Problem(question.flag, found.found, found.allowed))
                continue
        elif ask is not None and not wrong:
            value = _asked(question, usual, answers, ask)
        elif usual is not None and (args.yes or args.json or args.example):
            value = usual
        else:
            more = "" if usual is None else f" (default {usual or 'none'}: --yes takes it)"
            wrong.append(Problem(question.flag, "nothing", f"{question.asks}{more}"))
            value = usual
        answers[question.path] = value
    if wrong:
        raise SpecError(wrong, source="command line")
    return answers


def _asked(question: Question, usual: Any, answers: Mapping[str, Any], ask: Ask) -> Any:
    """The first good answer."""
    from ..site.first import problem_with

    shown = "" if usual in (None, "") else f" [{_said(usual)}]"
    while True:
        text = ask(f"{question.asks}{shown}: ").strip()
        if not text and usual is not None:
            return usual
        if not text:
            print("  an answer is needed: there is no default", file=sys.stderr)
            continue
        value = question.read(text)
        told = problem_with(question.path, value, answers)
        if told is None:
            return value
        print(f"  found {told.found}; allowed: {told.allowed}", file=sys.stderr)


def _said(value: Any) -> str:
    return "yes" if value is True else str(value)


def _schema_of(file: Path) -> str:
    """Where the schema is, seen from the site file, if it is there."""
    return f"../{_SCHEMA}" if file.parent == STACKS and _SCHEMA.is_file() else ""


def _next(name: str) -> dict[str, str]:
    # As it was called: in a clone it is not on PATH.
    called = sys.argv[0] if Path(sys.argv[0]).name == "sakura-rtx" else "sakura-rtx"
    preview, up = f"make preview SITE={name}", f"make up SITE={name}"
    if not _MAKE.is_file():  # a project of the user's own
        preview, up = f"pulumi stack select --create {name} && pulumi preview --diff", "pulumi up"
    return {
        f"{called} plan --site {name} --write": "reads the router (SAKURA_RTX_PASSWORD), "
        "completes the file",
        preview: "every line that would be typed; reaches no device",
        up: "makes both ends and proves traffic",
    }


def _told(following: Mapping[str, str]) -> str:
    width = max(map(len, following))
    return "\n".join(f"  {command:{width}}  {what}" for command, what in following.items())
