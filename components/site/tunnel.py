"""Algorithms, lifetimes and the proof by traffic in the site file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .base import Address, Part


class Dpd(Part):
    """Dead peer detection, seconds (sakura-vpcrouter-api 2.9; command reference 15.20)."""

    interval: Annotated[int, Field(ge=1, le=600)] = 15
    timeout: Annotated[int, Field(ge=1)] = 30


_Lifetime = Annotated[int, Field(ge=300, le=691200)]  # seconds; command reference 15.48.1


class Ipsec(Part):
    """Algorithms and lifetimes: only what both ends have."""

    encryption: Literal["aes128", "aes256"] = "aes256"
    hash: Literal["sha1", "sha256"] = "sha256"
    dh_group: Literal["modp1024", "modp2048"] = "modp2048"
    ike_lifetime: _Lifetime = 28800
    esp_lifetime: _Lifetime = 1800
    dpd: Dpd = Dpd()


class Verify(Part):
    """The proof by traffic: which address must answer, for how long it is tried (seconds).

    `on_failure`: `back` puts both ends back, `keep` leaves them; unless given, a first creation
    keeps (an ISP's filter must not make everything vanish) and a change goes back.
    """

    target: Address | None = None
    seconds: Annotated[int, Field(ge=30, le=900)] = 120
    on_failure: Literal["back", "keep"] | None = None
