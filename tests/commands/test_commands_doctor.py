"""`sakura-rtx doctor` as it is typed, on both stand-ins."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copy

import pytest

from components import cli
from components.cloud.objects import owner_tag
from components.doctor import LAYERS
from components.errors import VpnError
from components.office.transport import SshTransport
from components.rehearsal import instance

sys.path.append(str(Path(__file__).parents[1]))

from tunnel_world import CREDENTIALS, DEMO, KEY, OverSsh, World, made

SECRETS = (KEY, "login-pw", "admin-pw", "CANARY")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The demo's pair, its router marked as the stack's own."""
    world = made(tmp_path, monkeypatch)
    ends = instance.Endpoints(
        instance="1",
        api_root=world.api.root,
        ssh_host="127.0.0.1",
        ssh_port=22,
        host_key="",
        api_token=CREDENTIALS.token,
        api_secret=CREDENTIALS.secret,
        user="ops",
        password="login-pw",
        admin_password="admin-pw",
    )
    monkeypatch.setattr(instance, "endpoints", lambda: ends)
    tag = owner_tag("sakura-rtx-vpn", "demo", "demo-router")
    path = f"appliance/{world.made.id}"
    world.client.put(path, {"Appliance": {"Tags": ["@t=3", tag]}})
    world.establish(world.first)
    for _ in range(3):  # after a change the router names no peer for a while
        world.client.get(f"{path}/status")
    yield world
    world.close()


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(world: World, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*options: str, site: str = str(DEMO)) -> tuple[int, str]:
        code = cli.main(["doctor", "--site", site, *options])
        said = capsys.readouterr()
        assert not [secret for secret in SECRETS if secret in said.out + said.err]
        return code, said.out or said.err

    return call


def test_the_healthy_demo(run: Run) -> None:
    code, text = run()
    assert code == 0
    assert text.startswith("demo: nothing is broken\n")
    assert sum(line.startswith("ok") for line in text.splitlines()) == len(LAYERS)


def test_over_ssh(run: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.office.session._by_ssh", SshTransport)
    with OverSsh(world) as login:
        ends = replace(instance.endpoints(), ssh_port=login.port, host_key=login.host_key)
        monkeypatch.setattr(instance, "endpoints", lambda: ends)
        code, text = run("--json")
    assert (code, json.loads(text)["first_broken"]) == (0, None)


def test_the_first_that_is_broken_stands_on_top(run: Run, world: World) -> None:
    world.type("no ip route 192.168.2.0/24", "save")
    code, text = run()
    assert code == 3
    top = text.splitlines()[:3]
    assert top[0] == "demo: broken first: routes"
    assert "route-missing" in top[1]
    assert top[2].startswith("  do:   ip route 192.168.2.0/24 gateway tunnel 2")


def test_for_machines(run: Run, world: World) -> None:
    world.type("ipsec ike pre-shared-key 2 text spoilt_CANARY", "save")
    code, text = run("--json")
    found = json.loads(text)
    assert (code, found["site"], found["first_broken"]) == (3, "demo", "key")
    assert [layer["name"] for layer in found["layers"]] == [row.name for row in LAYERS]
    assert set(found["layers"][0]) == {"name", "title", "state", "cause", "cure", "evidence"}


def test_an_end_that_cannot_be_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> instance.Endpoints:
        raise VpnError("no rehearsal runs", remedy="sakura-rtx rehearsal start")

    monkeypatch.setattr(instance, "endpoints", nobody)
    code, text = run()
    assert code == 1
    assert "do:   sakura-rtx rehearsal start" in text
    assert text.count("BROKEN") == 2


def test_a_file_that_is_no_stacks_own_needs_the_router(
    run: Run, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "osaka.yaml"
    copy(DEMO, file)
    code, text = run(site=str(file))
    assert code == 2
    assert "--router-id" in text
    code, text = run("--router-id", world.made.id, site=str(file))
    assert (code, text.splitlines()[0]) == (0, "osaka: nothing is broken")


def test_a_site_file_that_is_wrong(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.osaka.yaml"
    file.write_text(DEMO.read_text().replace("tunnel: 2", "tunnel: 200"))
    code, text = run(site=str(file))
    assert code == 2
    assert "office.tunnel" in text


def test_no_site(run: Run) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["doctor"])
    assert stopped.value.code == 2
