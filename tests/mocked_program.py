"""A Pulumi program without an engine: a site's component, and what it asked the engine for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pulumi
import yaml

from components.site import Site, site_of

DEMO = Path(__file__).resolve().parents[1] / "stacks" / "Pulumi.demo.yaml"
ADDRESSES = ["203.0.113.4", "203.0.113.5", "203.0.113.6", "203.0.113.7"]
SHARED = "203.0.113.44"  # the VPC router of others
MADE: dict[str, dict[str, Any]] = {}
MARK: dict[str, str] = {}  # of a key, by the name of its resource; else that of a first one


class Mocks(pulumi.runtime.Mocks):
    """Answers as the provider would, and remembers what it was asked for."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        MADE[args.name] = {"type": args.typ, **args.inputs}
        outputs: dict[str, dict[str, Any]] = {
            "sakurartx:index:Internet": {"switchId": "113400000021", "addresses": ADDRESSES},
            "sakurartx:index:AttachedRouter": {
                "address": SHARED,
                "realAddresses": ADDRESSES[1:3],
            },
            # What SAKURA chooses for a standard router; others bring theirs.
            "sakurartx:index:VpcRouter": {
                "address": args.inputs.get("address") or "198.51.100.200",
                "realAddresses": args.inputs.get("realAddresses") or [],
            },
            "sakurartx:index:PreSharedKey": {
                "value": args.inputs.get("value") or "generated_key",
                "mark": MARK.get(args.name, "of the first key"),
            },
            "sakurartx:index:Tunnel": {"verified": {"at": "now"}},
            "command:local:Command": {"stdout": f"printed by {args.name}"},
            "command:remote:Command": {"stdout": f"printed by {args.name}"},
        }
        return f"id-of-{args.name}", {**args.inputs, **outputs.get(args.typ, {})}

    def call(
        self, args: pulumi.runtime.MockCallArgs
    ) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"no function is called: {args.token}")


@contextmanager
def program() -> Iterator[None]:
    """A program of its own for each test: the SDK ties what it holds to one event loop."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.set_mocks(Mocks(), project="sakura-rtx-vpn", stack="demo", preview=False)
    try:
        yield
    finally:
        pulumi.runtime.set_all_config({})
        asyncio.set_event_loop(None)
        loop.close()


def demo(**cloud: Any) -> Site:
    data = yaml.safe_load(DEMO.read_text())["config"]
    data["sakura-rtx-vpn:site"]["cloud"] |= cloud
    return site_of(data)
