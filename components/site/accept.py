"""Findings that the user accepts, by their code and with a reason, in the site file."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from .base import written_as


def _known(code: str) -> str:
    # Most sites accept nothing: they need not pay for the table.
    from ..office.codes import ACCEPTABLE, CODES

    if code in ACCEPTABLE:
        return code
    if code in CODES:
        raise PydanticCustomError("no_stop", f"nothing: {code} stops nothing and is no warning")
    near = get_close_matches(code, ACCEPTABLE, n=3)
    meant = f"{' or '.join(near)}?  " if near else ""
    raise PydanticCustomError(
        "no_code",
        f"{meant}what `sakura-rtx audit --codes` explains: {', '.join(sorted(ACCEPTABLE))}",
    )


Code = Annotated[str, AfterValidator(_known)]
Reason = Annotated[str, written_as(r"\S", "a text that says why, for those who review it")]

Accepted = dict[Code, Reason]
"""Code -> why.  An accepted finding stops nothing and is no warning; it is still said."""
