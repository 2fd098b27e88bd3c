"""The agreement, the key rules, and what is said about weak choices."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import ipsec
from components.site import Ipsec
from components.site.office import Router

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


# --- what each end can do


@pytest.mark.parametrize(
    ("version", "strongest"),
    [
        (1, ipsec.Proposal("aes128", "sha1", "modp1024")),
        (2, ipsec.Proposal("aes256", "sha256", "modp2048")),
    ],
)
def test_the_strongest_is_the_best_that_both_ends_have(
    version: int, strongest: ipsec.Proposal
) -> None:
    assert ipsec.Proposal.strongest(version) == strongest
    for name, table in ipsec.TABLES.items():
        assert ipsec.missing(table, getattr(strongest, name), version) is None


def test_what_the_defaults_are() -> None:
    assert ipsec.Proposal() == ipsec.Proposal.strongest()


@pytest.mark.parametrize(
    ("table", "name", "version", "why"),
    [
        ("dh_group", "modp3072", 2, "no RTX has modp3072"),
        ("dh_group", "modp4096", 2, "no RTX has modp4096"),
        ("dh_group", "modp1536", 2, "the VPC router does not have modp1536"),
        ("encryption", "3des", 2, "the VPC router does not have 3des"),
        ("hash", "sha256", 1, "a VPC router of version 1 does not have sha256"),
        ("hash", "sha256", 2, None),
        ("hash", "sha1", 1, None),
    ],
)
def test_what_one_end_alone_has(table: str, name: str, version: int, why: str | None) -> None:
    assert ipsec.missing(ipsec.TABLES[table], name, version) == why


def test_the_weak_ones_come_first() -> None:
    """So the last of those that both ends have is never weaker than one before it."""
    for table in ipsec.TABLES.values():
        weak = [bool(choice.weak) for choice in table.values()]
        assert weak == sorted(weak, reverse=True)
        assert list(table)[-1] not in [name for name, choice in table.items() if choice.weak]


@pytest.mark.parametrize("name", ipsec.TABLES)
def test_the_site_file_offers_what_both_ends_have(name: str) -> None:
    offered = get_args(Ipsec.model_fields[name].annotation)
    assert list(offered) == ipsec.choices(ipsec.TABLES[name])


def test_the_site_file_knows_the_models_of_the_table() -> None:
    assert set(get_args(Router.model_fields["model"].annotation)) == set(ipsec.MODELS)
    for model in ipsec.MODELS.values():
        assert model.assumed.startswith(f"{model.series}.")


# --- what both ends share


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
