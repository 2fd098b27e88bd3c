"""Two offices on one VPC router: the first site makes it, the second one uses it."""

from collections.abc import Sequence

import pulumi

from components import Site, SiteToSiteVpn

config = pulumi.Config()


def keep_the_bandwidth(
    args: pulumi.ResourceTransformArgs,
) -> pulumi.ResourceTransformResult | None:
    """What somebody changes in the control panel at night is left as it is."""
    if args.type_ != "sakurartx:index:Internet":
        return None
    ignored: Sequence[str] = [*(args.opts.ignore_changes or []), "bandwidthMbps"]
    opts = pulumi.ResourceOptions.merge(
        args.opts, pulumi.ResourceOptions(ignore_changes=[*ignored])
    )
    return pulumi.ResourceTransformResult(props=args.props, opts=opts)


tokyo = SiteToSiteVpn(
    "tokyo",
    Site.load("sites/tokyo.yaml"),
    access={"rtxPassword": config.get_secret("tokyoPassword")},
    opts=pulumi.ResourceOptions(
        protect=config.get_bool("protect"), transforms=[keep_the_bandwidth]
    ),
)
# After Tokyo, because both write to one router; the id alone (`tokyo.router_id`, or what a
# StackReference says) would do as well, if Tokyo stood in another program.
osaka = SiteToSiteVpn(
    "osaka",
    Site.load("sites/osaka.yaml"),
    router=tokyo,
    access={"rtxPassword": config.get_secret("osakaPassword")},
    opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="10m", update="10m")),
)
for site in (tokyo, osaka):
    pulumi.export(site.pulumi_resource_name, site.outputs)
