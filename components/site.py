"""The site as the user writes it: stack configuration in, validated and typed values out.

This is the only place that knows the keys of the site file.  Every problem is reported with its
path in the file, what was found and what is allowed, all of them at once.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import Field

from .errors import Problem, SpecError
from .ipsec import Agreement, DeadPeerDetection, Proposal
from .office.render import NatStatic, OfficeSite

Prefix = IPv4Network
Address = IPv4Address
Tunnel = Annotated[int, Field(ge=1, le=100)]

# Tunnel and gateway numbers by model: command reference 1.6 (more with a licence on some models).
MOST_TUNNELS = {"RTX1220": 100, "RTX1210": 100, "RTX1300": 100, "RTX830": 20}


class _Part(pydantic.BaseModel):
    """A section of the site file: no unknown keys, immutable once read."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class RouterSwitch(_Part):
    """The router+switch: block of public addresses and bandwidth (sakura-vpcrouter-api 3)."""

    prefix_length: Literal[26, 27, 28] = 28
    bandwidth_mbps: (
        Literal[100, 250, 500] | Annotated[int, Field(ge=1000, le=10000, multiple_of=500)]
    ) = 100


class Cloud(_Part):
    """The cloud end.

    `lan` is the prefix behind the VPC router (/16 to /29).  The router takes the first three
    addresses of it unless `lan_address` (the VIP) and `lan_real_addresses` (one for each of its
    two nodes) are given.  `vrid` (1 to 255) must differ from other VRRP users on the same switch.
    """

    zone: Literal["tk1a", "tk1b", "tk1v", "is1a", "is1b", "is1c"]
    lan: Prefix
    plan: Literal["premium", "highspec", "highspec4000"] = "premium"
    version: Literal[1, 2] = 2
    router_switch: RouterSwitch = RouterSwitch()
    vrid: Annotated[int, Field(ge=1, le=255)] = 10
    lan_address: Address | None = None
    lan_real_addresses: tuple[Address, Address] | None = None

    @property
    def lan_vip(self) -> Address:
        """The address of the VPC router in the cloud LAN."""
        return self.lan_address or _hosts(self.lan, 1)[0]

    @property
    def lan_reals(self) -> tuple[Address, Address]:
        """The addresses of the two nodes in the cloud LAN."""
        if self.lan_real_addresses:
            return self.lan_real_addresses
        first, second = [a for a in _hosts(self.lan, 3) if a != self.lan_vip][:2]
        return first, second


class Router(_Part):
    """The RTX and the way to it; `host_key` is an OpenSSH public key line and pins the router."""

    model: Literal["RTX1220", "RTX1210", "RTX830", "RTX1300"] = "RTX1220"
    revision: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")] = "15.04.03"
    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")] | None = None
    host_key: Annotated[str, Field(pattern=r"^(ssh|ecdsa)-\S+ [A-Za-z0-9+/=]+( .*)?$")] | None = (
        None
    )


class Wan(_Part):
    """How the office is connected: a fixed global address on a LAN interface of the RTX."""

    kind: Literal["fixed"] = "fixed"
    interface: Annotated[str, Field(pattern=r"^lan[1-9]$")] = "lan2"
    address: Address


class NatStaticEntry(_Part):
    """A static NAT entry that IKE or ESP needs on a router that masquerades on its WAN side.

    `id` is a free number in the descriptor; `port` goes with udp only; `reason` is shown in
    previews, above the line (command reference 23.8).
    """

    descriptor: Annotated[int, Field(ge=1, le=2147483647)]
    id: Annotated[int, Field(ge=1, le=2147483647)]
    protocol: Literal["esp", "udp"]
    port: Literal[500, 4500] | None = None
    reason: Annotated[str, Field(pattern=r"^[^\r\n]*$", max_length=120)] = ""


class Office(_Part):
    """The office end.

    `lan_address` is the address of the RTX in `lan` (the first one unless given), `local_address`
    the phase 1 identity that the RTX presents (the LAN address unless given).  `policy` is
    100 + `tunnel` and `gateway` is `tunnel` unless given: three number spaces of the RTX.
    `extra_lines` are further lines inside the tunnel's block, as the user wants them.
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
    extra_lines: str = ""

    @property
    def router_address(self) -> Address:
        """The address of the RTX in the office LAN."""
        return self.lan_address or _hosts(self.lan, 1)[0]

    @property
    def identity(self) -> Address:
        """The phase 1 identity of the RTX."""
        return self.local_address or self.router_address


class Dpd(_Part):
    """Dead peer detection, seconds (sakura-vpcrouter-api 2.9; command reference 15.20)."""

    interval: Annotated[int, Field(ge=1, le=600)] = 15
    timeout: Annotated[int, Field(ge=1)] = 30


_Lifetime = Annotated[int, Field(ge=300, le=691200)]  # seconds; command reference 15.48.1


class Ipsec(_Part):
    """Algorithms and lifetimes: only what both ends have."""

    encryption: Literal["aes128", "aes256"] = "aes256"
    hash: Literal["sha1", "sha256"] = "sha256"
    dh_group: Literal["modp1024", "modp2048"] = "modp2048"
    ike_lifetime: _Lifetime = 28800
    esp_lifetime: _Lifetime = 1800
    dpd: Dpd = Dpd()


class Verify(_Part):
    """The proof by traffic: which address must answer, for how long it is tried (seconds).

    `on_failure`: `back` puts both ends back, `keep` leaves them; unless given, a first creation
    keeps (an ISP's filter must not make everything vanish) and a change goes back.
    """

    target: Address | None = None
    seconds: Annotated[int, Field(ge=30, le=900)] = 120
    on_failure: Literal["back", "keep"] | None = None


class Site(_Part):
    """One office and its cloud end."""

    rehearsal: bool = False
    cloud: Cloud
    office: Office
    ipsec: Ipsec = Ipsec()
    verify: Verify = Verify()
    psk_version: Annotated[int, Field(ge=1)] = 1
    accept: dict[Literal["weak-dh-group", "weak-hash", "short-key"], str] = {}

    @classmethod
    def parse(cls, data: object, *, source: str = "site") -> Self:
        """The site that `data` (what the YAML says) describes.

        Raises `SpecError` with every problem.
        """
        try:
            site = cls.model_validate(data)
        except pydantic.ValidationError as err:
            raise SpecError(map(_problem, err.errors()), source=source) from None
        problems = list(_contradictions(site))
        if problems:
            raise SpecError(problems, source=source)
        return site

    @property
    def target(self) -> Address:
        """The address that must answer: that of the VPC router in the cloud LAN unless given."""
        return self.verify.target or self.cloud.lan_vip

    @property
    def agreement(self) -> Agreement:
        """What both ends share; the address of the VPC router is not known here."""
        wanted = self.ipsec
        return Agreement(
            office_address=self.office.wan.address,
            office_identity=self.office.identity,
            office_prefix=self.office.lan,
            cloud_prefix=self.cloud.lan,
            proposal=Proposal(wanted.encryption, wanted.hash, wanted.dh_group),
            ike_lifetime=wanted.ike_lifetime,
            esp_lifetime=wanted.esp_lifetime,
            dpd=DeadPeerDetection(wanted.dpd.interval, wanted.dpd.timeout),
        )

    @property
    def office_end(self) -> OfficeSite:
        """What the rendering of the RTX's lines needs beside the agreement."""
        office = self.office
        return OfficeSite(
            lan=office.lan,
            lan_address=office.router_address,
            wan_interface=office.wan.interface,
            tunnel=office.tunnel,
            policy=office.policy or 100 + office.tunnel,
            gateway=office.gateway or office.tunnel,
            nat_static=tuple(
                NatStatic(n.descriptor, n.id, n.protocol, n.port, n.reason)
                for n in office.nat_static
            ),
            mtu=office.mtu,
            extra_lines=tuple(line for line in office.extra_lines.splitlines() if line.strip()),
        )


def _hosts(prefix: Prefix, count: int) -> list[Address]:
    return list(islice(prefix.hosts(), count))


# --- what pydantic says, in this project's words

_ALLOWED = {
    "missing": "this key is required",
    "extra_forbidden": "no such key here (see the list of keys in the README)",
    "literal_error": "{expected}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "multiple_of": "100, 250, 500, or 1000 to 10000 in steps of {multiple_of}",
    "ip_v4_address": "an IPv4 address such as 192.168.1.1",
    "ip_v4_network": "an IPv4 prefix /0 to /32 with no host bits set, such as 192.168.1.0/24",
    "string_pattern_mismatch": "text that matches {pattern}",
}


def _problem(error: Any) -> Problem:
    path = ".".join(str(step) for step in error["loc"] if not str(step).startswith("constrained-"))
    template = _ALLOWED.get(error["type"])
    allowed = template.format(**error.get("ctx", {})) if template else error["msg"]
    value = error["input"]
    if error["type"] == "missing":
        found = "nothing"
    elif error["type"].startswith("ip_v4_network") and isinstance(value, list):
        found = f"{len(value)} prefixes"
        allowed = "one prefix" + _supernet(value)
    else:
        found = repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "..."
    return Problem(path or "site", found, allowed)


def _supernet(values: list[Any]) -> str:
    """The smallest prefix that covers them all, as a proposal; nothing if they are unusable."""
    try:
        prefixes = [IPv4Network(v) for v in values]
    except ValueError:
        return ""
    cover = functools.reduce(_cover, prefixes) if prefixes else None
    return f" per tunnel; {cover} would cover them" if cover else ""


def _cover(a: Prefix, b: Prefix) -> Prefix:
    while not b.subnet_of(a):
        a = a.supernet()
    return a


# --- what only shows when the parts are seen together


def _contradictions(site: Site) -> Iterator[Problem]:
    yield from _cloud_lan(site.cloud)
    yield from _office_lan(site.office)
    office, cloud = site.office, site.cloud
    if office.lan.overlaps(cloud.lan):
        yield Problem(
            "office.lan",
            f"{office.lan}, which overlaps cloud.lan {cloud.lan}",
            "prefixes that share no address: the office could not tell which side is meant",
        )
    for path, lan in (("office.lan", office.lan), ("cloud.lan", cloud.lan)):
        if office.wan.address in lan:
            yield Problem(
                "office.wan.address", f"{office.wan.address}, inside {path}", "the address outside"
            )
    most = MOST_TUNNELS[office.router.model]
    for name, number in (("tunnel", office.tunnel), ("gateway", office.gateway or 1)):
        if number > most:
            yield Problem(f"office.{name}", str(number), f"1 to {most} on an {office.router.model}")
    if site.target not in cloud.lan:
        yield Problem("verify.target", str(site.target), f"an address in cloud.lan {cloud.lan}")
    dpd = site.ipsec.dpd
    if dpd.timeout % dpd.interval or not 1 <= dpd.timeout // dpd.interval <= 50:
        yield Problem(
            "ipsec.dpd.timeout",
            f"{dpd.timeout} with interval {dpd.interval}",
            "1 to 50 times the interval: the RTX counts questions, not seconds",
        )
    if not site.rehearsal:
        for name in ("host", "user"):
            if getattr(office.router, name) is None:
                yield Problem(f"office.router.{name}", "nothing", "this key is required")


def _cloud_lan(cloud: Cloud) -> Iterator[Problem]:
    if not 16 <= cloud.lan.prefixlen <= 29:
        yield Problem("cloud.lan", str(cloud.lan), "a prefix from /16 to /29")
        return
    addresses = [cloud.lan_vip, *cloud.lan_reals]
    for name, address in zip(
        ("lan_address", "lan_real_addresses.0", "lan_real_addresses.1"), addresses, strict=True
    ):
        if not _is_host(address, cloud.lan):
            yield Problem(f"cloud.{name}", str(address), f"an address of a host in {cloud.lan}")
    if len(set(addresses)) < 3:
        yield Problem(
            "cloud.lan_real_addresses",
            " ".join(map(str, addresses[1:])),
            f"two different addresses beside the VIP {cloud.lan_vip}",
        )


def _office_lan(office: Office) -> Iterator[Problem]:
    if not 8 <= office.lan.prefixlen <= 32:
        yield Problem("office.lan", str(office.lan), "a prefix from /8 to /32")
    elif not _is_host(office.router_address, office.lan):
        yield Problem(
            "office.lan_address", str(office.router_address), f"an address in {office.lan}"
        )
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


def _is_host(address: Address, prefix: Prefix) -> bool:
    if prefix.prefixlen >= 31:
        return address in prefix
    return address in prefix and address not in (prefix.network_address, prefix.broadcast_address)


def site_of(config: Mapping[str, Any], project: str = "sakura-rtx-vpn") -> Site:
    """The site in the `config` section of a stack file (`Pulumi.<site>.yaml`), read without Pulumi.

    Raises `SpecError`.
    """
    key = f"{project}:site"
    if key not in config:
        raise SpecError([Problem(key, "nothing", "the description of the site")])
    return Site.parse(config[key])
