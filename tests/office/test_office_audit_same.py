"""What makes no difference to a tunnel of ours makes none to what is said about it."""

from __future__ import annotations

import re

import pytest
from corpus import CASES, body_of, data_of

from components.office.audit import Finding, audit, far_end
from components.office.config import Config
from components.office.reading import read, unwrapped

# Somebody else's tunnels: remote users, another cloud, a branch that calls by name, IKEv2.
OTHERS = """
tunnel select 61
 tunnel encapsulation l2tp
 ipsec tunnel 61
  ipsec sa policy 61 61 esp 3des-cbc md5-hmac
  ipsec ike keepalive use 61 off
  ipsec ike nat-traversal 61 on
  ipsec ike pre-shared-key 61 text users
  ipsec ike remote address 61 any
 tunnel enable 61
tunnel select 62
 ipsec tunnel 62
  ipsec sa policy 62 62 esp aes-cbc sha-hmac
  ipsec ike duration ipsec-sa 62 3600
  ipsec ike keepalive use 62 on dpd 10 3
  ipsec ike local id 62 0.0.0.0/0
  ipsec ike pre-shared-key 62 text cloud
  ipsec ike remote address 62 203.0.113.62
  ipsec ike remote id 62 0.0.0.0/0
 ip tunnel address 169.254.62.2/30
 ip tunnel remote address 169.254.62.1
 tunnel enable 62
tunnel select 63
 ipsec tunnel 63
  ipsec sa policy 63 63 esp aes-cbc sha-hmac
  ipsec ike keepalive use 63 on heartbeat 10 6
  ipsec ike pre-shared-key 63 text branch
  ipsec ike remote address 63 any
  ipsec ike remote name 63 branch key-id
tunnel select 64
 ipsec tunnel 64
  ipsec sa policy 64 64 esp aes-cbc sha-hmac
  ipsec ike version 64 2
  ipsec ike local name 64 198.51.100.64 ipv4-addr
  ipsec ike pre-shared-key 64 text second
  ipsec ike remote address 64 203.0.113.64
  ipsec ike remote name 64 203.0.113.64 ipv4-addr
 tunnel enable 64
tunnel select none
ip route 10.62.0.0/16 gateway tunnel 62
ipsec transport 61 61 udp 1701
schedule at 61 */* 04:00:00 * tunnel disable 62
ipv6 route default gateway tunnel 64
"""


def said(config: Config, case: str) -> list[Finding]:
    return [*audit(config), *audit(config, far=far_end(body_of(case)))]


def text_of(case: str) -> str:
    """The lines as the router meant them."""
    return unwrapped(data_of(case).decode())


@pytest.mark.parametrize("case", CASES)
def test_other_tunnels_beside_it(case: str) -> None:
    config = read((text_of(case) + OTHERS).encode())
    assert said(config, case) == said(read(data_of(case)), case)


@pytest.mark.parametrize("case", CASES)
def test_indentation_line_ends_and_blanks(case: str) -> None:
    lines = (f"{line.strip()} " for line in text_of(case).splitlines())
    assert said(read("\r\n".join(lines).encode()), case) == said(read(data_of(case)), case)


@pytest.mark.parametrize("case", CASES)
def test_spellings_that_are_equal(case: str) -> None:
    text = text_of(case).replace("isakmp-sa", "ike-sa").replace("ipsec-sa", "child-sa")
    found = said(read(text.encode()), case)
    before = said(read(data_of(case)), case)
    assert [(f.code, f.severity) for f in found] == [(f.code, f.severity) for f in before]


@pytest.mark.parametrize("case", CASES)
def test_other_numbers(case: str) -> None:
    """Tunnel, policy and gateway are three number spaces: each with numbers of its own."""
    found = {f.code: f.severity for f in said(read(renumbered(text_of(case))), case)}
    before = {f.code: f.severity for f in said(read(data_of(case)), case)}
    assert found == before


def renumbered(text: str) -> bytes:
    """Tunnel N is N + 30, policy N is N + 5000, gateway N is N + 50."""
    text = re.sub(
        r"(?m)((?:tunnel select|tunnel enable|gateway tunnel) )(\d+)",
        lambda found: f"{found[1]}{int(found[2]) + 30}",
        text,
    )
    text = re.sub(
        r"(?m)((?:ipsec tunnel|ipsec sa policy) )(\d+)(?= |$)",
        lambda found: f"{found[1]}{int(found[2]) + 5000}",
        text,
    )
    text = re.sub(
        r"(?m)(ipsec (?:ike [a-z]\S*(?: [a-z]\S*)?|auto refresh|sa policy \d+) )(\d+)(?= |$)",
        lambda found: f"{found[1]}{int(found[2]) + 50}",
        text,
    )
    return text.encode()
