"""What `make up` and its like do around the CLI, which is a script of the tests here."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.backend import PROJECT, Backend
from components.rehearsal import instance
from tools import site
from tools.base import ROOT, VENV, Stop

USERS = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/home/u",
    "PULUMI_HOME": "/home/u/.pulumi",
    "PULUMI_BACKEND_URL": "s3://states",
    "PULUMI_ACCESS_TOKEN": "pul-users-token",
    "PULUMI_CONFIG_PASSPHRASE": "users-own",
    "PULUMI_CONFIG_PASSPHRASE_FILE": "/home/u/passphrase",
    "PULUMI_STACK": "tokyo",
}
CLI = Path("/opt/pulumi/bin/pulumi")
URN = "urn:pulumi:tokyo::sakura-rtx-vpn::sakurartx:index:VpcRouter::tokyo-router"


class Pulumi:
    """A CLI that writes down how it was called and answers as told."""

    def __init__(self, folder: Path) -> None:
        self.file, self.log = folder / "pulumi", folder / "calls"
        self.backend = folder / "state"
        self.backend.mkdir()
        self.answers: dict[str, tuple[int, str]] = {
            "whoami": (0, f"User: ops\nBackend URL: file://{self.backend}\n")
        }

    def write(self) -> None:
        cases = "\n".join(
            f"  {word}) printf '%s' '{text}'; exit {code};;"
            for word, (code, text) in self.answers.items()
        )
        script = f'#!/bin/sh\necho "$@" >> {self.log}\ncase "$1" in\n{cases}\nesac\n'
        self.file.write_text(script)
        self.file.chmod(0o755)

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def lock(self, pid: int, host: str | None = None) -> None:
        folder = self.backend / ".pulumi" / "locks" / "organization" / PROJECT / "tokyo"
        folder.mkdir(parents=True)
        held = {
            "pid": pid,
            "username": "ops",
            "hostname": host or socket.gethostname(),
            "timestamp": "2026-11-25T04:40:22Z",
        }
        (folder / "0.json").write_text(json.dumps(held))

    def interrupted(self) -> None:
        folder = self.backend / ".pulumi" / "stacks" / PROJECT
        folder.mkdir(parents=True)
        pending = [{"resource": {"urn": URN}, "type": "creating"}]
        state = {"version": 3, "checkpoint": {"latest": {"pending_operations": pending}}}
        (folder / "tokyo.json").write_text(json.dumps(state))

    def act(self, action: str, *extra: str) -> int:
        self.write()
        return site.own("tokyo", action, os.environ, self.file, list(extra))


@pytest.fixture
def pulumi(tmp_path: Path) -> Pulumi:
    return Pulumi(tmp_path)


def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait(timeout=20)
    return child.pid


def test_the_demo_has_its_own_backend_home_and_passphrase(tmp_path: Path) -> None:
    env = site.environment("demo", USERS, CLI, tmp_path)
    assert env == {
        "PATH": f"{VENV / 'bin'}:/opt/pulumi/bin:/usr/bin:/bin",
        "HOME": "/home/u",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_HOME": str(tmp_path / "pulumi-home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'backend'}",
        "PULUMI_CONFIG_PASSPHRASE": "rehearsal",
        "SAKURA_RTX_REHEARSAL": str(tmp_path),
    }


def test_other_sites_keep_all_that_is_the_users(tmp_path: Path) -> None:
    env = site.environment("tokyo", USERS, CLI, tmp_path)
    path = f"{VENV / 'bin'}:/opt/pulumi/bin:/usr/bin:/bin"
    assert env == {**USERS, "PATH": path, "PULUMI_SKIP_UPDATE_CHECK": "true"}


@pytest.mark.parametrize("name", ["kyoto", "", "../tokyo", "*"])
def test_a_site_without_a_file_is_refused_and_the_others_named(name: str, tmp_path: Path) -> None:
    for known in ("tokyo", "osaka"):
        (tmp_path / f"Pulumi.{known}.yaml").touch()
    site.check_site("tokyo", tmp_path)
    with pytest.raises(Stop, match="Sites: osaka, tokyo"):
        site.check_site(name, tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"config:\n\ta: 1\n", "Pulumi.tokyo.yaml, line 2, column 1.*indent with spaces"),
        (b"config: {a: 1, a: 2}\n", "Pulumi.tokyo.yaml, line 1, column 16.*a second time"),
        ("# \u6771\u4eac\n".encode("cp932"), "Pulumi.tokyo.yaml: not UTF-8"),
        (
            b"config: {sakura-rtx-vpn:rtxPasword: {secure: a}}\n",
            "Pulumi.tokyo.yaml: config: found `sakura-rtx-vpn:rtxPasword`; no such key, is "
            "`sakura-rtx-vpn:rtxPassword` meant",
        ),
    ],
)
def test_a_site_file_that_cannot_be_meant_so_is_named_with_the_place(
    tmp_path: Path, text: bytes, said: str
) -> None:
    (tmp_path / "Pulumi.tokyo.yaml").write_bytes(text)
    with pytest.raises(Stop, match=said):
        site.check_site("tokyo", tmp_path)


def test_without_a_login_nothing_is_done(pulumi: Pulumi) -> None:
    pulumi.answers["whoami"] = (3, "")
    with pytest.raises(Stop) as raised:
        pulumi.act("up")
    assert "`pulumi login`" in str(raised.value)
    assert "Site tokyo" in str(raised.value)
    assert pulumi.calls() == ["whoami --verbose --non-interactive"]


@pytest.mark.parametrize(
    ("action", "command"),
    [
        ("up", "up --yes --diff --stack tokyo"),
        ("preview", "preview --diff --diff --stack tokyo"),
        ("refresh", "refresh --yes --run-program --diff --stack tokyo"),
        ("down", "destroy --yes --run-program --diff --stack tokyo"),
    ],
)
def test_each_action_is_one_command_on_a_stack_that_exists(
    action: str, command: str, pulumi: Pulumi
) -> None:
    assert pulumi.act(action, "--diff") == 0
    assert pulumi.calls()[1:] == [
        "stack select --create --non-interactive --stack tokyo",
        command,
    ]


@pytest.mark.parametrize(
    ("action", "command"),
    [
        ("up", "up --stack tokyo"),
        ("refresh", "refresh --yes --run-program --stack tokyo"),
        ("down", "destroy --run-program --stack tokyo"),
    ],
)
def test_somebody_at_a_terminal_is_asked_before_a_real_router_is_touched(
    action: str, command: str, pulumi: Pulumi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "is_terminal", lambda: True)
    assert pulumi.act(action) == 0
    assert pulumi.calls()[-1] == command
    if action != "refresh":
        assert pulumi.act(action, "--yes") == 0
        assert pulumi.calls()[-1].count("--yes") == 1


PLAN = [{"type": f"p:index:{kind}", "name": f"tokyo-{kind}"} for kind in ("Switch", "Tunnel")]
IMPORT = "import --yes --generate-code=false --protect=false --file"
PARENTS = (
    "up --yes --skip-preview --target **SiteToSiteVpn::tokyo --target **::tokyo-access "
    "--non-interactive --stack tokyo"
)


def state_of(*resources: Any) -> str:
    head = "urn:pulumi:tokyo::sakura-rtx-vpn::p:index:Site$"
    urns = [{"urn": f"{head}{each['type']}::{each['name']}"} for each in resources]
    return json.dumps({"version": 3, "deployment": {"resources": urns} if urns else {}})


@pytest.fixture
def plan(pulumi: Pulumi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of an import plan, as `adopt` has written it; the CLI has a stack without it."""
    monkeypatch.setattr(site, "ROOT", tmp_path)
    (tmp_path / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    file = tmp_path / "stacks" / "import.tokyo.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"nameTable": {"site": "urn"}, "resources": PLAN}))
    pulumi.answers["stack"] = (0, state_of())
    return file


def test_an_import_makes_first_what_everything_hangs_on(pulumi: Pulumi, plan: Path) -> None:
    assert pulumi.act("import") == 0
    calls = [call for call in pulumi.calls() if not call.startswith("stack")]
    assert calls[-3:] == [PARENTS, f"{IMPORT} {plan} --stack tokyo", PARENTS]
    assert plan.exists()  # the CLI says nothing of them in its stack: it may have shown a preview
    pulumi.answers["import"] = (255, "")
    assert pulumi.act("import") == 255
    assert pulumi.calls()[-1] == f"{IMPORT} {plan} --stack tokyo"
    assert plan.exists()


def test_what_is_in_the_stack_needs_no_plan_any_more(
    pulumi: Pulumi, plan: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pulumi.answers["stack"] = (0, state_of(*PLAN))
    assert pulumi.act("import") == 0
    assert not [call for call in pulumi.calls() if call.startswith("import")]
    assert not plan.exists()
    assert "stacks/import.tokyo.json is in the stack now" in capfd.readouterr().err
    with pytest.raises(Stop, match=r"no stacks/import\.tokyo\.json: sakura-rtx adopt --write"):
        pulumi.act("import")


def test_an_import_that_was_cut_off_goes_on_with_the_rest(
    pulumi: Pulumi, plan: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pulumi.answers["stack"] = (0, state_of(PLAN[0]))
    kept = plan.parent / "handed-over"
    # The CLI keeps the file that it was given: it is gone afterwards.
    pulumi.answers["import"] = (0, f"'; cp \"$6\" {kept}; echo '")
    assert pulumi.act("import") == 0
    assert "In the stack already: tokyo-Switch." in capfd.readouterr().err
    given = json.loads(kept.read_text())
    assert given == {"nameTable": {"site": "urn"}, "resources": PLAN[1:]}
    assert plan.exists()


@pytest.mark.parametrize("action", ["up", "preview", "refresh", "down"])
def test_the_exit_code_is_the_clis(action: str, pulumi: Pulumi) -> None:
    pulumi.answers[site.ACTIONS[action][0]] = (7, "")
    assert pulumi.act(action) == 7


def test_outputs_are_the_clis_and_nothing_else(
    pulumi: Pulumi, capfd: pytest.CaptureFixture[str]
) -> None:
    pulumi.answers["stack"] = (0, '{"psk": "[secret]"}')
    assert pulumi.act("outputs", "--show-secrets") == 0
    assert capfd.readouterr().out == '{"psk": "[secret]"}'
    assert pulumi.calls()[1:] == ["stack output --json --show-secrets --stack tokyo"]


def test_making_the_stack_prints_nothing_unless_it_fails(
    pulumi: Pulumi, capfd: pytest.CaptureFixture[str]
) -> None:
    pulumi.answers["stack"] = (0, "Created stack")
    assert pulumi.act("up") == 0
    assert capfd.readouterr() == ("", "")
    pulumi.answers["stack"] = (255, "error: incorrect passphrase")
    with pytest.raises(Stop, match="incorrect passphrase"):
        pulumi.act("up")


@pytest.mark.parametrize("action", ["up", "refresh", "down"])
def test_the_lock_of_a_dead_run_is_cancelled_and_said(
    action: str, pulumi: Pulumi, capfd: pytest.CaptureFixture[str]
) -> None:
    pid = dead_pid()
    pulumi.lock(pid)
    assert pulumi.act(action) == 0
    assert pulumi.calls()[2] == "cancel --yes --non-interactive --stack tokyo"
    assert len(pulumi.calls()) == 4
    assert f"process {pid}" in capfd.readouterr().err


@pytest.mark.parametrize("action", ["up", "refresh", "down"])
def test_any_other_lock_is_named_and_left(action: str, pulumi: Pulumi) -> None:
    pulumi.lock(4711, "another-pc")
    with pytest.raises(Stop, match="ops on another-pc, process 4711, since 2026-11-25T04:40:22Z"):
        pulumi.act(action)
    assert len(pulumi.calls()) == 2


def test_a_preview_takes_no_notice_of_locks(pulumi: Pulumi) -> None:
    pulumi.lock(4711, "another-pc")
    assert pulumi.act("preview") == 0


def test_up_after_an_interrupted_one_clears_what_was_pending(
    pulumi: Pulumi, capfd: pytest.CaptureFixture[str]
) -> None:
    pulumi.interrupted()
    assert pulumi.act("up") == 0
    up, refresh = pulumi.calls()[2:]
    assert up == "up --yes --stack tokyo"
    assert refresh.startswith("refresh --yes --clear-pending-creates --run-program")
    assert [line.partition(":")[0] for line in capfd.readouterr().err.splitlines()] == [
        "The last run was interrupted while it made",
        "Finished what the last run left",
    ]


def test_what_is_pending_stays_so_if_up_fails_again(pulumi: Pulumi) -> None:
    pulumi.interrupted()
    pulumi.answers["up"] = (255, "")
    assert pulumi.act("up") == 255
    assert pulumi.calls()[2:] == ["up --yes --stack tokyo"]


def test_down_does_not_forget_what_is_half_made(pulumi: Pulumi) -> None:
    pulumi.interrupted()
    with pytest.raises(Stop, match="while it made: tokyo-router"):
        pulumi.act("down")
    assert len(pulumi.calls()) == 2


def test_refresh_asks_nothing_about_what_is_half_made(pulumi: Pulumi) -> None:
    pulumi.interrupted()
    assert pulumi.act("refresh") == 0
    assert pulumi.calls()[2:] == [
        "refresh --yes --run-program --skip-pending-creates --stack tokyo"
    ]


class Rehearsal:
    """Stands in the place of the rehearsal's process: what `start` finds, and what was claimed."""

    def __init__(self, found: str, matches: bool) -> None:
        self.found, self.matches, self.claimed = found, matches, False

    def start(self, folder: Path) -> str:
        (folder / instance.BACKEND).mkdir(parents=True, exist_ok=True)
        return self.found

    def claim(self, folder: Path) -> None:
        self.claimed = True

    def install(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        replaced: dict[str, Any] = {
            "folder": lambda: folder,
            "start": self.start,
            "backend_matches": lambda folder: self.matches,
            "claim_backend": self.claim,
        }
        for name, function in replaced.items():
            monkeypatch.setattr(instance, name, function)


@pytest.mark.parametrize(
    ("found", "matches", "code", "refreshed", "claimed"),
    [
        ("new", True, 0, False, False),
        ("running", True, 0, False, False),
        ("resumed", True, 0, True, True),
        ("running", False, 0, True, True),
        ("new", False, 0, True, True),
        ("new", False, 255, True, False),
    ],
)
def test_the_demo_is_refreshed_where_its_state_may_be_out_of_date(
    found: str,
    matches: bool,
    code: int,
    refreshed: bool,
    claimed: bool,
    pulumi: Pulumi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    rehearsal = Rehearsal(found, matches)
    rehearsal.install(tmp_path / "rehearsal", monkeypatch)
    pulumi.answers["up"] = (code, "")
    pulumi.write()
    assert site.demo("up", os.environ, pulumi.file, []) == code
    (_, up) = pulumi.calls()
    assert up == f"up --yes {'--refresh --run-program ' if refreshed else ''}--stack demo"
    said = capfd.readouterr().err
    assert said.count("\n") == int(refreshed)
    assert ("Refreshing first" in said) is refreshed
    assert rehearsal.claimed is claimed


def test_after_down_the_rehearsal_runs_on_and_its_end_is_named(
    pulumi: Pulumi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    Rehearsal("running", True).install(tmp_path / "rehearsal", monkeypatch)
    pulumi.write()
    assert site.demo("down", os.environ, pulumi.file, []) == 0
    assert "sakura-rtx rehearsal stop" in capfd.readouterr().err


def test_outputs_of_a_demo_that_was_never_made_say_so(
    pulumi: Pulumi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Rehearsal("new", True).install(tmp_path / "rehearsal", monkeypatch)
    pulumi.write()
    with pytest.raises(Stop, match="make up"):
        site.demo("outputs", os.environ, pulumi.file, [])
    assert pulumi.calls() == []


def test_pending_creates_of_a_backend_that_is_no_folder_are_pulumis_business() -> None:
    stack = site.Stack("tokyo", CLI, {})
    assert stack.pending() == []
    assert site.Stack("tokyo", CLI, {}, Backend(ROOT / "tests")).pending() == []
