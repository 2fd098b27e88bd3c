"""Both ends as stand-ins in this process, joined by real daemons, and the product's way to them."""

from __future__ import annotations

import contextlib
import re
import secrets
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from ...clock import ManualClock, SystemClock
from ...cloud import lifecycle
from ...cloud.api import Client
from ...cloud.credentials import Credentials
from ...errors import ApiError
from ...office.login import Login
from ..ike.lab import workplace
from ..ike.link import IkeLink
from ..ike.pairing import Wanted
from ..rtx import Router, RtxServer, run_lines
from ..rtx.gateways import interfaces
from ..rtx.server import OFFICE_PC
from ..sakura import Sakura, SakuraServer
from . import keys, loading
from .sources import Source

if TYPE_CHECKING:
    from ...site import Site

_USER: Final = "ops"
_HEADER: Final = re.compile(
    r"^#.*?(?P<model>RTX\d+)\S* .*?Rev\.(?P<revision>\d+(?:\.\d+)+)", re.MULTILINE
)
_OPEN: Final = ("sshd host key generate", "sshd service on", "sshd host any", "save")


@dataclass(frozen=True)
class VpcRouter:
    """The VPC router of the copies: id, public address, its addresses in the cloud LANs."""

    id: str
    address: str
    lan_addresses: tuple[IPv4Address, ...]


class Copies:
    """Copies of both ends; a context manager.

    `site` tells the zone, the RTX's revision and, where the source has no VPC router, the one to
    make.  `speed` divides the times of dead peer detection.
    """

    vpc: VpcRouter
    link: IkeLink
    login: Login
    client: Client

    def __init__(self, source: Source, site: Site | None, *, speed: int) -> None:
        self._source, self._site, self._speed = keys.completed(source), site, speed
        self._stack = contextlib.ExitStack()
        self.clock = SystemClock()
        self.notes = [*self._source.notes]

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(workplace())
            self.router = self._router(folder / "rtx")
            self._cloud(stack, folder / "cloud")
            self._office(stack)
            wanted = Wanted()
            if self._site:
                end = self._site.office_end
                wanted = Wanted(end.gateway, self._site.agreement.office_address)
            self.link = IkeLink(
                self.sakura, self.router.gateways, self.router.up, wanted=wanted, speed=self._speed
            )
            stack.enter_context(self.link)
            self.sakura.link = self.router.office_link = self.link
            self.link.settle()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    # --- the cloud end ----------------------------------------------------------------------------

    def _cloud(self, stack: contextlib.ExitStack, folder: Path) -> None:
        body = self._source.body
        zone = self._site.cloud.zone if self._site else loading.zone_of(body or {})
        if body is not None:
            zone = loading.zone_of(body, zone)
            router_id = loading.load(folder, zone, body)
        self.sakura = Sakura(folder, clock=self.clock)
        token, secret = secrets.token_hex(16), secrets.token_hex(16)
        self.sakura.set_credentials(token, secret)
        api = SakuraServer(self.sakura)
        api.start()
        stack.callback(api.stop)
        given = Credentials(token, secret, "the rehearsal")
        self.client = Client(given, zone, root_url=api.root, clock=self.clock)
        if body is None:
            assert self._site is not None, "a source without a VPC router comes from a site"
            # The stand-in counts reads where the cloud takes minutes: nobody has to wait for it.
            hurried = Client(given, zone, root_url=api.root, clock=(clock := ManualClock()))
            router_id = build(hurried, self._site, clock)
        self.vpc = self._vpc(router_id)

    def _vpc(self, router_id: str) -> VpcRouter:
        state = lifecycle.read_router(self.client, router_id)
        if state is None:
            raise ApiError(f"the rehearsed cloud lost the VPC router {router_id}")
        body = self.client.get(f"appliance/{router_id}")["Appliance"]
        return VpcRouter(router_id, state.vip, tuple(_lan_addresses(body)))

    # --- the office end ---------------------------------------------------------------------------

    def _router(self, folder: Path) -> Router:
        text = self._source.configuration
        new = partial(Router, folder, clock=self.clock, initial=text)
        # What the router says of itself goes before what the site file says of it.
        if found := _HEADER.search(text):
            return new(model=found["model"], revision=found["revision"])
        if self._site is None:
            return new()
        kind = self._site.office.router
        return new(model=kind.model, revision=kind.revision)

    def _office(self, stack: contextlib.ExitStack) -> None:
        password, administrator = secrets.token_hex(12), secrets.token_hex(12)
        self.router.set_password(_USER, password)
        self.router.set_administrator_password(administrator)
        source = self._pc()
        if not (self.router.listens() and self.router.admits(source)):
            run_lines(self.router, _OPEN)
            self.notes.append("the copy of the RTX lets us in by SSH, whatever its lines say")
        server = RtxServer(self.router, source=source)
        server.start()
        stack.callback(server.stop)
        self.login = Login(
            "127.0.0.1", server.port, _USER, password, administrator, server.host_key
        )

    def _pc(self) -> IPv4Address:
        """A PC in the office LAN, where whoever operates the RTX sits."""
        for name, address in interfaces(self.router.running()):
            if name == "lan1":
                return next((a for a in address.network.hosts() if a != address.ip), address.ip)
        return OFFICE_PC


def build(client: Client, site: Site, clock: ManualClock) -> str:
    """A VPC router with its networks as the site wants them, by the product's own code; its id."""

    def silent(_: str) -> None:
        """Nobody waits for it."""

    cloud, spec = site.cloud, lifecycle.InternetSpec("rehearsal-wan", "@rehearse=wan", "")
    internet = lifecycle.ensure_internet(client, spec, clock, silent)
    switch = lifecycle.SwitchSpec("rehearsal-lan", "@rehearse=lan", "")
    lan = lifecycle.ensure_switch(client, switch, clock, silent)
    made = lifecycle.ensure_router(
        client,
        lifecycle.RouterSpec(
            name="rehearsal-router",
            tag="@rehearse=router",
            description="",
            lan=lifecycle.LanSpec(
                1,
                lan.id,
                str(cloud.lan_vip),
                tuple(map(str, cloud.lan_reals)),
                cloud.lan.prefixlen,
            ),
            upstream_switch_id=internet.switch_id,
            vip=internet.addresses[0],
            addresses=tuple(internet.addresses[1:3]),
            vrid=cloud.vrid,
        ),
        clock,
        silent,
    )
    return made.id


def _lan_addresses(body: dict[str, Any]) -> list[IPv4Address]:
    """The address of each interface in a cloud LAN: the VIP, or the only one."""
    found = []
    for interface in body["Settings"]["Router"].get("Interfaces", [])[1:]:
        if interface:
            own = interface.get("VirtualIPAddress") or next(iter(interface["IPAddress"]), None)
            found += [IPv4Address(own)] if own else []
    return found
