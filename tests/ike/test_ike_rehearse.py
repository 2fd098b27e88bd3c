"""`sakura-rtx rehearse`: on copies of both ends, between real daemons, with the product's code."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import xml.dom.minidom
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tunnel_world import DEMO, KEY, World

from components.commands import rehearse as command
from components.commands.lines import site_named
from components.rehearsal.front import Front
from components.rehearsal.ike.traffic import Pinger
from components.rehearsal.rehearse import sources
from components.rehearsal.rehearse.copies import Copies
from components.rehearsal.rehearse.course import Course
from components.rehearsal.rehearse.run import rehearse
from components.site import Site
from ike.pair import STRICT, rendered

QUICK = 10
RECOVERIES = ["office deletes its SAs", "office reboots", "cloud reboots", "cut of 60 s"]
Files = Callable[..., tuple[Path, Path]]


@pytest.fixture(autouse=True)
def nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rehearsal that somebody runs in this directory is not what is copied here."""
    monkeypatch.setenv("SAKURA_RTX_REHEARSAL", str(tmp_path / "none"))


@pytest.fixture
def files(world: World, tmp_path: Path) -> Files:
    """Both ends of the demo as files, after lines were typed and cloud values changed."""

    def made(*typed: str, cloud: dict[str, Any] | None = None) -> tuple[Path, Path]:
        rendered(world, *typed, cloud=cloud)
        body, config = tmp_path / "body.json", tmp_path / "config.txt"
        body.write_text(json.dumps(world.client.get(f"appliance/{world.made.id}")))
        config.write_text(world.type("show config"))
        return body, config

    return made


COMMAND = """
import argparse, sys
from components.commands import rehearse
parser = argparse.ArgumentParser()
rehearse.add_parser(parser.add_subparsers())
args = parser.parse_args()
sys.exit(args.run(args))
"""


def main(*words: str) -> int:
    """The command with these words; its exit code."""
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    args = parser.parse_args(["rehearse", *words])
    code: int = args.run(args)
    return code


def heard() -> tuple[list[str], Callable[[str], None]]:
    said: list[str] = []
    return said, said.append


def test_the_demo_is_made_rotated_and_survives_everything() -> None:
    site = site_named(str(DEMO))
    said, say = heard()
    report = rehearse(sources.from_site(site), site, None, speed=QUICK, progress=say)
    assert report.ok, report
    assert [step.name for step in report.steps] == ["made", "key rotated", *RECOVERIES]
    by_name = {step.name: step for step in report.steps}
    # The old SAs carry traffic until they are deleted; new ones stand within two tries.
    assert by_name["key rotated"].outage_s < 3
    assert by_name["key rotated"].lost < 30
    assert by_name["office reboots"].outage_s > 3  # it takes that long to boot
    assert "gives the peer up: no answer to DPD" in [s.text for s in by_name["cut of 60 s"].said]
    assert by_name["cut of 60 s"].played == (
        "10 times faster: the cut of 60 s as 6 s, dead peer detection of 15/30 s as 1/3 s"
    )
    assert any("deleting the old SAs" in text for text in said)


@pytest.mark.parametrize(
    ("wan", "nat"),
    [
        ({"kind": "pppoe", "interface": "pp 1", "address": "203.0.113.77"}, True),
        ({"kind": "block", "interface": "pp 1", "prefix": "203.0.113.72/29"}, True),
        ({"kind": "behind-nat", "inner_address": "192.168.100.2", "forwards": True}, False),
    ],
    ids=["pppoe", "block", "behind-nat"],
)
def test_an_office_that_is_only_a_site_file_is_made(wan: dict[str, Any], nat: bool) -> None:
    data = yaml.safe_load(DEMO.read_text())["config"]["sakura-rtx-vpn:site"]
    data["rehearsal"] = False
    data["office"] |= {"router": {"host": "192.0.2.1", "user": "ops"}}
    data["office"] |= {"wan": {"address": "203.0.113.73", **wan}}
    if not nat:
        data["office"]["nat_static"] = []
    site = Site.parse(data)
    _, say = heard()
    source = sources.from_site(site)
    with Copies(source, site, speed=QUICK) as copies, Pinger(copies.link.lab.way) as pinger:
        step = Course(copies, pinger, QUICK, say).changed("made", "", site)
        assert step.ok, step.error or step.why
        # A gateway in front that keeps all for itself; the other kinds have none.
        copies.link.front = Front(hands_on=frozenset())
        copies.link.settle()
        assert (copies.link.lab.ping() is None) is (wan["kind"] == "behind-nat")


@pytest.mark.parametrize(
    ("typed", "cloud", "cause"),
    [
        (("ipsec ike pre-shared-key 2 text by_hand_1",), {}, "psk-mismatch"),
        ((), {"remoteId": "192.168.1.77"}, "remote-id-mismatch"),
        ((STRICT, "no ipsec ike pfs 2"), {}, "phase2-proposal-mismatch"),
        ((), {"routes": ["172.16.9.0/24"]}, "phase2-id-mismatch"),
    ],
)
def test_ends_that_disagree_are_named(
    files: Files,
    capsys: pytest.CaptureFixture[str],
    typed: tuple[str, ...],
    cloud: dict[str, Any],
    cause: str,
) -> None:
    body, config = files(*typed, cloud=cloud)
    code = main("--api", str(body), "--config", str(config), "--json")
    shown = capsys.readouterr().out
    assert KEY not in shown
    assert "by_hand_1" not in shown
    report = json.loads(shown)
    assert code == 1
    assert not report["ok"]
    (step,) = report["steps"]
    assert (step["name"], step["traffic"], step["cause"]) == ("as they are", False, cause)
    assert report["skipped"]


def test_a_change_heals_ends_that_disagree(files: Files) -> None:
    body, config = files(STRICT, "ipsec ike encryption 2 aes256-cbc")
    site = site_named(str(DEMO))
    _, say = heard()
    source = sources.from_files(str(body), str(config))
    with Copies(source, site, speed=QUICK) as copies, Pinger(copies.link.lab.way) as pinger:
        course = Course(copies, pinger, QUICK, say)
        before = course.as_they_are()
        assert (before.traffic, before.cause) == (False, "phase1-proposal-mismatch")
        after = course.changed("changed", "as the site file says", site)
        assert after.ok, after.error
        assert KEY in copies.router.saved().text()  # the key that stood is kept


def test_hidden_keys_are_taken_to_be_the_same(files: Files) -> None:
    body, config = files()
    hidden = config.read_text().replace(f"text {KEY}", "*")
    config.write_text(hidden)
    _, say = heard()
    source = sources.from_files(str(body), str(config))
    with Copies(source, None, speed=QUICK) as copies, Pinger(copies.link.lab.way) as pinger:
        assert Course(copies, pinger, QUICK, say).as_they_are().traffic
        assert any("`show config` hides keys" in note for note in copies.notes)


def test_a_way_that_nat_closes_is_no_key_exchange(files: Files) -> None:
    body, config = files("no nat descriptor masquerade static 1 4")
    _, say = heard()
    source = sources.from_files(str(body), str(config))
    with Copies(source, None, speed=QUICK) as copies, Pinger(copies.link.lab.way) as pinger:
        step = Course(copies, pinger, QUICK, say).as_they_are()
        assert not step.traffic
        assert "a static entry for udp 500 or esp is missing" in step.why
        assert step.why in copies.link.reason()


def test_the_picture_and_the_report_are_written(
    tmp_path: Path, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    body, config = files(cloud={"remoteId": "192.168.1.77"})
    picture = tmp_path / "timeline.svg"
    words = ["--api", str(body), "--config", str(config), "--svg", str(picture)]
    assert main(*words) == 1
    drawn = xml.dom.minidom.parse(str(picture))
    assert drawn.documentElement
    assert drawn.documentElement.tagName == "svg"
    shown = capsys.readouterr().out
    assert "cause: remote-id-mismatch" in shown
    assert "NOT every step carries traffic." in shown


def test_nothing_is_left_behind_when_it_is_killed() -> None:
    words = [sys.executable, "-c", COMMAND, "rehearse", "--site", str(DEMO)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=DEMO.parents[1])
    assert process.stderr is not None
    mark = f"sakura-rtx-ike-{process.pid}-"
    for line in process.stderr:
        if "writing the peer" in line:
            break
    assert daemons_of(mark)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stderr.close()
    end = time.monotonic() + 10
    while daemons_of(mark) and time.monotonic() < end:
        time.sleep(0.05)
    assert not daemons_of(mark)


def daemons_of(mark: str) -> list[int]:
    """The processes whose environment names a lab's folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (place / "environ").read_bytes():
                found.append(int(place.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def test_bad_usage_and_a_machine_that_cannot(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main() == 2
    assert main("--site", str(DEMO), "--api", "x.json") == 2
    assert main("--api", str(tmp_path / "no"), "--config", str(DEMO)) == 2
    assert "cannot be read" in capsys.readouterr().err
    monkeypatch.setattr(command, "unavailable", lambda: "not root: network namespaces need it")
    assert main("--site", str(DEMO)) == 4
    assert "not root" in capsys.readouterr().err
