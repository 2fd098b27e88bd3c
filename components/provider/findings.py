"""What a preview says about a tunnel: errors stop it, warnings are shown with their code.

A finding that the user has accepted by its code stops nothing and is no warning: it is said once,
quietly and with the user's reason, so that who reviews the change sees it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final

from ..office.codes import ACCEPTABLE, BY_PREVIEW, STRENGTH
from .handler import Context, Failure
from .values import UNKNOWN, Props, Unknown, contains, reveal

if TYPE_CHECKING:
    from ..office.audit import Finding

# An import has no consent: its inputs are what stands at both ends, and nobody has asked for that.
_NEEDED: Final = ("lines", "cloud", "numbers", "router", "consent")
# Whose property a finding is about; else it is the RTX's lines.
_OF_THE_KEY: Final = frozenset({"short-key", "key-not-accepted"})
_OF_THE_CLOUD: Final = frozenset({"group-not-on-rtx", "peer-missing"})


def judged(inputs: Props, ctx: Context) -> Props | list[Failure]:
    """The inputs of a `Tunnel`, or what must not be written; says the rest.

    What a preview cannot know yet is not judged, nor is what an import has found.
    """
    if any(name not in inputs or contains(inputs[name], Unknown) for name in _NEEDED):
        return inputs
    found = found_on(inputs, inputs["router"])
    accepted = accepted_in(inputs)
    _say_accepted(found, accepted, ctx)
    failures = []
    for each in found:
        if each.code in accepted:
            continue
        if each.severity == "error":
            failures.append(Failure("", f"{_property(each.code)}: {_text(each)}"))
        elif each.severity == "warn" or each.code in STRENGTH:
            ctx.warning(_text(each))
        else:
            ctx.info(_text(each))
    return failures or inputs


def found_on(inputs: Props, router: Props) -> Iterable[Finding]:
    """What is found on a `Tunnel` if the RTX is of this `model` and `revision`."""
    # Only a check needs the audit: what else the plugin does need not pay for its import.
    from ..judge import judge

    address, key = reveal(inputs.get("address")), reveal(inputs.get("psk"))
    return judge(
        inputs["lines"],
        inputs["cloud"],
        inputs["numbers"]["tunnel"],
        address=None if address is UNKNOWN else address,
        key=None if key is UNKNOWN else key,
        model=router.get("model", ""),
        revision=router.get("revision", ""),
    )


def accepted_in(inputs: Props) -> dict[str, str]:
    """Code -> reason, from the site file."""
    return dict((inputs.get("consent") or {}).get("accept") or {})


def _say_accepted(found: Iterable[Finding], accepted: dict[str, str], ctx: Context) -> None:
    codes = {each.code for each in found}
    # Sorted: what comes over the wire comes in any order.
    said = [f"{code}: {accepted[code]}{_without_need(code, codes)}" for code in sorted(accepted)]
    if said:
        ctx.info(f"accepted in the site file: {'; '.join(said)}")


def _without_need(code: str, found: Collection[str]) -> str:
    """What a reviewer should know of an acceptance that accepts nothing here."""
    if code in found:
        return ""
    return (
        " (nothing here needs it: take it out)"
        if code in BY_PREVIEW
        else " (only the router itself can tell)"
    )


def _property(code: str) -> str:
    if code in _OF_THE_KEY:
        return "psk"
    return "cloud" if code in _OF_THE_CLOUD else "lines"


def _text(found: Finding) -> str:
    lines = [f"{found.code}: {found.where}: {found.why}", f"  remedy: {found.remedy}"]
    if found.code in ACCEPTABLE:
        lines.append(f"  or accept it in the site file: accept: {{{found.code}: why}}")
    return "\n".join(lines)
