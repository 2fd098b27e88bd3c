"""The wheel in other people's programs: its plugin is found, and options mean what Pulumi says.

Probes run through the unmodified SDK of pulumi-command; its plugin is a stand-in of the tests
(`command_plugin`), the host that is asked a real SSH server.
"""

from __future__ import annotations

import json
import re
import secrets
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.site import Site

from . import command_plugin, hub
from .command_plugin.host import USER, Host
from .conftest import PROJECT
from .elsewhere import Elsewhere

pytestmark = pytest.mark.engine

HUB = """
import pulumi
pulumi.export("router_id", pulumi.Config().require("router"))
"""
PROGRAM = """
import pulumi
from components import Site, SiteToSiteVpn
from components.resources import PreSharedKey

def raised(args):
    if args.type_ == "sakurartx:index:PreSharedKey":
        return pulumi.ResourceTransformResult(
            props={**args.props, "version": args.props["version"] + 4}, opts=args.opts
        )

config = pulumi.Config()
hub = pulumi.StackReference("organization/hub/prod")
before = PreSharedKey("before", {"version": 1})
vpn = SiteToSiteVpn(
    "office",
    Site.load("site.yaml"),
    router=hub.require_output("router_id"),
    probe_login={"password": config.require_secret("probePassword")},
    opts=pulumi.ResourceOptions(
        protect=True,
        depends_on=[before],
        ignore_changes=["verify"],
        custom_timeouts=pulumi.CustomTimeouts(create="5m", update="6m"),
        transforms=[raised],
    ),
)
pulumi.export("verified", vpn.verified)
pulumi.export("answer", vpn.probe_outputs["answer"])
"""
PROBES = """
probes:
  - name: answer
    host: 127.0.0.1
    port: {host.port}
    user: {user}
    host_key: {host.host_key}
    command: {answer}
  - name: verify
    command: venv/bin/sakura-rtx verify --json --site site.yaml > proof.json
"""
ANSWER = "test ! -e broken && cat answer"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    return Elsewhere(tmp_path_factory.mktemp("elsewhere"))


def resources(place: Elsewhere, folder: Path) -> dict[str, dict[str, Any]]:
    """The stack's resources by name."""
    state = json.loads(place.pulumi(folder, "stack", "export"))["deployment"]["resources"]
    return {each["urn"].rpartition("::")[2]: each for each in state}


def test_the_wheel_holds_the_library_and_nothing_else(elsewhere: Elsewhere) -> None:
    names = zipfile.ZipFile(elsewhere.wheel).namelist()
    assert "components/py.typed" in names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {
        "components",
        "sakura_rtx_vpn",
    }


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A server that answers with something that must be seen nowhere."""
    (tmp_path / "answer").write_text(f"canary-{secrets.token_hex(12)}")
    with Host(tmp_path, f"canary-{secrets.token_hex(12)}").running() as host:
        yield host


def test_a_program_of_ones_own(elsewhere: Elsewhere, host: Host) -> None:
    folder = elsewhere.project("own", "prod", PROGRAM)
    command_plugin.install(folder, PROJECT, sys.executable)
    example = (PROJECT / "examples" / "probes" / "site.yaml").read_text()
    site = example + PROBES.format(host=host, user=USER, answer=ANSWER)
    (folder / "site.yaml").write_text(site)
    elsewhere.pulumi(folder, "config", "set", "--secret", "probePassword", host.password)
    with elsewhere.rehearsal(folder) as place:
        router = hub.make(place)
        other = elsewhere.project("hub", "prod", HUB)
        elsewhere.pulumi(other, "config", "set", "router", router)
        elsewhere.up(other)

        elsewhere.up(folder)
        options_are_kept(resources(elsewhere, folder), router)
        proof = folder / "proof.json"
        assert host.commands == [ANSWER]
        assert json.loads(proof.read_text())["passed"] is True

        # What is ignored is no change, and nothing runs.
        proof.unlink()
        (folder / "site.yaml").write_text(f"{site}verify: {{seconds: 60}}\n")
        elsewhere.up(folder, "--expect-no-changes")
        assert host.commands == [ANSWER]
        assert not proof.exists()

        # A new key: both probes run again, in place.  One fails, and so does `up`; the ends keep.
        (host.folder / "broken").touch()
        (folder / "site.yaml").write_text(f"{site}psk_version: 2\n")
        failed = elsewhere.up(folder, rc=1)
        assert "Process exited with status 1" in failed
        assert "replaced" not in failed
        again = host.commands[1]
        assert re.fullmatch(rf"{re.escape(ANSWER)} # agreement [0-9a-f]{{12}}", again)
        assert json.loads(proof.read_text())["passed"] is True
        assert resources(elsewhere, folder)["office-tunnel"]["inputs"]["pskVersion"] == 2

        # What failed runs again with the next `up`, and only that.
        (host.folder / "broken").unlink()
        proof.unlink()
        assert "~ 1 updated" in elsewhere.up(folder)
        assert host.commands[2:] == [again]
        assert host.logins == 3
        assert not proof.exists()

        gone = elsewhere.pulumi(
            folder, "destroy", "--yes", "--skip-preview", "--suppress-progress", rc=1
        )
        assert "because it is protected" in gone
    for canary in (host.password, (host.folder / "answer").read_text()):
        assert elsewhere.leaks(canary) == []


def options_are_kept(there: dict[str, dict[str, Any]], router: str) -> None:
    """What the program says of its component holds for its resources."""
    tunnel = there["office-tunnel"]
    assert tunnel["inputs"]["routerId"] == router
    assert tunnel["protect"] is True
    assert tunnel["customTimeouts"] == {"create": 300, "update": 360}
    assert "customTimeouts" not in there["office"]
    assert there["before"]["urn"] in tunnel["dependencies"]
    assert there["office-psk"]["inputs"]["version"] == 1 + 4
    assert tunnel["urn"] in there["office-probe-answer"]["dependencies"]


def test_an_office_end_alone(elsewhere: Elsewhere) -> None:
    folder = elsewhere.project("alone", "dev", PROJECT / "examples" / "office-only")
    key = f"canary_{secrets.token_hex(12)}"
    elsewhere.pulumi(folder, "config", "set", "--secret", "psk", key)
    with elsewhere.rehearsal(folder) as place:
        router = hub.make(place)
        hub.write_peer(place, router, Site.load(folder / "site.yaml"), key)
        his = hub.settings(place, router)
        made = elsewhere.up(folder)
        assert "+ 5 created" in made
        assert "ping from the RTX to 192.168.2.1" in made
        gone = elsewhere.pulumi(folder, "destroy", "--yes", "--skip-preview", "--suppress-progress")
        assert "- 5 deleted" in gone
        assert hub.settings(place, router) == his
    assert elsewhere.leaks(key) == []


def test_the_examples(elsewhere: Elsewhere) -> None:
    """Both sites on one router, the second after the first; and a site with probes."""
    folder = elsewhere.project("two", "dev", PROJECT / "examples" / "two-sites")
    made = {step["urn"].rpartition("::")[2]: step["newState"] for step in steps(elsewhere, folder)}
    assert "gateway tunnel 1" in made["osaka-tunnel"]["inputs"]["lines"]
    assert "gateway tunnel 2" in made["tokyo-tunnel"]["inputs"]["lines"]
    assert made["tokyo-router"]["type"] == "sakurartx:index:VpcRouter"
    assert made["osaka-router"]["type"] == "sakurartx:index:AttachedRouter"
    for name in ("osaka-router", "osaka-tunnel"):
        assert made["tokyo-tunnel"]["urn"] in made[name]["dependencies"]

    folder = elsewhere.project("probes", "dev", PROJECT / "examples" / "probes")
    command_plugin.install(folder, PROJECT, sys.executable)
    made = {step["urn"].rpartition("::")[2]: step["newState"] for step in steps(elsewhere, folder)}
    verify = made["office-probe-verify"]
    assert verify["inputs"]["create"] == "venv/bin/sakura-rtx verify --json --site site.yaml"
    assert made["office-tunnel"]["urn"] in verify["dependencies"]


def steps(place: Elsewhere, folder: Path) -> list[dict[str, Any]]:
    """What a preview would do."""
    found: list[dict[str, Any]] = json.loads(place.pulumi(folder, "preview", "--json"))["steps"]
    return found
