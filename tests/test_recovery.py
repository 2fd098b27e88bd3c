"""Traffic now, its return after a loss, and the ways back: both stand-ins, no real wait.

The seed's story: the published settings carry traffic and do not come back; the defaults do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from tunnel_world import KEY, OTHER_KEY, World, demo, made

from components import recovery
from components.cloud import lifecycle
from components.cloud.neighbours import Neighbours
from components.commands.proving import tunnel_of
from components.errors import ApiError, DeviceError
from components.office import inband
from components.office.session import Session
from components.recovery import OtherPeers, OurTunnel, Reconnection, Recovery, reconnection
from components.tunnel.proof import Silence

# The office end as it was first published: it starts the exchange, in release 1.
PUBLISHED = ["no ipsec auto refresh 2", "ipsec ike backward-compatibility 2 1", "save"]
CURE = ("ipsec auto refresh 2 off", "ipsec ike backward-compatibility 2 2")
OTHER = "203.0.113.200"
ESP_DROPPED = "ip filter 1033 reject * 192.168.1.1 esp * *"
TUNNEL = tunnel_of(demo())

FOREIGN_TUNNEL = [
    "tunnel select 7",
    "tunnel encapsulation ipsec",
    "ipsec tunnel 107",
    "ipsec sa policy 107 7 esp aes-cbc sha-hmac",
    "ipsec ike encryption 7 aes-cbc",
    "ipsec ike group 7 modp1024",
    "ipsec ike hash 7 sha",
    "ipsec ike backward-compatibility 7 2",
    "ipsec ike keepalive use 7 on dpd 15 2",
    "ipsec ike local address 7 192.168.1.1",
    "ipsec ike local id 7 192.168.1.0/24",
    "ipsec ike pfs 7 on",
    f"ipsec ike pre-shared-key 7 text {OTHER_KEY}",
    "ipsec ike remote address 7 192.0.2.250",
    "ipsec ike remote id 7 10.7.0.0/24",
    "ipsec auto refresh 7 off",
    "tunnel enable 7",
    "tunnel select none",
    "save",
]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = made(tmp_path, monkeypatch)
    world.establish(world.first)
    yield world
    assert KEY not in "".join(world.messages)
    world.close()


def session(world: World) -> Session:
    return Session.open(world.login, clock=world.clock)


def look(world: World, tunnel: OurTunnel = TUNNEL) -> recovery.Traffic:
    with session(world) as open_:
        return recovery.traffic(open_, tunnel)


def prove(world: World, tunnel: OurTunnel = TUNNEL, **options: Any) -> Recovery:
    with session(world) as open_:
        return recovery.prove(open_, tunnel, clock=world.clock, progress=world.say, **options)


def reconnect(world: World, **options: Any) -> Reconnection:
    with session(world) as open_:
        return recovery.reconnect(
            open_,
            TUNNEL,
            world.client,
            world.made.id,
            clock=world.clock,
            progress=world.say,
            **options,
        )


def add_other_peer(world: World) -> None:
    values = {**world.first.cloud, "peer": OTHER, "remoteId": OTHER, "routes": ["10.9.0.0/24"]}
    lifecycle.write_peer(world.client, world.made.id, values, OTHER_KEY, world.clock)
    world.clock.advance(60)


def count_restarts(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []
    real = world.link.restart_vpn

    def restart(router_id: str) -> None:
        asked.append(router_id)
        real(router_id)

    monkeypatch.setattr(world.link, "restart_vpn", restart)
    return asked


# --- the seed's story


def test_the_published_settings_do_not_come_back_and_the_cure_does(world: World) -> None:
    world.type(*PUBLISHED)
    lost = prove(world)
    assert lost.before.passed
    assert lost.deleted
    assert lost.proof is None
    assert lost.seconds >= TUNNEL.patience
    assert lost.findings[0].code == "stall-after-sa-loss"
    assert all(line in lost.findings[0].remedy for line in CURE)
    assert not world.passes()
    assert look(world).sas  # Online, and dead

    back = reconnect(world)
    assert (back.by, back.refused) == ("cloud", False)
    assert world.passes()

    world.establish(world.first, world.first)  # `up` types the two lines
    found = prove(world)
    assert found.proof
    assert 0 < found.seconds <= TUNNEL.expected == 45
    assert found.findings == ()
    assert {sa.spi for sa in found.deleted}.isdisjoint({sa.spi for sa in look(world).sas})
    assert world.passes()


@pytest.mark.parametrize(("line", "cure"), list(zip(PUBLISHED[:2], CURE, strict=True)))
def test_each_of_the_two_lines_alone_is_named(world: World, line: str, cure: str) -> None:
    world.type(line)
    lost = prove(world, seconds=20)
    assert lost.proof is None
    assert 20 <= lost.seconds < 30
    assert [each for each in CURE if each in lost.findings[0].remedy] == [cure]


# --- traffic now


def test_what_passes_now_is_pinged_and_not_believed(world: World) -> None:
    before = world.both(), world.spis()
    found = look(world)
    assert found.passed
    assert (found.small.received, found.full.received) == (3, 3)
    assert {sa.direction for sa in found.sas} == {"", "send", "recv"}
    assert (world.both(), world.spis()) == before


@pytest.mark.parametrize(
    ("passes", "why"),
    [
        (lambda _size: False, "no ping comes back"),
        (lambda size: size < 1000, "those of the tunnel's MTU do not"),
    ],
)
def test_pings_that_do_not_come_back_are_told_apart(
    world: World, monkeypatch: pytest.MonkeyPatch, passes: Callable[[int], bool], why: str
) -> None:
    real = world.link.ping

    def ping(source: IPv4Address | None, target: IPv4Address, size: int) -> float | None:
        return real(source, target, size) if passes(size) else None

    monkeypatch.setattr(world.link, "ping", ping)
    found = look(world)
    assert not found.passed
    assert why in found.why
    lost = prove(world)
    assert lost.proof is None
    assert lost.deleted == ()  # without traffic nothing is deleted


def test_an_answer_that_needs_no_tunnel_is_no_proof(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.type("ipsec refresh sa")
    monkeypatch.setattr(world.link, "ping", lambda *_: 1.0)
    found = look(world)
    assert found.small.received
    assert "no IPsec SA for each direction" in found.why


# --- whose SAs


def test_ipsec_sas_are_deleted_first_because_their_notice_needs_the_ike_sa(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = {sa.id: sa.kind for sa in look(world).sas}
    real, deleted = Session.delete_associations, list[str]()

    def delete(session: Session, ids: Sequence[int], gateway: int | None = None) -> None:
        deleted.extend(kinds[number] for number in ids)
        real(session, ids, gateway)

    monkeypatch.setattr(Session, "delete_associations", delete)
    assert prove(world).proof
    assert deleted[:1] == ["esp"]
    assert deleted[-1:] == ["ike"]


@pytest.mark.parametrize("seconds", [0, 3, 20])
def test_a_peer_that_renews_what_is_being_deleted_has_not_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """New IPsec SAs in the IKE SA that goes next: they pass, and nothing renews the IKE SA."""
    real = Session.delete_associations

    def delete(session: Session, ids: Sequence[int], gateway: int | None = None) -> None:
        real(session, ids, gateway)
        world.clock.wait(seconds)

    monkeypatch.setattr(Session, "delete_associations", delete)
    recovered = prove(world, seconds=TUNNEL.patience + 5 * seconds)
    assert recovered.proof, recovered.outcome


def test_other_gateways_sas_are_never_touched(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = world.sakura.vpn_peers()[0]
    foreign = replace(
        ours,
        router_id="113400000099",
        address=IPv4Address("192.0.2.250"),
        key=OTHER_KEY,
        cloud_prefixes=(type(ours.cloud_prefixes[0])("10.7.0.0/24"),),
    )
    peers = world.sakura.vpn_peers
    monkeypatch.setattr(world.sakura, "vpn_peers", lambda: [*peers(), foreign])
    world.type(*FOREIGN_TUNNEL)
    world.clock.advance(10)

    def of(gateway: int) -> set[bytes]:
        return {sa.spi for sa in world.link.sas() if sa.gateway == gateway}

    others, before = of(7), of(2)
    assert len(others) == len(before) == 3
    assert prove(world).proof
    assert of(7) == others
    assert not of(2) & before
    assert reconnect(world).by == "office"
    assert of(7) == others


def test_sas_that_cannot_be_told_from_others_stay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers of one gateway's SAs may be no ids: number 1 is another tunnel's SA then."""
    mine = [sa for sa in world.link.sas() if sa.gateway == 2]
    shift = [replace(sa, id=sa.id + 10) for sa in mine]
    other = [replace(sa, gateway=7, id=place) for place, sa in enumerate(mine, start=1)]
    monkeypatch.setattr(world.link, "sas", lambda: [*other, *shift])
    deleted = list[object]()
    monkeypatch.setattr(world.link, "delete_sas", deleted.append)
    behaviour = replace(world.router.behaviour, sa_detail_counts=True)
    monkeypatch.setattr(world.router, "behaviour", behaviour)
    with pytest.raises(DeviceError) as caught:
        prove(world)
    assert "gateway 7" in caught.value.said
    assert deleted == []


@pytest.mark.parametrize("act", [prove, reconnect])
def test_somebody_elses_tunnel_under_our_numbers_is_left_alone(
    world: World, act: Callable[..., Any]
) -> None:
    world.type("tunnel select 2", "ipsec ike remote id 2 10.99.0.0/24")
    before = world.spis()
    with pytest.raises(DeviceError, match="is not the site's tunnel"):
        act(world)
    assert world.spis() == before


@pytest.mark.parametrize("act", [prove, reconnect])
def test_who_comes_through_the_tunnel_does_not_cut_himself_off(
    world: World, monkeypatch: pytest.MonkeyPatch, act: Callable[..., Any]
) -> None:
    inside, before = IPv4Address("192.168.2.9"), world.spis()
    monkeypatch.setattr(inband, "source_of", lambda _status: inside)
    with pytest.raises(DeviceError, match="cut us off"):
        act(world)
    monkeypatch.setattr(inband, "source_of", lambda _status: None)
    with pytest.raises(DeviceError, match=r"we come from 192\.168\.2\.9"):
        act(world, way_in=inside)
    assert world.spis() == before


# --- reconnect


def test_the_office_alone_is_enough_where_the_settings_allow_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    restarts = count_restarts(world, monkeypatch)
    before = world.spis()
    found = reconnect(world)
    assert found.by == "office"
    assert found.seconds <= recovery.OFFICE_ALONE
    assert not world.spis() & before
    assert restarts == []


def test_with_other_peers_a_tunnel_that_works_is_not_risked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    restarts = count_restarts(world, monkeypatch)
    add_other_peer(world)
    before = world.spis()
    with pytest.raises(OtherPeers, match=OTHER) as refused:
        reconnect(world)
    assert "--all-peers" in refused.value.remedy
    assert world.spis() == before
    assert restarts == []


def test_with_other_peers_only_consent_restarts_the_vpn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    restarts = count_restarts(world, monkeypatch)
    add_other_peer(world)
    world.type(*PUBLISHED)
    assert prove(world).proof is None
    found = reconnect(world)
    assert found.refused
    assert found.others == (OTHER,)
    assert found.proof is None
    assert found.findings[0].code == "stall-after-sa-loss"
    assert restarts == []
    found = reconnect(world, all_peers=True)
    assert found.by == "cloud"
    assert not found.refused
    assert restarts == [world.made.id]
    assert world.passes()


def test_with_other_peers_a_dead_tunnel_still_gets_the_offices_own_means(world: World) -> None:
    """It stalled under the published settings; with the cure a deletion wakes it after the DPD."""
    add_other_peer(world)
    world.type(*PUBLISHED)
    assert prove(world).proof is None
    world.type(*CURE, "save")
    found = reconnect(world)
    assert found.by == "office"
    assert found.seconds <= TUNNEL.patience
    assert world.passes()


def test_what_no_restart_can_bring_back_is_said(world: World) -> None:
    world.type(ESP_DROPPED, "save")
    found = reconnect(world)
    assert (found.by, found.proof) == ("", None)
    assert isinstance(found.outcome, Silence)
    assert "filter-blocks-esp" in {each.code for each in found.findings}


def test_nothing_to_restart_is_seen_before_anything_is_touched(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, logins = world.spis(), world.logins
    with monkeypatch.context() as patch:
        patch.setattr(reconnection, "peer_of", lambda *_: None)
        with pytest.raises(ApiError, match="no site-to-site peer"):
            reconnect(world)
    assert world.spis() == before
    world.client.delete(f"appliance/{world.made.id}/power", {"Force": True})
    with pytest.raises(ApiError, match="is not running"):
        reconnect(world)
    lifecycle.delete_router(world.client, world.made.id, world.clock, world.say)
    with pytest.raises(ApiError, match="does not exist"):
        reconnect(world)
    assert world.logins == logins + 3


def test_a_tunnel_that_works_and_would_stall_is_restarted_at_the_cloud_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    restarts = count_restarts(world, monkeypatch)
    world.type(*PUBLISHED)
    found = reconnect(world)
    assert found.by == "cloud"
    assert len(restarts) == 1
    assert not any("deleting" in text for text in world.messages)
    world.sakura.faults.add("PUT", "appliance/*/vpcrouter/restartvpn", "forbidden", 5)
    before = world.spis()
    with pytest.raises(ApiError, match="our SAs were not deleted"):
        reconnect(world)
    assert world.spis() == before
    assert world.passes()


def test_a_restart_that_the_api_refuses_says_what_was_done(world: World) -> None:
    world.type(*PUBLISHED)
    assert prove(world).proof is None
    world.sakura.faults.add("PUT", "appliance/*/vpcrouter/restartvpn", "not_found", 5)
    with pytest.raises(ApiError, match="our SAs were deleted at the office") as refused:
        reconnect(world)
    assert "VPN再接続" in refused.value.remedy


def test_not_to_know_of_the_other_peers_is_no_failure(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_other_peer(world)
    world.type(*PUBLISHED)

    def unknown(*_: object) -> None:
        raise ApiError("the API is away")

    monkeypatch.setattr(Neighbours, "interrupted", unknown)
    found = reconnect(world, all_peers=True)
    assert found.by == "cloud"
    assert found.interrupted == (
        "what became of the router's other peers is not known: the API is away",
    )
