"""The component: what it wires to what, and which values are secret."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.errors import SpecError
from components.site import Site, site_of
from components.vpn import SiteToSiteVpn

DEMO = Path(__file__).resolve().parents[1] / "stacks" / "Pulumi.demo.yaml"
ADDRESSES = ["203.0.113.4", "203.0.113.5", "203.0.113.6", "203.0.113.7"]
MADE: dict[str, dict[str, Any]] = {}


class Mocks(pulumi.runtime.Mocks):
    """Answers as the provider would, and remembers what it was asked for."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        MADE[args.name] = {"type": args.typ, **args.inputs}
        outputs: dict[str, dict[str, Any]] = {
            "sakurartx:index:Internet": {"switchId": "113400000021", "addresses": ADDRESSES},
            "sakurartx:index:AttachedRouter": {
                "address": "203.0.113.4",
                "realAddresses": ADDRESSES[1:3],
            },
            # What SAKURA chooses for a standard router; others bring theirs.
            "sakurartx:index:VpcRouter": {
                "address": args.inputs.get("address") or "198.51.100.200",
                "realAddresses": args.inputs.get("realAddresses") or [],
            },
            "sakurartx:index:PreSharedKey": {"value": args.inputs.get("value") or "generated_key"},
            "sakurartx:index:Tunnel": {"verified": {"at": "now"}},
        }
        return f"id-of-{args.name}", {**args.inputs, **outputs.get(args.typ, {})}

    def call(
        self, args: pulumi.runtime.MockCallArgs
    ) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"no function is called: {args.token}")


@pytest.fixture(autouse=True)
def _program() -> Iterator[None]:
    """A program of its own for each test: the SDK ties what it holds to one event loop."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.set_mocks(Mocks(), project="sakura-rtx-vpn", stack="demo", preview=False)
    yield
    asyncio.set_event_loop(None)
    loop.close()


def demo(**cloud: Any) -> Site:
    data = yaml.safe_load(DEMO.read_text())["config"]
    data["sakura-rtx-vpn:site"]["cloud"] |= cloud
    return site_of(data)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_the_tunnel_gets_what_the_router_became() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn("a", demo())

    def check(outputs: dict[str, Any]) -> None:
        assert outputs["vpc_router_address"] == "203.0.113.4"
        assert outputs["vpc_router_addresses"] == ["203.0.113.5", "203.0.113.6"]
        assert outputs["router_id"] == "id-of-a-router"
        assert outputs["psk"] == "generated_key"
        assert outputs["cloud_prefixes"] == ["192.168.2.0/24"]
        assert outputs["office_prefixes"] == ["192.168.1.0/24"]
        assert outputs["office_address"] == "198.51.100.20"
        assert outputs["agreement"][0]["value"] == "203.0.113.4"
        tunnel, router = MADE["a-tunnel"], MADE["a-router"]
        assert tunnel["routerId"] == "id-of-a-router"
        assert tunnel["numbers"] == {"tunnel": 2, "policy": 102, "gateway": 2}
        assert tunnel["verify"]["target"] == "192.168.2.1"
        assert router["switchId"] == "113400000021"
        assert router["lan"]["switchId"] == "id-of-a-lan"

    return pulumi.Output.all(**vpn.outputs).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_nothing_of_the_rehearsal_or_of_credentials_is_an_input() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn("b", demo(), access={"rtxPassword": "a-password", "apiToken": None})

    def check(_: object) -> None:
        assert set(MADE["b-tunnel"]["router"]) == {"model", "revision"}
        for name, inputs in MADE.items():
            if name != "b-access":
                assert "a-password" not in str(inputs)
        assert "apiToken" not in MADE["b-access"]

    return pulumi.Output.all(vpn.verified).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_the_key_is_secret_wherever_it_goes() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn("c", demo(), psk=pulumi.Output.secret("a_given_key_of_some_length"))

    async def check() -> None:
        assert await vpn.psk.is_secret()
        assert not await vpn.rtx_config.is_secret()
        assert "a_given_key" not in (await vpn.rtx_config.future() or "")

    return pulumi.Output.from_input(check())


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_on_a_shared_router_nothing_is_made_but_the_tunnel() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn("e", demo(attach={"router_id": "113400000101"}))

    def check(outputs: dict[str, Any]) -> None:
        kinds = {made["type"].rpartition(":")[2] for name, made in MADE.items() if name[0] == "e"}
        expected = {"SiteToSiteVpn", "sakurartx", "PreSharedKey", "AttachedRouter", "Tunnel"}
        assert kinds == expected
        assert outputs["vpc_router_address"] == "203.0.113.4"
        assert MADE["e-tunnel"]["attached"] is True
        assert MADE["e-tunnel"]["consent"]["sharedParameters"] == "keep"
        assert MADE["e-router"]["routerId"] == "113400000101"
        assert MADE["e-router"]["lanAddress"] == "192.168.2.1"

    return pulumi.Output.all(**vpn.outputs).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_what_the_site_owns_of_the_router_is_handed_over() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn(
        "f",
        demo(
            lan_nic=2,
            interfaces=[
                {"nic": 3, "prefix": "10.22.0.0/24"},
                {"nic": 5, "prefix": "10.23.0.0/24", "switch_id": "113400000077"},
            ],
            aliases=1,
            static_nat=[{"alias": 1, "private_address": "192.168.2.22"}],
            syslog_host="",
        ),
    )

    def check(_: object) -> None:
        router = MADE["f-router"]
        assert router["aliases"] == ["203.0.113.7"]
        assert router["sections"]["staticNat"][0]["globalAddress"] == "203.0.113.7"
        assert router["sections"]["syslogHost"] == ""
        assert set(router["sections"]) == {"staticNat", "syslogHost"}
        assert (router["lan"]["nic"], router["lan"]["switchId"]) == (2, "id-of-f-lan")
        switches = {one["nic"]: one["switchId"] for one in router["interfaces"]}
        assert switches == {3: "id-of-f-eth3", 5: "113400000077"}
        assert router["interfaces"][0]["realAddresses"] == ["10.22.0.2", "10.22.0.3"]
        assert router["ownPeer"] == "198.51.100.20"

    return pulumi.Output.all(**vpn.outputs).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_a_plain_site_owns_no_section() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn("g", demo())

    def check(_: object) -> None:
        assert not MADE["g-router"].keys() & {"sections", "aliases", "interfaces"}
        assert "nic" not in MADE["g-router"]["lan"]

    return pulumi.Output.all(**vpn.outputs).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_a_standard_router_stands_on_no_router_switch() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn("h", demo(plan="standard"))

    def check(outputs: dict[str, Any]) -> None:
        router = MADE["h-router"]
        assert "h-internet" not in MADE
        assert not router.keys() & {"switchId", "address", "realAddresses", "vrid"}
        assert router["lan"]["realAddresses"] == ["192.168.2.1"]
        assert outputs["vpc_router_address"] == "198.51.100.200"

    return pulumi.Output.all(**vpn.outputs).apply(check)


def test_a_key_that_the_api_refuses_never_reaches_a_resource() -> None:
    with pytest.raises(SpecError, match="no hyphen") as caught:
        SiteToSiteVpn("d", demo(), psk="has-hyphen")
    assert "has-hyphen" not in str(caught.value)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_what_a_targeted_update_leaves_unmade_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> pulumi.Output[None]:
    """`up --target` makes the component alone, for an import: the outputs of the rest are empty."""
    nothing = {"switchId": None, "addresses": None}
    whole = Mocks.new_resource

    def new_resource(
        mocks: Mocks, args: pulumi.runtime.MockResourceArgs
    ) -> tuple[str, dict[str, Any]]:
        id, outputs = whole(mocks, args)
        return id, outputs | (nothing if args.typ == "sakurartx:index:Internet" else {})

    monkeypatch.setattr(Mocks, "new_resource", new_resource)
    site = SiteToSiteVpn("demo-x", demo())

    def check(address: object) -> None:
        assert address == "198.51.100.200"

    return site.vpc_router_address.apply(check)
