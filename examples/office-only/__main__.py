"""An office whose VPC router belongs to somebody else: he says its address and the key."""

import pulumi

from components import Site, SiteToSiteVpn

config = pulumi.Config()
vpn = SiteToSiteVpn(
    "office",
    Site.load("site.yaml"),
    psk=config.require_secret("psk"),
    access={"rtxPassword": config.get_secret("rtxPassword")},
)
pulumi.export("verified", vpn.verified)
# What his end must have.
pulumi.export("agreement", vpn.agreement)
