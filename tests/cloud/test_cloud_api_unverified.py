"""Where the API's behaviour is unverified, the client gets on with each that is thinkable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cloud_world import KEY, OFFICE, QUICK, VALUES, World, world

from components.cloud import lifecycle as cloud
from components.cloud.api import is_missing
from components.errors import ApiError


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, **QUICK) as one:
        yield one


@pytest.mark.parametrize("off", ["empty", "refused"])
def test_status_of_a_router_that_is_off_is_unknown(here: World, off: str) -> None:
    here.sakura.change_options({"status_off": off})
    _, router = here.build(here.client())
    cloud.write_peer(here.client(), router.id, VALUES, KEY, here.clock)
    here.client().delete(f"appliance/{router.id}/power", {"Force": True})
    assert cloud.peer_status(here.client(), router.id, OFFICE) is None


@pytest.mark.parametrize("how", ["all_peers", "nothing", "missing"])
def test_reconnect(here: World, how: str) -> None:
    here.sakura.change_options({"restart_vpn": how})
    _, router = here.build(here.client())
    if how != "missing":
        cloud.restart_vpn(here.client(), router.id)
        return
    with pytest.raises(ApiError, match="resource_path_not_found") as caught:
        cloud.restart_vpn(here.client(), router.id)
    assert not is_missing(caught.value)  # the router is not taken for gone


@pytest.mark.parametrize("enforced", [True, False])
@pytest.mark.parametrize("returned", [True, False])
def test_peer_is_written_changed_and_removed(here: World, enforced: bool, returned: bool) -> None:
    options = {"hash_enforced": enforced, "secrets_returned": returned}
    here.sakura.change_options(options)
    _, router = here.build(here.client())
    for key in (KEY, "other_key"):
        cloud.write_peer(here.client(), router.id, VALUES, key, here.clock)
        assert [peer.key for peer in here.sakura.vpn_peers()] == [key]
    cloud.remove_peer(here.client(), router.id, OFFICE, here.clock)
    assert here.sakura.vpn_peers() == []


def test_key_without_the_permission_says_what_to_do(here: World) -> None:
    here.sakura.change_options({"permission": "view"})
    with pytest.raises(ApiError, match="HTTP 403 forbidden") as caught:
        here.build(here.client())
    assert "permission to create" in str(caught.value)
    assert here.count() == {"internet": 0, "switch": 0, "appliance": 0}


@pytest.mark.parametrize("path", ["internet", "appliance"])
def test_what_is_listed_late_is_not_made_twice(here: World, path: str) -> None:
    """A lost answer: whether something was made shows in the list only, and maybe late."""
    here.sakura.change_options({"unlisted_reads": 12})
    here.faults.add("POST", f"/{path}", "reset_after")
    _, router = here.build(here.client())
    assert router.power == "up"
    here.sakura.change_options({"unlisted_reads": 0})
    for _ in range(13):
        here.count()
    assert here.count() == {"internet": 1, "switch": 2, "appliance": 1}
