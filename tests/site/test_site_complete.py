"""From what a router asks for to a site file that says it: nothing is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.office.config import parse
from components.office.needs import needs
from components.site import Site
from components.site.complete import edits
from components.site.edit import edited

LAYOUTS = (
    """\
# by hand
cloud: {zone: is1b, lan: 192.168.2.0/24}
office:
  # the router in the cellar
  router: {host: 192.168.1.1, user: ops}
  lan: 192.168.1.0/24
  wan:
    address: 198.51.100.20   # by contract
  tunnel: 2                  # ours
  watchdog: true
""",
    """\
office:
  wan: {address: 198.51.100.20}
  filters:
    # since the fire
    - number: 3001
      protocol: esp          # number and list go together
  secure_filter:
    in: "10 3001 16"
  nat_static: [{descriptor: 1, id: 1, protocol: esp}]   # one
  policy: 500
  router:
    host: 192.168.1.1
    user: ops
    revision: 15.04.06
  extra_lines: |
    description tunnel sakura
  lan: 192.168.1.0/24

cloud: {zone: is1b, lan: 192.168.2.0/24}
""",
    "{cloud: {zone: is1b, lan: 192.168.2.0/24}, office: {lan: 192.168.1.0/24, router: "
    "{host: 192.168.1.1, user: ops}, wan: {address: 198.51.100.20, interface: pp 1, kind: pppoe}}}",
)
HEAD = """\
# RTX1220 Rev.15.04.04 (Thu Nov 18 10:11:12 2021)
ip lan1 address 192.168.1.1/24
ip lan2 address 198.51.100.20/24
pp select 1
 ip pp secure filter out 17
 pp enable 1
ip filter 10 pass * * udp * 500
ip filter 16 reject * *
ip filter 17 pass * *
"""
LINES = (
    "ip route default gateway 198.51.100.1",
    "ip route default gateway pp 1",
    "ip lan2 nat descriptor 1\nnat descriptor type 1 masquerade",
    "nat descriptor masquerade static 1 1 192.168.1.9 tcp 22",
    "nat descriptor masquerade static 1 2 192.168.1.1 udp 500",
    "ip lan2 secure filter in 10 16 dynamic 5",
    "ip lan2 secure filter out 16",
    "pp select 1\n ip pp secure filter in 10 16",
    "ip filter 3001 reject * *",
    "ip filter 20020 reject * *",
    "tunnel select 2\n ip tunnel mtu 1280\ntunnel select none",
    "ipsec sa policy 101 1 esp aes-cbc",
    "ipsec ike remote address 1 any",
    "ip keepalive 2 icmp-echo 10 3 198.51.100.1",
)


@given(
    st.sampled_from(LAYOUTS),
    st.lists(st.sampled_from(LINES), unique=True),
    st.sampled_from([None, IPv4Address("192.0.2.1")]),
)
def test_the_completed_file_says_what_was_found_and_keeps_every_word(
    text: str, lines: list[str], vip: IPv4Address | None
) -> None:
    site = Site.parse(yaml.safe_load(text))
    router = parse(HEAD + "\n".join(lines))
    agreement = replace(site.agreement, cloud_address=vip)
    found = needs(router, agreement, site.office_end)
    after = edited(text, edits(site, found))
    again = Site.parse(yaml.safe_load(after))
    assert again.office_end == found.site
    assert again.agreement == replace(found.agreement, cloud_address=None)
    assert edits(again, needs(router, agreement, again.office_end)) == []
    for comment in ("# by hand", "# the router in the cellar", "# by contract", "# ours"):
        assert (comment in after) is (comment in text)
    for comment in ("# since the fire", "# number and list go together", "# one"):
        assert (comment in after) is (comment in text)
