"""Every cause for which no traffic comes, how it is brought about, and how an error names it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from typing import Any, Final
from unittest.mock import patch

from disagreement_ways import EVERY_WAY
from tunnel_operations import Operation, Stage

from components.cloud import lifecycle
from components.disagreements import BY_VALUE, Effect, Role
from components.office import syntax

# Operations in which SAs stand at first, and are deleted at the office for the proof.
_LOSES_SAS: Final = ("key", "proposal", "prefixes")
NOT_OUR_KEY: Final = "another_key_that_somebody_typed_1"
_ROLES: Final = {
    Role.STARTS: ("ipsec auto refresh 2 on",),
    Role.STRICT: ("ipsec ike negotiate-strictly 2 on",),
    Role.ANSWERS: (),
}


@dataclass(frozen=True)
class Cause:
    """`typed` are lines that stand in the place of ours, `without` the start of one that is left
    out; `cloud` and `key` are what the VPC router ends with instead of ours.  `before` is typed by
    somebody else before, and `healed` mends it.  `during` holds while the change is made.  `says`
    are words of the error.  `only`: for these operations.
    """

    name: str
    says: tuple[str, ...]
    typed: tuple[str, ...] = ()
    without: str = ""
    cloud: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    before: tuple[str, ...] = ()
    healed: tuple[str, ...] = ()
    during: Callable[[Stage, ExitStack], None] = field(default=lambda *_: None)
    only: tuple[str, ...] = ()

    @contextmanager
    def brought_about(self, stage: Stage) -> Iterator[None]:
        """Let it be so, for the operation that `stage` is set for."""
        if self.before:
            stage.world.type(*self.before, "save")
        for line in self.typed:
            ours = _for(stage.operation, line)
            stage.wish = replace(stage.wish, lines=_with(stage.wish.lines, ours))
        if self.without:
            kept = (
                line
                for line in stage.wish.lines.splitlines(keepends=True)
                if not line.strip().startswith(self.without)
            )
            stage.wish = replace(stage.wish, lines="".join(kept))
        with ExitStack() as stack:
            stack.enter_context(self._other_values())
            self.during(stage, stack)
            yield
        if self.healed:
            stage.world.type(*self.healed, "save")

    @contextmanager
    def _other_values(self) -> Iterator[None]:
        """What the VPC router ends with at our first write."""
        real, written = lifecycle.write_peer, list[str]()

        def write_peer(
            client: Any, router: str, values: Any, key: str, *rest: Any, **more: Any
        ) -> None:
            if not written:
                values, key = {**values, **self.cloud}, self.key or key
            written.append(router)
            real(client, router, values, key, *rest, **more)

        with patch.object(lifecycle, "write_peer", write_peer):
            yield


_OTHER: Final = {
    "aes256-cbc": "aes-cbc",
    "sha256": "sha",
    "sha256-hmac": "sha-hmac",
    "modp2048": "modp1024",
}
_OTHER_WAY: Final = _OTHER | {new: old for old, new in _OTHER.items()}


def _for(operation: Operation, typed: str) -> str:
    """A line that differs from the demo's, as one that differs from the operation's."""
    number = operation.number
    line = re.sub(
        r" 2(?= |$)", f" {number}", typed.replace("102 2", f"10{number} {number}"), count=1
    )
    if operation.name == "proposal":
        line = " ".join(_OTHER_WAY.get(word, word) for word in line.split())
    return line


def _with(lines: str, line: str) -> str:
    """The text with this line in the place of ours; `no ...` takes ours away."""
    wanted = syntax.key_of(line.removeprefix("no "), "").words
    new, found = [], line.startswith("no ")
    for raw in lines.splitlines():
        bare = raw.strip()
        if bare and not bare.startswith("#") and syntax.key_of(bare, "").words == wanted:
            found = True
            new += [] if line.startswith("no ") else [f"{raw[: len(raw) - len(bare)]}{line}"]
        elif not found and bare.startswith("tunnel enable"):
            new += [f"  {line}", raw]
        else:
            new.append(raw)
    return "".join(f"{each}\n" for each in new)


# --- each of them ---------------------------------------------------------------------------------

_APART: Final = ("pre-shared key", "address of the office end")
"""Brought about in another way, see below."""


def _disagreements() -> Iterator[Cause]:
    """Every way in which a value differs, in every role in which that kills the tunnel."""
    for value, ways in EVERY_WAY.items():
        row = BY_VALUE[value]
        kills = [role for role in Role if row.effect(role) is Effect.KILLS]
        alike = len(kills) == len(Role)
        for way in ways if value not in _APART else ():
            for role in (Role.ANSWERS,) if alike else kills:
                yield Cause(
                    f"{value} ({role.name.lower()}; {' '.join([*way.typed, *way.cloud])})",
                    says=(row.code,),
                    typed=(*_ROLES[role], *way.typed),
                    cloud=way.cloud,
                    # Elsewhere the VPC router is first to call, and the RTX takes what it says.
                    only=_LOSES_SAS if role is Role.STARTS and not alike else (),
                )


def _no_way_for_large_ones(stage: Stage, stack: ExitStack) -> None:
    real = stage.world.link.ping

    def ping(source: IPv4Address | None, target: IPv4Address, size: int) -> float | None:
        return None if size > 1000 else real(source, target, size)

    stack.enter_context(patch.object(stage.world.link, "ping", ping))


def _esp_dropped_on_the_way(stage: Stage, stack: ExitStack) -> None:
    stack.enter_context(patch.object(stage.world.link, "ping", lambda *_: None))


def _ike_dropped_on_the_way(stage: Stage, stack: ExitStack) -> None:
    """The two ends do not hear each other: for the link there is no RTX."""
    stack.enter_context(patch.object(stage.world.link, "_gateways", lambda: ()))


def _nobody_at_the_target(stage: Stage, stack: ExitStack) -> None:
    stack.enter_context(patch.object(stage, "target", IPv4Address("192.168.2.77")))


CAUSES: Final = (
    Cause(
        "key (old SAs still carry traffic)",
        ("pre-shared key: the keys of the two ends are not equal",),
        key=NOT_OUR_KEY,
    ),
    *_disagreements(),
    Cause(
        "address of the office end",
        ("peer-address-mismatch",),
        before=("ip lan2 address 198.51.100.77/24",),
        healed=("ip lan2 address 198.51.100.20/24",),
        only=("key", "proposal", "prefixes", "new VIP", "tunnel number"),
    ),
    Cause(
        "filter drops ESP",
        ("filter-blocks-esp",),
        before=("ip filter 1033 reject * 192.168.1.1 esp * *",),
        healed=("ip filter 1033 pass * 192.168.1.1 esp * *",),
    ),
    Cause(
        "filter drops IKE",
        ("filter-blocks-ike",),
        before=("ip filter 1030 reject * 192.168.1.1 udp * 500",),
        healed=("ip filter 1030 pass * 192.168.1.1 udp * 500",),
    ),
    Cause(
        "NAT keeps IKE",
        ("nat-static-missing",),
        before=("no nat descriptor masquerade static 1 2",),
        healed=("nat descriptor masquerade static 1 2 192.168.1.1 udp 500",),
    ),
    Cause("NAT keeps ESP", ("nat-static-missing",), without="nat descriptor masquerade static"),
    Cause("no route", ("route-missing",), without="ip route 192.168.2.0/2"),
    Cause("tunnel is not enabled", ("tunnel-not-enabled",), without="tunnel enable"),
    Cause("MTU", ("packets of 1280 bytes do not",), during=_no_way_for_large_ones),
    Cause(
        "ESP dropped on the way",
        ("ESP (IP protocol 50) may be dropped on the way",),
        during=_esp_dropped_on_the_way,
    ),
    Cause(
        "no answer",
        ("the key exchange (udp 500) is stopped on the way",),
        during=_ike_dropped_on_the_way,
    ),
    Cause("target silent", ("192.168.2.77 may not answer",), during=_nobody_at_the_target),
    Cause(
        "stall",
        ("SAs stand and carry nothing", "ipsec auto refresh", "backward-compatibility"),
        typed=("ipsec auto refresh 2 on", "ipsec ike backward-compatibility 2 1"),
        only=_LOSES_SAS,
    ),
)
