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


def demo() -> Site:
    return site_of(yaml.safe_load(DEMO.read_text())["config"])


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


def test_a_key_that_the_api_refuses_never_reaches_a_resource() -> None:
    with pytest.raises(SpecError, match="no hyphen") as caught:
        SiteToSiteVpn("d", demo(), psk="has-hyphen")
    assert "has-hyphen" not in str(caught.value)
