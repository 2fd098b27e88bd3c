"""`sakura-rtx reconnect`: which router, whose peers, by what means."""

from __future__ import annotations

from pathlib import Path

import pytest
from proving_rig import CURE, PUBLISHED, Rig, rig

from components.cloud import lifecycle
from components.cloud.objects import owner_tag
from components.commands import access
from components.errors import SpecError

__all__ = ["rig"]

OTHER = "203.0.113.200"


def tag(rig: Rig, project: str, stack: str) -> None:
    """As if the stack had made the router."""
    body = {"Appliance": {"Tags": [owner_tag(project, stack, f"{stack}-router")]}}
    rig.world.client.put(f"appliance/{rig.world.made.id}", body)


def stall(rig: Rig) -> None:
    rig.world.type(*PUBLISHED, "ipsec refresh sa")
    rig.world.clock.advance(120)
    assert not rig.world.passes()


def add_other_peer(rig: Rig) -> None:
    world = rig.world
    values = {**world.first.cloud, "peer": OTHER, "remoteId": OTHER, "routes": ["10.9.0.0/24"]}
    lifecycle.write_peer(world.client, world.made.id, values, "other_key", world.clock)
    world.clock.advance(60)


def test_the_router_of_the_stack_is_found_by_its_tag(rig: Rig) -> None:
    stall(rig)
    tag(rig, "offices", "another")
    code, _, err = rig.run("reconnect")
    assert code == 1
    assert "offices/osaka" in err
    assert "--router-id" in err
    tag(rig, "offices", "osaka")
    code, found = rig.json("reconnect")
    assert (code, found["by"], found["back"]) == (0, "cloud", True)
    assert found["router_id"] == rig.world.made.id
    assert not found["before"]["passed"]
    assert rig.world.passes()


def test_an_adopted_router_is_found_by_its_peer(rig: Rig) -> None:
    code, found = rig.json("reconnect")
    assert (code, found["router_id"]) == (0, rig.world.made.id)


def test_an_attached_router_needs_no_tag(rig: Rig) -> None:
    rig.file.write_text(
        rig.file.read_text().replace(
            "      zone: is1b\n",
            f'      zone: is1b\n      attach: {{router_id: "{rig.world.made.id}"}}\n',
        )
    )
    code, out, _ = rig.run("reconnect")
    assert code == 0
    assert "deleting our SAs at the office was enough" in out


def test_other_peers_are_interrupted_with_consent_only(rig: Rig) -> None:
    add_other_peer(rig)
    tag(rig, "offices", "osaka")
    before = rig.world.spis()
    code, out, err = rig.run("reconnect")
    assert (code, out) == (2, "")
    assert OTHER in err
    assert "--all-peers" in err
    assert rig.world.spis() == before
    stall(rig)
    code, out, _ = rig.run("reconnect")
    assert code == 3
    assert "NO TRAFFIC" in out
    assert OTHER in out
    assert "ipsec auto refresh 2 off" in out
    code, found = rig.json("reconnect", "--all-peers")
    assert (code, found["by"], found["other_peers"]) == (0, "cloud", [OTHER])


def test_a_peer_that_does_not_come_back_is_named(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    add_other_peer(rig)
    stall(rig)
    real, restarted = rig.world.link.peer_up, list[str]()
    restart = rig.world.link.restart_vpn

    def restart_vpn(router_id: str) -> None:
        restarted.append(router_id)
        restart(router_id)

    def peer_up(router_id: str, peer: str) -> bool:
        return not restarted if peer == OTHER else real(router_id, peer)

    monkeypatch.setattr(rig.world.link, "restart_vpn", restart_vpn)
    monkeypatch.setattr(rig.world.link, "peer_up", peer_up)
    # The router is silent for a while after a change.
    looks = (lifecycle.peer_statuses(rig.world.client, rig.world.made.id) for _ in range(20))
    assert any(looks)
    code, out, _ = rig.run("reconnect", "--all-peers", "--router-id", rig.world.made.id)
    assert code == 0
    assert f"the peer {OTHER} was UP before the change" in out


def test_an_api_that_refuses_is_an_error_and_not_no_traffic(rig: Rig) -> None:
    tag(rig, "offices", "osaka")
    stall(rig)
    rig.world.sakura.faults.add("PUT", "appliance/*/vpcrouter/restartvpn", "forbidden", 5)
    code, out, err = rig.run("reconnect")
    assert (code, out) == (1, "")
    assert "our SAs were deleted at the office" in err


def test_without_credentials_the_office_end_does_what_it_can(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_site: object) -> None:
        raise SpecError([], source="API credentials")

    monkeypatch.setattr(access, "api_client", none)
    before = rig.world.spis()
    code, out, err = rig.run("reconnect")
    assert (code, out) == (2, "")
    assert "API credentials" in err
    assert "nothing was changed at either end" in err
    assert rig.world.spis() == before
    stall(rig)
    code, out, err = rig.run("reconnect")
    assert (code, out) == (2, "")
    assert "the office end's means did not bring traffic back" in err
    assert "VPN再接続" in err
    rig.world.type("tunnel select 2", *CURE, "save")
    code, found = rig.json("reconnect")
    assert (code, found["by"], found["router_id"]) == (0, "office", None)


@pytest.mark.parametrize(
    ("name", "stack"),
    [("Pulumi.osaka.yaml", "osaka"), ("Pulumi.a.b.yaml", "a.b"), ("Pulumi.x-1_y.yaml", "x-1_y")],
)
def test_the_stack_is_in_the_files_name(name: str, stack: str) -> None:
    assert access.stack_of(Path("stacks", name)) == stack


@pytest.mark.parametrize("name", ["site.yaml", "Pulumi.yaml", "Pulumi..yaml", "Pulumi.a.json"])
def test_another_name_tells_no_stack(name: str) -> None:
    with pytest.raises(SpecError, match="--router-id"):
        access.stack_of(Path("stacks", name))


def test_the_project_is_that_of_the_nearest_project_file_above(tmp_path: Path) -> None:
    file = tmp_path / "one" / "stacks" / "Pulumi.a.yaml"
    file.parent.mkdir(parents=True)
    with pytest.raises(SpecError, match=r"Pulumi\.yaml"):
        access.project_of(file)
    (tmp_path / "Pulumi.yaml").write_text("name: outer\n")
    assert access.project_of(file) == "outer"
    (tmp_path / "one" / "Pulumi.yaml").write_text("name: inner\nruntime: python\n")
    assert access.project_of(file) == "inner"
    for broken in ("", "[", "name: 3\n", "- a\n"):
        (tmp_path / "one" / "Pulumi.yaml").write_text(broken)
        with pytest.raises(SpecError, match="the name of the project"):
            access.project_of(file)
