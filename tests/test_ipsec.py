"""The agreement, the key rules, and what is said about weak choices."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import ipsec

ALLOWED = re.compile(r"[A-Za-z0-9_]{1,40}")  # sakura-vpcrouter-api 6.2


def test_generated_keys_are_long_different_and_accepted() -> None:
    keys = {ipsec.generate_key() for _ in range(50)}
    assert len(keys) == 50
    assert all(len(key) == 40 and ALLOWED.fullmatch(key) for key in keys)


@given(st.text(max_size=60))
def test_a_key_is_refused_exactly_when_the_api_would(key: str) -> None:
    assert (ipsec.key_problem(key, "psk") is None) == bool(ALLOWED.fullmatch(key))


@pytest.mark.parametrize("key", ["has-hyphen-0123456789", "x" * 41, "", "naïve", "with blank"])
def test_what_is_said_about_a_key_does_not_hold_it(key: str) -> None:
    problem = ipsec.key_problem(key, "psk")
    assert problem is not None
    assert problem.path == "psk"
    assert "no hyphen" in problem.allowed
    assert not key or key not in str(problem)


def test_weak_choices_have_codes() -> None:
    assert set(ipsec.weaknesses(ipsec.Proposal("aes128", "sha1", "modp1024"))) == {
        "weak-hash",
        "weak-dh-group",
    }
    assert not ipsec.weaknesses(ipsec.Proposal())


def test_every_shared_value_is_a_row_with_both_ends() -> None:
    agreement = ipsec.Agreement(
        office_address=IPv4Address("198.51.100.20"),
        office_identity=IPv4Address("192.168.1.1"),
        office_prefix=IPv4Network("192.168.1.0/24"),
        cloud_prefix=IPv4Network("192.168.2.0/24"),
        proposal=ipsec.Proposal("aes128", "sha1", "modp1024"),
        dpd=ipsec.DeadPeerDetection(10, 50),
    )
    rows = ipsec.rows(agreement, "203.0.113.4")
    values = {row["name"]: row["value"] for row in rows}
    assert values["VPC router address"] == "203.0.113.4"
    assert values["office identity"] == "192.168.1.1"
    assert values["DH group"] == "modp1024"
    assert all(row["cloud"] and row["office"] for row in rows)
    assert "keepalive use on dpd 10 5" in [row["office"] for row in rows]
