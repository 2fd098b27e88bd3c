"""Why no traffic comes after a change or a creation: each cause brought about by somebody else at
one of the two ends while `up` is at work.  The causes of a change, and the words for them, are
those of the matrix `tunnel`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

sys.path.append(str(Path(__file__).parents[1]))

from cli_steps import Done, Fault
from cli_stranger import drops, puts, puts_another_key, saves, types, types_another_key
from tunnel_causes import CAUSES, Cause

WRITING: Final = "VPC router: writing the peer"
_WAITING: Final = "waiting for traffic, "
BACK: Final = "both ends are back"
AS_BEFORE: Final = "cloud end as before; office end as before"
SECONDS: Final[Mapping[str, Any]] = {"verify.seconds": 30}

# By how the words for a cause start; the first that fits.
_GROUPS: Final = {
    "identities, addresses": ("remote-id-", "remote-address-", "peer-address-", "pre-shared key"),
    "phase 1": ("encryption-", "hash-", "group-", "ike-version-", "not-main-"),
    "phase 2": ("esp-", "pfs-", "policy-", "natt-"),
    "prefixes, routes, NAT, filters": ("",),
}
# Where the RTX starts the key exchange a value does the same as with `negotiate-strictly`.
_STARTS: Final = "(starts; "
_SHOWN: Final = f"encryption {_STARTS}"


def _by_a_stranger() -> Iterator[Cause]:
    """Those that somebody can bring about while `up` is at work."""
    nothing = Cause("", ())
    for cause in CAUSES:
        alike = _STARTS in cause.name and not cause.name.startswith(_SHOWN)
        if cause.during is nothing.during and not alike:
            yield cause


def _fault(cause: Cause) -> Fault:
    when: dict[str, Done] = {}
    if cause.key:
        when[_WAITING] = puts_another_key
    elif cause.cloud:
        when[_WAITING] = puts(cause.cloud)
    elif cause.typed or cause.without:
        when[WRITING] = types(cause.typed, without=cause.without)
    if cause.healed:
        when[BACK] = saves(*cause.healed)
    return Fault(cause.name, (*cause.says, AS_BEFORE), typed=cause.before, site=SECONDS, when=when)


def _group(cause: Cause) -> str:
    return next(g for g, starts in _GROUPS.items() if cause.says[0].startswith(starts))


def _grouped() -> dict[str, tuple[Fault, ...]]:
    causes = [*_by_a_stranger()]
    return {
        f"no traffic: {group}": tuple(_fault(each) for each in causes if _group(each) == group)
        for group in _GROUPS
    }


def _on_the_way(name: str, dropped: str) -> Fault:
    """Nothing is wrong at either end; what is dropped passes again once both are back."""
    (cause,) = (each for each in CAUSES if each.name == name)
    when = {WRITING: drops(dropped), BACK: drops()}
    return Fault(name, (*cause.says, AS_BEFORE), site=SECONDS, when=when)


_NOBODY: Final = "192.168.2.77"
NO_TRAFFIC: Final = {
    **_grouped(),
    "no traffic: the way, the target": (
        _on_the_way("MTU", "large"),
        _on_the_way("ESP dropped on the way", "esp"),
        _on_the_way("no answer", "udp500"),
        Fault(
            "target silent",
            (f"{_NOBODY} may not answer", AS_BEFORE),
            site={**SECONDS, "verify.target": _NOBODY},
            mended={"verify.target": "192.168.2.1"},
        ),
    ),
}

# --- of a creation --------------------------------------------------------------------------------

_FILTER: Final = "ip filter 1033 {} * 192.168.1.1 esp * *"
_ACCEPTED: Final = {"accept.filter-blocks-esp": "to see what comes of it"}
_KEPT: Final = "both ends are configured and saved"


def _filtered(name: str, *says: str, on_failure: str, after: str, **site: Any) -> Fault:
    """The RTX drops ESP from the start, until both ends are left as they are."""
    return Fault(
        f"filter drops ESP, {name}",
        ("filter-blocks-esp", *says),
        typed=(_FILTER.format("reject"),),
        healed=(_FILTER.format("pass"),),
        site={**SECONDS, "verify.on_failure": on_failure, **site},
        after=(after,),
    )


NO_FIRST_TRAFFIC: Final = (
    _filtered(
        "not accepted",
        "the router needs lines that the preview did not show",
        on_failure="back",
        after="old",
    ),
    _filtered("accepted; back", AS_BEFORE, on_failure="back", after="old", **_ACCEPTED),
    _filtered("accepted; kept", _KEPT, on_failure="keep", after="new", **_ACCEPTED),
    Fault(
        "another key is typed",
        ("pre-shared key: the keys of the two ends are not equal", AS_BEFORE),
        # The key exchange begins once the settings are applied.
        api=({"method": "PUT", "path": "/appliance/*/config", "kind": "delay", "seconds": 4},),
        site={**SECONDS, "verify.on_failure": "back"},
        when={WRITING: types_another_key},
    ),
    Fault(
        "target silent; kept",
        (f"{_NOBODY} may not answer", _KEPT),
        site={**SECONDS, "verify.on_failure": "keep", "verify.target": _NOBODY},
        mended={"verify.target": "192.168.2.1"},
        after=("new",),
    ),
)
