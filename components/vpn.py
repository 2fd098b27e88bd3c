"""`SiteToSiteVpn`: one site as a component, a thin shell that wires the resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import pulumi

from . import ipsec
from . import probes as proofs
from .cloud.router import vpn_values
from .cloud_end import cloud_end
from .errors import Problem, SpecError
from .office.render import render
from .resources import (
    Access,
    OfficeEnd,
    OfficeEndArgs,
    PreSharedKey,
    Provider,
    Tunnel,
)
from .site import Site
from .site.cloud import beside_attach


class SiteToSiteVpn(pulumi.ComponentResource):
    """A SAKURA Cloud VPC router and a Yamaha RTX, joined by an IPsec tunnel that carries traffic.

    `psk` is the pre-shared key to use (1 to 40 characters of `A-Za-z0-9_`); left out, one is
    generated.  Where the VPC router belongs to somebody else (`cloud.elsewhere` in the site file)
    it is required, and only the office end is touched.  `access` opens both ends, see `Provider`.
    The attributes are the outputs; their names and meaning stand in the README.

    With `router` the site uses a VPC router that is there already, as with `cloud.attach` in the
    site file: that of another site of this program, or one by its id, which may be an output (of a
    `StackReference`, say).  Sites of one program on one router are made one after the other if
    they are given the site and not the id.

    Of `opts`, `custom_timeouts`, `depends_on` and `ignore_changes` reach every resource of the
    site; so do, by Pulumi's own rules, `protect`, `provider`, `retain_on_delete` and `transforms`.
    A `Provider` given there takes the place of `access`, and can serve several sites.

    `probes` run once the tunnel carries traffic, and again after each change of it; one that fails
    makes `up` fail, and nothing goes back.  Those of the site file log in with `probe_login`.  What
    they print is `probe_outputs`, by name.
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
    probe_outputs: dict[str, pulumi.Output[str]]

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
        router: pulumi.Input[str] | SiteToSiteVpn | None = None,
        probes: Sequence[proofs.Probe] = (),
        probe_login: proofs.ProbeLogin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        asked = [*proofs.of(site.probes, probe_login or {}), *probes]
        _check(site, psk, router, asked)
        own, passed_on = _split(opts)
        super().__init__("sakurartx:index:SiteToSiteVpn", name, {}, own)
        child = pulumi.ResourceOptions.merge(
            pulumi.ResourceOptions(parent=self, provider=self._way_in(name, site, access)),
            passed_on,
        )
        agreement, office, cloud = site.agreement, site.office_end, site.cloud
        key = PreSharedKey(f"{name}-psk", {"version": site.psk_version, "value": psk}, child)
        self._tunnels: list[Tunnel] = []  # of this program, on one router
        if isinstance(router, SiteToSiteVpn):
            self._tunnels, router = router._tunnels, router.router_id
        after = pulumi.ResourceOptions.merge(
            child, pulumi.ResourceOptions(depends_on=[*self._tunnels])
        )
        lines, values = render(agreement, office), vpn_values(agreement)
        verify = {
            "target": str(site.target),
            "source": str(office.lan_address),
            "seconds": site.verify.seconds,
            "mtu": office.mtu,
            "onFailure": site.verify.on_failure,
            "proveRecovery": site.verify.prove_recovery or None,
        }
        numbers = {"tunnel": office.tunnel, "policy": office.policy, "gateway": office.gateway}
        consent: dict[str, Any] = {
            "inBand": site.office.in_band,
            "allowUnsaved": site.office.allow_unsaved,
            "accept": dict(site.accept) or None,
        }
        there = cloud_end(name, site, router, child, after)
        ours: OfficeEndArgs = {
            "rehearsal": site.rehearsal or None,
            "address": there.address,
            "lines": lines,
            "cloud": values,
            "psk": key.value,
            "pskVersion": site.psk_version,
            "numbers": numbers,
            "router": site.office.router.given,
            "consent": consent,
            "verify": verify,
        }
        tunnel: Tunnel | OfficeEnd
        if cloud.elsewhere:
            tunnel = OfficeEnd(f"{name}-tunnel", ours, child)
        else:
            consent["omittedSecrets"] = cloud.omitted_secrets
            consent["sharedParameters"] = cloud.shared_parameters
            tunnel = Tunnel(
                f"{name}-tunnel",
                {
                    **ours,
                    "zone": cloud.zone,
                    "routerId": there.router_id,
                    "attached": there.attached or None,
                },
                after,
            )
            self._tunnels.append(tunnel)

        self.psk = tunnel.psk
        self.vpc_router_address = there.address
        self.vpc_router_addresses = there.addresses
        self.office_address = pulumi.Output.from_input(str(agreement.office_address))
        self.cloud_prefixes = pulumi.Output.from_input([str(agreement.cloud_prefix)])
        self.office_prefixes = pulumi.Output.from_input([str(agreement.office_prefix)])
        self.rtx_config = tunnel.lines
        first, *others = ipsec.rows(agreement, "")
        self._rows = [{**first, "value": there.address}, *others]
        self.agreement = there.address.apply(lambda vip: ipsec.rows(agreement, vip))
        self.verified = tunnel.verified
        self.router_id = there.router_id
        proved = {each: verify[each] for each in ("target", "source", "mtu")}
        agreed = {"lines": lines, "cloud": values, "verify": proved, "key": site.psk_version}
        self.probe_outputs = proofs.register(
            name,
            asked,
            pulumi.Output.all(vip=there.address, psk=key.mark).apply(
                lambda known: proofs.mark({**agreed, **known})
            ),
            pulumi.ResourceOptions.merge(
                passed_on, pulumi.ResourceOptions(parent=self, depends_on=[tunnel])
            ),
        )
        self.register_outputs(self.outputs)

    def _way_in(self, name: str, site: Site, access: Access | None) -> pulumi.ProviderResource:
        """The one that the program gives, else one of the site's own."""
        given = self.get_provider(Tunnel.TYPE)
        if given is None:
            opts = pulumi.ResourceOptions(parent=self)
            return Provider(f"{name}-access", access, opts, abandon_office=site.office.abandon)
        if access is not None:
            problem = Problem("access", "a value beside a provider", "one of them")
        elif site.office.abandon and not getattr(given, "abandon_office", False):
            allowed = "abandon_office=True at the provider that the program gives"
            problem = Problem("office.abandon", "true", allowed)
        else:
            return given
        raise SpecError([problem], source=name)

    @property
    def outputs(self) -> dict[str, pulumi.Input[Any]]:
        """Everything that a stack exports, by name.

        Of the agreement a first preview shows what is known, all but the address of a new router.
        """
        return {name: getattr(self, name) for name in self.OUTPUTS} | {"agreement": self._rows}


def _check(site: Site, psk: object, router: object, asked: Sequence[proofs.Probe]) -> None:
    """Refuse what can be known to be wrong before anything is registered."""
    # What the API would refuse of a key; one that is an output is seen by the provider.
    if isinstance(psk, str) and (problem := ipsec.key_problem(psk, "psk")):
        raise SpecError([problem], source="stack configuration")
    named = site.cloud.model_fields_set if router is not None else set()
    if problems := [*beside_attach(named, "the router that the program gives")]:
        raise SpecError(problems)
    if site.cloud.elsewhere and psk is None:
        allowed = "the key of the VPC router's owner: pulumi config set --secret psk"
        raise SpecError([Problem("psk", "nothing", allowed)], source="stack configuration")
    proofs.check(asked)


def _split(
    opts: pulumi.ResourceOptions | None,
) -> tuple[pulumi.ResourceOptions | None, pulumi.ResourceOptions]:
    """What the component takes of its options, and what is handed to its resources.

    Time limits and ignored changes mean nothing at a component, and Pulumi warns of them; what a
    component depends on is made before its resources, but would be deleted before them too.
    """
    if opts is None:
        return None, pulumi.ResourceOptions()
    own = copy(opts)
    own.custom_timeouts = own.ignore_changes = None
    return own, pulumi.ResourceOptions(
        custom_timeouts=opts.custom_timeouts,
        depends_on=opts.depends_on,
        ignore_changes=opts.ignore_changes,
    )
