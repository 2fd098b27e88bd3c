"""The site as the user writes it: stack configuration in, validated and typed values out.

This is the only place that knows the keys of the site file.  Every problem is reported with its
path in the file, what was found and what is allowed, all of them at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import Field

from ..errors import Problem, SpecError
from ..ipsec import Agreement, DeadPeerDetection, Proposal
from ..office.filters import Filter
from ..office.render import NatStatic, OfficeSite
from ..office.watchdog import Watchdog
from .base import Address, Part
from .cloud import OF_VERSION_1, Cloud
from .cloud import contradictions as cloud_contradictions
from .office import MOST_TUNNELS, Office
from .office import contradictions as office_contradictions
from .problems import problem
from .tunnel import Ipsec, Verify

__all__ = ["Cloud", "Ipsec", "Office", "Site", "Verify", "site_of"]


# Findings that a user may accept by their code, with a reason.
Accepted = Literal[
    "weak-dh-group",
    "weak-hash",
    "short-key",
    "nat-static-missing",
    "nat-static-given-away",
    "filter-blocks-ike",
    "filter-blocks-esp",
    "filter-blocks-ike-out",
    "filter-blocks-esp-out",
    "route-peer-inside-tunnel",
    "peer-route-not-pinned",
]


class Site(Part):
    """One office and its cloud end."""

    rehearsal: bool = False
    cloud: Cloud
    office: Office
    ipsec: Ipsec = Ipsec()
    verify: Verify = Verify()
    psk_version: Annotated[int, Field(ge=1)] = 1
    accept: dict[Accepted, str] = Field(default={})

    @classmethod
    def parse(cls, data: object, *, source: str = "site") -> Self:
        """The site that `data` (what the YAML says) describes.

        Raises `SpecError` with every problem.
        """
        try:
            site = cls.model_validate(data)
        except pydantic.ValidationError as err:
            raise SpecError(map(problem, err.errors()), source=source) from None
        problems = list(_contradictions(site))
        if problems:
            raise SpecError(problems, source=source)
        return site

    @property
    def target(self) -> Address:
        """The address that must answer: that of the VPC router in the cloud LAN unless given."""
        return self.verify.target or self.cloud.lan_vip

    @property
    def vip(self) -> Address | None:
        """The address of the VPC router, if the site file says it."""
        attach = self.cloud.attach
        return attach.vip if attach else self.cloud.address

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
            filters=tuple(
                Filter(f.number, f.direction, f.protocol, f.reason) for f in office.filters
            ),
            lists=office.secure_filter.given,
            peer_gateway=office.wan.peer_gateway or "",
            wan_address=office.wan.inner_address,
            watchdog=(
                Watchdog(office.keepalive or office.tunnel, self.target)
                if office.watchdog
                else None
            ),
            model=office.router.model,
            revision=office.router.revision,
            ends_by_time_only=office.ends_by_time_only,
        )


# --- what only shows when the parts are seen together


def _contradictions(site: Site) -> Iterator[Problem]:
    yield from cloud_contradictions(site.cloud)
    yield from office_contradictions(site.office)
    office, cloud = site.office, site.cloud
    if office.lan.overlaps(cloud.lan):
        yield Problem(
            "office.lan",
            f"{office.lan}, which overlaps cloud.lan {cloud.lan}",
            "prefixes that share no address: the office could not tell which side is meant",
        )
    lans = (("office.lan", office.lan), ("cloud.lan", cloud.lan))
    for (path, lan), name in itertools.product(lans, ("address", "inner_address")):
        outside = getattr(office.wan, name)
        if outside and outside in lan:
            yield Problem(f"office.wan.{name}", f"{outside}, inside {path}", "the address outside")
    most = MOST_TUNNELS[office.router.model]
    for name, number in (("tunnel", office.tunnel), ("gateway", office.gateway or 1)):
        if number > most:
            yield Problem(f"office.{name}", str(number), f"1 to {most} on an {office.router.model}")
    if site.target not in cloud.lan:
        yield Problem("verify.target", str(site.target), f"an address in cloud.lan {cloud.lan}")
    for index, one in enumerate(cloud.interfaces):
        if office.lan.overlaps(one.prefix):
            yield Problem(
                f"cloud.interfaces.{index}.prefix",
                f"{one.prefix}, which overlaps office.lan {office.lan}",
                "a prefix that the office does not have",
            )
    if cloud.version == 1:  # that it knows nothing else is inferred (sakura-vpcrouter-api 6.1)
        for name, only in OF_VERSION_1.items():
            if (found := getattr(site.ipsec, name)) != only:
                allowed = f"{only}, all that a router of version 1 knows"
                yield Problem(f"ipsec.{name}", found, allowed)
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


def site_of(config: Mapping[str, Any], project: str = "sakura-rtx-vpn") -> Site:
    """The site in the `config` section of a stack file (`Pulumi.<site>.yaml`), read without Pulumi.

    Raises `SpecError`.
    """
    key = f"{project}:site"
    if key not in config:
        raise SpecError([Problem(key, "nothing", "the description of the site")])
    return Site.parse(config[key])
