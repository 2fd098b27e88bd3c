"""The site as the user writes it: stack configuration in, validated and typed values out.

This is the only place that knows the keys of the site file.  Every problem is reported with its
path in the file, what was found and what is allowed, all of them at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self

import pydantic
import yaml
from pydantic import Field

from ..errors import Problem, SpecError
from ..ipsec import MODELS, Agreement, DeadPeerDetection
from ..office.filters import Filter
from ..office.render import NatStatic, OfficeSite
from ..office.wan import not_global
from ..office.watchdog import Watchdog
from ..stack_file import loaded, unreadable
from .accept import Accepted
from .base import Address, Part, is_host
from .cloud import Cloud
from .cloud import contradictions as cloud_contradictions
from .office import Office
from .office import contradictions as office_contradictions
from .probes import Probe
from .probes import contradictions as probe_contradictions
from .problems import problem
from .tunnel import Ipsec, Verify
from .tunnel import contradictions as ipsec_contradictions

__all__ = ["Cloud", "Ipsec", "Office", "Site", "Verify", "site_of"]


class Site(Part):
    """One office and its cloud end."""

    rehearsal: bool = False
    cloud: Cloud
    office: Office
    ipsec: Ipsec = Ipsec()
    verify: Verify = Verify()
    psk_version: Annotated[int, Field(ge=1)] = 1
    accept: Accepted = Field(default={})
    probes: tuple[Probe, ...] = ()

    @classmethod
    def parse(cls, data: object, *, source: str = "site") -> Self:
        """The site that `data` (what the YAML says) describes.

        Raises `SpecError` with every problem.
        """
        try:
            site = cls.model_validate(data)
        except pydantic.ValidationError as err:
            problems = [problem(each, cls) for each in err.errors()]
            raise SpecError(problems, source=source) from None
        if contradictions := list(_contradictions(site)):
            raise SpecError(contradictions, source=source)
        return site

    @classmethod
    def load(cls, file: str | Path) -> Self:
        """The site that stands alone in a YAML file, as a program of one's own reads it.

        Raises `SpecError`, also for a file that cannot be read.
        """
        try:
            data = loaded(Path(file).read_text("utf-8"))
        except OSError as err:
            found = err.strerror or str(err)
            raise SpecError([Problem(str(file), found, "a file that can be read")]) from None
        except UnicodeDecodeError:
            raise SpecError([Problem(str(file), "not UTF-8", "a YAML file in UTF-8")]) from None
        except yaml.YAMLError as err:
            raise SpecError([Problem(str(file), unreadable(err), "YAML")]) from None
        return cls.parse(data, source=str(file))

    @property
    def target(self) -> Address:
        """The address that must answer: that of the VPC router in the cloud LAN unless given."""
        return self.verify.target or self.cloud.lan_vip

    @property
    def vip(self) -> Address | None:
        """The address of the VPC router, if the site file says it."""
        there = self.cloud.elsewhere or self.cloud.attach
        return there.vip if there else self.cloud.address

    @property
    def agreement(self) -> Agreement:
        """What both ends share; the address of the VPC router is not known here."""
        wanted = self.ipsec
        return Agreement(
            office_address=self.office.wan.address,
            office_identity=self.office.identity,
            office_prefix=self.office.lan,
            cloud_prefix=self.cloud.lan,
            proposal=wanted.proposal(self.cloud.version),
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


_OUTSIDE: Final = {
    "address": "the global address that the VPC router calls, outside of both prefixes",
    "inner_address": "the RTX's address in a network of its own between it and the gateway in "
    "front (an RTX that stands in the gateway's LAN with one leg is not offered)",
}


def _contradictions(site: Site) -> Iterator[Problem]:
    yield from cloud_contradictions(site.cloud)
    yield from office_contradictions(site.office)
    yield from probe_contradictions(site.probes)
    office, cloud = site.office, site.cloud
    if office.lan.overlaps(cloud.lan):
        yield Problem(
            "office.lan",
            f"{office.lan}, which overlaps cloud.lan {cloud.lan}",
            "prefixes that share no address: the office could not tell which side is meant",
        )
    lans = (("office.lan", office.lan), ("cloud.lan", cloud.lan))
    for (path, lan), (name, allowed) in itertools.product(lans, _OUTSIDE.items()):
        outside = getattr(office.wan, name)
        if outside and outside in lan:
            yield Problem(f"office.wan.{name}", f"{outside}, inside {path}", allowed)
    most = MODELS[office.router.model].tunnels
    for name, number in (("tunnel", office.tunnel), ("gateway", office.gateway or 1)):
        if number > most:
            yield Problem(f"office.{name}", str(number), f"1 to {most} on an {office.router.model}")
    if not is_host(site.target, cloud.lan):
        yield Problem("verify.target", str(site.target), f"a host in cloud.lan {cloud.lan}")
    yield from _vip_problems(site)
    for index, route in enumerate(cloud.static_routes or ()):
        if route.prefix.subnet_of(office.lan):
            yield Problem(
                f"cloud.static_routes.{index}.prefix",
                f"{route.prefix}, in office.lan {office.lan}",
                "a prefix that the tunnel does not lead to",
            )
    for index, one in enumerate(cloud.interfaces):
        if office.lan.overlaps(one.prefix):
            yield Problem(
                f"cloud.interfaces.{index}.prefix",
                f"{one.prefix}, which overlaps office.lan {office.lan}",
                "a prefix that the office does not have",
            )
    yield from ipsec_contradictions(site.ipsec, cloud.version)
    if cloud.elsewhere and site.verify.prove_recovery:
        allowed = "false beside cloud.elsewhere; `sakura-rtx prove-recovery` measures it there too"
        yield Problem("verify.prove_recovery", "true", allowed)
    if not site.rehearsal:
        for name in ("host", "user"):
            if getattr(office.router, name) is None:
                yield Problem(f"office.router.{name}", "nothing", "this key is required")


def _vip_problems(site: Site) -> Iterator[Problem]:
    """What is wrong with the address of the VPC router, where the site file says it."""
    cloud = site.cloud
    place = next(
        (f"cloud.{name}.vip" for name in ("elsewhere", "attach") if getattr(cloud, name)),
        "cloud.address",
    )
    if (vip := site.vip) is None:
        return
    allowed = "the global address of the VPC router"
    if why := not_global(vip):
        yield Problem(place, f"{vip}, which is {why}", allowed)
    if vip == site.office.wan.address:
        yield Problem(place, f"{vip}, which is office.wan.address", allowed)
    for path, lan in (("office.lan", site.office.lan), ("cloud.lan", cloud.lan)):
        if vip in lan:
            yield Problem(place, f"{vip}, inside {path}", allowed)


def site_of(
    config: Mapping[str, Any], project: str = "sakura-rtx-vpn", *, source: str = "site file"
) -> Site:
    """The site in the `config` section of a stack file (`Pulumi.<site>.yaml`), read without Pulumi.

    Raises `SpecError`.
    """
    key = f"{project}:site"
    if key not in config:
        raise SpecError([Problem(key, "nothing", "the description of the site")], source=source)
    return Site.parse(config[key], source=source)
