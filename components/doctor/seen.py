"""Both ends as they were read, and what is said about one layer of the way between them.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, NamedTuple

from ..cloud.tree import Json
from ..errors import VpnError
from ..ipsec import Agreement
from ..office.answers import Ping, SecurityAssociation
from ..office.config import Config
from ..site import Site

NO_PING: Final = Ping(0, 0, None)


@dataclass(frozen=True)
class OfficeEnd:
    """The RTX: its running configuration without our guards, and the guards that stand in it.

    `unsaved` are the commands that would turn it into the saved one; `sas` those of our gateway.
    `small` and `full` are pings through the tunnel: `full` fills the tunnel's MTU, and is None
    where the small one brought nothing.  `word` is what `show status tunnel` says, believed by
    nobody; `refused` why the router would not ping, `not_compared` why it is not known what is
    unsaved.
    """

    running: Config
    guards: tuple[str, ...] = ()
    unsaved: tuple[str, ...] = field(default=(), repr=False)  # they may hold keys
    sas: tuple[SecurityAssociation, ...] = ()
    small: Ping = NO_PING
    full: Ping | None = None
    word: str = ""
    refused: str = ""
    not_compared: str = ""


@dataclass(frozen=True)
class CloudEnd:
    """The VPC router: `appliance` as the API has it, None if there is none.

    `statuses` is what it says about the peers in force, by address; empty where it does not say,
    and if that could not be read, for the reason `status_error`.
    """

    appliance: Json | None = field(repr=False)  # it holds keys
    statuses: Mapping[str, str] = field(default_factory=dict)
    status_error: str = ""


@dataclass(frozen=True)
class NotOurs:
    """A VPC router of somebody else, which is not asked: `agreed` is what its owner should have."""

    agreed: Agreement

    @property
    def owner(self) -> str:
        """Who alone can look at it."""
        return f"the owner of the VPC router {self.agreed.cloud_address}"


@dataclass(frozen=True)
class Seen:
    """One site and both its ends; in the place of an end that could not be read stands the error.

    `name` is the site's, for the commands that mend something.
    """

    name: str
    site: Site
    office: OfficeEnd | VpnError
    cloud: CloudEnd | NotOurs | VpnError


class Fact(NamedTuple):
    """One thing about a layer: it is broken (and what mends it), could not be seen, or is so."""

    kind: Literal["broken", "unseen", "note"]
    text: str
    cure: str = ""


State = Literal["ok", "broken", "not looked at"]


@dataclass(frozen=True)
class Layer:
    """What is true of one layer.

    `cause` says what is broken, or why it was not looked at; `cure` is the command or click that
    mends it.  `evidence` is everything that was seen.  No key stands in any of them.
    """

    name: str
    title: str
    state: State
    cause: str
    cure: str
    evidence: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)
