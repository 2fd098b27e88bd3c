"""`sakura-rtx adopt` as it is typed, on both stand-ins: a pair that stands and no site file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from components import cli
from components.adopt import look
from components.cloud.api import Client
from components.commands import access
from components.office.login import Login
from components.office.transport import SshTransport
from components.site import site_of

sys.path.append(str(Path(__file__).parents[1]))

from tunnel_world import CREDENTIALS, KEY, OverSsh, World, demo, made

SECRETS = (KEY, "login-pw", "admin-pw", "rehearsal_l2tp_key", "CANARY")
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
WAY = (
    "--host",
    "192.168.1.1",
    "--user",
    "ops",
    "--host-key",
    HOST_KEY,
)


class Rig:
    """A pair that carries traffic, and the command line that reaches it."""

    def __init__(
        self, folder: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.world: World = made(folder, patch)
        self.world.establish(self.world.first)
        self._capsys = capsys
        self.login, self.zones = self.world.login, list[str]()
        self.file = folder / "stacks" / "Pulumi.osaka.yaml"
        self.imports = self.file.with_name("import.osaka.json")
        (folder / "Pulumi.yaml").write_text("name: offices\n")
        patch.setattr(access, "login_to", self._login)
        patch.setattr(access, "client_in", self._client)
        self.before = self.world.both()

    def _login(self, router: dict[str, Any], rehearsal: bool) -> Login:
        assert not rehearsal
        return replace(self.login, host_key=router.get("hostKey", ""))

    def _client(self, zone: str, rehearsal: bool) -> Client:
        self.zones.append(zone)
        return Client(CREDENTIALS, zone, root_url=self.world.api.root, clock=self.world.clock)

    def run(self, *options: str, way: tuple[str, ...] = WAY, id: str = "") -> tuple[int, str, str]:
        """Exit code, stdout and stderr; the ends are as they were."""
        known = ("--site", str(self.file), "--router-id", id or self.world.made.id)
        code = cli.main(["adopt", *known, *way, *options])
        said = self._capsys.readouterr()
        assert not [each for each in SECRETS if each in said.out + said.err]
        assert self.world.both() == self.before
        return code, said.out, said.err

    def type(self, *lines: str) -> None:
        self.world.type(*lines)
        self.before = self.world.both()


@pytest.fixture
def rig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Rig]:
    rig = Rig(tmp_path, monkeypatch, capsys)
    yield rig
    rig.world.close()


def test_it_is_shown_and_written_only_if_asked_for(rig: Rig) -> None:
    code, out, _ = rig.run()
    assert code == 0
    assert f"# --- {rig.file}  (not written: --write does)" in out
    assert "the first preview will be empty" in out
    assert "NAT static 2 of descriptor 1 (udp) serves gateway 1 too" in out
    assert not rig.file.exists()
    assert not rig.imports.exists()

    code, out, _ = rig.run("--write", "--zone", "is1b")
    assert code == 0
    assert out.endswith(
        "make import SITE=osaka\n  make preview SITE=osaka ARGS=--expect-no-changes\n"
    )
    written = rig.file.read_text()
    assert not [each for each in SECRETS if each in written + rig.imports.read_text()]
    site, wanted = site_of(yaml.safe_load(written)["config"]), demo()
    assert site.agreement == wanted.agreement
    assert site.office.router.host_key == HOST_KEY
    assert site.cloud.names.router == "router"
    plan = json.loads(rig.imports.read_text())
    assert plan["nameTable"]["access"].endswith("$pulumi:providers:sakurartx::osaka-access")
    assert len(plan["resources"]) == 5


def test_what_cannot_be_written_whole_can_be_run_again(rig: Rig) -> None:
    rig.imports.mkdir(parents=True)
    with pytest.raises(OSError, match=r"import\.osaka\.json"):
        rig.run("--write")
    assert not rig.file.exists()
    rig.imports.rmdir()
    assert rig.run("--write")[0] == 0
    assert rig.file.exists()


def test_for_machines(rig: Rig) -> None:
    rig.type("no ipsec auto refresh 2", "ipsec ike backward-compatibility 2 1", "save")
    code, out, _ = rig.run("--json", "--attach")
    found = json.loads(out)
    assert code == 3
    assert found["differences"]["office"] == [
        "- ipsec ike backward-compatibility 2 1",
        "+ ipsec ike backward-compatibility 2 2",
        "+ ipsec auto refresh 2 off",
    ]
    assert "stall-after-sa-loss" in [each["code"] for each in found["findings"]]
    assert (found["own"], found["written"], found["key_shown_by"]) == (
        False,
        False,
        ["cloud", "office"],
    )
    assert found["site"]["cloud"]["attach"]["router_id"] == rig.world.made.id
    code, out, _ = rig.run()
    assert code == 3
    assert "the first `up` would change at the RTX:\n  - ipsec ike backward" in out
    assert "the first preview will show what is listed above" in out
    assert "then, in a quiet hour: `make up SITE=osaka` changes what is listed above" in out


def test_a_key_that_one_end_hides_is_said_to_be_compared_by_nobody(rig: Rig) -> None:
    rig.world.sakura.options = replace(rig.world.sakura.options, secrets_returned=False)
    rig.before = rig.world.both()  # seen through the API, which shows less now
    code, out, _ = rig.run("--write")
    assert code == 0
    assert "only the RTX shows it: whether the VPC router has the same" in out
    assert "SAKURA_RTX_PSK" not in out


def test_a_file_with_secrets_is_completed_and_one_with_a_site_is_not_touched(rig: Rig) -> None:
    rig.file.parent.mkdir()
    rig.file.write_text("config:\n  sakura-rtx-vpn:rtxPassword:\n    secure: v1:x\n")
    assert rig.run("--write")[0] == 0
    assert "secure: v1:x" in rig.file.read_text()
    before, logins = rig.file.read_text(), rig.world.logins
    code, _, err = rig.run("--write")
    assert code == 2
    assert "give the new site another name" in err
    assert (rig.file.read_text(), rig.world.logins) == (before, logins)


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ((), "--host: found nothing"),
        (("--host", "192.168.1.1"), "--user: found nothing"),
        ((*WAY[:4], "--host-key", "AAAA"), "host_key: found 'AAAA'"),
        ((*WAY, "--tunnel", "9"), "--tunnel: found 9"),
    ],
)
def test_bad_usage(rig: Rig, way: tuple[str, ...], said: str) -> None:
    code, _, err = rig.run(way=way)
    assert code == 2
    assert said in err


def test_a_name_that_is_no_stacks(rig: Rig) -> None:
    rig.file = rig.file.with_name("osaka.yaml")
    assert rig.run()[0] == 2


def test_a_router_that_is_not_there_is_looked_for_in_every_zone(rig: Rig) -> None:
    logins = rig.world.logins
    code, _, err = rig.run(id="113499999999")
    assert code == 1
    assert "there is no VPC router 113499999999 in tk1a, tk1b" in err
    assert len(set(rig.zones)) == 6
    assert rig.world.logins == logins  # the RTX was not asked


def test_what_is_not_saved_is_told(rig: Rig) -> None:
    rig.type("tunnel select 2", "ip tunnel mtu 1300", "tunnel select none")
    code, out, _ = rig.run()
    assert code == 0
    assert "not saved: a restart of the RTX would do:\n  tunnel select 2" in out
    assert "mtu: 1300" in out


def test_a_body_that_no_document_describes_is_said_and_not_shown(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(client: Client, router_id: str) -> dict[str, Any] | None:
        appliance = cloud(client, router_id)
        if appliance:
            appliance["Settings"]["Router"]["VRID"] = ["CANARY"]
        return appliance

    cloud = look.cloud
    monkeypatch.setattr(look, "cloud", odd)
    code, _, err = rig.run("--write")
    assert code == 1
    assert "what one of the ends says is not understood (TypeError in " in err
    assert not rig.file.exists()


def test_a_change_under_way_is_not_adopted(rig: Rig) -> None:
    rig.type("schedule at 65500 12/31 23:59:59 * load config 0 silent")
    code, _, err = rig.run()
    assert code == 1
    assert "a change of this router is under way" in err


def test_an_unknown_host_key_is_shown_and_taken_if_accepted(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.office.session._by_ssh", SshTransport)
    way = WAY[:4]
    with OverSsh(rig.world) as login:
        rig.login = login
        code, _, err = rig.run(way=way)
        assert code == 1
        fingerprint = err.rpartition("--accept ")[2].strip()
        assert fingerprint.startswith("SHA256:")
        assert "no password was sent" in err
        assert rig.run("--accept", "SHA256:another", way=way)[0] == 1
        code, _, _ = rig.run("--accept", fingerprint, "--write", way=way)
    assert code == 0
    data = yaml.safe_load(rig.file.read_text())["config"]
    assert data["sakura-rtx-vpn:site"]["office"]["router"]["host_key"] == login.host_key
