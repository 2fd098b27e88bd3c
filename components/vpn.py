"""`SiteToSiteVpn`: one site as a component, a thin shell that wires the resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from . import ipsec
from .cloud.router import vpn_values
from .errors import SpecError
from .office.render import render
from .resources import (
    Access,
    Internet,
    PreSharedKey,
    Provider,
    Switch,
    Tunnel,
    VpcRouter,
    Where,
)
from .site import Site


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
        internet = Internet(
            f"{name}-internet",
            {
                **where,
                "name": f"{name}-wan",
                "prefixLength": cloud.router_switch.prefix_length,
                "bandwidthMbps": cloud.router_switch.bandwidth_mbps,
            },
            child,
        )
        lan = Switch(f"{name}-lan", {**where, "name": f"{name}-lan"}, child)
        addresses = internet.addresses
        router = VpcRouter(
            f"{name}-router",
            {
                **where,
                "name": f"{name}-router",
                "plan": cloud.plan,
                "version": cloud.version,
                "switchId": internet.switchId,
                # The first three addresses of the block, as all clients of the API take them.
                "address": addresses.apply(lambda a: a[0]),
                "realAddresses": addresses.apply(lambda a: a[1:3]),
                "vrid": cloud.vrid,
                "lan": {
                    "switchId": lan.id,
                    "address": str(cloud.lan_vip),
                    "realAddresses": [str(a) for a in cloud.lan_reals],
                    "prefixLength": cloud.lan.prefixlen,
                },
            },
            child,
        )
        numbers = {"tunnel": office.tunnel, "policy": office.policy, "gateway": office.gateway}
        tunnel = Tunnel(
            f"{name}-tunnel",
            {
                **where,
                "routerId": router.id,
                "address": router.address,
                "lines": render(agreement, office),
                "cloud": vpn_values(agreement),
                "psk": key.value,
                "pskVersion": site.psk_version,
                "numbers": numbers,
                "router": _given(site.office.router),
                "consent": {
                    "inBand": site.office.in_band,
                    "allowUnsaved": site.office.allow_unsaved,
                    "omittedSecrets": cloud.omitted_secrets,
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
        self.vpc_router_addresses = router.realAddresses.apply(list)
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


def _given(router: Any) -> dict[str, Any]:
    """What the site file says about the router, and only that, in the provider's names."""
    names = {"host_key": "hostKey"}
    return {
        names.get(key, key): value for key, value in router.model_dump(exclude_none=True).items()
    }


def _check(psk: pulumi.Input[str] | None) -> None:
    """Refuse a key that the API would refuse before anything is registered, if it is known."""
    if isinstance(psk, str) and (problem := ipsec.key_problem(psk, "psk")):
        raise SpecError([problem], source="stack configuration")
