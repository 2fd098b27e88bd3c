"""Algorithms, lifetimes and the proof by traffic in the site file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from ..errors import Problem
from ..ipsec import TABLES, Proposal, choices, missing
from .base import Address, Part


class Dpd(Part):
    """Dead peer detection, seconds (sakura-vpcrouter-api 2.9; command reference 15.20)."""

    interval: Annotated[int, Field(ge=1, le=600)] = 15
    timeout: Annotated[int, Field(ge=1)] = 30


_Lifetime = Annotated[int, Field(ge=300, le=691200)]  # seconds; command reference 15.48.1


class Ipsec(Part):
    """Algorithms and lifetimes: only what both ends have.

    `strongest` takes the best algorithms that both ends have instead of naming them.
    """

    strongest: bool = False
    encryption: Literal["aes128", "aes256"] = "aes256"
    hash: Literal["sha1", "sha256"] = "sha256"
    dh_group: Literal["modp1024", "modp2048"] = "modp2048"
    ike_lifetime: _Lifetime = 28800
    esp_lifetime: _Lifetime = 1800
    dpd: Dpd = Dpd()

    @field_validator(*TABLES, mode="before")
    @classmethod
    def _both_have_it(cls, value: object, info: ValidationInfo) -> object:
        table = TABLES[info.field_name or ""]
        if isinstance(value, str) and (why := missing(table, value)):
            raise PydanticCustomError("one_end", f"{' or '.join(choices(table))}: {why}")
        return value

    def proposal(self, version: int) -> Proposal:
        """The algorithms, with a VPC router of this version."""
        if self.strongest:
            return Proposal.strongest(version)
        return Proposal(self.encryption, self.hash, self.dh_group)


def contradictions(ipsec: Ipsec, version: int) -> Iterator[Problem]:
    """What only shows when the values are seen together, with a VPC router of this version."""
    named = [name for name in TABLES if name in ipsec.model_fields_set]
    if ipsec.strongest and named:
        found = f"true, beside {', '.join(named)}"
        yield Problem("ipsec.strongest", found, "either that, or the algorithms one by one")
    for name, word in asdict(ipsec.proposal(version)).items():
        if why := missing(TABLES[name], word, version):
            allowed = f"{' or '.join(choices(TABLES[name], version))}: {why} (unverified)"
            yield Problem(f"ipsec.{name}", word, f"{allowed}; or ipsec.strongest: true")
    dpd = ipsec.dpd
    if dpd.timeout % dpd.interval or not 1 <= dpd.timeout // dpd.interval <= 50:
        yield Problem(
            "ipsec.dpd.timeout",
            f"{dpd.timeout} with interval {dpd.interval}",
            f"the interval 1 to 50 times, {dpd.interval} to {50 * dpd.interval}: the RTX counts "
            "questions, not seconds",
        )


class Verify(Part):
    """The proof by traffic: which address must answer, for how long it is tried (seconds).

    `on_failure`: `back` puts both ends back, `keep` leaves them; unless given, a first creation
    keeps (an ISP's filter must not make everything vanish) and a change goes back.
    `prove_recovery` deletes our SAs once traffic is proved, and measures until it is back.
    """

    target: Address | None = None
    seconds: Annotated[int, Field(ge=30, le=900)] = 120
    on_failure: Literal["back", "keep"] | None = None
    prove_recovery: bool = False
