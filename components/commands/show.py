"""`sakura-rtx show`: both ends of a site, or of all sites, as a picture."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..errors import Problem, SpecError, VpnError
from .lines import STACKS, file_of, site_in, text_of

if TYPE_CHECKING:
    from ..picture import Picture
    from ..site import Site

_AT_ONCE: Final = 4
_SECONDS: Final = 60


class Outputs(NamedTuple):
    """The outputs of a stack; None with the reason where they cannot be read."""

    values: dict[str, Any] | None
    unseen: str = ""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    text = "both ends of a site as a picture: addresses, prefixes, numbers, proved or not"
    parser = subparsers.add_parser(
        "show",
        help=text,
        description=f"{text}.  From the site file and the outputs of its stack, if the Pulumi CLI "
        "can be asked.  Reaches no device.  Exit codes: 0 shown, 1 the SVG cannot be written, "
        "2 a site file that is missing or wrong (the others are shown).",
    )
    parser.add_argument(
        "--site", default="all", metavar="S", help="a site's name or file, or all (the default)"
    )
    parser.add_argument("--svg", metavar="FILE", type=Path, help="draw it as SVG into a file")
    parser.add_argument("--json", action="store_true", help="as one JSON list")
    parser.set_defaults(run=run)


def run(args: Any) -> int:
    """Gather, draw."""
    code = 0
    sites: list[tuple[str, Site]] = []
    try:
        files = _files(args.site)
    except VpnError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return 2
    for file in files:
        try:
            sites.append((_stack(file), site_in(text_of(file), file)))
        except VpnError as error:
            print(f"sakura-rtx: {file}: {error}", file=sys.stderr)
            code = 2
    pictures = _pictures(sites)
    if args.svg:
        try:
            _draw(args.svg, pictures)
        except OSError as error:
            print(f"sakura-rtx: {args.svg}: {error.strerror}", file=sys.stderr)
            return 1
    _print(pictures, args)
    return code


def _print(pictures: Sequence[Picture], args: Any) -> None:
    if args.json:
        print(json.dumps([asdict(each) for each in pictures], ensure_ascii=False, indent=2))
    elif args.svg:
        print(f"{args.svg}: {len(pictures)} site{'s' * (len(pictures) != 1)}")
    else:
        from ..picture import text

        print("\n".join(map(text, pictures)), end="")


def _draw(file: Path, pictures: Sequence[Picture]) -> None:
    from ..picture import svg

    file.write_text(svg(pictures), encoding="utf-8")


def _files(name: str) -> list[Path]:
    if name != "all":
        return [file_of(name)]
    found = sorted(STACKS.glob("Pulumi.*.yaml"))
    if not found:
        raise SpecError([Problem("--site", f"no site file in {STACKS}", "a site's name or file")])
    return found


def _stack(file: Path) -> str:
    return file.name.removeprefix("Pulumi.").removesuffix(".yaml")


def _pictures(sites: Sequence[tuple[str, Site]]) -> list[Picture]:
    from ..picture import picture

    cli = pulumi_cli()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        seen = list(pool.map(lambda each: outputs_of(each[0], each[1], cli), sites))
    return [
        picture(name, site, outputs.values, unseen=outputs.unseen)
        for (name, site), outputs in zip(sites, seen, strict=True)
    ]


def pulumi_cli() -> str | None:
    """The Pulumi CLI: the one on PATH, else the newest that `make` has built."""
    if found := shutil.which("pulumi"):
        return found
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "sakura-rtx-vpn")
    built = sorted(cache.glob("pulumi-v*/bin/pulumi"), key=lambda file: file.stat().st_mtime)
    return str(built[-1]) if built else None


def outputs_of(stack: str, site: Site, cli: str | None) -> Outputs:
    """The outputs of a stack; secrets stay masked.  A stack that is not there has none."""
    if cli is None:
        return Outputs(None, "no Pulumi CLI on PATH")
    env = _environment(stack, site, cli)
    if env is None:
        return Outputs({})
    words = [cli, "stack", "output", "--json", "--stack", stack, "--non-interactive"]
    try:
        done = subprocess.run(
            words,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Outputs(None, f"the Pulumi CLI did not answer: {type(error).__name__}")
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        if "no stack named" in done.stderr:
            return Outputs({})
        return Outputs(None, said[-1].removeprefix("error: "))
    try:
        values = json.loads(done.stdout)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        return Outputs(None, "the Pulumi CLI printed no outputs")
    return Outputs(values)


def _environment(stack: str, site: Site, cli: str) -> dict[str, str] | None:
    """The environment in which the CLI finds the stack; None if a rehearsal has no state yet."""
    from ..fleet.environment import environment, rehearsal_folder
    from ..rehearsal import instance

    folder = rehearsal_folder(stack, instance.folder()) if site.rehearsal else None
    if folder is not None and not (folder / instance.BACKEND).is_dir():
        return None
    return environment(os.environ, Path(sys.executable).parent, Path(cli), folder)
