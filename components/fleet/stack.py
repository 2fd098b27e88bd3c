"""One site's stack, run by Pulumi's Automation API.

As `make up` and its siblings do it: a lock whose holder is gone is taken away, what an interrupted
run left is finished, a rehearsed site's ends are started.  Nothing of the user's is changed for it:
which stack is selected stays, since sites run beside each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pulumi import automation as auto
from pulumi.automation.errors import CommandError
from semver import VersionInfo

from ..backend import Backend, is_dead, of_login
from ..errors import VpnError
from ..rehearsal import instance
from .outcome import Outcome, Result, changed
from .processes import Program

_QUIET: Final[Mapping[str, Any]] = {"color": "never", "suppress_progress": True}
# What Pulumi says beside the error itself, see the package's own messages.
_BESIDE: Final = (
    "Resource monitor has terminated",
    "an unhandled error occurred",
    "update failed",
    "preview failed",
    "refresh failed",
)
# How the CLI heads errors of which there may be several: "1 error occurred:" and a star.
_SEVERAL: Final = re.compile(r"^1 error occurred:\s+\* ")


@dataclass(frozen=True)
class Place:
    """Where a site's stack is worked on.

    `cli` is the Pulumi CLI of `version` (3.274.1), `root` the project's folder, `project` its name,
    `env` the whole environment; `rehearsal` is the folder of a rehearsed site's ends, None for a
    real one.
    """

    cli: Path
    version: str
    root: Path
    project: str
    env: Mapping[str, str]
    rehearsal: Path | None = None

    @property
    def backend(self) -> Backend | None:
        """Its backend, if it is one of files."""
        return of_login(self.env, self.project)


class _Cli(auto.PulumiCommand):
    """The CLI in an environment of its own, that can be asked to stop."""

    def __init__(self, place: Place, program: Program) -> None:
        # Not the parent's: it looks for a CLI by itself, and asks it for its version each time.
        self.command, self.version = str(place.cli), VersionInfo.parse(place.version)
        self._env, self._program = place.env, program

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], Any] | None = None,
        on_error: Callable[[str], Any] | None = None,
    ) -> auto.CommandResult:
        env = {**self._env, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        words = [self.command, "--non-interactive", *args]
        code, out, err = self._program.run(words, Path(cwd), env, on_output, on_error)
        result = auto.CommandResult(out, err, code)
        if code:
            raise auto.errors.create_command_error(result)
        return result


class _Workspace(auto.LocalWorkspace):
    """A workspace in which nobody's choice of a stack is changed."""

    def select_stack(self, stack_name: str) -> None:
        self._ask("stack", "--stack", stack_name, "--show-name")

    def create_stack(self, stack_name: str) -> None:
        self._ask("stack", "init", stack_name, "--no-select")

    def stack_outputs(self, stack_name: str) -> auto.OutputMap:
        """None: they hold the key, and nobody here asks for them."""
        return {}

    def _ask(self, *words: str) -> None:
        self.pulumi_command.run(list(words), self.work_dir, self.env_vars)


@dataclass
class _Heard:
    """What the engine has told of one run."""

    note: Callable[[str], None]
    changes: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def event(self, event: Any) -> None:
        """Take one event of the engine."""
        if event.resource_pre_event:
            about = event.resource_pre_event.metadata
            op = str(getattr(about.op, "value", about.op))
            if op != "same":
                self.note(f"{op} {about.type.rpartition(':')[2]}")
        elif event.diagnostic_event:
            self._diagnostic(event.diagnostic_event)
        elif event.summary_event:
            counts = event.summary_event.resource_changes or {}
            self.changes = {str(getattr(op, "value", op)): n for op, n in counts.items()}

    def _diagnostic(self, told: Any) -> None:
        text = _SEVERAL.sub("", told.message.strip())
        if told.severity == "error":
            if text not in self.errors and not any(words in text for words in _BESIDE):
                self.errors.append(text)
        elif told.ephemeral and text:
            self.note(text.splitlines()[0])


class StackWork:
    """`preview`, `up` or `refresh` of one site, see `crew.Work`."""

    def __init__(self, site: str, action: str, place: Place) -> None:
        self.site, self._action, self._place = site, action, place
        self._program = Program()

    def stop(self) -> None:
        """As Ctrl-C does."""
        self._program.stop()

    def run(self, note: Callable[[str], None]) -> Outcome:
        """Do it; never raises for what a user can understand."""
        heard = _Heard(note)
        try:
            self._run(heard, note)
        except VpnError as error:
            return self._failed(heard, str(error))
        except CommandError as error:
            return self._failed(heard, "" if heard.errors else _said(error))
        found = changed(heard.changes)
        return Outcome(self.site, "changed" if found else "same", found)

    def _failed(self, heard: _Heard, error: str) -> Outcome:
        errors = tuple(filter(None, (*heard.errors, error)))
        result: Result = "stopped" if self._program.stopped else "failed"
        return Outcome(self.site, result, changed(heard.changes), errors=errors)

    def _run(self, heard: _Heard, note: Callable[[str], None]) -> None:
        place = self._place
        out_of_date = _rehearse(place.rehearsal) if place.rehearsal else False
        stack = self._stack()
        if self._action == "preview":
            stack.preview(on_event=heard.event, **_QUIET)
            return
        self._take_dead_locks_away(stack)
        pending = place.backend.pending_creates(self.site) if place.backend else []
        if self._action == "refresh":
            stack.refresh(on_event=heard.event, run_program=True, show_secrets=False, **_QUIET)
            return
        again: dict[str, Any] = {"refresh": True, "run_program": True} if out_of_date else {}
        stack.up(on_event=heard.event, show_secrets=False, **again, **_QUIET)
        if pending:
            note("clearing what the last run left")
            # Made or taken over by now; without this every later `up` would warn of it again.
            stack.refresh(
                clear_pending_creates=True, run_program=True, show_secrets=False, **_QUIET
            )
        if place.rehearsal and out_of_date:
            instance.claim_backend(place.rehearsal)

    def _stack(self) -> auto.Stack:
        return auto.Stack.create_or_select(self.site, _workspace(self._place, self._program))

    def _take_dead_locks_away(self, stack: auto.Stack) -> None:
        backend = self._place.backend
        locks = backend.locks(self.site) if backend else []
        held = [lock for lock in locks if not is_dead(lock)]
        if held:
            raise VpnError(
                f"site {self.site} is locked by {held[0]}",
                state="nothing was changed",
                remedy="wait until that run is over; if it is certainly gone: "
                f"pulumi cancel --stack {self.site}",
            )
        if locks:
            stack.cancel()


def config_of(site: str, place: Place, program: Program) -> dict[str, str]:
    """The secrets of a site's stack configuration by their names, decrypted.

    Raises `VpnError` where Pulumi does not read them.  They are to reach a child's environment, or
    memory, and nothing else.
    """
    try:
        found = _workspace(place, program).get_all_config(site)
    except CommandError as error:
        raise VpnError(
            f"the configuration of stack {site} cannot be read: {_said(error)}",
            remedy="pulumi login, and the passphrase of its secrets: PULUMI_CONFIG_PASSPHRASE_FILE",
        ) from None
    return {key.rpartition(":")[2]: value.value for key, value in found.items() if value.secret}


def _workspace(place: Place, program: Program) -> auto.LocalWorkspace:
    return _Workspace(work_dir=str(place.root), pulumi_command=_Cli(place, program))


def _rehearse(folder: Path) -> bool:
    """Make sure that a rehearsed site's ends answer; whether its state may be out of date."""
    how = instance.start(folder)
    return how == "resumed" or not instance.backend_matches(folder)


def _said(error: CommandError) -> str:
    """What the CLI said; the engine's own words stand in its last lines on stderr."""
    text = str(error)
    return (text.partition("stderr: ")[2] or text).strip() or text.strip()
