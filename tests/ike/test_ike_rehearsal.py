"""`sakura-rtx rehearsal start --ike`: what is asked and ordered at both ends meets real daemons."""

from __future__ import annotations

import argparse
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tunnel_world import KEY, demo

from components.clock import ManualClock
from components.cloud import lifecycle
from components.cloud.api import Client
from components.cloud.credentials import Credentials
from components.cloud.router import vpn_values
from components.commands import rehearsal as command
from components.errors import VpnError
from components.office.plan import with_key
from components.office.render import ADDRESS_PLACEHOLDER, render
from components.rehearsal import instance
from components.rehearsal.rehearse import sources
from components.rehearsal.rehearse.copies import build

SITE = demo()


class Bench:
    """A rehearsal of real daemons in `folder`, and the orders that its users give."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        instance.start(folder, ike=True)
        ends = instance.endpoints(folder)
        credentials = Credentials(ends.api_token, ends.api_secret, "the test")
        self.clock = ManualClock()
        self.client = Client(credentials, "is1b", root_url=ends.api_root, clock=self.clock)
        self.router_id = build(self.client, SITE, self.clock)

    def type(self, *lines: str) -> str:
        answer = instance.ask(self.folder, "POST", "/type", {"lines": lines}, timeout=60)
        return str(answer["text"])

    def ping(self) -> bool:
        return "192.168.2.1から受信" in self.type("ping -c 1 -sa 192.168.1.1 192.168.2.1")

    def wait_for_ping(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.ping():
                return True
        return False

    def make(self) -> None:
        state = lifecycle.read_router(self.client, self.router_id)
        assert state
        values = vpn_values(SITE.agreement)
        lifecycle.write_peer(self.client, self.router_id, values, KEY, self.clock)
        text = render(SITE.agreement, SITE.office_end).replace(ADDRESS_PLACEHOLDER, state.vip)
        lines = [line.strip() for line in text.splitlines() if not line.startswith("#")]
        self.type(*[with_key(line, KEY) for line in lines], "save")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("real")
    made = Bench(folder)
    made.make()
    yield made
    instance.stop(folder)


def test_the_prompt_shows_what_the_daemons_do(bench: Bench) -> None:
    assert bench.wait_for_ping(10)
    listed = bench.type("show ipsec sa")
    assert "isakmp:1 send:1 recv:1" in listed
    assert "traffic passes (real IKE)" in instance.status(bench.folder).reason
    assert instance.status(bench.folder).ike
    said = lifecycle.ping(bench.client, bench.router_id, "192.168.1.1")
    assert any("bytes from 192.168.1.1" in line for line in said)


def test_deleted_sas_come_back_as_other_ones(bench: Bench) -> None:
    assert bench.wait_for_ping(10)
    before = bench.type("show ipsec sa gateway 2 detail")
    assert "SPI: " in before
    bench.type("ipsec sa delete all")
    assert bench.wait_for_ping(5)
    after = bench.type("show ipsec sa gateway 2 detail")
    spis = [{line for line in text.splitlines() if "SPI: " in line} for text in (before, after)]
    assert not spis[0] & spis[1]


def test_a_reboot_ends_the_daemon_and_time_cannot_jump(bench: Bench) -> None:
    assert bench.wait_for_ping(10)
    bench.type("restart")
    assert not bench.ping()
    assert "has not booted yet" in instance.status(bench.folder).reason
    time.sleep(3.5)
    # DPD at the cloud end takes up to 45 s; a VPN reconnect there takes none.
    lifecycle.restart_vpn(bench.client, bench.router_id)
    assert bench.wait_for_ping(10)
    with pytest.raises(VpnError, match="time cannot jump"):
        instance.ask(bench.folder, "POST", "/advance", {"seconds": 60})


def test_what_runs_can_be_copied_for_a_rehearsal(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAKURA_RTX_REHEARSAL", str(bench.folder))
    source = sources.from_rehearsal("is1b")
    assert source
    assert source.body
    assert source.body["ID"] == int(bench.router_id)
    assert f"ipsec ike pre-shared-key 2 text {KEY}" in source.configuration
    assert KEY not in repr(source)


def test_killed_it_takes_its_daemons_along(tmp_path: Path) -> None:
    killed = Bench(tmp_path)
    try:
        killed.make()
        (pid,) = [p for p in processes() if str(tmp_path) in words_of(p)]
        assert children_of(pid)
        os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + 10
        while children_of(pid) and time.monotonic() < end:
            time.sleep(0.05)
        assert not children_of(pid)
    finally:
        instance.stop(tmp_path)


def test_a_model_that_runs_is_left_alone(tmp_path: Path) -> None:
    instance.start(tmp_path)
    try:
        with pytest.raises(VpnError, match="its link is the model"):
            instance.start(tmp_path, ike=True)
        assert instance.status(tmp_path).running
    finally:
        instance.stop(tmp_path)


def test_a_machine_that_cannot_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "unavailable", lambda: "not root: network namespaces need it")
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    args = parser.parse_args(["rehearsal", "start", "--ike", "--folder", str(tmp_path / "r")])
    assert args.run(args) == 4
    assert "not root" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


def processes() -> list[int]:
    return [int(place.name) for place in Path("/proc").glob("[0-9]*")]


def words_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def children_of(pid: int) -> list[int]:
    """What runs for the rehearsal that `pid` was: its lab's folder bears the number."""
    mark, found = f"sakura-rtx-ike-{pid}-".encode(), []
    for each in processes():
        try:
            if mark in Path(f"/proc/{each}/environ").read_bytes():
                found.append(each)
        except OSError:
            continue
    return found
