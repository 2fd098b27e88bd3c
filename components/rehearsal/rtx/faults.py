"""What goes wrong on purpose, at a line that is counted or recognised: nothing is left to chance.

The lines counted are those typed at a terminal's prompt, of all terminals, from when the fault was
added; empty lines, passwords and answers to questions do not count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from . import messages
from .dialogue import Job, Pause

if TYPE_CHECKING:
    from .console import Console

LINE_KINDS: Final = (
    "refuse",  # the line is refused and changes nothing
    "lose",  # it is echoed and not executed
    "mute",  # it is executed, but not echoed
    "slow",  # the answer takes `seconds`
    "drop before",  # the connection dies before it is executed
    "drop after",  # ... when it has been executed and nothing of its answer has been shown
    "reboot before",  # the router restarts before it is executed
    "reboot after",  # ... when it has been executed
)
OTHER_KINDS: Final = (
    "save fails",  # `save` says that it failed
    "save lies",  # `save` says that all is well and keeps nothing
    "full",  # a new connection finds all places taken
)


@dataclass(frozen=True)
class Fault:
    """`kind` happens `times` times (0: always), when `after` lines have passed without it.

    `matching` is a regular expression that the line must contain; the lines that pass are then
    those that match.  For the kinds of `save` and connections, these are counted instead.
    `seconds` is for slow answers.
    """

    kind: str
    after: int = 0
    matching: str = ""
    times: int = 1
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in LINE_KINDS + OTHER_KINDS:
            raise ValueError(f"no such fault: {self.kind}")
        if self.matching and self.kind in (*OTHER_KINDS, "mute"):
            raise ValueError(f"{self.kind}: no line to compare with")
        if self.after < 0 or self.times < 0 or self.seconds < 0:
            raise ValueError("after, times, seconds: not below 0")
        re.compile(self.matching)


class _Pending:
    """A fault and how far it is."""

    def __init__(self, fault: Fault) -> None:
        self.fault, self._passed, self._happened = fault, 0, 0

    @property
    def ready(self) -> bool:
        """Whether it happens the next time."""
        fault = self.fault
        return self._passed >= fault.after and not (fault.times and self._happened >= fault.times)

    def happens(self, line: str = "") -> bool:
        """Whether it happens now; counts."""
        if not re.search(self.fault.matching, line):
            return False
        happens = self.ready
        self._passed += 1
        self._happened += happens
        return happens


class Faults:
    """The faults of one router."""

    def __init__(self) -> None:
        self._pending: list[_Pending] = []

    def add(
        self,
        kind: str,
        *,
        after: int = 0,
        matching: str = "",
        times: int = 1,
        seconds: float = 0.0,
    ) -> None:
        """Let something happen (`Fault` says what the values mean); raises `ValueError`."""
        self._pending.append(_Pending(Fault(kind, after, matching, times, seconds)))

    def order(self, wanted: Mapping[str, Any]) -> None:
        """What the control port asks for: the values of a fault, or `clear`; raises as `add`."""
        if wanted.get("clear"):
            self.clear()
        else:
            self._pending.append(_Pending(Fault(**wanted)))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._pending.clear()

    def mutes(self) -> bool:
        """Whether the line that is being typed is not echoed."""
        return any(each.ready for each in self._pending if each.fault.kind == "mute")

    def happens(self, kind: str) -> bool:
        """Whether one of the faults without a line happens now."""
        return sum(each.happens() for each in self._pending if each.fault.kind == kind) > 0

    def at(self, line: str) -> dict[str, Fault]:
        """What happens at a line, by kind."""
        return {
            each.fault.kind: each.fault
            for each in self._pending
            if each.fault.kind in LINE_KINDS and each.happens(line)
        }


def disturbed(console: Console, happens: Mapping[str, Fault], job: Job) -> Job:
    """A command with what happens to it."""
    router = console.router
    if "slow" in happens:
        yield Pause(happens["slow"].seconds)
    if "drop before" in happens:
        console.drop()
    elif "reboot before" in happens:
        router.reboot()
    elif "refuse" in happens:
        yield messages.error("keyword", console.language)
    elif "lose" not in happens:
        yield from job
        if "drop after" in happens:
            console.drop()
        if "reboot after" in happens:
            router.reboot()
