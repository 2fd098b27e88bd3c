"""A site that is proved by commands of its own, after our ping from the RTX."""

import pulumi

from components import LocalProbe, RemoteProbe, Site, SiteToSiteVpn

config = pulumi.Config()
probes: list[LocalProbe | RemoteProbe] = [
    # Where Pulumi runs.  The site's own proof once more; of use where that is inside the office.
    LocalProbe(
        name="verify",
        command="venv/bin/sakura-rtx verify --json --site site.yaml",
        show_output=True,
    )
]
if server := config.get("server"):
    # A server in the cloud LAN, made elsewhere.  What it prints is kept as a secret.
    ping = RemoteProbe(
        name="ping-the-office",
        command="ping -c 3 -W 2 192.168.1.1",
        host=server,
        user="ops",
        host_key=config.require("serverHostKey"),
        private_key=config.get_secret("serverKey"),  # left out: your SSH agent
    )
    probes.append(ping)

vpn = SiteToSiteVpn(
    "office",
    Site.load("site.yaml"),
    access={"rtxPassword": config.get_secret("rtxPassword")},
    probes=probes,
)
pulumi.export("address", vpn.vpc_router_address)
pulumi.export("verified", vpn.probe_outputs["verify"])
