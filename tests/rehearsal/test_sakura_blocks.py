"""Further address blocks and bridges at the API stand-in (reference 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sakura_api import SECRET, TOKEN, Api, cloud


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with cloud(tmp_path) as api:
        yield api


def test_a_further_block_is_routed_to_an_address_of_the_first(api: Api) -> None:
    made = api.internet()
    path = f"/internet/{made['ID']}/subnet"
    answer = api.post(path, {"NetworkMaskLen": 28, "NextHop": "203.0.113.4"})
    assert answer.status == 201
    block = answer.body["Subnet"]
    assert len(block["IPAddresses"]) == 16  # of such a block all are usable
    assert (block["NextHop"], block["NetworkMaskLen"]) == ("203.0.113.4", 28)
    moved = api.put(f"{path}/{block['ID']}", {"NextHop": "203.0.113.14"}).body["Subnet"]
    assert moved == {**block, "NextHop": "203.0.113.14", "StaticRoute": "203.0.113.14"}
    first, further = api.get(f"/switch/{made['Switch']['ID']}").body["Switch"]["Subnets"]
    assert first["NextHop"] is None
    assert further["IPAddresses"] == {"Min": "203.0.113.16", "Max": "203.0.113.31"}
    other = api.internet("other")
    assert other["Switch"]["Subnets"][0]["NetworkAddress"] == "203.0.113.32"  # the block is taken


def test_a_further_block_goes_before_its_router_and_switch(api: Api) -> None:
    made = api.internet()
    path = f"/internet/{made['ID']}"
    block = api.post(f"{path}/subnet", {"NetworkMaskLen": 27, "NextHop": "203.0.113.5"})
    assert api.delete(path).refusal == (409, "delete_static_route_first")
    subnet = f"{path}/subnet/{block.body['Subnet']['ID']}"
    assert api.delete(subnet).status == 200
    assert api.delete(subnet).refusal == (404, "not_found")
    assert api.delete(path).status == 200


@pytest.mark.parametrize(
    ("length", "hop", "code"),
    [
        (24, "203.0.113.4", "invalid_range"),
        (28, "203.0.113.3", "invalid_range"),
        (28, "203.0.113.15", "invalid_range"),
        (28, "nowhere", "invalid_format"),
        (28, None, "missing_param"),
    ],
)
def test_a_further_block_that_cannot_be(api: Api, length: int, hop: str | None, code: str) -> None:
    made = api.internet()
    body = {"NetworkMaskLen": length, "NextHop": hop}
    assert api.post(f"/internet/{made['ID']}/subnet", body).refusal == (400, code)


def test_a_bridge_joins_one_switch_of_the_zone(api: Api) -> None:
    made = api.post("/bridge", {"Bridge": {"Name": "between", "Description": "zones"}})
    assert made.status == 201
    bridge = made.body["Bridge"]
    assert (bridge["Description"], bridge["SwitchInZone"]) == ("zones", None)
    path, one, other = f"/bridge/{bridge['ID']}", api.switch("one"), api.switch("other")
    to = f"/switch/{one}/to/bridge"
    assert api.put(f"{to}/{bridge['ID']}").status == 200
    assert api.put(f"{to}/{bridge['ID']}").refusal == (409, "res_already_connected")
    refused = api.put(f"/switch/{other}/to/bridge/{bridge['ID']}")
    assert refused.refusal == (409, "res_already_connected")
    assert api.get(path).body["Bridge"]["SwitchInZone"]["ID"] == one
    assert api.get(f"/switch/{one}").body["Switch"]["Bridge"] == {"ID": bridge["ID"]}
    for held in (path, f"/switch/{one}"):
        assert api.delete(held).refusal == (409, "disconnect_b4_delete")
    assert api.delete(to).status == 200
    assert api.delete(to).refusal == (409, "res_already_disconnected")
    assert api.put(path, {"Bridge": {"Name": "renamed"}}).body["Bridge"]["Description"] == "zones"
    assert [each["Name"] for each in api.get("/bridge").body["Bridges"]] == ["renamed"]
    assert api.delete(path).status == 200
    assert api.get(path).refusal == (404, "not_found")
    assert api.put(f"{to}/{bridge['ID']}").refusal == (404, "not_found")


def test_both_come_back_after_a_restart(tmp_path: Path) -> None:
    with cloud(tmp_path) as api:
        made = api.internet()
        body = {"NetworkMaskLen": 28, "NextHop": "203.0.113.4"}
        api.post(f"/internet/{made['ID']}/subnet", body)
        bridge = api.post("/bridge", {"Bridge": {"Name": "between"}}).body["Bridge"]["ID"]
        before = api.get(f"/switch/{made['Switch']['ID']}").body
    with cloud(tmp_path) as api:
        assert api.sakura.credentials == (TOKEN, SECRET)
        assert api.get(f"/switch/{made['Switch']['ID']}").body == before
        assert api.get(f"/bridge/{bridge}").status == 200
