"""Bytes -> model -> bytes: a file or a capture keeps all that was not changed."""

from __future__ import annotations

import pytest
from corpus import CASES, data_of, expected
from hypothesis import example, given, settings
from hypothesis import strategies as st

from components.errors import VpnError
from components.office import config, plan
from components.office.reading import read, write

TEXT = """\
# 手で書いた設定
description lan1 "東京本社"
tunnel select 1
 description tunnel 大阪
 ipsec tunnel 101
  ipsec sa policy 101 1 esp aes-cbc sha-hmac
 ip tunnel mtu 1280
 tunnel enable 1
ip filter 1 pass * *
"""
CHANGE = ("tunnel select 1", "ip tunnel mtu 1300", "tunnel select none", "ip filter 2 pass * *")


def changed(data: bytes, *commands: str) -> bytes:
    return write(data, plan.apply_to(read(data), commands))


@pytest.mark.parametrize("case", CASES)
def test_a_file_of_the_corpus_comes_back(case: str) -> None:
    assert write(data_of(case), read(data_of(case))) == data_of(case)


@pytest.mark.parametrize("case", CASES)
def test_every_other_byte_of_the_corpus_survives_a_change(case: str) -> None:
    data = data_of(case)
    before = read(data)
    filters = [s for s in before.statements if s.key.words.startswith("ip filter ")]
    after = changed(data, "ip filter 999999 pass * *", "no console columns")
    end = b"\r\n" if expected(case)["input"]["newline"] == "crlf" else b"\n"
    assert b"ip filter 999999 pass * *" + end in after
    gone = [s for s in before.statements if s.key.words.startswith("console columns")]
    shorter = after.replace(b"ip filter 999999 pass * *" + end, b"")
    assert len(shorter) == len(data) - sum(len(s.text) + len(end) for s in gone)
    lines = shorter.splitlines(keepends=True)
    assert [line for line in data.splitlines(keepends=True) if line in lines] == lines
    if filters:
        where = after.splitlines().index(b"ip filter 999999 pass * *")
        assert after.splitlines()[where - 1].strip().startswith(b"ip filter ")


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932", "euc_jp"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_encoding_and_line_ends_are_those_of_the_file(codec: str, end: str, last: bool) -> None:
    lines = TEXT.splitlines()
    data = (end.join(lines) + end * last).encode(codec)
    lines[6] = " ip tunnel mtu 1300"
    lines.append("ip filter 2 pass * *")
    want = end.join(lines) + end
    assert changed(data, *CHANGE) == want.encode(codec)


def test_the_first_line_is_changed_behind_the_byte_order_mark() -> None:
    data = "ip filter 1 pass * *\n".encode("utf-8-sig")
    assert changed(data, "ip filter 1 reject * *") == "ip filter 1 reject * *\n".encode("utf-8-sig")


def test_a_capture_keeps_what_the_terminal_left() -> None:
    key = "ipsec ike pre-shared-key 1 text " + "k" * 60
    head, tail = b"\r\nrt1# show config\r\n", b"rt1# exit\r\n"
    cut = [
        b" ip tunnel mtu 1280 \r\n",
        f"  {key}"[:79].encode() + b"\r\n",
        f"  {key}"[79:].encode() + b"\r\n",
        b"---more---\r          \r tunnel enable 1\r\n",
        b"ip filter 1 pass 192.168.100.0/24 192.168.200.0/24 udp 500,4500 500,4500,1701,17\r\n"[:79]
        + b"\r\n01\r\n",
    ]
    data = head + b"tunnel select 1\r\n" + b"".join(cut) + tail
    assert write(data, read(data)) == data
    assert changed(data, *CHANGE[:2]) == data.replace(
        b" ip tunnel mtu 1280 ", b" ip tunnel mtu 1300"
    )
    assert changed(data, "no ipsec ike pre-shared-key 1") == data.replace(cut[1] + cut[2], b"")
    assert changed(data, "tunnel disable 1") == data.replace(cut[3], b"")
    long = "schedule at 1 */* 12:00:00 * " + "x" * 90
    assert f"{long[:79]}\r\n{long[79:]}\r\n".encode() in changed(data, long)


def test_an_answer_that_never_came_gets_a_line_of_its_own() -> None:
    after = changed(b"rt1# show config", "ip filter 1 pass * *")
    assert after == b"rt1# show config\nip filter 1 pass * *\n"


def test_a_mark_is_no_cut() -> None:
    data = b"ip filter 1 pass * *\r\n---more---\r          \rip filter 2 pass * *\r\n"
    long = "schedule at 1 */* 12:00:00 * " + "x" * 90
    assert changed(data, long) == data + long.encode() + b"\r\n"


def test_a_long_line_is_cut_as_the_others_are() -> None:
    long = "ip filter 7 pass " + ",".join(f"192.168.100.{n}" for n in range(1, 12)) + " * udp * 500"
    data = f"ip filter 1 pass * *\n{long[:79]}\n{long[79:158]}\n{long[158:]}\n".encode()
    (_, seven) = read(data).statements
    assert seven.text == long
    new = long.replace("ip filter 7", "ip filter 8")
    after = changed(data, new)
    assert [s.text for s in read(after).statements][1:] == [long, new]
    assert after == data + data[21:].replace(b"ip filter 7", b"ip filter 8")


def test_a_mark_at_the_very_end_does_not_swallow_what_is_added() -> None:
    data = b"ip filter 1 pass * *\nfuture option---more---"
    after = changed(data, "ip filter 2 pass * *", "future thing")
    assert after.startswith(b"ip filter 1 pass * *\nip filter 2 pass * *\nfuture option---more---")
    assert [s.text for s in read(after).statements][2:] == ["future option", "future thing"]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_mark_behind_the_last_word_does_not_swallow_what_is_added(end: str) -> None:
    data = f"# RTX1220\nip route default gateway pp 1---つづく---{end}".encode("cp932")
    added = "ip filter 77 pass * * udp * 500"
    again = read(changed(data, added))
    assert [s.text for s in again.statements] == ["ip route default gateway pp 1", added]


def test_a_character_that_cp932_has_twice_keeps_its_bytes() -> None:
    data = 'description lan1 "東京'.encode("cp932") + b'\x87\x90"\r\nip filter 1 pass * *\r\n'
    assert data.decode("cp932").encode("cp932") != data
    assert write(data, read(data)) == data
    assert changed(data, "ip filter 1 reject * *") == data.replace(b"1 pass", b"1 reject")


def test_a_character_that_the_file_cannot_hold_is_refused_without_its_secrets() -> None:
    data = TEXT.encode("cp932")
    with pytest.raises(VpnError, match="cp932 lacks: login user ops") as refused:
        changed(data, "login user ops CANARY\U0001f511")
    assert "CANARY" not in str(refused.value)


PARTS = st.sampled_from(
    [
        *TEXT.splitlines(),
        "---more---",
        "---つづく---\r         \r",
        "rt1# show config",
        "rt1# ",
        "x" * 79,
    ]
)
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\r\r\n", "\x0b", "\x85", ""])


@settings(max_examples=500, deadline=None)
@given(
    st.binary(max_size=300)
    | st.lists(st.tuples(PARTS, ENDS), max_size=20).map(
        lambda found: "".join(part + end for part, end in found).encode()
    )
)
@example(b"rt1# show config")
@example(b"ip filter 1 pass * *\n---more---")
@example(b"\xef\xbb\xbf")
@example(b"\xef\xbb\xbf\xef\xbb\xbfx\ny")
@example(b"\xef\xbb\xbf\xff\n\x83\ny")
def test_any_bytes_come_back(data: bytes) -> None:
    assert write(data, read(data)) == data


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(CASES), st.data())
def test_a_changed_file_is_read_as_the_model(case: str, data: st.DataObject) -> None:
    before = read(data_of(case))
    gone = data.draw(st.sampled_from(before.statements))
    kept = tuple(s for s in before.statements if s.key != gone.key)
    after = config.Config(before.model, before.revision, kept, before.contexts, before.source)
    again = read(write(data_of(case), after))
    assert [(s.context, s.text) for s in again.statements] == [(s.context, s.text) for s in kept]


def test_ends_of_another_kind_stay_and_are_not_copied() -> None:
    data = b"ip filter 1 pass * *\x1eip filter 2 pass * *\x1eip filter 3 pass * *\n"
    after = changed(data, "ip filter 1 reject * *", "ip filter 4 pass * *")
    assert after == data.replace(b"1 pass", b"1 reject") + b"ip filter 4 pass * *\n"


def test_a_change_that_lets_cut_lines_join_is_refused() -> None:
    """A line as long as the longest, then an unknown word: only what is between parts them."""
    long = "future option " + "x" * 66
    data = f"{long}\nip route default gateway pp 1\n1-9 more\n{long[:79]}y\nz\n".encode()
    with pytest.raises(VpnError, match="read together"):
        changed(data, "no ip route default")
