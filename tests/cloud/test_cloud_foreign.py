"""What is others' at the cloud end is neither lost, nor taken over, nor a stumbling block."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cloud_world import INTERNET, KEY, OFFICE, QUICK, SWITCH, VALUES, Json, World, world
from scripted_api import CREDENTIALS, scripted

from components.clock import ManualClock
from components.cloud import lifecycle as cloud
from components.cloud.api import Client, Unclear
from components.cloud.objects import router_state
from components.cloud.owned import SWITCH as KIND
from components.cloud.owned import make
from components.cloud.router import key_of, with_peer
from components.errors import ApiError

OTHER = {**VALUES, "peer": "192.0.2.77", "remoteId": "10.7.0.1", "routes": ["10.7.0.0/24"]}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, **QUICK) as one:
        yield one


def shared(here: World, *peers: Json) -> str:
    """A router with these peers of others."""
    _, router = here.build(here.client())
    for peer in peers:
        cloud.write_peer(here.client(), router.id, peer, "their_key", here.clock)
    return router.id


# --- sections that a stack does not own may hold what nobody here has heard of

STRANGE = {
    "PortForwarding": {"Enabled": "True", "Config": [{"GlobalPort": "8000-8010"}, None]},
    "DHCPServer": {"Enabled": "True", "Config": [{"Interface": "bond0"}, {"Interface": None}]},
    "Firewall": {"Enabled": "True", "Config": [None, {"Receive": [None, {"Protocol": "gre"}]}]},
    "ScheduledMaintenance": {"DayOfWeek": "Mon", "Hour": "3:30"},
    "StaticRoutes": {"Enabled": "True", "Config": [[], {"Prefix": None}]},
}


@pytest.mark.parametrize("place", STRANGE)
def test_a_strange_value_in_a_section_of_others_stops_nobody(here: World, place: str) -> None:
    router_id = shared(here)
    appliance = here.appliance(router_id)
    appliance["Settings"]["Router"][place] = deepcopy(STRANGE[place])
    assert router_state(appliance).vip
    written = with_peer(appliance["Settings"], VALUES, KEY)
    assert written["Router"][place] == STRANGE[place]


# --- a secret that is shown as asterisks is no secret

HIDDEN = "********"


def hidden(settings: Json) -> Json:
    """The settings with every key of a peer shown as asterisks."""
    masked = deepcopy(settings)
    for entry in masked["Router"]["SiteToSiteIPsecVPN"]["Config"]:
        entry["PreSharedSecret"] = HIDDEN
    return masked


def test_asterisks_are_never_written_as_the_key_of_others(here: World) -> None:
    settings = hidden(here.appliance(shared(here, OTHER))["Settings"])
    with pytest.raises(ApiError, match=r"left out secrets .* site-to-site peer 192\.0\.2\.77"):
        with_peer(settings, VALUES, KEY)
    written = with_peer(settings, VALUES, KEY, omitted_secrets="kept")
    theirs, ours = written["Router"]["SiteToSiteIPsecVPN"]["Config"]
    assert "PreSharedSecret" not in theirs
    assert ours["PreSharedSecret"] == KEY


def test_asterisks_are_no_sign_of_another_key(here: World) -> None:
    router_id = shared(here, VALUES)
    assert key_of(here.appliance(router_id)["Settings"], OFFICE) == "their_key"
    assert key_of(hidden(here.appliance(router_id)["Settings"]), OFFICE) == ""


# --- the peer of another site


@pytest.mark.parametrize(
    "theirs",
    [
        {"routes": ["10.8.0.0/24"]},
        {"localPrefixes": ["192.168.2.0/25"]},
    ],
)
def test_a_first_creation_takes_over_no_entry_with_other_prefixes(
    here: World, theirs: Json
) -> None:
    router_id = shared(here, {**VALUES, **theirs})
    with pytest.raises(ApiError, match=rf"already has a peer {OFFICE}") as caught:
        cloud.foresee_peer(here.client(), router_id, VALUES, KEY)
    assert "office.wan.address" in caught.value.remedy
    assert "their_key" not in str(caught.value)
    # It is ours where we had it before, and where a killed run of ours wrote it.
    cloud.foresee_peer(here.client(), router_id, VALUES, KEY, replaces=OFFICE)
    cloud.write_peer(here.client(), router_id, VALUES, "old_key", here.clock)
    cloud.foresee_peer(here.client(), router_id, VALUES, KEY)


@pytest.mark.parametrize("replaces", ["", OFFICE])
def test_two_offices_with_one_prefix_on_a_router_are_refused(here: World, replaces: str) -> None:
    router_id = shared(here, {**OTHER, "routes": ["192.168.0.0/16"]})
    with pytest.raises(ApiError, match=r"192\.168\.1\.0/24 to its peer 192\.0\.2\.77") as caught:
        cloud.foresee_peer(here.client(), router_id, VALUES, KEY, replaces=replaces)
    assert "nothing was changed" in caught.value.state


def test_what_overlaps_already_is_no_news(here: World) -> None:
    router_id = shared(here, {**OTHER, "routes": ["192.168.0.0/16"]}, VALUES)
    assert cloud.foresee_peer(here.client(), router_id, VALUES, KEY) == ["192.0.2.77"]


def test_offices_that_share_no_cloud_prefix_do_not_meet(here: World) -> None:
    router_id = shared(
        here, {**OTHER, "routes": ["192.168.1.0/24"], "localPrefixes": ["10.9.0.0/24"]}
    )
    assert cloud.foresee_peer(here.client(), router_id, VALUES, KEY) == ["192.0.2.77"]


# --- a list that is none


@pytest.mark.parametrize(
    "answer",
    [
        (200, b""),
        (200, {"is_ok": True}),
        (200, {"is_ok": True, "Total": 0, "Switches": None}),
        (200, {"is_ok": True, "Total": 2, "Switches": []}),
    ],
)
def test_nothing_is_made_on_the_word_of_an_answer_without_a_list(answer: Any) -> None:
    with scripted() as script:
        script.says(answer)
        clock = ManualClock()
        client = Client(CREDENTIALS, "is1b", clock=clock, root_url=script.root)
        with pytest.raises(Unclear, match="no list"):
            make(client, KIND, SWITCH.tag, {"Name": "lan"}, clock, print)
        assert {method for method, *_ in script.asked} == {"GET"}


def test_a_list_without_a_total_is_read_to_its_end() -> None:
    whole = [{"ID": number} for number in range(1, 102)]
    with scripted() as script:
        script.says(*((200, {"is_ok": True, "Switches": p}) for p in (whole[:100], whole[100:])))
        client = Client(CREDENTIALS, "is1b", clock=ManualClock(), root_url=script.root)
        assert client.find("switch", {}) == whole


def test_nothing_is_gone_on_the_word_of_somebody_in_between() -> None:
    """A gateway says 404 in JSON, too, when it knows no way to the API."""
    with scripted() as script:
        script.says((404, {"message": "no Route matched with those values"}))
        client = Client(CREDENTIALS, "is1b", clock=ManualClock(), root_url=script.root)
        with pytest.raises(ApiError, match="HTTP 404"):
            cloud.read_router(client, "113400000001")
        with pytest.raises(ApiError, match="HTTP 404"):
            cloud.delete_switch(client, "113400000002", ManualClock(), print)


# --- whose an object is


def test_an_object_has_one_owner(here: World) -> None:
    """After `pulumi stack rename` a new stack of the old name must not find the object as its
    own."""
    client, said = here.client(), here.said.append
    made = cloud.ensure_switch(client, SWITCH, here.clock, said)
    client.put(f"switch/{made.id}", {"Switch": {"Tags": ["by-people", SWITCH.tag]}})
    renamed = cloud.SwitchSpec(SWITCH.name, cloud.owner_tag("vpn", "new", "lan"), "vpn/new/lan")
    cloud.update_switch(client, made.id, renamed, here.clock, said)
    (found,) = client.find("switch", {})
    assert found["Tags"] == ["by-people", renamed.tag]
    assert found["Description"] == "vpn/new/lan"
    other = cloud.ensure_switch(client, SWITCH, here.clock, said)
    assert other.id != made.id


# --- a refusal that will not pass


def test_a_refused_bandwidth_is_told_and_not_waited_for(here: World) -> None:
    """The old object still stands with its old id: half an hour of waiting changes nothing."""
    client = here.client()
    made = cloud.ensure_internet(client, INTERNET, here.clock, here.said.append)
    here.faults.add("PUT", "/internet/*/bandwidth", "operation_failure", times=99)
    wider, before = replace(INTERNET, bandwidth_mbps=250), here.clock.now()
    with pytest.raises(ApiError, match="HTTP 503 operation_failure"):
        cloud.update_internet(client, made.id, wider, here.clock, here.said.append)
    asked_again = 1023  # 1 + 2 + ... + 512 s, bounded to 64 s each
    assert here.clock.now() - before < asked_again
    found = cloud.read_internet(client, made.id)
    assert found is not None
    assert found.bandwidth_mbps == 100
