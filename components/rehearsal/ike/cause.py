"""Why a tunnel does not stand, from what a daemon wrote into its log.

Pure.  Source: ike-lab, mismatches (each was made and read).  The responder's log is the more exact
one; phase 2 is told from phase 1 by an IKE SA that stands.  The names are those of the table of
disagreements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ...disagreements import (
    ADDRESS,
    CAUSES,
    IDENTITY,
    KEYS,
    NO_ANSWER,
    PHASE_1,
    PHASE_2,
    PREFIXES,
)


@dataclass(frozen=True)
class Cause:
    """A disagreement: `code` is this project's name for it, `text` says it in the field's words."""

    code: str
    text: str


_AT_THE_CALLER: Final = f"{CAUSES[PHASE_1]}, or the peer's address is unknown there"
_SAID: Final = tuple(
    (re.compile(pattern), Cause(code, text))
    for pattern, code, text in (
        (r"could not decrypt payloads", KEYS, CAUSES[KEYS]),
        (
            r"no peer config found|AUTHENTICATION_FAILED|IDir '.*' does not match",
            IDENTITY,
            CAUSES[IDENTITY],
        ),
        (r"no IKE config found", ADDRESS, CAUSES[ADDRESS]),
        (
            r"no matching CHILD_SA config found|INVALID_ID_INFORMATION",
            PREFIXES,
            CAUSES[PREFIXES],
        ),
        (r"no matching proposal found", PHASE_2, CAUSES[PHASE_2]),
        (r"no proposal found", PHASE_1, CAUSES[PHASE_1]),
        (r"IKE_SA \S+ established[^\0]*NO_PROPOSAL_CHOSEN", PHASE_2, CAUSES[PHASE_2]),
        (r"NO_PROPOSAL_CHOSEN", PHASE_1, _AT_THE_CALLER),
        (r"sending retransmit", NO_ANSWER, CAUSES[NO_ANSWER]),
    )
)


def cause(*logs: str) -> Cause | None:
    """The first cause that the logs, the more exact one first, name; None if none does."""
    return next((found for log in logs for said, found in _SAID if said.search(log)), None)
