"""Sites of every kind, made from generated site files: 500 by the handlers in one process, ten by
the real CLI.

Each is made, and then a second run finds nothing to do, both ends are as they were asked for, what
an adoption makes of them is the same site, and when it is taken away both ends are what they were
before.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import yaml

sys.path.append(str(Path(__file__).parents[1]))

from engine.conftest import SITE_KEY, Clone
from site_life import life
from whole_sites import drawn, office_before

from components.site import Site

from .table import Case

Props = dict[str, Any]

IN_PROCESS = 500
THROUGH_THE_CLI = 10
# What the rehearsal's router is; there is no VPC router before `up`.
REHEARSED = {"model": "RTX1220", "revision": "15.04.03"}
NOT_REHEARSED = ("attached",)
# The address of a router of others: optional in a site file, and known to who reads both ends.
SAID_BY_AN_ADOPTION = {"demo-router.vip"}
_USERS = ("login", "administrator")


def _kind(site: Props) -> str:
    """The row of the table."""
    cloud = site["cloud"]
    plan = "attached" if "attach" in cloud else cloud["plan"]
    more = ", sections" if len(cloud) > len(("zone", "lan", "plan", "version")) else ""
    return f"{site['office']['wan']['kind']}, {plan}{more}"


def _lives(site: Props) -> str:
    with tempfile.TemporaryDirectory() as folder, life(Path(folder), site) as here:
        before = here.both_ends()
        here.up()
        assert not (changed := here.preview()), f"a second run would change {changed}"
        assert not (moved := here.refresh()), f"a refresh finds {moved}"
        apart = set(here.preview(here.adopted().site)) - SAID_BY_AN_ADOPTION
        assert not apart, f"adopted, it would change {sorted(apart)}"
        here.down()
        assert here.both_ends() == before, "both ends are not as they were before"
    return "lived"


def in_process(count: int = IN_PROCESS) -> list[Case]:
    """One case for each site, by the handlers."""
    return [
        Case(_kind(site), f"site {number}", partial(_lives, site))
        for number, site in enumerate(drawn(count))
    ]


def _lives_in_the_cli(site: Props) -> str:
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone(Path(folder))
        try:
            lives_in(clone, site)
        finally:
            clone.end()
    return "lived"


def lives_in(clone: Clone, site: Props) -> None:
    """The same, through `make` and the real CLI, in a clone whose router fits the site."""
    file = yaml.safe_load(clone.site_file.read_text())
    file["config"][SITE_KEY] = site
    clone.site_file.write_text(yaml.safe_dump(file))
    flash = clone.folder / "rtx" / "saved.cfg"
    clone.rehearsal("start")
    clone.rehearsal("stop")
    # Who may log in is written there too.
    users = [line for line in flash.read_text().splitlines() if line.startswith(_USERS)]
    flash.write_text("\n".join([*users, office_before(Site.parse(site))]))
    clone.rehearsal("start")
    before = clone.configuration()
    with clone.fast_forward():
        clone.up("--skip-preview")
    clone.remember_canaries()
    clone.unchanged()
    clone.make("refresh", "--expect-no-changes")
    with clone.fast_forward():
        clone.make("down", "--skip-preview", "--color=never", "--suppress-progress")
    assert clone.configuration() == before
    assert not (left := {kind: some for kind, some in clone.cloud().items() if some}), left
    assert not (leaks := clone.leaks()), leaks


def for_the_cli(count: int = THROUGH_THE_CLI) -> list[tuple[str, Props]]:
    """Sites, each of another kind, that the rehearsal's router and link can play."""
    found: dict[str, Props] = {}
    for site in drawn(IN_PROCESS):
        kind, office = _kind(site), site["office"]
        fits = office["router"]["model"] == REHEARSED["model"]
        if fits and not any(word in kind for word in NOT_REHEARSED):
            # The rehearsal's user sits in a LAN that this office does not have.
            rehearsed = office | {"router": office["router"] | REHEARSED, "in_band": True}
            found[kind] = site | {"rehearsal": True, "office": rehearsed}
    return list(found.items())[:count]


def cases() -> list[Case]:
    """All of them."""
    return in_process() + [
        Case("through the CLI", kind, partial(_lives_in_the_cli, site))
        for kind, site in for_the_cli()
    ]
