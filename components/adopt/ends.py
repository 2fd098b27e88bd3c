"""What an adoption starts from: both ends as they were read, and what the user says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..cloud.objects import InternetState, SwitchState
from ..cloud.tree import Json
from ..office.config import Config


@dataclass(frozen=True)
class LivePair:
    """The running configuration of the RTX and the VPC router as `GET appliance/ID` has it.

    `internet` is the router+switch that it stands on (None: it has none, or none in this zone);
    `switches` are those of its private interfaces and `users` what else is connected to any of
    them, by the switch's id.  `unsaved` are the commands that would turn the running configuration
    into the saved one.
    """

    running: Config = field(repr=False)  # both hold keys
    appliance: Json = field(repr=False)
    internet: InternetState | None = None
    switches: Mapping[str, SwitchState] = field(default_factory=dict)
    users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unsaved: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Asked:
    """What nobody can read: the site's name, the zone, and how the RTX is reached.

    `router` holds the keys of `office.router` in the site file.  `tunnel` is the RTX's number and
    `peer` the address of the entry at the VPC router, where they cannot be told; `own` whether the
    VPC router is to be the stack's own (None: if nothing else hangs on it), `sections` whether the
    site is to name its other settings too.
    """

    name: str
    zone: str
    router: Mapping[str, Any] = field(default_factory=dict)
    rehearsal: bool = False
    tunnel: int | None = None
    peer: str | None = None
    own: bool | None = None
    sections: bool = False
