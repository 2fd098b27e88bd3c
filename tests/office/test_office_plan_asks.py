"""What the corpus asks for, as the plans that do it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from corpus import expected
from corpus_site import running, site_of_case

from components.ipsec import Agreement
from components.office import plan
from components.office.config import Config, parse, scope_of
from components.office.filters import Filter
from components.office.render import OfficeSite, render


def planned(router: Config, agreement: Agreement, site: OfficeSite) -> list[str]:
    """What would be typed, after a look that everybody else's lines are untouched by it."""
    text = render(agreement, site)
    scope = scope_of(text)
    commands = plan.plan(router, parse(text), scope).commands
    after = plan.apply_to(router, commands)
    assert after.foreign(scope) == router.foreign(scope)
    return list(commands)


def seeds_own(gateway: int) -> set[str]:
    """Lines of the seed that the corpus' routers do without; each is one command in place."""
    return {f"ipsec ike always-on {gateway} on", f"ipsec ike keepalive log {gateway} off"}


def test_03_the_keepalive_and_the_stall_are_cured_by_three_single_commands() -> None:
    case = "03-heartbeat-towards-cloud"
    commands = planned(running(case), *site_of_case(case))
    cure = [line for line in commands if line not in seeds_own(1)]
    assert cure == [
        "ipsec ike keepalive use 1 on dpd 15 2",
        "ipsec ike backward-compatibility 1 2",
        "ipsec auto refresh 1 off",
    ]
    ask = expected(case)["ask"][0]["expect"]
    assert all(line in ask for line in cure)


OLD, NEW = "198.51.100.8", "198.51.100.88"


def test_08_a_new_address_and_its_host_route_change_together() -> None:
    case = "08-ipoe-for-web-pppoe-for-vpn"
    agreement, site = site_of_case(case)
    site = replace(
        site,
        peer_gateway="pp 1",
        filters=(Filter(301, "in", "udp"), Filter(302, "in", "esp")),
        lists=(("in", "301 302 399"),),
    )
    old = render(agreement, site)
    assert f"ip route {OLD} gateway pp 1" in expected(case)["must_preserve"]
    # What stands there is what we wrote, a port of a filter and the seed's own lines apart.
    before = plan.plan(running(case), parse(old), scope_of(old)).commands
    assert not any("ip route" in line or "remote address" in line for line in before)
    router = plan.apply_to(running(case), before)
    new = render(replace(agreement, cloud_address=IPv4Address(NEW)), site)
    change = plan.plan(router, parse(new), scope_of(new, old))
    assert change.commands == (
        f"ip route {NEW} gateway pp 1",
        f"ip filter 301 pass {NEW} 203.0.113.38 udp 500 500",
        f"ip filter 302 pass {NEW} 203.0.113.38 esp * *",
        f"ipsec ike remote address 2 {NEW}",
        f"no ip route {OLD}",
    )
    after = plan.apply_to(router, change.commands)
    assert plan.apply_to(after, change.undo).statements != after.statements
    assert set(plan.apply_to(after, change.undo).statements) == set(router.statements)


def test_09_what_sleeps_is_enabled_last_and_goes_on_answering_only() -> None:
    case = "09-complete-but-asleep"
    commands = planned(running(case), *site_of_case(case))
    assert commands[-1] == "tunnel enable 4"
    assert "ipsec ike backward-compatibility 4 2" in commands
    assert not any("auto refresh" in line for line in commands)


def test_10_the_stall_is_cured_for_one_gateway_alone() -> None:
    case = "10-hub-with-dynamic-branches"
    commands = planned(running(case), *site_of_case(case))
    assert [line for line in commands if line not in seeds_own(1)] == [
        "ipsec ike backward-compatibility 1 2",
        "ipsec auto refresh 1 off",
    ]
    after = plan.apply_to(running(case), commands)
    assert "ipsec auto refresh on" in [s.text for s in after.statements]


@pytest.mark.parametrize(
    ("model", "revision", "by_time_only", "words"),
    [
        ("RTX1220", "15.04.04", True, "1800"),
        ("RTX1220", "15.04.04", False, "1800"),
        ("RTX1210", "14.01.41", True, "1800"),
        ("RTX830", "15.02.26", True, "1800"),
        ("RTX1220", "15.04.05", True, "1800 off"),
        ("RTX1220", "15.04.05", False, "1800"),
        ("RTX830", "15.02.29", True, "1800 off"),
        ("RTX1300", "23.00.12", True, "1800 off"),
    ],
)
def test_14_the_byte_lifetime_is_written_as_the_revision_knows_it(
    model: str, revision: str, by_time_only: bool, words: str
) -> None:
    agreement, site = site_of_case("14-lifetime-options-by-revision")
    release = replace(site, model=model, revision=revision, ends_by_time_only=by_time_only)
    text = render(agreement, release)
    lines = [line.strip() for line in text.splitlines()]
    at = lines.index(f"ipsec ike duration ipsec-sa 1 {words}")
    said = "2000000 kB" in lines[at - 1]
    assert said is (words == "1800" and revision == "15.04.05")
    assert "forced-reduction" not in text


def test_14_the_options_of_a_newer_revision_go_where_they_are_not_wanted() -> None:
    case = "14-lifetime-options-by-revision"
    agreement, site = site_of_case(case)
    commands = planned(running(case), agreement, replace(site, ends_by_time_only=True))
    assert [line for line in commands if line not in seeds_own(1)] == [
        "ipsec ike duration ipsec-sa 1 1800 off",
        "ipsec ike duration ike-sa 1 28800",
        "ipsec auto refresh 1 off",
    ]
