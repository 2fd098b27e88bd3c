"""A site's life through the provider's own handlers, as the engine calls them, in this process.

The program is the real component; in the place of the engine and the plugin's wire stands a mock
that hands each resource to its handler.  Both ends are the stand-ins on one clock: no wait is real.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pulumi
from tunnel_world import CREDENTIALS, Wire
from whole_sites import NOT_MADE, office_before

from components.adopt import Adoption, Asked, adopt, look
from components.clock import ManualClock
from components.cloud import lifecycle
from components.cloud.api import Client
from components.office.login import Login
from components.provider.handler import Context, Resource
from components.provider.main import resources
from components.provider.values import SIGNATURE, Secret, changes, reveal
from components.rehearsal.link import Link
from components.rehearsal.rtx import Router
from components.rehearsal.sakura import Sakura, SakuraServer
from components.site import Site
from components.vpn import SiteToSiteVpn

Props = dict[str, Any]
LOGIN = Login("rtx.example", 22, "ops", "login-pw", "admin-pw", "ssh-rsa AAAA")


@dataclass
class Kept:
    """A resource as the engine keeps it between two runs."""

    kind: str
    id: str
    inputs: Props
    state: Props

    @property
    def handler(self) -> Resource:
        return resources()[self.kind]


class Heard(Context):
    """A call whose messages are kept."""

    said: list[str]

    def info(self, text: str) -> None:
        self.said.append(text)

    warning = info


class Program(pulumi.runtime.Mocks):
    """Hands what the program registers to `work`."""

    def __init__(self, work: Callable[[str, str, Props], tuple[str, Props]]) -> None:
        self._work = work

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, Props]:
        if args.typ not in resources():
            return f"id-of-{args.name}", dict(args.inputs)
        return self._work(args.typ, args.name, _decoded(args.inputs))

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[Props, None]:
        raise AssertionError(f"no function is called: {args.token}")


class Life:
    """One site, its two ends, and what the engine keeps of it."""

    def __init__(self, folder: Path, site: Props) -> None:
        self.site = Site.parse(site)
        self.clock, self.said = ManualClock(), list[str]()
        self.kept: dict[str, Kept] = {}
        router = self.site.office.router
        self.sakura = Sakura(folder / "cloud", clock=self.clock)
        self.router = Router(
            folder / "rtx",
            clock=self.clock,
            model=router.model,
            revision=router.revision,
            initial=office_before(self.site),
        )
        self.link = Link(self.clock, self.sakura, self.router.gateways)
        self.sakura.link = self.router.office_link = self.link
        self.sakura.set_credentials(CREDENTIALS.token, CREDENTIALS.secret)
        self.router.set_password(LOGIN.user, LOGIN.password)
        self.router.set_administrator_password(LOGIN.administrator_password)
        self.api = SakuraServer(self.sakura)

    def start(self) -> None:
        """Let both ends answer; make the VPC router that a site uses and does not own."""
        self.api.start()
        attach = self.site.cloud.attach
        if attach and attach.router_id == NOT_MADE:
            made = attach.model_copy(update={"router_id": self._router_of_others()})
            cloud = self.site.cloud.model_copy(update={"attach": made})
            self.site = self.site.model_copy(update={"cloud": cloud})

    def _router_of_others(self) -> str:
        cloud, how = self.site.cloud, (self.clock, self.said.append)
        client = Client(CREDENTIALS, cloud.zone, root_url=self.api.root, clock=self.clock)
        wan = lifecycle.ensure_internet(client, lifecycle.InternetSpec("wan", "@t=1", ""), *how)
        lan = lifecycle.ensure_switch(client, lifecycle.SwitchSpec("lan", "@t=2", ""), *how)
        inside = [str(each) for each in cloud.lan_reals]
        spec = lifecycle.RouterSpec(
            name="router",
            tag="@t=3",
            description="",
            lan=lifecycle.LanSpec(1, lan.id, str(cloud.lan_vip), inside, cloud.lan.prefixlen),
            upstream_switch_id=wan.switch_id,
            vip=wan.addresses[0],
            addresses=wan.addresses[1:3],
            vrid=10,
        )
        return lifecycle.ensure_router(client, spec, *how).id

    # --- how the handlers reach both ends

    def client(
        self, inputs: Mapping[str, Any], _ctx: Context | None, *, calm: bool = False
    ) -> Client:
        return Client(CREDENTIALS, inputs["zone"], root_url=self.api.root, clock=self.clock)

    def connect(self, login: Login) -> Wire:
        return Wire(self.router, self.clock, login.user)

    def context(self, kind: str, name: str, *, preview: bool) -> Heard:
        parents = f"sakurartx:index:SiteToSiteVpn${kind}"
        urn = f"urn:pulumi:demo::sakura-rtx-vpn::{parents}::{name}"
        made = Heard(urn, preview, 0.0, threading.Event(), {}, None)
        made.said = self.said
        return made

    # --- what the engine does

    def up(self) -> None:
        """Make everything that the program registers."""

        def make(kind: str, name: str, given: Props) -> tuple[str, Props]:
            handler, ctx = resources()[kind], self.context(kind, name, preview=False)
            inputs = self._checked(handler, given, ctx)
            id, state = handler.create(inputs, ctx)
            self.kept[name] = Kept(kind, id, inputs, state)
            return id, reveal(state)

        self._run(make)

    def preview(self, site: Site | None = None) -> list[str]:
        """Where a second run, of another site file if one is given, would change something."""
        found: list[str] = []

        def compare(kind: str, name: str, given: Props) -> tuple[str, Props]:
            one, ctx = self.kept[name], self.context(kind, name, preview=True)
            inputs = self._checked(one.handler, given, ctx)
            diff = one.handler.diff(one.inputs, one.state, inputs, ctx)
            found.extend(f"{name}.{path}" for path in diff.changed)
            return one.id, reveal(one.state)

        self._run(compare, site)
        return found

    def adopted(self) -> Adoption:
        """What an adoption makes of both ends as they stand, and of what only the user knows."""
        tunnel, zone = self.kept["demo-tunnel"].inputs, self.site.cloud.zone
        client = self.client({"zone": zone}, None)
        appliance = look.cloud(client, tunnel["routerId"])
        assert appliance is not None
        running, unsaved = look.office(LOGIN, self.clock, self.said.append)
        asked = Asked(
            "demo",
            zone,
            router=self.site.office.router.model_dump(exclude_unset=True),
            tunnel=tunnel["numbers"]["tunnel"],
            own=self.site.cloud.attach is None,
            sections=True,
        )
        return adopt(look.around(client, appliance, running, unsaved), asked)

    def refresh(self) -> list[str]:
        """Where an end is not as it was made."""
        return [path for name, one in self.kept.items() for path in self._moved(name, one)]

    def down(self) -> None:
        """Take everything away again, the last one first."""
        for name, one in reversed(self.kept.items()):
            one.handler.delete(one.id, one.state, self.context(one.kind, name, preview=False))

    def both_ends(self) -> tuple[Any, ...]:
        """What is at both ends: the RTX's lines, running and saved, and the API's objects."""
        client = self.client({"zone": self.site.cloud.zone}, None)
        kinds = ("appliance", "internet", "switch")
        objects = [str(each["ID"]) for kind in kinds for each in client.find(kind, {})]
        return self.router.running().lines(), self.router.saved().lines(), sorted(objects)

    def _moved(self, name: str, one: Kept) -> Iterator[str]:
        ctx = self.context(one.kind, name, preview=False)
        live = one.handler.read(one.id, one.state, one.inputs, ctx)
        if live is None:
            yield f"{name} is gone"
            return
        id, state, inputs = live
        if id != one.id:
            yield f"{name}: its id is {id}"
        yield from (f"{name}.{path}" for path, _ in changes(one.inputs, inputs))
        yield from (f"{name}.{p}" for p in one.handler.diff(inputs, state, one.inputs, ctx).changed)

    def _checked(self, handler: Resource, given: Props, ctx: Context) -> Props:
        inputs = handler.check(given, ctx)
        assert isinstance(inputs, dict), f"{ctx.name}: {inputs}"
        return inputs

    def _run(
        self, work: Callable[[str, str, Props], tuple[str, Props]], site: Site | None = None
    ) -> None:
        """The program, once."""
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            pulumi.runtime.set_mocks(Program(work), project="sakura-rtx-vpn", stack="demo")

            @pulumi.runtime.test  # type: ignore[untyped-decorator]
            def program() -> pulumi.Output[Any]:
                return pulumi.Output.all(**SiteToSiteVpn("demo", site or self.site).outputs)

            program()
        finally:
            asyncio.set_event_loop(None)
            loop.close()


@contextmanager
def life(folder: Path, site: Props) -> Iterator[Life]:
    """A life whose handlers, like those of the plugin, find both ends by themselves."""
    resources()
    made = Life(folder, site)
    made.start()
    with ExitStack() as stack:
        stack.callback(made.api.stop)
        for name, stand_in in {
            "components.provider.access.client": made.client,
            "components.provider.access.login": lambda *_: replace(LOGIN),
            "components.office.session._by_ssh": made.connect,
        }.items():
            stack.enter_context(patch(name, stand_in))
        for module, it in list(sys.modules.items()):
            if module.startswith("components.provider.") and hasattr(it, "SystemClock"):
                clock = patch(f"{module}.SystemClock", lambda *_: made.clock)
                stack.enter_context(clock)
        yield made


def _decoded(values: Any) -> Any:
    """Inputs as they come out of the plugin's wire: whole numbers, secrets marked, no None."""
    if isinstance(values, dict) and SIGNATURE in values:
        return Secret(_decoded(values["value"]))
    if isinstance(values, dict):
        return {key: _decoded(value) for key, value in values.items() if value is not None}
    if isinstance(values, list):
        return [_decoded(value) for value in values]
    return int(values) if isinstance(values, float) and values.is_integer() else values
