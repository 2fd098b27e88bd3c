"""`SiteToSiteVpn`: one site as a component, a thin shell that wires the resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import pulumi

from . import ipsec
from .cloud.router import vpn_values
from .errors import SpecError
from .office import lacking
from .office.render import render
from .resources import (
    Access,
    AttachedRouter,
    Internet,
    LanArgs,
    OutsideArgs,
    PreSharedKey,
    Provider,
    Switch,
    Tunnel,
    VpcRouter,
    Where,
)
from .site import Cloud, Site
from .site.sections import Interface

T = TypeVar("T")
U = TypeVar("U")


class SiteToSiteVpn(pulumi.ComponentResource):
    """A SAKURA Cloud VPC router and a Yamaha RTX, joined by an IPsec tunnel that carries traffic.

    `psk` is the pre-shared key to use (1 to 40 characters of `A-Za-z0-9_`); left out, one is
    generated.  `access` opens both ends, see `Provider`.  The attributes are the outputs; their
    names and meaning stand in the README.
    """

    psk: pulumi.Output[str]
    vpc_router_address: pulumi.Output[str]
    vpc_router_addresses: pulumi.Output[list[str]]
    office_address: pulumi.Output[str]
    cloud_prefixes: pulumi.Output[list[str]]
    office_prefixes: pulumi.Output[list[str]]
    rtx_config: pulumi.Output[str]
    agreement: pulumi.Output[list[dict[str, Any]]]
    verified: pulumi.Output[Mapping[str, Any]]
    router_id: pulumi.Output[str]

    OUTPUTS = (
        "psk",
        "vpc_router_address",
        "vpc_router_addresses",
        "office_address",
        "cloud_prefixes",
        "office_prefixes",
        "rtx_config",
        "agreement",
        "verified",
        "router_id",
    )

    def __init__(
        self,
        name: str,
        site: Site,
        *,
        psk: pulumi.Input[str] | None = None,
        access: Access | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        _check(psk)
        super().__init__("sakurartx:index:SiteToSiteVpn", name, {}, opts)
        provider = Provider(f"{name}-access", access, pulumi.ResourceOptions(parent=self))
        child = pulumi.ResourceOptions(parent=self, provider=provider)
        agreement, office, cloud = site.agreement, site.office_end, site.cloud
        for code, text in ipsec.weaknesses(agreement.proposal).items():
            if code not in site.accept:
                pulumi.log.warn(f"{text} is weak; accept it with `accept: {{{code}: why}}`", self)

        key = PreSharedKey(f"{name}-psk", {"version": site.psk_version, "value": psk}, child)
        where: Where = {"zone": cloud.zone, "rehearsal": site.rehearsal or None}
        router = (
            _attached_router(name, site, where, child)
            if cloud.attach
            else _own_router(name, site, where, child)
        )
        numbers = {"tunnel": office.tunnel, "policy": office.policy, "gateway": office.gateway}
        tunnel = Tunnel(
            f"{name}-tunnel",
            {
                **where,
                "routerId": router.id,
                "attached": True if cloud.attach else None,
                "address": router.address,
                "lines": render(agreement, office),
                "cloud": vpn_values(agreement),
                "psk": key.value,
                "pskVersion": site.psk_version,
                "numbers": numbers,
                "router": site.office.router.given,
                "consent": {
                    "inBand": site.office.in_band,
                    "allowUnsaved": site.office.allow_unsaved,
                    "accept": [code for code in site.accept if code in lacking.CODES] or None,
                    "omittedSecrets": cloud.omitted_secrets,
                    "sharedParameters": cloud.shared_parameters,
                },
                "verify": {
                    "target": str(site.target),
                    "source": str(office.lan_address),
                    "seconds": site.verify.seconds,
                    "mtu": office.mtu,
                    "onFailure": site.verify.on_failure,
                },
            },
            child,
        )

        self.psk = tunnel.psk
        self.vpc_router_address = router.address
        self.vpc_router_addresses = _then(router.realAddresses, list)
        self.office_address = pulumi.Output.from_input(str(agreement.office_address))
        self.cloud_prefixes = pulumi.Output.from_input([str(agreement.cloud_prefix)])
        self.office_prefixes = pulumi.Output.from_input([str(agreement.office_prefix)])
        self.rtx_config = tunnel.lines
        self.agreement = router.address.apply(lambda vip: ipsec.rows(agreement, vip))
        self.verified = tunnel.verified
        self.router_id = router.id
        self.register_outputs(self.outputs)

    @property
    def outputs(self) -> dict[str, pulumi.Output[Any]]:
        """Everything that a stack exports, by name."""
        return {name: getattr(self, name) for name in self.OUTPUTS}


def _then(output: pulumi.Output[T], what: Callable[[T], U]) -> pulumi.Output[U]:
    """What follows from an output; nothing from what `--target` leaves unmade."""
    return output.apply(lambda value: cast(U, None) if value is None else what(value))


def _own_router(name: str, site: Site, where: Where, opts: pulumi.ResourceOptions) -> VpcRouter:
    """The VPC router of this stack, and what it stands on."""
    cloud = site.cloud
    lan, *more = (_interface(name, cloud, one, where, opts) for one in cloud.private)
    outside, aliases = _outside(name, cloud, where, opts)
    return VpcRouter(
        f"{name}-router",
        {
            **where,
            **outside,
            "name": f"{name}-router",
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


def _sections(
    cloud: Cloud, aliases: pulumi.Output[list[str]]
) -> pulumi.Input[dict[str, Any]] | None:
    """The sections that the site names; known in the first preview unless they need an alias."""
    if cloud.names_aliases:
        return aliases.apply(cloud.inputs)
    return cloud.inputs([]) or None


def _interface(
    name: str, cloud: Cloud, one: Interface, where: Where, opts: pulumi.ResourceOptions
) -> LanArgs:
    """A private interface, with a switch of its own unless one is given."""
    label = "lan" if one.nic == cloud.lan_nic else f"eth{one.nic}"
    switch: pulumi.Input[str] = (
        one.switch_id or Switch(f"{name}-{label}", {**where, "name": f"{name}-{label}"}, opts).id
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
            "name": f"{name}-wan",
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
    name: str, site: Site, where: Where, opts: pulumi.ResourceOptions
) -> AttachedRouter:
    """The VPC router of another stack; the address that we ping is checked unless given."""
    cloud = site.cloud
    assert cloud.attach is not None
    vip = cloud.attach.vip
    return AttachedRouter(
        f"{name}-router",
        {
            **where,
            "routerId": cloud.attach.router_id,
            "lan": str(cloud.lan),
            "vip": None if vip is None else str(vip),
            "cloud": vpn_values(site.agreement),
            "sharedParameters": cloud.shared_parameters,
            "lanAddress": None if site.verify.target else str(cloud.lan_vip),
        },
        opts,
    )


def _check(psk: pulumi.Input[str] | None) -> None:
    """Refuse a key that the API would refuse before anything is registered, if it is known."""
    if isinstance(psk, str) and (problem := ipsec.key_problem(psk, "psk")):
        raise SpecError([problem], source="stack configuration")
