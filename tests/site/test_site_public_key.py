"""A public key line in the site file is a whole one."""

from __future__ import annotations

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.site.public_key import cut_off

KEYS = {
    kind: asyncssh.generate_private_key(kind).export_public_key("openssh").decode().strip()
    for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521", "ssh-rsa")
}


@pytest.mark.parametrize("line", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("comment", ["", " rtx at the office"])
def test_a_whole_key_is_none(line: str, comment: str) -> None:
    assert not list(cut_off("office.router.host_key", line + comment))


@given(line=st.sampled_from(list(KEYS.values())), lost=st.integers(1, 60))
def test_one_that_lost_its_end_is_named(line: str, lost: int) -> None:
    (problem,) = cut_off("office.router.host_key", line[:-lost])
    assert problem.path == "office.router.host_key"
    assert f"({len(line[:-lost].split()[1])} characters)" in problem.found


@given(line=st.sampled_from(list(KEYS.values())), at=st.integers(0, 40))
def test_one_with_a_hole_or_a_space_in_it_is_named(line: str, at: int) -> None:
    kind, _, text = line.partition(" ")
    for odd in (text[:at] + text[at + 3 :], text[: at + 20] + " " + text[at + 20 :]):
        assert list(cut_off("key", f"{kind} {odd}"))


def test_another_kind_than_it_says_is_named() -> None:
    text = KEYS["ssh-rsa"].split()[1]
    assert list(cut_off("key", f"ssh-ed25519 {text}"))


def test_none_at_all_is_for_others_to_judge() -> None:
    assert not list(cut_off("key", None))
