"""Twenty sites in one run: up; then one is changed and three are broken on purpose.

Each site has both ends of its own.  Prints what the runs took: `make matrix ARGS=fleet`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))

from engine.conftest import Clone
from engine.fleet_sites import Run, Sites

from components.rehearsal import instance

from .table import Case

COUNT = 20
SECONDS = 1800
UNSAVED = "ip route 10.9.0.0/16 gateway 198.51.100.1"
FORBIDDEN = {"method": "PUT", "path": "/appliance/*", "kind": "forbidden"}


def _ends(sites: Sites, name: str) -> tuple[str, Any]:
    """Both ends of a site, as they are in force."""
    shown = instance.ask(sites.folder(name), "POST", "/type", {"lines": ["show config"]})["text"]
    lines = [line for line in shown.splitlines() if not line.startswith("#")]
    return "\n".join(lines), (sites.folder(name) / "api.json").read_text()


def _say(what: str, run: Run) -> None:
    print(f"{what}: {run.seconds:.0f} s, peak {run.peak_mib} MiB, exit code {run.code}", flush=True)


def _broken(sites: Sites) -> dict[str, str]:
    """Break three, each in another way; what each is to say."""
    file, api, router = sites.names[7], sites.names[11], sites.names[15]
    sites.edit(file, "office", "tunnel", 200)
    for name in (api, router):
        sites.edit(name, "ipsec", "hash", "sha256")
    instance.ask(sites.folder(api), "POST", "/fault", FORBIDDEN)
    instance.ask(sites.folder(router), "POST", "/type", {"lines": [UNSAVED]})
    return {file: "office.tunnel: found 200", api: "cloud end", router: "unsaved"}


def _mend(sites: Sites) -> None:
    file, router = sites.names[7], sites.names[15]
    sites.edit(file, "office", "tunnel", 2)
    instance.ask(sites.folder(router), "POST", "/type", {"lines": [f"no {UNSAVED}"]})


def _twenty() -> str:
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone(Path(folder))
        sites = Sites(clone, COUNT)
        try:
            _run(sites)
            assert not (leaks := clone.leaks()), f"secrets in plain: {leaks}"
        finally:
            sites.end()
    return "as documented"


def _run(sites: Sites) -> None:
    run = sites.fleet("up", seconds=SECONDS)
    _say(f"up of {COUNT} new sites", run)
    sites.remember_canaries()
    assert (run.code, set(run.results().values())) == (0, {"changed"}), run.said
    assert all(map(sites.passes, sites.names))
    run = sites.fleet("preview", seconds=SECONDS)
    _say(f"preview of {COUNT} sites where nothing is to do", run)
    assert (run.code, set(run.results().values())) == (0, {"same"}), run.said

    changed = sites.names[3]
    sites.edit(changed, "ipsec", "hash", "sha256")
    broken = _broken(sites)
    others = [name for name in sites.names if name not in (changed, *broken)]
    before = {name: _ends(sites, name) for name in others}
    run = sites.fleet("up", seconds=SECONDS)
    _say("up of one changed, three broken, the others as they are", run)
    assert run.code == 1
    expected = dict.fromkeys(others, "same")
    expected |= {changed: "changed"} | dict.fromkeys(broken, "failed")
    assert run.results() == expected, run.said
    for name, words in broken.items():
        assert words in run.errors(name), (name, run.errors(name))
    assert {name: _ends(sites, name) for name in others} == before
    assert sites.passes(changed)

    _mend(sites)
    run = sites.fleet("up", "--resume", seconds=SECONDS)
    _say("up --resume of the three, mended", run)
    assert run.code == 0, run.said
    began = {line.partition(":")[0] for line in run.said.splitlines() if ": running" in line}
    assert began == set(broken)
    assert all(map(sites.passes, sites.names))
    run = sites.fleet("doctor", seconds=SECONDS)
    _say(f"doctor of {COUNT} sites", run)
    assert (run.code, set(run.results().values())) == (0, {"same"}), run.said


def cases() -> list[Case]:
    """All of it is one case: what counts is what the sites do to each other."""
    return [Case("twenty sites", "up, one changed, three broken, mended", _twenty)]
