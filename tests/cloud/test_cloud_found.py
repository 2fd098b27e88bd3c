"""A VPC router that people made: it is found without a stack's tag, and what they wrote stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cloud_world import KEY, OFFICE, QUICK, SWITCH, VALUES, World, world

from components.cloud import lifecycle as cloud
from components.cloud.found import router_of_stack
from components.cloud.objects import owner_tag

TAG = owner_tag("vpn", "tokyo", "tokyo-router")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, **QUICK) as one:
        one.build(one.client())
        yield one


def router(here: World) -> str:
    (found,) = here.client().find("appliance", {})
    return str(found["ID"])


def label(here: World, **values: Any) -> None:
    here.client().put(f"appliance/{router(here)}", {"Appliance": values})


def test_without_a_tag_it_is_the_one_with_a_peer_for_the_office(here: World) -> None:
    client = here.client()
    label(here, Tags=["@group=a"])
    assert router_of_stack(client, TAG, OFFICE) is None  # it has no peer yet
    cloud.write_peer(client, router(here), VALUES, KEY, here.clock)
    found = router_of_stack(client, TAG, OFFICE)
    assert found is not None
    assert str(found["ID"]) == router(here)
    assert router_of_stack(client, TAG, "192.0.2.1") is None
    assert router_of_stack(client, TAG, "") is None
    label(here, Tags=[owner_tag("vpn", "osaka", "osaka-router")])
    assert router_of_stack(client, TAG, OFFICE) is None  # another stack's
    label(here, Tags=[TAG])
    assert router_of_stack(client, TAG, "192.0.2.1") is not None


def test_who_else_is_on_a_switch(here: World) -> None:
    client, spec = here.client(), here.spec()
    (user,) = cloud.users_of(client, spec.lan.switch_id)
    assert router(here) in user
    assert cloud.users_of(client, spec.lan.switch_id, but=router(here)) == []
    block = cloud.internet_of(client, spec.upstream_switch_id)
    assert block is not None
    assert block.switch_id == spec.upstream_switch_id
    assert cloud.internet_of(client, spec.lan.switch_id) is None


def test_a_description_that_people_wrote_stays(here: World) -> None:
    client, spec = here.client(), here.spec()
    switch = {"Name": "by hand", "Description": "ask Sato", "Tags": ["floor-2"]}
    client.put(f"switch/{spec.lan.switch_id}", {"Switch": switch})
    wanted = replace(SWITCH, name="renamed")
    cloud.update_switch(client, spec.lan.switch_id, wanted, here.clock, here.said.append)
    after = client.get(f"switch/{spec.lan.switch_id}")["Switch"]
    assert (after["Name"], after["Description"]) == ("renamed", "ask Sato")
    assert after["Tags"] == ["floor-2", SWITCH.tag]
