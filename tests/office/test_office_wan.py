"""Kinds of lines to the outside, from the site file to what a router takes."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from office_rig import KEY, LOGIN, Rig, rig

from components.office.apply import GuardedChange
from components.office.config import parse, scope_of
from components.office.needs import needs
from components.office.render import render
from components.office.wan import KINDS, NO_WAY, not_global
from components.site import Site
from components.site.complete import edits

PEER = IPv4Address("192.0.2.1")
HEAD = "# RTX1220 Rev.15.04.03 (Thu Nov 18 10:11:12 2021)\nip lan1 address 192.168.1.1/24\n"
PPPOE = """\
pp select 1
 pp always-on on
 pppoe use lan3
 pp auth accept pap chap
 pp auth myname user line-CANARY
 ppp ipcp ipaddress on
 ip pp address 203.0.113.38/32
 ip pp secure filter in 1010 1099
 ip pp secure filter out 1090 1098 dynamic 1103
 ip pp nat descriptor 7
 pp enable 1
nat descriptor type 7 masquerade
"""


def site_with(wan: dict[str, Any], **office: Any) -> Site:
    return Site.parse(
        {
            "cloud": {"zone": "is1b", "lan": "192.168.2.0/24"},
            "office": {
                "router": {"host": "192.168.1.1", "user": "ops"},
                "lan": "192.168.1.0/24",
                "wan": wan,
                "tunnel": 2,
                **office,
            },
        }
    )


def asked(site: Site, text: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    agreement = replace(site.agreement, cloud_address=PEER)
    found = needs(parse(HEAD + text), agreement, site.office_end)
    return {edit.name: edit.value for edit in edits(site, found)}, found.obstacles


def change(office: Rig, wanted: str, expected: str) -> None:
    with GuardedChange(
        LOGIN,
        scope_of(wanted or expected, *([expected] if expected else [])),
        wanted,
        KEY,
        expected_text=expected,
        old_key=KEY if expected else None,
        clock=office.clock,
        progress=office.log.append,
        connect=office.connect,
    ) as made:
        made.start()
        made.keep()


def test_pppoe_is_completed_applied_and_taken_away_again(tmp_path: Path) -> None:
    office = rig(tmp_path, PPPOE)
    before = office.lines()
    site = site_with({"kind": "pppoe", "interface": "pp 1", "address": "203.0.113.38"})
    running = parse(HEAD + "\n".join(before))
    agreement = replace(site.agreement, cloud_address=PEER)
    found = needs(running, agreement, site.office_end)
    # The default route of this router leaves by lan2.
    assert (found.obstacles, found.site.peer_gateway) == ((), "pp 1")
    assert [n.protocol for n in found.site.nat_static] == ["udp", "esp"]
    assert {n.descriptor for n in found.site.nat_static} == {7}
    text = render(found.agreement, found.site)
    change(office, text, "")
    now = office.lines()
    assert " ip pp secure filter in 1010 20020 20021 1099" in now
    assert " ip pp secure filter out 1090 1098 dynamic 1103" in now
    assert "ip route 192.0.2.1 gateway pp 1" in now
    assert office.typed.count("pp select 1") == office.typed.count("pp select none") == 1
    assert now == office.saved()
    # The link between the ends judges for itself what gets through.
    (gateway,) = [each for each in office.router.gateways() if each.gateway == 2]
    assert (gateway.nat_static_ok, gateway.filters_pass) == (True, True)
    assert gateway.wan_address == IPv4Address("203.0.113.38")
    change(office, "", text)
    assert office.lines() == before == office.saved()


def test_a_gateway_in_front_hands_on_to_the_inner_address() -> None:
    site = site_with(
        {
            "kind": "behind-nat",
            "address": "198.51.100.20",
            "inner_address": "192.168.0.2",
            "forwards": True,
        }
    )
    line = "ip route default gateway 192.168.0.1\nip lan2 address 192.168.0.2/24\n"
    changes, obstacles = asked(site, line)
    # Without NAT of its own the RTX speaks from where the gateway's packets come.
    assert (changes, obstacles) == ({"office.local_address": "192.168.0.2"}, ())
    nat = "ip lan2 nat descriptor 1\nnat descriptor type 1 masquerade\n"
    changes, obstacles = asked(site, line + nat)
    assert list(changes) == ["office.nat_static.0", "office.nat_static.1"]
    assert obstacles == ()
    changes, obstacles = asked(site, line.replace("0.2/24", "0.3/24"))
    assert obstacles == ("192.168.0.2 is not on lan2, which has 192.168.0.3",)


BLOCK = """\
ip route default gateway pp 1
ip lan3 address 198.51.100.17/29
pp select 1
 pppoe use lan2
 ip pp nat descriptor 1
 pp enable 1
nat descriptor type 1 masquerade
nat descriptor address outer 1 198.51.100.18
"""


@pytest.mark.parametrize(
    ("address", "changes"),
    [
        # The RTX has it, and NAT leaves it alone.
        ("198.51.100.17", {"office.local_address": "198.51.100.17"}),
        # NAT translates behind it: what comes to it has to be given to the RTX.
        ("198.51.100.18", {"office.nat_static.0", "office.nat_static.1"}),
    ],
)
def test_a_block_has_several_addresses_and_the_office_one_of_them(
    address: str, changes: Any
) -> None:
    wan = {"kind": "block", "interface": "pp 1", "prefix": "198.51.100.16/29", "address": address}
    found, said = asked(site_with(wan), BLOCK)
    assert found.keys() == set(changes)
    assert said == ()


def test_every_kind_is_known_once() -> None:
    assert not KINDS.keys() & NO_WAY.keys()
    # Addresses of documentation stand for global ones.
    assert not_global(IPv4Address("203.0.113.38")) is None
    for text in (
        "10.1.1.1",
        "172.31.0.1",
        "192.168.9.9",
        "100.127.0.1",
        "169.254.1.1",
        "240.0.0.1",
    ):
        assert not_global(IPv4Address(text))
