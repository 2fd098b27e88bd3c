"""One site's stack: `make up`, `preview`, `refresh`, `outputs`, `import` and `down`.

A rehearsed site, as the demo is, has a Pulumi backend, home and passphrase of its own in the folder
of its rehearsal, so that nothing of the user's is touched; every other site uses the user's login.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from components.backend import Backend, backend_of, is_dead
from components.errors import VpnError
from components.fleet import project
from components.fleet.environment import DEMO, rehearsal_folder
from components.fleet.environment import environment as stack_environment
from components.rehearsal import instance
from components.stack_file import loaded, slip, unreadable

from . import cli
from .base import ROOT, VENV, Stop, finish, run, say, split

# With the program run, a provider gets today's credentials and not those of the last `up`.
ACTIONS: Final = {
    "up": ("up", "--yes"),
    "preview": ("preview", "--diff"),
    "refresh": ("refresh", "--yes", "--run-program"),
    "outputs": ("stack", "output", "--json"),
    "down": ("destroy", "--yes", "--run-program"),
    "import": ("import", "--yes", "--generate-code=false", "--protect=false"),
}
# What everything that is imported hangs on; making them reaches no device.
PARENTS: Final = ("**SiteToSiteVpn::{site}", "**::{site}-access")
REFRESH_FIRST: Final = ("--refresh", "--run-program")
# What reaches a real router or deletes: somebody who sits there is asked after the preview.
ASKED: Final = ("up", "down")

Plan = dict[str, Any]  # what `pulumi import --file` reads


@dataclass(frozen=True)
class Stack:
    """The stack of one site: how to call the CLI for it, and its backend if that is of files."""

    site: str
    cli: Path
    env: Mapping[str, str]
    backend: Backend | None = None
    asks: bool = False  # before `up` and `down`, once their preview is shown

    def command(self, *words: str) -> list[str]:
        """The command line for `words`."""
        return [str(self.cli), *words, "--stack", self.site]

    def action(self, name: str, *extra: str) -> list[str]:
        """The command line for one of `ACTIONS`; without `--yes` where the CLI is to ask."""
        asked = self.asks and name in ASKED
        return self.command(*(w for w in ACTIONS[name] if not (asked and w == "--yes")), *extra)

    def quietly(self, *words: str) -> str:
        """Run the CLI and show what it says only if it fails; else its output is returned."""
        done = _captured(self.command(*words, "--non-interactive"), self.env)
        if done.returncode:
            raise Stop(f"{done.stdout}{done.stderr}".rstrip())
        return done.stdout

    def resources(self) -> set[tuple[str, str]]:
        """Type and name of everything that the stack holds."""
        state = json.loads(self.quietly("stack", "export"))["deployment"]
        urns = [each["urn"].split("::") for each in state.get("resources") or ()]
        return {(urn[-2].rpartition("$")[2], urn[-1]) for urn in urns}

    def pending(self) -> list[str]:
        """Names of the resources whose creation was interrupted, as far as can be known."""
        return self.backend.pending_creates(self.site) if self.backend else []


def environment(site: str, base: Mapping[str, str], cli: Path, folder: Path) -> dict[str, str]:
    """The environment for the CLI; `folder` is the rehearsal's, used for rehearsed sites only."""
    return stack_environment(base, VENV / "bin", cli, folder if is_rehearsed(site) else None)


def is_rehearsed(site: str) -> bool:
    """Whether the site's ends are stand-ins: those of the demo are, whatever its file says."""
    return site == DEMO or any(s.name == site and s.rehearsed for s in project.here(ROOT).sites())


def check_site(site: str, stacks: Path) -> None:
    """Raise `Stop` unless `site` has a site file, naming those that have one, and it is YAML."""
    sites = sorted(
        file.name.removeprefix("Pulumi.").removesuffix(".yaml")
        for file in stacks.glob("Pulumi.*.yaml")
    )
    if site not in sites:
        known = ", ".join(sites) or "none"
        raise Stop(
            f"No site file stacks/Pulumi.{site}.yaml.  Sites: {known}.\n"
            f"A new one: .venv/bin/sakura-rtx init --site {site}"
        )
    # Pulumi refuses such a file too, but says neither which one it is nor what may be meant.
    file = stacks / f"Pulumi.{site}.yaml"
    try:
        values = loaded(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise Stop(f"{file.parent.name}/{file.name}: not UTF-8") from None
    except yaml.YAMLError as error:
        raise Stop(f"{file.parent.name}/{file.name}, {unreadable(error)}") from None
    if wrong := slip(values):
        raise Stop(f"{file.parent.name}/{file.name}: {wrong} (docs/site-file.md)")


def backend_of_login(site: str, cli: Path, env: Mapping[str, str]) -> Backend | None:
    """The backend of the user's own login; raises `Stop` without a login."""
    done = _captured([str(cli), "whoami", "--verbose", "--non-interactive"], env)
    if done.returncode:
        raise Stop(
            f"Site {site} uses your own Pulumi login, and there is none: "
            "run `pulumi login`, or set PULUMI_BACKEND_URL.\n"
            f"(The CLI here is {cli}; the demo needs no login: make up SITE={DEMO}.)\n"
            f"Pulumi says: {done.stderr.strip()}"
        )
    found = re.search(r"^Backend URL: (.+)$", done.stdout, re.MULTILINE)
    return backend_of(found[1].strip()) if found else None


def take_dead_locks_away(stack: Stack) -> None:
    """Cancel what a killed run of this machine holds; raise `Stop` for any other lock."""
    locks = stack.backend.locks(stack.site) if stack.backend else []
    held = [lock for lock in locks if not is_dead(lock)]
    if held:
        holders = "\n".join(f"  {lock}" for lock in held)
        raise Stop(
            f"Site {stack.site} is locked; nothing was changed.  Held by:\n{holders}\n"
            "Wait until that run is over.  If it is certainly gone: "
            f"pulumi cancel --stack {stack.site}, with this site's login."
        )
    if locks:
        stack.quietly("cancel", "--yes")
        for lock in locks:
            say(f"Took away the lock of a run that is gone: {lock}.")


def start_rehearsal(folder: Path) -> str:
    """Make sure that the demo's ends answer; why its state may be out of date, or nothing."""
    how = instance.start(folder)
    if how == "resumed":
        return "no rehearsal answered; it goes on from what it had saved"
    return "" if instance.backend_matches(folder) else "the demo's state may be of another one"


def change(action: str, stack: Stack, extra: list[str]) -> int:
    """Run `up`, `refresh` or `down` with what an interrupted run makes necessary around it."""
    take_dead_locks_away(stack)
    pending = stack.pending()
    if pending and action == "down":
        # Pulumi would take the stack away and forget what was half made: it would stay for ever.
        raise Stop(
            f"The last run was interrupted while it made: {', '.join(pending)}.\n"
            "What exists of that is not in the state yet.  Finish it first, then take all away: "
            f"make up SITE={stack.site}, then make down SITE={stack.site}"
        )
    if pending and action == "refresh":
        extra = ["--skip-pending-creates", *extra]  # else it would ask, if on a terminal
    if pending and action == "up":
        say(f"The last run was interrupted while it made: {', '.join(pending)}.  Going on there.")
    code = run(stack.action(action, *extra), stack.env)
    if code == 0 and pending and action == "up":
        # Made or taken over by now; without this every later `up` would warn of it again.
        stack.quietly("refresh", "--yes", "--clear-pending-creates", "--run-program")
        say(f"Finished what the last run left: {', '.join(pending)}.")
    return code


def demo(
    action: str, base: Mapping[str, str], pulumi: Path, extra: list[str], site: str = DEMO
) -> int:
    """Do `action` on a rehearsed site, whose ends are an embedded rehearsal."""
    folder = rehearsal_folder(site, instance.folder())
    backend = Backend(folder / instance.BACKEND)
    stack = Stack(site, pulumi, environment(site, base, pulumi, folder), backend)
    if action == "outputs":
        if not backend.root.is_dir():
            raise Stop(f"The rehearsed site {site} has not been made yet: make up SITE={site}")
        return run(stack.command(*ACTIONS[action], *extra), stack.env)
    out_of_date = start_rehearsal(folder)
    if action == "up" and out_of_date:
        say(f"Refreshing first: {out_of_date}.")
        extra = [*REFRESH_FIRST, *extra]
    code = act(action, stack, extra)
    if code == 0 and action == "up" and out_of_date:
        instance.claim_backend(folder)
    if code == 0 and action == "down":
        say("The rehearsal still runs.  To end it: .venv/bin/sakura-rtx rehearsal stop")
    return code


def is_terminal() -> bool:
    """Whether somebody sits there to see a preview and to answer; a CI job has nobody."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def own(site: str, action: str, base: Mapping[str, str], pulumi: Path, extra: list[str]) -> int:
    """Do `action` on a site of the user's, with the user's login."""
    env = environment(site, base, pulumi, instance.folder())
    stack = Stack(site, pulumi, env, backend_of_login(site, pulumi, env), is_terminal())
    if action == "outputs":
        return run(stack.command(*ACTIONS[action], *extra), stack.env)
    return act(action, stack, extra)


def act(action: str, stack: Stack, extra: list[str]) -> int:
    """Run `action` on a stack that is made first if the backend does not have it."""
    stack.quietly("stack", "select", "--create")
    if action == "preview":
        return run(stack.command(*ACTIONS[action], *extra), stack.env)
    if action == "import":
        return take_over(stack, extra)
    return change(action, stack, extra)


def take_over(stack: Stack, extra: list[str]) -> int:
    """Import what `sakura-rtx adopt --write` has written down.

    Around it the component and its provider alone are brought up to date, which reaches no device:
    first they must be there, in the end the stack's outputs say what was imported.  Then the plan
    has done its work and goes: the stack knows by now what it says, and would refuse it.
    """
    file = ROOT / "stacks" / f"import.{stack.site}.json"
    name = file.relative_to(ROOT)
    if not file.is_file():
        raise Stop(
            f"There is no {name}: sakura-rtx adopt --write makes it, and an import that has come "
            "to its end takes it away."
        )
    take_dead_locks_away(stack)
    targets = [word for each in PARENTS for word in ("--target", each.format(site=stack.site))]
    parents = (*ACTIONS["up"], "--skip-preview", *targets)
    stack.quietly(*parents)
    plan = json.loads(file.read_text(encoding="utf-8"))
    left = not_held(stack, plan)
    code = import_rest(stack, file, plan, left, extra) if left else 0
    if code == 0:
        stack.quietly(*parents)
        if not not_held(stack, plan):  # a `--preview-only` imports nothing
            file.unlink()
            say(f"Everything in {name} is in the stack now: the file was removed.")
    return code


def not_held(stack: Stack, plan: Plan) -> list[Plan]:
    """The resources of an import plan that the stack does not hold."""
    held = stack.resources()
    return [each for each in plan["resources"] if (each["type"], each["name"]) not in held]


def import_rest(stack: Stack, file: Path, plan: Plan, left: list[Plan], extra: list[str]) -> int:
    """Import what is `left` of a plan: one that was cut off can be run again."""
    if left == plan["resources"]:
        return change("import", stack, ["--file", str(file), *extra])
    there = ", ".join(each["name"] for each in plan["resources"] if each not in left)
    say(f"In the stack already: {there}.")
    with tempfile.TemporaryDirectory() as folder:
        rest = Path(folder, file.name)
        rest.write_text(json.dumps(plan | {"resources": left}), encoding="utf-8")
        return change("import", stack, ["--file", str(rest), *extra])


def _captured(command: list[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> int:
    """Do what the command line says; the exit code is the CLI's own."""
    words, extra = split(sys.argv[1:])
    parser = argparse.ArgumentParser(prog="python -m tools.site", description=__doc__)
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("--site", default=DEMO)
    arguments = parser.parse_args(words)
    check_site(arguments.site, ROOT / "stacks")
    pulumi = cli.ready(os.environ)
    try:
        if is_rehearsed(arguments.site):
            return demo(arguments.action, os.environ, pulumi, extra, arguments.site)
        return own(arguments.site, arguments.action, os.environ, pulumi, extra)
    except VpnError as err:
        raise Stop(str(err)) from None


if __name__ == "__main__":
    finish(main)
