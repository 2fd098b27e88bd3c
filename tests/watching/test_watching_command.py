"""`sakura-rtx watch`: which sites, what it says, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tunnel_world import DEMO, KEY, World, made

from components import cli
from components.backend import of_login
from components.commands import access, proving, watched
from components.errors import SpecError, VpnError
from components.fleet import launcher, project, stack
from components.office.login import Login

SECRETS = (KEY, "login-pw", "admin-pw", "secret-of-systemd")


class Office:
    """A project with sites, all of which lead to one world, and the command line."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.world: World = made(folder, monkeypatch)
        self.world.establish(self.world.first)
        self.root, self._capsys = folder / "project", capsys
        (self.root / "stacks").mkdir(parents=True)
        (self.root / "Pulumi.yaml").write_text("name: offices\nstackConfigDir: stacks\n")
        self.add("osaka")
        self.add("kyoto")
        self.add("demo", rehearsed=True)
        (self.root / "stacks" / "Pulumi.network.yaml").write_text("config: {aws:region: x}\n")
        monkeypatch.chdir(self.root)
        monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{folder / 'state'}")
        monkeypatch.setattr(proving, "clock", lambda: self.world.clock)
        self.secrets: list[Mapping[str, str]] = []
        monkeypatch.setattr(access, "office_login", self._login)
        monkeypatch.setattr(access, "api_client", lambda *_: self.world.client)

    def _login(self, _site: object, secrets: Mapping[str, str]) -> Login:
        self.secrets.append(secrets)
        return self.world.login

    def add(self, name: str, *, rehearsed: bool = False) -> Path:
        text = DEMO.read_text()
        if not rehearsed:
            text = text.replace("rehearsal: true", "rehearsal: false")
            text = text.replace("router: {", "router: {host: 192.0.2.9, user: ops, ")
        file = self.root / "stacks" / f"Pulumi.{name}.yaml"
        file.write_text(text)
        return file

    def run(self, *words: str) -> tuple[int, str, str]:
        code = cli.main(["watch", *words])
        said = self._capsys.readouterr()
        assert not [each for each in SECRETS if each in said.out + said.err]
        return code, said.out, said.err


@pytest.fixture
def office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Office]:
    office = Office(tmp_path, monkeypatch, capsys)
    yield office
    office.world.close()


def test_one_look_at_each_site_but_the_rehearsed_ones(office: Office) -> None:
    code, out, _ = office.run("--once", "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert sorted((each["site"], each["event"]) for each in found) == [
        ("kyoto", "passes"),
        ("osaka", "passes"),
    ]


def test_without_traffic_the_exit_code_tells(office: Office) -> None:
    office.world.type("tunnel select 2", "tunnel disable 2")
    code, out, _ = office.run("--once", "--sites", "osaka")
    assert code == 3
    assert "osaka: lost: NO TRAFFIC: no ping comes back" in out


def test_a_router_that_cannot_be_asked_is_told_apart(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_login: object) -> None:
        raise VpnError("nobody answers")

    monkeypatch.setattr("components.office.session._by_ssh", refuse)
    code, out, _ = office.run("--once", "--sites", "osaka")
    assert code == 1
    assert "osaka: blind: the router cannot be asked: nobody answers" in out


def test_a_stack_that_is_locked_is_not_looked_at(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "state" / ".pulumi" / "locks" / "organization" / "offices" / "osaka"
    folder.mkdir(parents=True)
    held = {"pid": os.getpid(), "username": "ops", "hostname": "elsewhere", "timestamp": "now"}
    (folder / "0.json").write_text(json.dumps(held))
    logins = office.world.logins
    code, out, _ = office.run("--once", "--sites", "osaka")
    assert code == 1
    assert "osaka: held: nothing is done, a change is being made: the stack is locked by" in out
    assert office.world.logins == logins
    held |= {"hostname": socket.gethostname(), "pid": 2**22 + 1}  # a run that is gone
    (folder / "0.json").write_text(json.dumps(held))
    assert office.run("--once", "--sites", "osaka")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sites", "tokyo"), "a pattern for one of: demo, demo2, kyoto, osaka"),
        (("--metrics-file", "/nonexistent/x.prom"), "cannot be written"),
        (("--sites", "demo*"), "one rehearsed site"),
    ],
)
def test_what_is_wrong_is_said_at_once(office: Office, words: tuple[str, ...], said: str) -> None:
    office.add("demo2", rehearsed=True)
    code, out, err = office.run(*words)
    assert (code, out) == (2, "")
    assert said in err


def test_a_rehearsed_site_is_watched_in_its_own_rehearsal(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAKURA_RTX_REHEARSAL", str(office.root / "r"))
    office.add("tokyo", rehearsed=True)
    assert office.run("--once", "--sites", "tokyo")[0] == 0
    assert os.environ["SAKURA_RTX_REHEARSAL"] == str(office.root / "r-tokyo")


@pytest.mark.parametrize(
    "words",
    [
        ("--interval", "9"),
        ("--interval", "x"),
        ("--metrics-port", "65536"),
        ("--metrics-file", "metrics.txt"),
        ("--metrics-file", "a.prom", "--metrics-port", "1"),
        ("--tries", "-1"),
    ],
)
def test_bad_usage(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["watch", *words])
    assert ended.value.code == 2


def test_a_site_whose_vpc_router_is_somebody_elses_needs_no_api(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("the API was asked for")

    file = office.add("nara")
    vip = office.world.made.vip
    text = file.read_text().replace("zone: is1b", f"elsewhere: {{vip: {vip}}}")
    file.write_text(text)
    monkeypatch.setattr(access, "api_client", refused)
    code, out, err = office.run("--once", "--sites", "nara")
    assert code == 0, err
    assert "nara: passes" in out


def test_each_site_has_the_secrets_of_its_own_stack(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "cli", lambda *_: Path("/opt/pulumi"))
    monkeypatch.setattr(launcher, "version", lambda *_: "3.274.1")
    monkeypatch.setattr(stack, "config_of", lambda site, *_: {"rtxPassword": f"of {site}"})
    assert office.run("--once", "--stack-secrets")[0] == 0
    assert {each["rtxPassword"] for each in office.secrets} == {"of kyoto", "of osaka"}

    def no_login(*_: object) -> None:
        raise VpnError("the configuration of stack kyoto cannot be read")

    monkeypatch.setattr(stack, "config_of", no_login)
    code, _, err = office.run("--once", "--stack-secrets")
    assert code == 2
    assert "stack kyoto cannot be read" in err


def test_missing_credentials_are_said_before_they_are_needed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise SpecError([], source="API credentials")

    monkeypatch.setattr(access, "api_client", missing)
    code, _, err = office.run("--once")
    assert code == 2
    assert "API credentials" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to(office: Office, number: int, tmp_path: Path) -> None:
    file = tmp_path / "sakura.prom"
    handler = signal.getsignal(number)

    def end() -> None:
        for _ in range(500):
            if file.exists() and 'sakura_rtx_up{site="osaka"} 1' in file.read_text():
                os.kill(os.getpid(), number)
                return
            time.sleep(0.02)

    ending = threading.Thread(target=end)
    ending.start()
    code, out, _ = office.run("--sites", "osaka", "--metrics-file", str(file))
    ending.join()
    assert code == 0
    assert "osaka: passes" in out
    assert "osaka" not in [thread.name for thread in threading.enumerate()]
    assert not office.world.router.sessions
    assert signal.getsignal(number) == handler


def test_what_systemd_hands_over_is_used(tmp_path: Path) -> None:
    (tmp_path / "SAKURA_RTX_PASSWORD").write_text("secret-of-systemd\n")
    (tmp_path / "SAKURA_ACCESS_TOKEN").write_text("of-a-file")
    (tmp_path / "PATH").write_text("not ours")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "SAKURA_ACCESS_TOKEN": "set", "PATH": "/bin"}
    watched.take_credentials(environ)
    assert environ["SAKURA_RTX_PASSWORD"] == "secret-of-systemd"
    assert (environ["SAKURA_ACCESS_TOKEN"], environ["PATH"]) == ("set", "/bin")
    (tmp_path / "SAKURA_RTX_KEY").write_bytes(b"\xff secret-of-systemd")
    with pytest.raises(VpnError, match="CREDENTIALS_DIRECTORY"):
        watched.take_credentials({"CREDENTIALS_DIRECTORY": "/nonexistent"})
    with pytest.raises(VpnError, match="SAKURA_RTX_KEY cannot be read") as raised:
        watched.take_credentials(environ)
    assert "secret-of-systemd" not in str(raised.value)


# --- the project, and the backend of the login


def test_patterns_choose_sites(office: Office) -> None:
    here = project.here(office.root / "stacks")
    assert here.name == "offices"
    assert [site.name for site in here.sites()] == ["demo", "kyoto", "osaka"]
    assert [site.name for site in here.chosen(["k*", "de?o"])] == ["demo", "kyoto"]
    assert [site.rehearsed for site in here.chosen(["*"])] == [True, False, False]
    with pytest.raises(SpecError, match="naha"):
        here.chosen(["*", "naha"])


def test_only_rehearsed_sites_are_named(office: Office) -> None:
    for name in ("osaka", "kyoto"):
        (office.root / "stacks" / f"Pulumi.{name}.yaml").unlink()
    with pytest.raises(SpecError, match=r"--sites \(demo\)"):
        project.here().chosen([])


def test_a_folder_without_a_project_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"Pulumi\.yaml"):
        project.here(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("[")
    with pytest.raises(SpecError, match="the name of the project"):
        project.here(tmp_path)


def test_a_site_that_cannot_be_read_is_not_passed_over(office: Office) -> None:
    (office.root / "stacks" / "Pulumi.broken.yaml").write_text("{")
    assert "broken" in [site.name for site in project.here().chosen([])]
    code, _, err = office.run("--once", "--sites", "broken")
    assert code == 2
    assert "Pulumi.broken.yaml" in err


def test_the_login_tells_the_backend(tmp_path: Path) -> None:
    home = tmp_path / ".pulumi"
    home.mkdir()
    assert of_login({"HOME": str(tmp_path)}) is None
    for content, root in (
        ("{", None),
        ("[]", None),
        ('{"current": 3}', None),
        ('{"current": "https://api.pulumi.com"}', None),
        (f'{{"current": "file://{tmp_path}/a"}}', tmp_path / "a"),
    ):
        (home / "credentials.json").write_text(content)
        found = of_login({"HOME": str(tmp_path)}, "offices")
        assert (found and found.root) == root
    url = {"PULUMI_BACKEND_URL": "s3://states", "HOME": str(tmp_path)}
    assert of_login(url) is None
    assert of_login({"PULUMI_HOME": str(home), "HOME": "/nonexistent"}) is not None
