"""A pair whose stack is lost, or that never had one, is taken over without touching either end."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from components.rehearsal import instance

from .conftest import SITE_KEY, Clone
from .test_engine_cloud import at_the_api

pytestmark = pytest.mark.engine


def forget(clone: Clone) -> str:
    """Lose the demo's stack and its site file; the id of the VPC router that stays."""
    (router,) = clone.cloud()["routers"]
    clone.pulumi("stack", "rm", "--force", "--yes", "demo")
    clone.site_file.unlink(missing_ok=True)
    return str(router)


def adopt(clone: Clone, router: str, *options: str, rc: int = 0) -> str:
    words = ("--site", "demo", "--router-id", router, *options, "--write")
    return clone.command(".venv/bin/sakura-rtx", "adopt", *words, rc=rc)


def as_real(clone: Clone) -> tuple[str, ...]:
    """Let the stand-ins be somebody's real ends; how their RTX is reached."""
    ends = instance.endpoints(clone.folder)
    clone.env |= {
        "SAKURA_API_ROOT_URL": ends.api_root,
        "SAKURA_ACCESS_TOKEN": ends.api_token,
        "SAKURA_ACCESS_TOKEN_SECRET": ends.api_secret,
        "SAKURA_RTX_PASSWORD": ends.password,
        "SAKURA_RTX_ADMINISTRATOR_PASSWORD": ends.admin_password,
    }
    return ("--host", ends.ssh_host, "--port", str(ends.ssh_port), "--user", ends.user)


def follow(clone: Clone, said: str) -> str:
    """Type the commands that it says come next, word for word."""
    commands = re.findall(r"^  (make .+)$", said, re.MULTILINE)
    assert len(commands) == 2
    return "".join(clone.command("sh", "-c", command) for command in commands)


def site_in(clone: Clone) -> Any:
    return yaml.safe_load(clone.site_file.read_text())["config"][SITE_KEY]


# What people who made the pair by hand had called it, in the control panel and at the RTX.
CALLED = """
for path, key in (("appliance", "Appliance"), ("internet", "Internet"), ("switch", "Switch")):
    plural = {"internet": "Internet"}.get(path, f"{key}s" if path == "appliance" else "Switches")
    for each in client.get(path)[plural]:
        tag = {"Name": f"by hand {path}", "Description": "ask Sato", "Tags": []}
        client.put(f"{path}/{each['ID']}", {key: tag})
"""
BY_HAND = (
    "tunnel select 2",
    'description tunnel "to the cloud"',
    "no ip tunnel tcp mss limit",
    "ip tunnel tcp mss limit 1200",
    "ip route 10.77.0.0/16 gateway tunnel 2",
    "save",
)


# The pair as it was published: the two lines that cure it are not there, and the RTX starts.
PUBLISHED = (
    "ipsec auto refresh on",
    "tunnel select 2",
    "no ipsec auto refresh 2",
    "no ipsec ike backward-compatibility 2",
    "tunnel select none",
    "save",
)
CURE = ["+ ipsec auto refresh 2 off", "+ ipsec ike backward-compatibility 2 2"]


def lines_in(said: str) -> list[str]:
    """The lines of the RTX that a preview, or what `adopt` says, takes away or adds."""
    found = re.findall(r"^ *([+-] +(?:ip|ipsec|tunnel|nat|description) .*)$", said, re.MULTILINE)
    return sorted({" ".join(line.split()) for line in found})


def prove_recovery(clone: Clone, *options: str, rc: int = 0) -> str:
    with clone.fast_forward():
        words = (".venv/bin/sakura-rtx", "prove-recovery", "--site=demo", *options)
        return clone.command(*words, rc=rc)


def test_a_pair_made_by_hand_is_taken_over_and_not_touched(clone: Clone) -> None:
    clone.create()
    clone.remember_canaries()
    at_the_api(clone, CALLED)
    clone.typed(*BY_HAND)
    before, psk = clone.both_ends(), clone.outputs(secrets=True)["psk"]
    router = forget(clone)
    described = clone.cloud()
    assert not clone.site_file.exists()

    said = adopt(clone, router, "--rehearsal")
    assert "the first preview will be empty" in said
    site = site_in(clone)
    assert site["cloud"]["names"]["router"] == "by hand appliance"
    assert site["office"]["extra_lines"].splitlines() == [
        'description tunnel "to the cloud"',
        "ip tunnel tcp mss limit 1200",
    ]
    followed = follow(clone, said)
    assert "5 imported" in followed
    assert "outputs:" not in followed  # they were known at once
    assert not clone.site_file.with_name("import.demo.json").exists()  # it has done its work
    assert "10.77.0.0" not in clone.make("refresh", "--skip-preview", "--color=never", "--diff")
    clone.up("--expect-no-changes")
    assert clone.outputs(secrets=True)["psk"] == psk
    assert (clone.both_ends(), clone.cloud()) == (before, described)

    # The same pair as a real one and as it was published, at a VPC router that stays its owner's.
    forget(clone)
    way = as_real(clone)
    refused = adopt(clone, router, *way, rc=1)
    accept = re.search(r"--accept (SHA256:\S+)", refused)
    assert accept
    assert not clone.site_file.exists()
    clone.typed(*PUBLISHED)
    there = clone.both_ends()
    said = adopt(clone, router, *way, "--attach", "--accept", accept[1], rc=3)
    assert site_in(clone)["cloud"]["attach"]["router_id"] == router
    assert lines_in(said) == CURE
    assert "stall-after-sa-loss" in said
    followed = follow(clone, said)
    assert "3 imported" in followed
    assert "~ 1 to update" in followed
    assert lines_in(followed) == CURE
    assert (clone.both_ends(), clone.cloud()) == (there, described)
    lost = prove_recovery(clone, "--seconds=2", rc=3)
    assert all(line.removeprefix("+ ") in lost for line in CURE)

    # The first `up` types these two lines, and nothing else changes; then it comes back by itself.
    with clone.fast_forward():
        clone.up()
    lines, cloud = clone.both_ends()
    assert cloud == there[1]
    assert sorted(f"+ {line.strip()}" for line in lines if line not in there[0]) == CURE
    assert [line for line in there[0] if line not in lines] == []
    prove_recovery(clone)
