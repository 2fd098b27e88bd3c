"""What both ends should be, however that is known: from a site file, or from a change under way.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any, Self

from ..cloud.router import vpn_values
from ..office.render import ADDRESS_PLACEHOLDER, render
from ..site import Site


@dataclass(frozen=True)
class Aim:
    """What the RTX and our peer entry at the VPC router should hold, and how traffic is proved.

    `lines` are the RTX's, with a placeholder where its `vip` is not known; `cloud` are the values
    of the peer, by the names of `cloud.router`.  `seconds` is how long a change waits for traffic.
    `accept` are findings, by code, that break nothing, and why.  `name` is the site's, for the
    commands that mend something ("" where it is not known); `place` is where the RTX is reached,
    `attached` the id of a VPC router that somebody else made.
    """

    name: str
    lines: str
    cloud: Mapping[str, Any]
    gateway: int
    tunnel: int
    source: IPv4Address
    target: IPv4Address
    mtu: int
    seconds: int
    accept: Mapping[str, str] = field(default_factory=dict)
    vip: IPv4Address | None = None
    zone: str = ""
    attached: str = ""
    place: str = "the RTX"

    @classmethod
    def of(cls, name: str, site: Site) -> Self:
        """What a site file says."""
        end, attach = site.office_end, site.cloud.attach
        stated = {"wan-address-private": "office.wan.forwards"} if end.wan_address else {}
        return cls(
            name=name,
            lines=render(site.agreement, end),
            cloud=vpn_values(site.agreement),
            gateway=end.gateway,
            tunnel=end.tunnel,
            source=end.lan_address,
            target=site.target,
            mtu=end.mtu,
            seconds=site.verify.seconds,
            accept=stated | {str(code): reason for code, reason in site.accept.items()},
            vip=site.vip,
            zone=site.cloud.zone,
            attached=attach.router_id if attach else "",
            place="the rehearsed router" if site.rehearsal else str(site.office.router.host),
        )

    @property
    def peer(self) -> str:
        """The address of the office, which is the name of our entry at the cloud end."""
        return str(self.cloud["peer"])

    def lines_at(self, vip: IPv4Address | None) -> str:
        """The RTX's lines, once the address of the VPC router is known."""
        return self.lines if vip is None else self.lines.replace(ADDRESS_PLACEHOLDER, str(vip))

    @property
    def up(self) -> str:
        """The command that brings both ends to it."""
        return f"make up SITE={self.name}" if self.name else "up again"

    @property
    def brought_back(self) -> str:
        """The same where the state may not know yet what was changed by hand."""
        refresh = f"make refresh SITE={self.name}" if self.name else "refresh"
        return f"{refresh}, then {self.up}"

    @property
    def completed(self) -> str:
        """The commands that let the site file hold what the RTX lacks, and type it."""
        return f"sakura-rtx plan{self._site} --write, then {self.up}"

    @property
    def reconnect(self) -> str:
        """The command that starts the key exchange anew."""
        return f"sakura-rtx reconnect{self._site}"

    @property
    def _site(self) -> str:
        return f" --site {self.name}" if self.name else ""
