"""The typed face of the provider `sakurartx`: one class for each of its resources.

`SiteToSiteVpn` in `vpn.py` wires them; use them alone only for what it does not cover.  The type
names are fixed for ever: state files of users hold them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NotRequired, TypedDict

import pulumi

Text = pulumi.Input[str]
Number = pulumi.Input[int]


class Provider(pulumi.ProviderResource):
    """Access to both ends, for this run only: no resource keeps it, so a rotated one just works.

    Left out: the API's from `SAKURA_*`, `SAKURACLOUD_*` or the usacloud profile, the router's from
    `SAKURA_RTX_PASSWORD`, `SAKURA_RTX_ADMINISTRATOR_PASSWORD` and `SAKURA_RTX_KEY` with
    `SAKURA_RTX_KEY_PASSPHRASE`, the bastion's key from `SAKURA_RTX_VIA_KEY`.  All are secret.

    With `abandon_office` the RTX is dead or gone: a tunnel is deleted at its cloud end only.  It
    stands here and not at the tunnel because a delete is given the tunnel as it was, not as it is
    in the program.
    """

    def __init__(
        self,
        name: str,
        access: Access | None = None,
        opts: pulumi.ResourceOptions | None = None,
        *,
        abandon_office: bool = False,
    ) -> None:
        given = {key: pulumi.Output.secret(v) for key, v in (access or {}).items() if v is not None}
        self.abandon_office = abandon_office
        if abandon_office:
            given["abandonOffice"] = pulumi.Output.from_input("true")
        super().__init__("sakurartx", name, given, opts)


class Access(TypedDict, total=False):
    """What opens both ends; see `Provider`."""

    apiToken: Text | None
    apiSecret: Text | None
    rtxPassword: Text | None
    rtxAdministratorPassword: Text | None
    rtxKey: Text | None
    rtxAnonymousPassword: Text | None
    rtxKeyPassphrase: Text | None
    rtxViaKey: Text | None


class _Typed(pulumi.CustomResource):
    """A resource whose outputs are named in the class, so that each has its attribute."""

    TYPE: ClassVar[str]
    OUTPUTS: ClassVar[tuple[str, ...]] = ()
    SECRETS: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, name: str, args: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        # A secret is marked here, so that it is masked also in what is said about a bad value.
        given = {
            key: pulumi.Output.secret(value) if key in self.SECRETS and value is not None else value
            for key, value in args.items()
        }
        super().__init__(self.TYPE, name, {**dict.fromkeys(self.OUTPUTS), **given}, opts)


class PreSharedKeyArgs(TypedDict):
    """`version`: raise it for a new key.  `value`: the key to use instead of a generated one."""

    version: Number
    value: NotRequired[Text | None]


class PreSharedKey(_Typed):
    """The key of the tunnel: generated once for each `version`, or as given.  Secret.

    `mark` changes with each change of the key, is not made from it, and is no secret.
    """

    TYPE = "sakurartx:index:PreSharedKey"
    OUTPUTS = ("value", "mark")
    SECRETS = ("value",)
    value: pulumi.Output[str]
    mark: pulumi.Output[str]

    def __init__(
        self, name: str, args: PreSharedKeyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, args, opts)


class Where(TypedDict):
    """The zone; with `rehearsal` the stand-ins of this machine instead of both real ends."""

    zone: Text
    rehearsal: NotRequired[pulumi.Input[bool] | None]


class InternetArgs(Where):
    """`prefixLength` 26 to 28 and `bandwidthMbps` of the router+switch (sakura-vpcrouter-api 3)."""

    name: Text
    prefixLength: Number
    bandwidthMbps: Number


class Internet(_Typed):
    """A router+switch: a block of public addresses.  `addresses` are those for our use."""

    TYPE = "sakurartx:index:Internet"
    OUTPUTS = ("switchId", "network", "gateway", "addresses")
    switchId: pulumi.Output[str]
    network: pulumi.Output[str]
    gateway: pulumi.Output[str]
    addresses: pulumi.Output[Sequence[str]]

    def __init__(
        self, name: str, args: InternetArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, args, opts)


class SwitchArgs(Where):
    """A switch in a zone."""

    name: Text


class Switch(_Typed):
    """A switch: the cloud LAN."""

    TYPE = "sakurartx:index:Switch"

    def __init__(
        self, name: str, args: SwitchArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, args, opts)


class LanArgs(TypedDict):
    """A private interface of a VPC router: NIC (1 unless given), VIP, its two nodes' addresses.

    The standard plan has no VIP and one address.
    """

    nic: NotRequired[Number | None]
    switchId: Text
    address: NotRequired[Text | None]
    realAddresses: pulumi.Input[Sequence[pulumi.Input[str]]]
    prefixLength: Number


class OutsideArgs(TypedDict):
    """eth0: `switchId` of the router+switch, `address` is the VIP, `realAddresses` the two nodes'.

    The standard plan has none of them (sakura-vpcrouter-api 2.3).
    """

    switchId: NotRequired[Text | None]
    address: NotRequired[Text | None]
    realAddresses: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    vrid: NotRequired[Number | None]


class VpcRouterArgs(Where, OutsideArgs):
    """A VPC router.  `interfaces` are private interfaces beside `lan`.

    Of the settings it owns `aliases` and `sections` (named as in `components.cloud.sections`), each
    only if it is given.  `ownPeer` is the peer of this stack: the router is not deleted while it
    serves others.
    """

    name: Text
    plan: Text
    version: Number
    lan: LanArgs
    interfaces: NotRequired[Sequence[LanArgs] | None]
    aliases: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    sections: NotRequired[pulumi.Input[Mapping[str, Any]] | None]
    ownPeer: NotRequired[Text | None]
    omittedSecrets: NotRequired[Text | None]


class VpcRouter(_Typed):
    """A VPC router, running, with its LAN connected; its id is the appliance's."""

    TYPE = "sakurartx:index:VpcRouter"
    address: pulumi.Output[str]
    realAddresses: pulumi.Output[Sequence[str]]
    OUTPUTS = ("address", "realAddresses")

    def __init__(
        self, name: str, args: VpcRouterArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, args, opts)


class AttachedRouterArgs(Where):
    """`vip` and `lanAddress` are what the site file says of the router, if it does: another one is
    refused.  `lan` is the cloud prefix of the site, `cloud` its peer as in `TunnelArgs`: a router
    whose peers share other parameters is refused, unless `sharedParameters` is `change`."""

    routerId: Text
    lan: Text
    cloud: pulumi.Input[Mapping[str, Any]]
    sharedParameters: NotRequired[Text | None]
    vip: NotRequired[Text | None]
    lanAddress: NotRequired[Text | None]


class AttachedRouter(_Typed):
    """A VPC router that another stack made, or none: only read, never changed or deleted."""

    TYPE = "sakurartx:index:AttachedRouter"
    OUTPUTS = ("address", "realAddresses")
    address: pulumi.Output[str]
    realAddresses: pulumi.Output[Sequence[str]]

    def __init__(
        self, name: str, args: AttachedRouterArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, args, opts)


class OfficeEndArgs(TypedDict):
    """The RTX's end of one tunnel.

    `lines` is the RTX's side in the shape of `show config`, with placeholders for the key and for
    `address` (the VIP), `cloud` the values of the peer at the VPC router, `numbers` the RTX's
    tunnel, policy and gateway numbers, `router` how to reach it, `verify` the proof by traffic,
    `consent` what the user allows.  With `rehearsal` the stand-in of this machine.
    """

    rehearsal: NotRequired[pulumi.Input[bool] | None]
    address: Text
    lines: Text
    cloud: pulumi.Input[Mapping[str, Any]]
    psk: Text
    pskVersion: Number
    numbers: pulumi.Input[Mapping[str, Any]]
    router: pulumi.Input[Mapping[str, Any]]
    verify: pulumi.Input[Mapping[str, Any]]
    consent: pulumi.Input[Mapping[str, Any]]


class TunnelArgs(OfficeEndArgs):
    """Both ends of one tunnel.

    `consent` is what the user allows at both (`inBand`, `allowUnsaved`, `accept`,
    `omittedSecrets`, `sharedParameters`).  On a router that this stack did not make (`attached`),
    what all its peers share is left alone.
    """

    zone: Text
    routerId: Text
    attached: NotRequired[pulumi.Input[bool] | None]


class Tunnel(_Typed):
    """The tunnel, both ends: one resource, because half of it is worse than none."""

    TYPE = "sakurartx:index:Tunnel"
    OUTPUTS = ("lines", "verified", "psk")
    SECRETS = ("psk",)
    lines: pulumi.Output[str]
    verified: pulumi.Output[Mapping[str, Any]]
    psk: pulumi.Output[str]

    def __init__(
        self, name: str, args: TunnelArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, args, opts)


class OfficeEnd(_Typed):
    """The RTX's end of a tunnel whose VPC router belongs to somebody else; no API is touched."""

    TYPE = "sakurartx:index:OfficeEnd"
    OUTPUTS = ("lines", "verified", "psk")
    SECRETS = ("psk",)
    lines: pulumi.Output[str]
    verified: pulumi.Output[Mapping[str, Any]]
    psk: pulumi.Output[str]

    def __init__(
        self, name: str, args: OfficeEndArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, args, opts)
