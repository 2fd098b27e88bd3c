"""Steps in the life of a pair through the real CLI, each judged by a witness of its own.

After every step both ends hold the agreement that the stack names, or what they held before it,
and a ping passes through the rehearsed router.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli_witness import Held, apart, at_the_cloud, at_the_office
from engine.conftest import Clone, kill, session

from components.rehearsal import instance

# More than the router waits before it goes back by itself.
GUARD_SECONDS = 600


@dataclass(frozen=True)
class Fault:
    """What goes wrong while a site is changed, and what is said of it.

    `router` and `api` are ordered at the control port, `typed` by somebody at the RTX before, and
    `healed` after it.  `when` words of `up` are read, `then` is done.  `after` is how both ends may
    be left: "old", "new".  `guarded`: it is judged once the router's guard has run out.
    """

    name: str
    says: tuple[str, ...] = ()
    router: tuple[Mapping[str, Any], ...] = ()
    api: tuple[Mapping[str, Any], ...] = ()
    typed: tuple[str, ...] = ()
    healed: tuple[str, ...] = ()
    site: Mapping[str, Any] = field(default_factory=dict)
    when: str = ""
    then: Callable[[Clone, int], None] | None = None
    after: tuple[str, ...] = ("old",)
    guarded: bool = False


@contextmanager
def pair() -> Iterator[Clone]:
    """A clone with the demo's pair made and judged; in the end it goes and leaves nothing."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone(Path(folder))
        try:
            clone.rehearsal("start")
            before = clone.configuration()
            clone.create()
            clone.remember_canaries()
            agreed(clone)
            yield clone
            clone.reset_site()
            clone.down()
            assert not (left := {k: v for k, v in clone.cloud().items() if v}), f"left: {left}"
            assert clone.configuration() == before, "the RTX is not as it was before"
            assert not (leaks := clone.leaks()), f"secrets in plain: {leaks}"
        finally:
            clone.end()


def tunnel_of(config: Sequence[str]) -> int:
    """The number of the only IPsec tunnel with a VPC router behind it."""
    (number,) = {line.split()[-1] for line in config if line.startswith("ip route 192.168.2.")}
    return int(number)


def held(clone: Clone) -> tuple[Held, Held]:
    """What the office end and the cloud end hold."""
    config = clone.configuration()
    (router,) = clone.cloud()["routers"].values()
    return at_the_office(config, tunnel_of(config)), at_the_cloud(router)


def both(clone: Clone) -> tuple[list[str], Held]:
    """Every line of the RTX, and the peer of the VPC router; both ends must be equal."""
    office, cloud = held(clone)
    assert not (differs := apart(office, cloud)), f"the ends differ in {differs}"
    saved = clone.typed("show config difference 0").splitlines()
    assert not [line for line in saved if line and not line.startswith("#")], "not saved"
    return clone.configuration(), cloud


def passes(clone: Clone) -> bool:
    """Whether a ping passes, if need be once the tunnel has come back by itself."""
    with clone.fast_forward():
        return any(clone.passes() for _ in range(20))


def agreed(clone: Clone) -> None:
    """Both ends hold the agreement of the stack, and traffic passes."""
    _, cloud = both(clone)
    rows = {row["name"]: str(row["value"]) for row in clone.outputs()["agreement"]}
    psk = clone.outputs(secrets=True)["psk"]
    clone.canaries.add(psk)
    differs = apart(cloud, rows | {"pre-shared key": psk})
    assert not differs, f"the ends are not as agreed: {differs}"
    assert passes(clone), "no traffic"


def change(clone: Clone, site: Mapping[str, Any], typed: Sequence[str] = ()) -> None:
    """Change the site file, and the RTX where `typed` by its owner; up, and judge."""
    if typed:
        clone.typed(*typed, "save")
    for path, value in site.items():
        clone.edit(path, value)
    clone.up("--skip-preview")
    agreed(clone)
    clone.unchanged()


def guard_runs_out(clone: Clone) -> None:
    """The router goes back by itself, if nobody has told it that all is well."""
    for _ in range(2):  # it may restart for that
        clone.advance(GUARD_SECONDS)


def order(clone: Clone, fault: Fault) -> None:
    """Let it happen from now on."""
    for place, wanted in (("/router-fault", fault.router), ("/fault", fault.api)):
        for each in wanted:
            instance.ask(clone.folder, "POST", place, dict(each))


def calm(clone: Clone) -> None:
    """Nothing goes wrong any more."""
    for place in ("/router-fault", "/fault"):
        instance.ask(clone.folder, "POST", place, {"clear": True})


def disturbed(clone: Clone, fault: Fault, wish: Mapping[str, Any]) -> str:
    """Make the change `wish` under a fault, judge what is left, and make it again without."""
    old = both(clone)
    if fault.typed:
        clone.typed(*fault.typed, "save")
    for path, value in {**wish, **fault.site}.items():
        clone.edit(path, value)
    order(clone, fault)
    said, code = _up(clone, fault)
    calm(clone)
    if fault.healed:
        clone.typed(*fault.healed, "save")
    if fault.guarded:
        guard_runs_out(clone)
    missing = [words for words in fault.says if words not in said]
    assert not missing, f"{missing} not in: {_of_the_tunnel(said)}"
    now = "old" if both(clone) == old else "new"
    if now == "new":
        agreed(clone)
    assert passes(clone), "no traffic afterwards"
    assert now in fault.after, f"left as {now}"
    assert code or now == "new", "it says that all is well"
    clone.up("--skip-preview")
    agreed(clone)
    return now


def _of_the_tunnel(said: str) -> str:
    return "\n".join(line for line in said.splitlines() if "demo-tunnel" in line)


def _up(clone: Clone, fault: Fault) -> tuple[str, int]:
    """`make up`, watched; what it says and its exit code."""
    run = clone.start_up()
    said, done = "", False
    try:
        assert run.stdout
        for line in run.stdout:
            said += line
            if fault.then and not done and fault.when in line:
                done = True
                fault.then(clone, run.pid)
        code = run.wait(60)
    finally:
        kill(list(session(run.pid)))
    clone.seen += said
    assert done or not fault.then, f"{fault.when!r} was not said: {_of_the_tunnel(said)}"
    return said, code


def killed(clone: Clone, words: str, wish: Mapping[str, Any]) -> str:
    """Kill everything at these words of `up`; the doctor looks, and the next `up` makes it new."""
    old = clone.configuration()
    for path, value in wish.items():
        clone.edit(path, value)
    _up(clone, Fault("killed", when=words, then=lambda _, pid: kill(list(session(pid)))))
    guard_runs_out(clone)
    assert clone.configuration() == old, "the office end is not old once its guard has run out"
    office, cloud = held(clone)
    differs = apart(office, cloud)
    said = clone.command(
        ".venv/bin/sakura-rtx", "doctor", "--site", "demo", rc=3 if differs else None
    )
    if differs:
        assert "BROKEN" in said, said
    clone.up("--skip-preview")
    agreed(clone)
    clone.unchanged()
    return f"cloud {'new' if differs else 'old'}"
