"""What an end said and did, from its daemon's log.

Pure.  Source: ike-lab (each line was made and read); the log's times are seconds since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

_LINE: Final = re.compile(r"(\d+\.\d+) \d+\[[A-Z]{3}\] +(.+)")
# What is worth telling, in the field's words; the first that fits counts.
_SAYINGS: Final = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"loaded plugins: ", "is up, without any SA"),
        (r"initiating Main Mode IKE_SA", "starts the key exchange"),
        (r"IKE_SA \S+ established between", "phase 1 stands: IKE SA"),
        (r"CHILD_SA \S+ established with SPIs (\w+)_i (\w+)_o", "phase 2 stands: IPsec SA"),
        (r"sending DELETE for IKE_SA", "deletes the IKE SA, with notice"),
        (r"sending DELETE for ESP", "deletes the IPsec SA, with notice"),
        (r"received DELETE for IKE_SA", "is told: the IKE SA goes"),
        (r"received DELETE for ESP", "is told: the IPsec SA goes"),
        (r"DPD check timed out", "gives the peer up: no answer to DPD"),
        (r"giving up after \d+ retransmits", "gives up asking"),
        (r"sending retransmit", "asks again"),
        (r"received (NO_PROPOSAL_CHOSEN)", "is refused: NO_PROPOSAL_CHOSEN"),
        (r"received (INVALID_ID_INFORMATION)", "is refused: INVALID_ID_INFORMATION"),
        (r"received (AUTHENTICATION_FAILED)", "is refused: AUTHENTICATION_FAILED"),
        (r"no matching proposal found", "refuses the phase 2 proposal"),
        (r"no proposal found", "refuses the phase 1 proposal"),
        (r"no matching CHILD_SA config found", "refuses the prefixes"),
        (r"no peer config found", "refuses the identity"),
        (r"IDir '.*' does not match", "refuses the identity"),
        (r"no IKE config found", "does not know the caller's address"),
        (r"could not decrypt payloads", "cannot decrypt: another key"),
    )
)


@dataclass(frozen=True)
class Saying:
    """One thing that an end (`who`: "office" or "cloud") said or did, `times` in a row.

    `at` is in seconds since 1970.
    """

    at: float
    who: str
    text: str
    times: int = 1

    def __str__(self) -> str:
        return self.text + (f" ({self.times} times)" if self.times > 1 else "")


def sayings(who: str, log: str) -> list[Saying]:
    """What a log tells, in its order; the same thing in a row is told once."""
    return list(_folded(_told(who, log.splitlines())))


def _told(who: str, lines: Iterable[str]) -> Iterator[Saying]:
    for line in lines:
        if found := _LINE.fullmatch(line):
            text = next((text for pattern, text in _SAYINGS if pattern.search(found[2])), None)
            if text:
                yield Saying(float(found[1]), who, text)


def _folded(told: Iterable[Saying]) -> Iterator[Saying]:
    last: Saying | None = None
    for each in told:
        if last and last.text == each.text:
            last = replace(last, times=last.times + 1)
            continue
        if last:
            yield last
        last = each
    if last:
        yield last
