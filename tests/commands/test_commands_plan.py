"""`sakura-rtx plan` against the rehearsed router over the network."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import yaml

from components.clock import SystemClock
from components.commands import plan as command
from components.commands.access import office_login
from components.office import inband
from components.office.apply import GuardedChange
from components.office.config import scope_of
from components.office.render import render
from components.rehearsal import instance
from components.rehearsal.rtx.demo import DEMO_CONFIGURATION
from components.rehearsal.rtx.device import Router, run_lines
from components.rehearsal.rtx.server import RtxServer
from components.site import Site, site_of

SITE = """\
# the office in Osaka
config:
  sakura-rtx-vpn:site:   # one site
    cloud: {{zone: is1b, lan: 192.168.2.0/24}}
    office:
      router:
        host: 127.0.0.1      # the rehearsed one
        port: {port}
        user: ops
        host_key: "{key}"
      lan: 192.168.1.0/24
      wan: {{address: 198.51.100.20}}   # by contract
      tunnel: 2

    ipsec: {{encryption: aes128}}
"""
# Of all that the demo's router lets in, nothing is for us any more.
CLOSED = ["ip lan2 secure filter in 1010 1020 1099", "no nat descriptor masquerade static 1 2"]
OPENED = ("ip lan2 secure filter in ", "nat descriptor masquerade static 1 2 ")
VIP = IPv4Address("192.0.2.4")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtxServer]:
    router = Router(tmp_path_factory.mktemp("rtx"), clock=SystemClock(), initial=DEMO_CONFIGURATION)
    router.set_password("ops", "login-CANARY")
    router.set_administrator_password("admin-CANARY")
    server = RtxServer(router)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def router(server: RtxServer) -> Iterator[Router]:
    """The router; afterwards it is what it was at first."""
    before = server.router.running()
    yield server.router
    run_lines(server.router, ["load config 0 silent"])
    assert server.router.running().same_as(before)


@pytest.fixture
def file(
    tmp_path: Path, server: RtxServer, router: Router, monkeypatch: pytest.MonkeyPatch
) -> Path:
    monkeypatch.setenv("SAKURA_RTX_PASSWORD", "login-CANARY")
    monkeypatch.setenv("SAKURA_RTX_ADMINISTRATOR_PASSWORD", "admin-CANARY")
    found = tmp_path / "Pulumi.osaka.yaml"
    found.write_text(SITE.format(port=server.port, key=server.host_key))
    return found


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(file: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*options: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        command.add_parser(parser.add_subparsers())
        args = parser.parse_args(["plan", "--site", str(file), *options])
        code = args.run(args)
        said = capsys.readouterr()
        assert "CANARY" not in said.out + said.err
        return code, said.out or said.err

    return call


def site_in(file: Path) -> Site:
    return site_of(yaml.safe_load(file.read_text())["config"])


def test_a_new_site_is_shown_and_completed(run: Run, file: Path) -> None:
    before = file.read_text()
    code, said = run()
    assert code == 3
    assert said.startswith("# RTX1220 Rev.15.04.03")
    assert "\ntunnel select 2\n" in said
    assert "\nno ip route 192.168.2.0/24\n" in said
    assert f"# not in {file}" in said
    assert "office.nat_static.0: " in said
    assert "--address" in said
    assert file.read_text() == before
    real = file.with_name("kept.elsewhere")
    file.rename(real)
    file.symlink_to(real)
    code, said = run("--write")
    assert code == 3
    assert f"# written to {file}" in said
    assert file.is_symlink()
    after = file.read_text()
    added = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(added) == 2
    assert [line for line in after.splitlines() if line not in added] == before.splitlines()
    assert site_in(file).office.nat_static[0].id == 4
    code, said = run()
    assert "not in" not in said


def test_what_the_file_says_then_is_what_gets_typed_and_then_nothing_is(
    run: Run, file: Path, router: Router
) -> None:
    run_lines(router, [*CLOSED, "save"])
    code, text = run("--write", "--json", "--address", str(VIP))
    assert code == 3
    shown = json.loads(text)
    assert shown["written"]
    assert [need["path"] for need in shown["needs"]] == [
        "office.nat_static.0",
        "office.nat_static.1",
        "office.filters.0",
        "office.filters.1",
        "office.secure_filter.in",
    ]
    site = site_in(file)
    wanted = render(replace(site.agreement, cloud_address=VIP), site.office_end)
    with GuardedChange(
        office_login(site),
        scope_of(wanted),
        wanted,
        "KEY_CANARY",
        clock=SystemClock(),
        progress=lambda _text: None,
    ) as change:
        result = change.start()
        assert list(result.commands) == shown["commands"]
        change.keep()
    assert "ip lan2 secure filter in 1010 1020 20020 20021 1099" in router.saved().lines()
    # The address is read from the tunnel that stands.
    code, text = run("--json")
    again = json.loads(text)
    assert code == 0
    assert again["ours"]
    assert (again["commands"], again["needs"], again["obstacles"]) == ([], [], [])
    opened = [line for line in DEMO_CONFIGURATION.splitlines() if line.startswith(OPENED)]
    run_lines(router, [*shown["undo"], *opened, "save"])


def test_taken_numbers_are_replaced(run: Run, file: Path, router: Router) -> None:
    run_lines(router, ["tunnel select 2", "ip tunnel mtu 1400", "tunnel select none"])
    code, said = run("--write")
    assert code == 3
    assert "office.tunnel: 3" in said
    assert "tunnel select 3" in said
    # Those lines are somebody's who has not saved them.
    assert "office.allow_unsaved: true" in said
    assert site_in(file).office.tunnel == 3
    assert "tunnel: 3\n" in file.read_text()


def test_our_own_way_in_and_what_must_be_decided_are_said(
    run: Run, router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_lines(router, ["ip route 192.168.2.128/25 gateway 192.168.1.9"])
    monkeypatch.setattr(inband, "source_of", lambda _status: IPv4Address("192.168.2.9"))
    code, said = run()
    assert code == 3
    assert "a part of 192.168.2.0/24 would not go into the tunnel" in said
    assert "we come from 192.168.2.9" in said
    assert said.rstrip().splitlines()[-2] == "ip route 192.168.2.0/24 gateway tunnel 2"


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (lambda text: text.replace("tunnel: 2", "tunnel: 200"), 2, "office.tunnel"),
        (lambda text: text.replace("user: ops", "user: nobody"), 1, "nobody"),
        (lambda text: "config: [", 2, "YAML"),
    ],
)
def test_what_goes_wrong_has_its_own_exit_code(
    run: Run, file: Path, spoil: Callable[[str], str], code: int, said: str
) -> None:
    file.write_text(spoil(file.read_text()))
    found, text = run()
    assert found == code
    assert said in text


def test_a_missing_password_is_no_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAKURA_RTX_PASSWORD")
    code, said = run()
    assert code == 1
    assert "SAKURA_RTX_PASSWORD" in said


def test_what_a_guard_may_take_back_is_nothing_to_plan_on(run: Run, router: Router) -> None:
    run_lines(router, ["schedule at 65500 12/31 23:59:59 * load config 0 silent"])
    code, said = run("--write")
    assert code == 1
    assert "under way, or was cut off" in said


def test_a_rehearsal_that_does_not_run_is_said(
    run: Run, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAKURA_RTX_REHEARSAL", str(tmp_path / "none"))
    file.write_text(file.read_text().replace("    cloud:", "    rehearsal: true\n    cloud:"))
    code, said = run()
    assert code == 1
    assert "sakura-rtx rehearsal start" in said


def test_a_rehearsal_has_its_own_router_and_passwords(
    run: Run, file: Path, server: RtxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = instance.Endpoints(
        instance="1",
        api_root="",
        ssh_host="127.0.0.1",
        ssh_port=server.port,
        host_key=server.host_key,
        api_token="",
        api_secret="",
        user="ops",
        password="login-CANARY",
        admin_password="admin-CANARY",
    )
    monkeypatch.setattr(instance, "endpoints", lambda: ends)
    monkeypatch.delenv("SAKURA_RTX_PASSWORD")
    text = file.read_text().replace("    cloud:", "    rehearsal: true\n    cloud:")
    file.write_text(text.replace("127.0.0.1", "198.51.100.99"))
    code, said = run()
    assert code == 3
    assert said.startswith("# RTX1220 Rev.15.04.03")


def test_a_layout_that_cannot_be_edited_is_left_alone(run: Run, file: Path) -> None:
    shared = file.read_text().replace("    office:\n", "    office: &office\n")
    file.write_text(f"{shared}# also\n  other: *office\n")
    code, said = run("--write")
    assert code == 2
    assert "write it there by hand" in said
    assert "nat_static" not in file.read_text()
