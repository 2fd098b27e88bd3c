"""One site's stack by the Automation API: what the CLI is asked, and what is made of its answers.

The CLI is a script that writes down how it was called; the engine's events are given directly.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import events

from components.errors import VpnError
from components.fleet import launcher, project
from components.fleet.environment import environment, rehearsal_folder
from components.fleet.examine import DoctorWork, as_environment
from components.fleet.processes import Program
from components.fleet.project import SiteFile
from components.fleet.stack import Place, StackWork, _Heard, config_of
from components.rehearsal import instance

URN = "urn:pulumi:tokyo::offices::sakurartx:index:VpcRouter::tokyo-router"
CANARY = "password_of_the_router"
HISTORY = [
    {
        "kind": "update",
        "startTime": "2026-11-25T04:40:22.000Z",
        "message": "",
        "environment": {},
        "config": {},
        "result": "succeeded",
    }
]


class Pulumi:
    """A CLI for the site tokyo in a backend of files; `answers` are by the command's name."""

    def __init__(self, folder: Path) -> None:
        self.file, self.log, self.state = folder / "pulumi", folder / "calls", folder / "state"
        self.answers: dict[str, tuple[int, str, str]] = {}
        self.root = folder / "project"
        self.root.mkdir()
        (self.root / "Pulumi.yaml").write_text("name: offices\nruntime: python\n")
        env = {"PATH": os.environ["PATH"], "PULUMI_BACKEND_URL": f"file://{self.state}"}
        self.place = Place(self.file, "3.274.1", self.root, "offices", env)

    def write(self) -> None:
        self.answers.setdefault("stack history", (0, json.dumps(HISTORY), ""))
        cases = "\n".join(
            f"  *'{words} '*) printf '%s' '{out}'; printf '%s' '{err}' >&2; exit {code};;"
            for words, (code, out, err) in self.answers.items()
        )
        self.file.write_text(f'#!/bin/sh\necho "$@" >> {self.log}\ncase "$* " in\n{cases}\nesac\n')
        self.file.chmod(0o755)

    def calls(self) -> list[str]:
        """What it was asked, without what the API adds for itself."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        asked = (
            line.removeprefix("--non-interactive ").partition(" --exec-kind")[0] for line in lines
        )
        return [each for each in asked if not each.startswith("stack history")]

    def work(self, action: str) -> Any:
        self.write()
        return StackWork("tokyo", action, self.place).run(lambda _: None)

    def lock(self, host: str, pid: int = 2**22 + 1) -> None:
        folder = self.state / ".pulumi" / "locks" / "organization" / "offices" / "tokyo"
        folder.mkdir(parents=True)
        held = {"pid": pid, "username": "ops", "hostname": host, "timestamp": "2026-11-25"}
        (folder / "0.json").write_text(json.dumps(held))


@pytest.fixture
def pulumi(tmp_path: Path) -> Pulumi:
    return Pulumi(tmp_path)


def test_up_is_one_command_and_nobodys_stack_is_selected(pulumi: Pulumi) -> None:
    assert pulumi.work("up").result == "same"
    exists, up = pulumi.calls()
    assert exists == "stack --stack tokyo --show-name"
    assert up == "up --yes --skip-preview --color never --suppress-progress"


def test_a_stack_that_is_not_there_is_made(pulumi: Pulumi) -> None:
    gone = "error: no stack named tokyo found"
    pulumi.answers["stack --stack tokyo --show-name"] = (255, "", gone)
    assert pulumi.work("refresh").result == "same"
    assert pulumi.calls()[1:] == [
        "stack init tokyo --no-select",
        "refresh --skip-preview --yes --run-program=true --color never --suppress-progress",
    ]


def test_what_the_cli_refuses_is_an_error_of_the_site(pulumi: Pulumi) -> None:
    pulumi.answers["stack --stack tokyo --show-name"] = (255, "", "error: incorrect passphrase")
    found = pulumi.work("up")
    assert (found.result, found.errors) == ("failed", ("error: incorrect passphrase",))


def test_a_lock_of_somebody_else_is_named_and_left(pulumi: Pulumi) -> None:
    pulumi.lock("another-pc")
    found = pulumi.work("up")
    assert found.result == "failed"
    assert "site tokyo is locked by ops on another-pc" in found.errors[0]
    assert "pulumi cancel --stack tokyo" in found.errors[0]
    assert len(pulumi.calls()) == 1
    # A preview takes no notice; that the script tells no summary is a fault of the script's.
    with pytest.raises(RuntimeError, match="summary"):
        pulumi.work("preview")


def test_the_lock_of_a_run_that_is_gone_is_taken_away(pulumi: Pulumi) -> None:
    pulumi.lock(socket.gethostname())
    assert pulumi.work("up").result == "same"
    assert pulumi.calls()[1].startswith("cancel --yes")


def test_what_an_interrupted_run_left_is_cleared_after_up(pulumi: Pulumi) -> None:
    folder = pulumi.state / ".pulumi" / "stacks" / "offices"
    folder.mkdir(parents=True)
    pending = [{"resource": {"urn": URN}, "type": "creating"}]
    state = {"version": 3, "checkpoint": {"latest": {"pending_operations": pending}}}
    (folder / "tokyo.json").write_text(json.dumps(state))
    assert pulumi.work("up").result == "same"
    assert "--clear-pending-creates" in pulumi.calls()[2]


def test_a_rehearsed_site_is_refreshed_if_its_state_may_be_of_another_one(
    pulumi: Pulumi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    claimed: list[Path] = []
    monkeypatch.setattr(instance, "start", lambda _folder: "resumed")
    monkeypatch.setattr(instance, "claim_backend", claimed.append)
    place = pulumi.place
    pulumi.place = Place(place.cli, place.version, place.root, "offices", place.env, tmp_path)
    assert pulumi.work("up").result == "same"
    assert pulumi.calls()[1].endswith("--refresh --run-program=true")
    assert claimed == [tmp_path]


def test_once_stopped_no_further_command_is_run(pulumi: Pulumi) -> None:
    pulumi.write()
    work = StackWork("tokyo", "up", pulumi.place)
    work.stop()
    found = work.run(lambda _: None)
    assert (found.result, found.errors) == ("stopped", ("stopped on request",))
    assert pulumi.calls() == []


# --- what the engine tells


def told(**data: Any) -> events.EngineEvent:
    return events.EngineEvent.from_json({"sequence": 1, "timestamp": 1, **data})


def diagnostic(message: str, severity: str = "error", **data: Any) -> events.EngineEvent:
    return told(diagnosticEvent={"message": message, "severity": severity, "color": "", **data})


def test_errors_are_taken_and_what_pulumi_says_beside_them_is_not() -> None:
    heard = _Heard(lambda _: None)
    for message in (
        "office end: the router refused `x`\n  next: y\n",
        "office end: the router refused `x`\n  next: y\n",
        "1 error occurred:\n\t* stopped on request\n\n",
        "Resource monitor has terminated, shutting down",
        "update failed",
    ):
        heard.event(diagnostic(message))
    heard.event(diagnostic("beware", "warning"))
    assert heard.errors == ["office end: the router refused `x`\n  next: y", "stopped on request"]


def test_what_is_being_done_is_noted_and_changes_are_counted() -> None:
    notes: list[str] = []
    heard = _Heard(notes.append)
    for op in ("same", "update"):
        about = {"op": op, "urn": URN, "type": "sakurartx:index:Tunnel", "provider": ""}
        heard.event(told(resourcePreEvent={"metadata": about}))
    heard.event(diagnostic("waiting for traffic, 10 s\n", "info", ephemeral=True))
    heard.event(diagnostic("would be typed", "info"))
    counts = {"same": 7, "update": 1}
    heard.event(told(summaryEvent={"durationSeconds": 1, "resourceChanges": counts}))
    assert notes == ["update Tunnel", "waiting for traffic, 10 s"]
    assert heard.changes == {"same": 7, "update": 1}


# --- the doctor


def examined(tmp_path: Path, script: str, secrets: dict[str, str]) -> Any:
    """What is made of a doctor that is this script."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    file = tmp_path / "Pulumi.tokyo.yaml"
    work = DoctorWork("tokyo", file, tmp_path, dict(os.environ), lambda _: secrets)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", str(python))
        return work.run(lambda _: None)


BROKEN = {
    "layers": [
        {"name": "a", "title": "the line", "state": "ok", "cause": "", "cure": ""},
        {"name": "b", "title": "traffic", "state": "broken", "cause": "SAs dead", "cure": "press"},
    ]
}


def test_the_first_broken_layer_is_what_is_told(tmp_path: Path) -> None:
    found = examined(tmp_path, f"echo '{json.dumps(BROKEN)}'; exit 3", {})
    assert (found.result, found.errors) == ("broken", ("traffic: SAs dead; do: press",))
    assert examined(tmp_path, "echo '{}'", {}).result == "same"
    found = examined(tmp_path, "echo 'sakura-rtx: no such site' >&2; exit 2", {})
    assert (found.result, found.errors) == ("failed", ("no such site",))


def test_what_was_not_looked_at_is_told(tmp_path: Path) -> None:
    layers = [{"title": "line", "state": "ok"}, {"title": "API", "state": "not looked at"}]
    found = examined(tmp_path, f"echo '{json.dumps({'layers': layers})}'", {})
    assert (found.result, found.note) == ("same", "nothing is broken; not looked at: API")


def test_secrets_reach_the_doctors_environment_and_no_argument(tmp_path: Path) -> None:
    script = 'echo "$@" > args; printf %s "$SAKURA_RTX_PASSWORD" > password; echo "{}"'
    found = examined(tmp_path, script, {"rtxPassword": CANARY, "psk": CANARY})
    assert (tmp_path / "password").read_text() == CANARY
    assert CANARY not in (tmp_path / "args").read_text() + repr(found)
    assert as_environment({"apiToken": "t", "psk": CANARY}) == {"SAKURA_ACCESS_TOKEN": "t"}


def test_secrets_come_from_the_stack_configuration(pulumi: Pulumi) -> None:
    config = {
        "offices:rtxPassword": {"value": CANARY, "secret": True},
        "offices:note": {"value": "plain", "secret": False},
    }
    pulumi.answers["config --show-secrets --json --stack tokyo"] = (0, json.dumps(config), "")
    pulumi.write()
    assert config_of("tokyo", pulumi.place, Program()) == {"rtxPassword": CANARY}
    assert CANARY not in pulumi.log.read_text()
    pulumi.answers = {"config --show-secrets --json --stack tokyo": (255, "", "no login")}
    pulumi.write()
    with pytest.raises(VpnError, match="stack tokyo cannot be read: no login"):
        config_of("tokyo", pulumi.place, Program())


# --- which CLI, which environment


def test_the_cli_is_that_of_make_where_there_is_one_else_that_on_path(
    pulumi: Pulumi, tmp_path: Path
) -> None:
    pulumi.answers["version"] = (0, "v3.274.1", "")
    pulumi.write()
    here = project.here(pulumi.root)
    assert launcher.cli(here, {"PATH": str(tmp_path)}) == pulumi.file
    assert launcher.version(pulumi.file, {}) == "3.274.1"
    with pytest.raises(VpnError, match="there is no Pulumi CLI"):
        launcher.cli(here, {"PATH": str(pulumi.root)})
    (pulumi.root / "tools").mkdir()
    (pulumi.root / "tools" / "cli.py").write_text("print('/opt/made/bin/pulumi')")
    assert launcher.cli(here, dict(os.environ)) == Path("/opt/made/bin/pulumi")
    with pytest.raises(VpnError, match="does not tell its version"):
        launcher.version(tmp_path / "none", {})


def test_each_rehearsed_site_has_ends_and_a_backend_of_its_own(
    pulumi: Pulumi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(instance.FOLDER_VARIABLE, str(tmp_path / ".rehearsal"))
    here, base = project.here(pulumi.root), {"PATH": "/bin", "PULUMI_ACCESS_TOKEN": "users"}
    found = [
        launcher.place(here, SiteFile(name, pulumi.file, True), pulumi.file, "3.274.1", base)
        for name in ("demo", "tokyo")
    ]
    assert [each.rehearsal for each in found] == [
        tmp_path / ".rehearsal",
        tmp_path / ".rehearsal-tokyo",
    ]
    assert [each.backend and each.backend.root for each in found] == [
        tmp_path / ".rehearsal" / "backend",
        tmp_path / ".rehearsal-tokyo" / "backend",
    ]
    assert all("PULUMI_ACCESS_TOKEN" not in each.env for each in found)
    real = launcher.place(here, SiteFile("t", pulumi.file, False), pulumi.file, "3.274.1", base)
    assert real.rehearsal is None
    assert real.env["PULUMI_ACCESS_TOKEN"] == "users"
    assert real.env["PATH"].split(os.pathsep)[1:] == [str(tmp_path), "/bin"]
    assert rehearsal_folder("demo", tmp_path) == tmp_path
    assert "PATH" in environment({}, tmp_path, pulumi.file, None)
