"""The cloud end through the real engine: import, drift, and a router that others share."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from .conftest import Clone

pytestmark = pytest.mark.engine

# What somebody else does at the API of the rehearsal.
HEAD = """
import sys
from pathlib import Path
from components.clock import SystemClock
from components.cloud import lifecycle as cloud
from components.cloud.api import Client
from components.cloud.credentials import resolve
from components.rehearsal import instance
ends, clock, say = instance.endpoints(Path(".rehearsal")), SystemClock(), lambda _: None
known = {"apiToken": ends.api_token, "apiSecret": ends.api_secret}
client = Client(resolve(known, {}, Path("/none")), "is1b", clock=clock, root_url=ends.api_root)
"""
HUB = """
net = cloud.ensure_internet(client, cloud.InternetSpec("hub", "@hub=1", ""), clock, say)
lan = cloud.ensure_switch(client, cloud.SwitchSpec("hub", "@hub=2", ""), clock, say)
inside = cloud.LanSpec(1, lan.id, "192.168.2.1", ("192.168.2.2", "192.168.2.3"), 24)
spec = cloud.RouterSpec("hub", "@hub=3", "", inside, upstream_switch_id=net.switch_id,
    vip=net.addresses[0], addresses=net.addresses[1:3], vrid=10)
router = cloud.ensure_router(client, spec, clock, say)
values = {"peer": "192.0.2.77", "remoteId": "192.0.2.77", "routes": ["10.9.0.0/24"],
    "localPrefixes": ["192.168.2.0/24"], "encryption": "aes256", "hash": "sha1",
    "dhGroup": "modp1024", "ikeLifetime": 28800, "espLifetime": 1800, "dpdInterval": 15,
    "dpdTimeout": 30}
cloud.write_peer(client, router.id, values, "key_of_another_site", clock)
print(router.id)
"""
DRIFT = """
path = f"appliance/{sys.argv[1]}"
settings = client.get(path)["Appliance"]["Settings"]
settings["Router"]["VRID"] = 77
settings["Router"]["SyslogHost"] = "192.168.2.60"
client.put(path, {"Appliance": {"Settings": settings}})
"""


def at_the_api(clone: Clone, program: str, *arguments: str) -> str:
    return clone.command(".venv/bin/python", "-c", HEAD + program, *arguments).strip()


def resources(clone: Clone) -> dict[str, dict[str, Any]]:
    """The stack's resources by name."""
    state = json.loads(clone.pulumi("stack", "export"))["deployment"]["resources"]
    return {each["urn"].rpartition("::")[2]: each for each in state}


def test_import_and_drift(clone: Clone) -> None:
    clone.create()
    clone.remember_canaries()
    there = resources(clone)
    for lowest in ("demo-internet", "demo-lan"):  # what stands on them goes with them
        urn = there[lowest]["urn"]
        clone.pulumi("state", "delete", "--yes", "--force", "--target-dependents", urn)
    names = there.keys() - resources(clone).keys()
    assert names == {"demo-internet", "demo-lan", "demo-router", "demo-tunnel"}

    # Every one comes back by its id, and nothing is left to change.
    router = there["demo-router"]["id"]
    ids = {name: there[name]["id"] for name in names} | {"demo-tunnel": f"{router}/198.51.100.20/2"}
    wanted = {
        "nameTable": {"site": there["demo"]["urn"], "access": there["demo-access"]["urn"]},
        "resources": [
            {
                "type": there[name]["type"],
                "name": name,
                "id": f"rehearsal/is1b/{id}",
                "parent": "site",
                "provider": "access",
            }
            for name, id in ids.items()
        ],
    }
    (clone.root / "import.json").write_text(json.dumps(wanted))
    no_code = ("--generate-code=false", "--protect=false", "--skip-preview", "--yes")
    assert "4 imported" in clone.pulumi("import", "--file", "import.json", *no_code)
    clone.up("--expect-no-changes")  # from now on the stack owns what its site file names
    assert {name: resources(clone)[name]["id"] for name in names} == {
        name: there[name]["id"] for name in names
    }

    # What somebody changed in the control panel shows as that value; what is not ours does not.
    at_the_api(clone, DRIFT, router)
    drift = clone.make("refresh", "--diff", "--skip-preview", "--color=never")
    assert re.search(r"~ vrid *: 10 => 77", drift)
    assert "192.168.2.60" not in drift
    clone.edit("cloud.interfaces", [{"nic": 3, "prefix": "10.22.0.0/24"}])
    assert "will be stopped for: connect eth3;" in clone.make("preview", "--color=never")
    clone.edit("cloud.interfaces", [])

    # It is taken back in place.  A new bandwidth is a new router+switch with the same addresses.
    clone.edit("cloud.router_switch", {"bandwidth_mbps": 250})
    mended = clone.up("--skip-preview")
    assert "~ 2 updated" in mended
    assert "stopping" not in mended
    (cloud_router,) = clone.cloud()["routers"].values()
    assert cloud_router["settings"]["Router"]["SyslogHost"] == "192.168.2.60"
    assert cloud_router["settings"]["Router"]["VRID"] == 10
    (internet,) = clone.cloud()["internets"]
    assert internet != there["demo-internet"]["id"]
    assert clone.outputs()["vpc_router_address"] == there["demo-router"]["outputs"]["address"]
    clone.unchanged()


def test_a_shared_router(clone: Clone) -> None:
    clone.rehearsal("start")
    router = at_the_api(clone, HUB)
    before = clone.cloud()["routers"][router]["settings"]
    clone.edit("cloud.attach", {"router_id": router})
    clone.edit("ipsec.encryption", "aes256")

    # Whoever is disturbed is named first; the address is read where the API can be asked.
    preview = clone.make("preview", "--color=never")
    assert "may interrupt its other peers for a moment: 192.0.2.77" in preview
    assert "ipsec ike remote address 2 203.0.113.4" in preview
    clone.edit("ipsec.hash", "sha256")
    refused = clone.up("--skip-preview", rc=2)
    assert "hash is sha1, wanted sha256" in refused
    assert clone.cloud()["routers"][router]["settings"] == before
    clone.edit("ipsec.hash", "sha1")
    clone.up("--skip-preview")
    clone.remember_canaries()
    clone.unchanged()
    assert clone.passes()
    assert {r["type"].rpartition(":")[2] for r in resources(clone).values()} == {
        "Stack",
        "SiteToSiteVpn",
        "sakurartx",
        "PreSharedKey",
        "AttachedRouter",
        "Tunnel",
    }
    clone.down()
    after = clone.cloud()["routers"][router]["settings"]
    assert after == before
    assert len(clone.cloud()["internets"]) == 1
