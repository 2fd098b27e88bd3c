"""An RTX that is not of the model, or does not run the revision, that the site file says.

What a line means, and what its absence does, depends on both; the lines were rendered and judged
for what the site file says, and the preview has shown them so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ..errors import DeviceError
from ..office.config import Config
from ..office.defaults import IPSEC_SA_LIFETIME
from . import findings
from .handler import Context
from .values import Props

_NAMES: Final = ("model", "revision")
_SET_BOTH: Final = "sakura-rtx plan --site S --write"


def other(inputs: Props, model: str, revision: str) -> str:
    """What the router calls itself, if the site file says otherwise; "" if it does not."""
    asked, said = inputs["router"], {"model": model, "revision": revision}
    return "\n".join(
        f"office end: the router's {name} is {said[name]}, the site file says {asked[name]}: "
        f"set office.router.{name}, or run {_SET_BOTH}"
        for name in _NAMES
        if said[name] and asked.get(name, said[name]) != said[name]
    )


def fitting(inputs: Props, ctx: Context) -> Callable[[Config], None]:
    """What a guarded change asks before it types: whether the lines are lines for this router.

    It raises `DeviceError` where the tables say of the router as it is an error that they do not
    say of the one in the site file; another difference is a warning.
    """

    def fits(running: Config) -> None:
        said = other(inputs, running.model, running.revision)
        if not said:
            return
        asked: Props = inputs["router"]
        there = asked | {
            name: value
            for name, value in (("model", running.model), ("revision", running.revision))
            if value
        }
        if errors := list(_errors(inputs, asked, there)):
            raise DeviceError(
                f"the router is an {_named(there)}, and the lines are for an {_named(asked)}",
                attempted="compare the router with office.router in the site file before typing",
                state="nothing was changed",
                remedy="; ".join([*errors, f"{_SET_BOTH} sets both, then up again"]),
            )
        ctx.warning("\n".join([said, *_effects(asked, there)]))

    return fits


def _errors(inputs: Props, asked: Props, there: Props) -> Iterator[str]:
    """What is wrong on this router alone."""
    known = {(each.code, each.where) for each in findings.found_on(inputs, asked)}
    known |= {(code, "") for code in findings.accepted_in(inputs)}
    for each in findings.found_on(inputs, there):
        if each.severity == "error" and not {(each.code, each.where), (each.code, "")} & known:
            yield f"{each.code}: {each.where}: {each.why}: {each.remedy}"


def _effects(asked: Props, there: Props) -> Iterator[str]:
    """What a line that is not refused does on this router and was not said to do."""
    byte_lifetime, *_ = IPSEC_SA_LIFETIME
    told, is_so = (
        byte_lifetime.holds(each.get("model", ""), each.get("revision", ""))
        for each in (asked, there)
    )
    if is_so and not told:
        yield (
            "  on this revision an IPsec SA also ends after 2000000 kB, unless "
            "office.ends_by_time_only takes that away"
        )


def _named(router: Props) -> str:
    revision = router.get("revision")
    return f"{router.get('model') or 'RTX'}{f' Rev.{revision}' if revision else ''}"
