"""One stack, one site: read the site file, make both ends, export what the user needs."""

import pulumi

from components import Site, SiteToSiteVpn, VpnError

config = pulumi.Config()
try:
    site = Site.parse(config.get_object("site"), source=f"site file of {pulumi.get_stack()}")
    vpn = SiteToSiteVpn(
        config.get("name") or pulumi.get_stack(),
        site,
        psk=config.get_secret("psk"),
        access={
            "apiToken": config.get_secret("apiToken"),
            "apiSecret": config.get_secret("apiSecret"),
            "rtxPassword": config.get_secret("rtxPassword"),
            "rtxAdministratorPassword": config.get_secret("rtxAdministratorPassword"),
            "rtxKey": config.get_secret("rtxKey"),
            "rtxAnonymousPassword": config.get_secret("rtxAnonymousPassword"),
            "rtxKeyPassphrase": config.get_secret("rtxKeyPassphrase"),
            "rtxViaKey": config.get_secret("rtxViaKey"),
        },
        probe_login={
            "key": config.get_secret("probeKey"),
            "keyPassphrase": config.get_secret("probeKeyPassphrase"),
            "password": config.get_secret("probePassword"),
        },
    )
except VpnError as err:
    raise pulumi.RunError(str(err)) from None

for name, value in vpn.outputs.items():
    pulumi.export(name, value)
