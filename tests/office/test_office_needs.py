"""What a router asks for: what a good engineer would add, and nothing more."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from corpus import CASES, data_of
from corpus_site import running, site_of_case
from hypothesis import given
from hypothesis import strategies as st
from office_rig import AGREEMENT, SITE

from components.office import config, lacking, plan, reading, shared_list
from components.office.audit import audit
from components.office.config import Config, parse, scope_of
from components.office.filters import TUNNEL_NEEDS, Packet, deciding
from components.office.needs import Needs, needs
from components.office.render import OfficeSite, render
from components.office.shared_list import Numbers
from components.office.watchdog import Watchdog
from components.rehearsal.rtx.demo import DEMO_CONFIGURATION

BARE = replace(SITE, nat_static=())
HEAD = "# RTX1220 Rev.15.04.03 (Thu Nov 18 10:11:12 2021)\n"
OFFICE = f"""{HEAD}ip route default gateway 198.51.100.1
ip lan1 address 192.168.1.1/24
ip lan2 address 198.51.100.20/24
"""
NAT = """ip lan2 nat descriptor 1
nat descriptor type 1 masquerade
"""
SERVED = f"""{NAT}nat descriptor masquerade static 1 1 192.168.1.1 udp 500
nat descriptor masquerade static 1 2 192.168.1.1 esp
"""


def found(text: str, site: OfficeSite = BARE) -> Needs:
    return needs(parse(text), AGREEMENT, site)


def statics(result: Needs) -> list[tuple[int, int, str, int | None]]:
    return [(n.descriptor, n.id, n.protocol, n.port) for n in result.site.nat_static]


# --- nothing is added where everything is there ---------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [
        "01-clean-v1-address-block",
        "03-heartbeat-towards-cloud",
        "04-large-packets-vanish",
        "05-works-until-the-rekey",
        "08-ipoe-for-web-pppoe-for-vpn",
        "09-complete-but-asleep",
        "10-hub-with-dynamic-branches",
        "11-config-file-without-indentation",
        "14-lifetime-options-by-revision",
    ],
)
def test_a_router_that_has_all_needs_nothing(case: str) -> None:
    agreement, site = site_of_case(case)
    assert needs(running(case), agreement, site) == Needs(agreement, site, (), ours=True)


def test_the_demo_needs_what_its_site_file_says() -> None:
    result = found(HEAD + DEMO_CONFIGURATION)
    assert statics(result) == [(1, 4, "esp", None)]
    assert "ESP never reaches the RTX" in result.site.nat_static[0].reason
    assert (result.site.filters, result.site.lists, result.obstacles) == ((), (), ())


# --- numbers --------------------------------------------------------------------------------------


def test_model_and_revision_are_the_routers() -> None:
    result = found("# RTX830 Rev.15.02.31 (x)\n" + OFFICE)
    assert (result.site.model, result.site.revision) == ("RTX830", "15.02.31")


@pytest.mark.parametrize(
    ("text", "tunnel", "policy", "gateway"),
    [
        ("", 2, 102, 2),
        ("tunnel select 2\n tunnel enable 2\n", 1, 101, 1),
        ("tunnel select 1\n ip tunnel mtu 1280\ntunnel select 2\n ip tunnel mtu 9\n", 3, 103, 3),
        ("ipsec ike remote address 2 any\n", 2, 102, 1),
        ("ipsec sa policy 102 9 esp aes-cbc\n", 2, 103, 2),
        ("tunnel select 2\n tunnel template 3-5\n", 1, 101, 1),
        ("tunnel select 2\n tunnel enable 2\nipsec sa policy 101 7 esp aes-cbc\n", 3, 103, 3),
    ],
)
def test_numbers_that_are_taken_are_replaced_by_free_ones(
    text: str, tunnel: int, policy: int, gateway: int
) -> None:
    site = found(OFFICE + SERVED + text).site
    assert (site.tunnel, site.policy, site.gateway) == (tunnel, policy, gateway)


def test_a_watchdog_gets_a_free_number() -> None:
    site = replace(BARE, watchdog=Watchdog(2, IPv4Address("192.168.2.1")))
    assert found(OFFICE, site).site == replace(site, model="RTX1220", revision="15.04.03")
    taken = OFFICE + "ip keepalive 2 icmp-echo 10 3 198.51.100.1\n"
    assert found(taken, site).site.watchdog == Watchdog(1, IPv4Address("192.168.2.1"))


# --- NAT ------------------------------------------------------------------------------------------


def test_masquerading_asks_for_ike_and_esp() -> None:
    assert statics(found(OFFICE + NAT)) == [(1, 1, "udp", 500), (1, 2, "esp", None)]
    others = "nat descriptor masquerade static 1 1 192.168.1.9 tcp 443\n"
    assert statics(found(OFFICE + NAT + others)) == [(1, 2, "udp", 500), (1, 3, "esp", None)]


@pytest.mark.parametrize(
    "more",
    [
        SERVED,
        NAT + "nat descriptor masquerade incoming 1 forward 192.168.1.1\n",
        "ip lan3 nat descriptor 1\nnat descriptor type 1 masquerade\n" + SERVED,
    ],
)
def test_what_reaches_the_router_already_needs_no_entry(more: str) -> None:
    result = found(OFFICE + more)
    assert (statics(result), result.obstacles) == ([], ())


def test_an_entry_whose_number_was_taken_gets_another() -> None:
    taken = OFFICE + NAT + "nat descriptor masquerade static 1 4 192.168.1.9 tcp 443\n"
    assert statics(found(taken, SITE)) == [(1, 2, "esp", None), (1, 1, "udp", 500)]


def test_what_was_given_away_is_somebodys_decision() -> None:
    away = OFFICE + NAT + "nat descriptor masquerade static 1 1 192.168.1.50 udp 500\n"
    result = found(away)
    assert statics(result) == [(1, 2, "esp", None)]
    assert "gives IKE (udp 500) to 192.168.1.50" in result.obstacles[0]


def test_an_entry_that_somebody_has_already_is_to_be_taken_out() -> None:
    site = replace(BARE, nat_static=(replace(SITE.nat_static[0], id=2),))
    result = found(OFFICE + SERVED, site)
    assert "take office.nat_static.0 out" in result.obstacles[0]


@pytest.mark.parametrize("number", [1, 9])
def test_a_wrong_number_of_our_own_entry_is_put_right_where_it_shows(number: int) -> None:
    site = replace(SITE, nat_static=(replace(SITE.nat_static[0], id=number),))
    served = SERVED.replace("static 1 2 ", "static 1 4 ")
    standing = render(AGREEMENT, replace(SITE, nat_static=()))
    result = found(OFFICE + served + standing, site)
    assert result.ours
    if number == 1:  # udp 500 stands there
        assert (statics(result), result.obstacles) == ([(1, 4, "esp", None)], ())
    else:
        assert statics(result) == [(1, number, "esp", None)]


def test_beside_a_tunnel_with_the_same_prefixes_nothing_is_judged_but_that() -> None:
    standing = render(AGREEMENT, SITE)
    for site in (replace(SITE, policy=101), replace(SITE, tunnel=1), replace(SITE, gateway=1)):
        result = found(OFFICE + NAT + standing, site)
        assert replace(result.site, model=site.model, revision=site.revision) == site
        (said,) = result.obstacles
        assert "tunnel 2 (policy 102, gateway 2) carries these prefixes already" in said


def test_without_nat_the_rtx_speaks_from_the_office_address() -> None:
    result = found(OFFICE)
    assert result.agreement.office_identity == AGREEMENT.office_address
    other = NAT + "nat descriptor address outer 1 198.51.100.21\n"
    assert found(OFFICE + other).agreement.office_identity == AGREEMENT.office_address
    assert found(OFFICE + NAT).agreement == AGREEMENT


# --- filters --------------------------------------------------------------------------------------

REJECTING = """ip filter 1010 reject 192.168.1.0/24 * * * *
ip filter 1030 pass * 192.168.1.1 tcp * 22
ip filter 1098 pass * * * * *
ip filter 1099 reject * * * * *
"""


@pytest.mark.parametrize(
    ("lists", "want"),
    [
        ("in 1010 1030 1099", ("in", "1010 1030 20020 20021 1099")),
        ("in 1010 1030", ("in", "1010 1030 20020 20021")),
        ("in 1099 1010 1030 dynamic 1099 7", ("in", "20020 20021 1099 1010 1030 dynamic 1099 7")),
        ("in 1010 1098 1099", None),
        ("out 1098 dynamic 1100", None),
        ("out 1030 dynamic 1100", ("out", "1030 20020 20021 dynamic 1100")),
        ("in 1010 20020 20022 1099", ("in", "1010 20020 20022 20021 20023 1099")),
    ],
)
def test_filters_come_before_what_would_stop_the_tunnel(
    lists: str, want: tuple[str, str] | None
) -> None:
    result = found(OFFICE + SERVED + REJECTING + f"ip lan2 secure filter {lists}\n")
    assert result.site.lists == ((want,) if want else ())
    assert [f.protocol for f in result.site.filters] == (["udp", "esp"] if want else [])
    assert result.obstacles == ()


def test_a_set_of_filters_that_lets_the_tunnel_pass_is_left_alone() -> None:
    named = "ip filter set a in 1010 1098 1099\nip lan2 secure filter name a\n"
    result = found(OFFICE + SERVED + REJECTING + named)
    assert (result.obstacles, result.site.filters, result.site.lists) == ((), (), ())


def test_only_the_protocol_that_is_stopped_gets_a_filter() -> None:
    esp = "ip filter 1031 pass 192.0.2.1 192.168.1.1 esp * *\n"
    text = OFFICE + SERVED + REJECTING + esp + "ip lan2 secure filter in 1010 1031 1099\n"
    assert [f.protocol for f in found(text).site.filters] == ["udp"]
    # For an address that is not known yet, a filter for a known one says nothing.
    unknown = needs(parse(text), replace(AGREEMENT, cloud_address=None), BARE)
    assert [f.protocol for f in unknown.site.filters] == ["udp", "esp"]


def test_on_pppoe_the_pps_own_lines_count() -> None:
    text = (
        OFFICE.replace("gateway 198.51.100.1", "gateway pp 1")
        + SERVED.replace("ip lan2", "ip pp")
        + REJECTING
    ).replace("ip pp nat", "pp select 1\n ip pp secure filter in 1010 1099\n ip pp nat")
    result = found(text, replace(BARE, wan_interface="pp 1"))
    assert result.site.lists == (("in", "1010 20020 20021 1099"),)
    assert (statics(result), result.obstacles, result.site.peer_gateway) == ([], (), "")


@pytest.mark.parametrize("code", lacking.CODES)
def test_what_is_accepted_is_left_to_the_user(code: str) -> None:
    elsewhere = OFFICE.replace("default gateway 198.51.100.1", "default gateway tunnel 9")
    text = elsewhere + NAT + REJECTING + "ip lan2 secure filter in 1010 1099\n"
    asked = needs(parse(text), AGREEMENT, BARE)
    left = needs(parse(text), AGREEMENT, BARE, [code])
    assert asked.obstacles
    assert asked.site.nat_static
    assert asked.site.filters
    assert left != asked


# --- ways and obstacles ---------------------------------------------------------------------------


def test_a_default_route_that_leads_elsewhere_asks_for_a_host_route() -> None:
    agreement, site = site_of_case("08-ipoe-for-web-pppoe-for-vpn")
    moved = replace(agreement, cloud_address=IPv4Address("198.51.100.88"))
    result = needs(running("08-ipoe-for-web-pppoe-for-vpn"), moved, site)
    assert result.site.peer_gateway == "pp 1"
    agreement, site = site_of_case("07-routes-that-bite")
    result = needs(running("07-routes-that-bite"), agreement, site)
    assert result.site.peer_gateway == "192.0.2.17"


@pytest.mark.parametrize(
    ("text", "site", "said"),
    [
        (OFFICE.replace("lan1 address 192.168.1.1", "lan1 address 192.168.1.2"), BARE, "LAN addr"),
        (OFFICE.replace("100.20/24", "100.21/24"), BARE, "which has 198.51.100.21"),
        (OFFICE.replace("ip lan2 address 198.51.100.20/24\n", ""), BARE, "no fixed address"),
        (OFFICE, replace(BARE, wan_interface="pp 1"), "there is no pp 1"),
        (OFFICE + NAT + "nat descriptor address outer 1 map-e\n", BARE, "MAP-E shares one"),
        (OFFICE + "ip route 192.168.2.0/24 gateway 192.168.1.9\n", BARE, "one route only"),
        (OFFICE + "ip route 192.168.2.64/26 gateway 192.168.1.9\n", BARE, "a part of"),
        (OFFICE + "ip lan2 secure filter in 1 office\n", BARE, "the set of filters in on lan2"),
        (
            OFFICE + REJECTING + "ip filter set a in 1010 1099\nip lan2 secure filter name a\n",
            BARE,
            "the set of filters in on lan2 drops",
        ),
        (
            OFFICE.replace("default gateway 198.51.100.1", "default gateway tunnel 9"),
            BARE,
            "next hop there is not known",
        ),
        (
            OFFICE + "ip route 192.0.2.1 gateway 198.51.100.9\n",
            replace(BARE, peer_gateway="198.51.100.9"),
            "leave office.wan.peer_gateway out",
        ),
    ],
)
def test_what_nobody_can_decide_for_the_user_is_said(
    text: str, site: OfficeSite, said: str
) -> None:
    assert any(said in each for each in found(text, site).obstacles)


def test_another_interface_than_that_of_the_address_is_the_only_thing_to_say() -> None:
    """Nothing is completed for it: that would stay behind once the name is put right."""
    router, slip = f"{OFFICE}{NAT}", replace(BARE, wan_interface="lan3")
    result = found(router, slip)
    assert result.obstacles == ("198.51.100.20 is on lan2 and not on lan3: office.wan.interface",)
    assert result.agreement == AGREEMENT
    assert replace(result.site, model=slip.model, revision=slip.revision) == slip
    assert found(f"{OFFICE}{NAT}").obstacles == ()


def test_a_tunnel_whose_prefixes_change_is_still_ours_by_its_peer() -> None:
    old = render(replace(AGREEMENT, cloud_prefix=IPv4Network("192.168.7.0/24")), BARE)
    running = parse(OFFICE + SERVED + old)
    # The old route goes with the change; only the stack's state knows that it is ours.
    assert needs(running, AGREEMENT, BARE).ours
    assert needs(running, AGREEMENT, BARE).site.tunnel == 2
    unknown = needs(running, replace(AGREEMENT, cloud_address=None), BARE)
    assert (unknown.ours, unknown.site.tunnel) == (False, 1)


def test_a_tunnel_with_the_same_prefixes_is_pointed_at() -> None:
    text = render(AGREEMENT, replace(BARE, tunnel=5, policy=105, gateway=5))
    result = found(OFFICE + SERVED + text)
    assert not result.ours
    assert any(each.startswith("tunnel 5 (policy 105, gateway 5)") for each in result.obstacles)


# --- properties -----------------------------------------------------------------------------------

_RULES = (
    "ip filter 10 pass * * udp * 500",
    "ip filter 11 pass 192.0.2.1 192.168.1.1 esp * *",
    "ip filter 12 reject * * udp,tcp 135-139 *",
    "ip filter 13 reject 192.0.2.0/24 * * * *",
    "ip filter 14 pass * 192.168.1.1 udp 500 isakmp",
    "ip filter 15 restrict * * esp",
    "ip filter 16 reject * * * * *",
    "ip filter 17 pass * * * * *",
    "ip filter 18 reject-log * 192.168.1.1 esp,udp * 400-600",
)
_LINES = (
    NAT,
    SERVED,
    "tunnel select 2\n ip tunnel mtu 1400\n",
    "ipsec sa policy 102 40 esp aes-cbc\n",
    "ip filter 20020 reject * *\n",
    "nat descriptor masquerade static 1 3 192.168.1.9 tcp 22\n",
)


@st.composite
def routers(draw: st.DrawFn) -> Config:
    lines = [OFFICE, *draw(st.lists(st.sampled_from(_LINES), unique=True))]
    if SERVED in lines and NAT in lines:
        lines.remove(NAT)
    lines += [f"{rule}\n" for rule in _RULES]
    for way in draw(st.lists(st.sampled_from(["in", "out"]), unique=True)):
        numbers = draw(st.lists(st.integers(10, 18), unique=True, min_size=1))
        lines.append(f"ip lan2 secure filter {way} {' '.join(map(str, numbers))} dynamic 5\n")
    return parse("".join(lines))


@given(routers())
def test_what_is_completed_lets_the_tunnel_pass_and_asks_for_nothing_more(router: Config) -> None:
    result = needs(router, AGREEMENT, BARE)
    assert result.obstacles == ()
    assert needs(router, result.agreement, result.site) == result
    text = render(result.agreement, result.site)
    scope = scope_of(text)
    assert shared_list.surprises(router, parse(text), scope) == ()
    taken = [s for s in router.statements if scope.owns(s) and not shared_list.is_list(s.key)]
    assert taken == []
    commands = plan.plan(router, parse(text), scope).commands
    after = plan.apply_to(router, [plan.with_key(line, "k" * 40) for line in commands])
    rules = {s.text.split()[2]: s.text.split(" ", 3)[3] for s in after.find("ip filter")}
    peer, local = AGREEMENT.cloud_address, result.agreement.office_identity
    for statement in after.find("ip lan2 secure filter"):
        way, listed = statement.text.split(" ", 5)[4:]
        for protocol in TUNNEL_NEEDS:
            ends = (peer, local) if way == "in" else (local, peer)
            packet = Packet(ends[0], ends[1], protocol)
            assert deciding(Numbers.read(listed).static, rules, packet)[1]
    assert [f for f in audit(after, tunnel=result.site.tunnel) if f.severity == "error"] == []
    # Once it stands, it is recognized, and still nothing is missing.
    again = needs(after, result.agreement, result.site)
    assert again == replace(result, ours=True)


def test_a_filter_that_others_made_needless_stays_where_it_is() -> None:
    text = OFFICE + SERVED + REJECTING + "ip lan2 secure filter in 1010 1099\n"
    complete = found(text).site
    written = render(AGREEMENT, complete)
    after = plan.apply_to(
        parse(text), plan.plan(parse(text), parse(written), scope_of(written)).commands
    )
    opened = config.parse("ip lan2 secure filter in 1098 1010 20020 20021 1099\n").statements
    statements = [s for s in after.statements if s.key != opened[0].key]
    result = needs(replace(after, statements=(*statements, *opened)), AGREEMENT, complete)
    assert result.site.lists == (("in", "1098 1010 20020 20021 1099"),)
    assert result.site.filters == complete.filters


_CORPUS = [(case, data_of(case)) for case in CASES]
_NOISE = st.sampled_from(
    ["", "*", "dynamic", "-", "0", "99999999999", "\u00b2", "pp", "1-", "map-e"]
)


@given(st.data())
def test_whatever_a_router_says_is_completed_or_left(data: st.DataObject) -> None:
    case, raw = data.draw(st.sampled_from(_CORPUS))
    words = [line.split(" ") for line in reading.decode(raw).splitlines()]
    for _ in range(data.draw(st.integers(1, 12))):
        line = words[data.draw(st.integers(0, len(words) - 1))]
        line[data.draw(st.integers(0, len(line) - 1))] = data.draw(_NOISE)
    router = parse("\n".join(map(" ".join, words)))
    agreement, site = site_of_case(case)
    result = needs(router, agreement, site)
    assert render(result.agreement, result.site)
