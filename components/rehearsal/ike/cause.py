"""Why a tunnel does not stand, from what a daemon wrote into its log.

Pure.  Source: ike-lab, mismatches (each was made and read).  The responder's log is the more exact
one; phase 2 is told from phase 1 by an IKE SA that stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Cause:
    """A disagreement: `code` is this project's name for it, `text` says it in the field's words."""

    code: str
    text: str


_CAUSES: Final = tuple(
    (re.compile(pattern), Cause(code, text))
    for pattern, code, text in (
        (r"could not decrypt payloads", "psk-mismatch", "phase 1: the pre-shared keys differ"),
        (
            r"no peer config found|AUTHENTICATION_FAILED|IDir '.*' does not match",
            "remote-id-mismatch",
            "phase 1: the identity is another one than the peer expects",
        ),
        (
            r"no IKE config found",
            "peer-address-mismatch",
            "phase 1: an end knows no peer with this address",
        ),
        (
            r"no matching CHILD_SA config found|INVALID_ID_INFORMATION",
            "phase2-id-mismatch",
            "phase 2: the prefixes of the two ends do not mirror each other",
        ),
        (
            r"no matching proposal found",
            "phase2-proposal-mismatch",
            "phase 2: encryption, hash or PFS group differ",
        ),
        (
            r"no proposal found",
            "phase1-proposal-mismatch",
            "phase 1: encryption, hash or DH group differ",
        ),
        (
            r"IKE_SA \S+ established[^\0]*NO_PROPOSAL_CHOSEN",
            "phase2-proposal-mismatch",
            "phase 2: encryption, hash or PFS group differ",
        ),
        (
            r"NO_PROPOSAL_CHOSEN",
            "phase1-proposal-mismatch",
            "phase 1: encryption, hash or DH group differ, or the peer's address is unknown there",
        ),
        (r"sending retransmit", "no-answer", "the other end does not answer"),
    )
)


def cause(*logs: str) -> Cause | None:
    """The first cause that the logs, the more exact one first, name; None if none does."""
    return next((found for log in logs for p, found in _CAUSES if p.search(log)), None)
