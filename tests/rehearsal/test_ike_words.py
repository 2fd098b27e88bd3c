"""What is read out of daemons and pings: pure, so it is tried without any of them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from hypothesis import given
from hypothesis import strategies as st
from link_bench import GATEWAY, PEER

from components.rehearsal.ike.cloud import cloud_peer
from components.rehearsal.ike.office import office_peer
from components.rehearsal.ike.pairing import Pair, Wanted, choose
from components.rehearsal.ike.said import sayings
from components.rehearsal.ike.traffic import INTERVAL, Answer, Gap, gaps
from components.rehearsal.shown import Numbers, ping_report

LOG = """\
1795614926.831 00[LIB] loaded plugins: charon-systemd random nonce aes
1795614926.982 10[IKE] initiating Main Mode IKE_SA site[2] to 198.51.100.20
1795614927.100 10[IKE] sending retransmit 1 of request message ID 0, seq 1
1795614927.600 10[IKE] sending retransmit 2 of request message ID 0, seq 1
1795614927.986 16[IKE] IKE_SA site[2] established between 203.0.113.4[203.0.113.4]...198.51.100.20
nothing that has a time
1795614928.989 09[IKE] CHILD_SA lan{3} established with SPIs 3edf91e7_i 6519198d_o and TS
1795614929.000 09[CFG] vici client 3 connected
"""


def test_a_log_is_told_in_the_fields_words() -> None:
    assert [(s.at, str(s)) for s in sayings("cloud", LOG)] == [
        (1795614926.831, "is up, without any SA"),
        (1795614926.982, "starts the key exchange"),
        (1795614927.1, "asks again (2 times)"),
        (1795614927.986, "phase 1 stands: IKE SA"),
        (1795614928.989, "phase 2 stands: IPsec SA"),
    ]
    assert sayings("office", "") == []


# --- gaps in the traffic


def steady(begin: float, count: int, first: int = 1, run: int = 1) -> list[Answer]:
    return [Answer(begin + i * INTERVAL, first + i, run) for i in range(count)]


def test_no_answer_missing_is_no_gap_however_late_they_are() -> None:
    late = [replace_at(answer, answer.at + 3) for answer in steady(0, 10)]
    assert gaps(late, 3, 4) == []


def replace_at(answer: Answer, at: float) -> Answer:
    return answer._replace(at=at)


def test_missing_numbers_are_lost() -> None:
    answers = [*steady(0, 10), *steady(2, 10, first=21)]
    assert gaps(answers, 0, 3) == [Gap(answers[9].at, 2, 10)]
    assert gaps(answers, 2.05, 3) == []


def test_a_gap_that_began_before_is_seen_whole() -> None:
    answers = [*steady(0, 10), *steady(2, 10, first=21)]
    assert gaps(answers, 1.5, 3) == [Gap(answers[9].at, 2, 10)]


def test_between_two_runs_time_tells_what_was_lost() -> None:
    (gap,) = gaps([*steady(0, 10), *steady(2, 10, run=2)], 0, 3)
    assert gap.lost == 10


def test_before_the_first_answer_nothing_was_lost() -> None:
    assert gaps(steady(5, 20), 3, 6.9) == [Gap(3, 5, 0)]


def test_silence_to_the_end_is_a_gap_after_some_patience() -> None:
    answers = steady(0, 10)
    assert gaps(answers, 0, answers[-1].at + 0.9) == []
    assert gaps(answers, 0, answers[-1].at + 2) == [Gap(answers[-1].at, answers[-1].at + 2, 20)]
    assert gaps([], 0, 4) == [Gap(0, 4, 40)]


@given(st.sets(st.integers(1, 200)), st.floats(0, 10), st.floats(0, 10))
def test_gaps_hold_exactly_the_missing_numbers(
    missing: set[int], begin: float, span: float
) -> None:
    answers = [a for a in steady(0, 200) if a.number not in missing]
    found = gaps(answers, begin, begin + span)
    assert all(gap.begin < gap.end and gap.end <= begin + span for gap in found)
    inside = [a for a in answers if begin <= a.at <= begin + span]
    if len(inside) > 1:
        expected = inside[-1].number - inside[0].number + 1 - len(inside)
        between = [g for g in found if g.begin >= inside[0].at and g.end <= inside[-1].at]
        assert sum(gap.lost for gap in between) == expected


# --- which pair is played


def test_those_that_call_each_other_are_played() -> None:
    stranger = replace(PEER, peer=IPv4Address("192.0.2.9"))
    elsewhere = replace(GATEWAY, gateway=1, remote_address=IPv4Address("192.0.2.1"))
    anyone = replace(GATEWAY, gateway=3, remote_address=None)
    found = choose([stranger, PEER], [elsewhere, anyone, GATEWAY], Wanted())
    assert found == Pair(PEER, GATEWAY)


def test_a_wanted_gateway_is_played_even_if_it_calls_elsewhere() -> None:
    wrong = replace(GATEWAY, gateway=5, remote_address=IPv4Address("192.0.2.1"))
    assert choose([PEER], [GATEWAY, wrong], Wanted(5)).gateway == wrong


def test_an_end_that_is_not_there_is_none() -> None:
    assert choose([], [GATEWAY], Wanted()) == Pair(None, GATEWAY)
    assert choose([PEER], [], Wanted()) == Pair(PEER, None)
    assert choose([], [], Wanted()) == Pair()


def test_a_hidden_wan_address_is_the_one_that_is_called() -> None:
    for hidden in (None, IPv4Address("10.0.0.2")):
        (_, gateway) = choose([PEER], [replace(GATEWAY, wan_address=hidden)], Wanted())
        assert gateway
        assert gateway.wan_address == PEER.peer
        assert gateway.local_address == GATEWAY.local_address


# --- what the ends become


def test_every_lan_address_in_the_prefix_answers() -> None:
    outside, two = IPv4Address("10.9.9.9"), (IPv4Address("192.168.2.2"), PEER.lan_addresses[0])
    peer = cloud_peer(replace(PEER, lan_addresses=(outside, *two)))
    assert (peer.address, peer.others) == (two[0], two[1:])
    several = cloud_peer(replace(PEER, cloud_prefixes=PEER.cloud_prefixes * 2))
    assert "more than the first pair of prefixes" in several.not_shown


def test_without_a_route_into_the_tunnel_nothing_finds_its_way() -> None:
    assert office_peer(GATEWAY).routed
    wider = (IPv4Network("192.168.0.0/16"),)
    assert office_peer(replace(GATEWAY, routed=wider)).routed
    assert not office_peer(replace(GATEWAY, routed=())).routed


# --- what both links show alike


def test_numbers_stay_with_their_sas_and_are_given_again() -> None:
    numbers = Numbers()
    assert numbers.of([(b"a", ""), (b"b", "send")]) == {(b"a", ""): 1, (b"b", "send"): 2}
    assert numbers.of([(b"b", "send"), (b"c", "recv")]) == {(b"b", "send"): 2, (b"c", "recv"): 1}


def test_a_ping_report_counts() -> None:
    assert ping_report("192.168.1.1", [1.5])[-1] == (
        "3 packets transmitted, 1 received, 66% packet loss"
    )
