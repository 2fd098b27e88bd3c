"""The layers between the two ends, in the order in which each one needs those before it.  Pure.

One table says which finding of an audit belongs to which layer; the other what each layer looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from ..office import lacking
from ..office.audit import Finding
from . import checks
from .aim import Aim
from .case import Case
from .seen import Fact, Layer, Seen, State
from .settings import settings

_CODES: Final[dict[str, tuple[str, ...]]] = {
    "line": (
        "management-open", "management-in-band-only", "management-shut-out", "no-ssh-service",
        "no-administrator-password", "no-login-user", "log-shows-keys",
    ),
    "settings": (
        "tunnel-not-enabled", "ipsec-off", "half-configured", "orphan", "not-judged",
        "two-gateways-one-peer", "two-tunnels-one-policy", "number-out-of-range",
        "number-reserved-by-template", "option-not-in-revision", "cloud-vpn-off", "peer-missing",
    ),
    "proposals": (
        "encryption-mismatch", "hash-mismatch", "group-mismatch", "group-not-on-rtx",
        "esp-encryption-mismatch", "esp-hash-mismatch", "esp-without-authentication",
        "policy-not-esp", "pfs-off", "pfs-group-mismatch", "lifetime-mismatch",
        "byte-lifetime-proposed", "ike-version-2", "not-main-mode", "esp-encapsulation",
        "natt-and-esp-encapsulation", "nat-traversal-not-offered-by-vpc-router",
        "natt-main-mode-old-firmware", "keepalive-not-dpd", "dpd-timing-differs", "rekey-off",
        "algorithm-not-on-model", "weak-dh-group", "weak-hash", "weak-encryption",
    ),
    "identities": (
        "remote-id-mismatch", "remote-address-mismatch", "peer-address-mismatch",
        "phase2-id-mismatch", "phase2-id-missing", "phase2-id-too-small", "subnet-overlap",
        "local-address-not-own", "local-address-missing", "local-id-nowhere",
        "remote-address-not-fixed",
    ),
    "key": ("psk-mismatch", "key-not-accepted", "short-key"),
    "nat": (
        "nat-static-missing", "nat-static-given-away", "nat-in-tunnel", "wan-address-shared",
        "wan-address-private",
    ),
    "filters": (
        "filter-blocks-ike", "filter-blocks-esp", "filter-blocks-ike-out", "filter-blocks-esp-out",
        "filter-blocks-tunnel", "filter-undefined", "firewall-may-block-ike",
        "firewall-may-block-esp",
    ),
    "routes": (
        "route-missing", "route-part-elsewhere", "route-peer-inside-tunnel",
        "peer-route-not-pinned", "route-into-dead-tunnel", "wan-not-enabled", "wan-on-demand",
        "wan-address-dynamic",
    ),
    "SAs": ("delete-notice-off", "schedule-touches-tunnel", "watchdog-names-peer"),
    "traffic": (
        "tunnel-mtu-too-large", "mss-limit-missing", "mss-limit-too-large", "df-bit-set",
        checks.STALL,
    ),
}  # fmt: skip

LAYER_OF: Final = {code: layer for layer, codes in _CODES.items() for code in codes}
"""Code of a finding -> the layer that it is about."""


def nothing(_case: Case) -> Iterator[Fact]:
    """A layer about which the audit says everything."""
    yield from ()


@dataclass(frozen=True)
class _Row:
    """`needs` are the ends without which the layer cannot be looked at; `clean` is said if the
    layer has nothing else to say, `alone` instead where the VPC router is somebody else's."""

    name: str
    title: str
    check: Callable[[Case], Iterable[Fact]]
    needs: tuple[Literal["office", "compared", "known", "judged"], ...] = ()
    clean: str = ""
    alone: str = ""


_TUNNEL: Final = ("office", "judged")
_BOTH: Final = ("office", "compared", "judged")
_AGREED: Final = "the office end has what was agreed on; what the VPC router has its owner sees"

LAYERS: Final = (
    _Row("line", "line to the RTX", checks.line),
    _Row("API", "API", checks.api),
    _Row("router", "VPC router up", checks.router, ("known",)),
    _Row("settings", "settings stored and applied", settings),
    _Row("proposals", "proposals", checks.shared, _BOTH, "they agree", _AGREED),
    _Row(
        "identities", "identities, addresses, prefixes", checks.shared, _BOTH, "they agree", _AGREED
    ),
    _Row("key", "pre-shared key", checks.key, ("office", "compared")),
    _Row("nat", "NAT of the RTX", nothing, _TUNNEL, "IKE and ESP reach the RTX"),
    _Row("filters", "filters", nothing, _TUNNEL, "the RTX lets IKE, ESP and the prefixes pass"),
    _Row("routes", "routes", nothing, _TUNNEL, "the peer outside, its prefix in the tunnel"),
    _Row("SAs", "SAs", checks.sas, ("office",)),
    _Row("traffic", "traffic", checks.traffic, ("office",)),
)  # fmt: skip

_NOT_READ: Final = {
    "office": "the RTX could not be read",
    "known": "the API could not be read",
    "compared": "the VPC router could not be read",
    "judged": "the RTX has no tunnel of ours to judge",
}


_STATES: Final[dict[str, State]] = {
    "broken": "broken",
    "unseen": "not looked at",
    "note": "ok",
}
_ORDER: Final = tuple(_STATES)


def diagnose(seen: Seen) -> tuple[Layer, ...]:
    """Every layer, in order."""
    return examine(Case(Aim.of(seen.name, seen.site), seen.office, seen.cloud))


def examine(case: Case) -> tuple[Layer, ...]:
    """The same where what both ends should be is not known from a site file."""
    return tuple(_layer(row, case) for row in LAYERS)


def first_broken(layers: Iterable[Layer]) -> Layer | None:
    """The one to mend first."""
    return next((each for each in layers if each.state == "broken"), None)


def _layer(row: _Row, case: Case) -> Layer:
    unread = [_NOT_READ[need] for need in row.needs if not getattr(case, need)]
    if unread:
        return Layer(row.name, row.title, "not looked at", unread[0], "", ())
    facts = [*row.check(case), *_found(row.name, case)] or [_clean(row, case)]
    worst = min(facts, key=lambda fact: _ORDER.index(fact.kind))
    state = _STATES[worst.kind]
    said = worst if state != "ok" else Fact("note", "")
    evidence = tuple(
        f"{fact.text}; remedy: {fact.cure}" if fact.cure else fact.text
        for fact in facts
        if fact is not said
    )
    return Layer(row.name, row.title, state, said.text, said.cure, evidence)


def _clean(row: _Row, case: Case) -> Fact:
    return Fact("note", (case.theirs and row.alone) or row.clean)


def _found(layer: str, case: Case) -> Iterator[Fact]:
    """What the audit says about a layer; a finding that the site file accepts breaks nothing."""
    for each in case.findings:
        if LAYER_OF.get(each.code) != layer:
            continue
        text = f"{each.code}: {each.where}: {each.why}"
        if case.theirs and each in case.disagreements:
            text += " (as agreed on with its owner; it was not read)"
        if reason := case.aim.accept.get(each.code):
            yield Fact("note", f"{text} (accepted: {reason})")
        elif each.severity == "error":
            yield Fact("broken", text, _cure(each, case))
        else:
            yield Fact("note", text, each.remedy)


def _cure(found: Finding, case: Case) -> str:
    """What an audit says, and the command that does the same from the site file."""
    if case.drift or case.cloud_drift:
        ends = "the office end" if case.theirs else "both ends"
        return f"{found.remedy}; or {ends} as the site file says: {case.aim.brought_back}"
    if found.code in lacking.CODES:
        return f"{found.remedy}; or {case.aim.completed}"
    return found.remedy
