"""What happens when the two ends do not have the same value: one table for everybody.

Pure.  An audit takes its severities from here, a negotiation between real daemons the names of
its causes, and what those daemons can show is tried row by row.

An RTX that starts the key exchange proposes its own values.  One that answers with
`negotiate-strictly on` takes its own values only; else it takes whatever it supports and follows
the peer's PFS and lifetimes (command reference 15.11, 15.30, 15.48.1).  The VPC router takes
nothing but its own proposal (whether it would is unverified).

Sources: command reference 15; sakura-vpcrouter-api 2.9 and 6.1; ike-lab, mismatches (what a pair of
IKE daemons does with each wrong value).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal


class Effect(Enum):
    """What a disagreement does."""

    KILLS = "no SA comes to be"
    LATER = "comes up, and is lost at a renewal or after a loss of the SAs"
    FOLLOWS = "comes up: the office end takes what the far end says"
    KEEPS = "comes up: each end keeps its own value"


class Role(Enum):
    """How the office end takes part in the key exchange."""

    STARTS = "starts the key exchange"
    STRICT = "answers, and takes its own values only"
    ANSWERS = "answers, and takes what it supports"


def role(*, starts: bool, strict: bool) -> Role:
    """The role in which a difference does most harm: who starts is called at times, too."""
    if starts:
        return Role.STARTS
    return Role.STRICT if strict else Role.ANSWERS


@dataclass(frozen=True)
class Disagreement:
    """One value that both ends must share, and what a difference of it does in each role.

    `code` is the audit's finding, `cause` the name under which a negotiation fails by it ("" where
    none does).  `shown` says whether a pair of IKE daemons shows the effect; the rest follows from
    the sources.
    """

    value: str
    code: str
    starts: Effect
    strict: Effect
    answers: Effect
    cause: str
    basis: Literal["vendor-doc", "logic"]
    meaning: str
    source: str
    shown: bool = False

    def effect(self, role: Role) -> Effect:
        """What the difference does when the office end has this role."""
        effects = {Role.STARTS: self.starts, Role.STRICT: self.strict, Role.ANSWERS: self.answers}
        return effects[role]


PHASE_1: Final = "phase1-proposal-mismatch"
PHASE_2: Final = "phase2-proposal-mismatch"
KEYS: Final = "psk-mismatch"
IDENTITY: Final = "remote-id-mismatch"
ADDRESS: Final = "peer-address-mismatch"
PREFIXES: Final = "phase2-id-mismatch"
NO_ANSWER: Final = "no-answer"

CAUSES: Final = {
    KEYS: "phase 1: the pre-shared keys differ",
    IDENTITY: "phase 1: the identity is another one than the peer expects",
    ADDRESS: "phase 1: an end knows no peer with this address",
    PHASE_1: "phase 1: encryption, hash or DH group differ",
    PHASE_2: "phase 2: encryption, hash or PFS group differ",
    PREFIXES: "phase 2: the prefixes of the two ends do not mirror each other",
    NO_ANSWER: "the other end does not answer",
}
"""The names that a negotiation gives, in the field's words."""

_KILLS = (Effect.KILLS, Effect.KILLS, Effect.KILLS)
_UNLESS_LENIENT = (Effect.KILLS, Effect.KILLS, Effect.FOLLOWS)
# That strict negotiation compares lifetimes too is unverified.
_TIMES = (Effect.LATER, Effect.LATER, Effect.FOLLOWS)
_LATER = (Effect.LATER, Effect.LATER, Effect.LATER)
_FOLLOWS = (Effect.FOLLOWS, Effect.FOLLOWS, Effect.FOLLOWS)
_KEEPS = (Effect.KEEPS, Effect.KEEPS, Effect.KEEPS)

DISAGREEMENTS: Final = (
    Disagreement(
        "pre-shared key", "psk-mismatch", *_KILLS, KEYS, "logic",
        "the pre-shared keys are not equal; SAs that stand live on until the next phase 1",
        "command reference 15.5; ike-lab, mismatches", shown=True,
    ),
    Disagreement(
        "phase 1 identity of the office", "remote-id-mismatch", *_KILLS, IDENTITY, "logic",
        "the RTX presents its local address, the VPC router expects its RemoteID",
        "command reference 15.18; sakura-vpcrouter-api 2.9", shown=True,
    ),
    Disagreement(
        "address of the cloud end", "remote-address-mismatch", *_KILLS, ADDRESS, "logic",
        "the RTX calls another address than the VPC router has, and expects it as identity",
        "command reference 15.15; rtx-cli 7", shown=True,
    ),
    Disagreement(
        "address of the office end", "peer-address-mismatch", *_KILLS, ADDRESS, "logic",
        "the VPC router calls, and takes calls from, another address than the office has",
        "sakura-vpcrouter-api 2.9 (an office that only answers hears nothing: no-answer)",
    ),
    Disagreement(
        "encryption", "encryption-mismatch", *_UNLESS_LENIENT, PHASE_1, "vendor-doc",
        "the encryption of phase 1 differs", "command reference 15.11, 15.22", shown=True,
    ),
    Disagreement(
        "hash", "hash-mismatch", *_UNLESS_LENIENT, PHASE_1, "vendor-doc",
        "the hash of phase 1 differs", "command reference 15.11, 15.25", shown=True,
    ),
    Disagreement(
        "DH group", "group-mismatch", *_UNLESS_LENIENT, PHASE_1, "vendor-doc",
        "the DH group of phase 1 differs", "command reference 15.11, 15.24", shown=True,
    ),
    Disagreement(
        "DH group that no RTX has", "group-not-on-rtx", *_KILLS, PHASE_1, "vendor-doc",
        "the cloud end has a DH group that no RTX has",
        "command reference 15.24; sakura-vpcrouter-api 2.9", shown=True,
    ),
    Disagreement(
        "ESP encryption", "esp-encryption-mismatch", *_UNLESS_LENIENT, PHASE_2, "vendor-doc",
        "the encryption of phase 2 differs", "command reference 15.11, 15.48.2", shown=True,
    ),
    Disagreement(
        "ESP hash", "esp-hash-mismatch", *_UNLESS_LENIENT, PHASE_2, "vendor-doc",
        "the hash of phase 2 differs", "command reference 15.11, 15.48.2", shown=True,
    ),
    Disagreement(
        "ESP without authentication", "esp-without-authentication", *_UNLESS_LENIENT, PHASE_2,
        "vendor-doc", "ESP without a hash word carries no authentication",
        "command reference 15.11, 15.48.2",
    ),
    Disagreement(
        "protocol of phase 2", "policy-not-esp", *_KILLS, PHASE_2, "vendor-doc",
        "the VPC router speaks ESP only", "command reference 15.48.2; sakura-vpcrouter-api 6.1",
    ),
    Disagreement(
        "PFS", "pfs-off", *_UNLESS_LENIENT, PHASE_2, "vendor-doc",
        "the default is off: as initiator the router proposes no PFS, only as responder it follows",
        "command reference 15.11, 15.30; sakura-vpcrouter-api 6.1", shown=True,
    ),
    Disagreement(
        "PFS group", "pfs-group-mismatch", *_UNLESS_LENIENT, PHASE_2, "vendor-doc",
        "the second group of `ipsec ike group` is for phase 2; the VPC router has one for both",
        "command reference 15.24, 15.30", shown=True,
    ),
    Disagreement(
        "IKE SA lifetime", "lifetime-mismatch", *_TIMES, "", "vendor-doc",
        "one end renews or gives up an SA at another time than the other expects",
        "command reference 15.11, 15.48.1", shown=True,
    ),
    Disagreement(
        "IPsec SA lifetime", "lifetime-mismatch", *_TIMES, "", "vendor-doc",
        "one end renews or gives up an SA at another time than the other expects",
        "command reference 15.11, 15.48.1", shown=True,
    ),
    Disagreement(
        "byte lifetime", "byte-lifetime-proposed", Effect.KEEPS, Effect.KEEPS, Effect.FOLLOWS, "",
        "vendor-doc",
        "the router gives an SA up after a number of bytes; the VPC router knows seconds only",
        "command reference 15.48.1 (what the VPC router makes of it is unverified)",
    ),
    Disagreement(
        "prefixes", "phase2-id-mismatch", *_KILLS, PREFIXES, "logic",
        "phase 2 needs the same prefixes at both ends",
        "command reference 15.16, 15.19; sakura-vpcrouter-api 2.9", shown=True,
    ),
    Disagreement(
        "prefixes not named", "phase2-id-missing", *_KILLS, PREFIXES, "vendor-doc",
        "the cloud end wants both prefixes named in phase 2",
        "command reference 15.16, 15.19; sakura-vpcrouter-api 2.9",
    ),
    Disagreement(
        "IKE version", "ike-version-2", *_KILLS, NO_ANSWER, "vendor-doc",
        "the VPC router speaks IKEv1 only", "command reference 15.2; sakura-vpcrouter-api 6.1",
    ),
    Disagreement(
        "exchange mode", "not-main-mode", *_KILLS, NO_ANSWER, "vendor-doc",
        "a name makes it aggressive mode; the VPC router speaks main mode only",
        "command reference 15, 15.14, 15.17; sakura-vpcrouter-api 6.1",
    ),
    Disagreement(
        "encapsulation", "esp-encapsulation", *_KILLS, "", "vendor-doc",
        "esp-encapsulation is the vendor's own: the cloud end does not know it",
        "command reference 15.43",
    ),
    Disagreement(
        "encapsulation and NAT traversal", "natt-and-esp-encapsulation", *_KILLS, "", "vendor-doc",
        "esp-encapsulation and NAT traversal exclude each other, and the former is the vendor's "
        "own: the cloud end does not know it",
        "command reference 15.43, 15.48.5",
    ),
    Disagreement(
        "NAT traversal", "nat-traversal-not-offered-by-vpc-router", *_FOLLOWS, "", "vendor-doc",
        "NAT traversal in IKEv1 needs Vendor ID, which the VPC router neither sends nor takes",
        "command reference 15.48.5; sakura-vpcrouter-api 6.1",
    ),
    Disagreement(
        "kind of keepalive", "keepalive-not-dpd", *_LATER, "", "vendor-doc",
        "the far end answers dead peer detection only: the tunnel is taken for dead, or its death "
        "is never noticed",
        "command reference 15.20; sakura-vpcrouter-api 6.1",
    ),
    Disagreement(
        "no keepalive", "keepalive-not-dpd", *_FOLLOWS, "", "vendor-doc",
        "the router asks nobody whether the far end lives: its death is never noticed here",
        "command reference 15.20",
    ),
    Disagreement(
        "keepalive by ping", "keepalive-not-dpd", *_FOLLOWS, "", "vendor-doc",
        "a ping through the tunnel notices a loss; that it brings the tunnel back, as dead peer "
        "detection does, was not seen",
        "command reference 15.20; seed article, what helped",
    ),
    Disagreement(
        "DPD timing", "dpd-timing-differs", *_KEEPS, "", "logic",
        "the ends notice a loss after different times", "command reference 15.20; ike-lab",
        shown=True,
    ),
)  # fmt: skip


BY_VALUE: Final = {row.value: row for row in DISAGREEMENTS}
