"""Values on their way to and from the engine."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from components.errors import VpnError
from components.provider.values import (
    NOT_KNOWN,
    SECRET,
    SIGNATURE,
    UNKNOWN,
    Secret,
    changes,
    contains,
    decode_map,
    encode,
    reveal,
    secret_texts,
    top,
)

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=10,
)
props = st.dictionaries(st.text(min_size=1), plain)


def test_marks_are_those_of_the_sdk() -> None:
    theirs = (rpc._special_sig_key, rpc._special_secret_sig, rpc.UNKNOWN)
    assert theirs == (SIGNATURE, SECRET, NOT_KNOWN)


@given(props)
def test_everything_comes_back_as_it_went(values: dict[str, Any]) -> None:
    struct = struct_pb2.Struct()
    struct.update({key: encode(value) for key, value in values.items()})
    assert decode_map(struct) == values


@given(props)
def test_a_value_does_not_differ_from_itself(values: dict[str, Any]) -> None:
    assert list(changes(values, values)) == []


def test_secret_and_unknown_survive_the_journey() -> None:
    struct = struct_pb2.Struct()
    struct.update({"a": encode(Secret("key")), "b": encode([UNKNOWN, {"c": Secret(["x"])}])})
    back = decode_map(struct)
    assert back == {"a": Secret("key"), "b": [UNKNOWN, {"c": Secret(["x"])}]}
    assert contains(back, Secret)
    assert reveal(back)["a"] == "key"


def test_differences_have_paths() -> None:
    old = {"a": {"b": 1, "c d": [1, 2]}, "gone": 1, "same": Secret("x")}
    new = {"a": {"b": 2, "c d": [1, 3, 4]}, "new": True, "same": "x"}
    assert dict(changes(old, new)) == {
        "a.b": "UPDATE",
        'a["c d"][1]': "UPDATE",
        'a["c d"][2]': "ADD",
        "gone": "DELETE",
        "new": "ADD",
    }
    assert top('a["c d"][1]') == "a"


def test_true_is_not_one() -> None:
    assert list(changes({"a": 1}, {"a": True})) == [("a", "UPDATE")]


def test_secrets_are_found_for_masking_but_never_in_a_repr() -> None:
    secret = Secret({"list": ["long-enough", "abc"]})
    assert list(secret_texts({"x": secret})) == ["long-enough"]
    assert "long" not in repr(secret)


def test_an_unknown_value_cannot_be_mistaken_for_true() -> None:
    with pytest.raises(TypeError):
        bool(UNKNOWN)


def test_an_asset_is_refused_with_its_place() -> None:
    struct = struct_pb2.Struct()
    struct.update({"a": [{"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17"}]})
    with pytest.raises(VpnError, match=r"a\[0\]"):
        decode_map(struct)


def test_an_integer_that_would_lose_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="2\\*\\*53"):
        encode(2**53 + 1)
