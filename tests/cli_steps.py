"""Steps in the life of a pair through the real CLI, with a fault or without, each judged.

After every step both ends hold the agreement that the stack names, or what they held before it,
and a ping passes through the rehearsed router; before a tunnel is made and after it is taken away
neither end holds anything of it.
"""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from cli_life import Pair, agreed, both, has_peer, held, is_all_gone, nothing, passes
from cli_witness import Held, apart
from engine.conftest import Clone, kill, session

from components.rehearsal import instance

# More than the router waits before it goes back by itself.
GUARD_SECONDS: Final = 600
_QUIETLY: Final = ("--suppress-progress", "--skip-preview", "--color=never")

Done = Callable[[Clone, int], None]


@dataclass(frozen=True)
class Fault:
    """What goes wrong while a tunnel is made, changed or taken away, and what is said of it.

    `router` and `api` are ordered at the control port; `typed` is typed by somebody at the RTX
    before, `healed` after it.  `when`: words that are read, and what is done then (the number is
    the session's).  `after` is how both ends may be left: "old", "new".  `guarded`: it is judged
    once the router's guard has run out.  `mended` are values of the site file for the next time.
    """

    name: str
    says: tuple[str, ...] = ()
    router: tuple[Mapping[str, Any], ...] = ()
    api: tuple[Mapping[str, Any], ...] = ()
    typed: tuple[str, ...] = ()
    healed: tuple[str, ...] = ()
    site: Mapping[str, Any] = field(default_factory=dict)
    mended: Mapping[str, Any] = field(default_factory=dict)
    when: Mapping[str, Done] = field(default_factory=dict)
    after: tuple[str, ...] = ("old",)
    guarded: bool = False


# --- what is done ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step(ABC):
    """Something that is done with a tunnel, from the old state to the new one: what `make` is told,
    a target and arguments."""

    site: Mapping[str, Any] = field(default_factory=dict)
    told: ClassVar[tuple[str, ...]] = ("up",)

    @abstractmethod
    def begin(self, clone: Pair) -> object:
        """Bring about what stands before it; what is compared with afterwards."""

    @abstractmethod
    def left(self, clone: Pair, old: Any) -> str:
        """Which of the two it was left in, "old" or "new"; what is neither fails."""

    @abstractmethod
    def end(self, clone: Pair) -> None:
        """Do it without a fault, and judge."""


class Change(Step):
    """A change of the tunnel by other values in the site file."""

    def begin(self, clone: Pair) -> tuple[list[str], Held]:
        return both(clone)

    def left(self, clone: Pair, old: tuple[list[str], Held]) -> str:
        if both(clone) == old:
            assert passes(clone), "no traffic over the old agreement"
            return "old"
        agreed(clone)
        return "new"

    def end(self, clone: Pair) -> None:
        clone.up("--skip-preview")
        agreed(clone)


class Creation(Step):
    """The tunnel is made, between a VPC router and an RTX that stand."""

    def begin(self, clone: Pair) -> list[str]:
        if has_peer(clone):
            Removal().end(clone)
        return nothing(clone)

    def left(self, clone: Pair, old: list[str]) -> str:
        if has_peer(clone):
            agreed(clone)
            return "new"
        assert nothing(clone) == old, "something was left at the RTX"
        return "old"

    def end(self, clone: Pair) -> None:
        clone.up("--skip-preview")
        agreed(clone)
        clone.unchanged()


class Removal(Step):
    """The tunnel is taken away alone; the VPC router stays."""

    told: ClassVar[tuple[str, ...]] = ("down", "--target", "**Tunnel::demo-tunnel")

    def begin(self, clone: Pair) -> tuple[list[str], Held]:
        if not has_peer(clone):
            clone.up("--skip-preview")
        agreed(clone)
        return both(clone)

    def left(self, clone: Pair, old: tuple[list[str], Held]) -> str:
        if has_peer(clone):
            assert both(clone) == old, "neither as before nor gone"
            assert passes(clone), "no traffic any more"
            return "old"
        self._is_gone(clone)
        return "new"

    def end(self, clone: Pair) -> None:
        said, code = make(clone, self.told, Fault("none"))
        assert not code, said
        self._is_gone(clone)

    def _is_gone(self, clone: Pair) -> None:
        assert nothing(clone) == clone.bare, "the RTX is not as it was before"


class Destruction(Removal):
    """Everything is taken away, the tunnel first."""

    told = ("down",)

    def begin(self, clone: Pair) -> tuple[list[str], Held]:
        if not clone.cloud()["routers"]:
            clone.create()
        return super().begin(clone)

    def end(self, clone: Pair) -> None:
        clone.down()
        self._is_gone(clone)

    def _is_gone(self, clone: Pair) -> None:
        is_all_gone(clone)


def make(clone: Clone, told: Sequence[str], fault: Fault) -> tuple[str, int]:
    """`make` with what it is told, watched; what it says and its exit code."""
    target, *arguments = told
    run = subprocess.Popen(
        ["make", target, f"ARGS={' '.join([*_QUIETLY, *arguments])}"],
        cwd=clone.root,
        env=clone.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said, waiting = "", dict(fault.when)
    try:
        assert run.stdout
        for line in run.stdout:
            said += line
            for words in [each for each in waiting if each in line]:
                waiting.pop(words)(clone, run.pid)
        code = run.wait(60)
    finally:
        kill(list(session(run.pid)))
    clone.seen += said
    assert not waiting, f"{[*waiting]} was not said: {_of_the_tunnel(said)}"
    return said, code


def _of_the_tunnel(said: str) -> str:
    return said[said.rfind("(demo-tunnel):") :].partition("Outputs:")[0]


def change(clone: Pair, site: Mapping[str, Any], typed: Sequence[str] = ()) -> None:
    """Change the site file, and the RTX where `typed` by its owner; up, and judge."""
    if typed:
        clone.typed(*typed, "save")
    _edit(clone, site)
    Change(site).end(clone)
    clone.unchanged()


def _edit(clone: Clone, site: Mapping[str, Any]) -> None:
    for path, value in site.items():
        clone.edit(path, value)


# --- under a fault --------------------------------------------------------------------------------


def guard_runs_out(clone: Clone) -> None:
    """The router goes back by itself, if nobody has told it that all is well."""
    for _ in range(2):  # it may restart for that
        clone.advance(GUARD_SECONDS)


def order(clone: Clone, fault: Fault) -> None:
    for place, wanted in (("/router-fault", fault.router), ("/fault", fault.api)):
        for each in wanted:
            instance.ask(clone.folder, "POST", place, dict(each))


def _calm(clone: Clone) -> None:
    """Nothing goes wrong any more."""
    for place in ("/router-fault", "/fault"):
        instance.ask(clone.folder, "POST", place, {"clear": True})


def disturbed(clone: Pair, fault: Fault, step: Step) -> str:
    """Do it under a fault, judge what is left, and do it again without."""
    old = step.begin(clone)
    if fault.typed:
        clone.typed(*fault.typed, "save")
    _edit(clone, {**step.site, **fault.site})
    order(clone, fault)
    said, code = make(clone, step.told, fault)
    _calm(clone)
    if fault.healed:
        clone.typed(*fault.healed, "save")
    if fault.guarded:
        guard_runs_out(clone)
    missing = [words for words in fault.says if words not in said]
    assert not missing, f"{missing} not in: {_of_the_tunnel(said)}"
    now = step.left(clone, old)
    assert now in fault.after, f"left as {now}: {_of_the_tunnel(said)}"
    assert code or now == "new", "it says that all is well"
    _edit(clone, fault.mended)
    step.end(clone)
    return now


def cut_off(clone: Pair, fault: Fault, step: Step) -> str:
    """It comes to its end in the middle; the doctor looks, and the next time it is done."""
    step.begin(clone)
    old = clone.configuration()
    _edit(clone, step.site)
    order(clone, fault)
    said, _ = make(clone, step.told, fault)
    _calm(clone)
    missing = [words for words in fault.says if words not in said]
    assert not missing, f"{missing} not in: {_of_the_tunnel(said)}"
    guard_runs_out(clone)
    assert clone.configuration() == old, "the office end is not old once its guard has run out"
    half = _half(clone)
    doctor = (".venv/bin/sakura-rtx", "doctor", "--site", "demo")
    said = clone.command(*doctor, rc=3 if half else None)
    assert not half or "BROKEN" in said, said
    step.end(clone)
    return "office old, cloud new" if half else "old"


def _half(clone: Clone) -> bool:
    """Whether one end has what the other has not."""
    (router,) = clone.cloud()["routers"].values()
    office = any(line.startswith("ip route 192.168.2.") for line in clone.configuration())
    if router["settings"] != router["applied"] or office != has_peer(clone):
        return True
    return office and bool(apart(*held(clone)))


def refused(clone: Pair, told: Sequence[str], calls: Sequence[Sequence[tuple[str, str]]]) -> None:
    """`make` with what it is told, these calls of the API refused in turn, or some at a time.

    Each time it says so, and both ends hold all of the tunnel or the RTX nothing.
    """
    for each in calls:
        kind = {"kind": "bad_request", "times": 1000}
        faults = tuple({"method": method, "path": path, **kind} for method, path in each)
        fault = Fault("refused", api=faults)
        order(clone, fault)
        with clone.fast_forward():
            said, code = make(clone, told, fault)
        _calm(clone)
        assert code, f"{each}: it says that all is well"
        assert "error:" in said, f"{each}: it does not say why"
        assert "Traceback" not in said, f"{each}: {said}"
        if clone.configuration() != clone.bare:
            agreed(clone)
