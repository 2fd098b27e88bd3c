"""The first preview after an import is empty: the component's own inputs against what the handlers
import of both ends, for sites of every kind."""

from __future__ import annotations

import asyncio
import difflib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pairs import (
    BLOCK,
    INSIDE,
    INTERNET_ID,
    KEY,
    ROUTER_ID,
    SHARED,
    UPSTREAM,
    Pair,
    furnished,
    pair,
    sites,
    smallest,
)

from components.adopt import Adoption, adopt, imports
from components.clock import Clock
from components.errors import ApiError
from components.office.config import Config
from components.provider import access, tunnel_import
from components.provider.handler import Context
from components.provider.main import resources
from components.provider.values import SIGNATURE, Secret
from components.site import Site
from components.vpn import SiteToSiteVpn

Json = dict[str, Any]
IDS = {
    "Internet": INTERNET_ID,
    "Switch": INSIDE,
    "VpcRouter": ROUTER_ID,
    "AttachedRouter": ROUTER_ID,
    "PreSharedKey": "psk-1",
    "Tunnel": "tunnel-1",
}


def plain(value: Any) -> Any:
    """An input as handlers see it."""
    if isinstance(value, dict) and SIGNATURE in value:
        return Secret(value["value"])
    return value


@dataclass
class Program(pulumi.runtime.Mocks):
    """The engine of a program whose resources stand already; it remembers what it was asked for."""

    site: Site
    made: dict[str, Json] = field(default_factory=dict)

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, Json]:
        kind = args.typ.rpartition(":")[2]
        self.made[args.name] = {name: plain(value) for name, value in args.inputs.items()}
        attach = self.site.cloud.attach
        outputs: dict[str, Json] = {
            "Internet": {"switchId": UPSTREAM, "addresses": BLOCK},
            "VpcRouter": {"address": args.inputs.get("address") or SHARED},
            "AttachedRouter": {"address": str(attach.vip) if attach else ""},
            "PreSharedKey": {"value": KEY},
        }
        return IDS.get(kind, args.name), {**args.inputs, **outputs.get(kind, {})}

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        raise AssertionError(f"no function is called: {args.token}")


def inputs_of(site: Site) -> dict[str, Json]:
    """What the component asks for, by the resources' names."""
    program, loop = Program(site), asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.set_mocks(program, project="sakura-rtx-vpn", stack="tokyo", preview=False)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def run() -> pulumi.Output[Any]:
        return SiteToSiteVpn("tokyo", site).rtx_config

    try:
        run()
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    return program.made


@dataclass
class Api:
    """The API of one pair, as far as imports read it."""

    ends: Any

    def account(self) -> str:
        return "1101"

    def get(self, path: str) -> Json:
        internet = self.ends.internet
        known: dict[str, Json] = {
            f"appliance/{ROUTER_ID}": {"Appliance": self.ends.appliance},
            f"switch/{INSIDE}": {
                "Switch": {"ID": INSIDE, "Name": self.ends.switches[INSIDE].name},
            },
        }
        if internet:
            subnet = {
                "IPAddresses": {"Min": BLOCK[0], "Max": BLOCK[-1]},
                "NetworkAddress": internet.network,
                "NetworkMaskLen": internet.prefix_length,
                "DefaultRoute": internet.gateway,
            }
            known[f"switch/{UPSTREAM}"] = {"Switch": {"ID": UPSTREAM, "Subnets": [subnet]}}
            known[f"internet/{INTERNET_ID}"] = {
                "Internet": {
                    "ID": INTERNET_ID,
                    "Name": internet.name,
                    "BandWidthMbps": internet.bandwidth_mbps,
                    "Switch": {"ID": UPSTREAM},
                }
            }
        if path not in known:
            raise ApiError("no such thing", status=404, code="not_found")
        return known[path]

    def find(self, resource: str, _where: object) -> list[Json]:
        raise AssertionError(f"an import lists nothing: {resource}")


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The pair that stands now, under `pair`; with its `site` file, or without."""
    held: dict[str, Any] = {}

    def running(id: str, _where: Json, _ctx: Context, _clock: Clock) -> tuple[Config, int]:
        return held["pair"].ends.running, int(id.rpartition("/")[2])

    monkeypatch.setattr(access, "client", lambda *_, **__: Api(held["pair"].ends))
    monkeypatch.setattr(tunnel_import, "_running", running)
    monkeypatch.setattr(tunnel_import, "router_of", lambda *_: {"host": "192.168.9.1"})
    monkeypatch.setattr(tunnel_import, "site_of_stack", lambda _: held["site"])
    return held


def changes(one: Pair) -> dict[str, list[str]]:
    """What a preview would show after the import that an adoption plans, by resource."""
    return {name: changed for name, changed, _ in shown(one, adopt(one.ends, one.asked))}


def shown(one: Pair, found: Adoption) -> Iterator[tuple[str, list[str], list[str]]]:
    """The same: name, what changes, and the lines of the RTX that change as `-` and `+`."""
    wanted = inputs_of(found.site)
    for each in imports.plan(one.ends, one.asked, found, "sakura-rtx-vpn")["resources"]:
        name, handler = each["name"], resources()[each["type"]]
        urn = f"urn:pulumi:tokyo::sakura-rtx-vpn::{each['type']}::{name}"
        ctx = Context(urn, True, 0.0, threading.Event(), {}, None)
        read = handler.read(each["id"], {}, {}, ctx)
        assert read is not None, name
        _, state, inputs = read
        checked = handler.check(wanted.pop(name), ctx)
        assert isinstance(checked, dict)
        if diff := handler.diff(inputs, state, checked, ctx).changed:
            yield name, sorted(diff), lines_of(inputs, checked) if "lines" in diff else []
    # Nothing is left that would be created, but what the import hangs on.
    assert wanted.keys() == {"tokyo", "tokyo-access"}


def lines_of(before: Json, after: Json) -> list[str]:
    old, new = (
        [line.strip() for line in each["lines"].splitlines() if line[:1] != "#"]
        for each in (before, after)
    )
    return [line for line in difflib.ndiff(old, new) if line[:1] in "-+"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=sites())
def test_the_first_preview_of_an_adopted_site_is_empty(
    values: dict[str, Any], now: dict[str, Any]
) -> None:
    one = pair(values)
    for site in (one.site, None):
        now |= {"pair": one, "site": site}
        assert changes(one) == {}


def test_so_it_is_if_the_site_names_all_that_the_router_has(now: dict[str, Any]) -> None:
    one = pair(smallest())
    one = replace(one, ends=furnished(one.ends))
    for sections in (False, True):
        one = replace(one, asked=replace(one.asked, sections=sections))
        now |= {"pair": one, "site": one.site}
        assert changes(one) == {}


def test_a_line_that_differs_is_all_that_a_preview_shows(now: dict[str, Any]) -> None:
    one = pair(smallest(), change=lambda lines: lines.replace("ipsec auto refresh 2 off", ""))
    now |= {"pair": one, "site": one.site}
    assert changes(one) == {"tokyo-tunnel": ["lines"]}


# Lines that people leave out, or type otherwise, without making another tunnel of it.
BY_HAND = {
    r"ipsec ike always-on \d+ on": [""],
    r"ipsec ike keepalive log \d+ off": [""],
    r"(ipsec ike keepalive use \d+) on dpd.*": [
        "",
        r"\1 on",
        r"\1 on heartbeat",
        r"\1 on dpd 10 3",
    ],
    r"(ipsec ike backward-compatibility \d+) 2": ["", r"\1 1"],
    r"(ipsec auto refresh \d+) off": ["", r"\1 on"],
    r"(ipsec ike pfs \d+) on": ["", r"\1 off"],
    r"(ipsec ike duration ipsec-sa \d+) .*": ["", r"\1 28800"],
    r"(ipsec ike hash \d+) .*": ["", r"\1 md5"],
    r"ip tunnel mtu .*": ["", "ip tunnel mtu 1400"],
    r"tunnel enable .*": [""],
}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=sites(), data=st.data())
def test_the_first_preview_shows_the_lines_that_were_named_and_no_other(
    values: dict[str, Any], data: st.DataObject, now: dict[str, Any]
) -> None:
    def by_hand(lines: str) -> str:
        for line in data.draw(st.lists(st.sampled_from(sorted(BY_HAND)), unique=True)):
            typed = data.draw(st.sampled_from(BY_HAND[line]))
            lines = re.sub(line, typed, lines)
        return lines

    one = pair(values, change=by_hand)
    found = adopt(one.ends, one.asked)
    now |= {"pair": one, "site": found.site}
    changed = list(shown(one, found))
    assert [kind for _, kind, _ in changed] in ([], [["lines"]])
    assert sorted(line for *_, each in changed for line in each) == sorted(found.differences.office)
    assert bool(changed) is not found.clean
