"""The office end in the site file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel

from ..errors import Problem
from ..ipsec import MODELS
from .base import Address, Part, Prefix, hosts, is_host, nowhere, written_as
from .filters import FilterEntry, SecureFilter
from .filters import contradictions as filter_contradictions
from .public_key import cut_off
from .wan import Wan
from .wan import contradictions as wan_contradictions

Tunnel = Annotated[int, Field(ge=1, le=100)]
PublicKey = Annotated[
    str,
    written_as(
        r"^(ssh|ecdsa)-\S+ [A-Za-z0-9+/=]+( .*)?$", "a public key line such as ssh-rsa AAAA..."
    ),
]


class Router(Part):
    """The RTX and the way to it; `host_key` is an OpenSSH public key line and pins the router.

    `key` is the path of the private key to log in with, `via` a bastion (`user@host[:port]`), that
    `via_host_key` pins in turn.
    """

    model: Literal["RTX1220", "RTX1210", "RTX830", "RTX1300"] = "RTX1220"
    revision: Annotated[str, written_as(r"^\d+\.\d+\.\d+$", "a revision such as 15.04.03")] = (
        "15.04.03"
    )
    host: Annotated[str, written_as(r"^[A-Za-z0-9_.:-]{1,253}$", "an address or a name")] | None = (
        None
    )
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    user: (
        Annotated[str, written_as(r"^[A-Za-z0-9_-]{1,32}$", "1 to 32 of A-Z a-z 0-9 _ -")] | None
    ) = None
    host_key: PublicKey | None = None
    key: (
        Annotated[
            str,
            written_as(
                r"^[^\r\n]+$",
                "the path of a private key (the key itself: pulumi config set --secret rtxKey)",
            ),
        ]
        | None
    ) = None
    via: (
        Annotated[
            str,
            written_as(r"^[\w.-]+@[A-Za-z0-9.-]+(:[0-9]{1,5})?$", "user@host or user@host:port"),
        ]
        | None
    ) = None
    via_host_key: PublicKey | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_the_model(cls, data: object) -> object:
        """Each model has a series of revisions of its own."""
        if isinstance(data, dict) and data.get("revision") is None:
            model = MODELS.get(str(data.get("model")))
            return data | {"revision": model.assumed} if model else data
        return data

    @property
    def given(self) -> dict[str, str | int]:
        """What the site file says about the router, and only that, in the provider's names."""
        values: dict[str, str | int] = self.model_dump(exclude_none=True)
        return {to_camel(key): value for key, value in values.items()}


class NatStaticEntry(Part):
    """A static NAT entry that IKE or ESP needs on a router that masquerades on its WAN side.

    `id` is a free number in the descriptor; `port` goes with udp only; `reason` is shown in
    previews, above the line (command reference 23.8).
    """

    descriptor: Annotated[int, Field(ge=1, le=2147483647)]
    id: Annotated[int, Field(ge=1, le=2147483647)]
    protocol: Literal["esp", "udp"]
    port: Literal[500, 4500] | None = None
    reason: Annotated[str, written_as(r"^[^\r\n]*$", "one line", max_length=120)] = ""


class Office(Part):
    """The office end.

    `lan_address` is the address of the RTX in `lan` (the first one unless given), `local_address`
    the phase 1 identity that the RTX presents (the LAN address unless given).  `policy` is
    100 + `tunnel` and `gateway` is `tunnel` unless given: three number spaces of the RTX.
    `extra_lines` are further lines inside the tunnel's block, as the user wants them.  `filters`
    and `secure_filter` are what the WAN's lists need so that the key exchange and ESP pass.
    `watchdog` lets the RTX renew the SAs when pings through the tunnel fail (see
    `components.office.watchdog` for what it can and cannot do); `keepalive` is the number of its
    line, that of the tunnel unless given.  `ends_by_time_only` takes the byte lifetime away that
    newer revisions give an IPsec SA (command reference 15.48.1).  `in_band`
    consents to changes of the very way that we reach the router by, `allow_unsaved` to saving other
    people's unsaved lines with ours.  `abandon` says that the router is dead or gone: a destroy
    then takes only the cloud end away and never reaches for the router.
    """

    router: Router = Router()
    lan: Prefix
    lan_address: Address | None = None
    wan: Wan
    local_address: Address | None = None
    tunnel: Tunnel = 1
    policy: Annotated[int, Field(ge=1, le=2147483647)] | None = None
    gateway: Tunnel | None = None
    mtu: Annotated[int, Field(ge=64, le=1500)] = 1280
    nat_static: tuple[NatStaticEntry, ...] = ()
    filters: tuple[FilterEntry, ...] = ()
    secure_filter: SecureFilter = SecureFilter()
    watchdog: bool = False
    keepalive: Annotated[int, Field(ge=1, le=100)] | None = None
    ends_by_time_only: bool = False
    extra_lines: str = ""
    in_band: bool = False
    allow_unsaved: bool = False
    abandon: bool = False

    @property
    def router_address(self) -> Address:
        """The address of the RTX in the office LAN."""
        return self.lan_address or hosts(self.lan, 1)[0]

    @property
    def identity(self) -> Address:
        """The phase 1 identity of the RTX."""
        return self.local_address or self.router_address


def contradictions(office: Office) -> Iterator[Problem]:
    """What only shows when the values of the section are seen together."""
    if not 8 <= office.lan.prefixlen <= 32:
        yield Problem("office.lan", str(office.lan), "a prefix from /8 to /32")
    elif nowhere(office.lan):
        yield Problem("office.lan", str(office.lan), "a prefix that hosts may have")
    elif not is_host(office.router_address, office.lan):
        yield Problem(
            "office.lan_address", str(office.router_address), f"an address in {office.lan}"
        )
    if office.local_address and nowhere(office.local_address):
        yield Problem("office.local_address", str(office.local_address), "an address of a host")
    router = office.router
    for name in ("host_key", "via_host_key"):
        yield from cut_off(f"office.router.{name}", getattr(router, name))
    series = MODELS[router.model].series
    if not router.revision.startswith(f"{series}."):
        allowed = f"a revision of an {router.model}, {series}.x, as `show environment` says it"
        yield Problem("office.router.revision", router.revision, allowed)
    numbers = [(n.descriptor, n.id) for n in office.nat_static]
    for index, entry in enumerate(office.nat_static):
        if (entry.descriptor, entry.id) in numbers[:index]:
            yield Problem(f"office.nat_static.{index}.id", str(entry.id), "a number used once")
        if (entry.protocol == "udp") != (entry.port is not None):
            yield Problem(
                f"office.nat_static.{index}.port",
                "nothing" if entry.port is None else str(entry.port),
                "500 or 4500 with protocol udp, nothing with esp",
            )
    if office.wan.inner_address and office.identity == office.wan.address:
        yield Problem(
            "office.local_address",
            f"{office.identity}, which the gateway in front has (office.wan.address)",
            f"an address of the RTX itself, which it speaks from: {office.wan.inner_address} or "
            f"{office.router_address}",
        )
    yield from wan_contradictions(office.wan, office.router.model)
    yield from filter_contradictions(office.filters, office.secure_filter)
