"""The cloud end of a site in a Pulumi program: made, used, or only known by its address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar, cast

import pulumi

from .cloud.router import vpn_values
from .errors import Problem, SpecError
from .resources import (
    AttachedRouter,
    Internet,
    LanArgs,
    OutsideArgs,
    Switch,
    VpcRouter,
    Where,
)
from .site import Cloud, Site
from .site.cloud import MOST_NAME
from .site.sections import Interface

T = TypeVar("T")
U = TypeVar("U")


def _then(output: pulumi.Output[T], what: Callable[[T], U]) -> pulumi.Output[U]:
    """What follows from an output; nothing from what `--target` leaves unmade."""
    return output.apply(lambda value: cast(U, None) if value is None else what(value))


class CloudEnd(NamedTuple):
    """What the office end and the outputs need of the VPC router."""

    router_id: pulumi.Output[str]
    address: pulumi.Output[str]
    addresses: pulumi.Output[list[str]]
    attached: bool


def cloud_end(
    name: str,
    site: Site,
    router_id: pulumi.Input[str] | None,
    child: pulumi.ResourceOptions,
    after: pulumi.ResourceOptions,
) -> CloudEnd:
    """The VPC router: made, used, or only known by its address.

    Whoever uses one with other sites of the program comes `after` them.
    """
    cloud = site.cloud
    if cloud.elsewhere:
        known = pulumi.Output.from_input
        return CloudEnd(known(""), known(str(cloud.elsewhere.vip)), known([]), True)
    where: Where = {"zone": cloud.zone, "rehearsal": site.rehearsal or None}
    if router_id is None and cloud.attach:
        router_id = cloud.attach.router_id
    router = (
        _own_router(name, site, where, child)
        if router_id is None
        else _attached_router(name, site, router_id, where, after)
    )
    addresses = _then(router.realAddresses, list)
    return CloudEnd(router.id, router.address, addresses, router_id is not None)


def _own_router(name: str, site: Site, where: Where, opts: pulumi.ResourceOptions) -> VpcRouter:
    """The VPC router of this stack, and what it stands on."""
    cloud = site.cloud
    if problems := list(_long_names(name, cloud)):
        raise SpecError(problems, source=name)
    lan, *more = (_interface(name, cloud, one, where, opts) for one in cloud.private)
    outside, aliases = _outside(name, cloud, where, opts)
    return VpcRouter(
        f"{name}-router",
        {
            **where,
            **outside,
            "name": cloud.names.router or f"{name}-router",
            "plan": cloud.plan,
            "version": cloud.version,
            "lan": lan,
            "interfaces": more or None,
            "aliases": None if cloud.aliases is None else aliases,
            "sections": _sections(cloud, aliases),
            "ownPeer": str(site.agreement.office_address),
            "omittedSecrets": cloud.omitted_secrets,
        },
        opts,
    )


def _long_names(name: str, cloud: Cloud) -> Iterator[Problem]:
    """Names that follow from the component's and that the API would refuse: the router's only once
    its network is there and costs money."""
    made = {
        "names.router": (cloud.names.router, "router"),
        "names.router_switch": (cloud.names.router_switch, "wan"),
        "names.lan": (cloud.names.lan, "lan"),
    }
    made |= {
        f"interfaces.{index}.switch_id": (one.switch_id, f"eth{one.nic}")
        for index, one in enumerate(cloud.interfaces)
    }
    for key, (given, last) in made.items():
        if given is None and len(called := f"{name}-{last}") > MOST_NAME:
            found = f"nothing, which makes {called} of {len(called)} characters"
            yield Problem(f"cloud.{key}", found, f"a value, or a name of {MOST_NAME} at most")


def _sections(
    cloud: Cloud, aliases: pulumi.Output[list[str]]
) -> pulumi.Input[dict[str, Any]] | None:
    """The sections that the site names; known in the first preview unless they need an alias."""
    if cloud.names_aliases:
        return _then(aliases, cloud.inputs)
    return cloud.inputs([]) or None


def _interface(
    name: str, cloud: Cloud, one: Interface, where: Where, opts: pulumi.ResourceOptions
) -> LanArgs:
    """A private interface, with a switch of its own unless one is given."""
    label = "lan" if one.nic == cloud.lan_nic else f"eth{one.nic}"
    called = (cloud.names.lan if label == "lan" else None) or f"{name}-{label}"
    switch: pulumi.Input[str] = (
        one.switch_id or Switch(f"{name}-{label}", {**where, "name": called}, opts).id
    )
    nic: LanArgs = {
        "switchId": switch,
        "address": str(one.vip),
        "realAddresses": [str(a) for a in one.reals],
        "prefixLength": one.prefix.prefixlen,
    }
    if cloud.plan == "standard":  # one node, one address
        del nic["address"]
        nic["realAddresses"] = [str(one.vip)]
    return nic if one.nic == 1 else nic | {"nic": one.nic}


def _outside(
    name: str, cloud: Cloud, where: Where, opts: pulumi.ResourceOptions
) -> tuple[OutsideArgs, pulumi.Output[list[str]]]:
    """Where eth0 stands: nowhere of ours on the standard plan; and its further addresses."""
    if cloud.plan == "standard":
        return {}, pulumi.Output.from_input([])
    internet = Internet(
        f"{name}-internet",
        {
            **where,
            "name": cloud.names.router_switch or f"{name}-wan",
            "prefixLength": cloud.router_switch.prefix_length,
            "bandwidthMbps": cloud.router_switch.bandwidth_mbps,
        },
        opts,
    )
    chosen = _then(internet.addresses, lambda block: cloud.outside(list(block)))
    eth0: OutsideArgs = {
        "switchId": internet.switchId,
        "address": _then(chosen, lambda c: c[0]),
        "realAddresses": _then(chosen, lambda c: c[1]),
        "vrid": cloud.vrid,
    }
    return eth0, _then(chosen, lambda c: c[2])


def _attached_router(
    name: str,
    site: Site,
    router_id: pulumi.Input[str],
    where: Where,
    opts: pulumi.ResourceOptions,
) -> AttachedRouter:
    """A VPC router that others made; the address that we ping is checked unless given."""
    cloud = site.cloud
    vip = cloud.attach.vip if cloud.attach else None
    return AttachedRouter(
        f"{name}-router",
        {
            **where,
            "routerId": router_id,
            "lan": str(cloud.lan),
            "vip": None if vip is None else str(vip),
            "cloud": vpn_values(site.agreement),
            "sharedParameters": cloud.shared_parameters,
            "lanAddress": None if site.verify.target else str(cloud.lan_vip),
        },
        opts,
    )
